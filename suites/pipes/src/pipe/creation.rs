//! What pipe() and pipe2() make.

use super::fill_descriptors;
use kit::prelude::*;
use libc::{FD_CLOEXEC, O_ACCMODE, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_WRONLY};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rstest::rstest;

/// pipe() gives the read end first and the write end second, and what is written to the second is read from the first.
#[harness::test(
    id = "pipe.read-end-first",
    cite = "POSIX.1-2024 pipe(); pipe(2)",
    covers = ["behaviours:pipe.fd-order", "notes:pipe.pipe-call-returns-two-fds", "notes:pipe.oldest-and-universal"],
    layers = [libc, nix, raw],
)]
fn the_first_descriptor_reads_and_the_second_writes() -> Scene {
    let (first, second) = pipe()?;
    assert_eq!(access_mode(&first), Ok(O_RDONLY));
    assert_eq!(access_mode(&second), Ok(O_WRONLY));
    assert_eq!(write(&second, b"abc"), Ok(3));
    let carried = read_bytes(&first, 9);
    assert_eq!(carried, Ok("abc".into()));
    // Age and spread cannot be seen at run time: that the call is here, and works, can.
    observe("bytes carried by a pipe of this system", carried?.0.len());
    Ok(())
}

/// pipe() takes the two lowest descriptors that are free, the lower one for the read end.
#[harness::test(
    id = "pipe.lowest-descriptors",
    cite = "POSIX.1-2024 pipe(); POSIX.1-2024 XSH, File Descriptor Allocation",
    covers = ["behaviours:pipe.lowest-fds"],
    layers = [libc, nix, raw],
)]
fn the_ends_take_the_lowest_free_descriptors() -> Scene {
    let taken = [dup(0)?, dup(0)?, dup(0)?, dup(0)?];
    let [lowest, _, next, _] = taken.each_ref().map(Descriptor::number);
    taken[0].close();
    taken[2].close();
    let (reader, writer) = assert_ok!(pipe());
    assert_eq!([reader.number(), writer.number()], [lowest, next]);
    Ok(())
}

#[rstest]
#[case::cloexec(O_CLOEXEC)]
#[case::nonblock(O_NONBLOCK)]
#[case::both(O_CLOEXEC | O_NONBLOCK)]
/// The flags of pipe2() are on both ends, and no others are: O_CLOEXEC on the descriptors, O_NONBLOCK on the open
/// files.
#[harness::test(
    id = "pipe.creation-flags",
    cite = "POSIX.1-2024 pipe(); pipe(2)",
    covers = ["behaviours:pipe.cloexec-flag", "behaviours:pipe.nonblock-flag"],
    layers = [libc, nix, raw],
)]
fn flags_are_on_both_ends(#[case] flags: i32) -> Scene {
    let (reader, writer) = pipe2(flags)?;
    let on_descriptor = if flags & O_CLOEXEC == 0 { 0 } else { FD_CLOEXEC };
    assert_eq!(get_descriptor_flags(&reader), Ok(on_descriptor));
    assert_eq!(get_descriptor_flags(&writer), Ok(on_descriptor));
    assert_eq!(get_flags(&reader), Ok(O_RDONLY | flags & !O_CLOEXEC));
    assert_eq!(get_flags(&writer), Ok(O_WRONLY | flags & !O_CLOEXEC));
    Ok(())
}

/// pipe2() without flags makes what pipe() makes: two blocking ends that stay open over exec, the read end first.
#[harness::test(
    id = "pipe.pipe2-zero",
    cite = "POSIX.1-2024 pipe(); pipe(2)",
    covers = ["behaviours:pipe.pipe2-zero-same-as-pipe"],
    layers = [libc, nix, raw],
)]
fn pipe2_without_flags_is_pipe() -> Scene {
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

/// When pipe() or pipe2() fails, the caller's array is what it was.
#[harness::test(
    id = "pipe.failure-leaves-array",
    cite = "POSIX.1-2024 pipe(); pipe(2)",
    covers = ["behaviours:pipe.failure-leaves-array"],
    layers = [libc, raw],
)]
fn a_failure_leaves_the_array_alone() -> Scene {
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
/// pipe() and pipe2() need two free descriptors: with fewer they fail with EMFILE, and keep none.
#[harness::test(
    id = "pipe.no-descriptors-left",
    cite = "POSIX.1-2024 pipe(): EMFILE; pipe(2)",
    covers = ["errors:pipe.pipe.EMFILE", "errors:pipe.pipe2.EMFILE"],
    layers = [libc, nix, raw],
)]
fn two_free_descriptors_are_needed(#[case] free: u64) -> Scene {
    leave_free(free)?;
    assert_errno!(pipe(), EMFILE);
    assert_errno!(pipe2(O_CLOEXEC), EMFILE);
    let taken = (0..free).map(|_| dup(0)).collect::<Result<Vec<_>>>();
    assert_eq!(taken.map(|taken| taken.len() as u64), Ok(free), "the descriptors that are free after the failures");
    leave_free(2)?;
    let (reader, writer) = assert_ok!(pipe());
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    Ok(())
}

/// With an array outside the address space pipe() and pipe2() fail with EFAULT, and keep no descriptors.
#[harness::test(
    id = "pipe.bad-array",
    cite = "pipe(2): EFAULT",
    covers = ["errors:pipe.pipe.EFAULT", "errors:pipe.pipe2.EFAULT"],
)]
fn an_array_outside_the_address_space_is_a_fault() -> Scene {
    let free = lowest_free()?;
    // SAFETY: the kernel refuses to write to this address.
    let results = unsafe {
        [
            syscall("pipe", SYS_PIPE, [BAD_ADDRESS, 0, 0, 0, 0, 0]),
            syscall("pipe2", libc::SYS_pipe2, [BAD_ADDRESS, 0, 0, 0, 0, 0]),
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
#[case::beside_a_good_one(O_CLOEXEC | libc::O_SYNC)]
#[case::undefined(1 << 30)]
/// pipe2() with a flag that is not its own fails with EINVAL, and makes no descriptors.
#[harness::test(
    id = "pipe.bad-flags",
    cite = "POSIX.1-2024 pipe(): EINVAL; pipe(2)",
    covers = ["errors:pipe.pipe2.EINVAL"],
    layers = [libc, nix, raw],
)]
fn flags_of_others_are_refused(#[case] flags: i32) -> Scene {
    let free = lowest_free()?;
    assert_errno!(pipe2(flags), EINVAL);
    assert_eq!(lowest_free()?, free);
    Ok(())
}

/// When the files of the whole system are used up, pipe() and pipe2() of a process without CAP_SYS_ADMIN fail with
/// ENFILE.
#[harness::test(
    id = "pipe.no-files-left",
    cite = "POSIX.1-2024 pipe(): ENFILE; pipe(2); proc(5), /proc/sys/fs/file-max",
    covers = ["errors:pipe.pipe.ENFILE", "errors:pipe.pipe2.ENFILE"],
    needs = [expendable],
)]
fn the_files_of_the_system_are_limited() -> Scene {
    let limited = kit::setting::change("fs/file-max", 1)?;
    let child = fork(|| -> Scene {
        kit::privilege::drop_capabilities()?;
        // The kernel counts files for each processor apart, so some more than the limit may be open before it notices.
        let mut made = Vec::new();
        assert_errno!(fill_descriptors(&mut made), ENFILE);
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
    get_flags(end).map(|flags| flags & O_ACCMODE)
}

/// The number that the next descriptor will have.
fn lowest_free() -> Scene<i32> {
    Ok(dup(0)?.number())
}

/// Lowers RLIMIT_NOFILE so that just so many descriptors are free. Those in use must have the lowest numbers.
fn leave_free(count: u64) -> Scene {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    // At the limit none is free to be looked for.
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    setrlimit(Resource::RLIMIT_NOFILE, lowest_free()? as u64 + count, hard)?;
    Ok(())
}
