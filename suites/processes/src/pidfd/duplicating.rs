//! Descriptors taken from another process: pidfd_getfd.

use super::{reaped_child, use_up_descriptors};
use kit::file::file_of;
use kit::needs::CHILD_ACCESS;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{FD_CLOEXEC, O_APPEND, O_RDONLY, SEEK_CUR, SEEK_SET};
use std::sync::atomic::{AtomicI32, Ordering};

/// A child with a file of "abcdef" open, which this process has not; and the number of the descriptor.
fn owner_of_a_file() -> TestResult<(Child, i32)> {
    let number = Shared::new(AtomicI32::new(0))?;
    let child = holder(|| {
        let file = file_of(b"abcdef", O_RDONLY)?;
        number.store(file.number(), Ordering::Release);
        Ok(file)
    })?;
    Ok((child, number.load(Ordering::Acquire)))
}

/// pidfd_getfd returns a descriptor of the same open file description as that of the other process, with close-on-exec: status flags and
/// the file offset are shared.
#[harness::test(
    id = "pidfd.getfd",
    cite = [man("pidfd_getfd.2", "DESCRIPTION")],
    covers = ["behaviours:pidfd.getfd-duplicates", "behaviours:pidfd.getfd-cloexec"],
    needs = [CHILD_ACCESS],
    layers = [raw],
)]
fn a_duplicate_shares_the_description() -> TestResult {
    let (child, number) = owner_of_a_file()?;
    let pidfd = pidfd_open(child.pid(), 0)?;
    let [first, second] = [assert_ok!(pidfd_getfd(&pidfd, number, 0)), assert_ok!(pidfd_getfd(&pidfd, number, 0))];
    assert_eq!(get_descriptor_flags(&first), Ok(FD_CLOEXEC));
    let flags = get_flags(&second)?;
    assert_eq!(read_bytes(&first, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&second, 2), Ok("cd".into()));
    assert_eq!(lseek(&first, 0, SEEK_CUR), Ok(4));
    assert_eq!(set_flags(&first, O_APPEND), Ok(0));
    assert_eq!(get_flags(&second), Ok(flags | O_APPEND));
    assert_eq!(lseek(&second, 1, SEEK_SET), Ok(1));
    assert_eq!(lseek(&first, 0, SEEK_CUR), Ok(1));
    drop((first, second));
    let third = assert_ok!(pidfd_getfd(&pidfd, number, 0));
    assert_eq!(read_bytes(&third, 9), Ok("bcdef".into()));
    Ok(())
}

/// pidfd_getfd fails with EBADF for a descriptor that names no process, and for a number that is not open in the other process,
/// though it is open in the caller.
#[harness::test(
    id = "pidfd.getfd-bad-descriptor",
    cite = [man("pidfd_getfd.2", "ERRORS", "EBADF")],
    covers = ["errors:pidfd.pidfd_getfd.EBADF", "errors:pidfd.pidfd_getfd.EBADF.2"],
    needs = [CHILD_ACCESS],
    layers = [raw],
)]
fn bad_descriptors_are_refused() -> TestResult {
    let (child, number) = owner_of_a_file()?;
    let (reader, _writer) = pipe()?;
    assert_errno!(pidfd_getfd(&reader, number, 0), EBADF);
    assert_errno!(pidfd_getfd(NOT_OPEN, number, 0), EBADF);
    let pidfd = pidfd_open(child.pid(), 0)?;
    // The child has one descriptor that this process has not, so the numbers from there on are free in it.
    let only_here = pidfd.number().max(number) + 1;
    let only_here = duplicate_from(&reader, only_here)?;
    for target in [only_here.number(), NOT_OPEN, -1] {
        assert_errno!(pidfd_getfd(&pidfd, target, 0), EBADF);
    }
    Ok(())
}

/// A duplicate with the lowest free number from this one on.
fn duplicate_from(fd: &Fd, lowest: i32) -> Result<Fd> {
    // SAFETY: takes integers.
    calls::returned("fcntl(F_DUPFD)", unsafe { libc::fcntl(fd.number(), libc::F_DUPFD, lowest) }.into())
        .map(|number| Fd::new(number as i32))
}

/// pidfd_getfd fails with EINVAL if flags is not 0.
#[harness::test(
    id = "pidfd.getfd-invalid-flag",
    cite = [man("pidfd_getfd.2", "ERRORS", "EINVAL")],
    covers = ["errors:pidfd.pidfd_getfd.EINVAL"],
    layers = [raw],
)]
fn flags_are_refused() -> TestResult {
    let (child, number) = owner_of_a_file()?;
    let pidfd = pidfd_open(child.pid(), 0)?;
    for flags in [1, 1 << 31, libc::O_CLOEXEC.cast_unsigned()] {
        assert_errno!(pidfd_getfd(&pidfd, number, flags), EINVAL);
    }
    Ok(())
}

/// pidfd_getfd fails with ESRCH when the process was waited for.
#[harness::test(
    id = "pidfd.getfd-no-process",
    cite = [man("pidfd_getfd.2", "ERRORS", "ESRCH")],
    covers = ["errors:pidfd.pidfd_getfd.ESRCH"],
    layers = [raw],
)]
fn a_process_that_is_gone_has_no_descriptors() -> TestResult {
    let (_, pidfd) = reaped_child()?;
    assert_errno!(pidfd_getfd(&pidfd, 0, 0), ESRCH);
    Ok(())
}

/// pidfd_getfd fails with EMFILE when all descriptors of the caller up to RLIMIT_NOFILE are open.
#[harness::test(
    id = "pidfd.getfd-no-descriptor",
    cite = [man("pidfd_getfd.2", "ERRORS", "EMFILE")],
    covers = ["errors:pidfd.pidfd_getfd.EMFILE"],
    needs = [CHILD_ACCESS],
    layers = [raw],
)]
fn without_a_free_descriptor_it_fails() -> TestResult {
    let (owner, number) = owner_of_a_file()?;
    let pidfd = pidfd_open(owner.pid(), 0)?;
    let child = fork(|| -> TestResult {
        use_up_descriptors()?;
        assert_errno!(pidfd_getfd(&pidfd, number, 0), EMFILE);
        Ok(())
    })?;
    child.join()
}

/// pidfd_getfd fails with EPERM when the caller may not trace the process: that one is not dumpable, and the caller has no
/// capabilities.
#[harness::test(
    id = "pidfd.getfd-not-permitted",
    cite = [man("pidfd_getfd.2", "ERRORS", "EPERM"), man("ptrace.2", "Ptrace access mode checking")],
    covers = ["errors:pidfd.pidfd_getfd.EPERM"],
    needs = [CHILD_ACCESS],
    layers = [raw],
)]
fn without_the_right_to_trace_it_fails() -> TestResult {
    let (owner, number) = owner_of_a_file()?;
    let guarded = holder(|| Ok(nix::sys::prctl::set_dumpable(false)?))?;
    let pidfds = [pidfd_open(owner.pid(), 0)?, pidfd_open(guarded.pid(), 0)?];
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(pidfd_getfd(&pidfds[1], number, 0), EPERM);
        Ok(())
    })?;
    child.join()?;
    assert_ok!(pidfd_getfd(&pidfds[0], number, 0));
    Ok(())
}
