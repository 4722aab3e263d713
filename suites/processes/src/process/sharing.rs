//! What clone and clone3 share between parent and child, by flag.

use calls::cloning::{CloneArguments, Stack};
use calls::for_layers::raw::{clone_call, clone3};
use calls::signals::{Action, action_of};
use kit::disposition::{block, handle, ignore, pending, signal_mask};
use kit::prelude::*;
use kit::process::{clone as clone_child, clone3 as clone3_child};
use libc::{
    CLONE_FILES, CLONE_FS, CLONE_SIGHAND, CLONE_THREAD, CLONE_VFORK, CLONE_VM, FD_CLOEXEC, SIGUSR1, SIGUSR2, WNOHANG,
};
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{chdir, getcwd};
use std::sync::atomic::{AtomicI32, Ordering};

/// Creates a child with a memory of its own.
type Create = fn(i32, &dyn Fn() -> TestResult) -> TestResult<Child>;

const BY_CLONE: Create = |flags, body| clone_child(flags, body);
const BY_CLONE3: Create = |flags, body| clone3_child(&CloneArguments::new(flags), body);

#[rstest]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// With CLONE_FILES a descriptor that parent or child opens or closes, or whose flags it changes, is so in the other as well.
#[harness::test(
    id = "process.clone-files",
    cite = [man("clone.2", "The flags mask", "CLONE_FILES")],
    covers = ["behaviours:clone.files"],
)]
fn a_descriptor_table_is_shared(#[case] create: Create) -> TestResult {
    let (opened, go_on) = ([const { AtomicI32::new(-1) }; 2], Latch::new()?);
    let (opened, (kept, closed)) = (Shared::new(opened)?, pipe()?);
    let identity = object_of(&kept)?;
    let child = create(CLONE_FILES, &|| {
        go_on.wait_for(1);
        assert_eq!(object_of(opened[0].load(Ordering::Acquire)), Ok(identity.clone()));
        opened[1].store(duplicate(&kept)?, Ordering::Release);
        assert_eq!(set_descriptor_flags(&kept, FD_CLOEXEC), Ok(0));
        closed.close();
        Ok(())
    })?;
    opened[0].store(duplicate(&kept)?, Ordering::Release);
    assert_eq!(get_descriptor_flags(&kept), Ok(0));
    go_on.arrive();
    child.join()?;
    assert_errno!(get_descriptor_flags(closed.into_number()), EBADF);
    assert_eq!(get_descriptor_flags(&kept), Ok(FD_CLOEXEC));
    let opened = opened.each_ref().map(|number| Fd::new(number.load(Ordering::Acquire)));
    assert_eq!(object_of(&opened[1]), Ok(identity));
    Ok(())
}

#[rstest]
#[case::clone(BY_CLONE)]
#[case::clone3(BY_CLONE3)]
/// Without CLONE_FILES what a child opens, closes, or changes in descriptor flags is not so in its parent, and the other way round.
#[harness::test(
    id = "process.clone-without-files",
    cite = [man("clone.2", "The flags mask", "CLONE_FILES")],
    covers = ["behaviours:clone.files-not"],
)]
fn a_descriptor_table_is_copied(#[case] create: Create) -> TestResult {
    let (opened, go_on, (kept, closed)) = (Shared::new(AtomicI32::new(-1))?, Latch::new()?, pipe()?);
    let identity = object_of(&closed)?;
    let child = create(0, &|| {
        go_on.wait_for(1);
        assert_eq!(get_descriptor_flags(&kept), Ok(0));
        closed.close();
        opened.store(duplicate_from(&kept, FREE)?, Ordering::Release);
        Ok(())
    })?;
    assert_eq!(set_descriptor_flags(&kept, FD_CLOEXEC), Ok(0));
    go_on.arrive();
    child.join()?;
    assert_eq!(get_descriptor_flags(&kept), Ok(FD_CLOEXEC));
    assert_eq!(object_of(&closed), Ok(identity));
    assert_errno!(get_descriptor_flags(opened.load(Ordering::Acquire)), EBADF);
    Ok(())
}

/// A number that no descriptor of this spec has, and that every process may have: _POSIX_OPEN_MAX is 20.
const FREE: i32 = 15;

/// A new descriptor, which stays open.
fn duplicate(fd: &Fd) -> TestResult<i32> {
    duplicate_from(fd, 0)
}

/// As above, with the lowest free number from this one on.
fn duplicate_from(fd: &Fd, lowest: i32) -> TestResult<i32> {
    // SAFETY: takes integers.
    Ok(Errno::result(unsafe { libc::fcntl(fd.number(), libc::F_DUPFD, lowest) })?)
}

#[rstest]
#[case::clone_shared(BY_CLONE, CLONE_FS)]
#[case::clone_copied(BY_CLONE, 0)]
#[case::clone3_shared(BY_CLONE3, CLONE_FS)]
#[case::clone3_copied(BY_CLONE3, 0)]
/// With CLONE_FS parent and child have one working directory and one umask, which either may change; without it the child has copies.
#[harness::test(
    id = "process.clone-fs",
    cite = [man("clone.2", "The flags mask", "CLONE_FS")],
    covers = ["behaviours:clone.fs"],
)]
fn the_working_directory_is_shared(#[case] create: Create, #[case] flags: i32) -> TestResult {
    let (directory, go_on) = (Name::directory("directory", 0o755)?, Latch::new()?);
    let (before, inside) = (getcwd()?, directory.canonicalize()?);
    umask(Mode::from_bits_truncate(0o22));
    let child = create(flags, &|| {
        go_on.wait_for(1);
        let seen = if flags == CLONE_FS { (inside.clone(), 0o27) } else { (before.clone(), 0o22) };
        assert_eq!(getcwd(), Ok(seen.0));
        assert_eq!(umask(Mode::from_bits_truncate(0o77)).bits(), seen.1);
        assert_eq!(chdir("/"), Ok(()));
        assert_eq!(getcwd(), Ok("/".into()));
        Ok(())
    })?;
    chdir("directory")?;
    umask(Mode::from_bits_truncate(0o27));
    go_on.arrive();
    child.join()?;
    let seen = if flags == CLONE_FS { ("/".into(), 0o77) } else { (inside, 0o27) };
    assert_eq!(getcwd(), Ok(seen.0));
    assert_eq!(umask(Mode::empty()).bits(), seen.1);
    chdir(&before)?;
    Ok(())
}

/// Runs the body in a child that shares the memory of this process, which waits for it: the body has this thread's place.
type Share = fn(i32, &(dyn Fn() -> i32 + Sync)) -> Result<i32>;

/// Beside the flags of the spec.
const WAITING: i32 = CLONE_VM | CLONE_VFORK;

const SHARE_BY_CLONE: Share = |flags, body| {
    // SAFETY: the stack outlives the child, which has this thread's place while it waits.
    unsafe { clone_call(&CloneArguments::new(flags | WAITING).on(&mut Stack::new()), body) }
};
const SHARE_BY_CLONE3: Share = |flags, body| {
    let mut stack = Stack::new();
    let mut arguments = CloneArguments::new(flags | WAITING).on(&mut stack);
    if flags & CLONE_THREAD != 0 {
        arguments.exit_signal = 0;
    }
    // SAFETY: as above.
    unsafe { clone3(&arguments, size_of_val(&arguments), body) }
};

#[rstest]
#[case::clone(SHARE_BY_CLONE)]
#[case::clone3(SHARE_BY_CLONE3)]
/// With CLONE_SIGHAND a disposition that the child changes is changed in its parent, while both have a signal mask and a set of pending
/// signals of their own.
#[harness::test(
    id = "process.clone-sighand",
    cite = [man("clone.2", "The flags mask", "CLONE_SIGHAND")],
    covers = ["behaviours:clone.sighand"],
    layers = [raw],
)]
fn dispositions_are_shared(#[case] share: Share) -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    let mask = signal_mask()?;
    let created = share(CLONE_SIGHAND, &|| {
        let inherited = action_of(SIGUSR1) == Ok(Action::Handle);
        let changed = ignore(Known::SIGUSR1).is_ok() && handle(Known::SIGUSR2, SaFlags::empty()).is_ok();
        let blocked = block(Known::SIGUSR2).is_ok() && kill(own_pid(), SIGUSR2).is_ok();
        i32::from(inherited && changed && blocked && pending() == Ok(vec![Known::SIGUSR2]))
    });
    let child = assert_ok!(created);
    assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(1)))));
    assert_eq!([action_of(SIGUSR1), action_of(SIGUSR2)], [Ok(Action::Ignore), Ok(Action::Handle)]);
    assert_eq!(signal_mask(), Ok(mask));
    assert_eq!(pending(), Ok(vec![]));
    Ok(())
}

/// With CLONE_CLEAR_SIGHAND a signal that the parent handles has its default action in the child, one that it ignores stays ignored, and
/// the parent keeps its dispositions.
#[harness::test(
    id = "process.clone-clear-sighand",
    cite = [man("clone.2", "The flags mask", "CLONE_CLEAR_SIGHAND")],
    covers = ["behaviours:clone.clear-sighand"],
)]
fn handlers_are_cleared() -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    ignore(Known::SIGUSR2)?;
    let check =
        |expected| move || assert_eq!([action_of(SIGUSR1), action_of(SIGUSR2)], [Ok(expected), Ok(Action::Ignore)]);
    let clear = CloneArguments { flags: CLEAR_SIGHAND, ..CloneArguments::new(0) };
    clone3_child(&clear, check(Action::Default))?.join()?;
    clone3_child(&CloneArguments::new(0), check(Action::Handle))?.join()?;
    check(Action::Handle)();
    Ok(())
}

/// CLONE_CLEAR_SIGHAND (linux/sched.h), which clone(2) has not.
pub const CLEAR_SIGHAND: u64 = 1 << 32;

#[rstest]
#[case::clone(SHARE_BY_CLONE)]
#[case::clone3(SHARE_BY_CLONE3)]
/// A thread that is created with CLONE_THREAD has the pid and the parent of its creator, and a thread id of its own, which the call
/// returns; it cannot be waited for, and its end sends no signal.
#[harness::test(
    id = "process.clone-thread",
    cite = [man("clone.2", "The flags mask", "CLONE_THREAD")],
    covers = ["behaviours:clone.thread"],
    layers = [raw],
)]
fn a_thread_is_no_child(#[case] share: Share) -> TestResult {
    block(Known::SIGCHLD)?;
    let seen = [const { AtomicI32::new(0) }; 3];
    let created = share(CLONE_THREAD | CLONE_SIGHAND, &|| {
        for (seen, call) in seen.iter().zip([Sysno::getpid, Sysno::gettid, Sysno::getppid]) {
            // SAFETY: these take nothing and return a number.
            seen.store(unsafe { harness::raw::syscall(call, [0; 6]) }.unwrap_or(0) as i32, Ordering::Release);
        }
        7
    });
    let tid = assert_ok!(created);
    let seen = seen.each_ref().map(|seen| seen.load(Ordering::Acquire));
    let (own, parent) = (own_pid(), nix::unistd::getppid().as_raw());
    assert_eq!(seen, [own, tid, parent]);
    assert_ne!(tid, own);
    assert_errno!(waitpid(tid, libc::__WALL | WNOHANG), ECHILD);
    kit::process::wait_until_gone(tid);
    assert_errno!(waitpid(-1, libc::__WALL | WNOHANG), ECHILD);
    assert_eq!(pending(), Ok(vec![]));
    Ok(())
}
