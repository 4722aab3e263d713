//! The signals that a run waits for.

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask};
use std::sync::atomic::{AtomicBool, Ordering};

/// Those that end a run. One that was ignored when the run started stays ignored: nohup(1), and a shell's `&`.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

/// SIGCHLD and the signals that end a run are blocked but for the time in which the loop sleeps: none comes unseen.
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
        let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::empty(), SigSet::empty());
        let mut unblocked = SigSet::thread_get_mask()?;
        let mut blocked = unblocked;
        for signal in ENDING.into_iter().chain([Signal::SIGCHLD]) {
            // SAFETY: the handler stores to an atomic.
            let before = unsafe { sigaction(signal, &action) }?;
            if matches!(before.handler(), SigHandler::SigIgn) && signal != Signal::SIGCHLD {
                // SAFETY: as it was.
                unsafe { sigaction(signal, &before) }?;
                continue;
            }
            blocked.add(signal);
            // The parent may have blocked them all.
            unblocked.remove(signal);
        }
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), Some(&mut before))?;
        Ok(Self { before, unblocked })
    }

    /// Whether one came that ends the run.
    pub fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }
}
