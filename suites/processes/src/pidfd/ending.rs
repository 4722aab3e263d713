//! The end of a process, as a pidfd shows it.

use super::NONBLOCK;
use crate::wait::change;
use calls::for_layers::libc_raw::waitid;
use calls::waiting::{Change, Selector};
use harness::need::PIDNS;
use harness::raw::{Argument as _, arguments};
use kit::prelude::*;
use libc::{CLD_EXITED, CLD_KILLED, POLLIN, SIGCHLD, SIGKILL, WEXITED, WNOHANG, WNOWAIT};

/// poll(2) for POLLIN: how many descriptors are ready, and what revents says. A timeout of -1 is none.
pub(super) fn polled(pidfd: &Fd, timeout: i32) -> Result<(i64, i16)> {
    let mut polled = libc::pollfd { fd: pidfd.number(), events: POLLIN, revents: 0 };
    // SAFETY: one entry, which outlives the call.
    let ready = calls::returned("poll", unsafe { libc::poll(&mut polled, 1, timeout) }.into())?;
    Ok((ready, polled.revents))
}

/// waitid(2) with P_PIDFD.
pub(super) fn wait_by(pidfd: &Fd, options: i32) -> Result<Option<Change>> {
    pidfd.lend(|pidfd| waitid(Selector::PidFd(pidfd), options))
}

#[rstest]
#[case::by_exit(|| -> TestResult { exit(7) })]
#[case::by_sigkill(kill_self)]
/// poll reports a pidfd as readable when its process has ended, though nobody has waited for it, and not before: each of two processes
/// that are blocked in poll is woken.
#[harness::test(
    id = "pidfd.readable-at-end",
    cite = [man("pidfd_open.2", "Use cases for PID file descriptors")],
    covers = ["behaviours:pidfd.poll-on-exit"],
    layers = [raw],
)]
fn a_pidfd_is_readable_when_its_process_has_ended(#[case] end: fn() -> TestResult) -> TestResult {
    let go_on = Latch::new()?;
    let child = fork(|| {
        go_on.wait_for(1);
        end()
    })?;
    let pidfd = pidfd_open(child.pid(), 0)?;
    assert_eq!(polled(&pidfd, 0), Ok((0, 0)));
    let watchers = [
        fork(|| assert_eq!(polled(&pidfd, -1), Ok((1, POLLIN))))?,
        fork(|| assert_eq!(polled(&pidfd, -1), Ok((1, POLLIN))))?,
    ];
    for watcher in &watchers {
        watcher.wait_until_blocked_in(calls::POLL)?;
    }
    assert_eq!(polled(&pidfd, 0), Ok((0, 0)));
    go_on.arrive();
    watchers.into_iter().try_for_each(Child::join)?;
    assert_eq!(harness::process_state::state(child.pid()), Some('Z'));
    assert_eq!(polled(&pidfd, 0), Ok((1, POLLIN)));
    child.wait().map(drop)
}

/// A pidfd cannot be read or written, neither while its process runs nor when it has ended: both fail with EINVAL.
#[harness::test(
    id = "pidfd.no-reading",
    cite = [man("pidfd_open.2", "Use cases for PID file descriptors")],
    covers = ["behaviours:pidfd.no-io"],
    layers = [raw],
)]
fn a_pidfd_is_not_read() -> TestResult {
    let child = holder(|| Ok(()))?;
    let pidfd = pidfd_open(child.pid(), 0)?;
    assert_errno!(read(&pidfd, &mut [0; 8]), EINVAL);
    child.signal(Signal(SIGKILL))?;
    child.wait_until_zombie();
    assert_errno!(read(&pidfd, &mut [0; 8]), EINVAL);
    Ok(())
}

#[rstest]
#[case::blocking(0)]
#[case::nonblocking(NONBLOCK)]
/// waitid with P_PIDFD waits for the child that the pidfd names and for no other: it reports its pid and how it ended, with WNOWAIT
/// again and again, and frees its pid without.
#[harness::test(
    id = "pidfd.waitid",
    cite = [man("wait.2", "waitid()", "idtype"), man("pidfd_open.2", "Use cases for PID file descriptors")],
    covers = ["behaviours:pidfd.waitid-p-pidfd"],
    layers = [raw],
)]
fn waitid_waits_for_the_child_of_a_pidfd(#[case] flags: u32) -> TestResult {
    let children = [fork(|| -> TestResult { exit(7) })?, fork(|| -> TestResult { exit(8) })?];
    children.iter().for_each(Child::wait_until_zombie);
    let [first, second] = children;
    let pidfd = pidfd_open(second.pid(), flags)?;
    for options in [WEXITED | WNOWAIT, WEXITED | WNOWAIT | WNOHANG, WEXITED] {
        assert_eq!(wait_by(&pidfd, options), Ok(Some(change(second.pid(), CLD_EXITED, 8))));
    }
    assert_errno!(wait_by(&pidfd, WEXITED), ECHILD);
    second.let_go();
    assert_eq!(first.wait()?, Ended::Exited(7));
    Ok(())
}

/// waitid with P_PIDFD blocks while the child of the pidfd runs, and returns when it is killed.
#[harness::test(
    id = "pidfd.waitid-blocks",
    cite = [man("wait.2", "waitid()", "idtype"), man("wait.2", "DESCRIPTION")],
    covers = ["behaviours:pidfd.waitid-p-pidfd"],
    layers = [raw],
)]
fn waitid_blocks_until_the_child_ends() -> TestResult {
    let (end, waiting) = (Latch::new()?, Latch::new()?);
    let waiter = fork(|| -> TestResult {
        let child = fork(|| -> TestResult {
            end.wait_for(1);
            Ok(kill(own_pid(), SIGKILL)?)
        })?;
        let pidfd = pidfd_open(child.pid(), 0)?;
        waiting.arrive();
        assert_eq!(wait_by(&pidfd, WEXITED), Ok(Some(change(child.pid(), CLD_KILLED, SIGKILL))));
        assert_errno!(wait_by(&pidfd, WEXITED), ECHILD);
        child.let_go();
        Ok(())
    })?;
    waiter.assert_blocked_in(calls::WAITID);
    waiting.wait_for(1);
    end.arrive();
    waiter.join()
}

/// waitid fails with EAGAIN on a nonblocking pidfd while the child runs, and with WNOHANG returns 0; it returns the child once it has
/// ended.
#[harness::test(
    id = "pidfd.nonblocking-waitid",
    cite = [man("wait.2", "ERRORS", "EAGAIN"), man("pidfd_open.2", "DESCRIPTION", "PIDFD_NONBLOCK")],
    covers = ["behaviours:pidfd.nonblock-waitid", "errors:wait.waitid.EAGAIN"],
    layers = [raw],
)]
fn waitid_on_a_nonblocking_pidfd_does_not_block() -> TestResult {
    let child = holder(|| Ok(()))?;
    let pidfd = pidfd_open(child.pid(), NONBLOCK)?;
    assert_errno!(wait_by(&pidfd, WEXITED), EAGAIN);
    assert_eq!(wait_by(&pidfd, WEXITED | WNOHANG), Ok(None));
    child.signal(Signal(SIGKILL))?;
    child.wait_until_zombie();
    assert_eq!(wait_by(&pidfd, WEXITED), Ok(Some(change(child.pid(), CLD_KILLED, SIGKILL))));
    assert_errno!(wait_by(&pidfd, WEXITED), ECHILD);
    child.let_go();
    Ok(())
}

/// A pidfd names its process for ever: when that was waited for and another process has its pid, a signal sent by the pidfd fails with
/// ESRCH, and the other process does not get it.
#[harness::test(
    id = "pidfd.reused-pid",
    cite = [man("pidfd_send_signal.2", "PID file descriptors")],
    covers = ["behaviours:pidfd.stable-identity", "errors:pidfd.pidfd_send_signal.ESRCH"],
    needs = [PIDNS],
    layers = [raw],
)]
fn a_pidfd_does_not_name_another_process() -> TestResult {
    let (pid, pidfd) = super::reaped_child()?;
    let set_tid = [pid];
    // struct clone_args (linux/sched.h): flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size.
    let new = [0, 0, 0, 0, SIGCHLD as u64, 0, 0, 0, set_tid.as_ptr().expose_provenance() as u64, 1];
    // SAFETY: without flags it is fork; the child waits for a signal.
    let created = unsafe { syscall("clone3", Sysno::clone3, arguments([new.as_ptr().register(), size_of_val(&new)])) };
    if created == Ok(0) {
        loop {
            nix::unistd::pause();
        }
    }
    assert_eq!(created?, i64::from(pid));
    assert_errno!(pidfd_send_signal(&pidfd, SIGKILL, None, 0), ESRCH);
    assert_errno!(wait_by(&pidfd, WEXITED | WNOHANG), ECHILD);
    assert_eq!(waitpid(pid, WNOHANG), Ok(None));
    assert_eq!(kill(pid, SIGKILL), Ok(()));
    assert_eq!(waitpid(pid, 0), Ok(Some((pid, Ended::Killed { by: Signal(SIGKILL), core: false }))));
    Ok(())
}
