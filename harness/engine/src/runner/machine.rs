//! Which isolation works here, and which needs are met in it. Both are found out by doing, once for a run.

use crate::sandbox::{self, Place};
use harness::ledger::{self, Note};
use harness::need::{Missing, Need};
use harness::place::Rung;
use harness::spec::Spec;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, geteuid};
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsFd;

/// What trial runs found out about this machine.
#[derive(Debug)]
pub struct Machine {
    /// The rung that specs run on, unless they ask for root.
    pub rung: Rung,
    /// Higher rungs and why they do not work here.
    pub refused: BTreeMap<String, String>,
    missing: BTreeMap<(Rung, Need), Missing>,
}

/// Why no spec can be run here, in a sentence.
#[derive(Debug)]
pub struct CannotRun(pub String);

impl std::fmt::Display for CannotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CannotRun {}

/// How many processes a spec may have at once, its sandbox's own among them.
const PROCESSES_PER_SPEC: usize = 16;

/// How long a trial run may take, in milliseconds.
const TRIAL: u16 = 30_000;

impl Machine {
    /// Climbs to the highest rung that works, and probes the needs of these specs where each would run.
    pub fn probe<'a>(specs: impl IntoIterator<Item = &'a Spec>) -> Result<Self, CannotRun> {
        let own = std::fs::read_link("/proc/self").ok();
        if own != Some(std::process::id().to_string().into()) {
            let sentence =
                "/proc is not mounted, or is another pid namespace's, and the harness watches processes there";
            return Err(CannotRun(sentence.into()));
        }
        let (mut common, mut fixed) = (BTreeSet::new(), BTreeMap::<Rung, BTreeSet<Need>>::new());
        for spec in specs {
            match fixed_rung(spec) {
                Some(rung) => fixed.entry(rung).or_default().extend(spec.needs),
                None => common.extend(spec.needs),
            }
        }
        let mut refused = BTreeMap::new();
        for rung in Rung::ALL {
            if rung == Rung::Root && !geteuid().is_root() {
                refused.insert(rung.word().into(), format!("the run has uid {}, not root's", geteuid()));
                continue;
            }
            match trial(rung, &common) {
                Ok(missing) => {
                    let mut machine = Self { rung, refused, missing };
                    fixed.iter().for_each(|(rung, needs)| machine.probe_on(*rung, needs));
                    return Ok(machine);
                }
                Err(reason) => refused.insert(rung.word().into(), reason),
            };
        }
        let reasons: Vec<_> = refused.iter().map(|(rung, reason)| format!("{rung}: {reason}")).collect();
        Err(CannotRun(format!("no sandbox works here ({})", reasons.join("; "))))
    }

    /// The needs of specs that run on a rung of their own.
    fn probe_on(&mut self, rung: Rung, needs: &BTreeSet<Need>) {
        if rung == Rung::Root && !geteuid().is_root() {
            // These three only look, so they can be asked here; without them nobody asks for the others.
            let rights = needs.iter().filter(|need| need.asks_for_root());
            self.missing.extend(rights.filter_map(|need| Some(((Rung::Root, *need), need.missing()?))));
            return;
        }
        self.missing.extend(trial(rung, needs).unwrap_or_else(|reason| {
            let missing =
                |need: &Need| Missing { need: need.to_string(), found: reason.clone(), remedy: need.remedy().into() };
            needs.iter().map(|need| ((rung, *need), missing(need))).collect()
        }));
    }

    /// Where a spec runs, or what it misses.
    pub fn place(&self, spec: &Spec) -> Result<Place, Vec<Missing>> {
        let rung = fixed_rung(spec).unwrap_or(self.rung);
        let missing: Vec<_> = spec.needs.iter().filter_map(|need| self.missing.get(&(rung, *need))).cloned().collect();
        if missing.is_empty() { Ok(Place { rung, netns: spec.needs.contains(&Need::Netns) }) } else { Err(missing) }
    }

    /// How many specs may run side by side, of those wanted: each can have a few processes, and RLIMIT_NPROC counts them.
    pub fn jobs(&self, wanted: usize) -> Result<usize, CannotRun> {
        let limit = getrlimit(Resource::RLIMIT_NPROC).map_or(libc::RLIM_INFINITY, |(soft, _)| soft);
        // Root is not counted, and the other ids of its sandboxes are counted each for itself.
        let room = match usize::try_from(limit) {
            Ok(limit) if geteuid().is_root() && limit >= PROCESSES_PER_SPEC => return Ok(wanted),
            Ok(limit) if geteuid().is_root() => limit,
            Ok(limit) if limit < wanted * PROCESSES_PER_SPEC * 16 => room_for_processes(wanted * PROCESSES_PER_SPEC),
            _ => return Ok(wanted),
        };
        match room / PROCESSES_PER_SPEC {
            0 => Err(CannotRun(format!(
                "RLIMIT_NPROC ({limit}) leaves room for {room} processes, and a spec may have {PROCESSES_PER_SPEC}: raise it with ulimit -u"
            ))),
            jobs => Ok(jobs.min(wanted)),
        }
    }
}

/// The rung that a spec runs on whatever the machine offers: root's for who asks for root, and none for who looks for what a
/// first boot has left, which was in no namespace of ours.
fn fixed_rung(spec: &Spec) -> Option<Rung> {
    if spec.needs.contains(&Need::Reboot) { Some(Rung::None) } else { spec.asks_for_root().then_some(Rung::Root) }
}

/// Forks children that do nothing until a fork fails or there are enough; RLIMIT_NPROC counts all processes of the user,
/// which nobody else can tell us.
fn room_for_processes(enough: usize) -> usize {
    let mut children = Vec::new();
    while children.len() < enough {
        // SAFETY: this process has one thread; the child only waits.
        match unsafe { fork() } {
            Ok(ForkResult::Parent { child }) => children.push(child),
            Ok(ForkResult::Child) => loop {
                let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
                nix::unistd::pause();
            },
            Err(_) => break,
        }
    }
    for child in &children {
        let _ = kill(*child, Signal::SIGKILL);
        let _ = waitpid(*child, None);
    }
    children.len()
}

/// Runs the probes in a sandbox of this rung. An error is the reason why the rung does not work.
fn trial(rung: Rung, needs: &BTreeSet<Need>) -> Result<BTreeMap<(Rung, Need), Missing>, String> {
    let probe = || {
        needs.iter().filter_map(|need| need.missing()).for_each(|missing| ledger::note(&Note::Missing(missing)));
        Ok(())
    };
    let place = Place { rung, netns: false };
    // gVisor takes CLONE_NEWNS and makes no namespace: what a sandbox mounts would be everybody's.
    if rung != Rung::None && !std::fs::exists("/proc/self/ns/mnt").unwrap_or(false) {
        return Err("the kernel has no mount namespaces: there is no /proc/self/ns/mnt".into());
    }
    let sandbox =
        sandbox::start(place, None, probe).map_err(|error| format!("a process cannot be started in it: {error}"))?;
    await_end(&sandbox);
    let notes = sandbox.ledger.notes();
    let finished = sandbox.ledger.is_finished();
    sandbox.ledger.unmap();
    let failure = notes.iter().find_map(|note| match note {
        Note::Failure(failure) => Some(failure.message.clone()),
        _ => None,
    });
    match failure {
        Some(reason) => Err(reason),
        None if !finished => Err("a trial run did not come to its end".into()),
        None => Ok(needs
            .iter()
            .filter_map(|need| {
                let missing = notes.iter().find_map(|note| match note {
                    Note::Missing(missing) if missing.need == need.to_string() => Some(missing.clone()),
                    _ => None,
                });
                Some(((rung, *need), missing?))
            })
            .collect()),
    }
}

/// Nothing is printed in a trial, so its output is readable when its last process has ended.
fn await_end(sandbox: &sandbox::Sandbox) {
    let mut output = [PollFd::new(sandbox.output.as_fd(), PollFlags::POLLIN)];
    if !matches!(poll(&mut output, PollTimeout::from(TRIAL)), Ok(1..)) {
        let _ = kill(sandbox.reaper, Signal::SIGKILL);
    }
    let _ = waitpid(sandbox.reaper, None);
}
