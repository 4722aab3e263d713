//! Stream pipes, which carry bytes both ways: on Linux a pair of connected sockets.

use kit::disposition::ignore;
use kit::passing::{self, Door};
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::O_NONBLOCK;
use linkme::distributed_slice;
use nix::sys::signal::Signal::SIGPIPE;

/// A stream pipe carries a stream of bytes each way, and one way goes on when the other was shut down.
#[harness::test(
    id = "stream-pipe.both-ways",
    cite = "POSIX.1-2024 socketpair(), shutdown(); socketpair(2)",
    covers = ["notes:spipe.bidirectional"],
    layers = [libc, nix, raw],
)]
fn bytes_go_both_ways() -> Scene {
    // So that each failure is an error to be read, not a signal or a read without end.
    ignore(SIGPIPE)?;
    let (one, other) = assert_ok!(stream_pair());
    assert_eq!(set_flags(&other, O_NONBLOCK), Ok(0));
    assert_errno!(read(&other, &mut [0; 9]), EAGAIN);
    assert_eq!(write(&one, b"pi"), Ok(2));
    assert_eq!(write(&one, b"ng"), Ok(2));
    assert_eq!(write(&other, b"pong!"), Ok(5));
    assert_eq!(read_bytes(&other, 9), Ok("ping".into()));
    assert_eq!(read_bytes(&one, 9), Ok("pong!".into()));
    assert_eq!(shutdown_writing(&one), Ok(()));
    assert_eq!(read_bytes(&other, 9), Ok("".into()));
    assert_eq!(write(&other, b"still"), Ok(5));
    assert_eq!(read_bytes(&one, 9), Ok("still".into()));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static ANSWER: Program = Program {
    name: "that answers by a stream pipe",
    body: |door| {
        let end = passing::receive(&passing::enter(&door[0])?)?;
        let question = read_bytes(&end, 9);
        assert_eq!(question, Ok("ping".into()));
        assert_eq!(write(&end, b"pong!"), Ok(5));
        observe("bytes that an unrelated process reads from a stream pipe", question?.0.len());
        Ok(())
    },
};

/// A stream pipe is not for relatives only either: an unrelated process can be handed an end, and talks both ways.
#[harness::test(
    id = "stream-pipe.passed-to-unrelated",
    cite = "unix(7), SCM_RIGHTS; POSIX.1-2024 socketpair()",
    covers = ["notes:spipe.only-first-limit-lifted"],
)]
fn an_end_can_be_passed_to_an_unrelated_process() -> Scene {
    let door = Door::new("door")?;
    let stranger = unrelated::start(&ANSWER, &["door".into()])?;
    let socket = door.let_in()?;
    let (ours, theirs) = stream_pair()?;
    assert_eq!(write(&ours, b"ping"), Ok(4));
    passing::pass(&socket, &theirs)?;
    drop(theirs);
    stranger.join()?;
    let answer = read_bytes(&ours, 9);
    assert_eq!(answer, Ok("pong!".into()));
    observe("bytes that an unrelated process sends back over a stream pipe", answer?.0.len());
    Ok(())
}
