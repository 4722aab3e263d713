//! Findings for tests.

use crate::sample;
use record::Source;
use record::Verdict;
use record::findings::{Audited, Findings, Tried};

/// An audit of these specs.
pub(crate) fn findings(specs: Vec<Audited>) -> Findings {
    let run = sample::records().run;
    Findings {
        version: run.version,
        environment: run.environment,
        only: None,
        shard: None,
        sample: None,
        specs,
        wall_us: 2_000_000,
    }
}

/// A spec with mutations: the name, whether an assertion is about the call, and whether it was caught.
pub(crate) fn spec(id: &str, tried: &[(&str, bool, bool)]) -> Audited {
    let source = |line| Source { file: "suites/pipes/src/pipe/artificial.rs".into(), line };
    let tried = tried.iter().map(|(mutation, asserted, caught)| Tried {
        mutation: (*mutation).into(),
        assertion: asserted.then(|| source(12)),
        verdict: Some(if *caught { Verdict::Deviates } else { Verdict::Conforms }),
        equivalent: false,
    });
    Audited {
        id: id.into(),
        mechanism: id.split('.').next().unwrap_or_default().into(),
        source: source(9),
        left_out: None,
        tried: tried.collect(),
    }
}
