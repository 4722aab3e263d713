//! Process groups and sessions.

use kit::needs::program;
use kit::prelude::*;
use kit::program::become_program;
use nix::unistd::{Pid, setpgid};

/// A child that leads a process group of its own.
pub fn leader() -> TestResult<Child> {
    holder(lead_group)
}

/// A child in the process group of another child.
pub fn member_of(leader: &Child) -> TestResult<Child> {
    let group = Pid::from_raw(leader.pid());
    holder(|| Ok(setpgid(Pid::from_raw(0), group)?))
}

/// setsid makes the caller the leader of a new session and of a new process group, and returns the id of both, which is its pid.
/// A child and the parent of the caller stay in the session and the group in which they are.
#[harness::test(
    id = "process.setsid",
    cite = [posix("setsid.3p", "DESCRIPTION"), man("setsid.2", "DESCRIPTION")],
    covers = ["behaviours:session.setsid"],
    layers = [libc, nix, raw],
)]
fn setsid_creates_a_session_and_a_group() -> TestResult {
    let (session, group) = (session_of(0)?, callers_group()?);
    let child = fork(|| -> TestResult {
        let before = holder(|| Ok(()))?;
        assert_eq!(new_session(), Ok(own_pid()));
        assert_eq!([session_of(0), callers_group()], [Ok(own_pid()), Ok(own_pid())]);
        assert_eq!([session_of(before.pid()), group_of(before.pid())], [Ok(session), Ok(group)]);
        let after = holder(|| Ok(()))?;
        assert_eq!([session_of(after.pid()), group_of(after.pid())], [Ok(own_pid()), Ok(own_pid())]);
        Ok(())
    })?;
    child.join()?;
    assert_eq!([session_of(0), callers_group()], [Ok(session), Ok(group)]);
    Ok(())
}

/// getpgid and getsid return the process group and the session of a process, in whatever session that is, and those of the caller for
/// 0; getpgrp returns the process group of the caller.
#[harness::test(
    id = "process.group-of-others",
    cite = [man("setpgid.2", "DESCRIPTION"), man("getsid.2", "NOTES"), posix("getpgid.3p", "DESCRIPTION"), posix("getsid.3p", "DESCRIPTION"), posix("getpgrp.3p", "DESCRIPTION")],
    covers = ["behaviours:pgrp.getpgid", "behaviours:pgrp.getpgrp", "behaviours:session.getsid", "behaviours:session.getsid-other"],
    layers = [libc, nix, raw],
)]
fn the_group_and_session_of_others_are_told() -> TestResult {
    let (leader, elsewhere) = (leader()?, holder(|| Ok(nix::unistd::setsid()?))?);
    let member = member_of(&leader)?;
    let (own, session) = (callers_group()?, session_of(own_pid())?);
    let groups = [&leader, &member, &elsewhere].map(|child| group_of(child.pid()));
    assert_eq!(groups, [Ok(leader.pid()), Ok(leader.pid()), Ok(elsewhere.pid())]);
    let sessions = [&leader, &member, &elsewhere].map(|child| session_of(child.pid()));
    assert_eq!(sessions, [Ok(session), Ok(session), Ok(elsewhere.pid())]);
    assert_eq!([group_of(0), group_of(own_pid()), callers_group()], [Ok(own), Ok(own), Ok(own)]);
    assert_eq!(session_of(0), Ok(session));
    Ok(())
}

/// A child is in the process group and in the session of its parent, and stays there when it executes a program.
#[harness::test(
    id = "process.group-inherited",
    cite = [posix("fork.3p", "DESCRIPTION"), posix("exec.3p", "DESCRIPTION"), man("setpgid.2", "NOTES"), man("setsid.2", "NOTES")],
    covers = [
        "behaviours:pgrp.fork-inherits", "behaviours:pgrp.exec-keeps", "behaviours:session.fork-inherits", "behaviours:session.exec-keeps",
    ],
    needs = [program("cat")],
    layers = [libc, nix, raw],
)]
fn a_child_and_its_program_stay_in_the_group() -> TestResult {
    let leader = fork(|| -> TestResult {
        nix::unistd::setsid()?;
        let parent = fork(|| -> TestResult {
            lead_group()?;
            let (session, group) = (nix::unistd::getppid().as_raw(), own_pid());
            let ((reader, _writer), go_on) = (pipe()?, Latch::new()?);
            let child = fork(|| -> TestResult {
                assert_eq!([session_of(0), callers_group()], [Ok(session), Ok(group)]);
                go_on.wait_for(1);
                become_program(&["cat"], [&reader, &2, &2])
            })?;
            child.wait_until_blocked_in(calls::FUTEX)?;
            assert_eq!([session_of(child.pid()), group_of(child.pid())], [Ok(session), Ok(group)]);
            go_on.arrive();
            child.wait_until_blocked_in(calls::READ)?;
            assert_eq!([session_of(child.pid()), group_of(child.pid())], [Ok(session), Ok(group)]);
            Ok(())
        })?;
        parent.join()
    })?;
    leader.join()
}

/// setpgid with 0 and 0 makes the caller the leader of a new process group, as it does with its own pid; it stays in its session.
#[harness::test(
    id = "process.setpgid-own",
    cite = [posix("setpgid.3p", "DESCRIPTION"), man("setpgid.2", "DESCRIPTION")],
    covers = ["behaviours:pgrp.setpgid-zero"],
    layers = [libc, nix, raw],
)]
fn setpgid_of_zeros_creates_a_group() -> TestResult {
    let (session, group) = (session_of(0)?, callers_group()?);
    let child = fork(|| -> TestResult {
        assert_eq!(set_group(0, 0), Ok(()));
        assert_eq!([callers_group(), session_of(0)], [Ok(own_pid()), Ok(session)]);
        assert_eq!(set_group(0, group), Ok(()));
        assert_eq!(callers_group(), Ok(group));
        assert_eq!(set_group(0, own_pid()), Ok(()));
        assert_eq!([callers_group(), session_of(0)], [Ok(own_pid()), Ok(session)]);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(callers_group(), Ok(group));
    Ok(())
}

/// A process moves to the process group of another in its session, and back, whoever leads them.
#[harness::test(
    id = "process.setpgid-joins",
    cite = [posix("setpgid.3p", "DESCRIPTION"), man("setpgid.2", "DESCRIPTION")],
    covers = ["behaviours:pgrp.setpgid-joins"],
    layers = [libc, nix, raw],
)]
fn a_process_joins_an_existing_group() -> TestResult {
    let (one, other, group) = (leader()?, leader()?, callers_group()?);
    let child = fork(|| -> TestResult {
        for group in [one.pid(), other.pid(), group] {
            assert_eq!(set_group(0, group), Ok(()));
            assert_eq!(callers_group(), Ok(group));
        }
        Ok(())
    })?;
    child.join()?;
    assert_eq!([&one, &other].map(|leader| group_of(leader.pid())), [Ok(one.pid()), Ok(other.pid())]);
    Ok(())
}

/// A process makes a child that has not called execve the leader of a process group, with 0 or with its pid, and moves another to it.
#[harness::test(
    id = "process.setpgid-child",
    cite = [posix("setpgid.3p", "DESCRIPTION"), man("setpgid.2", "DESCRIPTION")],
    covers = ["behaviours:pgrp.setpgid-child", "behaviours:pgrp.setpgid-zero"],
    layers = [libc, nix, raw],
)]
fn a_process_moves_its_children() -> TestResult {
    let ([one, two, three], own) = ([holder(|| Ok(()))?, holder(|| Ok(()))?, holder(|| Ok(()))?], callers_group()?);
    assert_eq!(set_group(one.pid(), 0), Ok(()));
    assert_eq!(set_group(two.pid(), two.pid()), Ok(()));
    assert_eq!(set_group(three.pid(), two.pid()), Ok(()));
    let groups = [&one, &two, &three].map(|child| group_of(child.pid()));
    assert_eq!(groups, [Ok(one.pid()), Ok(two.pid()), Ok(two.pid())]);
    assert_eq!(callers_group(), Ok(own));
    Ok(())
}

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// A process group goes on when its leader has ended and was waited for: signals reach its members, and processes join it. It ends
/// when its last member has ended.
#[harness::test(
    id = "process.group-lifetime",
    cite = [posix("XBD", "3.298 Process Group Lifetime"), posix("kill.3p", "ERRORS", "ESRCH")],
    covers = ["behaviours:pgrp.lifetime"],
    layers = [libc, nix, raw],
)]
fn a_group_ends_with_its_last_member(#[case] end: fn() -> TestResult) -> TestResult {
    let (leader, go) = (leader()?, Latch::new()?);
    let group = leader.pid();
    let first = member_that(group, &go, 1, end)?;
    leader.kill()?;
    assert_eq!(kill(-group, 0), Ok(()));
    let second = member_that(group, &go, 2, end)?;
    assert_eq!(group_of(second.pid()), Ok(group));
    for child in [first, second] {
        assert_eq!(kill(-group, 0), Ok(()));
        go.arrive();
        child.wait()?;
    }
    assert_errno!(kill(-group, 0), ESRCH);
    Ok(())
}

#[rstest]
#[case::setpgid(|| Ok(setpgid(Pid::from_raw(0), nix::unistd::getpgid(Some(nix::unistd::getppid()))?)?))]
#[case::setsid(|| Ok(nix::unistd::setsid().map(drop)?))]
/// A process group ends when its last member joins another process group, or creates a session.
#[harness::test(
    id = "process.group-left",
    cite = [posix("XBD", "3.298 Process Group Lifetime"), posix("kill.3p", "ERRORS", "ESRCH")],
    covers = ["behaviours:pgrp.lifetime"],
    layers = [libc, nix, raw],
)]
fn a_group_ends_when_its_last_member_leaves_it(#[case] leave: fn() -> TestResult) -> TestResult {
    let (leader, go, left, stay) = (leader()?, Latch::new()?, Latch::new()?, Latch::new()?);
    let group = leader.pid();
    let leaving = || -> TestResult {
        leave()?;
        left.arrive();
        stay.wait_for(1);
        Ok(())
    };
    let members = [member_that(group, &go, 1, leaving)?, member_that(group, &go, 2, leaving)?];
    leader.kill()?;
    for number in 1..=2 {
        assert_eq!(kill(-group, 0), Ok(()));
        go.arrive();
        left.wait_for(number);
    }
    assert_errno!(kill(-group, 0), ESRCH);
    stay.arrive();
    members.into_iter().try_for_each(Child::join)
}

/// A child in this group that does something when so many have arrived.
fn member_that(group: i32, go: &Latch, arrivals: u32, act: impl Fn() -> TestResult) -> TestResult<Child> {
    let child = fork(|| -> TestResult {
        setpgid(Pid::from_raw(0), Pid::from_raw(group))?;
        go.wait_for(arrivals);
        act()
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    Ok(child)
}
