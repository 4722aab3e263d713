//! The signals that a run waits for.

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask};
use std::sync::atomic::{AtomicBool, Ordering};

/// SIGCHLD, SIGINT and SIGTERM are blocked but for the time in which the loop sleeps: none comes unseen.
pub struct Signals {
    before: SigSet,
    /// The mask in which a signal ends the sleep.
    pub unblocked: SigSet,
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(number: libc::c_int) {
    if number != libc::SIGCHLD {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
}

impl Signals {
    /// Handles and blocks them, until this is dropped.
    pub fn take_over() -> nix::Result<Self> {
        INTERRUPTED.store(false, Ordering::Relaxed);
        let handled = [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM];
        let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::empty(), SigSet::empty());
        let mut unblocked = SigSet::thread_get_mask()?;
        let mut blocked = unblocked;
        for signal in handled {
            // SAFETY: the handler stores to an atomic.
            unsafe { sigaction(signal, &action) }?;
            blocked.add(signal);
            // The parent may have blocked them all.
            unblocked.remove(signal);
        }
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), Some(&mut before))?;
        Ok(Self { before, unblocked })
    }

    /// Whether SIGINT or SIGTERM came.
    pub fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }
}
