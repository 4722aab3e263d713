//! Children of other threads of the process.

use kit::prelude::*;
use kit::thread;
use libc::{__WNOTHREAD, WNOHANG};
use std::sync::Arc;
use std::sync::mpsc::channel;

/// Starts a thread that forks a child, sends its pid and waits at the latch before it does the rest.
fn forking_thread(go_on: &Arc<Latch>, rest: fn(Child) -> TestResult) -> TestResult<(thread::Thread, i32)> {
    let (send, receive) = channel();
    let go_on = Arc::clone(go_on);
    let forking = thread::spawn(move || -> TestResult {
        let child = fork(|| -> TestResult { exit(7) })?;
        child.wait_until_zombie();
        let _ = send.send(child.pid());
        go_on.wait_for(1);
        rest(child)
    })?;
    let pid = receive.recv().map_err(|_| Stop::broken("the thread forked no child"))?;
    Ok((forking, pid))
}

#[rstest]
#[case::while_it_lives(false)]
#[case::after_its_end(true)]
/// A thread waits for a child that another thread of the process has created, while that thread lives, and after it has ended.
#[harness::test(
    id = "wait.child-of-thread",
    cite = [man("wait.2", "Linux notes"), posix("wait.3p", "DESCRIPTION")],
    covers = ["behaviours:wait.any-thread-waits-siblings", "behaviours:wait.thread-exec-other-waits"],
    layers = [libc, nix, raw],
)]
fn a_thread_waits_for_the_child_of_another(#[case] ends_first: bool) -> TestResult {
    let go_on = Arc::new(Latch::new()?);
    let (forking, pid) = forking_thread(&go_on, |child| {
        child.let_go();
        Ok(())
    })?;
    if ends_first {
        go_on.arrive();
        forking.join()?;
        assert_eq!(waitpid(pid, 0), Ok(Some((pid, Ended::Exited(7)))));
    } else {
        assert_eq!(waitpid(pid, 0), Ok(Some((pid, Ended::Exited(7)))));
        go_on.arrive();
        forking.join()?;
    }
    assert_errno!(waitpid(pid, WNOHANG), ECHILD);
    Ok(())
}

/// With __WNOTHREAD a thread waits for its own children only: for one of another thread it fails with ECHILD, and that thread then
/// waits for it.
#[harness::test(
    id = "wait.wnothread",
    cite = [man("wait.2", "Linux notes", "__WNOTHREAD")],
    covers = ["behaviours:wait.wnothread-own-only"],
    layers = [libc, raw],
)]
fn with_wnothread_only_own_children_count() -> TestResult {
    let go_on = Arc::new(Latch::new()?);
    let (forking, pid) = forking_thread(&go_on, |child| {
        let waited = waitpid(child.pid(), __WNOTHREAD);
        assert_eq!(waited, Ok(Some((child.pid(), Ended::Exited(7)))));
        child.let_go();
        Ok(())
    })?;
    let own = fork(|| -> TestResult { exit(3) })?;
    assert_errno!(waitpid(pid, __WNOTHREAD | WNOHANG), ECHILD);
    assert_eq!(waitpid(-1, __WNOTHREAD), Ok(Some((own.pid(), Ended::Exited(3)))));
    assert_errno!(waitpid(-1, __WNOTHREAD), ECHILD);
    own.let_go();
    go_on.arrive();
    forking.join()
}
