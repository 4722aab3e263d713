//! Documented errors of F_SETOWN, F_SETOWN_EX and F_SETSIG.

use calls::Owner;
use calls::for_layers::libc_raw as by;
use kit::prelude::*;
use libc::{SIGRTMAX, SIGUSR1};

#[harness::errors(
    family = "closed-descriptor",
    rows = [
        ("signal-io.closed-ebadf/setown", "errors:signal-io.fcntl(F_SETOWN).EBADF", |fd: i32| by::set_owner_id(fd, own_pid())),
        (
            "signal-io.closed-ebadf/setown-ex", "errors:signal-io.fcntl(F_SETOWN_EX).EBADF",
            |fd: i32| by::set_owner_ex(fd, Owner::Process(own_pid())),
        ),
        ("signal-io.closed-ebadf/setsig", "errors:signal-io.fcntl(F_SETSIG).EBADF", |fd: i32| by::set_io_signal(fd, SIGUSR1)),
    ],
    layers = [libc, raw],
)]
fn the_descriptor_is_not_open(call: fn(i32) -> Result<()>) -> TestResult {
    assert_errno!(call(NOT_OPEN), EBADF);
    assert_errno!(call(-1), EBADF);
    Ok(())
}

/// A call that names an owner.
type Name = fn(&Fd, i32) -> Result<()>;

#[harness::errors(
    family = "no-such-process",
    rows = [
        ("signal-io.owner-esrch/process", "errors:signal-io.fcntl(F_SETOWN).ESRCH", |fd: &Fd, id| by::set_owner_id(fd, id)),
        ("signal-io.owner-esrch/group", "errors:signal-io.fcntl(F_SETOWN).ESRCH", |fd: &Fd, id| by::set_owner_id(fd, -id)),
    ],
    layers = [libc, raw],
)]
fn no_process_has_this_id(name: Name) -> TestResult {
    let (reader, _writer) = pipe()?;
    assert_eq!(set_owner_id(&reader, own_pid()), Ok(()));
    assert_errno!(name(&reader, i32::MAX), ESRCH);
    assert_eq!(owner_id(&reader), Ok(own_pid()));
    Ok(())
}

#[rstest]
#[case::thread(Owner::Thread(i32::MAX))]
#[case::process(Owner::Process(i32::MAX))]
#[case::group(Owner::Group(i32::MAX))]
/// F_SETOWN_EX fails with ESRCH when no thread, process or process group has the id, and the owner stays.
#[harness::test(
    id = "signal-io.owner-ex-esrch",
    cite = [kernel("fs/fcntl.c", "f_setown_ex", "6.18")],
    covers = ["errors:signal-io.fcntl(F_SETOWN_EX).ESRCH"],
    layers = [libc, raw],
)]
fn no_owner_has_this_id(#[case] owner: Owner) -> TestResult {
    let (reader, _writer) = pipe()?;
    assert_eq!(set_owner_id(&reader, own_pid()), Ok(()));
    assert_errno!(set_owner_ex(&reader, owner), ESRCH);
    assert_eq!(owner_id(&reader), Ok(own_pid()));
    Ok(())
}

/// F_SETSIG fails with EINVAL for a number that no signal has, and the signal stays.
#[harness::test(
    id = "signal-io.signal-einval",
    cite = [man("fcntl.2", "ERRORS", "EINVAL")],
    covers = ["errors:signal-io.fcntl(F_SETSIG).EINVAL"],
    layers = [libc, raw],
)]
fn no_signal_has_this_number() -> TestResult {
    let (reader, _writer) = pipe()?;
    assert_eq!(set_io_signal(&reader, SIGUSR1), Ok(()));
    for none in [-1, SIGRTMAX() + 1] {
        assert_errno!(set_io_signal(&reader, none), EINVAL);
    }
    assert_eq!(io_signal(&reader), Ok(SIGUSR1));
    Ok(())
}

/// F_SETOWN fails with EINVAL for a number that has no negative, and F_SETOWN_EX for a kind of owner that there is not; the owner
/// stays.
#[harness::test(
    id = "signal-io.owner-einval",
    cite = [kernel("fs/fcntl.c", "f_setown", "6.18"), kernel("fs/fcntl.c", "f_setown_ex", "6.18")],
    covers = ["errors:signal-io.fcntl(F_SETOWN).EINVAL", "errors:signal-io.fcntl(F_SETOWN_EX).EINVAL"],
    layers = [libc, raw],
)]
fn there_is_no_such_owner() -> TestResult {
    let (reader, _writer) = pipe()?;
    assert_eq!(set_owner_id(&reader, own_pid()), Ok(()));
    assert_errno!(set_owner_id(&reader, i32::MIN), EINVAL);
    for kind in [-1, 3] {
        assert_errno!(set_owner_ex(&reader, Owner::Other(kind, own_pid())), EINVAL);
    }
    assert_eq!(owner_id(&reader), Ok(own_pid()));
    Ok(())
}
