//! What pipe() and pipe2() create.

use crate::needs::NO_WATCH_QUEUE;
use crate::user_pages::fill_descriptors;
use harness::need::DISPOSABLE;
use kit::limits::{limit, unlimit};
use kit::prelude::*;
use libc::{FD_CLOEXEC, O_ACCMODE, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_WRONLY};
use nix::sys::resource::Resource;

/// pipe returns the read end first, open for reading only, and the write end second, open for writing only; bytes
/// written to the second are read from the first.
#[harness::test(
    id = "pipe.read-end-first",
    cite = [man("pipe.2", "DESCRIPTION"), man("pipe.7", "Portability notes"), posix("pipe.3p", "DESCRIPTION")],
    covers = ["behaviours:pipe.fd-order", "notes:pipe.pipe-call-returns-two-fds", "notes:pipe.oldest-and-universal"],
    layers = [libc, nix, raw],
)]
fn the_first_descriptor_reads_and_the_second_writes() -> TestResult {
    let (first, second) = pipe()?;
    assert_eq!(access_mode(&first), Ok(O_RDONLY));
    assert_eq!(access_mode(&second), Ok(O_WRONLY));
    assert_eq!(write(&second, b"abc"), Ok(3));
    let received = read_bytes(&first, 9);
    assert_eq!(received, Ok("abc".into()));
    // Age and spread cannot be seen at run time; that the call exists and works can.
    evidence("bytes received through a pipe on this system", received?.0.len());
    Ok(())
}

/// pipe allocates the two lowest free descriptors, the lower one for the read end.
#[harness::test(
    id = "pipe.lowest-descriptors",
    cite = [
        kernel("fs/pipe.c", "__do_pipe_flags", "6.18"),
        posix("XSH", "2.14 File Descriptor Allocation"),
        posix("pipe.3p", "DESCRIPTION"),
    ],
    covers = ["behaviours:pipe.lowest-fds"],
    layers = [libc, nix, raw],
)]
fn the_ends_get_the_lowest_free_descriptors() -> TestResult {
    let taken = [dup(0)?, dup(0)?, dup(0)?, dup(0)?];
    let [lowest, _, next, _] = taken.each_ref().map(Descriptor::number);
    taken[0].close();
    taken[2].close();
    let (reader, writer) = assert_ok!(pipe());
    assert_eq!([reader.number(), writer.number()], [lowest, next]);
    assert_eq!(get_flags(&writer), Ok(O_WRONLY));
    Ok(())
}

#[rstest]
#[case::cloexec(O_CLOEXEC)]
#[case::nonblock(O_NONBLOCK)]
#[case::both(O_CLOEXEC | O_NONBLOCK)]
/// pipe2 applies its flags, and no others, to both ends: O_CLOEXEC sets FD_CLOEXEC on the descriptors, and O_NONBLOCK
/// is set on the open file descriptions.
#[harness::test(
    id = "pipe.creation-flags",
    cite = [
        posix_2024("pipe.3p", "DESCRIPTION"),
        man("pipe.2", "DESCRIPTION", "O_CLOEXEC"),
        man("pipe.2", "DESCRIPTION", "O_NONBLOCK"),
    ],
    covers = ["behaviours:pipe.cloexec-flag", "behaviours:pipe.nonblock-flag"],
    layers = [libc, nix, raw],
)]
fn flags_apply_to_both_ends(#[case] flags: i32) -> TestResult {
    let (reader, writer) = pipe2(flags)?;
    let on_descriptor = if flags & O_CLOEXEC == 0 { 0 } else { FD_CLOEXEC };
    assert_eq!(get_descriptor_flags(&reader), Ok(on_descriptor));
    assert_eq!(get_descriptor_flags(&writer), Ok(on_descriptor));
    assert_eq!(get_flags(&reader), Ok(O_RDONLY | flags & !O_CLOEXEC));
    assert_eq!(get_flags(&writer), Ok(O_WRONLY | flags & !O_CLOEXEC));
    Ok(())
}

/// pipe2 with flags 0 is the same as pipe: it returns the read end first, and O_NONBLOCK and FD_CLOEXEC are clear on
/// both ends.
#[harness::test(
    id = "pipe.pipe2-zero",
    cite = [posix_2024("pipe.3p", "DESCRIPTION"), man("pipe.2", "DESCRIPTION"), posix("pipe.3p", "DESCRIPTION")],
    covers = ["behaviours:pipe.pipe2-zero-same-as-pipe"],
    layers = [libc, nix, raw],
)]
fn pipe2_with_no_flags_is_pipe() -> TestResult {
    for (reader, writer) in [pipe()?, pipe2(0)?] {
        assert_eq!(get_flags(&reader), Ok(O_RDONLY));
        assert_eq!(get_flags(&writer), Ok(O_WRONLY));
        assert_eq!(get_descriptor_flags(&reader), Ok(0));
        assert_eq!(get_descriptor_flags(&writer), Ok(0));
        assert_eq!(write(&writer, b"abc"), Ok(3));
        assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    }
    Ok(())
}

/// When pipe or pipe2 fails, it leaves the caller's array unchanged.
#[harness::test(
    id = "pipe.failure-leaves-array",
    cite = [posix_2024("pipe.3p", "RETURN VALUE"), man("pipe.2", "RETURN VALUE"), posix("pipe.3p", "RETURN VALUE")],
    covers = ["behaviours:pipe.failure-leaves-array"],
    layers = [libc, raw],
)]
fn a_failure_leaves_the_array_unchanged() -> TestResult {
    let mut ends = [123, 456];
    assert_errno!(pipe2_into(&mut ends, libc::O_APPEND), EINVAL);
    assert_eq!(ends, [123, 456]);
    leave_free(1)?;
    assert_errno!(pipe_into(&mut ends), EMFILE);
    assert_eq!(ends, [123, 456]);
    assert_errno!(pipe2_into(&mut ends, O_NONBLOCK), EMFILE);
    assert_eq!(ends, [123, 456]);
    Ok(())
}

#[rstest]
#[case::none(0)]
#[case::one(1)]
/// With fewer than two free descriptors, pipe and pipe2 fail with EMFILE and allocate none.
#[harness::test(
    id = "pipe.no-descriptors-left",
    cite = [
        posix_2024("pipe.3p", "ERRORS", "EMFILE"),
        posix("pipe.3p", "ERRORS", "EMFILE"),
        posix("pipe.3p", "RETURN VALUE"),
        man("pipe.2", "ERRORS", "EMFILE"),
    ],
    covers = ["errors:pipe.pipe.EMFILE", "errors:pipe.pipe2.EMFILE"],
    layers = [libc, nix, raw],
)]
fn two_free_descriptors_are_needed(#[case] free: u64) -> TestResult {
    leave_free(free)?;
    assert_errno!(pipe(), EMFILE);
    assert_errno!(pipe2(O_CLOEXEC), EMFILE);
    let taken = (0..free).map(|_| dup(0)).collect::<Result<Vec<_>>>();
    assert_eq!(taken.map(|taken| taken.len() as u64), Ok(free), "the number of free descriptors after the failures");
    leave_free(2)?;
    let (reader, writer) = assert_ok!(pipe());
    assert_eq!(get_flags(&writer), Ok(O_WRONLY));
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    Ok(())
}

/// pipe and pipe2 fail with EFAULT and allocate no descriptors if the array is outside the address space.
#[harness::test(
    id = "pipe.bad-array",
    cite = [man("pipe.2", "ERRORS", "EFAULT"), posix("pipe.3p", "RETURN VALUE")],
    covers = ["errors:pipe.pipe.EFAULT", "errors:pipe.pipe2.EFAULT"],
)]
fn an_array_outside_the_address_space_fails_with_efault() -> TestResult {
    let free = lowest_free()?;
    // SAFETY: the kernel refuses to write to this address.
    let results = unsafe {
        [
            syscall("pipe", SYS_PIPE, [BAD_ADDRESS, 0, 0, 0, 0, 0]),
            syscall("pipe2", Sysno::pipe2, [BAD_ADDRESS, 0, 0, 0, 0, 0]),
        ]
    };
    assert_errno!(results[0], EFAULT);
    assert_errno!(results[1], EFAULT);
    assert_eq!(lowest_free()?, free);
    Ok(())
}

#[rstest]
#[case::append(libc::O_APPEND)]
#[case::access_mode(libc::O_RDWR)]
#[case::with_valid_flag(O_CLOEXEC | libc::O_SYNC)]
#[case::undefined(1 << 30)]
/// pipe2 fails with EINVAL and allocates no descriptors if flags contains an invalid flag.
#[harness::test(
    id = "pipe.bad-flags",
    cite = [man("pipe.2", "ERRORS", "EINVAL"), posix("pipe.3p", "RETURN VALUE")],
    covers = ["errors:pipe.pipe2.EINVAL"],
    layers = [libc, nix, raw],
)]
fn invalid_flags_fail_with_einval(#[case] flags: i32) -> TestResult {
    let free = lowest_free()?;
    assert_errno!(pipe2(flags), EINVAL);
    assert_eq!(lowest_free()?, free);
    Ok(())
}

/// pipe2 with O_NOTIFICATION_PIPE fails with ENOPKG and allocates no descriptors if the kernel was built without support for
/// notifications.
#[harness::test(
    id = "pipe.no-notifications",
    cite = [man("pipe.2", "ERRORS", "ENOPKG"), posix("pipe.3p", "RETURN VALUE")],
    covers = ["errors:pipe.pipe2.ENOPKG"],
    needs = [NO_WATCH_QUEUE],
    layers = [libc, raw],
)]
fn a_notification_pipe_fails_without_support() -> TestResult {
    /// linux/watch_queue.h.
    const O_NOTIFICATION_PIPE: i32 = libc::O_EXCL;
    let free = lowest_free()?;
    assert_errno!(pipe2(O_NOTIFICATION_PIPE), ENOPKG);
    assert_eq!(lowest_free()?, free);
    Ok(())
}

/// When the system-wide limit on open files is reached, pipe and pipe2 fail with ENFILE in a process without
/// CAP_SYS_ADMIN.
#[harness::test(
    id = "pipe.no-files-left",
    cite = [
        man("proc_sys_fs.5", "DESCRIPTION", "/proc/sys/fs/file-max"),
        man("pipe.2", "ERRORS", "ENFILE"),
        posix("pipe.3p", "ERRORS", "ENFILE"),
    ],
    covers = ["errors:pipe.pipe.ENFILE", "errors:pipe.pipe2.ENFILE"],
    needs = [DISPOSABLE],
)]
fn the_number_of_open_files_of_the_system_is_limited() -> TestResult {
    let limited = kit::setting::change("fs/file-max", 1)?;
    let child = fork(|| -> TestResult {
        kit::privilege::drop_capabilities()?;
        // The kernel counts files per CPU, so slightly more than the limit may be open before a call fails.
        let mut pipes = Vec::new();
        assert_errno!(fill_descriptors(&mut pipes), ENFILE);
        assert_errno!(pipe2(0), ENFILE);
        Ok(())
    })?;
    let ended = child.wait()?;
    drop(limited);
    assert_eq!(ended, Ended::Exited(0));
    drop(assert_ok!(pipe()));
    Ok(())
}

fn access_mode(end: &Fd) -> Result<i32> {
    use calls::for_layers::libc_nix_raw::get_flags;
    get_flags(end).map(|flags| flags & O_ACCMODE)
}

/// The number that the next descriptor will get.
fn lowest_free() -> TestResult<i32> {
    use calls::for_layers::libc_nix_raw::dup;
    Ok(dup(0)?.number())
}

/// Lowers RLIMIT_NOFILE so that `count` descriptors are free. Those in use must have the lowest numbers.
fn leave_free(count: u64) -> TestResult {
    // At the old limit, lowest_free() would find none.
    unlimit(Resource::RLIMIT_NOFILE)?;
    limit(Resource::RLIMIT_NOFILE, lowest_free()? as u64 + count)
}
