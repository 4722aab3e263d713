//! Calls that are given an address outside the address space.

use calls::signals::{Action, action_of};
use harness::raw::{Argument as _, arguments};
use kit::disposition::{block, signal_mask};
use kit::prelude::*;
use libc::{SIG_BLOCK, SIGUSR1};
use nix::sys::signal::Signal as Known;
use std::ptr::{null, with_exposed_provenance_mut};

/// The size of the kernel's sigset_t.
const SET: usize = 8;

#[rstest]
#[case::act(BAD_ADDRESS, 0)]
#[case::oldact(0, BAD_ADDRESS)]
/// sigaction fails with EFAULT if act or oldact points outside the address space, and the disposition remains SIG_DFL.
#[harness::test(
    id = "signal.action-bad-address",
    cite = [man("sigaction.2", "ERRORS", "EFAULT")],
    covers = ["errors:signal.sigaction.EFAULT"],
)]
fn sigaction_with_a_bad_address_fails(#[case] act: usize, #[case] oldact: usize) -> TestResult {
    // SAFETY: the kernel refuses the address.
    let refused =
        unsafe { syscall("sigaction", Sysno::rt_sigaction, arguments([SIGUSR1.register(), act, oldact, SET])) };
    assert_errno!(refused, EFAULT);
    assert_eq!(action_of(SIGUSR1), Ok(Action::Default));
    Ok(())
}

#[rstest]
#[case::set(BAD_ADDRESS, 0)]
#[case::oldset(0, BAD_ADDRESS)]
/// sigprocmask fails with EFAULT if set or oldset points outside the address space, and the signal mask is unchanged.
#[harness::test(
    id = "signal.mask-bad-address",
    cite = [man("sigprocmask.2", "ERRORS", "EFAULT")],
    covers = ["errors:signal.sigprocmask.EFAULT"],
)]
fn sigprocmask_with_a_bad_address_fails(#[case] set: usize, #[case] oldset: usize) -> TestResult {
    block(Known::SIGUSR2)?;
    // SAFETY: the kernel refuses the address.
    let refused =
        unsafe { syscall("sigprocmask", Sysno::rt_sigprocmask, arguments([SIG_BLOCK.register(), set, oldset, SET])) };
    assert_errno!(refused, EFAULT);
    assert_eq!(signal_mask(), Ok(Known::SIGUSR2.into()));
    Ok(())
}

/// pthread_sigmask returns EFAULT if oldset points outside the address space, and the signal mask is unchanged.
#[harness::test(
    id = "signal.thread-mask-bad-address",
    cite = [man("pthread_sigmask.3", "ERRORS"), man("sigprocmask.2", "ERRORS", "EFAULT")],
    covers = ["errors:signal.pthread_sigmask.EFAULT"],
)]
fn pthread_sigmask_with_a_bad_address_fails() -> TestResult {
    block(Known::SIGUSR2)?;
    // SAFETY: the library passes the address to the kernel, which refuses it.
    let error = unsafe { libc::pthread_sigmask(SIG_BLOCK, null(), with_exposed_provenance_mut(BAD_ADDRESS)) };
    let refused = if error == 0 { Ok(()) } else { Err(CallError::new("pthread_sigmask", Errno::from_raw(error))) };
    assert_errno!(refused, EFAULT);
    assert_eq!(signal_mask(), Ok(Known::SIGUSR2.into()));
    Ok(())
}
