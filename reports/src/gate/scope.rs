//! Which specs a run must have judged before it can be gated.

use super::exit::shortfall;
use crate::text;
use record::Records;
use std::collections::BTreeSet;

/// Which specs are gated.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// The ids of all specs.
    pub suite: BTreeSet<&'a str>,
    /// Those that must be judged: all, or what filters select.
    pub wanted: BTreeSet<&'a str>,
}

impl Scope<'_> {
    /// Checks that a run is complete. The error is the end of a sentence that begins with the name of the record file.
    pub fn assert_judged_by(&self, records: &Records) -> Result<(), String> {
        if let Some(shortfall) = shortfall(records) {
            return Err(format!("is incomplete: {shortfall}"));
        }
        if let Some(shard) = records.run.shard {
            return Err(format!("is shard {shard} of a run: merge all {} shards first", shard.total));
        }
        let judged: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
        if let Some(unknown) = judged.difference(&self.suite).next() {
            return Err(format!(
                "judges {unknown}, which this version of ipcspec does not have: use the version that wrote it"
            ));
        }
        let missing: Vec<_> = self.wanted.difference(&judged).collect();
        match missing.first() {
            None => Ok(()),
            Some(first) => Err(format!(
                "does not judge {first} ({} missing): give the filters of the run",
                text::count(missing.len(), "spec")
            )),
        }
    }
}
