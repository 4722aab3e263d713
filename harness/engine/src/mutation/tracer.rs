//! The init of a sandbox as the tracer of all that runs in it. ptrace(2).
//!
//! It follows every process from its first moment, sees each system call before and after, and lets signals through as they
//! come. Nothing that a spec can ask for shows the difference, but for one thing: a process that is stopped by a signal shows
//! as traced. So the tracer lets go of it while it is stopped, and takes it up again before a signal can continue it.

use super::calls;
use super::mutations::{Effect, Unchanged};
use super::parameters::checksum;
use super::stop::{
    At, event_of, is_restart, is_stopped_by_signal, options, runs_this_program, sends_sigcont, side_of_call,
    wait_for_stop,
};
use super::traced::{Made, equivalent, mutated};
use super::tracee::{Half, Inside, Misdirected, Stopped, Tracee};
use super::{Tracing, effect, registers, sample};
use crate::sandbox;
use harness::bounded::TICK;
use harness::call::{Given, Returns};
use harness::event_log::EventLog;
use harness::mark::Whose;
use harness::process_state;
use harness::spec::TestResult;
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;
use record::Process;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

/// For how many ticks in a row nothing may happen before the spec is ended. Nobody runs in that time, so load does not count; a
/// timer could still go off, or the kernel finish something later.
const QUIET_TICKS: u32 = 10;

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
        let new = Tracee::new(child, parent.next_path(is_thread), parent.is_ours);
        self.tracees.insert(child, new);
        if self.unannounced.remove(&child) {
            self.resume(child, 0)?;
        }
        Ok(())
    }

    /// Lets go of a process that a signal has stopped.
    fn park(&mut self, pid: Pid) -> nix::Result<()> {
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
    fn unpark(&mut self) {
        for tracee in self.tracees.values_mut().filter(|tracee| tracee.stopped == Stopped::LetGo) {
            if ptrace::seize(tracee.pid, options()).is_ok() && wait_for_stop(tracee.pid) {
                tracee.stopped = Stopped::Traced;
                // SAFETY: changes no memory of this process; the other one goes on being stopped.
                unsafe { libc::ptrace(libc::PTRACE_LISTEN, tracee.pid.as_raw(), 0, 0) };
            }
        }
    }

    fn at_call(&mut self, pid: Pid) -> nix::Result<()> {
        self.note_who_was_seen_blocked();
        match side_of_call(pid)? {
            At::Entry(number, arguments) => self.enter(pid, number, arguments),
            At::Exit(value) => self.leave(pid, value),
            At::NoCall => Ok(()),
        }
    }

    /// The spec has just seen a process blocked; it is the only one that could wake it, so the call is still the same.
    fn note_who_was_seen_blocked(&mut self) {
        let Some(pid) = self.log.take_seen_blocked() else { return };
        let inside = self.tracees.get(&Pid::from_raw(pid)).and_then(|tracee| tracee.inside.as_ref());
        if let Some(made) = inside.and_then(|inside| self.made.get_mut(inside.index?)) {
            made.blocked = true;
        }
    }

    fn enter(&mut self, pid: Pid, number: u64, arguments: [u64; 6]) -> nix::Result<()> {
        if sends_sigcont(number, &arguments) {
            self.unpark();
        }
        let Some(tracee) = self.tracees.get_mut(&pid) else { return Ok(()) };
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
                    result: None,
                    blocked: false,
                    contested: false,
                    flags: tracee.flags_set(call, &arguments),
                    values: tracee.values(call, &arguments),
                    umask: tracee.umask(call),
                    given: None,
                    status: None,
                    identity: None,
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
        if let Tracing::Mutate(mutation) = self.tracing
            && inside.mutated
            && (!interrupted || mutation.interrupted)
        {
            let ended = if interrupted { -i64::from(libc::EINTR) } else { value };
            if mutation.unchanged.is_some_and(|unchanged| is_unchanged(tracee, &inside, ended, unchanged)) {
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

    /// Another process that is in the same call on the same object, by the first argument.
    fn co_waiter(&self, pid: Pid, inside: &Inside) -> Option<Pid> {
        let same = |other: &Inside| std::ptr::eq(other.call, inside.call) && other.arguments[0] == inside.arguments[0];
        let co_waiters =
            self.tracees.values().filter(|tracee| tracee.pid != pid && tracee.inside.as_ref().is_some_and(same));
        co_waiters.min_by(|one, other| one.path.cmp(&other.path)).map(|tracee| tracee.pid)
    }

    /// Whether the spec saw it blocked in the call that it is in.
    fn was_seen_blocked(&self, pid: Pid) -> bool {
        let inside = self.tracees.get(&pid).and_then(|tracee| tracee.inside.as_ref());
        inside.and_then(|inside| self.made.get(inside.index?)).is_some_and(|made| made.blocked)
    }

    /// Whether nothing of the spec's can happen any more: for some time every process has slept or been stopped, or has looked in
    /// vain at the state of another one.
    fn is_stalled(&mut self) -> bool {
        if Instant::now() < self.next_tick {
            return false;
        }
        self.next_tick = Instant::now() + TICK;
        // Each is asked, also after one that is not idle: asking takes note of how far it has come.
        let idle: Vec<_> = self.tracees.values_mut().map(Tracee::is_idle).collect();
        if std::mem::take(&mut self.busy) || idle.contains(&false) {
            self.quiet_ticks = 0;
        } else {
            self.quiet_ticks += 1;
        }
        self.quiet_ticks >= QUIET_TICKS
    }
}

/// Whether a call has ended as it would have without the mutation.
fn is_unchanged(tracee: &Tracee, inside: &Inside, returned: i64, unchanged: Unchanged) -> bool {
    let gives =
        |checksum_before| tracee.written(inside, returned).is_ok_and(|written| checksum(&written) == checksum_before);
    // An address is another in each run.
    let is_same = match inside.call.returns {
        Returns::Opaque if unchanged.returned >= 0 => !(-4095..0).contains(&returned),
        _ => returned == unchanged.returned,
    };
    is_same && unchanged.given.is_none_or(gives)
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
        for made in sample::sample(self.made) {
            self.log.append(&made.to_event());
        }
    }
}
