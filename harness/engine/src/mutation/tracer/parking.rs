//! A process that is stopped by a signal would show as traced: the tracer lets go of it, and takes it up before it is continued.

use super::Tracer;
use crate::mutation::stop::{options, wait_for_stop};
use crate::mutation::tracee::Stopped;
use harness::process_state;
use nix::sys::ptrace;
use nix::unistd::Pid;

impl Tracer<'_> {
    /// Lets go of a process that a signal has stopped.
    pub(super) fn park(&mut self, pid: Pid) -> nix::Result<()> {
        if let Some(tracee) = self.tracees.get_mut(&pid) {
            tracee.stopped = Stopped::LetGo;
        }
        ptrace::detach(pid, None)?;
        // It stops again by itself, now for all to see.
        while matches!(process_state::state(pid.as_raw()), Some('R' | 't')) {
            nix::sched::sched_yield()?;
        }
        Ok(())
    }

    /// Takes up all that were let go of, before somebody can continue them.
    pub(super) fn unpark(&mut self) {
        for tracee in self.tracees.values_mut().filter(|tracee| tracee.stopped == Stopped::LetGo) {
            if ptrace::seize(tracee.pid, options()).is_ok() && wait_for_stop(tracee.pid) {
                tracee.stopped = Stopped::Traced;
                // SAFETY: changes no memory of this process; the other one goes on being stopped.
                unsafe { libc::ptrace(libc::PTRACE_LISTEN, tracee.pid.as_raw(), 0, 0) };
            }
        }
    }
}
