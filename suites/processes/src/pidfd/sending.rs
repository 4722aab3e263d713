//! Signals that are sent by a pidfd.

use calls::signals::SentInfo;
use harness::need::{PIDNS, SECOND_UID};
use kit::disposition::{block, log, logged, pending};
use kit::prelude::*;
use kit::privilege::become_second_user;
use kit::process::clone;
use libc::{O_DIRECTORY, O_RDONLY, SI_QUEUE, SI_TKILL, SI_USER, SIGKILL, SIGTERM, SIGUSR1};
use nix::sys::signal::Signal as Known;
use nix::unistd::getuid;

/// Opens the directory of a process in /proc.
fn proc_directory(pid: i32) -> TestResult<Fd> {
    Ok(calls::for_layers::raw::open(format!("/proc/{pid}"), O_RDONLY | O_DIRECTORY)?)
}

#[rstest]
#[case::pidfd(|pid| Ok(calls::for_layers::raw::pidfd_open(pid, 0)?))]
#[case::proc_directory(proc_directory)]
/// pidfd_send_signal without a siginfo_t acts as kill: the process gets the signal with SI_USER, and with the pid and the real user id
/// of the sender. The descriptor is a pidfd or one of the process's directory in /proc.
#[harness::test(
    id = "pidfd.send",
    cite = [man("pidfd_send_signal.2", "DESCRIPTION"), man("pidfd_send_signal.2", "PID file descriptors")],
    covers = ["behaviours:pidfd.send-null-info", "behaviours:pidfd.send-proc-dir"],
    layers = [raw],
)]
fn a_signal_by_pidfd_is_as_by_kill(#[case] open: fn(i32) -> TestResult<Fd>) -> TestResult {
    let children = [listener()?, listener()?];
    let descriptor = open(children[1].pid())?;
    assert_eq!(pidfd_send_signal(&descriptor, 0, None, 0), Ok(()));
    assert_eq!(pidfd_send_signal(&descriptor, SIGUSR1, None, 0), Ok(()));
    assert_eq!(children[1].wait()?, Ended::Exited(3));
    assert_eq!(senders_told(), [(SI_USER, (own_pid(), getuid().as_raw()))]);
    children[0].assert_blocked_in(calls::PAUSE);
    Ok(())
}

/// pidfd_send_signal fails with EINVAL if the process of the pidfd is not in the PID namespace of the caller: no signal is sent.
#[harness::test(
    id = "pidfd.send-out-of-namespace",
    cite = [man("pidfd_send_signal.2", "ERRORS", "EINVAL")],
    covers = ["errors:pidfd.pidfd_send_signal.EINVAL.2"],
    needs = [PIDNS],
    layers = [raw],
)]
fn a_process_outside_is_out_of_reach() -> TestResult {
    let outside = holder(|| Ok(()))?;
    let pidfd = pidfd_open(outside.pid(), 0)?;
    let inside = clone(libc::CLONE_NEWPID, || {
        for signal in [0, SIGKILL] {
            assert_errno!(pidfd_send_signal(&pidfd, signal, None, 0), EINVAL);
        }
    })?;
    inside.join()?;
    assert_eq!(pidfd_send_signal(&pidfd, SIGTERM, None, 0), Ok(()));
    assert_eq!(outside.wait()?, Ended::Killed { by: Signal(SIGTERM), core: false });
    Ok(())
}

/// A siginfo_t that is given to pidfd_send_signal reaches the process as it is: si_code SI_QUEUE, pid, user id and value.
#[harness::test(
    id = "pidfd.send-info",
    cite = [man("pidfd_send_signal.2", "DESCRIPTION")],
    covers = ["behaviours:pidfd.send-info"],
    layers = [raw],
)]
fn a_siginfo_reaches_the_process() -> TestResult {
    let child = listener()?;
    let pidfd = pidfd_open(child.pid(), 0)?;
    let info = SentInfo::new(SIGUSR1, SI_QUEUE, 12, 34, 56);
    assert_eq!(pidfd_send_signal(&pidfd, SIGUSR1, Some(&info), 0), Ok(()));
    assert_eq!(child.wait()?, Ended::Exited(3));
    let told: Vec<_> = logged().iter().map(|info| (info.code, info.sender(), info.value())).collect();
    assert_eq!(told, [(SI_QUEUE, (12, 34), 56)]);
    Ok(())
}

#[rstest]
#[case::si_user(SI_USER)]
#[case::si_tkill(SI_TKILL)]
/// A process may send itself a siginfo_t with any si_code; to another process pidfd_send_signal fails with EPERM for SI_USER and SI_TKILL,
/// as if kill had sent it, and sends nothing.
#[harness::test(
    id = "pidfd.send-forged",
    cite = [man("pidfd_send_signal.2", "ERRORS", "EPERM"), man("rt_sigqueueinfo.2", "DESCRIPTION")],
    covers = ["behaviours:pidfd.send-self-any-info", "errors:pidfd.pidfd_send_signal.EPERM.2"],
    layers = [raw],
)]
fn another_process_gets_no_forged_code(#[case] code: i32) -> TestResult {
    let child = listener()?;
    let info = SentInfo::new(SIGUSR1, code, 12, 34, 0);
    assert_errno!(pidfd_send_signal(&pidfd_open(child.pid(), 0)?, SIGUSR1, Some(&info), 0), EPERM);
    child.assert_blocked_in(calls::PAUSE);
    log(SIGUSR1, 0)?;
    assert_eq!(pidfd_send_signal(&pidfd_open(own_pid(), 0)?, SIGUSR1, Some(&info), 0), Ok(()));
    assert_eq!(senders_told(), [(code, (12, 34))]);
    Ok(())
}

/// A signal sent by the pidfd of a zombie is accepted and changes nothing; when the zombie was waited for it fails with ESRCH.
#[harness::test(
    id = "pidfd.send-to-zombie",
    cite = [man("pidfd_send_signal.2", "ERRORS", "ESRCH")],
    covers = ["errors:pidfd.pidfd_send_signal.ESRCH"],
    layers = [raw],
)]
fn a_zombie_can_be_signalled_until_it_is_waited_for() -> TestResult {
    let child = fork(|| -> TestResult { exit(7) })?;
    let pidfd = pidfd_open(child.pid(), 0)?;
    child.wait_until_zombie();
    for signal in [0, SIGKILL] {
        assert_eq!(pidfd_send_signal(&pidfd, signal, None, 0), Ok(()));
    }
    assert_eq!(child.wait()?, Ended::Exited(7));
    for signal in [0, SIGKILL] {
        assert_errno!(pidfd_send_signal(&pidfd, signal, None, 0), ESRCH);
    }
    Ok(())
}

/// pidfd_send_signal fails with EBADF for a descriptor that is open and names no process, and for one that is not open.
#[harness::test(
    id = "pidfd.send-not-a-pidfd",
    cite = [man("pidfd_send_signal.2", "ERRORS", "EBADF")],
    covers = ["errors:pidfd.pidfd_send_signal.EBADF"],
    layers = [raw],
)]
fn another_descriptor_is_refused() -> TestResult {
    let (reader, _writer) = pipe()?;
    assert_errno!(pidfd_send_signal(&reader, SIGTERM, None, 0), EBADF);
    let directory = open("/proc", O_RDONLY | O_DIRECTORY)?;
    assert_errno!(pidfd_send_signal(&directory, SIGTERM, None, 0), EBADF);
    assert_errno!(pidfd_send_signal(NOT_OPEN, SIGTERM, None, 0), EBADF);
    Ok(())
}

#[rstest]
#[case::negative(-1)]
#[case::above_the_last(65)]
#[case::largest(i32::MAX)]
/// pidfd_send_signal fails with EINVAL for a number that is no signal.
#[harness::test(
    id = "pidfd.send-invalid-signal",
    cite = [man("pidfd_send_signal.2", "ERRORS", "EINVAL")],
    covers = ["errors:pidfd.pidfd_send_signal.EINVAL"],
    layers = [raw],
)]
fn a_number_that_is_no_signal_is_refused(#[case] signal: i32) -> TestResult {
    let pidfd = pidfd_open(own_pid(), 0)?;
    assert_errno!(pidfd_send_signal(&pidfd, signal, None, 0), EINVAL);
    Ok(())
}

/// pidfd_send_signal fails with EINVAL for a flag that no kernel defines, and sends nothing.
#[harness::test(
    id = "pidfd.send-invalid-flag",
    cite = [man("pidfd_send_signal.2", "ERRORS", "EINVAL")],
    covers = ["errors:pidfd.pidfd_send_signal.EINVAL.3"],
    layers = [raw],
)]
fn an_undefined_flag_is_refused() -> TestResult {
    block(Known::SIGUSR1)?;
    let pidfd = pidfd_open(own_pid(), 0)?;
    assert_errno!(pidfd_send_signal(&pidfd, SIGUSR1, None, 1 << 31), EINVAL);
    assert_eq!(pending(), Ok(vec![]));
    assert_eq!(pidfd_send_signal(&pidfd, SIGUSR1, None, 0), Ok(()));
    assert_eq!(pending(), Ok(vec![Known::SIGUSR1]));
    Ok(())
}

/// A process of another user without rights over the target cannot send it a signal by a pidfd: it fails with EPERM.
#[harness::test(
    id = "pidfd.send-not-permitted",
    cite = [man("pidfd_send_signal.2", "ERRORS", "EPERM")],
    covers = ["errors:pidfd.pidfd_send_signal.EPERM"],
    needs = [SECOND_UID],
    layers = [raw],
)]
fn another_user_may_not_send() -> TestResult {
    let target = listener()?;
    let pidfd = pidfd_open(target.pid(), 0)?;
    let sender = fork(|| -> TestResult {
        become_second_user()?;
        for signal in [0, SIGUSR1, SIGKILL] {
            assert_errno!(pidfd_send_signal(&pidfd, signal, None, 0), EPERM);
        }
        Ok(())
    })?;
    sender.join()?;
    target.assert_blocked_in(calls::PAUSE);
    Ok(())
}

/// A child that logs what SIGUSR1 tells and exits with 3 after it.
fn listener() -> TestResult<Child> {
    let ready = Latch::new()?;
    let child = fork(|| -> TestResult {
        log(SIGUSR1, 0)?;
        ready.arrive();
        nix::unistd::pause();
        exit(3)
    })?;
    child.wait_until_blocked_in(calls::PAUSE)?;
    ready.wait_for(1);
    Ok(child)
}

/// What was logged, without the value, which a signal by kill has not: si_code, si_pid and si_uid.
fn senders_told() -> Vec<(i32, (i32, u32))> {
    logged().iter().map(|info| (info.code, info.sender())).collect()
}
