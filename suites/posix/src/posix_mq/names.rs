//! Names of queues: by the library, and by the kernel.

use crate::long_names::too_long;
use calls::queues::queue_attributes;
use harness::raw::{Argument as _, arguments};
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_CREAT, O_RDWR};
use std::ffi::CString;

/// A name may have NAME_MAX (255) bytes after its slash.
#[harness::test(
    id = "posix-mq.longest-name",
    cite = [man("mq_overview.7", "DESCRIPTION")],
    covers = ["behaviours:mq.name-form"],
    layers = [libc, nix, raw],
)]
fn a_name_has_up_to_255_bytes() -> TestResult {
    for length in [64, 254, 255] {
        let name = MessageQueue::of_length(length);
        let queue = mq_open(name.name(), O_CREAT | O_RDWR, 0o600, Some(&queue_attributes(4, 16)))?;
        let again = mq_open(name.name(), O_RDWR, 0, None)?;
        assert_eq!(object_of(&again), object_of(&queue));
        assert_eq!(mq_unlink(name.name()), Ok(()));
        assert_errno!(mq_open(name.name(), O_RDWR, 0, None), ENOENT);
    }
    Ok(())
}

/// Opens the queue, with O_CREAT or without, or unlinks it.
type Ask = fn(&str) -> Result<()>;

const OPEN: Ask = |name| calls::for_layers::libc_nix_raw::mq_open(name, O_RDWR, 0, None).map(drop);
const CREATE: Ask = |name| {
    calls::for_layers::libc_nix_raw::mq_open(name, O_CREAT | O_RDWR, 0o600, Some(&queue_attributes(4, 16))).map(drop)
};
const UNLINK: Ask = |name| calls::for_layers::libc_nix_raw::mq_unlink(name);

#[harness::errors(
    family = "name-too-long",
    rows = [
        ("posix-mq.name-too-long/open", "errors:posix-mq.mq_open.ENAMETOOLONG", OPEN),
        ("posix-mq.name-too-long/create", "errors:posix-mq.mq_open.ENAMETOOLONG", CREATE),
        ("posix-mq.name-too-long/unlink", "errors:posix-mq.mq_unlink.ENAMETOOLONG", UNLINK),
    ],
    layers = [libc, nix, raw],
)]
fn a_longer_name_is_refused(ask: Ask) -> TestResult {
    for length in [256, 257, 1000] {
        let name = too_long(length);
        assert_errno!(ask(&name), ENAMETOOLONG);
    }
    Ok(())
}

#[harness::errors(
    family = "name-missing",
    rows = [
        ("posix-mq.no-such-queue/open", "errors:posix-mq.mq_open.ENOENT", OPEN),
        ("posix-mq.no-such-queue/unlink", "errors:posix-mq.mq_unlink.ENOENT", UNLINK),
    ],
    layers = [libc, nix, raw],
)]
fn a_name_of_no_queue_is_refused(ask: Ask) -> TestResult {
    let name = MessageQueue::new();
    assert_errno!(ask(name.name()), ENOENT);
    drop(name.create()?);
    mq_unlink(name.name())?;
    assert_errno!(ask(name.name()), ENOENT);
    assert_errno!(mq_open(name.name(), O_RDWR, 0, None), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "name-malformed",
    rows = [
        ("posix-mq.second-slash/open", "errors:posix-mq.mq_open.EACCES.2", OPEN),
        ("posix-mq.second-slash/create", "errors:posix-mq.mq_open.EACCES.2", CREATE),
    ],
    layers = [libc, nix, raw],
)]
fn a_second_slash_is_refused(ask: Ask) -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create()?;
    for malformed in [format!("{}/", name.name()), format!("{}/x", name.name()), format!("/.{}", name.name())] {
        assert_errno!(ask(&malformed), EACCES);
    }
    let again = mq_open(name.name(), O_RDWR, 0, None)?;
    assert_eq!(object_of(&again), object_of(&queue));
    Ok(())
}

#[harness::errors(
    family = "name-malformed",
    rows = [
        ("posix-mq.slash-alone/open", "errors:posix-mq.mq_open.ENOENT.2", OPEN),
        ("posix-mq.slash-alone/create", "errors:posix-mq.mq_open.ENOENT.2", CREATE),
    ],
    layers = [libc, nix, raw],
)]
fn a_slash_alone_is_refused(ask: Ask) -> TestResult {
    assert_errno!(ask("/"), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "name-malformed",
    rows = [
        ("posix-mq.no-slash/open", "errors:posix-mq.mq_open.EINVAL", OPEN),
        ("posix-mq.no-slash/create", "errors:posix-mq.mq_open.EINVAL", CREATE),
    ],
    layers = [libc, nix],
)]
fn a_name_without_a_slash_is_refused(ask: Ask) -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create()?;
    assert_errno!(ask(&name.name()[1..]), EINVAL);
    assert_errno!(ask(""), EINVAL);
    let again = mq_open(name.name(), O_RDWR, 0, None)?;
    assert_eq!(object_of(&again), object_of(&queue));
    Ok(())
}

/// The system call mq_open takes the name without its slash: it opens the queue that the library opens by the name with the slash, and
/// refuses a name that has it with EACCES.
#[harness::test(
    id = "posix-mq.name-of-the-system-call",
    cite = [man("mq_open.3", "C library/kernel differences"), man("mq_open.3", "ERRORS", "EACCES")],
    covers = ["behaviours:mq.kernel-name", "errors:posix-mq.mq_open.EACCES.2"],
)]
fn the_kernel_takes_a_name_without_a_slash() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create()?;
    let open = |name: &str| -> TestResult<Result<Fd>> {
        let name = CString::new(name)?;
        let call = arguments([name.as_ptr().register(), O_RDWR.register(), 0, 0]);
        // SAFETY: the name ends in NUL and outlives the call.
        Ok(unsafe { syscall("mq_open", Sysno::mq_open, call) }.map(|number| Fd::new(number as i32)))
    };
    let opened = open(&name.name()[1..])??;
    assert_eq!(object_of(opened), object_of(&queue));
    assert_errno!(open(name.name())?, EACCES);
    Ok(())
}
