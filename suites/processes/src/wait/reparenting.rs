//! Children whose parent ends.

use calls::signals::{Action, action_of};
use harness::need::PIDNS;
use kit::prelude::*;
use kit::process::{wait_until_gone, wait_until_zombie};
use libc::{SIGCHLD, WNOHANG};
use nix::unistd::getppid;
use std::sync::atomic::{AtomicI32, Ordering};

/// The pid of init in a pid namespace.
const INIT: i32 = 1;

#[rstest]
#[case::by_exit(|| exit(0))]
#[case::by_sigkill(kill_self)]
/// When a process exits or is killed its children become children of init, and go on; its former parent cannot wait for them.
#[harness::test(
    id = "wait.orphans-go-to-init",
    cite = [posix("_Exit.3p", "Consequences of Process Termination"), man("wait.2", "NOTES"), man("_exit.2", "DESCRIPTION")],
    covers = ["behaviours:wait.reparent-init", "behaviours:exit.children-reparented"],
    needs = [PIDNS],
)]
fn orphans_become_children_of_init(#[case] end: fn() -> TestResult) -> TestResult {
    let (orphaned, looked) = (Latch::new()?, Latch::new()?);
    let pids = Shared::new([const { AtomicI32::new(0) }; 2])?;
    let parent = fork(|| -> TestResult {
        let parent = own_pid();
        for pid in pids.iter() {
            let child = fork(|| {
                assert_eq!(getppid().as_raw(), parent);
                orphaned.wait_for(1);
                assert_eq!(getppid().as_raw(), INIT);
                looked.arrive();
            })?;
            pid.store(child.pid(), Ordering::Release);
            child.wait_until_blocked_in(calls::FUTEX)?;
            child.let_go();
        }
        end()
    })?;
    parent.wait()?;
    orphaned.arrive();
    looked.wait_for(2);
    for pid in pids.iter() {
        assert_errno!(waitpid(pid.load(Ordering::Acquire), WNOHANG), ECHILD);
        wait_until_gone(pid.load(Ordering::Acquire));
    }
    Ok(())
}

/// A zombie whose parent ends without having waited for it is adopted by init, which waits for it: its pid is free.
#[harness::test(
    id = "wait.orphaned-zombie",
    cite = [man("wait.2", "NOTES"), posix("_Exit.3p", "Consequences of Process Termination")],
    covers = ["behaviours:wait.unwaited-reparented-reaped"],
    needs = [PIDNS],
)]
fn init_waits_for_orphaned_zombies() -> TestResult {
    let zombie = Shared::new(AtomicI32::new(0))?;
    let parent = fork(|| -> TestResult {
        let child = fork(|| -> TestResult { exit(7) })?;
        child.wait_until_zombie();
        zombie.store(child.pid(), Ordering::Release);
        child.let_go();
        exit(3)
    })?;
    wait_until_zombie(parent.pid());
    wait_until_gone(zombie.load(Ordering::Acquire));
    assert_errno!(kill(zombie.load(Ordering::Acquire), 0), ESRCH);
    assert_eq!(parent.wait()?, Ended::Exited(3));
    Ok(())
}

/// A child that has ended is a zombie that keeps its pid and can be signalled, while SIGCHLD has its default action and nobody
/// waits for it.
#[harness::test(
    id = "wait.zombie",
    cite = [man("wait.2", "NOTES"), posix("_Exit.3p", "Consequences of Process Termination")],
    covers = ["behaviours:wait.zombie-keeps-pid"],
)]
fn a_child_that_has_ended_keeps_its_pid() -> TestResult {
    assert_eq!(action_of(SIGCHLD), Ok(Action::Default));
    let children = [fork(|| -> TestResult { exit(7) })?, fork(|| -> TestResult { exit(8) })?];
    children.iter().for_each(Child::wait_until_zombie);
    for (child, code) in children.into_iter().zip(7..) {
        assert_eq!(kill(child.pid(), 0), Ok(()));
        assert_eq!(harness::process_state::state(child.pid()), Some('Z'));
        assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), Ended::Exited(code)))));
        assert_errno!(kill(child.pid(), 0), ESRCH);
        child.let_go();
    }
    Ok(())
}
