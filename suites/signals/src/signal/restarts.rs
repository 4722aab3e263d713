//! Calls that a handler interrupts while they are blocked: restarted under SA_RESTART, or ended with EINTR.

use super::blocking::*;
use kit::disposition::{Runs, handle, handled};
use kit::needs::{MQUEUE, PTY, SYSV};
use kit::prelude::*;
use nix::sys::signal::{SIGUSR1, SaFlags};

/// A blocked call is restarted after a handler that was installed with SA_RESTART, and completes as if there had been none.
#[harness::test(
    rows = [
        ("signal.restart/accept", ["behaviours:restart.accept"], ACCEPT),
        ("signal.restart/connect", ["behaviours:restart.connect"], CONNECT),
        ("signal.restart/read-socket", ["behaviours:restart.read-socket"], READ_SOCKET),
        ("signal.restart/write-socket", ["behaviours:restart.write-socket"], WRITE_SOCKET),
        ("signal.restart/recv", ["behaviours:restart.recv"], RECV),
        ("signal.restart/recvfrom", ["behaviours:restart.recvfrom"], RECVFROM_SOCKET),
        ("signal.restart/recvmsg", ["behaviours:restart.recvmsg"], RECVMSG),
        ("signal.restart/recvmmsg", ["behaviours:restart.recvmmsg"], RECVMMSG_SOCKET),
        ("signal.restart/send", ["behaviours:restart.send"], SEND),
        ("signal.restart/sendto", ["behaviours:restart.sendto"], SENDTO_SOCKET),
        ("signal.restart/sendmsg", ["behaviours:restart.sendmsg"], SENDMSG),
        ("signal.restart/flock", ["behaviours:restart.flock"], FLOCK),
        ("signal.restart/setlkw", ["behaviours:restart.fcntl-setlkw"], SETLKW),
        ("signal.restart/ofd-setlkw", ["behaviours:restart.fcntl-ofd-setlkw"], OFD_SETLKW),
        ("signal.restart/futex-wait", ["behaviours:restart.futex-wait"], FUTEX_WAIT),
        ("signal.restart/futex-wait-bitset", ["behaviours:restart.futex-wait-bitset"], FUTEX_WAIT_BITSET),
        ("signal.restart/sem-wait", ["behaviours:restart.sem-wait"], SEM_WAIT),
        ("signal.restart/wait", ["behaviours:restart.wait"], WAIT),
        ("signal.restart/waitpid", ["behaviours:restart.waitpid"], WAITPID),
        ("signal.restart/wait3", ["behaviours:restart.wait3"], WAIT3),
        ("signal.restart/wait4", ["behaviours:restart.wait4"], WAIT4),
        ("signal.restart/waitid", ["behaviours:restart.waitid"], WAITID),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
)]
fn a_blocked_call_is_restarted(blocking: Blocking) -> TestResult {
    is_restarted(blocking)
}

/// A blocked call on a POSIX message queue is restarted after a handler that was installed with SA_RESTART, and completes as if there had been none.
#[harness::test(
    rows = [
        ("signal.restart-mq/mq-receive", ["behaviours:restart.mq-receive"], MQ_RECEIVE),
        ("signal.restart-mq/mq-send", ["behaviours:restart.mq-send"], MQ_SEND),
        ("signal.restart-mq/mq-timedreceive", ["behaviours:restart.mq-timedreceive"], MQ_TIMEDRECEIVE_QUEUE),
        ("signal.restart-mq/mq-timedsend", ["behaviours:restart.mq-timedsend"], MQ_TIMEDSEND_QUEUE),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
    needs = [MQUEUE],
)]
fn a_blocked_call_on_a_queue_is_restarted(blocking: Blocking) -> TestResult {
    is_restarted(blocking)
}

/// A blocked read of a terminal is restarted after a handler that was installed with SA_RESTART, and completes as if there had been none.
#[harness::test(
    rows = [
        ("signal.restart-terminal/read", ["behaviours:restart.read-tty"], READ_TTY),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
    needs = [PTY],
)]
fn a_blocked_read_of_a_terminal_is_restarted(blocking: Blocking) -> TestResult {
    is_restarted(blocking)
}

/// A blocked call fails with EINTR when a handler that was installed without SA_RESTART interrupts it.
#[harness::test(
    rows = [
        ("signal.interrupted/accept", ["behaviours:restart.accept", "errors:socket.accept.EINTR"], ACCEPT),
        ("signal.interrupted/connect", ["behaviours:restart.connect", "errors:socket.connect.EINTR"], CONNECT),
        ("signal.interrupted/read-socket", ["behaviours:restart.read-socket", "errors:unix-socket.read.EINTR"], READ_SOCKET),
        ("signal.interrupted/write-socket", ["behaviours:restart.write-socket", "errors:unix-socket.write.EINTR"], WRITE_SOCKET),
        ("signal.interrupted/recv", ["behaviours:restart.recv", "errors:socket.recv.EINTR"], RECV),
        ("signal.interrupted/recvfrom", ["behaviours:restart.recvfrom", "errors:socket.recvfrom.EINTR"], RECVFROM_SOCKET),
        ("signal.interrupted/recvmsg", ["behaviours:restart.recvmsg", "errors:socket.recvmsg.EINTR"], RECVMSG),
        ("signal.interrupted/recvmmsg", ["behaviours:restart.recvmmsg"], RECVMMSG_SOCKET),
        ("signal.interrupted/send", ["behaviours:restart.send", "errors:socket.send.EINTR"], SEND),
        ("signal.interrupted/sendto", ["behaviours:restart.sendto", "errors:socket.sendto.EINTR"], SENDTO_SOCKET),
        ("signal.interrupted/sendmsg", ["behaviours:restart.sendmsg", "errors:socket.sendmsg.EINTR"], SENDMSG),
        ("signal.interrupted/flock", ["behaviours:restart.flock", "errors:file-lock.flock.EINTR"], FLOCK),
        ("signal.interrupted/setlkw", ["behaviours:restart.fcntl-setlkw", "errors:file-lock.fcntl(F_SETLKW).EINTR"], SETLKW),
        ("signal.interrupted/ofd-setlkw", ["behaviours:restart.fcntl-ofd-setlkw", "errors:file-lock.fcntl(F_OFD_SETLKW).EINTR"], OFD_SETLKW),
        ("signal.interrupted/futex-wait", ["behaviours:restart.futex-wait", "errors:futex.futex(FUTEX_WAIT).EINTR"], FUTEX_WAIT),
        ("signal.interrupted/futex-wait-bitset", ["behaviours:restart.futex-wait-bitset", "errors:futex.futex(FUTEX_WAIT_BITSET).EINTR"], FUTEX_WAIT_BITSET),
        ("signal.interrupted/sem-wait", ["behaviours:restart.sem-wait", "errors:posix-sem.sem_wait.EINTR"], SEM_WAIT),
        ("signal.interrupted/wait", ["behaviours:restart.wait", "errors:wait.wait.EINTR"], WAIT),
        ("signal.interrupted/waitpid", ["behaviours:restart.waitpid", "errors:wait.waitpid.EINTR"], WAITPID),
        ("signal.interrupted/wait3", ["behaviours:restart.wait3", "errors:wait.wait3.EINTR"], WAIT3),
        ("signal.interrupted/wait4", ["behaviours:restart.wait4", "errors:wait.wait4.EINTR"], WAIT4),
        ("signal.interrupted/waitid", ["behaviours:restart.waitid", "errors:wait.waitid.EINTR"], WAITID),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
)]
fn a_handler_interrupts_a_blocked_call(blocking: Blocking) -> TestResult {
    is_interrupted(blocking, SaFlags::empty())
}

/// A blocked call on a POSIX message queue fails with EINTR when a handler that was installed without SA_RESTART interrupts it.
#[harness::test(
    rows = [
        ("signal.interrupted-mq/mq-receive", ["behaviours:restart.mq-receive", "errors:posix-mq.mq_receive.EINTR"], MQ_RECEIVE),
        ("signal.interrupted-mq/mq-send", ["behaviours:restart.mq-send", "errors:posix-mq.mq_send.EINTR"], MQ_SEND),
        ("signal.interrupted-mq/mq-timedreceive", ["behaviours:restart.mq-timedreceive", "errors:posix-mq.mq_timedreceive.EINTR"], MQ_TIMEDRECEIVE_QUEUE),
        ("signal.interrupted-mq/mq-timedsend", ["behaviours:restart.mq-timedsend", "errors:posix-mq.mq_timedsend.EINTR"], MQ_TIMEDSEND_QUEUE),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
    needs = [MQUEUE],
)]
fn a_handler_interrupts_a_blocked_call_on_a_queue(blocking: Blocking) -> TestResult {
    is_interrupted(blocking, SaFlags::empty())
}

/// A blocked read of a terminal fails with EINTR when a handler that was installed without SA_RESTART interrupts it.
#[harness::test(
    rows = [
        ("signal.interrupted-terminal/read", ["behaviours:restart.read-tty"], READ_TTY),
    ],
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
    ],
    needs = [PTY],
)]
fn a_handler_interrupts_a_blocked_read_of_a_terminal(blocking: Blocking) -> TestResult {
    is_interrupted(blocking, SaFlags::empty())
}

/// A blocked call fails with EINTR when a handler interrupts it, although the handler was installed with SA_RESTART; and so it does
/// without.
#[harness::test(
    rows = [
        ("signal.never-restarted/poll", ["behaviours:norestart.poll", "errors:poll.poll.EINTR"], POLL),
        ("signal.never-restarted/ppoll", ["behaviours:norestart.ppoll", "errors:poll.ppoll.EINTR"], PPOLL),
        ("signal.never-restarted/select", ["behaviours:norestart.select", "errors:poll.select.EINTR"], SELECT),
        ("signal.never-restarted/pselect", ["behaviours:norestart.pselect", "errors:poll.pselect.EINTR"], PSELECT),
        ("signal.never-restarted/epoll-wait", ["behaviours:norestart.epoll-wait", "errors:epoll.epoll_wait.EINTR"], EPOLL_WAIT),
        ("signal.never-restarted/epoll-pwait", ["behaviours:norestart.epoll-pwait", "errors:epoll.epoll_pwait.EINTR"], EPOLL_PWAIT),
        ("signal.never-restarted/nanosleep", ["behaviours:norestart.nanosleep", "errors:signal.nanosleep.EINTR"], NANOSLEEP),
        ("signal.never-restarted/clock-nanosleep", ["behaviours:norestart.clock-nanosleep", "errors:signal.clock_nanosleep.EINTR"], CLOCK_NANOSLEEP),
        ("signal.never-restarted/usleep", ["behaviours:norestart.usleep", "errors:signal.usleep.EINTR"], USLEEP),
        ("signal.never-restarted/io-getevents", ["behaviours:norestart.io-getevents"], IO_GETEVENTS),
        ("signal.never-restarted/sigwaitinfo", ["behaviours:norestart.sigwaitinfo", "errors:signal.sigwaitinfo.EINTR"], SIGWAITINFO),
        ("signal.never-restarted/sigtimedwait", ["behaviours:norestart.sigtimedwait", "errors:signal.sigtimedwait.EINTR"], SIGTIMEDWAIT),
        ("signal.never-restarted/timed-accept", ["behaviours:norestart.rcvtimeo-accept"], TIMED_ACCEPT),
        ("signal.never-restarted/timed-recv", ["behaviours:norestart.rcvtimeo-recv"], TIMED_RECV),
        ("signal.never-restarted/timed-recvfrom", ["behaviours:norestart.rcvtimeo-recvfrom"], TIMED_RECVFROM),
        ("signal.never-restarted/timed-recvmsg", ["behaviours:norestart.rcvtimeo-recvmsg"], TIMED_RECVMSG),
        ("signal.never-restarted/timed-recvmmsg", ["behaviours:norestart.rcvtimeo-recvmmsg"], TIMED_RECVMMSG),
        ("signal.never-restarted/timed-connect", ["behaviours:norestart.sndtimeo-connect"], TIMED_CONNECT),
        ("signal.never-restarted/timed-send", ["behaviours:norestart.sndtimeo-send"], TIMED_SEND),
        ("signal.never-restarted/timed-sendto", ["behaviours:norestart.sndtimeo-sendto"], TIMED_SENDTO),
        ("signal.never-restarted/timed-sendmsg", ["behaviours:norestart.sndtimeo-sendmsg"], TIMED_SENDMSG),
    ],
    cite = [man("signal.7", "Interruption of system calls and library functions by signal handlers")],
)]
fn a_handler_interrupts_whatever_its_flags(blocking: Blocking) -> TestResult {
    is_interrupted(blocking, SaFlags::empty())?;
    is_interrupted(blocking, SaFlags::SA_RESTART)
}

/// A blocked System V IPC call fails with EINTR when a handler interrupts it, although the handler was installed with SA_RESTART; and so it does
/// without.
#[harness::test(
    rows = [
        ("signal.never-restarted-sysv/msgrcv", ["behaviours:norestart.msgrcv", "behaviours:sysvmsg.eintr-no-restart", "errors:sysv-msg.msgrcv.EINTR"], MSGRCV),
        ("signal.never-restarted-sysv/msgsnd", ["behaviours:norestart.msgsnd", "behaviours:sysvmsg.eintr-no-restart", "errors:sysv-msg.msgsnd.EINTR"], MSGSND),
        ("signal.never-restarted-sysv/semop", ["behaviours:norestart.semop", "errors:sysv-sem.semop.EINTR"], SEMOP),
        ("signal.never-restarted-sysv/semtimedop", ["behaviours:norestart.semtimedop", "errors:sysv-sem.semtimedop.EINTR"], SEMTIMEDOP),
    ],
    cite = [man("signal.7", "Interruption of system calls and library functions by signal handlers")],
    needs = [SYSV],
)]
fn a_handler_interrupts_system_v_calls(blocking: Blocking) -> TestResult {
    is_interrupted(blocking, SaFlags::empty())?;
    is_interrupted(blocking, SaFlags::SA_RESTART)
}

/// sem_timedwait fails with EINTR when a handler interrupts it, although the handler was installed with SA_RESTART; and so it does
/// without. signal(7) says that it is restarted.
#[harness::test(
    id = "signal.sem-timedwait-not-restarted",
    cite = [kernel("kernel/futex/waitwake.c", "futex_wait", "6.18"), man("sem_wait.3", "ERRORS", "EINTR")],
    covers = ["behaviours:restart.sem-timedwait", "errors:posix-sem.sem_timedwait.EINTR"],
)]
fn a_handler_interrupts_sem_timedwait_whatever_its_flags() -> TestResult {
    is_interrupted(SEM_TIMEDWAIT, SaFlags::empty())?;
    is_interrupted(SEM_TIMEDWAIT, SaFlags::SA_RESTART)
}

/// recvmmsg with a timeout argument is restarted after a handler that was installed with SA_RESTART, and completes. signal(7) says
/// that it fails with EINTR.
#[harness::test(
    id = "signal.recvmmsg-with-time-restarted",
    cite = [kernel("net/socket.c", "do_recvmmsg", "6.18")],
    covers = ["behaviours:norestart.recvmmsg-timeout-arg"],
)]
fn recvmmsg_with_a_timeout_is_restarted() -> TestResult {
    is_restarted(RECVMMSG_WITH_TIME)
}

/// pthread_mutex_lock and pthread_cond_wait never fail with EINTR: after a handler, although it was installed without SA_RESTART, they go on
/// waiting.
#[harness::test(
    rows = [
        ("signal.never-eintr/mutex-lock", ["behaviours:restart.pthread-mutex-lock"], MUTEX_LOCK),
        ("signal.never-eintr/cond-wait", ["behaviours:restart.pthread-cond-wait"], COND_WAIT),
    ],
    cite = [
        posix("pthread_mutex_lock.3p", "ERRORS"),
        posix("pthread_cond_wait.3p", "ERRORS"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
)]
fn mutexes_and_conditions_are_not_interrupted(blocking: Blocking) -> TestResult {
    goes_on_after(blocking, SaFlags::empty())
}

/// sleep that a handler interrupts returns how many seconds are left, with SA_RESTART or not.
#[harness::test(
    id = "signal.sleep-interrupted",
    cite = [posix("sleep.3p", "RETURN VALUE"), man("sleep.3", "RETURN VALUE"), man("signal.7", "Interruption of system calls and library functions by signal handlers")],
    covers = ["behaviours:norestart.sleep"],
)]
fn sleep_returns_the_seconds_left() -> TestResult {
    const SECONDS: u32 = 1000;
    for flags in [SaFlags::empty(), SaFlags::SA_RESTART] {
        let child = fork(|| -> TestResult {
            handle(SIGUSR1, flags)?;
            let left = sleep(SECONDS);
            assert!(left > 0 && left <= SECONDS, "{left} s are left");
            assert_eq!(handled(SIGUSR1), 1);
            Ok(())
        })?;
        child.wait_until_blocked_in(calls::SLEEP)?;
        child.signal(SIGUSR1)?;
        child.join()?;
    }
    Ok(())
}

fn is_restarted(blocking: Blocking) -> TestResult {
    goes_on_after(blocking, SaFlags::SA_RESTART)
}

/// Interrupts the call twice; it goes on waiting, and then completes.
fn goes_on_after(blocking: Blocking, flags: SaFlags) -> TestResult {
    let (waiting, runs) = ((blocking.set_up)()?, Runs::new()?);
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, flags)?;
        assert_eq!(waiting.wait(), Ok(()));
        Ok(())
    })?;
    child.wait_until_blocked_in(blocking.call)?;
    for run in 1..=2 {
        child.signal(SIGUSR1)?;
        runs.wait_for(run);
        child.assert_blocked_in(blocking.call);
    }
    waiting.release()?;
    child.join()?;
    assert_eq!(runs.count(), 2);
    Ok(())
}

fn is_interrupted(blocking: Blocking, flags: SaFlags) -> TestResult {
    let (waiting, runs) = ((blocking.set_up)()?, Runs::new()?);
    let before = runs.count();
    let child = fork(|| -> TestResult {
        runs.handle(SIGUSR1, flags)?;
        assert_errno!(waiting.wait(), EINTR);
        Ok(())
    })?;
    child.wait_until_blocked_in(blocking.call)?;
    child.signal(SIGUSR1)?;
    runs.wait_for(before + 1);
    // A call that was restarted completes, and is seen to.
    waiting.release()?;
    child.join()?;
    assert_eq!(runs.count(), before + 1);
    Ok(())
}
