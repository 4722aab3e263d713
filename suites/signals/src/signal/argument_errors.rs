//! Documented errors of the calls that set actions and masks, wait and sleep: numbers, addresses, sizes, times and clocks.

use calls::for_layers::libc as by_libc;
use calls::signals::{Action, Disposition, SignalSet};
use harness::raw::{SET_SIZE, arguments};
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{
    CLOCK_MONOTONIC, SIG_BLOCK, SIGKILL, SIGSTOP, SIGUSR1, SIGUSR2, c_int, c_void, siginfo_t, stack_t, timespec,
};

/// A call with a signal number.
type OnSignal = fn(i32) -> Result<()>;

const SIGACTION: OnSignal = |signal| by_libc::sigaction(signal, Action::Ignore);
const SIGNAL: OnSignal = |signal| by_libc::signal(signal, Action::Ignore);
const SIGADDSET: OnSignal = |signal| by_libc::sigaddset(&mut SignalSet::EMPTY.library(), signal);
const SIGDELSET: OnSignal = |signal| by_libc::sigdelset(&mut SignalSet::ALL.library(), signal);
const SIGISMEMBER: OnSignal = |signal| by_libc::sigismember(&SignalSet::ALL.library(), signal).map(drop);
const SIGINTERRUPT: OnSignal = |signal| by_libc::siginterrupt(signal, 1);
const SIGHOLD: OnSignal = |signal| by_libc::sighold(signal);
const SIGRELSE: OnSignal = |signal| by_libc::sigrelse(signal);
const SIGIGNORE: OnSignal = |signal| by_libc::sigignore(signal);
const SIGPAUSE: OnSignal = |signal| by_libc::sigpause(signal);
const SIGSET: OnSignal = |signal| {
    // SAFETY: no handler is set.
    unsafe { by_libc::sigset(signal, libc::SIG_IGN) }.map(drop)
};

#[harness::errors(
    family = "invalid-signal",
    rows = [
        ("signal.number-einval/sigaction", "errors:signal.sigaction.EINVAL", SIGACTION),
        ("signal.number-einval/signal", "errors:signal.signal.EINVAL", SIGNAL),
        ("signal.number-einval/sigaddset", "errors:signal.sigaddset.EINVAL", SIGADDSET),
        ("signal.number-einval/sigdelset", "errors:signal.sigdelset.EINVAL", SIGDELSET),
        ("signal.number-einval/sigismember", "errors:signal.sigismember.EINVAL", SIGISMEMBER),
        ("signal.number-einval/siginterrupt", "errors:signal.siginterrupt.EINVAL", SIGINTERRUPT),
        ("signal.number-einval/sigset", "errors:signal.sigset.EINVAL", SIGSET),
        ("signal.number-einval/sighold", "errors:signal.sighold.EINVAL", SIGHOLD),
        ("signal.number-einval/sigrelse", "errors:signal.sigrelse.EINVAL", SIGRELSE),
        ("signal.number-einval/sigignore", "errors:signal.sigignore.EINVAL", SIGIGNORE),
        ("signal.number-einval/sigpause", "errors:signal.sigpause.EINVAL", SIGPAUSE),
    ],
)]
fn no_signal_has_this_number(call: OnSignal) -> TestResult {
    for none in [-1, 0, libc::SIGRTMAX() + 1] {
        assert_errno!(call(none), EINVAL);
    }
    assert_eq!(change_mask(SIG_BLOCK, None), Ok(SignalSet::EMPTY));
    Ok(())
}

#[harness::errors(
    family = "unchangeable-signal",
    rows = [
        ("signal.unchangeable-einval/sigset", "errors:signal.sigset.EINVAL.2", SIGSET),
        ("signal.unchangeable-einval/sigignore", "errors:signal.sigignore.EINVAL.2", SIGIGNORE),
    ],
)]
fn sigkill_and_sigstop_cannot_be_ignored(call: OnSignal) -> TestResult {
    for signal in [SIGKILL, SIGSTOP] {
        assert_errno!(call(signal), EINVAL);
        assert_eq!(query_action(signal), Ok(Disposition::of(Action::Default)));
    }
    Ok(())
}

/// A system call with a bad address among its arguments: its name in the catalogue, its number, and the arguments.
type OnAddress = (&'static str, Sysno, [usize; 4]);

/// Stands for the address of memory that holds zeros: an empty set, or no time.
const ZEROS: usize = usize::MAX;

#[harness::errors(
    family = "bad-address",
    rows = [
        ("signal.address-efault/sigpending", "errors:signal.sigpending.EFAULT", ("sigpending", Sysno::rt_sigpending, [BAD_ADDRESS, SET_SIZE, 0, 0])),
        ("signal.address-efault/sigsuspend", "errors:signal.sigsuspend.EFAULT", ("sigsuspend", Sysno::rt_sigsuspend, [BAD_ADDRESS, SET_SIZE, 0, 0])),
        ("signal.address-efault/sigaltstack", "errors:signal.sigaltstack.EFAULT", ("sigaltstack", Sysno::sigaltstack, [BAD_ADDRESS, 0, 0, 0])),
        (
            "signal.address-efault/rt-sigprocmask", "errors:signal.rt_sigprocmask.EFAULT",
            ("rt_sigprocmask", Sysno::rt_sigprocmask, [SIG_BLOCK as usize, BAD_ADDRESS, 0, SET_SIZE])
        ),
        ("signal.address-efault/nanosleep", "errors:signal.nanosleep.EFAULT", ("nanosleep", Sysno::nanosleep, [BAD_ADDRESS, 0, 0, 0])),
        (
            "signal.address-efault/clock-nanosleep", "errors:signal.clock_nanosleep.EFAULT",
            ("clock_nanosleep", Sysno::clock_nanosleep, [CLOCK_MONOTONIC as usize, 0, BAD_ADDRESS, 0])
        ),
    ],
)]
fn an_address_is_bad(on: OnAddress) -> TestResult {
    let (name, number, given) = on;
    let mask = SignalSet::of([SIGUSR2]);
    block_all(mask)?;
    // SAFETY: the kernel refuses the address.
    assert_errno!(unsafe { syscall(name, number, arguments(given)) }, EFAULT);
    assert_eq!(change_mask(SIG_BLOCK, None), Ok(mask));
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("signal.size-einval/rt-sigaction", "errors:signal.rt_sigaction.EINVAL", ("rt_sigaction", Sysno::rt_sigaction, [SIGUSR1 as usize, 0, ZEROS, 0])),
        (
            "signal.size-einval/rt-sigprocmask", "errors:signal.rt_sigprocmask.EINVAL",
            ("rt_sigprocmask", Sysno::rt_sigprocmask, [SIG_BLOCK as usize, ZEROS, 0, 0])
        ),
    ],
)]
fn the_set_has_another_size(on: OnAddress) -> TestResult {
    let (name, number, given) = on;
    let zeros = [0_u64; 32];
    let given = given.map(|argument| if argument == ZEROS { zeros.as_ptr().expose_provenance() } else { argument });
    for size in [0, SET_SIZE - 1, SET_SIZE + 1, 2 * SET_SIZE, size_of::<libc::sigset_t>()] {
        // SAFETY: the memory is large enough for what these calls write, and they refuse.
        assert_errno!(unsafe { syscall(name, number, arguments([given[0], given[1], given[2], size])) }, EINVAL);
    }
    assert_eq!(zeros, [0; 32]);
    Ok(())
}

/// The mask is changed by no other way than SIG_BLOCK, SIG_UNBLOCK and SIG_SETMASK: sigprocmask and pthread_sigmask fail with EINVAL,
/// and the mask stays.
#[harness::test(
    id = "signal.mask-how-einval",
    cite = [posix("pthread_sigmask.3p", "ERRORS", "EINVAL"), man("sigprocmask.2", "ERRORS", "EINVAL")],
    covers = ["errors:signal.sigprocmask.EINVAL", "errors:signal.pthread_sigmask.EINVAL"],
)]
fn the_mask_is_changed_in_no_other_way() -> TestResult {
    let mask = SignalSet::of([SIGUSR2]);
    block_all(mask)?;
    for how in [-1, 3, 77] {
        assert_errno!(change_mask(how, Some(SignalSet::of([SIGUSR1]))), EINVAL);
        let set = SignalSet::of([SIGUSR1]).library();
        // SAFETY: reads the set, which outlives the call.
        let error = unsafe { libc::pthread_sigmask(how, &set, std::ptr::null_mut()) };
        let refused = if error == 0 { Ok(()) } else { Err(CallError::new("pthread_sigmask", Errno::from_raw(error))) };
        assert_errno!(refused, EINVAL);
    }
    assert_eq!(change_mask(SIG_BLOCK, None), Ok(mask));
    Ok(())
}

/// A call with a time.
type WithTime = fn(timespec) -> Result<()>;

const SIGTIMEDWAIT: WithTime = |time| by_libc::sigtimedwait(SignalSet::of([SIGUSR1]), time).map(drop);
const NANOSLEEP: WithTime = |time| by_libc::nanosleep(time, &mut timespec { tv_sec: 0, tv_nsec: 0 });
const CLOCK_NANOSLEEP: WithTime = |time| sleep_by(CLOCK_MONOTONIC, time);

fn sleep_by(clock: libc::clockid_t, time: timespec) -> Result<()> {
    by_libc::clock_nanosleep(clock, 0, time, &mut timespec { tv_sec: 0, tv_nsec: 0 })
}

#[harness::errors(
    family = "invalid-timeout",
    rows = [
        ("signal.time-einval/sigtimedwait", "errors:signal.sigtimedwait.EINVAL", SIGTIMEDWAIT),
        ("signal.time-einval/nanosleep", "errors:signal.nanosleep.EINVAL", NANOSLEEP),
        ("signal.time-einval/clock-nanosleep", "errors:signal.clock_nanosleep.EINVAL", CLOCK_NANOSLEEP),
    ],
)]
fn a_time_is_invalid(call: WithTime) -> TestResult {
    for (tv_sec, tv_nsec) in [(0, -1), (0, 1_000_000_000), (-1, 0)] {
        assert_errno!(call(timespec { tv_sec, tv_nsec }), EINVAL);
    }
    Ok(())
}

/// clock_nanosleep fails with EINVAL for a clock that is none, and for CLOCK_THREAD_CPUTIME_ID, and with ENOTSUP for one that
/// cannot be slept against.
#[harness::test(
    id = "signal.clock-refused",
    cite = [man("clock_nanosleep.2", "ERRORS", "EINVAL"), man("clock_nanosleep.2", "ERRORS", "ENOTSUP"), posix("clock_nanosleep.3p", "ERRORS", "ENOTSUP")],
    covers = ["errors:signal.clock_nanosleep.EINVAL.2", "errors:signal.clock_nanosleep.ENOTSUP"],
)]
fn a_clock_is_refused() -> TestResult {
    const NO_CLOCK: libc::clockid_t = 77;
    let time = timespec { tv_sec: 0, tv_nsec: 1 };
    for clock in [NO_CLOCK, libc::CLOCK_THREAD_CPUTIME_ID] {
        assert_errno!(sleep_by(clock, time), EINVAL);
    }
    assert_errno!(sleep_by(libc::CLOCK_MONOTONIC_RAW, time), ENOTSUP);
    Ok(())
}

#[rstest]
#[case::flag(stack(1 << 10, 1 << 16), Errno::EINVAL)]
#[case::too_small(stack(0, 2047), Errno::ENOMEM)]
#[case::empty(stack(0, 0), Errno::ENOMEM)]
/// sigaltstack fails with EINVAL for an unknown flag, and with ENOMEM for a stack that is smaller than MINSIGSTKSZ; there is no
/// alternate stack then.
#[harness::test(
    id = "signal.alternate-stack-refused",
    cite = [posix("sigaltstack.3p", "ERRORS", "EINVAL"), posix("sigaltstack.3p", "ERRORS", "ENOMEM"), man("sigaltstack.2", "ERRORS")],
    covers = ["errors:signal.sigaltstack.EINVAL", "errors:signal.sigaltstack.ENOMEM"],
    layers = [libc, raw],
)]
fn an_alternate_stack_is_refused(#[case] stack: stack_t, #[case] expected: Errno) -> TestResult {
    let memory = vec![0_u8; stack.ss_size];
    let stack = stack_t { ss_sp: memory.as_ptr().cast_mut().cast(), ..stack };
    // SAFETY: the call is refused.
    let refused = unsafe { sigaltstack(Some(&stack)) }.map(drop);
    if expected == Errno::EINVAL {
        assert_errno!(refused, EINVAL);
    } else {
        assert_errno!(refused, ENOMEM);
    }
    // SAFETY: a query.
    assert_eq!(unsafe { sigaltstack(None) }.map(|stack| stack.ss_flags), Ok(libc::SS_DISABLE));
    Ok(())
}

fn stack(ss_flags: c_int, ss_size: usize) -> stack_t {
    stack_t { ss_sp: std::ptr::null_mut(), ss_flags, ss_size }
}

/// A handler cannot change the alternate stack that it runs on: sigaltstack fails with EPERM.
#[harness::test(
    id = "signal.alternate-stack-in-use",
    cite = [posix("sigaltstack.3p", "ERRORS", "EPERM"), man("sigaltstack.2", "ERRORS", "EPERM")],
    covers = ["errors:signal.sigaltstack.EPERM"],
)]
fn the_stack_in_use_cannot_be_changed() -> TestResult {
    const REFUSED: u32 = 1;
    extern "C" fn change(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        let none = stack(libc::SS_DISABLE, 0);
        // SAFETY: safe in a handler; the call is refused.
        let result = unsafe { libc::sigaltstack(&none, std::ptr::null_mut()) };
        let error = if result == 0 { 0 } else { Errno::last_raw() };
        harness::event_log::log_in_handler(REFUSED, [error as u64]);
    }
    let memory = vec![0_u8; 1 << 18].leak();
    let stack = stack_t { ss_sp: memory.as_mut_ptr().cast(), ..stack(0, memory.len()) };
    // SAFETY: the memory stays, and is nobody else's; the handler makes a call that is safe in one, and logs.
    unsafe {
        sigaltstack(Some(&stack))?;
        kit::disposition::install(SIGUSR1, change, libc::SA_ONSTACK, SignalSet::EMPTY)?;
    }
    assert_eq!(raise(SIGUSR1), Ok(()));
    let [[error, ..]] = harness::event_log::logged_by_handlers(REFUSED)[..] else {
        return Err(Stop::broken("the handler did not run once"));
    };
    let refused = if error == 0 { Ok(()) } else { Err(CallError::new("sigaltstack", Errno::from_raw(error as i32))) };
    assert_errno!(refused, EPERM);
    // SAFETY: a query.
    let now = unsafe { sigaltstack(None) }.map(|now| (now.ss_sp.addr(), now.ss_size));
    assert_eq!(now, Ok((stack.ss_sp.addr(), stack.ss_size)));
    Ok(())
}
