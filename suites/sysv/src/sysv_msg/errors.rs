//! Arguments that the calls refuse, and what stays as it was.

use super::{ROOM, drain, send};
use calls::for_layers::libc_raw::{msgrcv, msgsnd, queue_status, remove_queue, set_queue_permissions};
use calls::sysv::Message;
use harness::raw::{Argument as _, arguments};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::Queue;
use libc::{IPC_NOWAIT, IPC_PRIVATE, IPC_SET, IPC_STAT};

/// A call on the queue of this identifier.
type On = fn(i32) -> Result<()>;

const MSGSND: On = |id| msgsnd(id, &Message::new(1, "text"), IPC_NOWAIT);
const MSGRCV: On = |id| msgrcv(id, ROOM, 0, IPC_NOWAIT).map(drop);
const STAT: On = |id| queue_status(id).map(drop);
const SET: On = |id| set_queue_permissions(id, calls::sysv::Permissions { uid: 0, gid: 0, mode: 0o666 });
const REMOVE: On = remove_queue;

#[harness::errors(
    family = "invalid-id",
    rows = [
        ("sysv-msg.no-such-queue/msgsnd", "errors:sysv-msg.msgsnd.EINVAL", MSGSND),
        ("sysv-msg.no-such-queue/msgrcv", "errors:sysv-msg.msgrcv.EINVAL", MSGRCV),
        ("sysv-msg.no-such-queue/ipc-stat", "errors:sysv-msg.msgctl.EINVAL.2", STAT),
        ("sysv-msg.no-such-queue/ipc-set", "errors:sysv-msg.msgctl.EINVAL.2", SET),
        ("sysv-msg.no-such-queue/ipc-rmid", "errors:sysv-msg.msgctl.EINVAL.2", REMOVE),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_identifier_of_no_queue_is_refused(on: On) -> TestResult {
    let (removed, queue) = (Queue::new(IPC_PRIVATE)?, Queue::new(IPC_PRIVATE)?);
    send(&queue, &[Message::new(1, "text")])?;
    let before = queue.status()?;
    removed.remove()?;
    for id in [removed.id(), -1, i32::MIN] {
        assert_errno!(on(id), EINVAL);
    }
    assert_eq!(queue.status(), Ok(before));
    Ok(())
}

#[harness::errors(
    family = "invalid-command",
    rows = [("sysv-msg.no-such-command", "errors:sysv-msg.msgctl.EINVAL", 9999)],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_unknown_command_is_refused(unknown: i32) -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let before = queue.status()?;
    for command in [unknown, -1, 0x7fff_0000] {
        assert_errno!(control_queue(queue.id(), command), EINVAL);
        assert_eq!(queue.status(), Ok(before));
    }
    Ok(())
}

/// A type, and room for a text, as msgsnd and msgrcv have it: struct msgbuf (sys/msg.h).
type Buffer = [u64; 3];

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("sysv-msg.negative-size/msgsnd", "errors:sysv-msg.msgsnd.EINVAL.3", ("msgsnd", Sysno::msgsnd)),
        ("sysv-msg.negative-size/msgrcv", "errors:sysv-msg.msgrcv.EINVAL.2", ("msgrcv", Sysno::msgrcv)),
    ],
    needs = [SYSV],
)]
fn a_negative_size_is_refused(call: (&'static str, Sysno)) -> TestResult {
    let (name, number) = call;
    let queue = Queue::new(IPC_PRIVATE)?;
    let message = Message::new(1, "text");
    send(&queue, std::slice::from_ref(&message))?;
    let before = queue.status()?;
    let mut buffer: Buffer = [1, 0, 0];
    // The type comes before the flags, for msgrcv alone.
    let flags = if number == Sysno::msgsnd { [IPC_NOWAIT, 0] } else { [0, IPC_NOWAIT] };
    for size in [-1, isize::MIN] {
        let call = [
            queue.id().register(),
            buffer.as_mut_ptr().register(),
            size as usize,
            flags[0].register(),
            flags[1].register(),
        ];
        // SAFETY: nothing is written, or the text of four bytes.
        let refused = unsafe { syscall(name, number, arguments(call)) };
        assert_errno!(refused, EINVAL);
    }
    assert_eq!(queue.status(), Ok(before));
    assert_eq!(drain(&queue), Ok(vec![message]));
    Ok(())
}

/// A call with a bad address.
struct Bad {
    name: &'static str,
    number: Sysno,
    arguments: fn(i32) -> [usize; 6],
}

const BAD_MSGSND: Bad =
    Bad { name: "msgsnd", number: Sysno::msgsnd, arguments: |id| arguments([id as usize, BAD_ADDRESS, 4, 0]) };
const BAD_IPC_STAT: Bad = Bad {
    name: "msgctl",
    number: Sysno::msgctl,
    arguments: |id| arguments([id as usize, IPC_STAT as usize, BAD_ADDRESS]),
};
const BAD_IPC_SET: Bad = Bad {
    name: "msgctl",
    number: Sysno::msgctl,
    arguments: |id| arguments([id as usize, IPC_SET as usize, BAD_ADDRESS]),
};

#[harness::errors(
    family = "bad-address",
    rows = [
        ("sysv-msg.bad-address/msgsnd", "errors:sysv-msg.msgsnd.EFAULT", BAD_MSGSND),
        ("sysv-msg.bad-address/ipc-stat", "errors:sysv-msg.msgctl.EFAULT", BAD_IPC_STAT),
        ("sysv-msg.bad-address/ipc-set", "errors:sysv-msg.msgctl.EFAULT", BAD_IPC_SET),
    ],
    needs = [SYSV],
)]
fn a_bad_address_is_refused(bad: Bad) -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    send(&queue, &[Message::new(1, "text")])?;
    let before = queue.status()?;
    // SAFETY: the kernel refuses the address.
    let refused = unsafe { syscall(bad.name, bad.number, (bad.arguments)(queue.id())) };
    assert_errno!(refused, EFAULT);
    assert_eq!(queue.status(), Ok(before));
    assert_eq!(drain(&queue), Ok(vec![Message::new(1, "text")]));
    Ok(())
}

/// msgrcv fails with EFAULT if its buffer is outside the address space; whether the message stays is left open, one of another type does.
#[harness::test(
    id = "sysv-msg.receive-bad-address",
    cite = [man("msgop.2", "ERRORS", "EFAULT")],
    covers = ["errors:sysv-msg.msgrcv.EFAULT"],
    needs = [SYSV],
)]
fn msgrcv_refuses_a_bad_address() -> TestResult {
    let queue = Queue::new(IPC_PRIVATE)?;
    let [other, taken] = [Message::new(1, "other"), Message::new(2, "text")];
    send(&queue, &[other.clone(), taken.clone()])?;
    let call = [queue.id().register(), BAD_ADDRESS, taken.text.len(), taken.kind.register(), IPC_NOWAIT.register()];
    // SAFETY: the kernel refuses the address.
    let refused = unsafe { syscall("msgrcv", Sysno::msgrcv, arguments(call)) };
    assert_errno!(refused, EFAULT);
    let left = assert_ok!(drain(&queue));
    observe("the message that msgrcv could not copy", if left.contains(&taken) { "stays" } else { "is lost" });
    assert!(left == [other.clone()] || left == [other, taken], "{left:?} is left");
    Ok(())
}
