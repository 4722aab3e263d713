//! Orphaned process groups: a stop by the terminal's signals would have nobody to end it.

use super::{resumable, shown};
use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::latch::Shared;
use kit::needs::UNTRACED;
use kit::prelude::*;
use libc::{SIGCONT, SIGHUP, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
use nix::unistd::setsid;
use std::sync::atomic::{AtomicI32, Ordering};

/// SIGTSTP, SIGTTIN and SIGTTOU do not stop a process of an orphaned process group; SIGSTOP does.
#[harness::test(
    id = "signal.orphans-not-stopped",
    cite = [posix("sigaction.3p", "DESCRIPTION"), kernel("kernel/signal.c", "get_signal", "6.18")],
    covers = ["behaviours:sigjob.orphan-group-tty-stop"],
    needs = [UNTRACED],
)]
fn an_orphaned_group_is_not_stopped_by_the_terminal() -> TestResult {
    // The parent of the child is of the same group, and the parent of that is of another session.
    let (child, resumed) = resumable(|| Ok(()))?;
    for signal in [SIGTSTP, SIGTTIN, SIGTTOU] {
        assert_eq!(kill(child.pid(), signal), Ok(()));
        child.assert_blocked_in(calls::FUTEX);
        assert_eq!(shown(child.pid(), "ShdPnd")?, SignalSet::EMPTY);
    }
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGSTOP)));
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    resumed.arrive();
    assert_eq!(child.wait()?, Ended::Exited(77));
    Ok(())
}

/// When a process group becomes orphaned in which a member is stopped, each member gets SIGHUP, and then SIGCONT, which resumes it.
#[harness::test(
    id = "signal.orphans-hung-up",
    cite = [posix("_Exit.3p", "Consequences of Process Termination"), man("setpgid.2", "DESCRIPTION")],
    covers = ["behaviours:sigjob.orphaned-group-hup-cont"],
    needs = [UNTRACED],
)]
fn an_orphaned_group_is_hung_up_and_resumed() -> TestResult {
    let (told, orphan) = (Latch::new()?, Shared::new(AtomicI32::new(0))?);
    // The group comes to this process when its parent has ended.
    nix::sys::prctl::set_child_subreaper(true)?;
    let parent = fork(|| -> TestResult {
        // This process, which the member comes to, is of another session.
        setsid()?;
        let member = fork(|| -> TestResult {
            let both = SignalSet::of([SIGHUP, SIGCONT]);
            lead_group()?;
            block_all(both)?;
            told.arrive();
            told.wait_for(2);
            assert_eq!(
                [(); 2].map(|()| sigwaitinfo(both).map(|(signal, info)| (signal, info.signal))),
                [SIGHUP, SIGCONT].map(|signal| Ok((signal, signal)))
            );
            exit(5)
        })?;
        told.wait_for(1);
        member.signal(Signal(SIGSTOP))?;
        member.wait_until_stopped()?;
        orphan.store(member.pid(), Ordering::Release);
        member.let_go();
        Ok(())
    })?;
    parent.join()?;
    told.arrive();
    assert_eq!(wait(), Ok((orphan.load(Ordering::Acquire), Ended::Exited(5))));
    Ok(())
}
