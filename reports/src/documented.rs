//! What documentation says, as the caller passes it in, and how much of it a run covers.

use crate::claims::NotedClaim;
use crate::judged::judged;
use record::Verdict;
use record::{Records, SeenError};
use std::collections::{HashMap, HashSet};

/// The parts of the catalogue that reports show. The caller passes them in: this crate does not know the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Documented {
    /// What the founding notes claim.
    pub claims: Vec<NotedClaim>,
    /// The error returns that manual pages and POSIX document.
    pub errors: Vec<DocumentedError>,
    /// All clauses, with the specs of the suite that cover them.
    pub clauses: Vec<CataloguedClause>,
    /// How long objects live.
    pub persistence: Persistence,
}

/// A row for each object, a column for each end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Persistence {
    /// What ends.
    pub ends: Vec<String>,
    /// Each object, with its fate at each end.
    pub objects: Vec<(String, Vec<Fate>)>,
}

/// What becomes of an object at an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// `stays`, `goes` or `none`.
    pub word: String,
    /// The families of the specs that show it.
    pub specs: Vec<String>,
    /// Why no spec does.
    pub reason: String,
}

/// A documented error return, from the catalogue: one condition of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentedError {
    /// The clause, as specs name it: `errors:fifo.open.ENXIO.2`.
    pub clause: String,
    /// The mechanism that it belongs to.
    pub mechanism: String,
    /// The call, with the operation where one call has many: `fcntl(F_SETPIPE_SZ)`.
    pub call: String,
    /// The error, by its name in records.
    pub errno: String,
    /// The condition under which it is returned.
    pub condition: String,
    /// Whether a spec can cause it without harm to the machine.
    pub inducible: bool,
}

/// A clause of the catalogue, and who covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CataloguedClause {
    /// Its id: `behaviours:pipe.read-eof`.
    pub id: String,
    /// The mechanism that it belongs to.
    pub mechanism: String,
    /// The ids of all specs of the suite that cover it, with their cases and layers.
    pub specs: Vec<String>,
}

/// What a run covers: a clause is covered when every spec and case that covers it was judged and conforms.
#[derive(Debug)]
pub struct Shown<'a> {
    clauses: HashSet<&'a str>,
    errors: HashMap<(&'a str, &'a str, &'a str), &'a str>,
}

impl<'a> Shown<'a> {
    /// What a run covers of these clauses.
    pub fn by(records: &'a Records, clauses: &'a [CataloguedClause]) -> Self {
        let specs = judged(records);
        let conforming: HashMap<_, _> = specs
            .iter()
            .filter(|spec| spec.verdict() == Verdict::Conforms)
            .map(|spec| (spec.record().id.as_str(), spec.record()))
            .collect();
        let is_covered = |clause: &&CataloguedClause| {
            !clause.specs.is_empty() && clause.specs.iter().all(|id| conforming.contains_key(id.as_str()))
        };
        let mut shown = Self { clauses: HashSet::new(), errors: HashMap::new() };
        for clause in clauses.iter().filter(is_covered) {
            shown.clauses.insert(&clause.id);
            for record in clause.specs.iter().map(|id| conforming[id.as_str()]) {
                for SeenError { call, errno, .. } in &record.errors {
                    shown.errors.entry((&clause.id, call, errno)).or_insert(&record.id);
                }
            }
        }
        shown
    }

    /// Whether the clause is covered. For an error that is not enough: see [`Shown::error`].
    pub fn clause(&self, id: &str) -> bool {
        self.clauses.contains(id)
    }

    /// The first spec of a covered clause that observed this call fail with this error: naming it is not enough.
    pub fn error(&self, clause: &str, call: &str, errno: &str) -> Option<&'a str> {
        self.errors.get(&(clause, call, errno)).copied()
    }
}

/// How much of the catalogue a run covers, so that a run that conforms is not taken for more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Mechanisms with a covered clause.
    pub mechanisms: usize,
    /// Mechanisms of the catalogue.
    pub all_mechanisms: usize,
    /// Covered clauses.
    pub clauses: usize,
    /// Clauses of the catalogue.
    pub all_clauses: usize,
}

impl Coverage {
    /// What a run covers of the catalogue; none without a catalogue.
    pub fn of(records: &Records, documented: &Documented) -> Option<Self> {
        let shown = Shown::by(records, &documented.clauses);
        let errors: HashMap<_, _> = documented.errors.iter().map(|error| (error.clause.as_str(), error)).collect();
        let is_covered = |clause: &&CataloguedClause| match errors.get(clause.id.as_str()) {
            Some(error) => shown.error(&error.clause, &error.call, &error.errno).is_some(),
            None => shown.clause(&clause.id),
        };
        let mechanisms = |clauses: &[&CataloguedClause]| {
            clauses.iter().map(|clause| clause.mechanism.as_str()).collect::<HashSet<_>>().len()
        };
        let all: Vec<_> = documented.clauses.iter().collect();
        let covered: Vec<_> = documented.clauses.iter().filter(is_covered).collect();
        (!all.is_empty()).then(|| Self {
            mechanisms: mechanisms(&covered),
            all_mechanisms: mechanisms(&all),
            clauses: covered.len(),
            all_clauses: all.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    const CLAUSE: &str = "errors:pipe.read.EBADF";

    fn documented(specs: &[&str]) -> Documented {
        let clause = |id: &str, mechanism: &str, specs: &[&str]| CataloguedClause {
            id: id.into(),
            mechanism: mechanism.into(),
            specs: specs.iter().map(ToString::to_string).collect(),
        };
        let clauses = vec![clause(CLAUSE, "pipe", specs), clause("behaviours:shm.rmid", "shm", &[])];
        let errors =
            vec![DocumentedError { clause: CLAUSE.into(), errno: "EBADF".into(), ..sample::documented_error("read") }];
        Documented { clauses, errors, ..Documented::default() }
    }

    /// Whether the sample, with one change, covers the clause, and the error.
    fn covers(specs: &[&str], change: impl FnOnce(&mut Records)) -> (bool, bool) {
        let mut records = sample::records();
        change(&mut records);
        let documented = documented(specs);
        let shown = Shown::by(&records, &documented.clauses);
        let error = shown.error(CLAUSE, "read", "EBADF");
        assert_eq!(Coverage::of(&records, &documented).unwrap().clauses, usize::from(error.is_some()));
        (shown.clause(CLAUSE), error.is_some())
    }

    #[test]
    fn an_error_counts_when_it_was_seen_by_a_conforming_spec_that_names_it() {
        let [one, other] = ["pipe.read-eof", "pipe.exit-with-unread-data"];
        let see = |records: &mut Records| records.specs[0].errors = vec![sample::seen("read", "EBADF")];
        assert_eq!(covers(&[one], |_| ()), (true, false), "a tag alone");
        assert_eq!(covers(&[one], see), (true, true));
        assert_eq!(covers(&[one, other], see), (true, true), "one of them saw it, and all conform");
        assert_eq!(covers(&[], see), (false, false), "nobody names it");
    }

    #[test]
    fn a_clause_is_covered_by_all_of_its_specs_or_not_at_all() {
        let [one, other] = ["pipe.read-eof", "pipe.exit-with-unread-data"];
        let see = |records: &mut Records| records.specs[0].errors = vec![sample::seen("read", "EBADF")];
        for verdict in Verdict::ALL {
            let all = verdict == Verdict::Conforms;
            let change = |records: &mut Records| {
                see(records);
                records.specs[1].verdict = verdict;
            };
            assert_eq!(covers(&[one, other], change), (all, all), "{verdict}");
        }
        assert_eq!(covers(&[one, "pipe.not-run"], see), (false, false), "one was not judged");
    }

    #[test]
    fn coverage_counts_clauses_and_mechanisms() {
        let mut records = sample::records();
        records.specs[0].errors = vec![sample::seen("read", "EBADF")];
        let coverage = Coverage::of(&records, &documented(&["pipe.read-eof"])).unwrap();
        assert_eq!(coverage, Coverage { mechanisms: 1, all_mechanisms: 2, clauses: 1, all_clauses: 2 });
        assert_eq!(Coverage::of(&records, &Documented::default()), None);
    }
}
