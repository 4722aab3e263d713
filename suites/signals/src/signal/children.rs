//! SIGCHLD: when a parent gets it, and what it tells.

use super::resumable;
use crate::needs::CORE_FILES;
use calls::signals::{Action, Info, SignalSet, action_of};
use calls::timers::Setting;
use kit::disposition::{block, handle, handled, ignore, log, logged, pending};
use kit::limits::limit;
use kit::needs::{PTRACE, UNTRACED};
use kit::prelude::*;
use libc::{
    CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, CLD_TRAPPED, ITIMER_PROF, SA_NOCLDSTOP,
    SA_NOCLDWAIT, SIGABRT, SIGCHLD, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, SIGTSTP, SIGUSR1,
};
use nix::sys::resource::Resource;
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::unistd::getuid;
use std::time::Duration;

#[rstest]
#[case::exited(|| exit(7), CLD_EXITED, 7)]
#[case::killed(|| send_self(SIGTERM), CLD_KILLED, SIGTERM)]
/// A parent gets SIGCHLD when a child exits and when a signal kills it: with CLD_EXITED and the exit value, or with CLD_KILLED and
/// the signal, and with the child's pid and real uid.
#[harness::test(
    id = "signal.sigchld-at-end",
    cite = [
        man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler"),
        man("sigaction.2", "The si_code field"),
        posix("signal.h.0p", "DESCRIPTION"),
    ],
    covers = [
        "behaviours:sicode.cld-exited", "behaviours:sicode.cld-killed",
        "notes:signal.sigchld-on-exit", "notes:signal.notifies-event", "notes:signal.kernel-step-generate",
        "notes:signal.table-17-sigchld", "notes:signal.source-system-state",
    ],
)]
fn a_parent_is_told_of_the_end_of_a_child(
    #[case] end: fn() -> TestResult,
    #[case] code: i32,
    #[case] status: i32,
) -> TestResult {
    block(Known::SIGCHLD)?;
    let child = fork(end)?;
    assert_told(&child, code, status);
    evidence("si_code of SIGCHLD", code);
    child.wait().map(drop)
}

/// SIGCHLD holds the user time and the system time that the child has used, in clock ticks, and its real user id.
#[harness::test(
    id = "signal.sigchld-times",
    cite = [man("sigaction.2", "The siginfo_t argument to a SA_SIGINFO handler")],
    covers = ["behaviours:sicode.chld-times"],
)]
fn a_parent_is_told_the_time_that_a_child_has_used() -> TestResult {
    /// A hundredth of a second each: at least three of five, for both times are rounded down.
    const TICKS: u64 = 3;
    block(Known::SIGCHLD)?;
    let child = fork(|| -> TestResult {
        // The timer counts user and system time as they are told at the end.
        handle(Known::SIGPROF, SaFlags::empty())?;
        setitimer(ITIMER_PROF, Setting::once(Duration::from_millis(50)))?;
        while handled(Known::SIGPROF) == 0 {
            std::hint::spin_loop();
        }
        Ok(())
    })?;
    let (number, info) = assert_ok!(sigwaitinfo(SignalSet::of([SIGCHLD])));
    assert_eq!((number, info.signal, info.code), (SIGCHLD, SIGCHLD, CLD_EXITED));
    let [user, system] = info.times();
    assert!(user + system >= TICKS, "{user} and {system} ticks");
    assert_eq!(info.sender(), (child.pid(), getuid().as_raw()));
    child.join()
}

/// SIGCHLD holds CLD_DUMPED and the signal when a child ends with a core dump.
#[harness::test(
    id = "signal.sigchld-dumped",
    cite = [man("sigaction.2", "The si_code field"), posix("signal.h.0p", "DESCRIPTION")],
    covers = ["behaviours:sicode.cld-dumped"],
    needs = [CORE_FILES],
)]
fn a_parent_is_told_of_a_core_dump() -> TestResult {
    block(Known::SIGCHLD)?;
    let child = fork(|| -> TestResult {
        // A process that has changed its user id has no core otherwise: PR_SET_DUMPABLE(2const).
        nix::sys::prctl::set_dumpable(true)?;
        limit(Resource::RLIMIT_CORE, 1 << 16)?;
        send_self(SIGABRT)
    })?;
    assert_told(&child, CLD_DUMPED, SIGABRT);
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGABRT), core: true });
    Ok(std::fs::remove_file("core")?)
}

#[rstest]
#[case::sigstop(SIGSTOP)]
#[case::sigtstp(SIGTSTP)]
/// A parent gets SIGCHLD when a child is stopped, with CLD_STOPPED and the signal, and when SIGCONT resumes it, with CLD_CONTINUED
/// and SIGCONT.
#[harness::test(
    id = "signal.sigchld-stop-and-continue",
    cite = [man("sigaction.2", "The si_code field"), posix("signal.h.0p", "DESCRIPTION")],
    covers = [
        "behaviours:sicode.cld-stopped", "behaviours:sicode.cld-continued", "notes:signal.sigchld-on-stop",
        "notes:signal.sigchld-on-continue",
    ],
    needs = [UNTRACED],
)]
fn a_parent_is_told_of_a_stop(#[case] stop: i32) -> TestResult {
    block(Known::SIGCHLD)?;
    let (child, _resumed) = resumable(lead_group)?;
    assert_eq!(kill(child.pid(), stop), Ok(()));
    assert_told(&child, CLD_STOPPED, stop);
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    assert_told(&child, CLD_CONTINUED, SIGCONT);
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_told(&child, CLD_KILLED, SIGKILL);
    child.wait().map(drop)
}

/// With SA_NOCLDSTOP a parent gets no SIGCHLD when a child is stopped and resumed, and gets one when it ends.
#[harness::test(
    id = "signal.nocldstop",
    cite = [posix("sigaction.3p", "DESCRIPTION", "SA_NOCLDSTOP"), man("sigaction.2", "DESCRIPTION", "SA_NOCLDSTOP")],
    covers = ["behaviours:sigact.nocldstop"],
    needs = [UNTRACED],
)]
fn sa_nocldstop_leaves_stops_untold() -> TestResult {
    log(SIGCHLD, SA_NOCLDSTOP)?;
    block(Known::SIGCHLD)?;
    let (child, _resumed) = resumable(lead_group)?;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    child.wait_until_stopped()?;
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    child.wait_until_continued()?;
    child.assert_blocked_in(calls::FUTEX);
    assert_eq!(pending(), Ok(vec![]));
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    // The first one that is pending keeps what it tells, so one of a stop would be seen here.
    assert_told(&child, CLD_KILLED, SIGKILL);
    child.wait().map(drop)
}

/// SIGCHLD holds CLD_TRAPPED and the signal when a traced child is stopped by one.
#[harness::test(
    id = "signal.sigchld-trapped",
    cite = [man("sigaction.2", "The si_code field"), posix("signal.h.0p", "DESCRIPTION")],
    covers = ["behaviours:sicode.cld-trapped"],
    needs = [PTRACE],
)]
fn a_tracer_is_told_of_a_trap() -> TestResult {
    block(Known::SIGCHLD)?;
    let child = fork(|| -> TestResult {
        nix::sys::ptrace::traceme()?;
        send_self(SIGUSR1)
    })?;
    assert_told(&child, CLD_TRAPPED, SIGUSR1);
    assert_eq!(child.kill()?, Ended::Killed { by: Signal(SIGKILL), core: false });
    Ok(())
}

#[rstest]
#[case::ignored(|| ignore(Known::SIGCHLD))]
#[case::nocldwait(|| log(SIGCHLD, SA_NOCLDWAIT))]
/// While SIGCHLD is ignored, or its action has SA_NOCLDWAIT, children leave no zombie: wait blocks until all have ended, and
/// then fails with ECHILD.
#[harness::test(
    id = "signal.no-zombies",
    cite = [
        posix("sigaction.3p", "DESCRIPTION", "SA_NOCLDWAIT"),
        man("wait.2", "NOTES"),
        man("sigaction.2", "DESCRIPTION", "SA_NOCLDWAIT"),
    ],
    covers = [
        "behaviours:sigact.sigchld-ignore-no-zombie", "behaviours:sigact.nocldwait-no-zombie",
        "notes:signal.sigchld-solves-zombies",
    ],
)]
fn children_leave_no_zombies(#[case] setup: fn() -> TestResult) -> TestResult {
    setup()?;
    let end = Latch::new()?;
    let ending = || {
        fork(|| -> TestResult {
            end.wait_for(1);
            exit(7)
        })
    };
    let children = [ending()?, ending()?];
    end.arrive();
    let refused = loop {
        match nix::sys::wait::wait() {
            Err(Errno::EINTR) => {}
            other => break other.map_err(|errno| CallError::new("wait", errno)),
        }
    };
    assert_errno!(refused, ECHILD);
    for child in &children {
        // The kernel may be about to forget it: it is dead, and no zombie.
        assert_matches!(harness::process_state::state(child.pid()), None | Some('X'));
    }
    evidence("children that are zombies", 0);
    children.into_iter().for_each(Child::let_go);
    Ok(())
}

/// With SA_NOCLDWAIT and a handler, SIGCHLD is sent although the child leaves no zombie.
#[harness::test(
    id = "signal.nocldwait-still-signals",
    cite = [man("sigaction.2", "DESCRIPTION", "SA_NOCLDWAIT")],
    covers = ["behaviours:sigact.nocldwait-still-signals"],
)]
fn sa_nocldwait_does_not_suppress_sigchld() -> TestResult {
    log(SIGCHLD, SA_NOCLDWAIT)?;
    block(Known::SIGCHLD)?;
    let child = fork(|| -> TestResult { exit(7) })?;
    assert_told(&child, CLD_EXITED, 7);
    assert_errno!(nix::sys::wait::wait().map_err(|errno| CallError::new("wait", errno)), ECHILD);
    child.let_go();
    Ok(())
}

/// By default SIGCHLD is ignored, and a child that has ended stays a zombie until it is waited for: that is not the same as
/// SIG_IGN.
#[harness::test(
    id = "signal.sigchld-default",
    cite = [man("wait.2", "NOTES"), man("signal.7", "Standard signals"), posix("_Exit.3p", "Consequences of Process Termination")],
    covers = ["notes:signal.sigchld-default-ignored", "behaviours:sigdfl.17-sigchld"],
)]
fn an_ended_child_is_a_zombie_by_default() -> TestResult {
    assert_eq!(action_of(SIGCHLD), Ok(Action::Default));
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    assert_eq!(harness::process_state::state(child.pid()), Some('Z'));
    assert_eq!(pending(), Ok(vec![]));
    assert_eq!(logged(), []);
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}

/// Takes SIGCHLD, which is blocked, and asserts what it tells.
fn assert_told(child: &Child, code: i32, status: i32) {
    let told = calls::for_layers::libc::sigwaitinfo(SignalSet::of([SIGCHLD]));
    let (number, info): (i32, Info) = assert_ok!(told);
    assert_eq!((number, info.signal, info.code), (SIGCHLD, SIGCHLD, code));
    assert_eq!((info.sender(), info.status()), ((child.pid(), getuid().as_raw()), status));
}

fn send_self(signal: i32) -> TestResult {
    Ok(calls::for_layers::libc::kill(own_pid(), signal)?)
}
