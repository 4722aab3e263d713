//! Process persistence: what ends with the last process that has it open.

use super::TEXT;
use kit::disposition::ignore;
use kit::passing::{pass, receive};
use kit::prelude::*;
use kit::watch::Watch;
use nix::sys::signal::Signal::SIGPIPE;

/// The places of a pipe's ends in a watch.
const BOTH_ENDS: [u64; 2] = [0, 1];

/// A pipe and the bytes in it outlive the process that wrote them, and are gone with the last process that has the pipe
/// open.
#[harness::test(
    id = "persistence.pipe",
    cite = "pipe(7), I/O on pipes and FIFOs; POSIX.1-2024 close()",
    covers = ["notes:persist.pipe-dies-with-process"],
)]
fn pipe_dies_with_its_last_process() -> Scene {
    let (reader, writer) = pipe()?;
    let (watch, alone) = (Watch::new(&[&reader, &writer])?, Meeting::new()?);
    let last = fork(|| {
        alone.wait_for(1);
        assert_eq!(read_bytes(&reader, 4), Ok(TEXT[..4].into()));
        nix::unistd::pause();
    })?;
    let first = holder(|| Ok(write(&writer, TEXT)?))?;
    drop((reader, writer));
    first.kill()?;
    assert_eq!(watch.present()?, BOTH_ENDS);
    alone.arrive();
    last.wait_until_blocked_in(Syscall::PAUSE)?;
    assert_eq!(watch.present()?, BOTH_ENDS);
    last.kill()?;
    assert_eq!(watch.present()?, Watch::NONE);
    Ok(())
}

/// An end of a pipe that is in flight in a socket keeps the pipe after the process that had it is gone.
#[harness::test(
    id = "persistence.pipe-in-flight",
    cite = "unix(7), SCM_RIGHTS; pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:persist.pipe-dies-with-process"],
)]
fn pipe_lives_while_its_end_is_in_flight() -> Scene {
    let (near, far) = stream_pair()?;
    let sender = fork(|| -> Scene {
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

/// The end of the process that holds one end of a pipe closes that end, and the pipe is gone when both are closed.
#[harness::test(
    id = "persistence.pipe-ends",
    cite = "POSIX.1-2024 _exit(), read(), write(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:persist.pipe-end-closes-on-exit"],
)]
fn each_end_of_a_pipe_closes_with_its_process() -> Scene {
    ignore(SIGPIPE)?;
    let (kept_reader, writer) = pipe()?;
    let (reader, kept_writer) = pipe()?;
    let watch = Watch::new(&[&kept_reader, &writer, &reader, &kept_writer])?;
    let (writing, reading) = (holder(|| Ok(writer))?, holder(|| Ok(reader))?);
    // Nothing to read, and no end of file; room to write.
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
