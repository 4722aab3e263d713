//! Which isolation works here, and which needs are met in it. Both are found out by doing, once for a run.

use crate::sandbox::directory::HeldBack;
use crate::sandbox::{self, Place, ids};
use harness::bounded;
use harness::ended::Ended;
use harness::event_log::{self, Event};
use harness::need::{Demand, Missing, Need};
use harness::place::Isolation;
use harness::spec::{Spec, TestResult};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What trial runs found out about this machine.
#[derive(Debug)]
pub struct Machine {
    /// The isolation level that specs run on, unless they ask for root.
    pub isolation: Isolation,
    /// Higher isolation levels and why they do not work here.
    pub refused: BTreeMap<String, String>,
    missing: BTreeMap<(Isolation, Need), Missing>,
    /// Ids of specs that stop it as a whole, and how.
    stopped_by: BTreeMap<String, String>,
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

/// How long a trial run may take, in time in which this process ran.
const TRIAL: Duration = Duration::from_secs(30);

/// The same of a probe.
const PROBE: Duration = Duration::from_secs(2);

impl Machine {
    /// Climbs to the highest isolation level that works, and probes the needs of these specs where each would run.
    pub fn probe<'a>(specs: impl IntoIterator<Item = &'a Spec>) -> Result<Self, CannotRun> {
        let own = std::fs::read_link("/proc/self").ok();
        if own != Some(std::process::id().to_string().into()) {
            let sentence =
                "/proc is not mounted, or is another pid namespace's, and the harness watches processes there";
            return Err(CannotRun(sentence.into()));
        }
        let (mut common, mut fixed) = (BTreeSet::new(), BTreeMap::<Isolation, BTreeSet<Need>>::new());
        for spec in specs {
            match fixed_isolation(spec) {
                Some(isolation) => fixed.entry(isolation).or_default().extend(spec.needs()),
                None => common.extend(spec.needs()),
            }
        }
        let mut refused = BTreeMap::new();
        for isolation in Isolation::ALL {
            if isolation == Isolation::Root && !geteuid().is_root() {
                refused.insert(isolation.word().into(), format!("the run has uid {}, not root's", geteuid()));
                continue;
            }
            if isolation == Isolation::Userns {
                ids::take_range(|| trial(isolation, &BTreeSet::new()).is_ok());
            }
            // A file system may know no ids but the run's own.
            let again = |reason: String| match isolation {
                Isolation::Userns if ids::give_up(&reason) => trial(isolation, &common),
                _ => Err(reason),
            };
            match trial(isolation, &common).or_else(again) {
                Ok(missing) => {
                    let mut machine = Self { isolation, refused, missing, stopped_by: BTreeMap::new() };
                    fixed.iter().for_each(|(isolation, needs)| machine.probe_on(*isolation, needs));
                    return Ok(machine);
                }
                Err(reason) => refused.insert(isolation.word().into(), reason),
            };
        }
        let reasons: Vec<_> = refused.iter().map(|(isolation, reason)| format!("{isolation}: {reason}")).collect();
        Err(CannotRun(format!("no sandbox works here ({})", reasons.join("; "))))
    }

    /// The same machine, on which these specs are skipped: they stop it as a whole, as the words beside their ids say.
    pub fn stopped_by(mut self, specs: &[(String, String)]) -> Self {
        self.stopped_by.extend(specs.iter().cloned());
        self
    }

    /// The needs of specs that run on a isolation level of their own.
    fn probe_on(&mut self, isolation: Isolation, needs: &BTreeSet<Need>) {
        if isolation == Isolation::Root && !geteuid().is_root() {
            // These three only look, so they can be asked here; without them nobody asks for the others.
            let rights = needs.iter().filter(|need| need.asks_for_root());
            self.missing.extend(rights.filter_map(|need| Some(((Isolation::Root, *need), need.missing()?))));
            return;
        }
        self.missing.extend(trial(isolation, needs).unwrap_or_else(|reason| {
            needs.iter().map(|need| ((isolation, *need), need.unmet(reason.clone()))).collect()
        }));
    }

    /// Where a spec runs, or what it misses.
    pub fn place(&self, spec: &Spec) -> Result<Place, Vec<Missing>> {
        if let Some(how) = self.stopped_by.get(record::id::family(spec.id)) {
            return Err(vec![Missing {
                need: "survival".into(),
                found: how.clone(),
                remedy: "Use a kernel that this spec does not stop as a whole.".into(),
            }]);
        }
        let isolation = fixed_isolation(spec).unwrap_or(self.isolation);
        let missing: Vec<_> = spec.needs().filter_map(|need| self.missing.get(&(isolation, *need))).cloned().collect();
        if missing.is_empty() { Ok(Place { isolation, netns: spec.demands(Demand::Network) }) } else { Err(missing) }
    }

    /// How many specs may run side by side, of those wanted: each can have a few processes, and RLIMIT_NPROC counts them;
    /// and each has ids of its own where there is a range of them.
    pub fn jobs(&self, wanted: usize) -> Result<usize, CannotRun> {
        let wanted = ids::at_once().map_or(wanted, |most| most.min(wanted));
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

/// The isolation level that a spec runs on whatever the machine offers: root's for who asks for root, and none for who looks for what a
/// first boot has left, which was in no namespace of ours.
fn fixed_isolation(spec: &Spec) -> Option<Isolation> {
    if spec.demands(Demand::NoNamespaces) {
        Some(Isolation::None)
    } else {
        spec.asks_for_root().then_some(Isolation::Root)
    }
}

/// Forks children that do nothing until a fork fails or there are enough; RLIMIT_NPROC counts all processes of the user,
/// which nobody else can tell us.
fn room_for_processes(enough: usize) -> usize {
    let mut children = Vec::new();
    while children.len() < enough {
        let wait_for_ever = || loop {
            let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
            nix::unistd::pause();
        };
        match sandbox::start_child(wait_for_ever) {
            Ok(child) => children.push(child),
            Err(_) => break,
        }
    }
    for child in &children {
        let _ = bounded::kill(child.as_raw(), libc::SIGKILL);
    }
    for child in &children {
        let _ = sandbox::wait_for_child(*child, PROBE);
    }
    children.len()
}

/// Probes in a process of its own, so that no probe changes what the next one sees.
fn probe_apart(need: &Need) -> TestResult {
    let child = sandbox::start_child(|| {
        if let Some(missing) = need.missing() {
            event_log::append(&Event::Missing(missing));
        }
        0
    })?;
    let status = sandbox::wait_for_child(child, PROBE);
    if status != Some(0) {
        let how = status.map_or("nothing within 2 s".into(), |status| Ended::from_status(status).to_string());
        event_log::append(&Event::Missing(need.unmet(format!("its probe ended badly: {how}"))));
    }
    Ok(())
}

/// Runs the probes in a sandbox of this isolation level. An error is the reason why the isolation level does not work.
fn trial(isolation: Isolation, needs: &BTreeSet<Need>) -> Result<BTreeMap<(Isolation, Need), Missing>, String> {
    let probe = || needs.iter().try_for_each(probe_apart);
    let place = Place { isolation, netns: false };
    // gVisor takes CLONE_NEWNS and makes no namespace: what a sandbox mounts would be everybody's.
    if isolation != Isolation::None && !std::fs::exists("/proc/self/ns/mnt").unwrap_or(false) {
        return Err("the kernel has no mount namespaces: there is no /proc/self/ns/mnt".into());
    }
    let _held_back = HeldBack::if_chosen();
    let sandbox =
        sandbox::start_trial(place, probe).map_err(|error| format!("a process cannot be started in it: {error}"))?;
    sandbox.wait(TRIAL);
    let events = sandbox.log.events();
    let finished = sandbox.log.is_finished();
    sandbox.log.unmap();
    let failure = events.iter().find_map(|event| match event {
        Event::Failure(failure) => Some(failure.message.clone()),
        _ => None,
    });
    match failure {
        Some(reason) => Err(reason),
        None if !finished => Err("a trial run did not come to its end".into()),
        None => Ok(needs
            .iter()
            .filter_map(|need| {
                let missing = events.iter().find_map(|event| match event {
                    Event::Missing(missing) if missing.need == need.to_string() => Some(missing.clone()),
                    _ => None,
                });
                Some(((isolation, *need), missing?))
            })
            .collect()),
    }
}
