//! Socket pairs of type SOCK_STREAM, which carry data in both directions.

use kit::disposition::ignore;
use kit::needs::UNIX_FILES;
use kit::passing::{self, Listener};
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::O_NONBLOCK;
use linkme::distributed_slice;
use nix::sys::signal::Signal::SIGPIPE;

/// A socket pair of type SOCK_STREAM carries a byte stream in each direction; after one direction is shut down for
/// writing, the other still works.
#[harness::test(
    id = "socketpair.bidirectional",
    cite = [posix("socketpair.3p", "DESCRIPTION", "SOCK_STREAM"), posix("shutdown.3p", "DESCRIPTION", "SHUT_WR")],
    covers = ["notes:spipe.bidirectional"],
    layers = [libc, nix, raw],
)]
fn data_flows_in_both_directions() -> TestResult {
    // So that a failure is an error, not a signal or a read that blocks forever.
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
    name: "that answers over a socket pair",
    body: |paths| {
        use calls::for_layers::libc_nix_raw::write;
        let end = passing::receive(&passing::connect(&paths[0])?)?;
        let question = read_bytes(&end, 9);
        assert_eq!(question, Ok("ping".into()));
        assert_eq!(write(&end, b"pong!"), Ok(5));
        evidence("bytes that an unrelated process reads from a socket pair", question?.0.len());
        Ok(())
    },
};

/// An end of a socket pair passed with SCM_RIGHTS lets an unrelated process read and write.
#[harness::test(
    id = "socketpair.passed-to-unrelated",
    cite = [man("unix.7", "Ancillary messages", "SCM_RIGHTS"), posix("socketpair.3p", "DESCRIPTION", "SOCK_STREAM")],
    covers = ["notes:spipe.only-first-limit-lifted"],
    needs = [UNIX_FILES],
)]
fn an_end_can_be_passed_to_an_unrelated_process() -> TestResult {
    let listener = Listener::new("listener")?;
    let unrelated_process = unrelated::start(&ANSWER, &["listener".into()])?;
    let socket = listener.accept()?;
    let (ours, theirs) = stream_pair()?;
    assert_eq!(write(&ours, b"ping"), Ok(4));
    passing::pass(&socket, &theirs)?;
    drop(theirs);
    unrelated_process.join()?;
    let answer = read_bytes(&ours, 9);
    assert_eq!(answer, Ok("pong!".into()));
    evidence("bytes that an unrelated process sends back over a socket pair", answer?.0.len());
    Ok(())
}
