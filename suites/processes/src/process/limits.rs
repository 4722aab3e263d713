//! Where no process can be created: limits, and a PID namespace that has ended.

use super::program::Program;
use crate::needs::LIMITED_USER;
use calls::cloning::{CloneArguments, Stack};
use calls::for_layers::libc::{fork_call, posix_spawn, posix_spawnp};
use calls::for_layers::raw::{clone_call, clone3, vfork};
use harness::need::{OWN_UID, PIDNS, SECOND_UID};
use kit::limits::{limit, unlimit};
use kit::prelude::*;
use kit::privilege::become_second_user;
use libc::{__WALL, WNOHANG};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::Resource;

/// Creates a process, which ends at once.
type Create = fn() -> Result<()>;

const FORK: Create = || {
    fork_call().map(|child| {
        if child == 0 {
            exit(0)
        }
    })
};
// SAFETY: the child does nothing.
const VFORK: Create = || unsafe { vfork(&|| 0) }.map(drop);
// SAFETY: the child has a copy of the memory.
const CLONE: Create = || unsafe { clone_call(&CloneArguments::new(0).on(&mut Stack::new()), &|| 0) }.map(drop);
// SAFETY: as above.
const CLONE3: Create = || unsafe { clone3(&CloneArguments::new(0), size_of::<CloneArguments>(), &|| 0) }.map(drop);
const SPAWN: Create = || posix_spawn(c"nothing", (None, None), &[c"nothing"], &[]).map(drop);
const SPAWNP: Create = || posix_spawnp(c"nothing", (None, None), &[c"nothing"], &[]).map(drop);

#[harness::errors(
    family = "limit-reached",
    rows = [
        ("process.too-many/fork", "errors:process.fork.EAGAIN", FORK),
        ("process.too-many/vfork", "errors:process.vfork.EAGAIN", VFORK),
        ("process.too-many/clone", "errors:process.clone.EAGAIN", CLONE),
        ("process.too-many/clone3", "errors:process.clone3.EAGAIN", CLONE3),
        ("process.too-many/posix-spawn", "errors:process.posix_spawn.EAGAIN", SPAWN),
        ("process.too-many/posix-spawnp", "errors:process.posix_spawnp.EAGAIN", SPAWNP),
    ],
    needs = [LIMITED_USER],
)]
fn the_limit_of_a_user_is_kept(create: Create) -> TestResult {
    // This process alone, whatever else the user runs.
    limit(Resource::RLIMIT_NPROC, 1)?;
    let created = create();
    assert_errno!(created, EAGAIN);
    assert_errno!(waitpid(-1, __WALL | WNOHANG), ECHILD);
    unlimit(Resource::RLIMIT_NPROC)?;
    fork(|| ())?.join()
}

#[rstest]
#[case::fork(FORK)]
#[case::vfork(VFORK)]
/// fork and vfork fail with ENOMEM when the child would be in a PID namespace whose init process has ended.
#[harness::test(
    id = "process.no-init",
    cite = [man("fork.2", "ERRORS", "ENOMEM"), man("pid_namespaces.7", "The namespace init process")],
    covers = ["errors:process.fork.ENOMEM.2", "errors:process.vfork.ENOMEM"],
    needs = [PIDNS],
)]
fn without_init_there_are_no_processes(#[case] create: Create) -> TestResult {
    unshare(CloneFlags::CLONE_NEWPID)?;
    fork(|| ())?.join()?;
    let created = create();
    assert_errno!(created, ENOMEM);
    assert_errno!(waitpid(-1, __WALL | WNOHANG), ECHILD);
    Ok(())
}

/// execve fails with EAGAIN in a process that has changed its real user id and so has more processes than RLIMIT_NPROC allows, and
/// succeeds once it has not.
#[harness::test(
    id = "process.exec-too-many",
    cite = [man("execve.2", "execve() and EAGAIN"), man("execve.2", "ERRORS", "EAGAIN")],
    covers = ["errors:process.execve.EAGAIN"],
    needs = [OWN_UID, SECOND_UID],
    layers = [libc, nix, raw],
)]
fn a_changed_user_keeps_the_limit() -> TestResult {
    let program = Program::Exits(7).file("program")?;
    let (others, alone) = ([holder(become_second_user)?, holder(become_second_user)?], Latch::new()?);
    let child = fork(|| -> TestResult {
        limit(Resource::RLIMIT_NPROC, 1)?;
        become_second_user()?;
        assert_errno!(execve(c"program", &[c"program"], &[]), EAGAIN);
        alone.wait_for(1);
        Ok(execve(c"program", &[c"program"], &[])?)
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    others.iter().try_for_each(|other| other.kill().map(drop))?;
    alone.arrive();
    assert_eq!(child.wait()?, Ended::Exited(7));
    drop(program);
    Ok(())
}
