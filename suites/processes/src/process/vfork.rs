//! Children that have the memory of their parent, which waits until they give it back: vfork, and clone with CLONE_VFORK.
//!
//! The child has the thread of its parent to itself, so it may do here what the parent may; it never returns from the body.

use super::program::Program;
use crate::proc::comm_of;
use calls::Result;
use calls::cloning::{CloneArguments, Stack};
use calls::for_layers::raw::{clone_call, clone3, vfork};
use calls::signals::{Action, action_of};
use kit::disposition::{handle, handled, ignore};
use kit::memory::page_size;
use kit::prelude::*;
use kit::thread;
use libc::{CLONE_VFORK, CLONE_VM, SIGKILL, SIGUSR1};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

/// Creates a child that runs the body, and returns when that has released the memory.
pub type Create = fn(&(dyn Fn() -> i32 + Sync)) -> Result<i32>;

/// Shared memory, and the caller waits.
const FLAGS: i32 = CLONE_VM | CLONE_VFORK;

// SAFETY: the bodies here keep to what the head of this file says.
pub const BY_VFORK: Create = |body| unsafe { vfork(body) };
// SAFETY: as above, on a stack that outlives the child's use of this memory.
pub const BY_CLONE: Create = |body| unsafe { clone_call(&CloneArguments::new(FLAGS).on(&mut Stack::new()), body) };
pub const BY_CLONE3: Create = |body| {
    let mut stack = Stack::new();
    let arguments = CloneArguments::new(FLAGS).on(&mut stack);
    // SAFETY: as above.
    unsafe { clone3(&arguments, size_of_val(&arguments), body) }
};

/// What the child that waits for the spec, and the spec that looks at its parent, share.
struct Stage {
    arrived: Latch,
    go_on: Latch,
    child: Shared<AtomicI32>,
}

impl Stage {
    fn new() -> TestResult<Self> {
        Ok(Self { arrived: Latch::new()?, go_on: Latch::new()?, child: Shared::new(AtomicI32::new(0))? })
    }

    /// In the child: says that it is there, and waits.
    fn stop(&self) {
        self.child.store(own_pid(), Ordering::Release);
        self.arrived.arrive();
        self.go_on.wait_for(1);
    }

    /// Does this while the parent is suspended, which then goes on to its end.
    fn while_suspended(&self, parent: Child, event: impl FnOnce(&Child)) -> TestResult {
        self.arrived.wait_for(1);
        parent.assert_blocked_in(calls::VFORK);
        event(&parent);
        parent.join()
    }
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// The caller of vfork, or of clone or clone3 with CLONE_VFORK, is suspended until the child ends by _exit, and gets its pid then.
#[harness::test(
    id = "process.vfork-waits-for-exit",
    cite = [man("vfork.2", "Linux description"), man("clone.2", "The flags mask", "CLONE_VFORK")],
    covers = ["behaviours:vfork.waits-for-exit", "behaviours:clone.vfork"],
)]
fn the_caller_waits_for_the_exit(#[case] create: Create) -> TestResult {
    let stage = Stage::new()?;
    let parent = fork(|| -> TestResult {
        let created = create(&|| {
            stage.stop();
            7
        });
        let child = assert_ok!(created);
        assert_eq!(child, stage.child.load(Ordering::Acquire));
        assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
        Ok(())
    })?;
    stage.while_suspended(parent, |_| stage.go_on.arrive())
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// The caller of vfork, or of clone or clone3 with CLONE_VFORK, is suspended until a signal kills the child.
#[harness::test(
    id = "process.vfork-waits-for-sigkill",
    cite = [man("vfork.2", "Linux description"), man("clone.2", "The flags mask", "CLONE_VFORK")],
    covers = ["behaviours:vfork.waits-for-kill"],
)]
fn the_caller_waits_for_the_kill(#[case] create: Create) -> TestResult {
    let stage = Stage::new()?;
    let parent = fork(|| -> TestResult {
        let created = create(&|| {
            stage.stop();
            7
        });
        let child = assert_ok!(created);
        let killed = Ended::Killed { by: Signal(SIGKILL), core: false };
        assert_eq!(waitpid(child, 0), Ok(Some((child, killed))));
        Ok(())
    })?;
    stage.while_suspended(parent, |_| assert_eq!(kill(stage.child.load(Ordering::Acquire), SIGKILL), Ok(())))
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// The caller of vfork, or of clone or clone3 with CLONE_VFORK, is suspended until the child becomes another program, which goes on
/// while the caller does; an execve that fails changes nothing of that.
#[harness::test(
    id = "process.vfork-waits-for-exec",
    cite = [man("vfork.2", "Linux description"), man("clone.2", "The flags mask", "CLONE_VFORK")],
    covers = ["behaviours:vfork.waits-for-exec"],
)]
fn the_caller_waits_for_the_program(#[case] create: Create) -> TestResult {
    let (stage, _program) = (Stage::new()?, Program::Sleeps.file("program")?);
    let parent = fork(|| -> TestResult {
        let created = create(&|| {
            let failed = execve(c"nothing", &[], &[]).is_err();
            stage.stop();
            let _ = execve(c"program", &[c"program"], &[]);
            i32::from(failed)
        });
        let child = assert_ok!(created);
        let program = Child::of(child);
        // Its memory is released a little before it has its name.
        program.wait_until_blocked_in(calls::POLL)?;
        assert_eq!(comm_of(child)?, "program");
        assert_eq!(program.kill()?, Ended::Killed { by: Signal(SIGKILL), core: false });
        Ok(())
    })?;
    stage.while_suspended(parent, |_| stage.go_on.arrive())
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// A child of vfork, or of clone or clone3 with CLONE_VM, shares the memory of its parent: what it writes, maps and unmaps there stays
/// so when it has ended. A child of fork has a copy.
#[harness::test(
    id = "process.vfork-shares-memory",
    cite = [man("vfork.2", "Linux description"), man("clone.2", "The flags mask", "CLONE_VM"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:vfork.memory-shared", "behaviours:clone.vm", "behaviours:fork.memory-copied"],
)]
fn the_child_has_the_memory_of_its_parent(#[case] create: Create) -> TestResult {
    let (written, mapped) = (AtomicI32::new(1), AtomicUsize::new(0));
    let unmapped = map_a_page()?;
    let change = || {
        written.store(2, Ordering::Release);
        mapped.store(map_a_page().unwrap_or(0), Ordering::Release);
        unmap(unmapped);
        7
    };
    let forked = fork(|| -> TestResult { exit(change()) })?;
    assert_eq!(forked.wait()?, Ended::Exited(7));
    assert_eq!((written.load(Ordering::Acquire), mapped.load(Ordering::Acquire)), (1, 0));
    assert_eq!(is_mapped(unmapped), Ok(true));
    let created = create(&change);
    let child = assert_ok!(created);
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
    assert_eq!(written.load(Ordering::Acquire), 2);
    assert_eq!(is_mapped(mapped.load(Ordering::Acquire)), Ok(true));
    assert_eq!(is_mapped(unmapped), Ok(false));
    unmap(mapped.load(Ordering::Acquire));
    Ok(())
}

/// The address of a new page.
fn map_a_page() -> std::result::Result<usize, Errno> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping touches no memory that exists.
    unsafe { harness::raw::syscall(Sysno::mmap, [0, page_size(), protection as usize, flags as usize, usize::MAX, 0]) }
}

fn unmap(address: usize) {
    // SAFETY: a page that `map_a_page` gave, and that holds nothing.
    let _ = unsafe { harness::raw::syscall(Sysno::munmap, [address, page_size(), 0, 0, 0, 0]) };
}

/// mincore(2) fails with ENOMEM where nothing is mapped.
fn is_mapped(address: usize) -> std::result::Result<bool, Errno> {
    let mut resident = [0_u8; 1];
    let call = [address, page_size(), resident.as_mut_ptr().expose_provenance(), 0, 0, 0];
    // SAFETY: one page needs one byte.
    match unsafe { harness::raw::syscall(Sysno::mincore, call) } {
        Ok(_) => Ok(true),
        Err(Errno::ENOMEM) => Ok(false),
        Err(errno) => Err(errno),
    }
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// A child of vfork, or of clone or clone3 with CLONE_VM and CLONE_VFORK alone, has copies of the descriptors, the signal dispositions
/// and the working directory: what it changes there stays as it was in its parent.
#[harness::test(
    id = "process.vfork-copies-attributes",
    cite = [man("vfork.2", "Linux description")],
    covers = ["behaviours:vfork.attributes-copied", "behaviours:clone.sighand-not"],
)]
fn the_child_has_copies_of_attributes(#[case] create: Create) -> TestResult {
    let ((reader, writer), _directory) = (pipe()?, Name::directory("directory", 0o755)?);
    handle(Known::SIGUSR1, SaFlags::empty())?;
    let (identity, here) = (object_of(&reader)?, nix::unistd::getcwd()?);
    let created = create(&|| {
        let inherited = action_of(SIGUSR1) == Ok(Action::Handle) && object_of(&reader) == Ok(identity.clone());
        // SAFETY: this descriptor table is the child's own.
        let closed = unsafe { libc::close(reader.number()) } == 0;
        let changed = ignore(Known::SIGUSR1).is_ok() && nix::unistd::chdir("directory").is_ok();
        let seen = action_of(SIGUSR1) == Ok(Action::Ignore) && nix::unistd::getcwd().is_ok_and(|now| now != here);
        i32::from(inherited && closed && changed && seen && object_of(reader.number()).is_err())
    });
    let child = assert_ok!(created);
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(1)))));
    assert_eq!(object_of(&reader), Ok(identity));
    assert_eq!(action_of(SIGUSR1), Ok(Action::Handle));
    assert_eq!(nix::unistd::getcwd(), Ok(here));
    drop(writer);
    Ok(())
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// A signal that is sent to the caller of vfork, or of clone or clone3 with CLONE_VFORK, while that is suspended is handled when the
/// child has released the memory, and not before.
#[harness::test(
    id = "process.vfork-defers-signals",
    cite = [man("vfork.2", "Linux description")],
    covers = ["behaviours:vfork.signals-later"],
)]
fn signals_come_when_the_child_has_gone(#[case] create: Create) -> TestResult {
    let stage = Stage::new()?;
    let parent = fork(|| -> TestResult {
        handle(Known::SIGUSR1, SaFlags::empty())?;
        // The memory that the handler counts in is the child's too.
        let created = create(&|| {
            stage.stop();
            handled(Known::SIGUSR1) as i32
        });
        let child = assert_ok!(created);
        assert_eq!(handled(Known::SIGUSR1), 1);
        assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(0)))));
        Ok(())
    })?;
    stage.while_suspended(parent, |parent| {
        assert_eq!(kill(parent.pid(), SIGUSR1), Ok(()));
        parent.assert_blocked_in(calls::VFORK);
        stage.go_on.arrive();
    })
}

#[rstest]
#[case::vfork(BY_VFORK)]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// While a thread waits for its child of vfork, or of clone or clone3 with CLONE_VFORK, the other threads of the process go on: the
/// child ends after one of them has answered it.
#[harness::test(
    id = "process.vfork-suspends-one-thread",
    cite = [man("vfork.2", "CAVEATS")],
    covers = ["behaviours:vfork.other-threads-run"],
)]
fn other_threads_go_on(#[case] create: Create) -> TestResult {
    let parent = fork(|| -> TestResult {
        let latches = std::sync::Arc::new((Latch::new()?, Latch::new()?));
        let theirs = std::sync::Arc::clone(&latches);
        let other = thread::spawn(move || {
            theirs.0.wait_for(1);
            theirs.1.arrive();
        })?;
        let created = create(&|| {
            latches.0.arrive();
            latches.1.wait_for(1);
            7
        });
        let child = assert_ok!(created);
        assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
        other.join()
    })?;
    parent.join()
}
