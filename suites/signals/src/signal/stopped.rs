//! Stopping and resuming a process whose call is blocked, without any handler.

use super::blocking::*;
use kit::disposition::{handle, handled};
use kit::needs::{SYSV, UNTRACED};
use kit::prelude::*;
use libc::{SIGCONT, SIGSTOP};
use nix::sys::signal::{SIGUSR1, SaFlags};

/// A call that is blocked when its process is stopped goes on waiting when SIGCONT has resumed that, and then completes.
#[harness::test(
    rows = [
        ("signal.stop-unnoticed/read", ["behaviours:stopcont-transparent.read-of-a-pipe"], READ_PIPE),
        ("signal.stop-unnoticed/poll", ["behaviours:stopcont-transparent.poll"], POLL),
        ("signal.stop-unnoticed/futex-wait", ["behaviours:stopcont-transparent.futex-futex-wait"], FUTEX_WAIT),
        ("signal.stop-unnoticed/sem-wait", ["behaviours:stopcont-transparent.sem-wait"], SEM_WAIT),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by stop signals"),
        kernel("kernel/signal.c", "do_signal_stop", "6.18"),
    ],
    needs = [UNTRACED],
)]
fn a_blocked_call_does_not_notice_a_stop(blocking: Blocking) -> TestResult {
    goes_on_after_a_stop(blocking)
}

/// A System V message call that is blocked when its process is stopped goes on waiting when SIGCONT has resumed that, and then
/// completes.
#[harness::test(
    rows = [
        ("signal.stop-unnoticed-sysv/msgrcv", ["behaviours:stopcont-transparent.msgrcv"], MSGRCV),
        ("signal.stop-unnoticed-sysv/msgsnd", ["behaviours:stopcont-transparent.msgsnd"], MSGSND),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by stop signals"),
        kernel("kernel/signal.c", "do_signal_stop", "6.18"),
    ],
    needs = [UNTRACED, SYSV],
)]
fn a_blocked_message_call_does_not_notice_a_stop(blocking: Blocking) -> TestResult {
    goes_on_after_a_stop(blocking)
}

fn goes_on_after_a_stop(blocking: Blocking) -> TestResult {
    let waiting = (blocking.set_up)()?;
    let child = fork(|| assert_eq!(waiting.wait(), Ok(())))?;
    child.wait_until_blocked_in(blocking.call)?;
    for _ in 0..2 {
        stop_and_resume(&child)?;
        child.assert_blocked_in(blocking.call);
    }
    waiting.release()?;
    child.join()
}

/// nanosleep that is blocked when its process is stopped goes on sleeping when SIGCONT has resumed that.
#[harness::test(
    id = "signal.stop-unnoticed-by-sleep",
    cite = [
        man("signal.7", "Interruption of system calls and library functions by stop signals"),
        man("nanosleep.2", "BUGS"),
    ],
    covers = ["behaviours:stopcont-transparent.nanosleep"],
    needs = [UNTRACED],
)]
fn a_sleep_does_not_notice_a_stop() -> TestResult {
    let waiting = (NANOSLEEP.set_up)()?;
    let child = fork(|| -> TestResult {
        handle(SIGUSR1, SaFlags::empty())?;
        assert_errno!(waiting.wait(), EINTR);
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    child.wait_until_blocked_in(NANOSLEEP.call)?;
    for _ in 0..2 {
        stop_and_resume(&child)?;
        child.assert_blocked_in(NANOSLEEP.call);
    }
    child.signal(SIGUSR1)?;
    child.join()
}

/// A call of those that may fail with EINTR although there is no handler: when its process was stopped and resumed, it either
/// does so, or goes on waiting and completes.
#[harness::test(
    rows = [
        ("signal.stop-may-end/epoll-wait", ["behaviours:stopcont-eintr.epoll-wait"], EPOLL_WAIT),
        ("signal.stop-may-end/epoll-pwait", ["behaviours:stopcont-eintr.epoll-pwait"], EPOLL_PWAIT),
        ("signal.stop-may-end/timed-accept", ["behaviours:stopcont-eintr.rcvtimeo-accept"], TIMED_ACCEPT),
        ("signal.stop-may-end/timed-recv", ["behaviours:stopcont-eintr.rcvtimeo-recv"], TIMED_RECV),
        ("signal.stop-may-end/timed-recvfrom", ["behaviours:stopcont-eintr.rcvtimeo-recvfrom"], TIMED_RECVFROM),
        ("signal.stop-may-end/timed-recvmsg", ["behaviours:stopcont-eintr.rcvtimeo-recvmsg"], TIMED_RECVMSG),
        ("signal.stop-may-end/timed-recvmmsg", ["behaviours:stopcont-eintr.rcvtimeo-recvmmsg"], TIMED_RECVMMSG),
        ("signal.stop-may-end/timed-connect", ["behaviours:stopcont-eintr.sndtimeo-connect"], TIMED_CONNECT),
        ("signal.stop-may-end/timed-send", ["behaviours:stopcont-eintr.sndtimeo-send"], TIMED_SEND),
        ("signal.stop-may-end/timed-sendto", ["behaviours:stopcont-eintr.sndtimeo-sendto"], TIMED_SENDTO),
        ("signal.stop-may-end/timed-sendmsg", ["behaviours:stopcont-eintr.sndtimeo-sendmsg"], TIMED_SENDMSG),
    ],
    cite = [man("signal.7", "Interruption of system calls and library functions by stop signals")],
    needs = [UNTRACED],
)]
fn a_stop_may_end_a_call_with_eintr(blocking: Blocking) -> TestResult {
    goes_on_or_fails_after_a_stop(blocking)
}

/// semop and semtimedop of a process that was stopped and resumed either fail with EINTR, or go on waiting and complete.
#[harness::test(
    rows = [
        ("signal.stop-may-end-sysv/semop", ["behaviours:stopcont-eintr.semop"], SEMOP),
        ("signal.stop-may-end-sysv/semtimedop", ["behaviours:stopcont-eintr.semtimedop"], SEMTIMEDOP),
    ],
    cite = [man("signal.7", "Interruption of system calls and library functions by stop signals")],
    needs = [UNTRACED, SYSV],
)]
fn a_stop_may_end_semop_with_eintr(blocking: Blocking) -> TestResult {
    goes_on_or_fails_after_a_stop(blocking)
}

fn goes_on_or_fails_after_a_stop(blocking: Blocking) -> TestResult {
    let waiting = (blocking.set_up)()?;
    let child = fork(|| {
        let result = waiting.wait();
        let shown = if result.is_ok() { "it goes on waiting" } else { "it fails" };
        observe("the call after a stop and SIGCONT", shown);
        if result.is_err() {
            assert_errno!(result, EINTR);
        }
    })?;
    child.wait_until_blocked_in(blocking.call)?;
    stop_and_continue(&child)?;
    waiting.release()?;
    child.join()
}

/// sigwaitinfo and sigtimedwait of a process that was stopped and resumed either fail with EINTR, or go on waiting: then another
/// signal that ends the process ends it.
#[harness::test(
    rows = [
        ("signal.stop-may-end-wait/sigwaitinfo", ["behaviours:stopcont-eintr.sigwaitinfo"], SIGWAITINFO),
        ("signal.stop-may-end-wait/sigtimedwait", ["behaviours:stopcont-eintr.sigtimedwait"], SIGTIMEDWAIT),
    ],
    cite = [man("signal.7", "Interruption of system calls and library functions by stop signals")],
    needs = [UNTRACED],
)]
fn a_stop_may_end_a_wait_for_signals(blocking: Blocking) -> TestResult {
    let waiting = (blocking.set_up)()?;
    let child = fork(|| assert_errno!(waiting.wait(), EINTR))?;
    child.wait_until_blocked_in(blocking.call)?;
    stop_and_continue(&child)?;
    child.signal(SIGUSR1)?;
    let ended = child.wait()?;
    let goes_on = Ended::Killed { by: SIGUSR1.into(), core: false };
    assert!([Ended::Exited(0), goes_on].contains(&ended), "{ended}");
    observe("the call after a stop and SIGCONT", if ended == goes_on { "it goes on waiting" } else { "it fails" });
    Ok(())
}

fn stop_and_resume(child: &Child) -> TestResult {
    stop_and_continue(child)?;
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    Ok(())
}

/// Its call may return at once, and the process end: then nobody sees it continue.
fn stop_and_continue(child: &Child) -> TestResult {
    use calls::for_layers::libc::kill;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGSTOP)));
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    Ok(())
}
