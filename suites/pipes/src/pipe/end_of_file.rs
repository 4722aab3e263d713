//! End of file on pipes.

use kit::prelude::*;

/// A read on an empty pipe returns 0 once its last write end is closed.
#[harness::test(
    id = "pipe.read-eof",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.read-eof-after-writers-close", "behaviours:pipe.read-eof"],
    layers = [libc, nix, raw],
)]
fn read_returns_0_after_the_last_writer_closes() -> Scene {
    let (reader, writer) = pipe()?;
    let child = fork(|| {
        writer.close();
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    })?;
    child.wait_until_blocked_in(Syscall::READ)?;
    drop(writer);
    child.join()
}

/// Bytes that are left when the last write end closes are read first, and only then do reads return 0, again and again.
#[harness::test(
    id = "pipe.drain-before-eof",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.read-eof-after-writers-close", "behaviours:pipe.read-drains-before-eof"],
    layers = [libc, nix, raw],
)]
fn reads_return_what_is_left_and_then_0() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    drop(writer);
    assert_eq!(read_bytes(&reader, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("c".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// On a non-blocking pipe too, a read after the last write end is closed returns 0, where before it failed with EAGAIN.
#[harness::test(
    id = "pipe.nonblocking-eof",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.nonblock-read-eof"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_read_tells_end_of_file_from_emptiness() -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// A duplicate of the write end keeps end of file from being seen until it too is closed.
#[harness::test(
    id = "pipe.eof-held-by-dup",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 dup()",
    covers = ["behaviours:pipe.eof-held-by-dup"],
    layers = [libc, nix, raw],
)]
fn a_duplicate_of_the_write_end_holds_back_end_of_file() -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let duplicate = dup(&writer)?;
    drop(writer);
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    drop(duplicate);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// Write ends count over all processes: a read goes on waiting while any process has one open, and returns 0 when the last
/// of them closes.
#[harness::test(
    id = "pipe.eof-needs-all-writers-closed",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.read-eof-needs-all-writers-closed", "behaviours:pipe.eof-held-by-dup"],
)]
fn a_forgotten_write_end_in_another_process_holds_back_end_of_file() -> Scene {
    let (reader, writer) = pipe()?;
    let forgotten_until = Meeting::new()?;
    let holder = fork(|| {
        forgotten_until.wait_for(1);
        writer.close();
        forgotten_until.wait_for(2);
    })?;
    let child = fork(|| {
        writer.close();
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    })?;
    child.wait_until_blocked_in(Syscall::READ)?;
    drop(writer);
    child.assert_blocked_in(Syscall::READ);
    forgotten_until.arrive();
    child.join()?;
    assert!(!holder.has_ended(), "the close, not the end of the process, was what ended the file");
    forgotten_until.arrive();
    holder.join()
}

/// The exit of the last writer closes its end: a reader that waits sees end of file.
#[harness::test(
    id = "pipe.exit-closes-write-end",
    cite = "POSIX.1-2024 _exit(): all open file descriptors are closed; pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.exit-closes-write-end"],
)]
fn the_exit_of_the_writer_is_end_of_file() -> Scene {
    the_end_of_the_writer_is_end_of_file(|writer, leave| {
        leave.arrive();
        assert_eq!(writer.wait()?, Ended::Exited(0));
        Ok(())
    })
}

/// The death of the last writer by SIGKILL closes its end: a reader that waits sees end of file.
#[harness::test(
    id = "pipe.kill-closes-write-end",
    cite = "POSIX.1-2024 _exit(): Consequences of Process Termination; pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.kill-closes-write-end"],
)]
fn the_death_of_the_writer_is_end_of_file() -> Scene {
    the_end_of_the_writer_is_end_of_file(|writer, _| {
        assert_eq!(writer.kill()?, Ended::Killed { by: Signal(libc::SIGKILL), core: false });
        Ok(())
    })
}

/// The only process that has the write end ends while another one waits in a read.
fn the_end_of_the_writer_is_end_of_file(end: impl FnOnce(&Child, &Meeting) -> Scene) -> Scene {
    let (reader, writer) = pipe()?;
    let leave = Meeting::new()?;
    let holder = fork(|| leave.wait_for(1))?;
    writer.close();
    let child = fork(|| assert_eq!(read(&reader, &mut [0; 1]), Ok(0)))?;
    child.assert_blocked_in(Syscall::READ);
    end(&holder, &leave)?;
    child.join()
}
