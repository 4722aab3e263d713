//! The init of a sandbox as the tracer of all that runs in it. ptrace(2).
//!
//! It follows every process from its first moment, sees each system call before and after, and lets signals through as they
//! come. Nothing that a spec can ask for shows the difference, but for one thing: a process that is stopped by a signal shows
//! as traced. So the tracer lets go of it while it is stopped, and takes it up again before a signal can continue it.

mod delivery;
mod parking;
mod stall;
mod waiters;

use super::calls;
use super::deliveries::Signals;
use super::mutations::{Effect, Mutation};
use super::parameters::checksum;
use super::stop::{
    At, event_of, is_restart, is_stopped_by_signal, options, runs_this_program, sends_sigcont, side_of_call,
};
use super::traced::{Made, equivalent, mutated, quiet};
use super::tracee::{Half, Inside, Misdirected, SignalState, Stopped, Tracee};
use super::{Tracing, effect, registers, sample};
use crate::sandbox;
use harness::bounded::TICK;
use harness::call::Given;
use harness::event_log::EventLog;
use harness::mark::Whose;
use harness::process_state;
use harness::spec::TestResult;
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;
use record::Process;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Instant;

/// The tracer of one spec.
pub struct Tracer<'a> {
    tracing: &'a Tracing,
    log: &'a EventLog,
    tracees: HashMap<Pid, Tracee>,
    /// Stopped before their parents' stop told of them.
    unannounced: HashSet<Pid>,
    made: Vec<Made>,
    /// Whether anything of the spec's has happened since the last tick.
    busy: bool,
    next_tick: Instant,
    quiet_ticks: u32,
    longest_quiet: u32,
}

impl<'a> Tracer<'a> {
    /// Takes up a process that waits for that, and of which nothing is the spec's yet.
    pub fn seize(spec: Pid, tracing: &'a Tracing, log: &'a EventLog) -> TestResult<Self> {
        ptrace::seize(spec, options())?;
        // It has to stop once before it can be resumed up to the next call.
        ptrace::interrupt(spec)?;
        let first = Tracee::new(spec, String::new(), true);
        Ok(Self {
            tracing,
            log,
            tracees: [(spec, first)].into(),
            unannounced: HashSet::new(),
            made: Vec::new(),
            busy: true,
            next_tick: Instant::now() + TICK,
            quiet_ticks: 0,
            longest_quiet: 0,
        })
    }

    fn stopped(&mut self, pid: Pid, status: i32) -> nix::Result<()> {
        const CALL: i32 = libc::SIGTRAP | 0x80;
        if is_stopped_by_signal(status) {
            self.busy = true;
            return self.park(pid);
        }
        match (libc::WSTOPSIG(status), event_of(status)) {
            (CALL, _) => {
                self.at_call(pid)?;
                self.resume(pid, 0)
            }
            (_, libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE) => {
                self.busy = true;
                self.announce(pid)?;
                self.resume(pid, 0)
            }
            (_, libc::PTRACE_EVENT_EXEC) => {
                self.busy = true;
                if let Some(tracee) = self.tracees.get_mut(&pid) {
                    tracee.is_ours = runs_this_program(pid);
                    tracee.signals = SignalState::default();
                }
                self.resume(pid, 0)
            }
            (_, libc::PTRACE_EVENT_STOP) => {
                self.busy = true;
                if let Some(tracee) = self.tracees.get_mut(&pid) {
                    tracee.stopped = Stopped::Not;
                }
                self.resume(pid, 0)
            }
            (signal, _) => {
                self.busy = true;
                let signal = self.deliver(pid, signal)?;
                self.resume(pid, signal)
            }
        }
    }

    /// Lets a process go on, with a signal or without, up to its next system call.
    fn resume(&self, pid: Pid, signal: i32) -> nix::Result<()> {
        let over = self.tracees.get(&pid).is_some_and(|tracee| tracee.over);
        let how = if over { libc::PTRACE_CONT } else { libc::PTRACE_SYSCALL };
        // SAFETY: changes no memory of this process. nix knows no realtime signals.
        Errno::result(unsafe { libc::ptrace(how, pid.as_raw(), 0, libc::c_long::from(signal)) }).map(drop)
    }

    /// A new process or thread: the kernel has attached the tracer to it already.
    fn announce(&mut self, parent: Pid) -> nix::Result<()> {
        let child = Pid::from_raw(ptrace::getevent(parent)? as libc::pid_t);
        let Some(parent) = self.tracees.get_mut(&parent) else { return Ok(()) };
        let is_thread = process_state::is_thread(child.as_raw());
        let mut new = Tracee::new(child, parent.next_path(is_thread), parent.is_ours);
        let informed = Rc::clone(&parent.signals.informed);
        new.signals.informed = if is_thread { informed } else { Rc::new((*informed).clone()) };
        self.tracees.insert(child, new);
        if self.unannounced.remove(&child) {
            self.resume(child, 0)?;
        }
        Ok(())
    }

    fn at_call(&mut self, pid: Pid) -> nix::Result<()> {
        self.note_who_was_seen_blocked();
        match side_of_call(pid)? {
            At::Entry(number, arguments) => self.enter(pid, number, arguments),
            At::Exit(value) => self.leave(pid, value),
            At::NoCall => Ok(()),
        }
    }

    fn enter(&mut self, pid: Pid, number: u64, arguments: [u64; 6]) -> nix::Result<()> {
        if sends_sigcont(number, &arguments) {
            self.unpark();
        }
        let Some(tracee) = self.tracees.get_mut(&pid) else { return Ok(()) };
        tracee.note_signal_call(number, &arguments);
        let mark = tracee.mark();
        tracee.over = mark.is_some_and(|mark| mark.whose == Whose::Over);
        tracee.at_harness = mark.is_some_and(|mark| mark.whose == Whose::Harness);
        if tracee.at_harness {
            tracee.looks += 1;
            return Ok(());
        }
        self.busy = true;
        tracee.looks = 0;
        // The kernel makes a call again that a signal interrupted: it is still the same.
        if let Some(interrupted) = tracee.interrupted.take() {
            let again = number == interrupted.number && arguments == interrupted.arguments;
            if again || number == libc::SYS_restart_syscall as u64 {
                let mut inside = interrupted;
                if let Tracing::Mutate(mutation) = self.tracing
                    && again
                    && inside.mutated
                    && inside.half.is_none()
                {
                    effect::at_entry(tracee, mutation.effect, &mut inside)?;
                }
                if let Some(made) = inside.index.and_then(|index| self.made.get_mut(index)) {
                    made.restarted = true;
                }
                tracee.inside = Some(inside);
                return Ok(());
            }
            if number != interrupted.number {
                // A handler's.
                tracee.interrupted = Some(interrupted);
            }
        }
        let (Some(mark), Some(call)) = (mark, calls::described(number, &arguments)) else { return Ok(()) };
        let name = call.name();
        let count = tracee.count(&name);
        let mut inside =
            Inside { number, arguments, call, index: None, mutated: false, put_back: Vec::new(), half: None };
        match self.tracing {
            Tracing::Learn => {
                inside.index = Some(self.made.len());
                self.made.push(Made {
                    process: tracee.path.clone(),
                    call: name,
                    number: count,
                    judged: tracee.judged_at(mark),
                    arguments,
                    flags: tracee.flags_set(call, &arguments),
                    values: tracee.values(call, &arguments),
                    umask: tracee.umask(call),
                    ..Made::default()
                });
            }
            Tracing::Mutate(mutation) => {
                if mutation.number == count && *mutation.call == name && *mutation.process == tracee.path {
                    inside.mutated = true;
                    self.log.append(&mutated());
                    if effect::at_entry(tracee, mutation.effect, &mut inside).is_err() {
                        // The memory that it would change is not there.
                        self.log.append(&equivalent());
                    }
                }
            }
        }
        tracee.inside = Some(inside);
        Ok(())
    }

    fn leave(&mut self, pid: Pid, value: i64) -> nix::Result<()> {
        let Some(tracee) = self.tracees.get_mut(&pid) else { return Ok(()) };
        if !tracee.at_harness {
            self.busy = true;
        }
        tracee.note_handler_returned()?;
        let Some(mut inside) = tracee.inside.take() else { return Ok(()) };
        if let Some(misdirected) = tracee.misdirected.take() {
            tracee.write(&inside, &misdirected.given)?;
            return registers::set_result(pid, misdirected.returned);
        }
        for (address, byte) in std::mem::take(&mut inside.put_back).into_iter().rev() {
            tracee.set_byte(address, byte)?;
        }
        if let Some(half) = inside.half {
            registers::restore_arguments(pid, &half.arguments)?;
            return registers::set_result(pid, half.returned + value.max(0));
        }
        if let Tracing::Mutate(mutation) = self.tracing
            && inside.mutated
        {
            if let Some(arguments) = effect::second_half(mutation.effect, &inside, value) {
                let half = Some(Half { returned: value, arguments: inside.arguments });
                registers::make_again(pid, inside.number, &arguments)?;
                tracee.interrupted = Some(Inside { arguments, half, ..inside });
                return Ok(());
            }
            registers::restore_arguments(pid, &inside.arguments)?;
        }
        if value == -i64::from(libc::EINTR) && Signals::of(pid)?.do_nothing() {
            // Without a tracer these signals would not have been delivered, and the call would go on. Some cannot be made again
            // by the kernel: epoll_wait.
            registers::make_again(pid, inside.number, &inside.arguments)?;
            tracee.interrupted = Some(inside);
            return Ok(());
        }
        let interrupted = is_restart(value);
        let co_waiter = self.co_waiter(pid, &inside);
        let co_waiter_blocks = co_waiter.is_some_and(|co_waiter| self.was_seen_blocked(co_waiter));
        let Some(tracee) = self.tracees.get_mut(&pid) else { return Ok(()) };
        if let Some(made) = inside.index.and_then(|index| self.made.get_mut(index)) {
            made.result = Some(match value {
                _ if interrupted => Err(libc::EINTR),
                -4095..=-1 => Err(-value as i32),
                value => Ok(value),
            });
            made.contested = made.blocked && co_waiter_blocks;
            if value >= 0 && (inside.call.told_by_result || !(inside.call.acts)(&inside.arguments)) {
                made.given = tracee.written(&inside, value).ok().map(|written| checksum(&written));
            }
            for given in inside.call.gives.iter().filter(|_| value >= 0) {
                let of = |place| tracee.value(place, &inside.arguments).ok();
                match *given {
                    // A wait that returns 0 found nobody, and writes nothing.
                    Given::WaitStatus(_) if value == 0 => {}
                    Given::WaitStatus(place) => made.status = of(place).map(|status| status as i32),
                    Given::Identity(_, place) => made.identity = of(place),
                    Given::Bytes(_) | Given::Field(..) => {}
                }
            }
        }
        if let Tracing::Mutate(Mutation { effect: Effect::AfterSignal(result), .. }) = self.tracing
            && inside.mutated
            && (interrupted || value == -i64::from(libc::EINTR))
        {
            tracee.interrupted = is_restart(*result).then_some(Inside { mutated: false, ..inside });
            return registers::set_result(pid, *result);
        }
        if let Tracing::Mutate(mutation) = self.tracing
            && inside.mutated
            && (!interrupted || mutation.interrupted)
        {
            let ended = if interrupted { -i64::from(libc::EINTR) } else { value };
            if mutation.unchanged.is_some_and(|unchanged| effect::is_unchanged(tracee, &inside, ended, unchanged)) {
                self.log.append(&equivalent());
            }
            if mutation.effect != Effect::GiveAway {
                return effect::at_exit(tracee, mutation.effect, &inside, value);
            }
            let misdirected = Misdirected { returned: value, given: tracee.written(&inside, value)? };
            registers::make_again(pid, inside.number, &inside.arguments)?;
            tracee.interrupted = Some(Inside { mutated: false, ..inside });
            return match co_waiter.and_then(|co_waiter| self.tracees.get_mut(&co_waiter)) {
                // It stops at the end of its call.
                Some(co_waiter) => {
                    co_waiter.misdirected = Some(misdirected);
                    ptrace::interrupt(co_waiter.pid)
                }
                None => Ok(()),
            };
        }
        if interrupted {
            tracee.interrupted = Some(inside);
        }
        Ok(())
    }
}

impl sandbox::Tracer for Tracer<'_> {
    /// Resumes those that stopped.
    fn handle(&mut self, mut changes: Vec<(Pid, i32)>) {
        // wait(2) does not keep to the order in which things happened. A process that is stopped by a signal has to be let go of
        // before its parent, which may know of it already, can look at it.
        changes.sort_by_key(|(_, status)| !is_stopped_by_signal(*status));
        for (pid, status) in changes {
            if !libc::WIFSTOPPED(status) {
                self.tracees.remove(&pid);
                self.busy = true;
            } else if self.tracees.contains_key(&pid) {
                // A process can be killed at any moment: what fails then is reaped next.
                let _ = self.stopped(pid, status);
            } else {
                self.unannounced.insert(pid);
            }
        }
    }

    fn stalled(&mut self) -> Option<Vec<Process>> {
        if !self.is_stalled() {
            return None;
        }
        let mut pids: Vec<_> = self.tracees.keys().map(|pid| pid.as_raw()).collect();
        pids.sort_unstable();
        Some(pids.into_iter().filter_map(process_state::of).collect())
    }

    fn finish(self: Box<Self>) {
        self.log.append(&quiet(self.longest_quiet));
        for made in sample::sample(self.made) {
            self.log.append(&made.to_event());
        }
    }
}
