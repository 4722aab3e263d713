//! Programs that posix_spawn starts: which, and with which attributes.

use super::cloned::{RAN, count_fork_handlers};
use super::program::Program;
use crate::proc::{number_in, signals_in, text_of};
use calls::for_layers::libc::{posix_spawn, waitpid};
use calls::spawning::{FileActions, SpawnAttributes};
use harness::need::{SECOND_ID, SECOND_UID};
use kit::disposition::{block, handle, handled, ignore, signal_mask};
use kit::prelude::*;
use libc::{
    POSIX_SPAWN_RESETIDS, POSIX_SPAWN_SETPGROUP, POSIX_SPAWN_SETSIGDEF, POSIX_SPAWN_SETSIGMASK, SIGUSR1, SIGUSR2,
    WNOHANG,
};
use nix::sys::signal::{SaFlags, SigSet, Signal as Known};
use nix::unistd::{Gid, Pid, Uid, getpgrp, getsid, setresgid, setresuid};
use std::ffi::CStr;
use std::sync::atomic::Ordering;

/// Actions and attributes of a spawn.
type How<'a> = (Option<&'a FileActions>, Option<&'a SpawnAttributes>);
/// Starts a program: posix_spawn or posix_spawnp.
type Spawn = fn(&CStr, How, &[&CStr], &[&CStr]) -> Result<i32>;

/// POSIX_SPAWN_SETSID (spawn.h), which the C library's crate lacks.
const SETSID: i32 = 0x80;

/// Starts a program that sleeps, with these attributes, and returns when it does.
pub fn sleeper(how: How) -> TestResult<Child> {
    let _program = Program::Sleeps.file("sleeper")?;
    let spawned = posix_spawn(c"./sleeper", how, &[c"sleeper"], &[]);
    let child = Child::of(assert_ok!(spawned));
    child.wait_until_blocked_in(calls::POLL)?;
    Ok(child)
}

/// Attributes with these flags.
fn attributes(flags: i32) -> TestResult<SpawnAttributes> {
    let mut attributes = SpawnAttributes::new()?;
    attributes.set_flags(flags)?;
    Ok(attributes)
}

#[rstest]
#[case::spawn(posix_spawn)]
#[case::spawnp(posix_spawnp)]
/// posix_spawn and posix_spawnp return 0 and the pid of a child of the caller, which runs the program with these arguments and this
/// environment.
#[harness::test(
    id = "process.spawn-child",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), posix("posix_spawn.3p", "RETURN VALUE"), man("posix_spawn.3", "exec() step")],
    covers = ["behaviours:spawn.child"],
)]
fn a_program_is_started(#[case] spawn: Spawn) -> TestResult {
    let _program = Program::Sleeps.file("program")?;
    let spawned = spawn(c"./program", (None, None), &[c"name", c"", c"a b"], &[c"B=2", c"A=1"]);
    let child = Child::of(assert_ok!(spawned));
    child.wait_until_blocked_in(calls::POLL)?;
    let of_child = |file: &str| format!("/proc/{}/{file}", child.pid());
    assert_eq!(number_in(&of_child("status"), "PPid:")?, i64::from(own_pid()));
    assert_eq!(text_of(&of_child("cmdline"))?, "name\0\0a b\0");
    assert_eq!(text_of(&of_child("environ"))?, "B=2\0A=1\0");
    let killed = Ended::Killed { by: Signal(libc::SIGKILL), core: false };
    assert_eq!(waitpid(child.pid(), WNOHANG), Ok(None));
    child.signal(Known::SIGKILL)?;
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), killed))));
    child.let_go();
    Ok(())
}

/// posix_spawnp looks for a name without a slash in PATH; posix_spawn takes it as the path of a file.
#[harness::test(
    id = "process.spawn-path",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), man("posix_spawn.3", "DESCRIPTION")],
    covers = ["behaviours:spawn.path-search"],
)]
fn only_spawnp_searches_the_path() -> TestResult {
    let directory = Name::directory("directory", 0o755)?;
    let _found = Program::Exits(7).file("directory/program")?;
    let _here = Program::Exits(8).file("program")?;
    // SAFETY: this process has one thread.
    unsafe { std::env::set_var("PATH", &*directory) };
    for (spawn, status) in [(posix_spawnp as Spawn, 7), (posix_spawn, 8)] {
        let spawned = spawn(c"program", (None, None), &[c"program"], &[]);
        let child = assert_ok!(spawned);
        assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(status)))));
    }
    let spawned = posix_spawnp(c"./program", (None, None), &[c"program"], &[]);
    let child = assert_ok!(spawned);
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(8)))));
    Ok(())
}

/// Asserts that a spawn came to nothing: it returned an error number and left no child, or its child exited with 127.
pub fn assert_failed(spawned: Result<i32>) -> TestResult {
    match spawned {
        Ok(child) => assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(127))))),
        Err(error) => observe("error of a spawn that fails in the child", error),
    }
    assert_errno!(waitpid(-1, libc::__WALL | WNOHANG), ECHILD);
    Ok(())
}

#[rstest]
#[case::spawn(posix_spawn)]
#[case::spawnp(posix_spawnp)]
/// When the program cannot be executed, posix_spawn and posix_spawnp return an error number and leave no child, or the child exits with
/// 127.
#[harness::test(
    id = "process.spawn-exec-failure",
    cite = [posix("posix_spawn.3p", "ERRORS"), man("posix_spawn.3", "RETURN VALUE")],
    covers = ["behaviours:spawn.exec-failure"],
)]
fn a_program_that_cannot_be_executed_is_told(#[case] spawn: Spawn) -> TestResult {
    let unexecutable = Program::Exits(7).file("unexecutable")?;
    unexecutable.set_permissions(0o600)?;
    for path in [c"./nothing", c"./unexecutable", c"./unexecutable/below"] {
        assert_failed(spawn(path, (None, None), &[c"program"], &[]))?;
    }
    Ok(())
}

/// With POSIX_SPAWN_SETSIGMASK the program begins with the mask of the attributes, else with that of the caller, which keeps its own.
#[harness::test(
    id = "process.spawn-sigmask",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), man("posix_spawn.3", "pre-exec() step: housekeeping", "POSIX_SPAWN_SETSIGMASK")],
    covers = ["behaviours:spawn.setsigmask"],
)]
fn the_signal_mask_is_set() -> TestResult {
    block(Known::SIGUSR1)?;
    let mask = signal_mask()?;
    let mut with_mask = attributes(POSIX_SPAWN_SETSIGMASK)?;
    with_mask.set_mask(&SigSet::from(Known::SIGUSR2))?;
    let mut unused = attributes(0)?;
    unused.set_mask(&SigSet::from(Known::SIGUSR2))?;
    for (attributes, blocked) in [(&with_mask, SIGUSR2), (&unused, SIGUSR1)] {
        let child = sleeper((None, Some(attributes)))?;
        assert_eq!(signals_in(child.pid(), "SigBlk:")?, bit(blocked));
        assert_eq!(signal_mask(), Ok(mask));
    }
    Ok(())
}

/// The signals below the realtime ones, the first of which are the C library's own, and are ignored in what glibc spawns.
const STANDARD: u64 = (1 << 31) - 1;

/// The set of one signal, as proc_pid_status(5) shows it.
fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// With POSIX_SPAWN_SETSIGDEF the signals of the set have their default action in the program, and other ignored signals stay ignored;
/// without it all of them do.
#[harness::test(
    id = "process.spawn-sigdefault",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), man("posix_spawn.3", "pre-exec() step: housekeeping", "POSIX_SPAWN_SETSIGDEF")],
    covers = ["behaviours:spawn.setsigdef"],
)]
fn signals_get_their_default_action() -> TestResult {
    [Known::SIGUSR1, Known::SIGUSR2].into_iter().try_for_each(ignore)?;
    let set = SigSet::from(Known::SIGUSR2);
    for (flags, ignored) in [(POSIX_SPAWN_SETSIGDEF, bit(SIGUSR1)), (0, bit(SIGUSR1) | bit(SIGUSR2))] {
        let mut attributes = attributes(flags)?;
        attributes.set_default(&set)?;
        let child = sleeper((None, Some(&attributes)))?;
        assert_eq!(signals_in(child.pid(), "SigIgn:")? & STANDARD, ignored);
    }
    assert_eq!(signals_in(own_pid(), "SigIgn:")?, bit(SIGUSR1) | bit(SIGUSR2));
    Ok(())
}

/// Signals that the caller handles have their default action in the program, and the caller goes on to handle them.
#[harness::test(
    id = "process.spawn-resets-handlers",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), posix("exec.3p", "DESCRIPTION")],
    covers = ["behaviours:spawn.handled-reset"],
)]
fn handled_signals_are_reset() -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    let child = sleeper((None, None))?;
    assert_eq!(signals_in(child.pid(), "SigCgt:")?, 0);
    assert_eq!(signals_in(child.pid(), "SigIgn:")? & STANDARD, 0);
    child.signal(Known::SIGUSR1)?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGUSR1), core: false });
    assert_eq!(handled(Known::SIGUSR1), 0);
    kill(own_pid(), SIGUSR1)?;
    assert_eq!(handled(Known::SIGUSR1), 1);
    Ok(())
}

/// With POSIX_SPAWN_SETPGROUP the program is in the process group of the attributes, for 0 in a new one with its own pid, and without
/// the flag in that of its parent.
#[harness::test(
    id = "process.spawn-group",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), man("posix_spawn.3", "pre-exec() step: housekeeping", "POSIX_SPAWN_SETPGROUP")],
    covers = ["behaviours:spawn.setpgroup"],
)]
fn the_process_group_is_set() -> TestResult {
    let leader = sleeper((None, Some(&attributes(POSIX_SPAWN_SETPGROUP)?)))?;
    let mut same = attributes(POSIX_SPAWN_SETPGROUP)?;
    same.set_group(leader.pid())?;
    let (member, other) = (sleeper((None, Some(&same)))?, sleeper((None, None))?);
    let group = |child: &Child| nix::unistd::getpgid(Some(Pid::from_raw(child.pid())));
    let led = Pid::from_raw(leader.pid());
    assert_eq!([group(&leader), group(&member), group(&other)], [Ok(led), Ok(led), Ok(getpgrp())]);
    drop((member, leader));
    // Its group is gone.
    let _program = Program::Exits(7).file("program")?;
    other.kill()?;
    assert_failed(posix_spawn(c"./program", (None, Some(&same)), &[c"program"], &[]))
}

/// With POSIX_SPAWN_SETSID the program leads a new session and its process group; without it, it is in the session of its parent.
#[harness::test(
    id = "process.spawn-session",
    cite = [man("posix_spawn.3", "pre-exec() step: housekeeping", "POSIX_SPAWN_SETSID")],
    covers = ["behaviours:spawn.setsid"],
)]
fn a_session_is_created() -> TestResult {
    let (leader, other) = (sleeper((None, Some(&attributes(SETSID)?)))?, sleeper((None, None))?);
    let pid = Pid::from_raw(leader.pid());
    assert_eq!((getsid(Some(pid)), nix::unistd::getpgid(Some(pid))), (Ok(pid), Ok(pid)));
    assert_eq!(getsid(Some(Pid::from_raw(other.pid()))), Ok(getsid(None)?));
    Ok(())
}

/// With POSIX_SPAWN_RESETIDS the effective user and group of the child are the real ones of its parent, and a file that it creates is
/// theirs; without it they are those of its parent.
#[harness::test(
    id = "process.spawn-resetids",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), man("posix_spawn.3", "pre-exec() step: housekeeping", "POSIX_SPAWN_RESETIDS")],
    covers = ["behaviours:spawn.resetids"],
    needs = [SECOND_UID],
)]
fn effective_ids_are_reset() -> TestResult {
    let (directory, _program) = (Name::directory("directory", 0o777)?, Program::Exits(7).file("program")?);
    let (user, group, other) = (Uid::current(), Gid::current(), SECOND_ID);
    let parent = fork(|| -> TestResult {
        setresgid(group, Gid::from_raw(other), group)?;
        setresuid(user, Uid::from_raw(other), user)?;
        for (flags, path) in [(POSIX_SPAWN_RESETIDS, c"directory/reset"), (0, c"directory/kept")] {
            let (attributes, mut actions) = (attributes(flags)?, FileActions::new()?);
            actions.add_open(0, path, libc::O_WRONLY | libc::O_CREAT)?;
            let spawned = posix_spawn(c"./program", (Some(&actions), Some(&attributes)), &[c"program"], &[]);
            let child = assert_ok!(spawned);
            assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
        }
        Ok(())
    })?;
    parent.join()?;
    let created = Node::new("-0600");
    let [reset, kept] =
        [(user.as_raw(), group.as_raw()), (other, other)].map(|owner| Node { owner, ..created.clone() });
    assert_eq!(node_at(directory.join("reset")), Ok(reset));
    assert_eq!(node_at(directory.join("kept")), Ok(kept));
    Ok(())
}

/// The handlers of pthread_atfork do not run for posix_spawn.
#[harness::test(
    id = "process.spawn-no-atfork",
    cite = [man("posix_spawn.3", "NOTES")],
    covers = ["behaviours:spawn.no-atfork"],
)]
fn spawn_runs_no_fork_handlers() -> TestResult {
    let before = count_fork_handlers()?;
    let _program = Program::Exits(7).file("program")?;
    let spawned = posix_spawn(c"./program", (None, None), &[c"program"], &[]);
    let child = assert_ok!(spawned);
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
    assert_eq!(RAN.load(Ordering::Relaxed), before);
    Ok(())
}

/// posix_spawnattr_setflags fails with EINVAL for an undefined flag, and leaves the attributes as they were.
#[harness::test(
    id = "process.spawn-undefined-flag",
    cite = [posix("posix_spawnattr_getflags.3p", "ERRORS", "EINVAL")],
    covers = ["errors:process.posix_spawnattr_setflags.EINVAL"],
)]
fn undefined_flags_are_refused() -> TestResult {
    let mut attributes = SpawnAttributes::new()?;
    attributes.set_flags(POSIX_SPAWN_SETPGROUP)?;
    assert_errno!(attributes.set_flags(1 << 14), EINVAL);
    let child = sleeper((None, Some(&attributes)))?;
    let pid = Pid::from_raw(child.pid());
    assert_eq!(nix::unistd::getpgid(Some(pid)), Ok(pid));
    child.signal(Known::SIGKILL)?;
    let killed = Ended::Killed { by: Signal(libc::SIGKILL), core: false };
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), killed))));
    child.let_go();
    Ok(())
}
