//! Calls of clone and clone3 that fail: no child is created.

use super::sharing::CLEAR_SIGHAND;
use crate::needs::USERNS;
use calls::cloning::{CloneArguments, Stack};
use calls::for_layers::raw::{clone_call, clone3};
use harness::need::PIDNS;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{
    __WALL, CLONE_DETACHED, CLONE_FS, CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER,
    CLONE_NEWUTS, CLONE_PARENT, CLONE_PARENT_SETTID, CLONE_PIDFD, CLONE_SIGHAND, CLONE_THREAD, CLONE_VM, SIGCHLD,
    WNOHANG,
};
use nix::sched::{CloneFlags, unshare};

/// Creates a child that exits with 0: clone, or clone3.
type Create = fn(CloneArguments) -> Result<i32>;

// SAFETY: a child that shares the memory has a stack, and does nothing.
const CLONE: Create = |arguments| unsafe { clone_call(&arguments.on(&mut Stack::new()), &|| 0) };
const CLONE3: Create = |arguments| sized(arguments, size_of::<CloneArguments>());

/// clone3 with this size of the structure.
fn sized(arguments: CloneArguments, size: usize) -> Result<i32> {
    // SAFETY: as above.
    unsafe { clone3(&arguments.on(&mut Stack::new()), size, &|| 0) }
}

/// These flags, and no signal, which a thread must not have.
fn of(flags: i32) -> CloneArguments {
    CloneArguments { exit_signal: 0, ..CloneArguments::new(flags) }
}

/// The flags of a thread.
const THREAD: i32 = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;

fn assert_no_child() {
    assert_errno!(calls::for_layers::raw::waitpid(-1, __WALL | WNOHANG), ECHILD);
}

#[harness::errors(
    family = "invalid-flag",
    rows = [
        ("process.clone-flags/sighand-without-vm", "errors:process.clone.EINVAL", (CLONE, of(CLONE_SIGHAND))),
        ("process.clone-flags/thread-without-sighand", "errors:process.clone.EINVAL.2", (CLONE, of(CLONE_THREAD | CLONE_VM))),
        ("process.clone-flags/fs-and-newns", "errors:process.clone.EINVAL.3", (CLONE, of(CLONE_FS | CLONE_NEWNS))),
        ("process.clone-flags/fs-and-newuser", "errors:process.clone.EINVAL.4", (CLONE, of(CLONE_FS | CLONE_NEWUSER))),
        ("process.clone-flags/newpid-and-thread", "errors:process.clone.EINVAL.5", (CLONE, of(CLONE_NEWPID | THREAD))),
        ("process.clone-flags/newuser-and-thread", "errors:process.clone.EINVAL.6", (CLONE, of(CLONE_NEWUSER | THREAD))),
        ("process.clone-flags/pidfd-and-detached", "errors:process.clone.EINVAL.13", (CLONE, of(CLONE_PIDFD | CLONE_DETACHED))),
        ("process.clone-flags/pidfd-and-parent-settid", "errors:process.clone.EINVAL.14", (CLONE, of(CLONE_PIDFD | CLONE_PARENT_SETTID))),
        ("process.clone3-flags/sighand-without-vm", "errors:process.clone3.EINVAL", (CLONE3, of(CLONE_SIGHAND))),
        ("process.clone3-flags/thread-without-sighand", "errors:process.clone3.EINVAL.2", (CLONE3, of(CLONE_THREAD | CLONE_VM))),
        ("process.clone3-flags/fs-and-newns", "errors:process.clone3.EINVAL.3", (CLONE3, of(CLONE_FS | CLONE_NEWNS))),
        ("process.clone3-flags/fs-and-newuser", "errors:process.clone3.EINVAL.4", (CLONE3, of(CLONE_FS | CLONE_NEWUSER))),
        ("process.clone3-flags/newpid-and-thread", "errors:process.clone3.EINVAL.5", (CLONE3, of(CLONE_NEWPID | THREAD))),
        ("process.clone3-flags/newuser-and-thread", "errors:process.clone3.EINVAL.6", (CLONE3, of(CLONE_NEWUSER | THREAD))),
        ("process.clone3-flags/clear-sighand-and-sighand", "errors:process.clone3.EINVAL.13",
            (CLONE3, CloneArguments { flags: of(CLONE_SIGHAND | CLONE_VM).flags | CLEAR_SIGHAND, ..of(0) })),
        ("process.clone3-flags/detached", "errors:process.clone3.EINVAL.14", (CLONE3, of(CLONE_DETACHED))),
    ],
    layers = [raw],
)]
fn some_flags_exclude_each_other(call: (Create, CloneArguments)) -> TestResult {
    let (create, arguments) = call;
    assert_errno!(create(arguments), EINVAL);
    assert_no_child();
    Ok(())
}

#[rstest]
#[case::clone(CLONE)]
#[case::clone3(CLONE3)]
/// After a process has unshared its PID namespace, clone and clone3 fail with EINVAL for CLONE_THREAD.
#[harness::test(
    id = "process.clone-thread-after-unshare",
    cite = [man("clone.2", "ERRORS", "EINVAL"), man("unshare.2", "DESCRIPTION", "CLONE_NEWPID")],
    covers = ["errors:process.clone.EINVAL.7", "errors:process.clone3.EINVAL.7"],
    needs = [PIDNS],
    layers = [raw],
)]
fn a_thread_is_in_the_namespace_of_its_process(#[case] create: Create) -> TestResult {
    unshare(CloneFlags::CLONE_NEWPID)?;
    assert_errno!(create(of(THREAD)), EINVAL);
    assert_no_child();
    Ok(())
}

#[rstest]
#[case::clone(CLONE)]
#[case::clone3(CLONE3)]
/// In the init process of a PID namespace clone and clone3 fail with EINVAL for CLONE_PARENT.
#[harness::test(
    id = "process.clone-sibling-of-init",
    cite = [man("clone.2", "ERRORS", "EINVAL"), man("clone.2", "The flags mask", "CLONE_PARENT")],
    covers = ["errors:process.clone.EINVAL.8", "errors:process.clone3.EINVAL.8"],
    needs = [PIDNS],
    layers = [raw],
)]
fn init_has_no_siblings(#[case] create: Create) -> TestResult {
    let init = kit::process::clone(CLONE_NEWPID, || {
        assert_errno!(create(of(CLONE_PARENT)), EINVAL);
    })?;
    init.join()?;
    assert_no_child();
    Ok(())
}

#[rstest]
#[case::clone(CLONE)]
#[case::clone3(CLONE3)]
/// clone and clone3 fail with EPERM for a process without CAP_SYS_ADMIN and each of CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWNS,
/// CLONE_NEWPID and CLONE_NEWUTS.
#[harness::test(
    id = "process.clone-namespaces-not-permitted",
    cite = [man("clone.2", "ERRORS", "EPERM")],
    covers = ["errors:process.clone.EPERM", "errors:process.clone3.EPERM"],
    layers = [raw],
)]
fn new_namespaces_need_a_capability(#[case] create: Create) -> TestResult {
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        for flag in [CLONE_NEWCGROUP, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS] {
            assert_errno!(create(of(flag)), EPERM);
        }
        assert_no_child();
        Ok(())
    })?;
    child.join()
}

#[rstest]
#[case::clone(CLONE)]
#[case::clone3(CLONE3)]
/// clone and clone3 fail with EPERM for CLONE_NEWUSER if the ids of the caller are not mapped in its user namespace.
#[harness::test(
    id = "process.clone-newuser-unmapped",
    cite = [man("clone.2", "ERRORS", "EPERM")],
    covers = ["errors:process.clone.EPERM.2", "errors:process.clone3.EPERM.2"],
    needs = [PIDNS, USERNS],
    layers = [raw],
)]
fn unmapped_users_have_no_namespaces(#[case] create: Create) -> TestResult {
    unshare(CloneFlags::CLONE_NEWUSER)?;
    assert_errno!(create(of(CLONE_NEWUSER)), EPERM);
    assert_no_child();
    Ok(())
}

#[rstest]
#[case::clone(CLONE)]
#[case::clone3(CLONE3)]
/// clone and clone3 fail with EPERM for CLONE_NEWUSER if the root directory of the caller is not that of its mount namespace.
#[harness::test(
    id = "process.clone-newuser-chroot",
    cite = [man("clone.2", "ERRORS", "EPERM")],
    covers = ["errors:process.clone.EPERM.3", "errors:process.clone3.EPERM.3"],
    needs = [PIDNS, USERNS],
    layers = [raw],
)]
fn a_changed_root_has_no_user_namespaces(#[case] create: Create) -> TestResult {
    let child = fork(|| -> TestResult {
        nix::unistd::chroot(".")?;
        assert_errno!(create(of(CLONE_NEWUSER)), EPERM);
        assert_no_child();
        Ok(())
    })?;
    child.join()
}

/// clone3 fails with EEXIST if a pid in set_tid is that of a process, and with EINVAL if it is not positive, or if there are more pids
/// than nested PID namespaces.
#[harness::test(
    id = "process.clone-set-tid-invalid",
    cite = [man("clone.2", "ERRORS")],
    covers = ["errors:process.clone3.EEXIST", "errors:process.clone3.EINVAL.15", "errors:process.clone3.EINVAL.16"],
    needs = [PIDNS],
    layers = [raw],
)]
fn pids_of_others_are_refused() -> TestResult {
    let with = |pids: &[i32]| {
        let set_tid = pids.as_ptr().expose_provenance() as u64;
        CLONE3(CloneArguments { set_tid, set_tid_size: pids.len() as u64, ..CloneArguments::new(0) })
    };
    for pid in [own_pid(), nix::unistd::getppid().as_raw()] {
        assert_errno!(with(&[pid]), EEXIST);
    }
    for pid in [0, -1, i32::MIN, i32::MAX] {
        assert_errno!(with(&[pid]), EINVAL);
    }
    // The kernel has 32 levels at most: pid_namespaces(7).
    assert_errno!(with(&[20_000; 33]), EINVAL);
    assert_no_child();
    Ok(())
}

/// clone3 fails with EPERM for set_tid in a process without CAP_SYS_ADMIN and CAP_CHECKPOINT_RESTORE.
#[harness::test(
    id = "process.clone-set-tid-not-permitted",
    cite = [man("clone.2", "ERRORS", "EPERM"), man("clone.2", "The set_tid array")],
    covers = ["errors:process.clone3.EPERM.4"],
    layers = [raw],
)]
fn choosing_a_pid_needs_a_capability() -> TestResult {
    let reaped = fork(|| ())?;
    reaped.wait()?;
    let pids = [reaped.pid()];
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let set_tid = pids.as_ptr().expose_provenance() as u64;
        assert_errno!(CLONE3(CloneArguments { set_tid, set_tid_size: 1, ..CloneArguments::new(0) }), EPERM);
        assert_no_child();
        Ok(())
    })?;
    child.join()
}

/// clone3 fails with E2BIG for a structure that is larger than a page, or than what the kernel knows and not 0 there; with EINVAL for one
/// smaller than the first version of 64 bytes; and one of that size, or with zeros behind, is accepted.
#[harness::test(
    id = "process.clone-structure-size",
    cite = [kernel("kernel/fork.c", "copy_clone_args_from_user", "6.18"), man("clone.2", "clone3()")],
    covers = ["errors:process.clone3.E2BIG", "errors:process.clone3.EINVAL.17"],
    layers = [raw],
)]
fn the_structure_may_grow() -> TestResult {
    #[repr(C)]
    struct Page {
        known: CloneArguments,
        unknown: [u64; 512],
    }
    let mut page = Page { known: CloneArguments::new(0), unknown: [0; 512] };
    // SAFETY: fork; the larger structure is there.
    let create = |page: &Page, size| unsafe { clone3(&page.known, size, &|| 7) };
    for size in [0, 63] {
        assert_errno!(create(&page, size), EINVAL);
    }
    assert_errno!(create(&page, page_size() + 1), E2BIG);
    for size in [64, size_of::<CloneArguments>(), 4096] {
        let child = assert_ok!(create(&page, size));
        assert_eq!(waitpid(child, 0), Ok(Some((child, Ended::Exited(7)))));
    }
    page.unknown[400] = 1;
    assert_errno!(create(&page, 4096), E2BIG);
    assert_no_child();
    Ok(())
}

/// clone3 fails with EFAULT if its structure is outside the address space.
#[harness::test(
    id = "process.clone-bad-address",
    cite = [kernel("kernel/fork.c", "copy_clone_args_from_user", "6.18")],
    covers = ["errors:process.clone3.EFAULT"],
)]
fn a_bad_address_is_refused() -> TestResult {
    // SAFETY: the address is outside the address space.
    let created = unsafe { syscall("clone3", Sysno::clone3, [BAD_ADDRESS, size_of::<CloneArguments>(), 0, 0, 0, 0]) };
    assert_errno!(created, EFAULT);
    assert_no_child();
    Ok(())
}

#[rstest]
#[case::signal(CloneArguments { exit_signal: 65, ..of(0) })]
#[case::large_signal(CloneArguments { exit_signal: 1 << 32 | 17, ..of(0) })]
#[case::undefined_flag(CloneArguments { flags: 1 << 62, ..of(0) })]
#[case::signal_in_flags(of(SIGCHLD))]
#[case::signal_of_a_thread(CloneArguments { exit_signal: 17, ..of(THREAD) })]
#[case::signal_of_a_sibling(CloneArguments { exit_signal: 17, ..of(CLONE_PARENT) })]
/// clone3 fails with EINVAL if exit_signal is no signal number, or not 0 with CLONE_THREAD or CLONE_PARENT, and for flags that are
/// undefined, those of a signal number in clone among them.
#[harness::test(
    id = "process.clone3-invalid",
    cite = [kernel("kernel/fork.c", "clone3_args_valid", "6.18")],
    covers = ["errors:process.clone3.EINVAL.18", "errors:process.clone3.EINVAL.19", "errors:process.clone3.EINVAL.20"],
    layers = [raw],
)]
fn undefined_flags_and_signals_are_refused(#[case] arguments: CloneArguments) -> TestResult {
    assert_errno!(CLONE3(arguments), EINVAL);
    assert_no_child();
    Ok(())
}

/// clone3 fails with EINVAL if it is given a stack without a size, or a size without a stack.
#[harness::test(
    id = "process.clone-half-a-stack",
    cite = [kernel("kernel/fork.c", "clone3_stack_valid", "6.18")],
    covers = ["errors:process.clone3.EINVAL.21"],
    layers = [raw],
)]
fn a_stack_has_a_size() -> TestResult {
    let whole = CloneArguments::new(0).on(&mut Stack::new());
    for arguments in [CloneArguments { stack: 0, ..whole }, CloneArguments { stack_size: 0, ..whole }] {
        // SAFETY: fork.
        assert_errno!(unsafe { clone3(&arguments, size_of_val(&arguments), &|| 0) }, EINVAL);
    }
    assert_no_child();
    Ok(())
}

/// clone3 fails with EBADF for CLONE_INTO_CGROUP and a descriptor that is not open, or is not one of a directory of cgroup version 2.
#[harness::test(
    id = "process.clone-no-cgroup",
    cite = [kernel("kernel/cgroup/cgroup.c", "cgroup_css_set_fork", "6.18")],
    covers = ["errors:process.clone3.EBADF"],
    layers = [raw],
)]
fn only_a_cgroup_is_one() -> TestResult {
    /// CLONE_INTO_CGROUP (linux/sched.h).
    const INTO_CGROUP: u64 = 1 << 33;
    let ((reader, _writer), directory) = (pipe()?, open(".", libc::O_RDONLY)?);
    for number in [NOT_OPEN, reader.number(), directory.number()] {
        let cgroup = number as u64;
        assert_errno!(CLONE3(CloneArguments { flags: INTO_CGROUP, cgroup, ..CloneArguments::new(0) }), EBADF);
    }
    assert_no_child();
    Ok(())
}

/// The C library's clone fails with EINVAL if it is given no stack.
#[harness::test(
    id = "process.clone-without-stack",
    cite = [man("clone.2", "ERRORS", "EINVAL"), man("clone.2", "The clone() wrapper function")],
    covers = ["errors:process.clone.EINVAL.15"],
    layers = [libc],
)]
fn the_library_wants_a_stack() -> TestResult {
    // SAFETY: no memory is shared.
    assert_errno!(unsafe { clone_call(&CloneArguments::new(0), &|| 0) }, EINVAL);
    assert_no_child();
    Ok(())
}
