//! What a run has to have judged for an answer that depends on it.

use super::exit::shortfall;
use crate::text;
use record::Records;
use std::collections::BTreeSet;

/// What an answer is about.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The ids of all specs that there are.
    pub suite: BTreeSet<&'a str>,
    /// Those of them that are to be judged: all, or what a filter selects.
    pub wanted: BTreeSet<&'a str>,
}

impl Scope<'_> {
    /// A run that does not judge everything that is wanted says nothing of the rest. The error is the end of a sentence
    /// that begins with the name of the record file.
    pub fn assert_judged_by(&self, records: &Records) -> Result<(), String> {
        if let Some(shortfall) = shortfall(records) {
            return Err(format!("does not answer. {shortfall}"));
        }
        let judged: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
        if let Some(unknown) = judged.difference(&self.suite).next() {
            return Err(format!("judges {unknown}, which this ipcspec does not have: use the one that wrote it"));
        }
        let missing: Vec<_> = self.wanted.difference(&judged).collect();
        match missing.first() {
            None => Ok(()),
            Some(first) => Err(format!(
                "does not judge {first}, which is one of {}: name the specs that were run, by the filters of `ipcspec run`",
                text::count(missing.len(), "such spec")
            )),
        }
    }
}
