//! The handlers of BSD and of System V, each with a call of its own: bsd_signal(3), sysv_signal(3).

use calls::signals::{Action, SignalSet};
use harness::event_log::{log_in_handler, logged_by_handlers};
use kit::needs::GLIBC;
use kit::prelude::*;
use libc::{SIG_BLOCK, SIG_DFL, SIG_IGN, SIGUSR1, c_int};
use std::ptr::null;
use std::sync::OnceLock;

/// Where [`look`] arrives.
static RAN: OnceLock<Latch> = OnceLock::new();

const SEEN: u32 = 1;

/// Logs the handler that its signal has by now, and the mask, and arrives.
extern "C" fn look(signal: c_int) {
    let handler = harness::raw::action_of(signal).map_or(usize::MAX, |action| action.handler);
    let mut mask = u64::MAX;
    // SAFETY: writes a set of the kernel.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, SIG_BLOCK, null::<u64>(), &raw mut mask, harness::raw::SET_SIZE) };
    log_in_handler(SEEN, [handler as u64, mask]);
    if let Some(latch) = RAN.get() {
        latch.arrive();
    }
}

/// The handler, and where it arrives.
fn looking() -> TestResult<(libc::sighandler_t, &'static Latch)> {
    let latch = Latch::new()?;
    Ok((look as *const () as libc::sighandler_t, RAN.get_or_init(|| latch)))
}

/// bsd_signal installs a handler that stays, is blocked while it runs, and after which a call that it interrupts is restarted. It
/// returns the former disposition.
#[harness::test(
    id = "signal.bsd-signal",
    cite = [man("bsd_signal.3", "DESCRIPTION"), man("bsd_signal.3", "RETURN VALUE")],
    covers = ["behaviours:sigold.bsd-signal"],
)]
fn bsd_signal_installs_a_reliable_handler() -> TestResult {
    let (handler, ran) = looking()?;
    let (reader, writer) = pipe()?;
    let child = fork(|| -> TestResult {
        // SAFETY: the handler makes calls that are safe in one, and logs.
        let set = |action| unsafe { bsd_signal(SIGUSR1, action) };
        assert_eq!([set(SIG_IGN), set(handler)], [Ok(SIG_DFL), Ok(SIG_IGN)]);
        assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
        assert_eq!(change_mask(SIG_BLOCK, None), Ok(SignalSet::EMPTY));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::READ)?;
    for runs in 1..=2 {
        assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
        ran.wait_for(runs);
        child.assert_blocked_in(calls::READ);
    }
    write_all(&writer, b"x")?;
    child.join()?;
    assert_eq!(logged_by_handlers(SEEN), [[handler as u64, SignalSet::of([SIGUSR1]).0, 0, 0]; 2]);
    Ok(())
}

/// sysv_signal installs a handler that runs once, since the action is the default one when it begins, is not blocked while it runs,
/// and ends a call that it interrupts with EINTR. It returns the former disposition.
#[harness::test(
    id = "signal.sysv-signal",
    cite = [man("sysv_signal.3", "DESCRIPTION"), man("sysv_signal.3", "RETURN VALUE")],
    covers = ["behaviours:sigold.sysv-signal"],
    needs = [GLIBC],
)]
fn sysv_signal_installs_an_unreliable_handler() -> TestResult {
    let (handler, _) = looking()?;
    let (reader, _writer) = pipe()?;
    let child = fork(|| -> TestResult {
        // SAFETY: the handler makes calls that are safe in one, and logs.
        let set = |action| unsafe { sysv_signal(SIGUSR1, action) };
        assert_eq!([set(SIG_IGN), set(handler)], [Ok(SIG_DFL), Ok(SIG_IGN)]);
        assert_matches!(read(&reader, &mut [0]), Err(CallError { errno: Errno::EINTR, .. }));
        assert_eq!(query_action(SIGUSR1).map(|now| now.action), Ok(Action::Default));
        Ok(raise(SIGUSR1)?)
    })?;
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(kill(child.pid(), SIGUSR1), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(SIGUSR1), core: false });
    assert_eq!(logged_by_handlers(SEEN), [[SIG_DFL as u64, 0, 0, 0]]);
    Ok(())
}
