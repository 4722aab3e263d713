//! Opening a process.

use super::ending::{polled, wait_by};
use super::{NONBLOCK, reaped_child, use_up_descriptors};
use crate::proc::number_in;
use crate::wait::change;
use harness::raw::{Argument as _, arguments};
use kit::passing::{pass, receive};
use kit::prelude::*;
use libc::{CLD_EXITED, FD_CLOEXEC, POLLIN, SIGKILL, WEXITED};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

#[rstest]
#[case::blocking(0)]
#[case::nonblocking(NONBLOCK)]
/// pidfd_open returns a descriptor with close-on-exec, and with O_NONBLOCK if flags has PIDFD_NONBLOCK alone.
#[harness::test(
    id = "pidfd.descriptor-flags",
    cite = [man("pidfd_open.2", "DESCRIPTION")],
    covers = ["behaviours:pidfd.cloexec-always"],
    layers = [raw],
)]
fn a_pidfd_is_close_on_exec(#[case] flags: u32) -> TestResult {
    let child = holder(|| Ok(()))?;
    let pidfd = assert_ok!(pidfd_open(child.pid(), flags));
    assert_eq!(get_descriptor_flags(&pidfd), Ok(FD_CLOEXEC));
    let others = get_flags(&pidfd_open(own_pid(), 0)?)?;
    assert_eq!(get_flags(&pidfd), Ok(others | flags.cast_signed()));
    assert_eq!(shown_pid(&pidfd)?, i64::from(child.pid()));
    Ok(())
}

/// The fdinfo of a pidfd has the pid of its process, that of a zombie too, and -1 once the process was waited for.
#[harness::test(
    id = "pidfd.fdinfo",
    cite = [kernel("fs/pidfs.c", "pidfd_show_fdinfo", "6.18")],
    covers = ["behaviours:pidfd.fdinfo-pid"],
    layers = [raw],
)]
fn fdinfo_has_the_pid() -> TestResult {
    let children = [fork(|| -> TestResult { exit(7) })?, fork(|| -> TestResult { exit(8) })?];
    let pidfds = [pidfd_open(children[0].pid(), 0)?, pidfd_open(children[1].pid(), 0)?];
    children.iter().for_each(Child::wait_until_zombie);
    assert_eq!(shown_pid(&pidfds[0])?, i64::from(children[0].pid()));
    assert_eq!(shown_pid(&pidfds[1])?, i64::from(children[1].pid()));
    children[0].wait()?;
    assert_eq!(shown_pid(&pidfds[0])?, -1);
    assert_eq!(shown_pid(&pidfds[1])?, i64::from(children[1].pid()));
    Ok(())
}

/// What the fdinfo of a pidfd says of its process.
fn shown_pid(pidfd: &Fd) -> TestResult<i64> {
    number_in(&format!("/proc/self/fdinfo/{}", pidfd.number()), "Pid:")
}

/// pidfd_open works on a zombie: the descriptor is readable at once, and names that child.
#[harness::test(
    id = "pidfd.zombie",
    cite = [man("pidfd_open.2", "NOTES")],
    covers = ["behaviours:pidfd.open-zombie"],
    layers = [raw],
)]
fn a_zombie_can_be_opened() -> TestResult {
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    let pidfd = assert_ok!(pidfd_open(child.pid(), 0));
    assert_eq!(polled(&pidfd, 0), Ok((1, POLLIN)));
    assert_eq!(pidfd_send_signal(&pidfd, 0, None, 0), Ok(()));
    assert_eq!(wait_by(&pidfd, WEXITED), Ok(Some(change(child.pid(), CLD_EXITED, 7))));
    assert_errno!(wait_by(&pidfd, WEXITED), ECHILD);
    child.let_go();
    Ok(())
}

/// clone with CLONE_PIDFD gives the parent a pidfd of the child, with close-on-exec, at the address in its own memory: it names the child
/// although that may have ended by then, and the memory of the child stays as it was.
#[harness::test(
    id = "pidfd.clone",
    cite = [man("clone.2", "The flags mask", "CLONE_PIDFD")],
    covers = ["behaviours:pidfd.clone-pidfd"],
    layers = [raw],
)]
fn a_new_child_comes_with_its_pidfd() -> TestResult {
    const NONE: i32 = -1;
    let mut pidfd = NONE;
    let with_pidfd = arguments([(libc::CLONE_PIDFD | libc::SIGCHLD).register(), 0, (&raw mut pidfd).register()]);
    // SAFETY: it is fork, and writes a descriptor for the parent; the child ends at once.
    let child = assert_ok!(unsafe { syscall("clone", Sysno::clone, with_pidfd) }) as i32;
    if child == 0 {
        exit(if pidfd == NONE { 7 } else { 1 });
    }
    let pidfd = Fd::new(pidfd);
    assert_eq!(calls::for_layers::raw::get_descriptor_flags(&pidfd), Ok(FD_CLOEXEC));
    assert_eq!(number_in(&format!("/proc/self/fdinfo/{}", pidfd.number()), "Pid:")?, i64::from(child));
    assert_eq!(wait_by(&pidfd, WEXITED), Ok(Some(change(child, CLD_EXITED, 7))));
    assert_errno!(wait_by(&pidfd, WEXITED), ECHILD);
    Ok(())
}

#[rstest]
#[case::undefined_flag(|pid| pidfd_open(pid, 1 << 31).map(drop))]
#[case::close_on_exec(|pid| pidfd_open(pid, libc::O_CLOEXEC.cast_unsigned()).map(drop))]
/// pidfd_open fails with EINVAL for a flag that it does not define; O_CLOEXEC is one.
#[harness::test(
    id = "pidfd.open-invalid-flag",
    cite = [man("pidfd_open.2", "ERRORS", "EINVAL")],
    covers = ["errors:pidfd.pidfd_open.EINVAL"],
    layers = [raw],
)]
fn an_undefined_flag_is_refused(#[case] open: fn(i32) -> Result<()>) -> TestResult {
    let pid = own_pid();
    assert_errno!(open(pid), EINVAL);
    assert_ok!(pidfd_open(pid, 0));
    Ok(())
}

#[rstest]
#[case::zero(0)]
#[case::minus_one(-1)]
#[case::group(-own_pid())]
#[case::smallest(i32::MIN)]
/// pidfd_open fails with EINVAL for a pid that is not positive: it names no process by its group.
#[harness::test(
    id = "pidfd.open-invalid-pid",
    cite = [man("pidfd_open.2", "ERRORS", "EINVAL")],
    covers = ["errors:pidfd.pidfd_open.EINVAL.2"],
    layers = [raw],
)]
fn a_pid_that_is_not_positive_is_refused(#[case] pid: i32) -> TestResult {
    assert_errno!(pidfd_open(pid, 0), EINVAL);
    Ok(())
}

/// pidfd_open fails with ESRCH for a pid whose process was waited for.
#[harness::test(
    id = "pidfd.open-no-process",
    cite = [man("pidfd_open.2", "ERRORS", "ESRCH")],
    covers = ["errors:pidfd.pidfd_open.ESRCH"],
    layers = [raw],
)]
fn a_process_that_is_gone_cannot_be_opened() -> TestResult {
    let (pid, _pidfd) = reaped_child()?;
    assert_errno!(pidfd_open(pid, 0), ESRCH);
    Ok(())
}

/// pidfd_open fails with EMFILE when all descriptors up to RLIMIT_NOFILE are open.
#[harness::test(
    id = "pidfd.open-no-descriptor",
    cite = [man("pidfd_open.2", "ERRORS", "EMFILE")],
    covers = ["errors:pidfd.pidfd_open.EMFILE"],
    layers = [raw],
)]
fn without_a_free_descriptor_it_fails() -> TestResult {
    let child = fork(|| -> TestResult {
        use_up_descriptors()?;
        assert_errno!(pidfd_open(own_pid(), 0), EMFILE);
        Ok(())
    })?;
    child.join()
}

/// A pidfd that came through a socket names the same process: the process that received it, which is no relative of that process,
/// sends it a signal.
#[harness::test(
    id = "pidfd.passed",
    cite = [kernel("kernel/signal.c", "pidfd_send_signal", "6.18"), man("pidfd_open.2", "DESCRIPTION"), man("unix.7", "Ancillary messages")],
    covers = ["behaviours:pidfd.pass-over-socket"],
    layers = [raw],
)]
fn a_pidfd_can_be_passed() -> TestResult {
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)?;
    let (ours, theirs) = (Fd::from(ours), Fd::from(theirs));
    let receiver = fork(|| -> TestResult {
        let pidfd = receive(&theirs)?;
        assert_eq!(pidfd_send_signal(&pidfd, SIGKILL, None, 0), Ok(()));
        Ok(())
    })?;
    let children = [holder(|| Ok(()))?, holder(|| Ok(()))?];
    pass(&ours, &pidfd_open(children[0].pid(), 0)?)?;
    receiver.join()?;
    assert_eq!(children[0].wait()?, Ended::Killed { by: Signal(SIGKILL), core: false });
    children[1].assert_blocked_in(calls::PAUSE);
    Ok(())
}
