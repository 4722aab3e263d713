//! A pipe is unidirectional and not seekable: what it has in common with a file, and what not.

use kit::prelude::*;

/// A pipe is unidirectional: writing to the read end and reading from the write end fail with EBADF.
#[harness::test(
    id = "pipe.one-way",
    cite = [
        man("pipe.7", "Portability notes"),
        man("write.2", "ERRORS", "EBADF"),
        man("read.2", "ERRORS", "EBADF"),
        man("pipe.7", "DESCRIPTION"),
    ],
    covers = [
        "notes:pipe.one-way",
        "behaviours:pipe.unidirectional",
        "errors:pipe.read.EBADF.2",
        "errors:pipe.write.EBADF.2",
    ],
    layers = [libc, nix, raw],
)]
fn a_pipe_is_unidirectional() -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    assert_errno!(write(&reader, b"x"), EBADF);
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// The direction of a pipe cannot be reversed: after F_SETFL with the opposite access mode, writing to the read end and
/// reading from the write end of an empty pipe still fail with EBADF.
#[harness::test(
    id = "pipe.direction-fixed",
    cite = [
        man("pipe.7", "Portability notes"),
        man("fcntl.2", "File status flags", "F_SETFL"),
        man("write.2", "ERRORS", "EBADF"),
        man("read.2", "ERRORS", "EBADF"),
    ],
    covers = ["notes:pipe.half-duplex"],
    layers = [libc, nix, raw],
)]
fn the_direction_of_an_empty_pipe_cannot_be_reversed() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    // O_NONBLOCK is set, so the call took effect.
    assert_eq!(set_flags(&reader, libc::O_WRONLY | libc::O_NONBLOCK), Ok(0));
    assert_eq!(set_flags(&writer, libc::O_RDONLY | libc::O_NONBLOCK), Ok(0));
    assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY | libc::O_NONBLOCK));
    assert_eq!(get_flags(&writer), Ok(libc::O_WRONLY | libc::O_NONBLOCK));
    let reversed = write(&reader, b"x");
    assert_errno!(reversed, EBADF);
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    evidence("writing to the read end of an empty pipe", format!("{:?}", reversed.map_err(|error| error.errno)));
    Ok(())
}

/// Two pipes carry requests one way and replies the other; with a single pipe, a process reads back its own bytes.
#[harness::test(
    id = "pipe.two-pipes-for-two-way",
    cite = [posix("pipe.3p", "DESCRIPTION")],
    covers = ["notes:pipe.two-pipes-for-two-way"],
    layers = [libc, nix, raw],
)]
fn two_pipes_carry_data_both_ways() -> TestResult {
    let ((requests, to_requests), (replies, to_replies)) = (pipe()?, pipe()?);
    let child = fork(|| {
        assert_eq!(read_bytes(&requests, 9), Ok("ping".into()));
        assert_eq!(write(&to_replies, b"pong"), Ok(4));
    })?;
    // So that read returns end-of-file, and does not block, if the child exits early.
    to_replies.close();
    assert_eq!(write(&to_requests, b"ping"), Ok(4));
    assert_eq!(read_bytes(&replies, 9), Ok("pong".into()));
    child.join()?;
    assert_eq!(write(&to_requests, b"mine"), Ok(4));
    assert_eq!(read_bytes(&requests, 9), Ok("mine".into()));
    Ok(())
}

#[rstest]
#[case::set(libc::SEEK_SET)]
#[case::current(libc::SEEK_CUR)]
#[case::end(libc::SEEK_END)]
/// A pipe is not seekable: lseek on either end fails with ESPIPE and leaves the data in the pipe unchanged.
#[harness::test(
    id = "pipe.no-seek",
    cite = [
        posix("lseek.3p", "ERRORS", "ESPIPE"),
        man("pipe.7", "I/O on pipes and FIFOs"),
        man("lseek.2", "ERRORS", "ESPIPE"),
    ],
    covers = ["notes:pipe.no-lseek", "behaviours:pipe.no-seek"],
    layers = [libc, nix, raw],
)]
fn neither_end_is_seekable(#[case] whence: i32) -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    for end in [&reader, &writer] {
        assert_errno!(lseek(end, 0, whence), ESPIPE);
        assert_errno!(lseek(end, 1, whence), ESPIPE);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// read, write, dup and fstat work on a pipe, which fstat reports as a FIFO with mode 0600; lseek, pread and pwrite
/// fail with ESPIPE, ftruncate with EINVAL, and mmap with ENODEV.
#[harness::test(
    id = "pipe.like-a-file",
    cite = [
        kernel("fs/pipe.c", "get_pipe_inode", "6.18"),
        kernel("mm/mmap.c", "do_mmap", "6.18"),
        posix("lseek.3p", "ERRORS", "ESPIPE"),
        posix("read.3p", "ERRORS", "ESPIPE"),
        posix("write.3p", "ERRORS", "ESPIPE"),
        man("truncate.2", "ERRORS", "EINVAL"),
        man("mmap.2", "ERRORS", "ENODEV"),
    ],
    covers = ["notes:pipe.file-like"],
)]
fn a_pipe_supports_only_some_file_operations() -> TestResult {
    let (reader, writer) = pipe()?;
    let duplicate = dup(&writer)?;
    assert_eq!(write(&duplicate, b"abc"), Ok(3));
    assert_eq!(node_of(&reader), Ok(Node::new("p0600")));
    assert_errno!(lseek(&reader, 0, libc::SEEK_SET), ESPIPE);
    assert_errno!(pread(&reader, &mut [0; 1], 0), ESPIPE);
    assert_errno!(pwrite(&writer, b"x", 0), ESPIPE);
    assert_errno!(ftruncate(&writer, 0), EINVAL);
    assert_errno!(map(&reader), ENODEV);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

fn map(end: &Fd) -> Result<i64> {
    let (protection, flags) = (libc::PROT_READ as usize, libc::MAP_SHARED as usize);
    // SAFETY: a new mapping at an address that the kernel chooses, or none if the call fails.
    unsafe { syscall("mmap", Sysno::mmap, [0, page_size(), protection, flags, end.number() as usize, 0]) }
}

/// One call each of pipe, fork, write and read passes a byte from a process to its child.
#[harness::test(
    id = "pipe.few-calls",
    cite = [
        posix("pipe.3p", "DESCRIPTION"),
        posix("fork.3p", "DESCRIPTION"),
        posix("pipe.3p", "Using a Pipe to Pass Data Between a Parent Process and a Child Process"),
    ],
    covers = ["notes:pipe.simple"],
)]
fn passing_a_byte_takes_few_calls() -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| assert_eq!(read_bytes(&reader, 1), Ok("x".into())))?;
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()?;
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}
