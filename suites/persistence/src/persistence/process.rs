//! Process persistence: what exists until the last process that has it open closes it or terminates.

use super::TEXT;
use kit::disposition::ignore;
use kit::needs::PIPE_PAGES;
use kit::passing::{pass, receive};
use kit::prelude::*;
use kit::watch::Watch;
use nix::sys::signal::Signal::SIGPIPE;

/// The indices of both ends of a pipe in a watch.
const BOTH_ENDS: [u64; 2] = [0, 1];

/// A pipe has process persistence: it and the data in it survive the SIGKILL of the writer while another process has
/// the pipe open, and are gone when the last such process terminates.
#[harness::test(
    id = "persistence.pipe",
    cite = [
        posix("close.3p", "DESCRIPTION"),
        posix("_Exit.3p", "Consequences of Process Termination"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["notes:persist.pipe-dies-with-process"],
    needs = [PIPE_PAGES],
)]
fn pipe_is_gone_with_the_last_process_that_has_it_open() -> TestResult {
    let (reader, writer) = pipe()?;
    let (watch, alone) = (Watch::new(&[&reader, &writer])?, Latch::new()?);
    let last = fork(|| {
        alone.wait_for(1);
        assert_eq!(read_bytes(&reader, 4), Ok(TEXT[..4].into()));
        assert_eq!(unread(&reader), Ok(TEXT.len() - 4));
        nix::unistd::pause();
    })?;
    let first = holder(|| Ok(write(&writer, TEXT)?))?;
    drop((reader, writer));
    first.kill()?;
    assert_eq!(watch.present()?, BOTH_ENDS);
    alone.arrive();
    last.wait_until_blocked_in(calls::PAUSE)?;
    assert_eq!(watch.present()?, BOTH_ENDS);
    last.kill()?;
    assert_eq!(watch.present()?, Watch::NONE);
    Ok(())
}

/// A read end of a pipe that is in flight over a UNIX domain socket keeps the pipe and its data alive after its sender
/// has terminated.
#[harness::test(
    id = "persistence.pipe-in-flight",
    cite = [
        man("unix.7", "Ancillary messages", "SCM_RIGHTS"),
        man("unix.7", "ERRORS", "ETOOMANYREFS"),
        man("close.2", "DESCRIPTION"),
    ],
    covers = ["notes:persist.pipe-dies-with-process"],
)]
fn pipe_survives_while_its_read_end_is_in_flight() -> TestResult {
    let (near, far) = stream_pair()?;
    let sender = fork(|| -> TestResult {
        let (reader, writer) = pipe()?;
        write_all(&writer, TEXT)?;
        pass(&far, &reader)
    })?;
    sender.join()?;
    let reader = receive(&near)?;
    assert_eq!(read_bytes(&reader, 99), Ok(TEXT.into()));
    assert_eq!(read_bytes(&reader, 99), Ok("".into()));
    Ok(())
}

/// When the only process with the write end of a pipe is killed, read returns 0; when the only process with the read
/// end is killed, write fails with EPIPE. The pipe is gone once both ends are closed.
#[harness::test(
    id = "persistence.pipe-ends",
    cite = [
        posix("_Exit.3p", "Consequences of Process Termination"),
        posix("read.3p", "DESCRIPTION"),
        posix("write.3p", "ERRORS", "EPIPE"),
        posix("close.3p", "DESCRIPTION"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["notes:persist.pipe-end-closes-on-exit"],
)]
fn each_end_of_a_pipe_closes_with_its_process() -> TestResult {
    ignore(SIGPIPE)?;
    let (kept_reader, writer) = pipe()?;
    let (reader, kept_writer) = pipe()?;
    let watch = Watch::new(&[&kept_reader, &writer, &reader, &kept_writer])?;
    let (writing, reading) = (holder(|| Ok(writer))?, holder(|| Ok(reader))?);
    // The read ends are not readable: no data and no end-of-file. The write ends are writable.
    assert_eq!(watch.present()?, [1, 3]);
    assert_eq!(write(&kept_writer, TEXT), Ok(TEXT.len()));
    assert_eq!(unread(&kept_writer), Ok(TEXT.len()));
    writing.kill()?;
    assert_eq!(read(&kept_reader, &mut [0; 1]), Ok(0));
    reading.kill()?;
    assert_errno!(write(&kept_writer, TEXT), EPIPE);
    drop((kept_reader, kept_writer));
    assert_eq!(watch.present()?, Watch::NONE);
    Ok(())
}
