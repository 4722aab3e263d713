//! `report.html`: one run, or several side by side, as one file that needs no network.
//!
//! The templates are compiled with the crate by askama, so a field that does not exist is a compile error. Everything is
//! escaped but our own style and script. The page is complete without its script, which filters, and opens the targets of
//! links.

mod claims;
mod errors;
mod failures;
mod matrix;
mod observations;
mod overview;
mod persistence;
mod rows;
#[cfg(test)]
mod tests;

use crate::documented::Documented;
use crate::matrix::Column as Target;
use crate::{gate, text};
use askama::Template;
use base64::prelude::{BASE64_STANDARD, Engine};
use record::Layer;
use record::Records;
use record::Verdict;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../../templates/report.css");
const SCRIPT: &str = include_str!("../../../templates/report.js");

/// A run, with a name, and compared with its baseline if it has one.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// The name: `gvisor`.
    pub name: String,
    /// The run.
    pub records: &'a Records,
    /// The result of its gate; the reasons of expected failures are shown beside them.
    pub gate: Option<&'a gate::Outcome>,
}

impl<'a> Column<'a> {
    /// A run, named by its kernel.
    pub fn of(records: &'a Records) -> Self {
        Self { name: records.run.environment.kernel.clone(), records, gate: None }
    }
}

/// The report of one run, or of several with their matrix, as an HTML document.
pub fn page(columns: &[Column], documented: &Documented) -> String {
    render(columns, &[], documented)
}

/// The report of targets side by side, with the reason for each that was not judged.
pub fn matrix_page(targets: &[Target], documented: &Documented) -> String {
    let mut columns = Vec::new();
    let mut unjudged = Vec::new();
    for Target { target, outcome, gate } in targets {
        match outcome {
            Ok(records) => columns.push(Column { name: target.clone(), records, gate: gate.as_ref() }),
            Err(why) => unjudged.push(format!("{target} was not judged: {why}")),
        }
    }
    render(&columns, &unjudged, documented)
}

fn render(columns: &[Column], unjudged: &[String], documented: &Documented) -> String {
    let rows = rows::rows(columns);
    let page = Page {
        style: STYLE,
        style_hash: hash(STYLE),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
        columns,
        unjudged,
        overview: overview::Overview::of(columns),
        causes: failures::by_cause(&rows, columns),
        failures: failures::failures(&rows, columns),
        mechanisms: if columns.len() == 1 { rows::by_mechanism(&rows) } else { Vec::new() },
        matrix: if columns.len() == 1 { Vec::new() } else { matrix::matrix(&rows) },
        claims: claims::Claims::of(columns, &documented.claims),
        grids: errors::grids(columns, &rows, documented),
        persistence: persistence::Table::of(&documented.persistence, &rows),
        observations: observations::observations(&rows),
    };
    // It contains output of the tested system, which is made harmless here and nowhere else.
    text::clean(&page.render().expect("writing to memory does not fail"))
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    columns: &'a [Column<'a>],
    unjudged: &'a [String],
    overview: overview::Overview,
    causes: Vec<failures::CauseRow<'a>>,
    failures: Vec<failures::FailedSpec<'a>>,
    mechanisms: Vec<rows::Mechanism<'a>>,
    matrix: Vec<matrix::MatrixRow<'a>>,
    claims: claims::Claims<'a>,
    grids: Vec<errors::Grid<'a>>,
    persistence: persistence::Table<'a>,
    observations: Vec<observations::Observed<'a>>,
}

impl Page<'_> {
    /// Whether this is the report of one run, with times and layers instead of a matrix.
    fn is_one(&self) -> bool {
        self.columns.len() == 1
    }

    fn letter(&self, verdict: &Verdict) -> char {
        letter(*verdict)
    }

    /// How many rows of the matrix differ between columns.
    fn differing(&self) -> usize {
        self.matrix.iter().filter(|row| row.differs()).count()
    }
}

/// The hash source of a style or script in the Content Security Policy, which allows no other.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// The letter of a verdict, which is also its class in the style sheet.
fn letter(verdict: Verdict) -> char {
    match verdict {
        Verdict::Conforms => 'C',
        Verdict::Deviates => 'D',
        Verdict::Broken => 'B',
        Verdict::Timeout => 'T',
        Verdict::Skipped => 'S',
    }
}

/// The layers as a list; empty for a spec without layers.
fn layer_list(layers: impl IntoIterator<Item = Option<Layer>>) -> String {
    layers.into_iter().flatten().map(Layer::word).collect::<Vec<_>>().join(", ")
}
