//! Many targets side by side, for a terminal.

use crate::matrix::{Cell, Column, cause_rows, rows, specs};
use crate::render::matrix::{KEY, letter};
use crate::render::page::{Page, Style};
use crate::summary::{Counts, Summary};
use crate::text;
use record::Records;
use record::Verdict;

/// For a terminal. Columns of the second table are named by the letters that the first gives to targets.
pub fn matrix(columns: &[Column]) -> String {
    let mut page = Page::default();
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
    write_causes(&mut page, columns, &name);
    page.into_text()
}

/// How many causes are shown.
const CAUSES: usize = 40;

fn write_causes(page: &mut Page, columns: &[Column], name: &dyn Fn(usize) -> char) {
    let rows = cause_rows(columns);
    let letters: String = (0..columns.len()).map(|index| format!("{:>4} ", name(index))).collect();
    page.blank();
    page.line(&[(Style::Dim, &letters), (Style::Dim, " specs that fail, by cause")]);
    for row in rows.iter().take(CAUSES) {
        let count = |count: &usize| if *count == 0 { "   . ".into() } else { format!("{count:>4} ") };
        let counts: String = row.specs.iter().map(count).collect();
        page.paragraph((Style::Plain, &format!("{counts} ")), Style::Plain, &row.words);
    }
    if rows.len() > CAUSES {
        page.line(&[(Style::Plain, &format!("... and {} more causes, all in matrix.html", rows.len() - CAUSES))]);
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::page::plain;
    use crate::sample;

    #[test]
    fn a_matrix_as_it_is_read() {
        assert_eq!(plain(&matrix(&sample::columns())), TEXT);
    }

    const TEXT: &str = r#"   target  conforms deviates   broken  timeout  skipped  kernel
a  local          2        1        1        1        2  Linux 6.18.44
b  uml            3        0        1        1        2  Linux 6.18.44
c  gvisor  runsc is missing: install <b>runsc</b> | \u{1b}[2J

a b c  specs that fail somewhere (. conforms, D deviates, B broken, T timeout, s skipped)
D .    fifo.open-nonblock-write/raw
T T    fifo.open-read-blocks
B B    pipe.write-atomic

   a    b    c  specs that fail, by cause
   1    1    .  cannot be judged: fcntl(F_SETPIPE_SZ) failed in the setup: EPERM
   1    1    .  timeout: timed out after 30.000 s
   1    .    .  deviates: open("fifo", O_WRONLY | O_NONBLOCK): Err(ENXIO) -> Ok(3)
"#;

    #[test]
    fn targets_that_skip_do_not_differ() {
        let mut records = sample::records();
        records.specs.retain(|spec| !spec.verdict.is_failure());
        let one = Column { target: "one".into(), outcome: Ok(records.clone()), gate: None };
        records.specs.iter_mut().for_each(|spec| spec.verdict = Verdict::Skipped);
        let other = Column { target: "other".into(), outcome: Ok(records), gate: None };
        assert!(plain(&matrix(&[one, other])).ends_with("\nno spec fails anywhere, of 4 specs\n"));
    }
}
