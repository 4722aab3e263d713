//! Who may signal whom, and what the init of a PID namespace is spared.

use harness::need::{PIDNS, SECOND_UID};
use kit::disposition::{handle, handled};
use kit::needs::UNTRACED;
use kit::prelude::*;
use kit::privilege::become_second_user;
use kit::process::clone;
use libc::{CLONE_NEWPID, SIGCONT, SIGKILL, SIGSTOP, SIGTERM, SIGUSR1};
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::unistd::{Pid, setpgid};

/// A process without rights may signal another one of its own user id, and none of another's: kill fails with EPERM, and nothing is
/// sent. With CAP_KILL it may signal both.
#[harness::test(
    id = "signal.permission",
    cite = [posix("kill.3p", "DESCRIPTION"), man("kill.2", "DESCRIPTION")],
    covers = [
        "behaviours:sigsend.perm-uid-match", "behaviours:sigsend.perm-cap-kill", "errors:signal.kill.EPERM",
        "notes:signal.source-kill", "notes:signal.sigkill-all-but-init",
    ],
    needs = [SECOND_UID],
)]
fn permission_is_by_user_id_and_capability() -> TestResult {
    let [others, first, second] = [holder(|| Ok(()))?, holder(become_second_user)?, holder(become_second_user)?];
    let sender = fork(|| -> TestResult {
        become_second_user()?;
        for signal in [SIGKILL, SIGTERM, 0] {
            assert_errno!(kill(others.pid(), signal), EPERM);
        }
        assert_eq!(kill(first.pid(), SIGTERM), Ok(()));
        Ok(())
    })?;
    sender.join()?;
    assert_eq!(first.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    others.assert_blocked_in(calls::PAUSE);
    // This process is of the first user, and has every capability in the user namespace of the second one.
    assert_eq!(kill(second.pid(), SIGTERM), Ok(()));
    assert_eq!(second.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    evidence("SIGKILL to a process of another user", "EPERM");
    Ok(())
}

/// A process may send SIGCONT, and no other signal, to a process of another user in its session.
#[harness::test(
    id = "signal.sigcont-in-session",
    cite = [posix("kill.3p", "DESCRIPTION"), man("kill.2", "DESCRIPTION")],
    covers = ["behaviours:sigsend.sigcont-same-session"],
    needs = [SECOND_UID, UNTRACED],
)]
fn sigcont_may_be_sent_in_the_session() -> TestResult {
    let [in_session, elsewhere] = [holder(|| Ok(()))?, holder(|| Ok(nix::unistd::setsid().map(drop)?))?];
    for child in [&in_session, &elsewhere] {
        assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
        child.wait_until_stopped()?;
    }
    let sender = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(kill(in_session.pid(), SIGTERM), EPERM);
        assert_errno!(kill(elsewhere.pid(), SIGCONT), EPERM);
        assert_eq!(kill(in_session.pid(), SIGCONT), Ok(()));
        Ok(())
    })?;
    sender.join()?;
    assert_eq!(in_session.wait_until_continued()?, Ended::Continued);
    // The audit, which lets go of a stopped process, has taken it up again for SIGCONT: it shows as traced.
    assert_matches!(harness::process_state::state(elsewhere.pid()), Some('T' | 't'));
    Ok(())
}

/// A signal to a group succeeds if at least one of its members may be signalled; the others do not get it.
#[harness::test(
    id = "signal.group-in-part",
    cite = [posix("kill.3p", "DESCRIPTION"), man("kill.2", "RETURN VALUE")],
    covers = ["behaviours:sigsend.group-partial-success"],
    needs = [SECOND_UID],
)]
fn a_group_is_signalled_in_part() -> TestResult {
    let leader = holder(lead_group)?;
    let join = || Ok(setpgid(Pid::from_raw(0), Pid::from_raw(leader.pid()))?);
    let member = holder(|| join().and_then(|()| become_second_user()))?;
    let sender = fork(|| -> TestResult {
        become_second_user()?;
        assert_eq!(kill(-leader.pid(), SIGTERM), Ok(()));
        Ok(())
    })?;
    sender.join()?;
    assert_eq!(member.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    leader.assert_blocked_in(calls::PAUSE);
    Ok(())
}

/// The init of a PID namespace gets from inside only those signals that it has handlers for: SIGKILL and SIGTERM do nothing to it.
/// From outside SIGKILL kills it.
#[harness::test(
    id = "signal.init-protected",
    cite = [man("kill.2", "NOTES"), man("pid_namespaces.7", "The namespace init process")],
    covers = ["behaviours:sigsend.init-protected", "notes:signal.sigkill-all-but-init"],
    // A tracer passes a SIGSTOP on to init that the kernel would not.
    needs = [PIDNS, UNTRACED.excluding_tracers()],
)]
fn init_is_protected_from_inside() -> TestResult {
    let sent = Latch::new()?;
    let init = clone(CLONE_NEWPID, || -> TestResult {
        handle(Known::SIGUSR1, SaFlags::empty())?;
        let inside = fork(|| {
            assert_eq!([SIGKILL, SIGSTOP, SIGTERM, SIGUSR1].map(|signal| kill(1, signal)), [Ok(()); 4]);
        })?;
        inside.join()?;
        assert_eq!(handled(Known::SIGUSR1), 1);
        sent.arrive();
        loop {
            nix::unistd::pause();
        }
    })?;
    sent.wait_for(1);
    init.wait_until_blocked_in(calls::PAUSE)?;
    evidence("init of a PID namespace after SIGKILL from inside", "goes on");
    assert_eq!(kill(init.pid(), SIGKILL), Ok(()));
    assert_eq!(init.wait()?, Ended::Killed { by: Signal(SIGKILL), core: false });
    Ok(())
}

/// kill with pid -1 signals every process of the PID namespace but its init and the sender.
#[harness::test(
    id = "signal.to-all",
    cite = [man("kill.2", "NOTES"), man("kill.2", "DESCRIPTION"), posix("kill.3p", "DESCRIPTION")],
    covers = ["behaviours:sigsend.pid-minus-one"],
    needs = [PIDNS],
)]
fn pid_minus_one_signals_all_others() -> TestResult {
    // /proc shows no process by the pid that it has inside, so these tell that they are there.
    let there = Latch::new()?;
    let init = clone(CLONE_NEWPID, || -> TestResult {
        let waiting = |setup: fn() -> TestResult| {
            fork(|| -> TestResult {
                setup()?;
                there.arrive();
                nix::unistd::pause();
                Ok(())
            })
        };
        let others = [waiting(|| Ok(()))?, waiting(|| Ok(nix::unistd::setsid().map(drop)?))?];
        there.wait_for(2);
        let sender = fork(|| -> TestResult {
            assert_eq!(kill(-1, SIGTERM), Ok(()));
            exit(5)
        })?;
        assert_eq!(sender.wait()?, Ended::Exited(5));
        for other in others {
            assert_eq!(other.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
        }
        Ok(())
    })?;
    init.join()
}
