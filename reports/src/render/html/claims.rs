//! What the notes say, and what the kernel did.

use super::Column;
use super::rows::Origins;
use crate::claims::{NotedClaim, covering, observed, showing};
use crate::judged::{Judged, judged, without_layer};
use record::Observation;
use record::Verdict;
use record::id::family;

/// The claims that the runs cover, by how much of each is refuted.
pub(super) struct Claims<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// The claims that no conforming spec of these runs covers.
    pub(super) uncovered: Vec<&'a NotedClaim>,
}

/// Claims with one outcome.
pub(super) struct Group<'a> {
    pub(super) title: &'static str,
    pub(super) claims: Vec<Shown<'a>>,
}

/// A claim, and what was observed.
pub(super) struct Shown<'a> {
    pub(super) claim: &'a NotedClaim,
    pub(super) seen: Vec<Seen<'a>>,
    /// Rows of failing specs that cover it.
    pub(super) failing: Vec<&'a str>,
    /// Whether a run shows it: specs of it conform there, and none fails.
    is_shown: bool,
}

/// What conforming specs of one family observed.
pub(super) struct Seen<'a> {
    pub(super) row: &'a str,
    pub(super) observations: Vec<Observation>,
    who: Vec<usize>,
}

/// The group of claims that no run shows.
const NOT_SHOWN: &str = "not shown";

/// The catalogue's words for how much of a claim is true, each with a heading; and the heading of what no run shows.
const GROUPS: [(&str, &str); 5] = [
    ("false", "Refuted"),
    ("partly", "True only in part"),
    ("true", "Hold as stated"),
    ("qualitative", "Opinion, definition or history"),
    (NOT_SHOWN, "Not shown here, since a spec fails"),
];

impl<'a> Claims<'a> {
    pub(super) fn of(columns: &[Column<'a>], claims: &'a [NotedClaim]) -> Self {
        let specs: Vec<Vec<Judged>> = columns.iter().map(|column| judged(column.records)).collect();
        let all: Vec<_> = claims.iter().map(|claim| shown(claim, &specs)).collect();
        let (covered, uncovered): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|shown| !shown.seen.is_empty() || !shown.failing.is_empty());
        let mut groups: Vec<Group> = GROUPS.map(|(_, title)| Group { title, claims: Vec::new() }).into_iter().collect();
        for shown in covered {
            let group = if shown.is_shown { shown.claim.verdict.as_str() } else { NOT_SHOWN };
            if let Some(place) = GROUPS.iter().position(|(verdict, _)| *verdict == group) {
                groups[place].claims.push(shown);
            }
        }
        groups.retain(|group| !group.claims.is_empty());
        Self { groups, uncovered: uncovered.into_iter().map(|shown| shown.claim).collect() }
    }
}

impl Seen<'_> {
    /// The columns that observed this, if not all did.
    pub(super) fn who(&self, columns: &[Column]) -> String {
        if self.who.len() == columns.len() {
            return String::new();
        }
        Origins(self.who.iter().map(|column| (*column, None)).collect()).names(columns)
    }
}

fn shown<'a>(claim: &'a NotedClaim, columns: &[Vec<Judged<'a>>]) -> Shown<'a> {
    let is_shown = columns.iter().any(|specs| !showing(claim, specs).is_empty());
    let mut shown = Shown { claim, seen: Vec::new(), failing: Vec::new(), is_shown };
    for (number, specs) in columns.iter().enumerate() {
        for spec in covering(claim, specs) {
            let row = without_layer(spec.record());
            match spec.verdict() {
                Verdict::Conforms => see(&mut shown.seen, number, row, observed(spec)),
                Verdict::Skipped => {}
                _ if shown.failing.contains(&row) => {}
                _ => shown.failing.push(row),
            }
        }
    }
    shown
}

/// Layers and cases of a spec, and most columns, observe the same: it is shown once.
fn see<'a>(seen: &mut Vec<Seen<'a>>, column: usize, row: &'a str, observations: Vec<Observation>) {
    let known = seen.iter_mut().find(|seen| family(seen.row) == family(row) && seen.observations == observations);
    match known {
        None => seen.push(Seen { row, observations, who: vec![column] }),
        Some(known) if known.who.last() != Some(&column) => known.who.push(column),
        Some(_) => {}
    }
}
