//! An audit from its beginning to its end: runs without and with a tracer, what follows from them, and every mutation once.

use super::{Made, Mutation, Traced, Tracing, mutations};
use crate::runner::machine::{CannotRun, Machine};
use crate::runner::{self, Pace, RunEvent, Task};
use crate::sandbox::Attach;
use harness::Errno;
use harness::event_log::EngineEvent;
use harness::spec::Spec;
use record::Verdict;
use record::findings::{Audited, LeftOut, Tried};
use record::{Source, SpecRecord};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// A spec, and all that can go wrong with its calls.
#[derive(Debug)]
pub struct Plan {
    /// The spec.
    pub spec: &'static Spec,
    /// Why nothing can be tried.
    pub left_out: Option<LeftOut>,
    /// What can be tried: each mutation, with the assertion that judges its call.
    pub mutations: Vec<(Mutation, Option<Rc<Source>>)>,
}

/// How often a spec is traced to learn its calls: what is not the same each time, since it depends on who came first, is not
/// mutated.
const LESSONS: u32 = 6;

/// How often [`plan`] runs each spec: once as it is, and then traced.
pub const RUNS: u32 = 1 + LESSONS;

/// How many specs learn together: what is learnt is kept until all of these are through, and each fork copies the page tables of it.
const CLASS: usize = 50;

/// Finds out which calls the specs make, and what can go wrong with them, given the errors that the catalogue documents for a call.
/// None when it was interrupted.
pub fn plan(
    specs: &[&'static Spec],
    machine: &Machine,
    pace: Pace,
    documented: impl Fn(&str) -> Vec<Errno>,
    mut progress: impl FnMut(&RunEvent),
) -> Result<Option<Vec<Plan>>, CannotRun> {
    let mut plans = Vec::with_capacity(specs.len());
    for class in specs.chunks(CLASS) {
        match plan_class(class, machine, pace, &documented, &mut progress)? {
            Some(more) => plans.extend(more),
            None => return Ok(None),
        }
    }
    Ok(Some(plans))
}

fn plan_class(
    specs: &[&'static Spec],
    machine: &Machine,
    pace: Pace,
    documented: impl Fn(&str) -> Vec<Errno>,
    mut progress: impl FnMut(&RunEvent),
) -> Result<Option<Vec<Plan>>, CannotRun> {
    let plain = specs.iter().map(|spec| Task { spec, attempt: 0, attach: None });
    let learn: Rc<dyn Attach> = Rc::new(Tracing::Learn);
    let lesson = |attempt, spec| Task { spec, attempt, attach: Some(Rc::clone(&learn)) };
    let lessons = (1..=LESSONS).flat_map(|attempt| specs.iter().map(move |spec| (attempt, spec)));
    let lessons = lessons.map(|(attempt, spec)| lesson(attempt, *spec));
    let mut seen: HashMap<&str, Vec<Lesson>> = HashMap::new();
    let interrupted = runner::run(plain.chain(lessons), machine, pace, |event| {
        progress(&event);
        if let RunEvent::Judged(task, record, events) = event {
            seen.entry(task.spec.id).or_default().push(Lesson::of(record, events));
        }
        Ok(())
    })?;
    if interrupted {
        return Ok(None);
    }
    let plan_of = |spec: &&'static Spec| {
        let mut runs = seen.remove(spec.id).unwrap_or_default();
        runs.sort_by_key(|lesson| lesson.attempt);
        let left_out = left_out(spec, &runs);
        let longest_quiet = runs.iter().map(|lesson| lesson.longest_quiet).max().unwrap_or_default();
        let made = if left_out.is_some() { Vec::new() } else { common(runs) };
        let mutations = made.iter().flat_map(|one| {
            // A signal is what the whole spec is about.
            let whole = || Source { file: spec.file.into(), line: spec.line };
            let judged = one.judged.clone().or_else(|| one.delivery.map(|_| whole())).map(Rc::new);
            let mutations = mutations(one, &made, longest_quiet, &documented).into_iter();
            mutations.map(move |mutation| (mutation, judged.clone()))
        });
        let mut mutations: Vec<_> = mutations.collect();
        mutations.shrink_to_fit();
        Plan { spec, left_out, mutations }
    };
    Ok(Some(specs.iter().map(plan_of).collect()))
}

/// What is kept of a run: the runner forks, and fork copies the page tables of all that is.
#[derive(Debug)]
struct Lesson {
    attempt: u32,
    verdict: Verdict,
    /// The needs that are missing, or the first failure.
    why: String,
    made: Vec<Made>,
    longest_quiet: u32,
}

impl Lesson {
    fn of(record: &SpecRecord, events: &[EngineEvent]) -> Self {
        let needs = || record.missing.iter().map(|missing| missing.need.as_str()).collect::<Vec<_>>().join(", ");
        let why = record.failures.first().map_or_else(needs, |failure| failure.message.clone());
        let Traced { made, longest_quiet, .. } = Traced::read(events);
        Self { attempt: record.attempt, verdict: record.verdict, why, made, longest_quiet }
    }
}

fn left_out(spec: &Spec, runs: &[Lesson]) -> Option<LeftOut> {
    let (plain, traced) = runs.split_first()?;
    match plain.verdict {
        Verdict::Conforms => {
            if let Some(need) = spec.needs().find(|need| need.excludes_tracers()) {
                return Some(LeftOut::Skipped(need.to_string()));
            }
            let other = traced.iter().find(|lesson| lesson.verdict != Verdict::Conforms)?;
            Some(LeftOut::NotWhenTraced(other.verdict, other.why.clone()))
        }
        Verdict::Skipped => Some(LeftOut::Skipped(plain.why.clone())),
        verdict => Some(LeftOut::DoesNotConform(verdict)),
    }
}

/// The calls that were the same in every lesson, by process: which of several is first is chance.
fn common(runs: Vec<Lesson>) -> Vec<Made> {
    let mut lessons = runs.into_iter().skip(1).map(|lesson| lesson.made);
    let mut made = lessons.next().unwrap_or_default();
    for other in lessons {
        made.retain_mut(|made| match other.iter().find(|other| is_alike(made, other)) {
            Some(other) => {
                // When all are woken, it is chance whether another one still sleeps.
                made.contested &= other.contested;
                true
            }
            None => false,
        });
    }
    made.sort_by(|one, other| one.process.cmp(&other.process));
    made
}

/// Whether it is the same call with the same end. What it was called with and what it returned may be other numbers.
fn is_alike(one: &Made, other: &Made) -> bool {
    let end = |made: &Made| made.result.map(|result| result.map(|value| value.signum()));
    (one.number, &one.call, &one.process, &one.judged) == (other.number, &other.call, &other.process, &other.judged)
        && (end(one), one.blocked, &one.flags) == (end(other), other.blocked, &other.flags)
}

/// How often a mutation is tried whose call was not made, since things took another turn before it.
const ATTEMPTS: u32 = 3;

/// Tries every mutation of the plans once. None when it was interrupted.
pub fn try_all(
    plans: Vec<Plan>,
    machine: &Machine,
    pace: Pace,
    mut progress: impl FnMut(&RunEvent),
) -> Result<Option<Vec<Audited>>, CannotRun> {
    let places: HashMap<&str, usize> = plans.iter().enumerate().map(|(place, plan)| (plan.spec.id, place)).collect();
    let verdicts: Vec<Verdicts> = plans.iter().map(|plan| vec![Cell::new(None); plan.mutations.len()]).collect();
    for _ in 0..ATTEMPTS {
        let interrupted = runner::run(outstanding(&plans, &verdicts), machine, pace, |event| {
            progress(&event);
            if let RunEvent::Judged(task, record, events) = event
                && let Traced { mutated: true, equivalent, .. } = Traced::read(events)
            {
                let judged = Judged { verdict: record.verdict, equivalent };
                verdicts[places[task.spec.id]][task.attempt as usize].set(Some(judged));
            }
            Ok(())
        })?;
        if interrupted {
            return Ok(None);
        }
    }
    Ok(Some(plans.into_iter().zip(verdicts).map(|(plan, verdicts)| audited(plan, verdicts)).collect()))
}

/// What came of a mutation.
#[derive(Clone, Copy, Debug)]
struct Judged {
    verdict: Verdict,
    equivalent: bool,
}

/// What came of the mutations of a plan.
type Verdicts = Vec<Cell<Option<Judged>>>;

/// A task for each mutation without a verdict, made when its turn comes; its attempt is the mutation's place in the plan.
fn outstanding<'a>(plans: &'a [Plan], verdicts: &'a [Verdicts]) -> impl Iterator<Item = Task> + 'a {
    plans.iter().zip(verdicts).flat_map(|(plan, verdicts)| {
        let open = (0..).zip(&plan.mutations).zip(verdicts).filter(|(_, verdict)| verdict.get().is_none());
        open.map(|((attempt, (mutation, _)), _)| Task {
            spec: plan.spec,
            attempt,
            attach: Some(Rc::new(Tracing::Mutate(mutation.clone()))),
        })
    })
}

fn audited(plan: Plan, verdicts: Verdicts) -> Audited {
    let tried = plan.mutations.into_iter().zip(verdicts);
    Audited {
        id: plan.spec.id.into(),
        mechanism: plan.spec.mechanism().into(),
        source: Source { file: plan.spec.file.into(), line: plan.spec.line },
        left_out: plan.left_out,
        tried: tried
            .map(|((mutation, assertion), judged)| Tried {
                mutation: mutation.name(),
                assertion: assertion.as_deref().cloned(),
                verdict: judged.get().map(|judged| judged.verdict),
                equivalent: judged.get().is_some_and(|judged| judged.equivalent),
            })
            .collect(),
    }
}
