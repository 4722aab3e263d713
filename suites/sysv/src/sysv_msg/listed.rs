//! /proc/sysvipc/msg.

use super::send;
use calls::sysv::{Message, Permissions, QueueStatus};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::sysv::{Queue, unused_key};
use libc::IPC_PRIVATE;

/// The columns of the file, in their order.
const COLUMNS: &str = "key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid stime rtime ctime";

/// What the file has of the queue of this identifier, with a msg_qbytes that it does not list; none where it has no line.
fn listed(id: i32, qbytes: u64) -> TestResult<Option<QueueStatus>> {
    let text = std::fs::read_to_string("/proc/sysvipc/msg")?;
    let mut lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(lines.next().unwrap_or_default().join(" "), COLUMNS);
    let Some(line) = lines.find(|line| line.get(1) == Some(&&*id.to_string())) else { return Ok(None) };
    let [key, _, perms, cbytes, qnum, lspid, lrpid, uid, gid, cuid, cgid, stime, rtime, ctime] = line[..] else {
        return Err(Stop::broken(format!("a line has {} columns", line.len())));
    };
    Ok(Some(QueueStatus {
        key: key.parse()?,
        uid: uid.parse()?,
        gid: gid.parse()?,
        cuid: cuid.parse()?,
        cgid: cgid.parse()?,
        mode: u32::from_str_radix(perms, 8)?,
        qnum: qnum.parse()?,
        cbytes: cbytes.parse()?,
        qbytes,
        lspid: lspid.parse()?,
        lrpid: lrpid.parse()?,
        stime: stime.parse()?,
        rtime: rtime.parse()?,
        ctime: ctime.parse()?,
    }))
}

/// /proc/sysvipc/msg lists each queue with what IPC_STAT tells but for msg_qbytes, new, after it was used and after it was changed, to a
/// process without read permission too, and no longer once it is removed.
#[harness::test(
    id = "sysv-msg.proc-sysvipc",
    cite = [man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/"), man("msgctl.2", "DESCRIPTION", "MSG_STAT_ANY")],
    covers = ["behaviours:sysvmsg.proc-sysvipc-msg"],
    needs = [SYSV],
)]
fn proc_lists_what_ipc_stat_tells() -> TestResult {
    let queues = [Queue::new(unused_key()?)?, Queue::new(IPC_PRIVATE)?];
    let same = || -> TestResult {
        for queue in &queues {
            let status = queue.status()?;
            let listed = listed(queue.id(), status.qbytes)?;
            assert_eq!(listed, Some(status));
        }
        Ok(())
    };
    same()?;
    send(&queues[0], &[Message::new(1, "12345"), Message::new(2, "123"), Message::new(2, "")])?;
    fork(|| assert_eq!(msgrcv(queues[0].id(), 9, 0, 0), Ok(Message::new(1, "12345"))))?.join()?;
    same()?;
    let changed = Permissions { mode: 0o641, ..queues[1].status()?.permissions() };
    queues[1].set(changed, 1)?;
    same()?;
    let status = queues[0].status()?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        queues[0].set(Permissions { mode: 0, ..status.permissions() }, status.qbytes)?;
        assert_errno!(queues[0].status(), EACCES);
        let hidden = listed(queues[0].id(), status.qbytes)?.map(|status| status.undated());
        assert_eq!(hidden, Some(QueueStatus { mode: 0, ..status }.undated()));
        Ok(())
    })?;
    child.join()?;
    queues[0].remove()?;
    let removed = listed(queues[0].id(), status.qbytes)?;
    assert_eq!(removed, None);
    Ok(())
}
