//! `audit.json`: everything that was tried, with the numbers of the other reports.

use crate::audit::{Counts, Judgement};
use record::findings::{Audited, Sample};
use record::{Environment, Shard};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format. It is raised when an old reader would misunderstand a new document.
pub const FORMAT: u32 = 1;

/// An audit by ipcspec: which calls of which specs were mutated, and which mutations were caught.
#[derive(Serialize, JsonSchema)]
pub struct Report<'a> {
    /// The version of the format.
    format: u32,
    /// The version of ipcspec that made the audit.
    version: &'a str,
    /// The machine.
    environment: &'a Environment,
    /// The exit code of the audit.
    exit: u8,
    /// Why the audit fails, as sentences.
    objections: Vec<String>,
    /// If only some mutations were tried: the glob that selects them.
    only: Option<&'a str>,
    /// If only some specs were audited: which part of them.
    shard: Option<Shard>,
    /// If only some mutations were tried, by chance.
    sample: Option<Sample>,
    /// The counts of each mechanism.
    mechanisms: &'a BTreeMap<&'a str, Counts>,
    /// The counts of all mechanisms together.
    all: Counts,
    /// Every spec that was selected, with every mutation.
    specs: &'a [Audited],
    /// Wall-clock time of the audit in microseconds.
    wall_us: u64,
}

/// The document, on one line because it is long.
pub fn audit(judgement: &Judgement) -> String {
    let findings = judgement.findings;
    let report = Report {
        format: FORMAT,
        version: &findings.version,
        environment: &findings.environment,
        exit: judgement.exit().code(),
        objections: judgement.objections(),
        only: findings.only.as_deref(),
        shard: findings.shard,
        sample: findings.sample,
        mechanisms: &judgement.mechanisms,
        all: judgement.all,
        specs: &findings.specs,
        wall_us: findings.wall_us,
    };
    serde_json::to_string(&report).expect("every map of a report has text for keys") + "\n"
}
