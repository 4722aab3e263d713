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

/// What a run covers: clauses that conforming specs name, and errors that conforming specs observed.
#[derive(Debug)]
pub struct Shown<'a> {
    clauses: HashSet<&'a str>,
    errors: HashMap<(&'a str, &'a str, &'a str), &'a str>,
}

impl<'a> Shown<'a> {
    /// What the conforming specs of a run cover.
    pub fn by(records: &'a Records) -> Self {
        let mut shown = Self { clauses: HashSet::new(), errors: HashMap::new() };
        for spec in judged(records).iter().filter(|spec| spec.verdict() == Verdict::Conforms) {
            let record = spec.record();
            for clause in record.covers.iter().map(String::as_str) {
                shown.clauses.insert(clause);
                for SeenError { call, errno, .. } in &record.errors {
                    shown.errors.entry((clause, call, errno)).or_insert(&record.id);
                }
            }
        }
        shown
    }

    /// Whether a conforming spec names the clause.
    pub fn clause(&self, id: &str) -> bool {
        self.clauses.contains(id)
    }

    /// The first conforming spec that names the clause and observed this call fail with this error: naming it is not enough.
    pub fn error(&self, clause: &str, call: &str, errno: &str) -> Option<&'a str> {
        self.errors.get(&(clause, call, errno)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn an_error_counts_when_it_was_seen_by_a_conforming_spec_that_names_it() {
        let clause = "errors:pipe.read.EBADF";
        let mut records = sample::records();
        records.specs[0].covers = vec![clause.into()];
        assert!(Shown::by(&records).clause(clause));
        assert_eq!(Shown::by(&records).error(clause, "read", "EBADF"), None, "a tag alone");

        records.specs[0].errors = vec![sample::seen("read", "EBADF")];
        assert_eq!(Shown::by(&records).error(clause, "read", "EBADF"), Some("pipe.read-eof"));
        assert_eq!(Shown::by(&records).error("errors:pipe.read.EBADF.2", "read", "EBADF"), None, "another clause");

        records.specs[0].verdict = Verdict::Deviates;
        assert!(!Shown::by(&records).clause(clause));
        assert_eq!(Shown::by(&records).error(clause, "read", "EBADF"), None, "a spec that fails");
    }
}
