//! Signals on their way to a process or thread of the spec.

use super::Tracer;
use crate::mutation::Tracing;
use crate::mutation::deliveries::{self, Action, Delivery, Signals, Wrong, bit};
use crate::mutation::mutations::Effect;
use crate::mutation::siginfo;
use crate::mutation::traced::{Made, mutated};
use crate::mutation::tracee::Tracee;
use harness::raw::{Argument, Sysno, arguments, syscall};
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;
use std::rc::Rc;

impl Tracer<'_> {
    /// A signal is about to be delivered: gives what is delivered in its place, 0 for nothing.
    pub(super) fn deliver(&mut self, pid: Pid, signal: i32) -> nix::Result<i32> {
        let Some(tracee) = self.tracees.get_mut(&pid) else { return Ok(signal) };
        if let Some(info) = tracee.signals.sent_again.take_if(|info| info.si_signo == signal) {
            ptrace::setsiginfo(pid, &info)?;
            return Ok(signal);
        }
        if tracee.over || !tracee.is_ours {
            return Ok(signal);
        }
        let signals = Signals::of(pid)?;
        let action = signals.action(signal, tracee.signals.informed.get());
        if action == Action::Nothing {
            return Ok(signal);
        }
        let (name, path) = (deliveries::name(signal), tracee.path.clone());
        let count = tracee.count(&name);
        let mut info = ptrace::getsiginfo(pid)?;
        match self.tracing {
            Tracing::Learn => {
                let judged = tracee.mark().and_then(|mark| tracee.judged_at(mark));
                let has_others = self.sibling(pid).is_some();
                let delivery = Some(Delivery { signal, code: info.si_code, action, has_others });
                self.made.push(Made { process: path, call: name, number: count, judged, delivery, ..Made::default() });
                Ok(signal)
            }
            Tracing::Mutate(mutation) => {
                let Effect::Deliver(wrong) = mutation.effect else { return Ok(signal) };
                if mutation.number != count || *mutation.call != *name || *mutation.process != *path {
                    return Ok(signal);
                }
                self.log.append(&mutated());
                match wrong {
                    Wrong::Lost => return Ok(0),
                    Wrong::Twice => self.send_again(pid, signals.process, info)?,
                    Wrong::StaysBlocked => tracee.signals.stays_blocked = Some(signal),
                    Wrong::Other(field) => {
                        siginfo::change(&mut info, field);
                        ptrace::setsiginfo(pid, &info)?;
                    }
                    Wrong::OtherThread => {
                        if let Some(other) = self.sibling(pid) {
                            self.send_again(other, signals.process, info)?;
                            return Ok(0);
                        }
                    }
                }
                Ok(signal)
            }
        }
    }

    /// Sends a signal to a thread, to be delivered with what it carried before.
    fn send_again(&mut self, thread: Pid, process: i32, info: libc::siginfo_t) -> nix::Result<()> {
        if let Some(tracee) = self.tracees.get_mut(&thread) {
            tracee.signals.sent_again = Some(info);
        }
        let call = [process.register(), thread.as_raw().register(), info.si_signo.register()];
        // SAFETY: sends a signal; takes numbers alone.
        unsafe { syscall(Sysno::tgkill, arguments(call)) }.map(drop)
    }

    /// The first of the other threads of a thread's process: they share what is known of its handlers.
    fn sibling(&self, thread: Pid) -> Option<Pid> {
        let informed = &self.tracees.get(&thread)?.signals.informed;
        let is_one = |other: &&Tracee| other.pid != thread && Rc::ptr_eq(&other.signals.informed, informed);
        self.tracees.values().filter(is_one).min_by(|one, other| one.path.cmp(&other.path)).map(|other| other.pid)
    }
}

impl Tracee {
    /// Takes note of a call that decides what signals do, whoever makes it.
    pub(super) fn note_signal_call(&mut self, number: u64, arguments: &[u64; 6]) {
        let [signal, new, ..] = *arguments;
        if number == Sysno::rt_sigreturn.id() as u64 {
            self.signals.is_returning = true;
        } else if number == Sysno::rt_sigaction.id() as u64 && new != 0 {
            // The kernel's struct sigaction (asm/signal.h): handler, flags.
            // The kernel may refuse the address, or the tracer the memory of a process that has changed its ids.
            let Ok([_handler, flags]) = self.read_longs(new) else { return };
            let informed = self.signals.informed.get() & !bit(signal as i32);
            let is_informed = flags & libc::SA_SIGINFO as u64 != 0;
            self.signals.informed.set(if is_informed { informed | bit(signal as i32) } else { informed });
        }
    }

    /// At the end of a call: a handler may have returned.
    pub(super) fn note_handler_returned(&mut self) -> nix::Result<()> {
        const PTRACE_GETSIGMASK: libc::c_uint = 0x420a;
        const PTRACE_SETSIGMASK: libc::c_uint = 0x420b;
        if !std::mem::take(&mut self.signals.is_returning) {
            return Ok(());
        }
        let Some(signal) = self.signals.stays_blocked.take() else { return Ok(()) };
        let mut set = 0_u64;
        let ask = |request: libc::c_uint, set: *mut u64| {
            // SAFETY: the kernel reads or writes one long.
            Errno::result(unsafe { libc::ptrace(request as _, self.pid.as_raw(), size_of::<u64>(), set) }).map(drop)
        };
        ask(PTRACE_GETSIGMASK, &raw mut set)?;
        set |= bit(signal);
        ask(PTRACE_SETSIGMASK, &raw mut set)
    }
}
