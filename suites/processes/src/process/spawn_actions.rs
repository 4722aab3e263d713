//! What posix_spawn does with descriptors.

use super::program::Program;
use super::spawning::{assert_failed, sleeper};
use crate::proc::{is_open_in, opened_in};
use calls::spawning::FileActions;
use kit::prelude::*;
use libc::{FD_CLOEXEC, O_APPEND, O_CLOEXEC, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY};

/// A number that no descriptor of these specs has, and that every process may have (so the next one): _POSIX_OPEN_MAX is 20.
const FREE: i32 = 12;

/// What the descriptor of a process refers to, and which object that is.
fn object_in(pid: i32, fd: i32) -> TestResult<(Node, (u64, u64))> {
    let stat = nix::sys::stat::stat(&*format!("/proc/{pid}/fd/{fd}"))?;
    Ok((Node::from(&stat), (stat.st_dev, stat.st_ino)))
}

/// Descriptors without close-on-exec stay open in the program, and those with it are closed, but only after the file actions, which may
/// use them.
#[harness::test(
    id = "process.spawn-close-on-exec",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), man("posix_spawn.3", "pre-exec() step: housekeeping")],
    covers = ["behaviours:spawn.cloexec-last", "behaviours:spawn.adddup2"],
)]
fn close_on_exec_comes_last() -> TestResult {
    let ((kept, _), (closed, _writer)) = (pipe()?, pipe2(O_CLOEXEC)?);
    let plain = sleeper((None, None))?;
    assert_eq!([&kept, &closed].map(|fd| is_open_in(plain.pid(), fd.number())), [true, false]);
    let mut actions = FileActions::new()?;
    actions.add_dup2(closed.number(), FREE)?;
    actions.add_dup2(kept.number(), 0)?;
    let child = sleeper((Some(&actions), None))?;
    assert_eq!(object_in(child.pid(), FREE)?, object_of(&closed)?);
    assert_eq!(object_in(child.pid(), 0)?, object_of(&kept)?);
    assert!(!is_open_in(child.pid(), closed.number()));
    assert_eq!(get_descriptor_flags(&closed), Ok(FD_CLOEXEC));
    assert_errno!(get_descriptor_flags(FREE), EBADF);
    Ok(())
}

/// adddup2 of a descriptor to itself clears its close-on-exec flag in the child, and not in the parent.
#[harness::test(
    id = "process.spawn-dup2-same",
    cite = [posix_2024("posix_spawn_file_actions_adddup2.3p", "DESCRIPTION")],
    covers = ["behaviours:spawn.adddup2-same"],
)]
fn a_descriptor_is_kept_by_its_own_number() -> TestResult {
    let (kept, closed) = pipe2(O_CLOEXEC)?;
    let mut actions = FileActions::new()?;
    actions.add_dup2(kept.number(), kept.number())?;
    let child = sleeper((Some(&actions), None))?;
    assert_eq!(object_in(child.pid(), kept.number())?, object_of(&kept)?);
    assert!(!is_open_in(child.pid(), closed.number()));
    assert_eq!(get_descriptor_flags(&kept), Ok(FD_CLOEXEC));
    Ok(())
}

/// addopen opens a file at the descriptor, with these flags, and closes before what the descriptor was; addclose closes a descriptor.
/// In the parent nothing is opened or closed.
#[harness::test(
    id = "process.spawn-open-close",
    cite = [posix("posix_spawn_file_actions_addclose.3p", "DESCRIPTION")],
    covers = ["behaviours:spawn.addopen", "behaviours:spawn.addclose"],
)]
fn files_are_opened_and_closed() -> TestResult {
    let ((replaced, closed), file) = (pipe()?, Name::free("file"));
    let before = (object_of(&replaced)?, object_of(&closed)?);
    let mut actions = FileActions::new()?;
    actions.add_open(FREE, c"file", O_WRONLY | O_CREAT | O_EXCL | O_APPEND)?;
    actions.add_open(replaced.number(), c"/dev/null", O_RDONLY)?;
    actions.add_close(closed.number())?;
    let child = sleeper((Some(&actions), None))?;
    assert_eq!(object_in(child.pid(), FREE)?, object_at(&file)?);
    assert_eq!(opened_in(child.pid(), FREE)? & (libc::O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    assert_eq!(object_in(child.pid(), replaced.number())?, object_at("/dev/null")?);
    assert!(!is_open_in(child.pid(), closed.number()));
    assert_eq!((object_of(&replaced)?, object_of(&closed)?), before);
    assert_errno!(get_descriptor_flags(FREE), EBADF);
    Ok(())
}

/// File actions are done in the order in which they were added: each finds what the ones before it have left.
#[harness::test(
    id = "process.spawn-actions-in-order",
    cite = [posix("posix_spawn.3p", "DESCRIPTION"), man("posix_spawn.3", "pre-exec() step: housekeeping")],
    covers = ["behaviours:spawn.actions-in-order"],
)]
fn actions_are_done_in_order() -> TestResult {
    let (reader, writer) = pipe()?;
    // The ends change places.
    let mut actions = FileActions::new()?;
    actions.add_dup2(reader.number(), FREE)?;
    actions.add_dup2(writer.number(), reader.number())?;
    actions.add_dup2(FREE, writer.number())?;
    actions.add_close(FREE)?;
    actions.add_open(FREE, c"file", O_RDWR | O_CREAT)?;
    actions.add_dup2(FREE, FREE + 1)?;
    let (child, file) = (sleeper((Some(&actions), None))?, Name::free("file"));
    let mode = |fd: i32| -> TestResult<i32> { Ok(opened_in(child.pid(), fd)? & libc::O_ACCMODE) };
    assert_eq!([mode(reader.number())?, mode(writer.number())?], [O_WRONLY, O_RDONLY]);
    let shared = object_at(&file)?;
    assert_eq!([object_in(child.pid(), FREE)?, object_in(child.pid(), FREE + 1)?], [shared.clone(), shared]);
    Ok(())
}

#[rstest]
#[case::open(|actions: &mut FileActions| actions.add_open(FREE, c"./nothing", O_RDONLY))]
#[case::dup2(|actions: &mut FileActions| actions.add_dup2(FREE, 0))]
#[case::after_another(|actions: &mut FileActions| {
    actions.add_close(0)?;
    actions.add_dup2(0, FREE)
})]
/// When a file action fails, the program is not started: posix_spawn returns an error number and leaves no child, or the child exits
/// with 127.
#[harness::test(
    id = "process.spawn-action-fails",
    cite = [posix("posix_spawn.3p", "ERRORS"), man("posix_spawn.3", "pre-exec() step: housekeeping")],
    covers = ["behaviours:spawn.action-fails"],
)]
fn a_failed_action_ends_it(#[case] add: fn(&mut FileActions) -> Result<()>) -> TestResult {
    let _program = Program::Exits(7).file("program")?;
    let mut actions = FileActions::new()?;
    add(&mut actions)?;
    assert_failed(posix_spawn(c"./program", (Some(&actions), None), &[c"program"], &[]))
}

#[rstest]
#[case::close(|actions: &mut FileActions| actions.add_close(-1))]
#[case::open(|actions: &mut FileActions| actions.add_open(-1, c"file", O_RDONLY))]
#[case::dup2_from(|actions: &mut FileActions| actions.add_dup2(-1, 0))]
#[case::dup2_to(|actions: &mut FileActions| actions.add_dup2(0, -1))]
/// posix_spawn_file_actions_addclose, addopen and adddup2 fail with EBADF for a negative descriptor, and add nothing.
#[harness::test(
    id = "process.spawn-negative-descriptor",
    cite = [
        posix("posix_spawn_file_actions_addclose.3p", "ERRORS", "EBADF"), posix("posix_spawn_file_actions_adddup2.3p", "ERRORS", "EBADF"),
    ],
    covers = [
        "errors:process.posix_spawn_file_actions_addclose.EBADF", "errors:process.posix_spawn_file_actions_addopen.EBADF",
        "errors:process.posix_spawn_file_actions_adddup2.EBADF",
    ],
)]
fn negative_descriptors_are_refused(#[case] add: fn(&mut FileActions) -> Result<()>) -> TestResult {
    let _program = Program::Exits(7).file("program")?;
    let mut actions = FileActions::new()?;
    let added = add(&mut actions);
    assert_errno!(added, EBADF);
    let spawned = posix_spawn(c"./program", (Some(&actions), None), &[c"program"], &[]);
    let child = assert_ok!(spawned);
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
    Ok(())
}
