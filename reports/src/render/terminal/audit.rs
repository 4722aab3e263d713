//! An audit for a terminal, the most significant last.

use crate::audit::{Counts, Judgement, Mutations};
use crate::render::page::{Page, Style};
use crate::text;
use record::findings::{Audited, LeftOut, Tried};
use record::id::family;
use std::collections::BTreeMap;

/// How many different misses are listed; `audit.json` has all.
const LISTED: usize = 60;

/// The report, 100 columns wide, with ANSI styles.
pub fn audit(judgement: &Judgement) -> String {
    let mut page = Page::default();
    write_table(&mut page, judgement);
    write_missed(&mut page, &judgement.missed);
    write_left_out(&mut page, &judgement.findings.specs);
    write_totals(&mut page, judgement);
    page.into_text()
}

fn write_table(page: &mut Page, judgement: &Judgement) {
    let names = judgement.mechanisms.keys().map(|name| name.chars().count().min(24)).max().unwrap_or(0).max(3);
    let space = " ".repeat(names + 2);
    page.line(&[(Style::Dim, &format!("{space}{:>7}   {:<38}{}", "", "asserted calls", "calls of the setup"))]);
    let heads = "  tried   caught   missed  allowed";
    page.line(&[(Style::Dim, &format!("{space}{:>7}{heads}   {}", "specs", &heads[..heads.len() - 9]))]);
    for (name, counts) in &judgement.mechanisms {
        write_row(page, &format!("  {name:names$}"), counts);
    }
    if judgement.mechanisms.len() > 1 {
        write_row(page, &format!("  {:names$}", "all"), &judgement.all);
    }
}

fn write_row(page: &mut Page, name: &str, counts: &Counts) {
    let cells = |mutations: &Mutations| {
        [format!("{:>7}", mutations.tried), format!("{:>9}", mutations.caught), format!("{:>9}", mutations.missed)]
    };
    let missed = if counts.asserted.missed == 0 { Style::Dim } else { Style::Yellow };
    let [asserted, setup] = [&counts.asserted, &counts.setup].map(cells);
    page.line(&[
        (Style::Plain, name),
        (Style::Plain, &format!("{:>7}", counts.specs)),
        (Style::Plain, &asserted[0]),
        (Style::Green, &asserted[1]),
        (missed, &asserted[2]),
        (Style::Dim, &format!("{:>9}   ", counts.asserted.allowed)),
        (Style::Dim, &setup.concat()),
    ]);
}

/// The layers and cases of a spec that miss the same are listed together.
fn write_missed(page: &mut Page, missed: &[(&Audited, &Tried)]) {
    if missed.is_empty() {
        return;
    }
    let mut alike: BTreeMap<(String, &str, &str), Vec<&str>> = BTreeMap::new();
    for (spec, tried) in missed {
        let place = tried.assertion.as_ref().map_or_else(String::new, ToString::to_string);
        alike.entry((place, family(&spec.id), &tried.mutation)).or_default().push(&spec.id);
    }
    page.heading("Missed: the spec conforms");
    for ((place, _, mutation), ids) in alike.iter().take(LISTED) {
        page.paragraph((Style::Plain, "  "), Style::Plain, &format!("{mutation}  {}", ids.join(" ")));
        page.line(&[(Style::Dim, &format!("      asserted at {place}"))]);
    }
    if alike.len() > LISTED {
        page.line(&[(Style::Plain, &format!("  ... and {} more, in audit.json", alike.len() - LISTED))]);
    }
    let (spec, tried) = missed[0];
    page.paragraph(
        (Style::Dim, "  reproduce: "),
        Style::Plain,
        &format!("ipcspec run {} --mutation {}", spec.id, tried.mutation),
    );
}

fn write_left_out(page: &mut Page, specs: &[Audited]) {
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for spec in specs {
        let reason = match &spec.left_out {
            None => continue,
            Some(LeftOut::Skipped(needs)) => format!("skipped: needs {needs}"),
            Some(LeftOut::DoesNotConform(verdict)) => format!("{verdict} without a mutation"),
            Some(LeftOut::NotWhenTraced(verdict, why)) => format!("cannot be audited: {verdict} while traced: {why}"),
        };
        reasons.entry(reason).or_default().push(&spec.id);
    }
    if reasons.is_empty() {
        return;
    }
    page.heading("Not audited");
    for (reason, ids) in reasons {
        page.paragraph((Style::Yellow, &format!("{:>5}  ", ids.len())), Style::Plain, &reason);
        page.paragraph((Style::Dim, "       "), Style::Dim, &ids.join(" "));
    }
}

fn write_totals(page: &mut Page, judgement: &Judgement) {
    page.blank();
    for objection in judgement.objections() {
        page.paragraph((Style::Red, "× "), Style::Plain, &objection);
    }
    let Counts { specs, asserted, setup, .. } = judgement.all;
    let mutations = asserted.tried + setup.tried;
    let wall_us = judgement.findings.wall_us;
    let each = wall_us as f64 / 1000.0 / mutations.max(1) as f64;
    page.line(&[(
        Style::Plain,
        &format!(
            "{} under {}, and {} equivalent, in {}, {each:.1} ms each",
            text::count(specs, "spec"),
            text::count(mutations, "mutation"),
            asserted.equivalent + setup.equivalent,
            text::seconds(wall_us)
        ),
    )]);
    for part in judgement.findings.parts() {
        page.line(&[(Style::Yellow, &part)]);
    }
    let exit = judgement.exit();
    page.line(&[(
        Style::Bold,
        &format!(
            "{}: {} of {} mutations of asserted calls caught, {} allowed, {} vacuous; exit {}",
            exit.words(),
            asserted.caught,
            asserted.caught + asserted.missed,
            asserted.allowed,
            judgement.vacuous.len(),
            exit.code()
        ),
    )]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Allowances;
    use crate::audit::sample::{findings, spec};
    use crate::render::page::plain;

    #[test]
    fn the_report_has_every_part() {
        let mut skipped = spec("fifo.c", &[]);
        skipped.left_out = Some(LeftOut::Skipped("cpus(4)".into()));
        let findings = findings(vec![
            spec(
                "pipe.a/raw",
                &[("read#1:short", true, true), ("read#1:long", true, false), ("close#1:not-done", false, false)],
            ),
            spec("pipe.a/libc", &[("read#1:short", true, true), ("read#1:long", true, false)]),
            skipped,
        ]);
        let judgement = Judgement::of(&findings, &Allowances::parse("").unwrap(), &[]);
        assert_eq!(
            plain(&audit(&judgement)),
            "                asserted calls                        calls of the setup
        specs  tried   caught   missed  allowed     tried   caught   missed
  fifo      0      0        0        0        0         0        0        0
  pipe      2      4        2        2        0         1        0        1
  all       2      4        2        2        0         1        0        1

Missed: the spec conforms
  read#1:long  pipe.a/raw pipe.a/libc
      asserted at suites/pipes/src/pipe/artificial.rs:12
  reproduce: ipcspec run pipe.a/raw --mutation read#1:long

Not audited
    1  skipped: needs cpus(4)
       fifo.c

× 2 of 4 mutations of asserted calls caught: fewer than 90 %
2 specs under 5 mutations, and 0 equivalent, in 2.000 s, 400.0 ms each
failed: 2 of 4 mutations of asserted calls caught, 0 allowed, 0 vacuous; exit 1
"
        );
    }
}
