//! One way, never back, and no going to and fro: what a pipe shares with a file and what not.

use kit::prelude::*;
use rstest::rstest;

/// Bytes go from the write end to the read end only: writing to the read end and reading from the write end fail with EBADF.
#[harness::test(
    id = "pipe.one-way",
    cite = "pipe(7): a unidirectional interprocess communication channel; read(2), write(2): EBADF",
    covers = [
        "notes:pipe.one-way",
        "behaviours:pipe.unidirectional",
        "errors:pipe.read.EBADF.2",
        "errors:pipe.write.EBADF.2",
    ],
    layers = [libc, nix, raw],
)]
fn a_pipe_goes_one_way() -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    assert_errno!(write(&reader, b"x"), EBADF);
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    assert_eq!(unread(&reader), Ok(0));
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// The direction of a pipe cannot be turned: not when it is empty and idle, not after F_SETFL asked for another access mode.
#[harness::test(
    id = "pipe.never-turns",
    cite = "pipe(7): a unidirectional interprocess communication channel; fcntl(2), F_SETFL: access mode in arg is ignored",
    covers = ["notes:pipe.half-duplex"],
    layers = [libc, nix, raw],
)]
fn an_idle_pipe_cannot_be_turned() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    // The flag that comes with the access modes is set, so the call was not for nothing.
    assert_eq!(set_flags(&reader, libc::O_WRONLY | libc::O_NONBLOCK), Ok(0));
    assert_eq!(set_flags(&writer, libc::O_RDONLY | libc::O_NONBLOCK), Ok(0));
    assert_eq!(get_flags(&reader), Ok(libc::O_RDONLY | libc::O_NONBLOCK));
    assert_eq!(get_flags(&writer), Ok(libc::O_WRONLY | libc::O_NONBLOCK));
    let turned = write(&reader, b"x");
    assert_errno!(turned, EBADF);
    assert_errno!(read(&writer, &mut [0; 1]), EBADF);
    observe("writing to the read end of an idle pipe", format!("{:?}", turned.map_err(|error| error.errno)));
    Ok(())
}

/// Two pipes carry questions one way and answers the other, where on a single one a process gets its own bytes back.
#[harness::test(
    id = "pipe.two-for-two-ways",
    cite = "pipe(7): a unidirectional interprocess communication channel; POSIX.1-2024 pipe()",
    covers = ["notes:pipe.two-pipes-for-two-way"],
    layers = [libc, nix, raw],
)]
fn two_pipes_go_both_ways() -> Scene {
    let ((questions, ask), (answers, answer)) = (pipe()?, pipe()?);
    let child = fork(|| {
        assert_eq!(read_bytes(&questions, 9), Ok("ping".into()));
        assert_eq!(write(&answer, b"pong"), Ok(4));
    })?;
    // Its end is the end of the answers.
    answer.close();
    assert_eq!(write(&ask, b"ping"), Ok(4));
    assert_eq!(read_bytes(&answers, 9), Ok("pong".into()));
    child.join()?;
    assert_eq!(write(&ask, b"mine"), Ok(4));
    assert_eq!(read_bytes(&questions, 9), Ok("mine".into()));
    Ok(())
}

#[rstest]
#[case::set(libc::SEEK_SET)]
#[case::current(libc::SEEK_CUR)]
#[case::end(libc::SEEK_END)]
/// No end of a pipe has a position: lseek fails with ESPIPE, and the bytes stay as they are.
#[harness::test(
    id = "pipe.no-seek",
    cite = "POSIX.1-2024 lseek(): ESPIPE; pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.no-lseek", "behaviours:pipe.no-seek"],
    layers = [libc, nix, raw],
)]
fn no_end_can_be_sought(#[case] from: i32) -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    for end in [&reader, &writer] {
        assert_errno!(lseek(end, 0, from), ESPIPE);
        assert_errno!(lseek(end, 1, from), ESPIPE);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// A pipe is read, written, duplicated and looked at like a file, but has no positions, no length and no place in memory:
/// lseek, pread and pwrite fail with ESPIPE, ftruncate with EINVAL and mmap with ENODEV.
#[harness::test(
    id = "pipe.like-a-file",
    cite = "POSIX.1-2024 lseek(), pread(), pwrite(), ftruncate(), mmap(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.file-like"],
)]
fn a_pipe_is_like_a_file_only_in_part() -> Scene {
    let (reader, writer) = pipe()?;
    let duplicate = dup(&writer)?;
    assert_eq!(write(&duplicate, b"abc"), Ok(3));
    assert_eq!(node_of(&reader), Ok(Node::new("p0600")));
    let refused = [
        ("lseek", lseek(&reader, 0, libc::SEEK_SET), Errno::ESPIPE),
        ("pread", pread(&reader, &mut [0; 1], 0).map(|count| count as i64), Errno::ESPIPE),
        ("pwrite", pwrite(&writer, b"x", 0).map(|count| count as i64), Errno::ESPIPE),
        ("ftruncate", ftruncate(&writer, 0).map(|()| 0), Errno::EINVAL),
        ("mmap", map(&reader), Errno::ENODEV),
    ];
    for (call, result, errno) in refused {
        assert_eq!(result, Err(CallError { call, errno }));
        observe(call, format!("{errno:?}"));
    }
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

fn map(end: &Fd) -> Result<i64> {
    let (protection, flags) = (libc::PROT_READ as usize, libc::MAP_SHARED as usize);
    // SAFETY: a new mapping at an address that the kernel chooses; there is none when it fails.
    unsafe { syscall("mmap", libc::SYS_mmap, [0, page_size(), protection, flags, end.number() as usize, 0]) }
}

/// One byte goes from a process to its child with one call to make the pipe, one to fork, one to write and one to read.
#[harness::test(
    id = "pipe.few-calls",
    cite = "POSIX.1-2024 pipe(), EXAMPLES; pipe(2), EXAMPLES",
    covers = ["notes:pipe.simple"],
)]
fn an_exchange_takes_few_calls() -> Scene {
    let mut calls = Vec::from(["pipe"]);
    let (reader, writer) = pipe()?;
    calls.push("fork");
    let child = fork(|| assert_eq!(read_bytes(&reader, 1), Ok("x".into())))?;
    calls.extend(["write", "read in the child"]);
    assert_eq!(write(&writer, b"x"), Ok(1));
    child.join()?;
    observe("calls for the exchange of one byte", calls.join(", "));
    Ok(())
}
