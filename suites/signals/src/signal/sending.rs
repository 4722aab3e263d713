//! Sending signals: kill's forms, the other calls, and what tells the receiver who sent it.

use calls::for_layers::raw as by_raw;
use calls::signals::SignalSet;
use kit::disposition::{block_all, handle, handled, log, logged, pending};
use kit::prelude::*;
use libc::{SI_QUEUE, SI_TKILL, SI_USER, SIGTERM, SIGUSR1};
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::unistd::{Pid, getpgrp, getuid, setpgid};

/// Sends SIGUSR1 to the process of this pid, which is the caller's.
type Send = fn(i32) -> Result<()>;

/// A signal that a process sends itself is delivered before the call returns, if it is not blocked and no other thread can take it;
/// its siginfo_t holds the si_code of the call, and the sender's pid and real uid.
#[harness::test(
    rows = [
        (
            "signal.sender-told/kill",
            [
                "behaviours:sicode.si-user", "behaviours:sigsend.self-delivery-before-return", "behaviours:sigsend.pid-positive",
                "notes:signal.self-send", "notes:signal.catch", "notes:signal.source-kill",
            ],
            (|own| kill(own, SIGUSR1), SI_USER)
        ),
        ("signal.sender-told/kill-0", ["behaviours:sicode.si-user"], (|_| kill(0, SIGUSR1), SI_USER)),
        (
            "signal.sender-told/raise",
            ["behaviours:sicode.si-tkill", "behaviours:sigsend.raise-thread", "notes:signal.self-send"],
            (|_| raise(SIGUSR1), SI_TKILL)
        ),
        ("signal.sender-told/tgkill", ["behaviours:sicode.si-tkill"], (|own| by_raw::tgkill(own, own, SIGUSR1), SI_TKILL)),
        ("signal.sender-told/tkill", ["behaviours:sicode.si-tkill"], (|own| by_raw::tkill(own, SIGUSR1), SI_TKILL)),
        (
            "signal.sender-told/pthread-kill", ["behaviours:sicode.si-tkill"],
            (
                |_| to_own_thread(SIGUSR1),
                SI_TKILL
            )
        ),
        (
            "signal.sender-told/sigqueue", ["behaviours:sicode.si-queue", "behaviours:sigrt.sender-ids"],
            (|own| sigqueue(own, SIGUSR1, 1), SI_QUEUE)
        ),
    ],
    cite = [
        man("sigaction.2", "The si_code field"),
        man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler"),
        posix("kill.3p", "DESCRIPTION"),
    ],
)]
fn the_receiver_is_told_the_sender(sending: (Send, i32)) -> TestResult {
    let (send, code) = sending;
    // kill(0) reaches this group alone.
    setpgid(Pid::from_raw(0), Pid::from_raw(0))
        .or_else(|errno| if errno == Errno::EPERM { Ok(()) } else { Err(errno) })?;
    let own = own_pid();
    log(SIGUSR1, 0)?;
    let sent = send(own);
    let seen: Vec<_> = logged().iter().map(|info| (info.signal, info.code, info.sender())).collect();
    assert_eq!((sent, seen), (Ok(()), vec![(SIGUSR1, code, (own, getuid().as_raw()))]));
    evidence("si_code of the signal", code);
    Ok(())
}

#[rstest]
#[case::zero(|_| kill(0, SIGUSR1))]
#[case::negative(|group: i32| kill(-group, SIGUSR1))]
#[case::killpg(|group: i32| killpg(group, SIGUSR1))]
#[case::killpg_zero(|_| killpg(0, SIGUSR1))]
/// kill with pid 0, kill with a negative pid, and killpg signal every member of the process group, and nobody else.
#[harness::test(
    id = "signal.to-group",
    cite = [posix("kill.3p", "DESCRIPTION"), man("kill.2", "DESCRIPTION"), man("killpg.3", "DESCRIPTION")],
    covers = [
        "behaviours:sigsend.pid-zero-group", "behaviours:sigsend.pid-negative-group", "behaviours:sigsend.killpg-zero-own",
    ],
)]
fn a_group_is_signalled(#[case] send: Send) -> TestResult {
    let (mine, theirs) = (Latch::new()?, Latch::new()?);
    let outsider = counting(&mine, &theirs)?;
    let leader = fork(|| -> TestResult {
        lead_group()?;
        handle(Known::SIGUSR1, SaFlags::empty())?;
        let (member, group) = (counting(&mine, &theirs)?, own_pid());
        assert_eq!(send(group), Ok(()));
        assert_eq!(handled(Known::SIGUSR1), 1);
        mine.arrive();
        assert_eq!(member.wait()?, Ended::Exited(1));
        Ok(())
    })?;
    leader.join()?;
    assert_eq!(outsider.wait()?, Ended::Exited(0));
    Ok(())
}

/// A child that exits with how often it has handled SIGUSR1, when it is told to.
fn counting(told: &Latch, ready: &Latch) -> TestResult<Child> {
    let before = ready.arrivals();
    let child = fork(|| -> TestResult {
        handle(Known::SIGUSR1, SaFlags::empty())?;
        ready.arrive();
        told.wait_for(1);
        exit(handled(Known::SIGUSR1) as i32)
    })?;
    ready.wait_for(before + 1);
    Ok(child)
}

#[rstest]
#[case::kill(|own| kill(own, 0))]
#[case::sigqueue(|own| sigqueue(own, 0, 1))]
#[case::tgkill(|own| by_raw::tgkill(own, own, 0))]
#[case::pthread_kill(|_| to_own_thread(0))]
/// Signal 0 is not sent: kill, sigqueue and pthread_kill only say that the process or thread is there, and a zombie is.
#[harness::test(
    id = "signal.zero-only-asks",
    cite = [posix("kill.3p", "DESCRIPTION"), man("kill.2", "DESCRIPTION"), man("sigqueue.3", "DESCRIPTION"), man("pthread_kill.3", "DESCRIPTION")],
    covers = ["behaviours:sigsend.sig-zero-probe", "behaviours:sigsend.sigqueue-null-probe", "behaviours:sigsend.pthread-kill-zero"],
)]
fn signal_0_is_not_sent(#[case] send: Send) -> TestResult {
    block_all(SignalSet::ALL)?;
    assert_eq!(send(own_pid()), Ok(()));
    assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    Ok(())
}

/// sigqueue sends to one process: it takes neither 0 nor a negative pid for a group.
#[harness::test(
    id = "signal.sigqueue-one-process",
    cite = [posix("sigqueue.3p", "DESCRIPTION"), man("sigqueue.3", "DESCRIPTION")],
    covers = ["behaviours:sigsend.sigqueue-single-process"],
)]
fn sigqueue_signals_no_group() -> TestResult {
    block_all(SignalSet::ALL)?;
    let group = getpgrp().as_raw();
    for no_process in [0, -group] {
        assert_errno!(sigqueue(no_process, SIGUSR1, 1), ESRCH | EINVAL);
        assert_eq!(pending(), Ok(vec![]));
    }
    Ok(())
}

/// tgkill fails with ESRCH if the thread is not of the process that is given, and the thread gets no signal.
#[harness::test(
    id = "signal.tgkill-checks-process",
    cite = [man("tkill.2", "DESCRIPTION"), man("tkill.2", "ERRORS", "ESRCH")],
    covers = ["behaviours:sigsend.tgkill-group-check", "errors:signal.tgkill.ESRCH"],
)]
fn tgkill_checks_the_process() -> TestResult {
    let [one, other] = [holder(|| Ok(()))?, holder(|| Ok(()))?];
    assert_errno!(by_raw::tgkill(one.pid(), other.pid(), SIGTERM), ESRCH);
    assert_errno!(by_raw::tgkill(own_pid(), other.pid(), SIGTERM), ESRCH);
    [&one, &other].iter().for_each(|child| child.assert_blocked_in(calls::PAUSE));
    assert_eq!(by_raw::tgkill(other.pid(), other.pid(), SIGTERM), Ok(()));
    assert_eq!(other.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    one.assert_blocked_in(calls::PAUSE);
    Ok(())
}

/// pthread_kill(3) of the calling thread.
pub(super) fn to_own_thread(signal: i32) -> Result<()> {
    // SAFETY: the calling thread is there.
    unsafe { calls::for_layers::libc::pthread_kill(libc::pthread_self(), signal) }
}
