//! Signals by their real causes other than faults and children: timers, limits, filters, pipes, queues, I/O.

use calls::signals::SignalSet;
use calls::timers::{Notify, Setting};
use kit::disposition::{block_all, handle, handled, ignore, log, logged};
use kit::needs::MQUEUE;
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{
    ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, SI_KERNEL, SI_MESGQ, SI_TIMER, SI_USER, SIGALRM, SIGPIPE, SIGPROF,
    SIGRTMIN, SIGSYS, SIGUSR1, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::unistd::getuid;
use std::time::Duration;

/// alarm sends SIGALRM when its seconds have passed, which terminates the process that waits, and not before.
#[harness::test(
    id = "signal.cause-alarm",
    cite = [posix("alarm.3p", "DESCRIPTION"), man("alarm.2", "DESCRIPTION")],
    covers = ["notes:signal.table-14-sigalrm", "notes:signal.source-system-state"],
)]
fn alarm_sends_sigalrm() -> TestResult {
    let start = std::time::Instant::now();
    let child = fork(|| -> TestResult {
        assert_eq!(alarm(1), 0);
        pause()?;
        Ok(())
    })?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGALRM), core: false });
    assert!(start.elapsed().as_millis() >= 1000, "it came after {:?}", start.elapsed());
    Ok(())
}

#[rstest]
#[case::real(ITIMER_REAL, SIGALRM)]
#[case::virtual_time(ITIMER_VIRTUAL, SIGVTALRM)]
#[case::profiling(ITIMER_PROF, SIGPROF)]
/// An interval timer sends its signal, with SI_KERNEL, to a process that runs, and the process goes on as if there had been none;
/// the timers of processor time send none while it sleeps.
#[harness::test(
    id = "signal.cause-timer",
    cite = [
        kernel("kernel/time/itimer.c", "it_real_fn", "6.18"),
        man("getitimer.2", "DESCRIPTION"),
        posix("getitimer.3p", "DESCRIPTION"),
    ],
    covers = [
        "behaviours:sicode.alarm-kernel", "behaviours:sicode.si-kernel", "notes:signal.table-26-sigvtalrm",
        "notes:signal.table-27-sigprof", "notes:signal.software-interrupt", "notes:signal.impl-kernel-invokes",
        "notes:signal.impl-suspend-resume",
    ],
)]
fn a_timer_interrupts_a_loop(#[case] timer: i32, #[case] signal: i32) -> TestResult {
    const TIME: Duration = Duration::from_millis(20);
    log(signal, 0)?;
    assert_eq!(setitimer(timer, Setting::once(TIME)), Ok(Setting::DISARMED));
    if timer != ITIMER_REAL {
        let twice = libc::timespec { tv_sec: 0, tv_nsec: (2 * TIME).subsec_nanos().into() };
        assert_eq!(nanosleep(twice, &mut { twice }), Ok(()));
        assert_eq!(logged(), []);
    }
    // The sum is that of a loop that nothing interrupts.
    let (mut sum, mut rounds) = (0_u64, 0_u64);
    while logged().is_empty() {
        for number in 0..1000 {
            sum = std::hint::black_box(sum + number);
        }
        rounds += 1;
    }
    let seen: Vec<_> = logged().iter().map(|info| (info.signal, info.code)).collect();
    assert_eq!((seen, sum), (vec![(signal, SI_KERNEL)], rounds * 499_500));
    Ok(())
}

/// A process that has used as much processor time as the soft limit RLIMIT_CPU gets SIGXCPU, before it reaches the hard limit.
#[harness::test(
    id = "signal.cause-cpu-limit",
    cite = [man("getrlimit.2", "DESCRIPTION", "RLIMIT_CPU"), posix("getrlimit.3p", "DESCRIPTION", "RLIMIT_CPU")],
    covers = ["notes:signal.table-24-sigxcpu", "notes:signal.source-system-state"],
)]
fn the_cpu_limit_sends_sigxcpu() -> TestResult {
    let child = fork(|| -> TestResult {
        handle(Known::SIGXCPU, SaFlags::empty())?;
        // SIGKILL ends it at the hard limit: no later SIGXCPU takes the place of one that does not come.
        setrlimit(Resource::RLIMIT_CPU, 1, 2)?;
        while handled(Known::SIGXCPU) == 0 {
            std::hint::spin_loop();
        }
        assert_eq!(handled(Known::SIGXCPU), 1);
        exit(5)
    })?;
    assert_eq!(child.wait()?, Ended::Exited(5));
    evidence("the signal at the soft limit of processor time", Signal(SIGXCPU));
    Ok(())
}

/// A write beyond RLIMIT_FSIZE causes SIGXFSZ, and fails with EFBIG if that is caught or ignored; what fits is written.
#[harness::test(
    id = "signal.cause-file-size",
    cite = [man("getrlimit.2", "DESCRIPTION", "RLIMIT_FSIZE"), posix("write.3p", "ERRORS", "EFBIG")],
    covers = ["notes:signal.table-25-sigxfsz"],
)]
fn the_file_size_limit_sends_sigxfsz() -> TestResult {
    const LIMIT: usize = 10;
    let name = Name::file("limited")?;
    let file = open(&name, libc::O_WRONLY)?;
    log(SIGXFSZ, 0)?;
    let child = fork(|| -> TestResult {
        setrlimit(Resource::RLIMIT_FSIZE, LIMIT as u64, LIMIT as u64)?;
        assert_eq!(write(&file, &[b'x'; 2 * LIMIT]), Ok(LIMIT));
        assert_eq!(logged(), []);
        assert_matches!(write(&file, b"x"), Err(CallError { errno: Errno::EFBIG, .. }));
        assert_eq!(logged().iter().map(|info| info.signal).collect::<Vec<_>>(), [SIGXFSZ]);
        ignore(Known::SIGXFSZ)?;
        assert_matches!(write(&file, b"x"), Err(CallError { errno: Errno::EFBIG, .. }));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(logged().len(), 1);
    let written = std::fs::read("limited")?;
    assert_eq!(written, [b'x'; LIMIT]);
    evidence("the signal of a write beyond the limit", Signal(SIGXFSZ));
    Ok(())
}

/// A write to a pipe without a reader causes SIGPIPE, with SI_USER and the writer's own pid and uid.
#[harness::test(
    id = "signal.cause-pipe",
    cite = [kernel("fs/pipe.c", "anon_pipe_write", "6.18"), kernel("kernel/signal.c", "__send_signal_locked", "6.18")],
    covers = ["behaviours:sicode.sigpipe-user", "notes:signal.condition-triggered"],
)]
fn sigpipe_comes_from_the_writer() -> TestResult {
    let (reader, writer) = pipe()?;
    log(SIGPIPE, 0)?;
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!((read_bytes(&reader, 9), logged()), (Ok("x".into()), vec![]));
    drop(reader);
    assert_matches!(write(&writer, b"x"), Err(CallError { errno: Errno::EPIPE, .. }));
    let seen: Vec<_> = logged().iter().map(|info| (info.signal, info.code, info.sender())).collect();
    assert_eq!(seen, [(SIGPIPE, SI_USER, (own_pid(), getuid().as_raw()))]);
    Ok(())
}

/// A system call that a seccomp filter traps causes SIGSYS with SYS_SECCOMP and the number of the call; one that does not exist
/// fails with ENOSYS and causes no signal.
#[harness::test(
    id = "signal.cause-seccomp",
    cite = [man("seccomp.2", "DESCRIPTION", "SECCOMP_RET_TRAP"), man("sigaction.2", "The si_code field", "SYS_SECCOMP")],
    covers = ["behaviours:sicode.sys-seccomp", "notes:signal.table-31-sigsys"],
    needs = [crate::needs::SECCOMP],
)]
fn a_filter_traps_a_system_call() -> TestResult {
    const SYS_SECCOMP: i32 = 1;
    const NO_CALL: libc::c_long = 9999;
    log(SIGSYS, 0)?;
    // SAFETY: no such call.
    let unknown = Errno::result(unsafe { libc::syscall(NO_CALL) });
    assert_eq!((unknown, logged()), (Err(Errno::ENOSYS), vec![]));
    crate::needs::trap(libc::SYS_getppid)?;
    // SAFETY: asks for a number, in vain.
    unsafe { libc::syscall(libc::SYS_getppid) };
    let seen: Vec<_> = logged().iter().map(|info| (info.signal, info.code, info.system_call())).collect();
    assert_eq!(seen, [(SIGSYS, SYS_SECCOMP, libc::SYS_getppid as i32)]);
    evidence("a system call that does not exist", Errno::ENOSYS);
    Ok(())
}

/// A POSIX timer sends its signal with SI_TIMER, the value that it was given, and an overrun count.
#[harness::test(
    id = "signal.cause-posix-timer",
    cite = [man("sigaction.2", "The si_code field", "SI_TIMER"), posix("timer_create.3p", "DESCRIPTION")],
    covers = ["behaviours:sicode.si-timer"],
)]
fn a_posix_timer_tells_its_value() -> TestResult {
    const VALUE: usize = 0x1234;
    let set = SignalSet::of([SIGRTMIN()]);
    block_all(set)?;
    let timer = timer_create(libc::CLOCK_MONOTONIC, Some(Notify::Signal(SIGRTMIN(), VALUE)))?;
    timer_settime(timer, 0, Setting::once(Duration::from_nanos(1)))?;
    let taken = sigwaitinfo(set).map(|(signal, info)| (signal, info.signal, info.code, info.overrun(), info.value()));
    assert_eq!(taken, Ok((SIGRTMIN(), SIGRTMIN(), SI_TIMER, 0, VALUE)));
    Ok(timer_delete(timer)?)
}

/// A message to an empty POSIX message queue sends the registered signal with SI_MESGQ, the value, and the sender's pid and uid.
#[harness::test(
    id = "signal.cause-message-queue",
    cite = [man("sigaction.2", "The si_code field", "SI_MESGQ"), man("mq_notify.3", "DESCRIPTION"), posix("mq_notify.3p", "DESCRIPTION")],
    covers = ["behaviours:sicode.si-mesgq"],
    needs = [MQUEUE],
)]
fn a_message_queue_tells_the_sender() -> TestResult {
    const VALUE: usize = 0x1234;
    let (name, set) = (MessageQueue::new(), SignalSet::of([SIGUSR1]));
    let queue = name.create()?;
    block_all(set)?;
    mq_notify(&queue, Some(Notify::Signal(SIGUSR1, VALUE)))?;
    let sender = fork(|| -> TestResult { Ok(mq_send(&queue, b"x", 0)?) })?;
    let taken = sigwaitinfo(set).map(|(signal, info)| (signal, info.signal, info.code, info.sender(), info.value()));
    assert_eq!(taken, Ok((SIGUSR1, SIGUSR1, SI_MESGQ, (sender.pid(), getuid().as_raw()), VALUE)));
    sender.join()
}
