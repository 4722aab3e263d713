//! How signals of several events queue up.

use super::{INPUT, POLL_IN, signalling, take};
use calls::signals::SignalSet;
use kit::channel::PIPE;
use kit::disposition::block_all;
use kit::limits::while_limited;
use kit::prelude::*;
use libc::{SIGIO, SIGRTMIN};
use nix::sys::resource::Resource;

/// A real-time signal is queued for each event, with the descriptor that the event is of; a standard signal is pending once.
#[harness::test(
    id = "signal-io.queued",
    cite = [man("fcntl.2", "Managing signals", "F_SETSIG")],
    covers = ["behaviours:sigio.setsig-queues"],
    layers = [libc, raw],
)]
fn a_real_time_signal_is_queued_for_each_event() -> TestResult {
    let signals = SignalSet::of([SIGIO, SIGRTMIN() + 1]);
    block_all(signals)?;
    let pipes = [signalling(PIPE)?, signalling(PIPE)?];
    for (reader, _) in &pipes {
        assert_eq!(set_io_signal(reader, SIGRTMIN() + 1), Ok(()));
    }
    let events = [0, 1, 0, 0, 1];
    for pipe in events {
        assert_eq!(write(&pipes[pipe].1, b"x"), Ok(1));
    }
    for pipe in events {
        let taken = take(signals).map(|(signal, info)| (signal, info.code, info.band()));
        assert_eq!(taken, Ok((SIGRTMIN() + 1, POLL_IN, (INPUT, pipes[pipe].0.number()))));
    }
    assert_errno!(take(signals), EAGAIN);
    for (reader, _) in &pipes {
        assert_eq!(set_io_signal(reader, 0), Ok(()));
    }
    for pipe in events {
        assert_eq!(write(&pipes[pipe].1, b"x"), Ok(1));
    }
    assert_eq!(take(signals).map(|(signal, _)| signal), Ok(SIGIO));
    assert_errno!(take(signals), EAGAIN);
    assert_eq!(pipes.each_ref().map(|(reader, _)| read_bytes(reader, 9)), [Ok("xxxxxx".into()), Ok("xxxx".into())]);
    Ok(())
}

/// Where the limit of queued signals is reached, SIGIO is sent in the place of the real-time signal.
#[harness::test(
    id = "signal-io.overflow",
    cite = [man("fcntl.2", "Managing signals", "F_SETSIG")],
    covers = ["behaviours:sigio.setsig-overflow-sigio"],
    layers = [libc, raw],
)]
fn sigio_is_sent_when_the_queue_is_full() -> TestResult {
    let signals = SignalSet::of([SIGIO, SIGRTMIN() + 1]);
    block_all(signals)?;
    let (reader, writer) = signalling(PIPE)?;
    assert_eq!(set_io_signal(&reader, SIGRTMIN() + 1), Ok(()));
    while_limited(Resource::RLIMIT_SIGPENDING, 0, || {
        assert_eq!(write(&writer, b"x"), Ok(1));
        assert_eq!(take(signals).map(|(signal, _)| signal), Ok(SIGIO));
        assert_errno!(take(signals), EAGAIN);
    })?;
    assert_eq!(write(&writer, b"x"), Ok(1));
    let taken = take(signals).map(|(signal, info)| (signal, info.code, info.band()));
    assert_eq!(taken, Ok((SIGRTMIN() + 1, POLL_IN, (INPUT, reader.number()))));
    assert_eq!(read_bytes(&reader, 9), Ok("xx".into()));
    Ok(())
}
