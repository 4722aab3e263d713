//! Failures with one cause: a library that loses a byte fails a hundred specs, and a reader wants one entry.

use crate::blame::Fault;
use crate::judged::Judged;
use record::{Layer, Verdict};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What failures of one cause have in common: their verdict, the ways in which they fail, and the layer at fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    verdict: Verdict,
    ways: Vec<String>,
    fault: Option<Fault>,
}

/// Specs that fail alike.
#[derive(Clone, Debug)]
pub(crate) struct Cause<'a> {
    /// What they have in common.
    pub(crate) key: Key,
    /// The specs, by id; never empty.
    pub(crate) specs: Vec<Judged<'a>>,
}

impl Key {
    /// Of a spec that fails.
    pub(crate) fn of(spec: &Judged) -> Self {
        Self { verdict: spec.verdict(), ways: spec.ways().into_iter().collect(), fault: spec.fault() }
    }

    /// In one line: `deviates: read(&reader, &mut buffer): Ok(2) -> Ok(1); fault: C library`. A call that the system refused is
    /// named as what kept specs from being judged.
    pub(crate) fn words(&self) -> String {
        let verdict = if self.verdict == Verdict::Broken { "cannot be judged" } else { self.verdict.word() };
        let fault = self.fault.map(|fault| format!("; fault: {fault}")).unwrap_or_default();
        format!("{verdict}: {}{fault}", self.ways.join("; "))
    }
}

impl<'a> Cause<'a> {
    /// One of the specs, for what is shown in full.
    pub(crate) fn example(&self) -> &Judged<'a> {
        &self.specs[0]
    }

    /// The ids, with the layers of each together.
    pub(crate) fn ids(&self) -> Vec<String> {
        ids(self.specs.iter().map(|spec| spec.record().id.as_str()))
    }
}

/// The causes of the specs that fail, those of most specs first.
pub(crate) fn causes<'s, 'a: 's>(failing: impl IntoIterator<Item = &'s Judged<'a>>) -> Vec<Cause<'a>> {
    let mut causes: BTreeMap<Key, Vec<Judged<'a>>> = BTreeMap::new();
    for spec in failing {
        causes.entry(Key::of(spec)).or_default().push(spec.clone());
    }
    let mut causes: Vec<_> = causes.into_iter().map(|(key, specs)| Cause { key, specs }).collect();
    causes.sort_by_key(|cause| (Reverse(cause.specs.len()), cause.example().record().id.clone()));
    causes
}

/// Ids of specs, with the layers of each together, as a shell expands them: `pipe.read-eof/{libc,nix}`.
pub(crate) fn ids<'a>(specs: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut layers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for spec in specs {
        match spec.rsplit_once('/').filter(|(_, layer)| Layer::parse(layer).is_some()) {
            Some((id, layer)) => layers.entry(id).or_default().push(layer),
            None => drop(layers.entry(spec).or_default()),
        }
    }
    let id = |(id, layers): (&str, Vec<&str>)| match &layers[..] {
        [] => id.to_owned(),
        [one] => format!("{id}/{one}"),
        several => format!("{id}/{{{}}}", several.join(",")),
    };
    layers.into_iter().map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{judged, sample};

    #[test]
    fn specs_that_fail_alike_are_one_cause() {
        let records = sample::alike();
        let causes = causes(judged(&records).iter().filter(|spec| spec.fails()));
        let words: Vec<_> = causes.iter().map(|cause| (cause.key.words(), cause.ids())).collect();
        let expected = [
            (
                "deviates: write(&writer, b\"ab\"): Ok(2) -> Ok(1); fault: C library",
                vec!["pipe.a/{libc,nix}", "pipe.b/libc"],
            ),
            ("cannot be judged: pipe2(O_DIRECT) is refused with EINVAL", vec!["pipe.c", "pipe.d"]),
            ("deviates: write(&writer, b\"ab\"): Ok(2) -> Ok(0)", vec!["pipe.e"]),
        ];
        assert_eq!(words, expected.map(|(words, ids)| (words.into(), ids.into_iter().map(String::from).collect())));
    }

    #[test]
    fn every_failure_has_a_cause() {
        let records = sample::records();
        let specs = judged(&records);
        let causes = causes(specs.iter().filter(|spec| spec.fails()));
        assert_eq!(causes.iter().map(|cause| cause.specs.len()).sum::<usize>(), 3);
        assert!(causes.iter().all(|cause| cause.key.ways.iter().all(|way| !way.is_empty())));
    }
}
