//! The alternate signal stack: sigaltstack(2), SA_ONSTACK.

use calls::signals::SignalSet;
use harness::event_log::{log_in_handler, logged_by_handlers};
use kit::disposition::install;
use kit::needs::program;
use kit::prelude::*;
use kit::program::run;
use kit::thread::spawn;
use libc::{SA_ONSTACK, SIGSEGV, SIGUSR1, SS_DISABLE, SS_ONSTACK, c_int, c_void, siginfo_t, stack_t};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use std::num::NonZeroUsize;
use std::ptr::null_mut;

/// Large enough for a frame of any processor, and for a handler that is compiled for debugging.
const SIZE: usize = 1 << 18;

/// New memory for a stack, which stays until the end of the process.
fn new_stack() -> TestResult<stack_t> {
    let size = NonZeroUsize::MIN.saturating_add(SIZE - 1);
    // SAFETY: a new mapping touches no memory that exists.
    let start =
        unsafe { mmap_anonymous(None, size, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_PRIVATE) }?;
    Ok(stack_t { ss_sp: start.as_ptr(), ss_flags: 0, ss_size: SIZE })
}

/// What is compared of a stack.
fn parts(stack: Result<stack_t>) -> Result<(usize, c_int, usize)> {
    stack.map(|stack| (stack.ss_sp.addr(), stack.ss_flags, stack.ss_size))
}

const DISABLED: stack_t = stack_t { ss_sp: null_mut(), ss_flags: SS_DISABLE, ss_size: 0 };
const PLACE: u32 = 1;

/// Logs where its frame is, and what sigaltstack says there.
extern "C" fn log_place(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    let here = 0_u8;
    let mut stack = DISABLED;
    // SAFETY: a query, which is safe in a handler.
    unsafe { libc::sigaltstack(std::ptr::null(), &mut stack) };
    log_in_handler(PLACE, [(&raw const here).addr() as u64, stack.ss_flags as u64]);
}

#[rstest]
#[case::with_sa_onstack(SA_ONSTACK, true)]
#[case::without_sa_onstack(0, false)]
/// A handler with SA_ONSTACK runs on the alternate signal stack, where sigaltstack reports SS_ONSTACK; a handler without it runs
/// on the ordinary stack.
#[harness::test(
    id = "signal.alternate-stack",
    cite = [posix("sigaltstack.3p", "DESCRIPTION"), man("sigaltstack.2", "DESCRIPTION"), man("signal.7", "Execution of signal handlers")],
    covers = ["behaviours:sighand.altstack-used", "behaviours:sigalt.onstack-flag", "notes:signal.kernel-step-handler-user-mode"],
    layers = [libc, raw],
)]
fn a_handler_runs_on_the_alternate_stack(#[case] flags: c_int, #[case] expected: bool) -> TestResult {
    let stack = new_stack()?;
    let (start, set) = (stack.ss_sp.addr(), (stack.ss_sp.addr(), 0, SIZE));
    // SAFETY: the memory stays, and is nobody else's; the handler makes a call that is safe in one, and logs.
    unsafe {
        assert_eq!(parts(sigaltstack(Some(&stack))), Ok((0, SS_DISABLE, 0)));
        install(SIGUSR1, log_place, flags, SignalSet::EMPTY)?;
        assert_eq!(parts(sigaltstack(None)), Ok(set));
    }
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    let [[place, state, ..]] = logged_by_handlers(PLACE)[..] else {
        return Err(Stop::broken("the handler did not run once"));
    };
    assert_eq!((start..start + SIZE).contains(&(place as usize)), expected);
    assert_eq!(state as c_int, if expected { SS_ONSTACK } else { 0 });
    // SAFETY: a query.
    assert_eq!(parts(unsafe { sigaltstack(None) }), Ok(set));
    Ok(())
}

/// A handler with SA_ONSTACK runs on the ordinary stack if there is no alternate one.
#[harness::test(
    id = "signal.no-alternate-stack",
    cite = [man("sigaction.2", "DESCRIPTION", "SA_ONSTACK"), posix("sigaction.3p", "DESCRIPTION", "SA_ONSTACK")],
    covers = ["behaviours:sighand.altstack-absent-normal"],
)]
fn without_an_alternate_stack_the_ordinary_one_is_used() -> TestResult {
    let here = 0_u8;
    // SAFETY: the handler makes a call that is safe in one, and logs.
    unsafe { install(SIGUSR1, log_place, SA_ONSTACK, SignalSet::EMPTY) }?;
    assert_eq!(raise(SIGUSR1), Ok(()));
    let [[place, state, ..]] = logged_by_handlers(PLACE)[..] else {
        return Err(Stop::broken("the handler did not run once"));
    };
    let distance = (&raw const here).addr().abs_diff(place as usize);
    assert!(distance < SIZE, "the handler ran {distance} bytes away");
    assert_eq!(state as c_int, SS_DISABLE);
    Ok(())
}

/// SS_DISABLE removes the alternate stack; a query then reports SS_DISABLE, and a handler with SA_ONSTACK runs elsewhere.
#[harness::test(
    id = "signal.alternate-stack-disabled",
    cite = [posix("sigaltstack.3p", "DESCRIPTION"), man("sigaltstack.2", "DESCRIPTION")],
    covers = ["behaviours:sigalt.disable"],
    layers = [libc, raw],
)]
fn ss_disable_removes_the_stack() -> TestResult {
    let stack = new_stack()?;
    let (start, set) = (stack.ss_sp.addr(), (stack.ss_sp.addr(), 0, SIZE));
    // SAFETY: the memory stays, and is nobody else's; the handler makes a call that is safe in one, and logs.
    unsafe {
        install(SIGUSR1, log_place, SA_ONSTACK, SignalSet::EMPTY)?;
        sigaltstack(Some(&stack))?;
        assert_eq!(parts(sigaltstack(Some(&DISABLED))), Ok(set));
        assert_eq!(sigaltstack(None).map(|stack| stack.ss_flags), Ok(SS_DISABLE));
    }
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    let [[place, ..]] = logged_by_handlers(PLACE)[..] else { return Err(Stop::broken("the handler did not run once")) };
    assert!(!(start..start + SIZE).contains(&(place as usize)), "the handler ran on the stack that was removed");
    Ok(())
}

/// A forked child has the alternate stack of its parent; a thread that is created later has none.
#[harness::test(
    id = "signal.alternate-stack-inherited",
    cite = [man("sigaltstack.2", "NOTES"), posix("fork.3p", "DESCRIPTION")],
    covers = ["behaviours:sigalt.fork-inherits", "behaviours:sigalt.thread-not-shared"],
)]
fn a_child_has_the_stack_and_a_thread_has_none() -> TestResult {
    let stack = new_stack()?;
    let set = (stack.ss_sp.addr(), 0, SIZE);
    // SAFETY: the memory stays, and is nobody else's.
    unsafe { sigaltstack(Some(&stack)) }?;
    // SAFETY: a query.
    let child = fork(move || assert_eq!(parts(unsafe { sigaltstack(None) }), Ok(set)))?;
    child.join()?;
    let thread = spawn(|| {
        use calls::for_layers::libc::sigaltstack;
        // SAFETY: a query.
        assert_eq!(parts(unsafe { sigaltstack(None) }), Ok((0, SS_DISABLE, 0)));
    })?;
    thread.join()
}

/// A program starts without the alternate stack of the process that called execve.
#[harness::test(
    id = "signal.alternate-stack-after-exec",
    cite = [posix("exec.3p", "DESCRIPTION"), man("sigaltstack.2", "NOTES"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:sigalt.exec-removes"],
    // The runtime of Rust sets an alternate stack before its main begins.
    needs = [program("perl")],
)]
fn a_program_has_no_alternate_stack() -> TestResult {
    let stack = new_stack()?;
    // SAFETY: the memory stays, and is nobody else's.
    unsafe {
        sigaltstack(Some(&stack))?;
        assert_eq!(parts(sigaltstack(None)), Ok((stack.ss_sp.addr(), 0, SIZE)));
    }
    let query = format!(
        r#"$stack = "x" x 24; print syscall({}, 0, $stack), " ", join " ", unpack "Q i x4 Q", $stack"#,
        libc::SYS_sigaltstack
    );
    let output = run(&["perl", "-e", &query], &0)?;
    assert_eq!((output.ended, output.printed), (Ended::Exited(0), format!("0 0 {SS_DISABLE} 0")));
    Ok(())
}

#[rstest]
#[case::with_stack(true)]
#[case::without_stack(false)]
/// A SIGSEGV handler on the alternate stack runs when the ordinary stack has overflowed; without an alternate stack it cannot, and
/// the process is killed.
#[harness::test(
    id = "signal.stack-overflow",
    cite = [man("sigaltstack.2", "NOTES"), man("sigaltstack.2", "DESCRIPTION")],
    covers = ["behaviours:sigalt.handles-stack-overflow"],
)]
fn an_overflow_is_handled_on_the_alternate_stack(#[case] with_stack: bool) -> TestResult {
    const HANDLED: c_int = 5;
    extern "C" fn end(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        exit(HANDLED)
    }
    let child = fork(|| -> TestResult {
        // A small stack overflows at once; the limit holds for the growth of the first thread's.
        nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_STACK, 1 << 20, 1 << 20)?;
        if with_stack {
            let stack = new_stack()?;
            // SAFETY: the memory stays, and is nobody else's.
            unsafe { sigaltstack(Some(&stack)) }?;
        }
        // SAFETY: the handler ends the process.
        unsafe { install(SIGSEGV, end, SA_ONSTACK, SignalSet::EMPTY) }?;
        std::hint::black_box(overflow(0));
        Ok(())
    })?;
    let expected = if with_stack { Ended::Exited(HANDLED) } else { Ended::Killed { by: Signal(SIGSEGV), core: false } };
    assert_eq!(child.wait()?, expected);
    Ok(())
}

/// Needs more and more of the stack.
fn overflow(depth: u64) -> u64 {
    let page = std::hint::black_box([depth; 256]);
    if depth == u64::MAX { 0 } else { page[0] + overflow(depth + 1) }
}

/// With SS_AUTODISARM the alternate stack is disabled when a handler begins on it, so that the handler may set another one; when it
/// has returned, the former one is set again.
#[harness::test(
    id = "signal.alternate-stack-disarmed",
    cite = [man("sigaltstack.2", "DESCRIPTION", "SS_AUTODISARM")],
    covers = ["behaviours:sigalt.autodisarm"],
    layers = [libc, raw],
)]
fn ss_autodisarm_disables_the_stack_meanwhile() -> TestResult {
    const SS_AUTODISARM: c_int = i32::MIN;
    let stack = stack_t { ss_flags: SS_AUTODISARM, ..new_stack()? };
    let start = stack.ss_sp.addr();
    // SAFETY: the memory stays, and is nobody else's; the handler makes a call that is safe in one, and logs.
    unsafe {
        sigaltstack(Some(&stack))?;
        install(SIGUSR1, log_place, SA_ONSTACK, SignalSet::EMPTY)?;
    }
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    let [[place, state, ..]] = logged_by_handlers(PLACE)[..] else {
        return Err(Stop::broken("the handler did not run once"));
    };
    assert!((start..start + SIZE).contains(&(place as usize)), "the handler did not run on the alternate stack");
    assert_eq!(state as c_int, SS_DISABLE);
    // SAFETY: a query.
    assert_eq!(parts(unsafe { sigaltstack(None) }), Ok((start, SS_AUTODISARM, SIZE)));
    Ok(())
}
