//! End of file on pipes.

use kit::prelude::*;

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

/// The exit of the last writer closes its write end: a blocked read returns 0.
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
    the_termination_of_the_last_writer_is_end_of_file(|writer, leave| {
        leave.arrive();
        assert_eq!(writer.wait()?, Ended::Exited(0));
        Ok(())
    })
}

/// Killing the last writer with SIGKILL closes its write end: a blocked read returns 0.
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
    the_termination_of_the_last_writer_is_end_of_file(|writer, _| {
        assert_eq!(writer.kill()?, Ended::Killed { by: Signal(libc::SIGKILL), core: false });
        Ok(())
    })
}

/// The only process with the write end open terminates while another is blocked in read.
fn the_termination_of_the_last_writer_is_end_of_file(
    terminate: impl FnOnce(&Child, &Latch) -> TestResult,
) -> TestResult {
    use calls::for_layers::libc_nix_raw::{pipe, read};
    let (reader, writer) = pipe()?;
    let leave = Latch::new()?;
    let holder = fork(|| leave.wait_for(1))?;
    writer.close();
    let child = fork(|| assert_eq!(read(&reader, &mut [0; 1]), Ok(0)))?;
    child.assert_blocked_in(calls::READ);
    terminate(&holder, &leave)?;
    child.join()
}
