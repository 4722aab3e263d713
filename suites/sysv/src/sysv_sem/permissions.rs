//! Who may do what with a set: by its mode, as owner, creator, group and other.

use super::control_errors::{Command, GET_ALL, GET_GROWTH, GET_PID, GET_VALUE, GET_ZERO, SET_ALL, SET_VALUE, STATUS};
use super::{Operate, SEMOP, SEMTIMEDOP, assert_status, by};
use calls::sysv::{Permissions, SemaphoreStatus, operation};
use harness::need::{IPCNS, SECOND_ID, SECOND_UID};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::{become_user, drop_capabilities};
use kit::sysv::SemaphoreSet;
use libc::IPC_PRIVATE;
use nix::unistd::{getegid, geteuid};

/// Gives the set, which is this process's own, another mode.
fn set_mode(set: &SemaphoreSet, mode: u32) -> Result<()> {
    let own = Permissions { uid: geteuid().as_raw(), gid: getegid().as_raw(), mode };
    by::set_semaphore_permissions(set.id(), own)
}

/// In a child without capabilities.
fn without_capabilities(body: impl FnOnce() -> TestResult) -> TestResult {
    fork(|| -> TestResult {
        drop_capabilities()?;
        body()
    })?
    .join()
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-sem.read-denied/getval", "errors:sysv-sem.semctl.EACCES", GET_VALUE),
        ("sysv-sem.read-denied/getpid", "errors:sysv-sem.semctl.EACCES", GET_PID),
        ("sysv-sem.read-denied/getncnt", "errors:sysv-sem.semctl.EACCES", GET_GROWTH),
        ("sysv-sem.read-denied/getzcnt", "errors:sysv-sem.semctl.EACCES", GET_ZERO),
        ("sysv-sem.read-denied/getall", "errors:sysv-sem.semctl.EACCES", GET_ALL),
        ("sysv-sem.read-denied/ipc-stat", "errors:sysv-sem.semctl.EACCES", STATUS),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_command_needs_read_permission(command: Command) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    without_capabilities(|| {
        set_mode(&set, 0o277)?;
        assert_errno!(command(set.id()), EACCES);
        set_mode(&set, 0o400)?;
        assert_eq!(command(set.id()), Ok(()));
        Ok(())
    })
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-sem.alter-denied/setval", "errors:sysv-sem.semctl.EACCES", SET_VALUE),
        ("sysv-sem.alter-denied/setall", "errors:sysv-sem.semctl.EACCES", SET_ALL),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_command_needs_alter_permission(command: Command) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[7])?;
    without_capabilities(|| {
        set_mode(&set, 0o477)?;
        assert_errno!(command(set.id()), EACCES);
        assert_eq!(set.values(), Ok([7]));
        set_mode(&set, 0o200)?;
        assert_eq!(command(set.id()), Ok(()));
        set_mode(&set, 0o400)?;
        assert_eq!(set.values(), Ok([1]));
        Ok(())
    })
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-sem.operation-denied/semop", "errors:sysv-sem.semop.EACCES", SEMOP),
        ("sysv-sem.operation-denied/semtimedop", "errors:sysv-sem.semtimedop.EACCES", SEMTIMEDOP),
    ],
    covers = ["behaviours:sysvsem.read-for-zero-alter-for-change"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_operation_needs_its_permission(operate: Operate) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    let id = set.id();
    without_capabilities(|| {
        set_mode(&set, 0o477)?;
        assert_errno!(operate(id, &mut [operation(0, 1, 0)]), EACCES);
        assert_errno!(operate(id, &mut [operation(0, -1, 0)]), EACCES);
        assert_eq!(operate(id, &mut [operation(0, 0, 0)]), Ok(()));
        assert_eq!(last_operator(id, 0), Ok(own_pid()));
        set_mode(&set, 0o277)?;
        assert_errno!(operate(id, &mut [operation(0, 0, 0)]), EACCES);
        assert_eq!(operate(id, &mut [operation(0, 1, 0)]), Ok(()));
        assert_eq!(operate(id, &mut [operation(0, 3, 0), operation(0, -1, 0)]), Ok(()));
        set_mode(&set, 0o400)?;
        assert_eq!(set.values(), Ok([3]));
        Ok(())
    })
}

/// A semop that waits for zero and changes a value in one array needs alter permission only. semop(2) asks for read permission too.
#[harness::test(
    id = "sysv-sem.mixed-array-permission",
    cite = [kernel("ipc/sem.c", "__do_semtimedop", "6.18")],
    covers = ["behaviours:sysvsem.mixed-array-alter-only"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_array_that_changes_needs_alter_permission_alone() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[0])?;
    without_capabilities(|| {
        set_mode(&set, 0o400)?;
        assert_errno!(semop(set.id(), &mut [operation(0, 0, 0), operation(0, 1, 0)]), EACCES);
        set_mode(&set, 0o200)?;
        assert_eq!(semop(set.id(), &mut [operation(0, 0, 0), operation(0, 1, 0)]), Ok(()));
        set_mode(&set, 0o400)?;
        assert_eq!(set.values(), Ok([1]));
        Ok(())
    })
}

/// IPC_SET and IPC_RMID of the owner need no permission by the mode of a set.
#[harness::test(
    id = "sysv-sem.owner-controls",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "IPC_SET"),
        posix("semctl.3p", "DESCRIPTION", "IPC_RMID"),
        man("semctl.2", "DESCRIPTION", "IPC_SET"),
        man("semctl.2", "DESCRIPTION", "IPC_RMID"),
    ],
    covers = ["behaviours:sysvsem.control-by-owner"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_owner_controls_whatever_the_mode() -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[1])?;
    let before = set.status()?;
    without_capabilities(|| {
        set_mode(&set, 0)?;
        assert_errno!(set.status(), EACCES);
        let readable = Permissions { mode: 0o400, ..before.permissions() };
        assert_eq!(set_semaphore_permissions(set.id(), readable), Ok(()));
        assert_status(&set, SemaphoreStatus { mode: 0o400, ..before })?;
        set_mode(&set, 0)?;
        assert_eq!(set.remove(), Ok(()));
        assert_errno!(set.status(), EINVAL);
        Ok(())
    })
}

/// CAP_IPC_OWNER in the user namespace that owns the IPC namespace makes up for any permission.
#[harness::test(
    id = "sysv-sem.cap-ipc-owner",
    cite = [
        man("capabilities.7", "Capabilities list", "CAP_IPC_OWNER"),
        man("semop.2", "ERRORS", "EACCES"),
        man("semctl.2", "ERRORS", "EACCES"),
    ],
    covers = ["behaviours:sysvsem.cap-ipc-owner"],
    needs = [SYSV, IPCNS],
    layers = [libc, raw],
)]
fn a_capability_makes_up_for_permissions() -> TestResult {
    let set = SemaphoreSet::unset(IPC_PRIVATE, 1)?;
    set_mode(&set, 0)?;
    let before = set.status()?;
    assert_eq!((set.status(), before.mode), (Ok(before), 0));
    assert_eq!(semop(set.id(), &mut [operation(0, 0, 0)]), Ok(()));
    assert_eq!(last_operator(set.id(), 0), Ok(own_pid()));
    assert_eq!(semop(set.id(), &mut [operation(0, 3, 0)]), Ok(()));
    assert_eq!(set.values(), Ok([3]));
    assert_eq!(set_semaphore_value(set.id(), 0, 4), Ok(()));
    assert_eq!(all_semaphores(set.id()), Ok(vec![4]));
    without_capabilities(|| {
        assert_errno!(semop(set.id(), &mut [operation(0, 1, 0)]), EACCES);
        assert_errno!(set.status(), EACCES);
        Ok(())
    })
}

/// The ids of a set's owner, of the process that uses it, and how far the bits are from those of the user that count for it.
struct Class {
    owner: (u32, u32),
    user: (u32, u32),
    shift: u32,
}

const NOBODY: u32 = SECOND_ID;

#[rstest]
#[case::owner(Class { owner: (NOBODY, 0), user: (NOBODY, NOBODY), shift: 0 })]
#[case::creator(Class { owner: (NOBODY, NOBODY), user: (0, 0), shift: 0 })]
#[case::group_of_owner(Class { owner: (0, NOBODY), user: (NOBODY, NOBODY), shift: 3 })]
#[case::group_of_creator(Class { owner: (0, NOBODY), user: (NOBODY, 0), shift: 3 })]
#[case::other(Class { owner: (0, 0), user: (NOBODY, NOBODY), shift: 6 })]
/// Owner and creator have the permissions of the user, the owner's group and the creator's those of the group, and all others those of
/// others. The first that fits decides: what the other bits allow does not help.
#[harness::test(
    id = "sysv-sem.permission-class",
    cite = [posix("XSH", "2.7.1 IPC General Description"), man("semctl.2", "DESCRIPTION", "sem_perm")],
    covers = ["behaviours:sysvsem.permission-classes"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn the_class_of_a_process_decides(#[case] class: Class) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[5])?;
    let Class { owner: (uid, gid), user, shift } = class;
    let with_mode = |mode, check: &dyn Fn()| -> TestResult {
        set_semaphore_permissions(set.id(), Permissions { uid, gid, mode })?;
        fork(|| -> TestResult {
            become_one_of(user)?;
            check();
            Ok(())
        })?
        .join()
    };
    with_mode(0o400 >> shift, &|| {
        assert_eq!(semaphore_value(set.id(), 0), Ok(5));
        assert_errno!(set_semaphore_value(set.id(), 0, 6), EACCES);
    })?;
    with_mode(0o777 & !(0o400 >> shift), &|| {
        assert_errno!(semaphore_value(set.id(), 0), EACCES);
        assert_eq!(set_semaphore_value(set.id(), 0, 6), Ok(()));
    })?;
    with_mode(0o777 & !(0o200 >> shift), &|| {
        assert_eq!(semaphore_value(set.id(), 0), Ok(6));
        assert_errno!(set_semaphore_value(set.id(), 0, 7), EACCES);
    })?;
    assert_eq!(set.values(), Ok([6]));
    Ok(())
}

/// Makes this process a user, and a group, without others and without capabilities.
fn become_one_of((user, group): (u32, u32)) -> TestResult {
    become_user(user, group)?;
    drop_capabilities()
}

#[rstest]
#[case::owner(NOBODY)]
#[case::creator(0)]
/// The owner of a set and its creator, when they are different users, may both change its permissions by IPC_SET, and remove it.
#[harness::test(
    id = "sysv-sem.owner-and-creator-control",
    cite = [
        posix("semctl.3p", "DESCRIPTION", "IPC_SET"),
        posix("semctl.3p", "DESCRIPTION", "IPC_RMID"),
        man("semctl.2", "ERRORS", "EPERM"),
    ],
    covers = ["behaviours:sysvsem.control-by-owner"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn owner_and_creator_control_a_set(#[case] user: u32) -> TestResult {
    let set = SemaphoreSet::new(IPC_PRIVATE, &[5])?;
    let owned = Permissions { uid: NOBODY, gid: NOBODY, mode: 0o400 };
    set_semaphore_permissions(set.id(), owned)?;
    let before = set.status()?;
    let child = fork(|| -> TestResult {
        become_one_of((user, user))?;
        assert_eq!(set_semaphore_permissions(set.id(), Permissions { mode: 0o600, ..owned }), Ok(()));
        assert_status(&set, SemaphoreStatus { mode: 0o600, ..before })?;
        assert_eq!(set.remove(), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_errno!(set.status(), EINVAL);
    Ok(())
}
