//! Who may do what with a queue: each class of users by its own bits of the mode, for each call.

use super::{ROOM, drain, send};
use calls::sysv::{MSG_STAT_ANY, Message, Permissions, QueueStatus};
use harness::need::{IPCNS, SECOND_ID, SECOND_UID};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use kit::sysv::{Queue, unused_key};
use libc::{IPC_CREAT, IPC_NOWAIT, MSG_STAT};

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;

/// Those whom one digit of the mode is for.
#[derive(Clone, Copy)]
struct Class {
    /// By how many bits its digit is shifted.
    shift: u32,
    /// Makes the queue, and gives it to whom it is to belong; the permissions then.
    make: fn() -> TestResult<(Queue, Permissions)>,
    /// Makes a process one of the class.
    join: fn() -> TestResult,
}

/// A queue that this process makes, and then gives to this user and group.
fn given_to(uid: u32, gid: u32) -> TestResult<(Queue, Permissions)> {
    let queue = Queue::new(unused_key()?)?;
    let permissions = Permissions { uid, gid, ..queue.status()?.permissions() };
    Ok((queue, permissions))
}

fn own() -> TestResult<(Queue, Permissions)> {
    let queue = Queue::new(unused_key()?)?;
    let permissions = queue.status()?.permissions();
    Ok((queue, permissions))
}

const OWNER_AND_CREATOR: Class = Class { shift: 6, make: own, join: drop_capabilities };
const CREATOR: Class = Class { shift: 6, make: || given_to(SECOND_ID, SECOND_ID), join: drop_capabilities };
const OWNER: Class = Class { shift: 6, make: || given_to(SECOND_ID, 0), join: become_second_user };
const GROUP: Class = Class { shift: 3, make: || given_to(0, SECOND_ID), join: become_second_user };
const CREATORS_GROUP: Class = Class {
    shift: 3,
    make: || {
        let own = nix::unistd::getegid();
        nix::unistd::setegid(SECOND_ID.into())?;
        let made = given_to(0, 0)?;
        nix::unistd::setegid(own)?;
        Ok(made)
    },
    join: become_second_user,
};
const OTHERS: Class = Class { shift: 0, make: own, join: become_second_user };

/// What the queue holds before a process tries its rights, and what that sends.
fn text(text: &str) -> Message {
    Message::new(1, text)
}

/// Asserts of a queue that has this status and holds one message that the calls that need a permission succeed with it, and fail with
/// EACCES without.
fn check_access(queue: &Queue, bits: u32, index: i32, expected: QueueStatus) {
    use calls::for_layers::libc_raw::{msgget, msgrcv, msgsnd, queue_status, queue_status_at};
    let (id, key) = (queue.id(), queue.key());
    let undated = |status: Result<(i32, QueueStatus)>| status.map(|(id, status)| (id, status.undated()));
    let told = Ok((id, expected.undated()));
    assert_eq!(undated(queue_status_at(index, MSG_STAT_ANY)), told);
    if bits & READ != 0 {
        assert_eq!(undated(queue_status(id).map(|status| (id, status))), told);
        assert_eq!(undated(queue_status_at(index, MSG_STAT)), told);
        assert_eq!(msgget(key, 0o444), Ok(id));
        assert_eq!(msgrcv(id, ROOM, 0, IPC_NOWAIT), Ok(text("there")));
    } else {
        assert_errno!(msgrcv(id, ROOM, 0, IPC_NOWAIT), EACCES);
        assert_errno!(queue_status(id), EACCES);
        assert_errno!(queue_status_at(index, MSG_STAT), EACCES);
        assert_errno!(msgget(key, 0o400), EACCES);
        assert_errno!(msgget(key, IPC_CREAT | 0o040), EACCES);
    }
    if bits & WRITE != 0 {
        assert_eq!(msgsnd(id, &text("sent"), IPC_NOWAIT), Ok(()));
        assert_eq!(msgget(key, 0o222), Ok(id));
    } else {
        assert_errno!(msgsnd(id, &text("sent"), IPC_NOWAIT), EACCES);
        assert_errno!(msgget(key, 0o200), EACCES);
        assert_errno!(msgget(key, 0o006), EACCES);
    }
    assert_eq!(msgget(key, 0), Ok(id));
}

/// What such a queue then holds.
fn left(bits: u32) -> Vec<Message> {
    let there = (bits & READ == 0).then(|| text("there"));
    there.into_iter().chain((bits & WRITE != 0).then(|| text("sent"))).collect()
}

/// The index by which MSG_STAT finds a queue.
fn index_of(queue: &Queue) -> TestResult<i32> {
    use calls::for_layers::libc_raw::{queue_limits, queue_status_at};
    let (highest, _) = queue_limits()?;
    let found = (0..=highest).find(|index| queue_status_at(*index, MSG_STAT_ANY).is_ok_and(|(id, _)| id == queue.id()));
    found.ok_or_else(|| Stop::broken("MSG_STAT_ANY finds no queue of this identifier"))
}

fn the_class_has_its_own_bits(class: Class) -> TestResult {
    let (queue, permissions) = (class.make)()?;
    let (index, bytes) = (index_of(&queue)?, queue.status()?.qbytes);
    for bits in [READ | WRITE, READ, WRITE, 0] {
        send(&queue, &[text("there")])?;
        // All others have what the class has not.
        let mode = (0o666 & !((0o7 << class.shift) | (bits * 0o111))) | (bits << class.shift);
        let permissions = Permissions { mode, ..permissions };
        let expected = queue.status()?.with(permissions);
        queue.set(permissions, bytes)?;
        let child = fork(|| -> TestResult {
            (class.join)()?;
            check_access(&queue, bits, index, expected);
            Ok(())
        })?;
        child.join()?;
        queue.set(Permissions { mode: 0o600, ..permissions }, bytes)?;
        assert_eq!(drain(&queue), Ok(left(bits)));
    }
    Ok(())
}

/// The owner of a queue, without privileges, has the user bits of its mode alone: it needs read permission to receive, for IPC_STAT and
/// for MSG_STAT, write permission to send, and for msgget what that asks for; MSG_STAT_ANY needs none.
#[harness::test(
    id = "sysv-msg.owner-access",
    cite = [
        man("msgop.2", "DESCRIPTION"),
        man("msgctl.2", "DESCRIPTION", "MSG_STAT_ANY"),
        man("msgget.2", "ERRORS", "EACCES"),
        posix("XSH", "2.7.1 IPC General Description"),
    ],
    covers = [
        "behaviours:sysvmsg.write-perm-send", "behaviours:sysvmsg.perm-check-on-get", "behaviours:sysvmsg.msg-stat-any",
        "errors:sysv-msg.msgget.EACCES", "errors:sysv-msg.msgsnd.EACCES", "errors:sysv-msg.msgrcv.EACCES",
        "errors:sysv-msg.msgctl.EACCES",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_owner_needs_permission() -> TestResult {
    the_class_has_its_own_bits(OWNER_AND_CREATOR)
}

#[rstest]
#[case::creator(CREATOR)]
#[case::owner(OWNER)]
#[case::group(GROUP)]
#[case::creators_group(CREATORS_GROUP)]
#[case::others(OTHERS)]
/// The user bits of a queue's mode are for its owner and its creator, the group bits for others in the owner's or the creator's group,
/// and the other bits for all others: to receive and to send each needs the bit of its own class.
#[harness::test(
    id = "sysv-msg.permission-classes",
    cite = [posix("XSH", "2.7.1 IPC General Description"), man("msgop.2", "DESCRIPTION"), man("msgctl.2", "DESCRIPTION")],
    covers = [
        "behaviours:sysvmsg.permission-classes", "behaviours:sysvmsg.write-perm-send", "behaviours:sysvmsg.perm-check-on-get",
        "behaviours:sysvmsg.set-owner-keeps-creator", "notes:msg.write-permission", "notes:msg.read-permission",
        "errors:sysv-msg.msgget.EACCES", "errors:sysv-msg.msgsnd.EACCES", "errors:sysv-msg.msgrcv.EACCES",
        "errors:sysv-msg.msgctl.EACCES",
    ],
    needs = [SYSV, SECOND_UID],
)]
fn each_class_has_its_own_bits(#[case] class: Class) -> TestResult {
    the_class_has_its_own_bits(class)
}

/// A process with CAP_IPC_OWNER can do all of this with a queue whose mode is 0.
#[harness::test(
    id = "sysv-msg.cap-ipc-owner",
    cite = [man("msgop.2", "ERRORS", "EACCES"), man("capabilities.7", "DESCRIPTION", "CAP_IPC_OWNER")],
    covers = ["behaviours:sysvmsg.cap-ipc-owner"],
    needs = [SYSV, IPCNS],
)]
fn a_privileged_process_needs_no_permission() -> TestResult {
    let (queue, permissions) = own()?;
    send(&queue, &[text("there")])?;
    let (index, before, none) = (index_of(&queue)?, queue.status()?, Permissions { mode: 0, ..permissions });
    queue.set(none, before.qbytes)?;
    check_access(&queue, READ | WRITE, index, before.with(none));
    assert_eq!(drain(&queue), Ok(left(READ | WRITE)));
    Ok(())
}

/// The execute bits of a queue's mode have no meaning: with them alone a process can neither receive nor send, and without them it can
/// do both.
#[harness::test(
    id = "sysv-msg.execute-bits",
    cite = [man("msgctl.2", "DESCRIPTION"), man("msgget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvmsg.exec-bits-unused"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn execute_bits_have_no_meaning() -> TestResult {
    let (queue, permissions) = own()?;
    let index = index_of(&queue)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        for (mode, bits) in [(0o111, 0), (0o600, READ | WRITE), (0o700, READ | WRITE)] {
            let mode = Permissions { mode, ..permissions };
            send(&queue, &[text("there")])?;
            let expected = queue.status()?.with(mode);
            queue.set(mode, expected.qbytes)?;
            check_access(&queue, bits, index, expected);
            queue.set(permissions, expected.qbytes)?;
            assert_eq!(drain(&queue), Ok(left(bits)));
        }
        let bytes = queue.status()?.qbytes;
        for mode in [0o700, 0o600] {
            queue.set(Permissions { mode, ..permissions }, bytes)?;
            let asked = msgget(queue.key(), 0o100).map_err(|error| error.errno);
            observe(&format!("msgget with 0100 of mode {mode:04o}"), if asked.is_ok() { "succeeds" } else { "fails" });
        }
        Ok(())
    })?;
    child.join()
}
