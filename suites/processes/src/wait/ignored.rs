//! Children that leave no zombies: SIGCHLD is ignored, or its action has SA_NOCLDWAIT.

use calls::waiting::Selector;
use harness::process_state;
use kit::disposition::{handle, ignore};
use kit::prelude::*;
use kit::process::wait_until_gone;
use libc::{WEXITED, WNOHANG};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::atomic::{AtomicI32, Ordering};

/// SIG_IGN.
const IGNORED: fn() -> TestResult = || ignore(Known::SIGCHLD);
/// A handler, which interrupts no call, with SA_NOCLDWAIT.
const NOCLDWAIT: fn() -> TestResult = || handle(Known::SIGCHLD, SaFlags::SA_NOCLDWAIT | SaFlags::SA_RESTART);

#[rstest]
#[case::ignored_waitpid(IGNORED, calls::WAITPID, || waitpid(-1, 0).map(drop))]
#[case::ignored_wait(IGNORED, calls::WAIT, || wait().map(drop))]
#[case::ignored_waitid(IGNORED, calls::WAITID, || waitid(Selector::All, WEXITED).map(drop))]
#[case::nocldwait_waitpid(NOCLDWAIT, calls::WAITPID, || waitpid(-1, 0).map(drop))]
#[case::nocldwait_wait(NOCLDWAIT, calls::WAIT, || wait().map(drop))]
#[case::nocldwait_waitid(NOCLDWAIT, calls::WAITID, || waitid(Selector::All, WEXITED).map(drop))]
/// While SIGCHLD is ignored, or its action has SA_NOCLDWAIT, children that end leave no zombies; a wait blocks until all of them have
/// ended, and then fails with ECHILD.
#[harness::test(
    id = "wait.no-zombies",
    cite = [
        posix("_Exit.3p", "Consequences of Process Termination"),
        posix("sigaction.3p", "DESCRIPTION", "SA_NOCLDWAIT"),
        man("wait.2", "NOTES"),
    ],
    covers = [
        "behaviours:wait.ignored-no-zombie", "behaviours:wait.sigchld-ignored-echild", "errors:wait.waitpid.ECHILD.2",
        "errors:wait.waitid.ECHILD.2",
    ],
    layers = [libc, raw],
)]
fn a_wait_blocks_until_all_children_are_gone(
    #[case] no_zombies: fn() -> TestResult,
    #[case] call: &Call,
    #[case] wait: fn() -> Result<()>,
) -> TestResult {
    let ends = [Latch::new()?, Latch::new()?];
    let pids = Shared::new([const { AtomicI32::new(0) }; 2])?;
    let waiter = fork(|| -> TestResult {
        no_zombies()?;
        for (end, pid) in ends.iter().zip(pids.iter()) {
            let child = fork(|| end.wait_for(1))?;
            pid.store(child.pid(), Ordering::Release);
            child.let_go();
        }
        assert_errno!(wait(), ECHILD);
        for pid in pids.iter() {
            // The kernel may be about to forget it: it is dead, and no zombie.
            assert_matches!(process_state::state(pid.load(Ordering::Acquire)), None | Some('X'));
        }
        Ok(())
    })?;
    waiter.wait_until_blocked_in(call)?;
    ends[0].arrive();
    wait_until_gone(pids[0].load(Ordering::Acquire));
    waiter.assert_blocked_in(call);
    assert_eq!(waitpid(waiter.pid(), WNOHANG), Ok(None));
    ends[1].arrive();
    waiter.join()
}

/// A child that ended before SIGCHLD was ignored stays a zombie, and is waited for.
#[harness::test(
    id = "wait.zombie-before-ignore",
    cite = [kernel("kernel/exit.c", "exit_notify", "6.18")],
    covers = ["behaviours:wait.zombie-before-ignore"],
    layers = [libc, nix, raw],
)]
fn an_earlier_zombie_stays() -> TestResult {
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    ignore(Known::SIGCHLD)?;
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), Ended::Exited(7)))));
    child.let_go();
    Ok(())
}
