//! Sessions and process groups that are refused.

use super::groups::{leader, member_of};
use kit::needs::program;
use kit::prelude::*;
use kit::process::wait_until_zombie;
use kit::program::start;
use libc::SIGKILL;
use nix::unistd::{Pid, setpgid};
use std::sync::atomic::{AtomicI32, Ordering};

/// setsid fails with EPERM if the caller leads a process group; it stays in its session and its group.
#[harness::test(
    id = "process.setsid-leader",
    cite = [posix("setsid.3p", "ERRORS", "EPERM"), man("setsid.2", "ERRORS", "EPERM")],
    covers = ["errors:process.setsid.EPERM"],
    layers = [libc, nix, raw],
)]
fn a_group_leader_creates_no_session() -> TestResult {
    let session = session_of(0)?;
    let child = fork(|| -> TestResult {
        lead_group()?;
        assert_errno!(new_session(), EPERM);
        assert_eq!([session_of(0), callers_group()], [Ok(session), Ok(own_pid())]);
        Ok(())
    })?;
    child.join()
}

/// setsid fails with EPERM if the pid of the caller is the process group of another process, which the caller has left.
#[harness::test(
    id = "process.setsid-group-in-use",
    cite = [posix("setsid.3p", "ERRORS", "EPERM"), man("setsid.2", "ERRORS", "EPERM")],
    covers = ["errors:process.setsid.EPERM.2"],
    layers = [libc, nix, raw],
)]
fn a_former_leader_creates_no_session() -> TestResult {
    let (session, group) = (session_of(0)?, callers_group()?);
    let child = fork(|| -> TestResult {
        lead_group()?;
        let member = holder(|| Ok(()))?;
        setpgid(Pid::from_raw(0), Pid::from_raw(group))?;
        assert_errno!(new_session(), EPERM);
        assert_eq!([session_of(0), callers_group()], [Ok(session), Ok(group)]);
        member.kill()?;
        assert_eq!(new_session(), Ok(own_pid()));
        assert_eq!(session_of(0), Ok(own_pid()));
        Ok(())
    })?;
    child.join()
}

/// setpgid of a child fails with EACCES once it has called execve; its process group stays. The program itself may leave it.
#[harness::test(
    id = "process.setpgid-after-exec",
    cite = [posix("setpgid.3p", "ERRORS", "EACCES"), man("setpgid.2", "ERRORS", "EACCES")],
    covers = ["errors:process.setpgid.EACCES"],
    needs = [program("cat")],
    layers = [libc, nix, raw],
)]
fn a_child_that_runs_a_program_is_not_moved() -> TestResult {
    let ((reader, _writer), leader, group) = (pipe()?, leader()?, callers_group()?);
    let child = start(&["cat"], [&reader, &2, &2])?;
    child.wait_until_blocked_in(calls::READ)?;
    for to in [0, child.pid(), leader.pid()] {
        assert_errno!(set_group(child.pid(), to), EACCES);
    }
    assert_eq!(group_of(child.pid()), Ok(group));
    Ok(())
}

#[harness::errors(
    family = "invalid-id",
    rows = [("process.setpgid-negative", "errors:process.setpgid.EINVAL", [-1, i32::MIN])],
    layers = [libc, nix, raw],
)]
fn a_negative_group_is_refused(groups: [i32; 2]) -> TestResult {
    let (group, child) = (callers_group()?, holder(|| Ok(()))?);
    for negative in groups {
        assert_errno!(set_group(0, negative), EINVAL);
        assert_errno!(set_group(child.pid(), negative), EINVAL);
    }
    assert_eq!([callers_group(), group_of(child.pid())], [Ok(group), Ok(group)]);
    Ok(())
}

/// setpgid fails with EPERM for a session leader: for the caller, and for a child.
#[harness::test(
    id = "process.setpgid-session-leader",
    cite = [posix("setpgid.3p", "ERRORS", "EPERM"), man("setpgid.2", "ERRORS", "EPERM")],
    covers = ["errors:process.setpgid.EPERM"],
    layers = [libc, nix, raw],
)]
fn a_session_leader_stays_in_its_group() -> TestResult {
    let child = fork(|| -> TestResult {
        let session = nix::unistd::setsid()?.as_raw();
        let other = leader()?;
        for group in [0, own_pid(), other.pid()] {
            assert_errno!(set_group(0, group), EPERM);
        }
        assert_eq!(callers_group(), Ok(session));
        Ok(())
    })?;
    child.join()?;
    let leading = holder(|| Ok(nix::unistd::setsid()?))?;
    assert_errno!(set_group(leading.pid(), 0), EPERM);
    assert_eq!(group_of(leading.pid()), Ok(leading.pid()));
    Ok(())
}

/// setpgid of a child fails with EPERM if the child is in another session, which it does not lead.
#[harness::test(
    id = "process.setpgid-child-elsewhere",
    cite = [posix("setpgid.3p", "ERRORS", "EPERM"), man("setpgid.2", "ERRORS", "EPERM")],
    covers = ["errors:process.setpgid.EPERM.2"],
    layers = [libc, nix, raw],
)]
fn a_child_in_another_session_is_not_moved() -> TestResult {
    let group = callers_group()?;
    let parent = fork(|| -> TestResult {
        let child = holder(|| Ok(()))?;
        // The child stays where it is, and so is in another session.
        nix::unistd::setsid()?;
        for to in [0, child.pid(), own_pid()] {
            assert_errno!(set_group(child.pid(), to), EPERM);
        }
        assert_eq!(group_of(child.pid()), Ok(group));
        Ok(())
    })?;
    parent.join()
}

/// setpgid fails with EPERM if the process group is of another session.
#[harness::test(
    id = "process.setpgid-group-elsewhere",
    cite = [posix("setpgid.3p", "ERRORS", "EPERM"), man("setpgid.2", "ERRORS", "EPERM")],
    covers = ["errors:process.setpgid.EPERM.3"],
    layers = [libc, nix, raw],
)]
fn a_group_of_another_session_is_not_joined() -> TestResult {
    let (elsewhere, child, group) = (holder(|| Ok(nix::unistd::setsid()?))?, holder(|| Ok(()))?, callers_group()?);
    let caller = fork(|| -> TestResult {
        assert_errno!(set_group(0, elsewhere.pid()), EPERM);
        assert_eq!(callers_group(), Ok(group));
        Ok(())
    })?;
    caller.join()?;
    assert_errno!(set_group(child.pid(), elsewhere.pid()), EPERM);
    assert_eq!([group_of(child.pid()), group_of(elsewhere.pid())], [Ok(group), Ok(elsewhere.pid())]);
    Ok(())
}

/// setpgid fails with EPERM if there is no such process group, and it is not the pid of the process: the pid of a process that leads
/// none, or a group that has ended.
#[harness::test(
    id = "process.setpgid-no-group",
    cite = [posix("setpgid.3p", "ERRORS", "EPERM")],
    covers = ["errors:process.setpgid.EPERM.4"],
    layers = [libc, nix, raw],
)]
fn a_group_that_is_none_is_not_joined() -> TestResult {
    let (plain, child, ended, group) = (holder(|| Ok(()))?, holder(|| Ok(()))?, leader()?, callers_group()?);
    ended.kill()?;
    for none in [plain.pid(), ended.pid()] {
        assert_errno!(set_group(child.pid(), none), EPERM);
        let caller = fork(|| {
            assert_errno!(set_group(0, none), EPERM);
        })?;
        caller.join()?;
    }
    assert_eq!([group_of(child.pid()), group_of(plain.pid())], [Ok(group), Ok(group)]);
    Ok(())
}

/// setpgid fails with ESRCH if the process is neither the caller nor one of its children: its parent, a child of its child, a child of
/// its parent, or a process that has ended.
#[harness::test(
    id = "process.setpgid-no-child",
    cite = [posix("setpgid.3p", "ERRORS", "ESRCH"), man("setpgid.2", "ERRORS", "ESRCH")],
    covers = ["errors:process.setpgid.ESRCH"],
    layers = [libc, nix, raw],
)]
fn only_the_caller_and_its_children_are_moved() -> TestResult {
    let (sibling, ended, group) = (leader()?, holder(|| Ok(()))?, callers_group()?);
    let niece = Shared::new(AtomicI32::new(0))?;
    let parent = holder(|| -> TestResult<Child> {
        let child = member_of(&sibling)?;
        niece.store(child.pid(), Ordering::Release);
        Ok(child)
    })?;
    ended.kill()?;
    let caller = fork(|| -> TestResult {
        let parents = nix::unistd::getppid().as_raw();
        for pid in [parents, sibling.pid(), parent.pid(), niece.load(Ordering::Acquire), ended.pid()] {
            assert_errno!(set_group(pid, 0), ESRCH);
        }
        Ok(())
    })?;
    caller.join()?;
    let grandchild = niece.load(Ordering::Acquire);
    assert_errno!(set_group(grandchild, group), ESRCH);
    assert_eq!([group_of(grandchild), group_of(parent.pid())], [Ok(sibling.pid()), Ok(group)]);
    kill(grandchild, SIGKILL)?;
    wait_until_zombie(grandchild);
    Ok(())
}

/// Asks for something of a process.
type Ask = fn(i32) -> Result<i32>;

#[harness::errors(
    family = "no-such-process",
    rows = [
        ("process.no-such-process/getpgid", "errors:process.getpgid.ESRCH", group_of),
        ("process.no-such-process/getsid", "errors:process.getsid.ESRCH", session_of),
    ],
    layers = [libc, nix, raw],
)]
fn a_process_that_is_gone_has_no_group(ask: Ask) -> TestResult {
    let child = holder(|| Ok(()))?;
    assert_eq!(ask(child.pid()), ask(0));
    child.kill()?;
    for none in [child.pid(), -1] {
        assert_errno!(ask(none), ESRCH);
    }
    Ok(())
}
