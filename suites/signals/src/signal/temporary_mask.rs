//! Calls that set another mask while they wait: no mask holds SIGKILL or SIGSTOP back.

use super::shown;
use calls::signals::SignalSet;
use harness::process_state;
use kit::needs::UNTRACED;
use kit::prelude::*;
use libc::{SIGKILL, SIGSTOP, SIGTERM};
use nix::sys::epoll::{Epoll, EpollCreateFlags};
use nix::sys::select::{FdSet, pselect};
use nix::sys::signal::SigSet;
use std::os::fd::AsRawFd;

#[rstest]
#[case::sigsuspend(calls::SIGSUSPEND, || SigSet::all().suspend())]
#[case::ppoll(calls::PPOLL, || {
    let none: &[(&Fd, i16)] = &[];
    calls::for_layers::libc::ppoll(none, None, Some(&SigSet::all())).map(drop).map_err(|error| error.errno)
})]
#[case::pselect(calls::SELECT, || pselect(0, None::<&mut FdSet>, None, None, None, &SigSet::all()).map(drop))]
#[case::epoll_pwait(calls::EPOLL_WAIT, epoll_pwait)]
/// A full mask that is given to sigsuspend, ppoll, pselect or epoll_pwait holds SIGTERM back, but neither SIGSTOP nor
/// SIGKILL: the waiting process is stopped by the one, and terminated by the other.
#[harness::test(
    id = "signal.kill-through-temporary-mask",
    cite = [
        kernel("kernel/signal.c", "set_user_sigmask", "6.18"),
        man("sigsuspend.2", "DESCRIPTION"),
        posix("pthread_sigmask.3p", "DESCRIPTION"),
    ],
    covers = ["behaviours:sigmask.kill-through-temporary-mask"],
    needs = [UNTRACED],
)]
fn no_temporary_mask_holds_sigkill(#[case] call: &'static Call, #[case] wait: fn() -> nix::Result<()>) -> TestResult {
    let child = fork(|| -> TestResult { Ok(wait()?) })?;
    child.wait_until_blocked_in(call)?;
    assert_eq!(kill(child.pid(), SIGTERM), Ok(()));
    child.assert_blocked_in(call);
    assert_eq!(shown(child.pid(), "ShdPnd")?, SignalSet::of([SIGTERM]));
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(19)));
    assert_eq!(process_state::state(child.pid()), Some('T'));
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(9), core: false });
    Ok(())
}

/// epoll_pwait(2) without a timeout on an empty interest list, under a full mask.
fn epoll_pwait() -> nix::Result<()> {
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    // SAFETY: writes one event at most; the set lives until the end of the call.
    Errno::result(unsafe { libc::epoll_pwait(epoll.0.as_raw_fd(), &mut event, 1, -1, SigSet::all().as_ref()) })
        .map(drop)
}
