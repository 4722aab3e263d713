//! What a handler is given of what it interrupts, and what becomes of that when it returns; what it may call.

use calls::signals::SignalSet;
use harness::event_log::{log_in_handler, logged_by_handlers};
use kit::disposition::{block_all, handle, handled, ignore, install};
use kit::prelude::*;
use libc::{SIG_BLOCK, SIGINT, SIGUSR1, SIGUSR2, c_int, c_void, siginfo_t, ucontext_t};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};

const MASKS: u32 = 1;

/// The mask in the context of a handler.
///
/// # Safety
/// The context is that of a running handler.
unsafe fn mask_in(context: *mut c_void) -> *mut u64 {
    // SAFETY: the kernel's set is at the beginning of the field, and aligned.
    unsafe { (&raw mut (*context.cast::<ucontext_t>()).uc_sigmask).cast() }
}

/// Logs the mask in the context, and the one that holds while the handler runs.
extern "C" fn log_masks(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    let mut now = 0_u64;
    // SAFETY: the context is the handler's; the call writes a set of the kernel.
    let interrupted = unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, SIG_BLOCK, 0, &raw mut now, harness::raw::SET_SIZE);
        *mask_in(context)
    };
    log_in_handler(MASKS, [interrupted, now]);
}

/// While a handler runs, its own signal and those in sa_mask are blocked besides what was; the context shows the interrupted mask, which
/// is back when the handler has returned.
#[harness::test(
    id = "signal.mask-in-handler",
    cite = [posix("sigaction.3p", "DESCRIPTION"), man("signal.7", "Execution of signal handlers"), man("sigaction.2", "DESCRIPTION")],
    covers = [
        "behaviours:sighand.mask-restored", "behaviours:sighand.ucontext-mask", "behaviours:sighand.sa-mask-added",
        "behaviours:sighand.self-blocked",
    ],
    layers = [libc, raw],
)]
fn the_mask_is_back_after_the_handler() -> TestResult {
    let (before, added) = (SignalSet::of([SIGINT]), SignalSet::of([SIGUSR2, libc::SIGRTMAX()]));
    // SAFETY: the handler makes a system call, and logs.
    unsafe { install(SIGUSR1, log_masks, 0, added) }?;
    block_all(before)?;
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    let during = SignalSet::of([SIGINT, SIGUSR1, SIGUSR2, libc::SIGRTMAX()]);
    assert_eq!(logged_by_handlers(MASKS), [[before.0, during.0, 0, 0]]);
    assert_eq!(change_mask(SIG_BLOCK, None), Ok(before));
    Ok(())
}

/// When a handler returns, the mask is the one in its context: one that the handler has changed there holds from then on, without
/// SIGKILL and SIGSTOP.
#[harness::test(
    id = "signal.mask-of-frame",
    cite = [man("sigreturn.2", "DESCRIPTION")],
    covers = ["behaviours:sigframe.changed-mask"],
)]
fn the_mask_of_the_frame_is_restored() -> TestResult {
    extern "C" fn block_all_after(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the context is the handler's.
        unsafe { *mask_in(context) = u64::MAX };
    }
    // SAFETY: the handler writes to its context alone.
    unsafe { install(SIGUSR1, block_all_after, 0, SignalSet::EMPTY) }?;
    assert_eq!(raise(SIGUSR1), Ok(()));
    assert_eq!(super::shown(own_pid(), "SigBlk")?, SignalSet::but([libc::SIGKILL, libc::SIGSTOP]));
    Ok(())
}

/// A handler that a signal of another process runs interrupts a loop, which then goes on where it was: its result is that of a loop
/// that nothing interrupts. A handler forces code of the process to run; without one the signal ends the process.
#[harness::test(
    id = "signal.loop-goes-on",
    cite = [man("signal.7", "Execution of signal handlers"), posix("XSH", "2.4.3 Signal Actions")],
    covers = [
        "notes:signal.interrupts-running-process", "notes:signal.purpose-force-handler", "notes:signal.kernel-step-return",
        "notes:signal.impl-suspend-resume", "notes:signal.asynchronous",
    ],
)]
fn an_interrupted_loop_goes_on() -> TestResult {
    const SIGNALS: u32 = 100;
    let runs = kit::disposition::Runs::new()?;
    let (started, end) = (Latch::new()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        runs.handle(Known::SIGUSR1, SaFlags::empty())?;
        started.arrive();
        let (mut sum, mut rounds) = (0_u64, 0_u64);
        while end.arrivals() == 0 {
            for number in 0..100 {
                sum = std::hint::black_box(sum + number);
            }
            rounds += 1;
        }
        assert_eq!(sum, rounds * 4950);
        Ok(())
    })?;
    started.wait_for(1);
    for run in 1..=SIGNALS {
        assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
        runs.wait_for(run);
    }
    end.arrive();
    child.join()?;
    assert_eq!(runs.count(), SIGNALS);
    let without = holder(|| Ok(()))?;
    assert_eq!(kill(without.pid(), SIGUSR1), Ok(()));
    assert_eq!(without.wait()?, Ended::Killed { by: Signal(SIGUSR1), core: false });
    Ok(())
}

#[rstest]
#[case::default_action(|| Ok(()), Ended::Killed { by: Signal(SIGUSR1), core: false })]
#[case::ignored(|| ignore(Known::SIGUSR1), Ended::Exited(0))]
#[case::empty_handler(|| handle(Known::SIGUSR1, SaFlags::empty()), Ended::Exited(4))]
/// SIG_DFL does the default action, which ends the process for most signals; SIG_IGN discards the signal, and the blocked call goes
/// on; a handler that does nothing ends the call with EINTR.
#[harness::test(
    id = "signal.three-dispositions",
    cite = [posix("signal.h.0p", "DESCRIPTION"), man("signal.7", "Signal dispositions")],
    covers = [
        "notes:signal.sig-dfl-discards", "notes:signal.ignore-means-default", "notes:signal.catch", "notes:signal.simple",
        "notes:signal.complex-method",
    ],
)]
fn dispositions_differ(#[case] setup: fn() -> TestResult, #[case] expected: Ended) -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| -> TestResult {
        setup()?;
        match read(&reader, &mut [0]) {
            Ok(1) => exit(0),
            Err(CallError { errno: Errno::EINTR, .. }) => exit(3 + handled(Known::SIGUSR1).cast_signed()),
            other => Err(Stop::broken(format!("{other:?}"))),
        }
    })?;
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
    if expected == Ended::Exited(0) {
        child.assert_blocked_in(calls::READ);
        write_all(&writer, b"x")?;
    }
    let ended = child.wait()?;
    assert_eq!(ended, expected);
    evidence("the process after SIGUSR1, which takes one call to send", ended);
    Ok(())
}

/// A handler may call write, which delivers its data, and sem_post, which lets a thread that waits for the semaphore go on.
#[harness::test(
    id = "signal.safe-in-handler",
    cite = [posix("XSH", "2.4.3 Signal Actions"), man("signal-safety.7", "DESCRIPTION")],
    covers = ["behaviours:sigsafe.write-safe", "behaviours:sigsafe.sem-post-safe"],
)]
fn a_handler_writes_and_posts() -> TestResult {
    static WRITER: AtomicI32 = AtomicI32::new(-1);
    static SEMAPHORE: AtomicPtr<libc::sem_t> = AtomicPtr::new(std::ptr::null_mut());
    extern "C" fn write_and_post(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: both are safe in a handler; the bytes are static, and the semaphore stays.
        unsafe {
            assert_in_handler!(libc::write(WRITER.load(Ordering::Acquire), c"abc".as_ptr().cast(), 3) == 3);
            assert_in_handler!(libc::sem_post(SEMAPHORE.load(Ordering::Acquire)) == 0);
        }
    }
    let (reader, writer) = pipe()?;
    // SAFETY: all zero is memory for a semaphore, which stays.
    let semaphore: &'static mut libc::sem_t = Box::leak(Box::new(unsafe { std::mem::zeroed() }));
    // SAFETY: as above.
    Errno::result(unsafe { libc::sem_init(semaphore, 0, 0) })?;
    WRITER.store(writer.number(), Ordering::Release);
    SEMAPHORE.store(semaphore, Ordering::Release);
    // SAFETY: the handler makes calls that are safe in one.
    unsafe { install(SIGUSR1, write_and_post, 0, SignalSet::EMPTY) }?;
    let waiter = kit::thread::spawn(|| {
        // SAFETY: the semaphore was initialised, and stays. No signal is this thread's.
        assert_eq!(unsafe { libc::sem_wait(SEMAPHORE.load(Ordering::Acquire)) }, 0);
    })?;
    waiter.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(raise(SIGUSR1), Ok(()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    waiter.join()
}

/// With SIGPIPE ignored a write without a reader fails with EPIPE, and the process goes on; an error that has no signal is reported by
/// the call alone, and signals such as SIGCHLD come in ordinary operation.
#[harness::test(
    id = "signal.pipe-ignored",
    cite = [posix("write.3p", "ERRORS", "EPIPE"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["notes:signal.sigpipe-ignore", "notes:signal.for-abnormal-situations"],
)]
fn a_process_that_ignores_sigpipe_goes_on() -> TestResult {
    handle(Known::SIGCHLD, SaFlags::empty())?;
    let child = fork(|| -> TestResult {
        ignore(Known::SIGPIPE)?;
        let (reader, writer) = pipe()?;
        drop(reader);
        assert_matches!(write(&writer, b"x"), Err(CallError { errno: Errno::EPIPE, .. }));
        exit(7)
    })?;
    assert_eq!(child.wait()?, Ended::Exited(7));
    assert_eq!(handled(Known::SIGCHLD), 1);
    evidence("SIGCHLD of a child that ended in ordinary operation", handled(Known::SIGCHLD));
    Ok(())
}
