//! One spec, one process tree, in a place of its own.
//!
//! `start` makes *init*: the first process of the sandbox, PID 1 where there is a pid namespace. It sets the place up,
//! forks the spec's first process from itself, reaps whatever ends, and at the end looks for what was left behind and
//! removes it. The spec is never PID 1, since signals treat that one apart.

mod attach;
mod clean;
mod clock;
pub mod directory;
pub mod ids;
mod init;
mod leftovers;
mod output;
pub mod preloaded;
mod reaping;
mod subordinate;
mod surroundings;

pub use attach::{Attach, Tracer, as_stalled};
pub use clock::Clock;
pub use output::Output;

use directory::Scratch;
use harness::bounded;
use harness::event_log::EventLog;
use harness::place::Isolation;
use harness::raw::{self, Argument as _, Sysno};
use harness::spec::{Spec, TestResult};
use nix::unistd::{ForkResult, Pid, fork};
use preloaded::Preload;
use reaping::{Reaped, Unreported};
use std::io::{self, Write};
use std::time::Duration;
use subordinate::Claim;

/// What a sandbox is to be.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The isolation.
    pub isolation: Isolation,
    /// Whether it also has a network of its own, which costs more than all the rest.
    pub netns: bool,
}

/// A sandbox that was started. Reap `init` to know that it has ended.
#[derive(Debug)]
pub struct Sandbox {
    /// The pid of its first process, as the caller sees it.
    pub init: Pid,
    /// What the spec prints.
    pub output: Output,
    /// What its processes write down.
    pub log: EventLog,
    unreported: Unreported,
    _scratch: Option<Scratch>,
    _ids: Option<Claim>,
}

/// What a sandbox is for.
pub enum Purpose<'a> {
    /// A spec, with what is to be attached to it.
    Spec(Option<&'a dyn Attach>),
    /// To see whether it works, and what is there in it.
    Trial,
}

/// Starts a sandbox for a spec, with what is to be attached to it. `io::ErrorKind::ResourceBusy` means that
/// other sandboxes, perhaps of another run, have all ids that there are; one that ends gives its ids back.
pub fn start_spec(place: Place, attach: Option<&dyn Attach>, spec: &Spec) -> io::Result<Sandbox> {
    match preloaded::library() {
        None => start(place, Purpose::Spec(attach), without_file, || {
            harness::layer::set_current(spec.layer.unwrap_or(harness::Layer::Libc));
            (spec.body)()
        }),
        Some(library) => {
            let with_file = || {
                let (log, file) = EventLog::with_file()?;
                Ok((log, Some(Preload { log: file, library: library.try_clone()? })))
            };
            start(place, Purpose::Spec(attach), with_file, || preloaded::become_spec(spec))
        }
    }
}

/// Starts a sandbox that is only tried out.
pub fn start_trial(place: Place, body: impl FnOnce() -> TestResult) -> io::Result<Sandbox> {
    start(place, Purpose::Trial, without_file, body)
}

fn without_file() -> io::Result<(EventLog, Option<Preload>)> {
    Ok((EventLog::new()?, None))
}

fn start(
    place: Place,
    purpose: Purpose<'_>,
    new_log: impl FnOnce() -> io::Result<(EventLog, Option<Preload>)>,
    body: impl FnOnce() -> TestResult,
) -> io::Result<Sandbox> {
    let (output, print) = Output::new()?;
    // Without these no sandbox is started: as many are then free to look into /proc with.
    let spare = [print.try_clone()?, print.try_clone()?, print.try_clone()?];
    io::stdout().flush()?;
    let (log, preload) = new_log()?;
    let runner = std::process::id().cast_signed();
    let netns = if place.netns { libc::CLONE_NEWNET } else { 0 };
    let started = Scratch::new().and_then(|scratch| {
        let flags = place.isolation.clone_flags() | netns;
        Ok((scratch, fork_into(flags)?))
    });
    match started {
        Ok((scratch, None)) => {
            let scratch = scratch.as_ref().map(|scratch| scratch.path().to_owned());
            let begun = init::Begun { isolation: place.isolation, runner, preload, print, scratch };
            init::main(begun, log, purpose, body)
        }
        Ok((scratch, Some(init))) => {
            drop((preload, print, spare));
            let mapped = match place.isolation {
                Isolation::Userns => ids::map(init, scratch.as_ref()),
                Isolation::Root | Isolation::None => Ok(None),
            };
            match mapped {
                Ok(ids) => {
                    log.go().open();
                    let unreported = Unreported::default();
                    Ok(Sandbox { init, output, log, unreported, _scratch: scratch, _ids: ids })
                }
                Err(error) => {
                    wait_for_child(init, Duration::ZERO);
                    log.unmap();
                    Err(error)
                }
            }
        }
        Err(error) => {
            log.unmap();
            Err(error)
        }
    }
}

impl Sandbox {
    /// How init has ended, if wait4(2) reports it.
    pub fn reap(&self) -> Option<InitEnded> {
        match reaping::reap(self.init.as_raw()) {
            Reaped::One(waited) => Some(InitEnded { status: Some(waited.status), cpu: waited.cpu }),
            Reaped::NoneYet | Reaped::NoChildren => None,
        }
    }

    /// To ask at each tick: the same where wait4(2) does not report it.
    pub fn ended_unreported(&mut self) -> Option<InitEnded> {
        let has_ended = self.unreported.has_ended(self.init.as_raw());
        has_ended.then_some(InitEnded { status: None, cpu: Duration::ZERO })
    }

    /// Waits for its end so long, and then ends it.
    pub fn wait(&self, limit: Duration) {
        wait_for_child(self.init, limit);
    }
}

/// How the first process of a sandbox has ended.
#[derive(Clone, Copy, Debug)]
pub struct InitEnded {
    /// Its wait status; none where it was not reported.
    pub status: Option<i32>,
    /// The processor time of the whole sandbox.
    pub cpu: Duration,
}

/// Forks a child that does this and exits with the code that it returns.
pub fn start_child(body: impl FnOnce() -> i32) -> nix::Result<Pid> {
    // SAFETY: this process has one thread, so its copy may do anything.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let code = body();
            // SAFETY: ends the process without running what its ancestors registered.
            unsafe { libc::_exit(code) }
        }
    }
}

/// Waits for the end of a child so long, in time in which this process ran, and then kills it. Its wait status; none when it was
/// killed here, or when the kernel did not report it. One that cannot be killed is left.
pub fn wait_for_child(child: Pid, limit: Duration) -> Option<i32> {
    const GRACE: Duration = Duration::from_secs(5);
    let (mut clock, mut unreported, mut killed) = (Clock::start(), Unreported::default(), false);
    let mut next_look = bounded::TICK;
    loop {
        if let Reaped::One(waited) = reaping::reap(child.as_raw()) {
            return (!killed).then_some(waited.status);
        }
        let now = clock.advance();
        if now >= next_look {
            next_look = now + bounded::TICK;
            if unreported.has_ended(child.as_raw()) {
                return None;
            }
        }
        if now > limit && !killed {
            let _ = bounded::kill(child.as_raw(), libc::SIGKILL);
            killed = true;
        }
        if now > limit + GRACE {
            return None;
        }
        bounded::pause(reaping::BETWEEN_LOOKS);
    }
}

/// clone(2) as fork, into new namespaces. The C library does not hear of it: the child must not ask it for its thread id,
/// which raise() does; init never does, and what it forks with fork() is in order again.
fn fork_into(flags: libc::c_int) -> nix::Result<Option<Pid>> {
    let arguments = raw::arguments([(flags | libc::SIGCHLD).register()]);
    // SAFETY: this process has one thread; the child goes on with a copy of its memory, as after fork.
    let pid = unsafe { raw::syscall(Sysno::clone, arguments) }?;
    Ok((pid != 0).then(|| Pid::from_raw(pid as libc::pid_t)))
}
