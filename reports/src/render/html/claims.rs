//! What the notes say, and what the kernel did.

use super::Column;
use super::rows::Who;
use crate::claims::{NotedClaim, covering, observed};
use crate::judged::{Judged, judged, without_layer};
use record::Observation;
use record::Verdict;
use record::id::family;

/// The claims that the runs say something of, by how much of each falls.
pub(super) struct Claims<'a> {
    pub(super) groups: Vec<Group<'a>>,
    /// The claims that no conforming spec of these runs covers.
    pub(super) silent: Vec<&'a NotedClaim>,
}

/// Claims with one outcome.
pub(super) struct Group<'a> {
    pub(super) title: &'static str,
    pub(super) claims: Vec<Told<'a>>,
}

/// A claim, and what was seen of it.
pub(super) struct Told<'a> {
    pub(super) claim: &'a NotedClaim,
    pub(super) seen: Vec<Seen<'a>>,
    /// Rows of specs that cover it and fail.
    pub(super) failing: Vec<&'a str>,
}

/// What conforming specs of one family saw.
pub(super) struct Seen<'a> {
    pub(super) row: &'a str,
    pub(super) observations: Vec<Observation>,
    who: Vec<usize>,
}

/// The catalogue's words for how much is true, and the heading of each.
const GROUPS: [(&str, &str); 4] = [
    ("false", "Refuted"),
    ("partly", "True only in part"),
    ("true", "Hold as stated"),
    ("qualitative", "Opinion, definition or history"),
];

impl<'a> Claims<'a> {
    pub(super) fn of(columns: &[Column<'a>], claims: &'a [NotedClaim]) -> Self {
        let specs: Vec<Vec<Judged>> = columns.iter().map(|column| judged(column.records)).collect();
        let told: Vec<_> = claims.iter().map(|claim| tell(claim, &specs)).collect();
        let (told, silent): (Vec<_>, Vec<_>) =
            told.into_iter().partition(|told| !told.seen.is_empty() || !told.failing.is_empty());
        let mut groups: Vec<Group> = GROUPS.map(|(_, title)| Group { title, claims: Vec::new() }).into_iter().collect();
        for told in told {
            if let Some(place) = GROUPS.iter().position(|(verdict, _)| *verdict == told.claim.verdict) {
                groups[place].claims.push(told);
            }
        }
        groups.retain(|group| !group.claims.is_empty());
        Self { groups, silent: silent.into_iter().map(|told| told.claim).collect() }
    }
}

impl Seen<'_> {
    /// The columns that saw this, where not all did.
    pub(super) fn who(&self, columns: &[Column]) -> String {
        if self.who.len() == columns.len() {
            return String::new();
        }
        Who(self.who.iter().map(|column| (*column, None)).collect()).names(columns)
    }
}

fn tell<'a>(claim: &'a NotedClaim, columns: &[Vec<Judged<'a>>]) -> Told<'a> {
    let mut told = Told { claim, seen: Vec::new(), failing: Vec::new() };
    for (number, specs) in columns.iter().enumerate() {
        for spec in covering(claim, specs) {
            let row = without_layer(spec.record());
            match spec.verdict() {
                Verdict::Conforms => see(&mut told.seen, number, row, observed(spec)),
                Verdict::Skipped => {}
                _ if told.failing.contains(&row) => {}
                _ => told.failing.push(row),
            }
        }
    }
    told
}

/// The layers and cases of a spec observe alike, and so do most columns: what is alike is told once.
fn see<'a>(seen: &mut Vec<Seen<'a>>, column: usize, row: &'a str, observations: Vec<Observation>) {
    let known = seen.iter_mut().find(|seen| family(seen.row) == family(row) && seen.observations == observations);
    match known {
        None => seen.push(Seen { row, observations, who: vec![column] }),
        Some(known) if known.who.last() != Some(&column) => known.who.push(column),
        Some(_) => {}
    }
}
