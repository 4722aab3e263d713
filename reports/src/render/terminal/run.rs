//! The summary of a run for a terminal, the most significant last.

use crate::causes::{causes, ids};
use crate::claims::{Finding, Outcome, findings};
use crate::documented::{Coverage, Documented};
use crate::gate::{Exit, shortfall};
use crate::judged::{Judged, judged};
use crate::render::failure;
use crate::render::page::{Page, Style};
use crate::summary::{Counts, SkipGroup, Summary};
use crate::text;
use record::Verdict;
use record::id::family;
use record::{EndRecord, Records, RunRecord};

/// How many causes are shown in full.
const CAUSES: usize = 10;

/// How many ids are in a list.
const IDS: usize = 100;

/// What the summary shows on request alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnRequest {
    /// Which claims of the founding notes the run refutes.
    pub claims: bool,
    /// So many of the specs that took longest.
    pub slowest: usize,
}

/// The summary, 100 columns wide, with ANSI styles.
///
/// Its last line is for scripts: all totals as `NUMBER WORD`, the same words in the same order in every run, and how the
/// command exits: as the records say, or worse if they could not be written.
pub fn run(records: &Records, documented: &Documented, exit: Exit, on_request: OnRequest) -> String {
    let mut page = Page::default();
    let specs = judged(records);
    let summary = Summary::of(records);
    write_machine(&mut page, &records.run);
    write_mechanisms(&mut page, &summary);
    write_failures(&mut page, &specs);
    write_known(&mut page, &specs);
    write_flaky(&mut page, &specs);
    write_skips(&mut page, &summary.skips);
    if on_request.claims {
        write_refuted(&mut page, &findings(records, &documented.claims));
    }
    slowest::write(&mut page, &specs, on_request.slowest);
    write_failed(&mut page, &specs);
    write_kernel(&mut page, &records.end);
    write_totals(&mut page, records, &summary, Coverage::of(records, documented), exit);
    page.into_text()
}

/// The machine of the run.
pub(crate) fn write_machine(page: &mut Page, run: &RunRecord) {
    let environment = &run.environment;
    let preloaded = environment.preloaded.as_ref().map(|library| format!(", preloaded: {library}")).unwrap_or_default();
    let directory = environment.directory.as_ref().map(|chosen| format!(", directory: {chosen}")).unwrap_or_default();
    let machine = format!(
        "ipcspec {} on {} {}, {}, {}, uid {}, isolation: {}{preloaded}{directory}",
        run.version,
        environment.kernel,
        environment.arch,
        environment.libc,
        text::count(environment.cpus, "cpu"),
        environment.euid,
        environment.isolation
    );
    page.paragraph((Style::Plain, ""), Style::Bold, &machine);
    for broken in &environment.broken {
        page.paragraph((Style::Red, "broken: "), Style::Plain, broken);
    }
}

fn write_mechanisms(page: &mut Page, summary: &Summary) {
    let Some(names) = summary.mechanisms.keys().map(|name| name.chars().count().min(24)).max() else { return };
    page.blank();
    let heads: String = Verdict::ALL.iter().map(|verdict| format!("  {verdict:>8}")).collect();
    page.line(&[(Style::Dim, &" ".repeat(names + 2)), (Style::Dim, &heads)]);
    for (name, counts) in &summary.mechanisms {
        write_counts(page, &format!("  {name:names$}"), counts);
    }
}

fn write_counts(page: &mut Page, name: &str, counts: &Counts) {
    let cells = Verdict::ALL.map(|verdict| (verdict, counts.get(verdict)));
    let texts = cells.map(|(_, count)| format!("  {count:>8}"));
    let mut pieces = vec![(Style::Plain, name)];
    for ((verdict, count), cell) in cells.iter().zip(&texts) {
        pieces.push((if *count == 0 { Style::Dim } else { colour_of(*verdict) }, cell));
    }
    page.line(&pieces);
}

fn colour_of(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Conforms => Style::Green,
        Verdict::Skipped => Style::Yellow,
        Verdict::Deviates | Verdict::Broken | Verdict::Timeout => Style::Red,
    }
}

/// The causes in full, and what else fails in one line each.
fn write_failures(page: &mut Page, specs: &[Judged]) {
    let causes = causes(specs.iter().filter(|spec| spec.fails()));
    for (number, cause) in causes.iter().take(CAUSES).enumerate() {
        let spec = cause.example();
        let verdict = spec.verdict();
        let verdict = if spec.is_flaky() { format!("flaky, {verdict}") } else { verdict.to_string() };
        let alike = cause.specs.len() - 1;
        let alike = if alike > 0 { format!(", and {} alike", text::count(alike, "more spec")) } else { String::new() };
        page.blank();
        page.line(&[
            (Style::Red, &format!("× {}: ", number + 1)),
            (Style::Bold, &spec.record().id),
            (Style::Red, &format!(" {verdict}{alike}")),
        ]);
        failure::write(page, spec);
        if cause.specs.len() > 1 {
            page.words((Style::Dim, "      alike: "), Style::Plain, &capped(cause.ids()));
        }
    }
    if causes.len() > CAUSES {
        page.heading(&format!("{} more causes; the report has them all", causes.len() - CAUSES));
        for cause in &causes[CAUSES..] {
            page.line(&[(Style::Red, &format!("{:>5}  ", cause.specs.len())), (Style::Plain, &cause.key.words())]);
        }
    }
}

/// The ids of all that failed, to be copied.
fn write_failed(page: &mut Page, specs: &[Judged]) {
    let failed: Vec<_> = specs.iter().filter(|spec| spec.fails()).collect();
    if failed.len() > 1 {
        page.heading(&format!("Failed: {} specs", failed.len()));
        let ids = ids(failed.iter().map(|spec| spec.record().id.as_str()));
        page.words((Style::Plain, "  "), Style::Plain, &capped(ids));
    }
}

/// As many ids as a terminal shows, and how many more there are.
pub(crate) fn capped(mut ids: Vec<String>) -> Vec<String> {
    let more = ids.len().saturating_sub(IDS);
    ids.truncate(IDS);
    ids.extend((more > 0).then(|| format!("... and {more} more; the report has them all")));
    ids
}

fn write_known(page: &mut Page, specs: &[Judged]) {
    let known: Vec<_> = specs.iter().filter_map(|spec| Some((spec, spec.known_of_linux()?))).collect();
    if known.is_empty() {
        return;
    }
    page.heading("Known deviations of Linux");
    for (spec, known) in known {
        page.paragraph((Style::Plain, "  "), Style::Yellow, &format!("{}: {}", spec.record().id, known.reason));
        page.paragraph((Style::Dim, "       -> "), Style::Dim, &format!("reported: {}", known.reported));
    }
}

fn write_flaky(page: &mut Page, specs: &[Judged]) {
    let flaky: Vec<_> = specs.iter().filter(|spec| spec.is_flaky()).collect();
    if flaky.is_empty() {
        return;
    }
    page.heading("Flaky: attempts disagree");
    for spec in flaky {
        page.paragraph((Style::Plain, "  "), Style::Yellow, &format!("{} {}", spec.record().id, spec.rate()));
    }
}

fn write_skips(page: &mut Page, skips: &[SkipGroup]) {
    if skips.is_empty() {
        return;
    }
    page.heading("Skipped, by missing need");
    for SkipGroup { missing, specs } in skips {
        let label = format!("{:>5}  ", specs.len());
        page.paragraph((Style::Yellow, &label), Style::Plain, &format!("{}: {}", missing.need, missing.found));
        page.paragraph((Style::Dim, "       -> "), Style::Dim, &missing.remedy);
    }
}

fn write_refuted(page: &mut Page, findings: &[Finding]) {
    let refuted: Vec<_> = findings.iter().filter(|finding| finding.outcome == Outcome::Refuted).collect();
    if refuted.is_empty() {
        return;
    }
    page.heading("Claims refuted by conforming specs");
    for finding in refuted {
        page.paragraph((Style::Plain, "  "), Style::Plain, &format!("{}: {}", finding.id, finding.claim));
        page.paragraph((Style::Dim, "       -> "), Style::Plain, &finding.truth);
        // The layers and cases of a spec observe alike: one of them speaks for all here, and report.json has them all.
        let families = finding.shown_by.chunk_by(|one, other| family(&one.id) == family(&other.id));
        for evidence in families.map(|family| &family[0]) {
            let seen = evidence.observations.iter().map(|seen| format!("{}: {}", seen.name, seen.value));
            let shown = [evidence.id.clone()].into_iter().chain(seen).collect::<Vec<_>>().join("; ");
            page.paragraph((Style::Dim, "          "), Style::Dim, &shown);
        }
    }
}

/// What the kernel showed besides the results of calls.
fn write_kernel(page: &mut Page, end: &EndRecord) {
    if !end.kernel_log.is_empty() {
        page.heading("The kernel reported an error of its own while no spec ran");
        for line in &end.kernel_log {
            page.line(&[(Style::Dim, "  | "), (Style::Plain, line)]);
        }
    }
    if !end.grown.is_empty() {
        page.heading("Kernel objects that the run left");
        for (name, [before, after]) in &end.grown {
            page.line(&[(Style::Plain, &format!("  {name}: {before} before, {after} after"))]);
        }
    }
}

fn write_totals(page: &mut Page, records: &Records, summary: &Summary, coverage: Option<Coverage>, exit: Exit) {
    page.blank();
    if let Some(shortfall) = shortfall(records) {
        page.paragraph((Style::Plain, ""), Style::Yellow, &format!("incomplete: {shortfall}"));
    }
    let style = if exit == Exit::Passed { Style::Green } else { Style::Red };
    let effort = format!(
        "{} in {}, {}",
        text::count(usize::try_from(summary.checks).unwrap_or(usize::MAX), "check"),
        text::count(summary.attempts, "attempt"),
        text::seconds(summary.wall_us)
    );
    page.line(&[(Style::Plain, &effort)]);
    if let Some(coverage) = coverage {
        page.line(&[(Style::Plain, &scope(coverage))]);
    }
    let interrupted = exit == Exit::CouldNotRun && records.end.interrupted;
    page.line(&[(style, if interrupted { "interrupted" } else { exit.meaning() })]);
    let verdicts = summary.verdicts.words();
    let totals = format!("{} specs: {verdicts}, {} flaky; exit {}", summary.specs, summary.flaky, exit.code());
    page.line(&[(Style::Bold, &totals)]);
}

/// What the run is about, so that one that conforms does not read as "all is well".
fn scope(coverage: Coverage) -> String {
    let Coverage { mechanisms, all_mechanisms, clauses, all_clauses } = coverage;
    format!("covers {clauses} of {all_clauses} documented clauses, in {mechanisms} of {all_mechanisms} mechanisms")
}

mod slowest;
#[cfg(test)]
mod tests;
