//! Many targets side by side: how many specs got which verdict on each, and the specs on which they differ.

use crate::gate;
use crate::judged::judged;
use crate::markdown::inline;
use crate::page::{Page, Style};
use crate::summary::{Counts, Summary};
use crate::text;
use record::Records;
use record::Verdict;
use record::id::family;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One target.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub target: String,
    /// Its records, or a sentence that says why there are none.
    pub outcome: Result<Records, String>,
    /// How they stand against its baseline.
    pub gate: Option<gate::Outcome>,
}

/// What a cell holds: the verdict, or none where the spec was not judged.
type Cell = Option<Verdict>;

/// Specs of one family with the same verdicts on every target.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: String,
    cells: Vec<Cell>,
}

/// The specs that fail somewhere. What only some targets skip is no difference between kernels: they lack something that the
/// spec needs, and the counts tell. What one target has alone comes first.
fn rows(columns: &[Column]) -> Vec<Row> {
    let mut verdicts: BTreeMap<&str, Vec<Cell>> = BTreeMap::new();
    for (index, column) in columns.iter().enumerate() {
        let Ok(records) = &column.outcome else { continue };
        for spec in judged(records) {
            verdicts.entry(&spec.record().id).or_insert_with(|| vec![None; columns.len()])[index] =
                Some(spec.verdict());
        }
    }
    let mut groups: BTreeMap<(&str, Vec<Cell>), Vec<&str>> = BTreeMap::new();
    for (id, cells) in verdicts {
        if failures(&cells) > 0 {
            groups.entry((family(id), cells)).or_default().push(id);
        }
    }
    let mut rows: Vec<_> = groups
        .into_iter()
        .map(|((family, cells), ids)| {
            let name = if let [id] = ids[..] { id.into() } else { format!("{family} ({} cases)", ids.len()) };
            Row { name, cells }
        })
        .collect();
    rows.sort_by_key(|row| failures(&row.cells));
    rows
}

fn failures(cells: &[Cell]) -> usize {
    cells.iter().filter(|cell| cell.is_some_and(Verdict::is_failure)).count()
}

fn letter(cell: Cell) -> &'static str {
    match cell {
        None => " ",
        Some(Verdict::Conforms) => ".",
        Some(Verdict::Deviates) => "D",
        Some(Verdict::Broken) => "B",
        Some(Verdict::Timeout) => "T",
        Some(Verdict::Skipped) => "s",
    }
}

/// `.` conforms, `D` deviates, ...
const KEY: &str = ". conforms, D deviates, B broken, T timeout, s skipped";

fn style(cell: Cell) -> Style {
    match cell {
        Some(verdict) if verdict.is_failure() => Style::Red,
        Some(Verdict::Skipped) => Style::Yellow,
        _ => Style::Dim,
    }
}

fn counts(records: &Records) -> Counts {
    Summary::of(records).verdicts
}

/// How many specs the targets have together.
fn specs(columns: &[Column]) -> usize {
    let records = columns.iter().filter_map(|column| column.outcome.as_ref().ok());
    records.flat_map(|records| &records.specs).map(|spec| &spec.id).collect::<BTreeSet<_>>().len()
}

/// For a terminal. Columns of the second table are named by the letters that the first gives to targets.
pub fn text(columns: &[Column], colour: bool) -> String {
    let mut page = Page::new(colour);
    let name = |index: usize| char::from_u32('a' as u32 + u32::try_from(index).unwrap_or(0)).unwrap_or('?');
    let width = columns.iter().map(|column| column.target.chars().count()).max().unwrap_or(0).clamp(6, 24);
    let heads: String = Verdict::ALL.iter().map(|verdict| format!(" {verdict:>8}")).collect();
    page.line(&[(Style::Dim, &format!("   {:width$} {heads}  kernel", "target"))]);
    for (index, column) in columns.iter().enumerate() {
        let label = format!("{}  {:width$} ", name(index), text::clip(&column.target, 24));
        match &column.outcome {
            Ok(records) => {
                let counts = counts(records);
                let cells = Verdict::ALL.map(|verdict| (verdict, format!(" {:>8}", counts.get(verdict))));
                let mut pieces = vec![(Style::Bold, label.as_str())];
                for (verdict, cell) in &cells {
                    let plain = counts.get(*verdict) == 0 || *verdict == Verdict::Conforms;
                    pieces.push((if plain { Style::Plain } else { style(Some(*verdict)) }, cell));
                }
                let kernel = format!("  {}", records.run.environment.kernel);
                pieces.push((Style::Plain, &kernel));
                page.line(&pieces);
            }
            Err(sentence) => page.paragraph((Style::Bold, &format!("{label} ")), Style::Red, &text::one_line(sentence)),
        }
    }
    let rows = rows(columns);
    page.blank();
    if rows.is_empty() {
        page.line(&[(Style::Plain, &format!("no spec fails anywhere, of {}", text::count(specs(columns), "spec")))]);
        return page.into_text();
    }
    let letters: String = (0..columns.len()).map(|index| format!("{} ", name(index))).collect();
    page.line(&[(Style::Dim, &letters), (Style::Dim, &format!(" specs that fail somewhere ({KEY})"))]);
    for row in &rows {
        let cells: Vec<_> = row.cells.iter().map(|cell| (style(*cell), format!("{} ", letter(*cell)))).collect();
        let mut pieces: Vec<_> = cells.iter().map(|(style, cell)| (*style, cell.as_str())).collect();
        pieces.push((Style::Plain, " "));
        pieces.push((Style::Plain, &row.name));
        page.line(&pieces);
    }
    page.into_text()
}

/// For a page on the web: two tables.
pub fn markdown(columns: &[Column]) -> String {
    let mut page = String::from("# Targets\n\n");
    let heads = Verdict::ALL.map(|verdict| format!(" {verdict} |")).concat();
    let _ = writeln!(page, "| target | kernel | C library | isolation |{heads}\n|---|---|---|---|{}", "--:|".repeat(5));
    for column in columns {
        let target = inline(&column.target);
        match &column.outcome {
            Ok(records) => {
                let (here, counts) = (&records.run.environment, counts(records));
                let counts = Verdict::ALL.map(|verdict| format!(" {} |", counts.get(verdict))).concat();
                let (kernel, libc, isolation) = (inline(&here.kernel), inline(&here.libc), inline(&here.isolation));
                let _ = writeln!(page, "| {target} | {kernel} | {libc} | {isolation} |{counts}");
            }
            Err(sentence) => {
                let _ = writeln!(page, "| {target} | {} | | |{}", inline(sentence), " |".repeat(5));
            }
        }
    }
    write_failing(&mut page, columns);
    if columns.iter().any(|column| column.gate.is_some()) {
        write_gates(&mut page, columns);
    }
    page
}

fn write_failing(page: &mut String, columns: &[Column]) {
    let rows = rows(columns);
    let all = specs(columns);
    let _ = writeln!(page, "\n## Specs that fail somewhere\n");
    if rows.is_empty() {
        let _ = writeln!(page, "None of {all}.");
        return;
    }
    let _ = writeln!(page, "Of {all} specs: {KEY}.\n");
    let heads: String = columns.iter().map(|column| format!(" {} |", inline(&column.target))).collect();
    let _ = writeln!(page, "| spec |{heads}\n|---|{}", ":-:|".repeat(columns.len()));
    for row in rows {
        let cells: String = row.cells.iter().map(|cell| format!(" {} |", letter(*cell))).collect();
        let _ = writeln!(page, "| {} |{cells}", inline(&row.name));
    }
}

/// What is new on each target, and what is known and why.
fn write_gates(page: &mut String, columns: &[Column]) {
    let _ = writeln!(page, "\n## Against the baselines\n\n| target | about | kind | what |\n|---|---|---|---|");
    for Column { target, gate, .. } in columns {
        let Some(gate) = gate else { continue };
        let target = inline(target);
        for finding in &gate.findings {
            let (about, what) = (inline(&finding.about), inline(&finding.what));
            let _ = writeln!(page, "| {target} | {about} | {} | {what} |", finding.kind.words());
        }
        // An entry is known for all specs that it names.
        let known: BTreeMap<_, _> = gate.known.values().map(|known| (&known.id, known)).collect();
        for (id, known) in known {
            let _ =
                writeln!(page, "| {target} | {} | known | {}: {} |", inline(id), known.verdict, inline(&known.reason));
        }
        if gate.findings.is_empty() && gate.known.is_empty() {
            let _ = writeln!(page, "| {target} | | nothing | |");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    /// Two targets that agree on what fails but for one spec, and one that did not start.
    fn columns() -> Vec<Column> {
        let mut other = sample::records();
        for spec in other.specs.iter_mut().filter(|spec| spec.verdict == Verdict::Deviates) {
            spec.verdict = Verdict::Conforms;
        }
        let column = |target: &str, outcome| Column { target: target.into(), outcome, gate: None };
        vec![
            column("local", Ok(sample::records())),
            column("uml", Ok(other)),
            column("gvisor", Err("runsc is missing: install <b>runsc</b> | \u{1b}[2J".into())),
        ]
    }

    #[test]
    fn a_matrix_as_it_is_read() {
        assert_eq!(text(&columns(), false), TEXT);
    }

    const TEXT: &str = r#"   target  conforms deviates   broken  timeout  skipped  kernel
a  local          2        1        1        1        2  Linux 6.18.44
b  uml            3        0        1        1        2  Linux 6.18.44
c  gvisor  runsc is missing: install <b>runsc</b> | \u{1b}[2J

a b c  specs that fail somewhere (. conforms, D deviates, B broken, T timeout, s skipped)
D .    fifo.open-nonblock-write/raw
T T    fifo.open-read-blocks
B B    pipe.write-atomic
"#;

    #[test]
    fn a_page_holds_the_same_and_nothing_leaves_its_cell() {
        assert_eq!(markdown(&columns()), MARKDOWN);
    }

    const MARKDOWN: &str = r#"# Targets

| target | kernel | C library | isolation | conforms | deviates | broken | timeout | skipped |
|---|---|---|---|--:|--:|--:|--:|--:|
| local | Linux 6.18.44 | glibc 2.36 | userns | 2 | 1 | 1 | 1 | 2 |
| uml | Linux 6.18.44 | glibc 2.36 | userns | 3 | 0 | 1 | 1 | 2 |
| gvisor | runsc is missing: install \<b\>runsc\</b\> \| \\u{1b}\[2J | | | | | | | |

## Specs that fail somewhere

Of 7 specs: . conforms, D deviates, B broken, T timeout, s skipped.

| spec | local | uml | gvisor |
|---|:-:|:-:|:-:|
| fifo.open-nonblock-write/raw | D | . |   |
| fifo.open-read-blocks | T | T |   |
| pipe.write-atomic | B | B |   |
"#;

    #[test]
    fn a_page_tells_what_is_known_of_each_target_and_what_is_new() {
        let mut columns = columns();
        columns[0].gate = Some(sample::gate());
        let page = markdown(&columns);
        let told = page.strip_prefix(MARKDOWN).unwrap_or_else(|| panic!("{page}"));
        assert_eq!(told, GATES);
    }

    const GATES: &str = r#"
## Against the baselines

| target | about | kind | what |
|---|---|---|---|
| local | fifo.open-read-blocks | new deviations | timeout: the watchdog ended it after 30.000 s |
| local | pipe.write-atomic | newly broken | broken: fcntl(F\_SETPIPE\_SZ) failed while the scene was set: EPERM |
| local | fifo.open-nonblock-write | known | deviates: No \<reader\> is needed there. |
"#;

    #[test]
    fn cases_that_agree_share_a_row() {
        let mut records = sample::records();
        records.specs.retain(|spec| spec.verdict == Verdict::Deviates);
        let case = |name: &str| {
            let mut spec = records.specs[0].clone();
            spec.id = format!("fifo.open-read-blocks/{name}");
            spec
        };
        records.specs = vec![case("libc"), case("nix"), case("raw")];
        records.specs[2].verdict = Verdict::Timeout;
        let rows = rows(&[Column { target: "local".into(), outcome: Ok(records), gate: None }]);
        let shown: Vec<_> = rows.iter().map(|row| (row.name.as_str(), letter(row.cells[0]))).collect();
        assert_eq!(shown, [("fifo.open-read-blocks (2 cases)", "D"), ("fifo.open-read-blocks/raw", "T")]);
    }

    #[test]
    fn targets_that_skip_do_not_differ() {
        let mut records = sample::records();
        records.specs.retain(|spec| !spec.verdict.is_failure());
        let one = Column { target: "one".into(), outcome: Ok(records.clone()), gate: None };
        records.specs.iter_mut().for_each(|spec| spec.verdict = Verdict::Skipped);
        let other = Column { target: "other".into(), outcome: Ok(records), gate: None };
        assert!(text(&[one, other], false).ends_with("\nno spec fails anywhere, of 4 specs\n"));
    }
}
