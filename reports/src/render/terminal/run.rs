//! The summary of a run for a terminal, the most significant last.

use crate::claims::{Finding, NotedClaim, Outcome, findings};
use crate::gate::{Exit, shortfall};
use crate::judged::{Judged, judged};
use crate::render::failure;
use crate::render::page::{Page, Style};
use crate::summary::{Counts, SkipGroup, Summary};
use crate::text;
use record::Verdict;
use record::id::family;
use record::{Records, RunRecord};

/// The summary, 100 columns wide, with ANSI styles.
///
/// Its last line is for scripts: all totals as `NUMBER WORD`, the same words in the same order in every run.
pub fn run(records: &Records, claims: &[NotedClaim]) -> String {
    let mut page = Page::default();
    let specs = judged(records);
    let summary = Summary::of(records);
    write_machine(&mut page, &records.run);
    write_mechanisms(&mut page, &summary);
    write_failures(&mut page, &specs);
    write_known(&mut page, &specs);
    write_flaky(&mut page, &specs);
    write_skips(&mut page, &summary.skips);
    write_refuted(&mut page, &findings(records, claims));
    write_totals(&mut page, records, &summary);
    page.into_text()
}

/// The machine of the run.
pub(crate) fn write_machine(page: &mut Page, run: &RunRecord) {
    let environment = &run.environment;
    let preloaded = environment.preloaded.as_ref().map(|library| format!(", preloaded: {library}")).unwrap_or_default();
    let machine = format!(
        "ipcspec {} on {} {}, {}, {}, uid {}, isolation: {}{preloaded}",
        run.version,
        environment.kernel,
        environment.arch,
        environment.libc,
        text::count(environment.cpus, "cpu"),
        environment.euid,
        environment.isolation
    );
    page.paragraph((Style::Plain, ""), Style::Bold, &machine);
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

fn write_failures(page: &mut Page, specs: &[Judged]) {
    let failing = specs.iter().filter(|spec| spec.fails());
    for (number, spec) in failing.enumerate() {
        let verdict = spec.verdict();
        let verdict = if spec.is_flaky() { format!("flaky, {verdict}") } else { verdict.to_string() };
        page.blank();
        page.line(&[
            (Style::Red, &format!("× {}: ", number + 1)),
            (Style::Bold, &spec.record().id),
            (Style::Red, &format!(" {verdict}")),
        ]);
        failure::write(page, spec);
    }
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

fn write_totals(page: &mut Page, records: &Records, summary: &Summary) {
    page.blank();
    if let Some(shortfall) = shortfall(records) {
        page.paragraph((Style::Plain, ""), Style::Yellow, &format!("incomplete: {shortfall}"));
    }
    let exit = Exit::of(records);
    let style = if exit == Exit::Passed { Style::Green } else { Style::Red };
    let effort = format!(
        "{} in {}, {}",
        text::count(usize::try_from(summary.checks).unwrap_or(usize::MAX), "check"),
        text::count(summary.attempts, "attempt"),
        text::seconds(summary.wall_us)
    );
    page.line(&[(Style::Plain, &effort)]);
    page.line(&[(style, exit.meaning())]);
    let verdicts = summary.verdicts.words();
    let totals = format!("{} specs: {verdicts}, {} flaky; exit {}", summary.specs, summary.flaky, exit.code());
    page.line(&[(Style::Bold, &totals)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::page::plain;
    use crate::sample;

    #[test]
    fn a_run_as_it_is_read() {
        assert_eq!(plain(&run(&sample::interrupted(), &sample::claims())), INTERRUPTED);
    }

    const INTERRUPTED: &str = r#"ipcspec 0.1.0 on Linux 6.18.44 x86_64, glibc 2.36, 2 cpus, uid 1000, isolation: userns

        conforms  deviates    broken   timeout   skipped
  fifo         0         1         0         1         0
  pipe         2         0         1         0         0
  shm          0         0         0         0         2

× 1: fifo.open-nonblock-write/raw deviates
  -> Opening a FIFO for writing with O_NONBLOCK and no reader fails with ENXIO.
     POSIX.1-2017 open(3p), ERRORS: ENXIO

       done: open("fifo", O_WRONLY | O_NONBLOCK)
   expected: Err(ENXIO)
     actual: Ok(3)
         in: child 1, suites/src/fifo.rs:93
     source: suites/src/fifo.rs:88
  reproduce: ipcspec run fifo.open-nonblock-write/raw

× 2: fifo.open-read-blocks timeout
  -> Opening a FIFO for reading blocks until a writer opens it.
     POSIX.1-2017 read(3p), DESCRIPTION; pipe(7), I/O on pipes and FIFOs

     failed: timed out after 30.000 s
  processes: pid  2  ipcspec  sleeping                  in wait4, waiting in do_wait4
             pid 13  ipcspec  in uninterruptible sleep  in openat, waiting in do_openat
             pid 14  cat      zombie
     output: | the reader is up
             | \u{1b}[31mopening\u{1b}[0m
             ... 4096 bytes not kept
     source: suites/src/fifo.rs:17
  reproduce: ipcspec run fifo.open-read-blocks

× 3: pipe.write-atomic broken
  -> Writes of at most PIPE_BUF bytes by several processes are never interleaved, however many
     writers there are and in whatever order the scheduler lets them run.
     POSIX.1-2017 read(3p), DESCRIPTION; pipe(7), I/O on pipes and FIFOs

     failed: fcntl(F_SETPIPE_SZ) failed in the setup: EPERM
         in: the spec, suites/src/pipe.rs:120
     source: suites/src/pipe.rs:42
  reproduce: ipcspec run pipe.write-atomic

Skipped, by missing need
    1  cpus(4): 2 processors
       -> give the machine more
    2  reboot: this machine is in use
       -> run it in a virtual machine

Claims refuted by conforming specs
  pipe.exit-needs-data-read: Once data has been written into a pipe it must be read before the
  writer can exit normally.
       -> The writer exits at once; unread data stays until all ends close and is then dropped.
          pipe.exit-with-unread-data; bytes read after the writer's exit: 5

incomplete: the run was interrupted after 7 of 12 attempts
12 checks in 7 attempts, 31.214 s
at least one spec deviates, is broken or timed out
7 specs: 2 conforms, 1 deviates, 1 broken, 1 timeout, 2 skipped, 0 flaky; exit 1
"#;

    #[test]
    fn an_flaky_spec_shows_its_rate() {
        let text = plain(&run(&sample::repeated(), &[]));
        for line in [
            "× 1: fifo.open-nonblock-write/raw flaky, deviates",
            "   attempts: 2/4 conform (1 deviates, 1 timeout); this is attempt 2",
            "  reproduce: ipcspec run fifo.open-nonblock-write/raw --repeat 4",
            "  fifo.open-nonblock-write/raw 2/4 conform (1 deviates, 1 timeout)",
            "1 specs: 0 conforms, 1 deviates, 0 broken, 0 timeout, 0 skipped, 1 flaky; exit 1",
        ] {
            assert!(text.lines().any(|have| have == line), "{line:?} is missing from:\n{text}");
        }
    }

    #[test]
    fn a_clean_run_is_short() {
        let mut records = sample::records();
        records.specs.retain(|spec| spec.verdict == Verdict::Conforms);
        records.run.selected = records.specs.len();
        let text = plain(&run(&records, &[]));
        assert_eq!(text.lines().count(), 8, "machine, table, totals:\n{text}");
        assert!(text.ends_with("; exit 0\n"));
    }
}
