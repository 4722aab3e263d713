//! Which children a wait is for: the forms of waitpid's pid, and waitid's idtype and id.

use super::{Taken, as_waitpid};
use calls::for_layers::libc_raw::{waitid, waitpid};
use calls::waiting::Selector;
use kit::prelude::*;
use kit::process::wait_until_zombie;
use libc::{WEXITED, WNOHANG};
use nix::unistd::{Pid, setpgid};
use std::sync::atomic::{AtomicI32, Ordering};

/// Children in two process groups, all but one of them ended and not waited for.
struct Children {
    /// In the caller's group.
    own_group: [Child; 2],
    /// In the group that the first of them leads.
    other_group: [Child; 2],
    /// In the caller's group.
    running: Child,
}

impl Children {
    fn new() -> TestResult<Self> {
        let leader = fork(|| -> TestResult { exit(3) })?;
        let group = Pid::from_raw(leader.pid());
        // A child that has not called exec can be moved by its parent, and a zombie too keeps its group.
        setpgid(group, group)?;
        let member = fork(|| -> TestResult {
            setpgid(Pid::from_raw(0), group)?;
            exit(4)
        })?;
        let own_group = [fork(|| -> TestResult { exit(1) })?, fork(|| -> TestResult { exit(2) })?];
        let children = Self { own_group, other_group: [leader, member], running: holder(|| Ok(()))? };
        children.own_group.iter().chain(&children.other_group).for_each(Child::wait_until_zombie);
        Ok(children)
    }

    fn pid(&self, code: i32) -> i32 {
        let [first, second, third, fourth] =
            [&self.own_group[0], &self.own_group[1], &self.other_group[0], &self.other_group[1]];
        [first, second, third, fourth][code as usize - 1].pid()
    }
}

/// What a wait is given to select children.
#[derive(Clone, Copy)]
enum Selecting {
    Waitpid(fn(&Children) -> i32),
    Waitid(fn(&Children) -> Selector<'static>),
}
use Selecting::{Waitid, Waitpid};

impl Selecting {
    /// Waits for a child, without blocking.
    fn take(self, children: &Children) -> Taken {
        match self {
            Waitpid(pid) => waitpid(pid(children), WNOHANG),
            Waitid(selector) => waitid(selector(children), WEXITED | WNOHANG).map(as_waitpid),
        }
    }
}

#[rstest]
#[case::pid(&[2], false, Waitpid(|children| children.pid(2)))]
#[case::own_group(&[1, 2], true, Waitpid(|_| 0))]
#[case::any(&[1, 2, 3, 4], true, Waitpid(|_| -1))]
#[case::group(&[3, 4], false, Waitpid(|children| -children.pid(3)))]
#[case::p_pid(&[2], false, Waitid(|children| Selector::Pid(children.pid(2))))]
#[case::p_pgid(&[3, 4], false, Waitid(|children| Selector::Group(children.pid(3))))]
#[case::p_pgid_own(&[1, 2], true, Waitid(|_| Selector::Group(own_group())))]
#[case::p_pgid_zero(&[1, 2], true, Waitid(|_| Selector::Group(0)))]
#[case::p_all(&[1, 2, 3, 4], true, Waitid(|_| Selector::All))]
/// waitpid and waitid return exactly the children that pid, or idtype and id, select: one by its pid, those of the caller's process
/// group, those of another group, or all. With WNOHANG they then find nothing while another one that was selected runs, and fail
/// with ECHILD when there is none. Children that were not selected stay to be waited for.
#[harness::test(
    id = "wait.selected",
    cite = [
        man("wait.2", "wait() and waitpid()"),
        man("wait.2", "waitid()", "idtype"),
        posix("wait.3p", "DESCRIPTION"),
        posix("waitid.3p", "DESCRIPTION"),
    ],
    covers = [
        "behaviours:wait.pid-pos-exact", "behaviours:wait.pid-zero-own-group", "behaviours:wait.pid-minus-one-any",
        "behaviours:wait.pid-neg-group", "behaviours:wait.waitid-idtypes",
    ],
    layers = [libc, raw],
)]
fn exactly_the_selected_children_are_returned(
    #[case] selected: &[i32],
    #[case] one_runs: bool,
    #[case] selecting: Selecting,
) -> TestResult {
    let children = Children::new()?;
    let mut taken: Vec<_> = (0..selected.len()).map(|_| selecting.take(&children)).collect();
    taken.sort_by_key(exit_status);
    let expected: Vec<_> = selected.iter().map(|code| Ok(Some((children.pid(*code), Ended::Exited(*code))))).collect();
    assert_eq!(taken, expected);
    match one_runs {
        true => assert_eq!(selecting.take(&children), Ok(None)),
        false => assert_errno!(selecting.take(&children), ECHILD),
    }
    for code in (1..=4).filter(|code| !selected.contains(code)) {
        assert_eq!(waitpid(children.pid(code), WNOHANG), Ok(Some((children.pid(code), Ended::Exited(code)))));
    }
    let Children { own_group, other_group, running } = children;
    own_group.into_iter().chain(other_group).for_each(Child::let_go);
    assert_eq!(waitpid(running.pid(), WNOHANG), Ok(None));
    Ok(())
}

/// With what a child exited, to bring results into an order.
fn exit_status(taken: &Taken) -> Option<i32> {
    match taken {
        Ok(Some((_, Ended::Exited(code)))) => Some(*code),
        _ => None,
    }
}

/// The process group of this process.
fn own_group() -> i32 {
    nix::unistd::getpgrp().as_raw()
}

#[rstest]
#[case::waitpid(calls::WAITPID, |pid| waitpid(pid, 0))]
#[case::waitid(calls::WAITID, |pid| waitid(Selector::Pid(pid), WEXITED).map(as_waitpid))]
/// A wait for one child by its pid goes on when another child ends, and returns when that child does.
#[harness::test(
    id = "wait.others-do-not-end-it",
    cite = [man("wait.2", "wait() and waitpid()"), posix("wait.3p", "DESCRIPTION"), posix("waitid.3p", "DESCRIPTION")],
    covers = ["behaviours:wait.pid-pos-exact", "behaviours:wait.blocks-while-running"],
    layers = [libc, raw],
)]
fn the_end_of_another_child_does_not_end_the_wait(#[case] call: &Call, #[case] take: fn(i32) -> Taken) -> TestResult {
    let (ends, other) = ([Latch::new()?, Latch::new()?], Shared::new(AtomicI32::new(0))?);
    let waiter = fork(|| -> TestResult {
        let [awaited, ended] = [fork(|| ends[0].wait_for(1))?, fork(|| ends[1].wait_for(1))?];
        other.store(ended.pid(), Ordering::Release);
        for child in [awaited, ended] {
            assert_eq!(take(child.pid()), Ok(Some((child.pid(), Ended::Exited(0)))));
            assert_errno!(take(child.pid()), ECHILD);
            child.let_go();
        }
        Ok(())
    })?;
    waiter.wait_until_blocked_in(call)?;
    ends[1].arrive();
    wait_until_zombie(other.load(Ordering::Acquire));
    waiter.assert_blocked_in(call);
    ends[0].arrive();
    waiter.join()
}
