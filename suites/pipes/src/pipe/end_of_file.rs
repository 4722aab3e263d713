//! End of file on pipes.

use kit::needs::{UNIX_FILES, program};
use kit::prelude::*;
use nix::sys::signal::Signal::SIGKILL;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;

/// A nonblocking read on an empty pipe fails with EAGAIN while a write end is open, and returns 0 once the last one is
/// closed.
#[harness::test(
    id = "pipe.nonblocking-eof",
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:pipe.nonblock-read-eof"],
    layers = [libc, nix, raw],
)]
fn a_nonblocking_read_returns_0_after_the_last_writer_closes() -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// A duplicate of the write end delays end-of-file until it is closed too.
#[harness::test(
    id = "pipe.eof-held-by-dup",
    cite = [
        posix("read.3p", "DESCRIPTION"),
        posix("pipe.3p", "DESCRIPTION"),
        posix("dup.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.eof-held-by-dup"],
    layers = [libc, nix, raw],
)]
fn a_duplicate_of_the_write_end_delays_end_of_file() -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    let duplicate = dup(&writer)?;
    drop(writer);
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    drop(duplicate);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// A read on an empty pipe stays blocked while any process has a write end open, and returns 0 when the last one is
/// closed.
#[harness::test(
    id = "pipe.eof-needs-all-writers-closed",
    cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["notes:pipe.read-eof-needs-all-writers-closed", "behaviours:pipe.eof-held-by-dup"],
)]
fn a_forgotten_write_end_in_another_process_delays_end_of_file() -> TestResult {
    let (reader, writer) = pipe()?;
    let forgotten_until = Latch::new()?;
    let holder = fork(|| {
        forgotten_until.wait_for(1);
        writer.close();
        forgotten_until.wait_for(2);
    })?;
    let child = fork(|| {
        writer.close();
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    })?;
    child.wait_until_blocked_in(calls::READ)?;
    drop(writer);
    child.assert_blocked_in(calls::READ);
    forgotten_until.arrive();
    child.join()?;
    assert!(!holder.has_ended(), "the close, not the exit of the process, caused end-of-file");
    forgotten_until.arrive();
    holder.join()
}

/// The exit of the last writer closes its write end: all blocked reads return 0, before the process is waited for.
#[harness::test(
    id = "pipe.exit-closes-write-end",
    cite = [
        posix("_Exit.3p", "Consequences of Process Termination"),
        posix("read.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.exit-closes-write-end"],
)]
fn the_exit_of_the_last_writer_is_end_of_file() -> TestResult {
    let holder = assert_ends_blocked_reads(|| Ok(()), |_| Ok(()))?;
    assert_eq!(holder.wait()?, Ended::Exited(0));
    Ok(())
}

/// Killing the last writer with SIGKILL closes its write end: all blocked reads return 0, before the process is waited for.
#[harness::test(
    id = "pipe.kill-closes-write-end",
    cite = [
        posix("_Exit.3p", "Consequences of Process Termination"),
        posix("read.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.kill-closes-write-end"],
)]
fn killing_the_last_writer_is_end_of_file() -> TestResult {
    let pause = || -> TestResult {
        nix::unistd::pause();
        Ok(())
    };
    let holder = assert_ends_blocked_reads(pause, |holder| {
        holder.wait_until_blocked_in(calls::PAUSE)?;
        holder.signal(SIGKILL)
    })?;
    assert_eq!(holder.wait()?, Ended::Killed { by: SIGKILL.into(), core: false });
    Ok(())
}

/// A successful exec by the last writer closes its write end if that has FD_CLOEXEC set: all blocked reads return 0, although the
/// process lives on.
#[harness::test(
    id = "pipe.exec-closes-write-end",
    cite = [posix("exec.3p", "DESCRIPTION"), posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:pipe.cloexec-flag", "behaviours:pipe.read-eof"],
    needs = [program("cat"), UNIX_FILES],
)]
fn an_exec_by_the_last_writer_is_end_of_file() -> TestResult {
    // cat waits for a writer of the FIFO.
    let fifo = Fifo::new()?;
    let words = [c"cat".to_owned(), CString::new(fifo.as_os_str().as_bytes())?];
    let exec = || -> TestResult {
        nix::unistd::execvp(&words[0], &words)?;
        Ok(())
    };
    let holder = assert_ends_blocked_reads(exec, |_| Ok(()))?;
    assert!(!holder.has_ended(), "the process lives on");
    holder.kill()?;
    Ok(())
}

/// Two processes are blocked in read while a third has the only write end; they read end-of-file once that one has done `last`.
/// `then` is done to it meanwhile. It has not been waited for.
fn assert_ends_blocked_reads(
    last: impl FnOnce() -> TestResult,
    then: impl FnOnce(&Child) -> TestResult,
) -> TestResult<Child> {
    use calls::for_layers::libc_nix_raw::{pipe2, read};
    let (reader, writer) = pipe2(libc::O_CLOEXEC)?;
    let leave = Latch::new()?;
    let holder = fork(|| {
        leave.wait_for(1);
        last()
    })?;
    writer.close();
    let reading = || fork(|| assert_eq!(read(&reader, &mut [0; 1]), Ok(0)));
    let readers = [reading()?, reading()?];
    readers.iter().for_each(|child| child.assert_blocked_in(calls::READ));
    leave.arrive();
    then(&holder)?;
    readers.into_iter().try_for_each(Child::join)?;
    Ok(holder)
}
