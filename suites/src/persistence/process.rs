//! Process persistence: what ends with the last process that has it open.

use super::TEXT;
use fixtures::prelude::*;
use fixtures::watch::Watch;
use nix::sys::signal::{SigHandler, Signal::SIGPIPE, signal};
use nix::sys::socket::{AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType};
use nix::sys::socket::{recvmsg, sendmsg, socketpair};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsRawFd;

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
        let mut bytes = [0; 4];
        assert_eq!(read(&reader, &mut bytes), Ok(4));
        assert_eq!(bytes, TEXT[..4]);
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
    let (near, far) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::empty())?;
    let sender = fork(|| -> Scene {
        let (reader, writer) = pipe()?;
        write(&writer, TEXT)?;
        let ends = [reader.as_raw_fd()];
        let passed = [ControlMessage::ScmRights(&ends)];
        sendmsg::<()>(far.as_raw_fd(), &[IoSlice::new(b"!")], &passed, MsgFlags::empty(), None)?;
        Ok(())
    })?;
    sender.join()?;
    let (mut space, mut byte) = (nix::cmsg_space!([i32; 1]), [0]);
    let mut buffers = [IoSliceMut::new(&mut byte)];
    let received = recvmsg::<()>(near.as_raw_fd(), &mut buffers, Some(&mut space), MsgFlags::empty())?;
    let Some(ControlMessageOwned::ScmRights(ends)) = received.cmsgs()?.next() else {
        return Err(Stop::broken("no descriptor came"));
    };
    let reader = Fd::new(ends[0]);
    let mut bytes = [0; TEXT.len()];
    assert_eq!(read(&reader, &mut bytes), Ok(TEXT.len()));
    assert_eq!(bytes, TEXT);
    assert_eq!(read(&reader, &mut bytes), Ok(0));
    Ok(())
}

/// The end of the process that holds one end of a pipe closes that end, and the pipe is gone when both are closed.
#[harness::test(
    id = "persistence.pipe-ends",
    cite = "POSIX.1-2024 _exit(), read(), write(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:persist.pipe-end-closes-on-exit"],
)]
fn each_end_of_a_pipe_closes_with_its_process() -> Scene {
    // SAFETY: no handler of ours.
    unsafe { signal(SIGPIPE, SigHandler::SigIgn) }?;
    let (kept_reader, writer) = pipe()?;
    let (reader, kept_writer) = pipe()?;
    let watch = Watch::new(&[&kept_reader, &writer, &reader, &kept_writer])?;
    let (writing, reading) = (holder(|| Ok(writer))?, holder(|| Ok(reader))?);
    // Nothing to read, and no end of file; room to write.
    assert_eq!(watch.present()?, [1, 3]);
    assert_eq!(write(&kept_writer, TEXT), Ok(TEXT.len()));
    writing.kill()?;
    assert_eq!(read(&kept_reader, &mut [0; 1]), Ok(0));
    reading.kill()?;
    assert_errno!(write(&kept_writer, TEXT), EPIPE);
    drop((kept_reader, kept_writer));
    assert_eq!(watch.present()?, Watch::NONE);
    Ok(())
}
