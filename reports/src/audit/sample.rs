//! Findings made up for tests.

use crate::sample;
use record::Source;
use record::Verdict;
use record::findings::{Audited, Findings, Tried};

/// An audit of these specs.
pub(crate) fn findings(specs: Vec<Audited>) -> Findings {
    let run = sample::records().run;
    Findings { version: run.version, environment: run.environment, only: None, specs, wall_us: 2_000_000 }
}

/// A spec with mutations: the name, whether the call is judged, and whether it was noticed.
pub(crate) fn spec(id: &str, tried: &[(&str, bool, bool)]) -> Audited {
    let source = |line| Source { file: "suites/src/pipe/made_up.rs".into(), line };
    let tried = tried.iter().map(|(mutation, judged, noticed)| Tried {
        mutation: (*mutation).into(),
        judged: judged.then(|| source(12)),
        verdict: Some(if *noticed { Verdict::Deviates } else { Verdict::Conforms }),
    });
    Audited {
        id: id.into(),
        mechanism: id.split('.').next().unwrap_or_default().into(),
        source: source(9),
        left_out: None,
        tried: tried.collect(),
    }
}
