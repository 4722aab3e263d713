//! Signals that no handler takes end no blocked call.

use kit::disposition::ignore;
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{O_RDONLY, O_WRONLY, POLLIN};
use nix::sys::signal::Signal as Known;

/// Sends the child, which ignores SIGUSR1, signals that are ignored, by it or by default, and SIGCONT.
fn send_ignored(child: &Child) -> TestResult {
    [Known::SIGUSR1, Known::SIGCHLD, Known::SIGURG, Known::SIGWINCH, Known::SIGCONT]
        .into_iter()
        .try_for_each(|signal| child.signal(signal))
}

#[rstest]
#[case::read(calls::READ, |end: &Fd| assert_eq!(read_bytes(end, 9), Ok("x".into())))]
#[case::ppoll(calls::PPOLL, |end: &Fd| assert_eq!(ppoll(&[(end, POLLIN)], None, None), Ok((1, vec![POLLIN]))))]
/// A signal that is ignored, by the process or by default, ends no blocked call, and neither does SIGCONT to a process that
/// is not stopped: a read and a ppoll go on waiting, and complete when there is data.
#[harness::test(
    id = "signal.ignored-ends-no-call",
    cite = [man("signal.7", "Interruption of system calls and library functions by signal handlers"), man("signal.7", "Signal dispositions")],
    covers = ["behaviours:sigdisp.ignored-no-eintr"],
    layers = [libc, nix, raw],
)]
fn ignored_signals_end_no_call(#[case] call: &'static Call, #[case] wait: fn(&Fd)) -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| -> TestResult {
        ignore(Known::SIGUSR1)?;
        wait(&reader);
        Ok(())
    })?;
    child.wait_until_blocked_in(call)?;
    send_ignored(&child)?;
    child.assert_blocked_in(call);
    write_all(&writer, b"x")?;
    child.join()
}

#[rstest]
#[case::reading(O_RDONLY, O_WRONLY)]
#[case::writing(O_WRONLY, O_RDONLY)]
/// A signal that is ignored, by the process or by default, does not end an open of a FIFO that waits for the other end, and
/// neither does SIGCONT to a process that is not stopped.
#[harness::test(
    id = "signal.ignored-ends-no-open",
    cite = [man("signal.7", "Interruption of system calls and library functions by signal handlers"), man("signal.7", "Signal dispositions")],
    covers = ["behaviours:sigdisp.ignored-no-eintr"],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn ignored_signals_end_no_open(#[case] end: i32, #[case] other_end: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let child = fork(|| -> TestResult {
        ignore(Known::SIGUSR1)?;
        drop(assert_ok!(open(&fifo, end)));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::OPEN)?;
    send_ignored(&child)?;
    child.assert_blocked_in(calls::OPEN);
    let _other = assert_ok!(open(&fifo, other_end));
    child.join()
}
