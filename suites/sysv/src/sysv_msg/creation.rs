//! What a new queue is like.

use calls::sysv::QueueStatus;
use harness::need::{SECOND_ID, SECOND_UID};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{Queue, clock, unused_key};
use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, IPC_PRIVATE};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{getegid, geteuid, setegid, seteuid};

/// What a new queue of this process is like, but for the time.
fn new(key: i32, mode: u32, qbytes: u64) -> QueueStatus {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    QueueStatus {
        key,
        uid,
        gid,
        cuid: uid,
        cgid: gid,
        mode,
        qnum: 0,
        cbytes: 0,
        qbytes,
        lspid: 0,
        lrpid: 0,
        stime: 0,
        rtime: 0,
        ctime: 0,
    }
}

/// A new queue belongs to its creator, has the low nine bits of msgflg as its mode, whatever the umask, and kernel.msgmnb as msg_qbytes; its
/// ctime is the present, and message count, bytes, pids and other times are 0.
#[harness::test(
    id = "sysv-msg.new",
    cite = [posix("msgget.3p", "DESCRIPTION"), man("msgget.2", "DESCRIPTION")],
    covers = [
        "behaviours:sysvmsg.init-zero-fields", "behaviours:sysvmsg.init-mode-9-bits", "behaviours:sysvmsg.init-ctime",
        "behaviours:sysvmsg.init-owner", "behaviours:sysvmsg.stat-fields",
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_new_queue_is_empty() -> TestResult {
    let qbytes = kit::setting::number("kernel/msgmnb")? as u64;
    umask(Mode::from_bits_retain(0o777));
    for (key, mode, more) in
        [(unused_key()?, 0o777, 0), (unused_key()?, 0o462, IPC_NOWAIT), (IPC_PRIVATE, 0o640, IPC_EXCL)]
    {
        let before = clock()?;
        let flags = IPC_CREAT | IPC_EXCL | more | mode as i32;
        let queue = Queue::adopt(assert_ok!(msgget(key, flags)), key);
        let status = assert_ok!(queue.status());
        assert_eq!(status, QueueStatus { ctime: status.ctime, ..new(key, mode, qbytes) });
        assert!((before..=clock()?).contains(&status.ctime), "ctime is {}, made at {before}", status.ctime);
    }
    Ok(())
}

/// A new queue belongs to the effective user and the effective group of the process that makes it, where the real ones are others.
#[harness::test(
    id = "sysv-msg.effective-ids",
    cite = [posix("msgget.3p", "DESCRIPTION"), man("msgget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvmsg.init-owner"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn a_new_queue_belongs_to_the_effective_ids() -> TestResult {
    let child = fork(|| -> TestResult {
        setegid(SECOND_ID.into())?;
        seteuid(SECOND_ID.into())?;
        let queue = Queue::adopt(assert_ok!(msgget(IPC_PRIVATE, 0o600)), IPC_PRIVATE);
        let status = assert_ok!(queue.status());
        assert_eq!(status.undated(), new(IPC_PRIVATE, 0o600, status.qbytes));
        assert_eq!((status.uid, status.gid), (SECOND_ID, SECOND_ID));
        Ok(())
    })?;
    child.join()
}
