//! `audit-allowances.toml`: the mutations that specs may miss, each with a reason.

use record::findings::{Audited, Findings, Outcome, Tried};
use record::id::IdPattern;
use serde::Deserialize;
use std::sync::LazyLock;
use wildmatch::WildMatch;

/// The mutations that may be missed, and those that are not tried.
#[derive(Debug)]
pub struct Allowances {
    allowed: Vec<Allowance>,
    nondeterministic: Vec<Allowance>,
}

#[derive(Debug)]
struct Allowance {
    specs: Vec<(String, IdPattern)>,
    mutations: Vec<(String, WildMatch)>,
    reason: String,
}

/// The file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allowance: Vec<Entry>,
    #[serde(default)]
    nondeterministic: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    specs: Vec<String>,
    mutations: Vec<String>,
    reason: String,
}

impl Allowances {
    /// The allowances of this version of ipcspec: `reports/audit-allowances.toml`.
    pub fn ours() -> &'static Self {
        static OURS: LazyLock<Allowances> = LazyLock::new(|| {
            Allowances::parse(include_str!("../../audit-allowances.toml")).expect("a test parses the file")
        });
        &OURS
    }

    /// Parses such a file; an error says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let all = |entries: Vec<Entry>| entries.into_iter().map(Allowance::new).collect::<Result<_, _>>();
        Ok(Self { allowed: all(file.allowance)?, nondeterministic: all(file.nondeterministic)? })
    }

    /// Why this spec need not catch this mutation; none if it must.
    pub fn reason(&self, spec: &str, mutation: &str) -> Option<&str> {
        self.allowed
            .iter()
            .find(|allowance| allowance.excuses(spec, mutation))
            .map(|allowance| allowance.reason.as_str())
    }

    /// Whether the scheduler decides about this call, so that two audits would not find the same.
    pub fn is_nondeterministic(&self, spec: &str, mutation: &str) -> bool {
        self.nondeterministic.iter().any(|entry| entry.excuses(spec, mutation))
    }

    /// What excuses nothing, as sentences. A pattern is only judged if every spec that it matches was audited.
    pub(super) fn stale(&self, findings: &Findings, registered: &[&str]) -> Vec<String> {
        if findings.is_partial() {
            return Vec::new();
        }
        let stale = self.allowed.iter().flat_map(|allowance| allowance.stale(findings, registered));
        stale.chain(self.without_spec(registered)).collect()
    }

    /// What names none of these ids, as sentences.
    pub fn without_spec(&self, registered: &[&str]) -> Vec<String> {
        let patterns = self.allowed.iter().chain(&self.nondeterministic).flat_map(|entry| &entry.specs);
        let unknown = patterns.filter(|(_, pattern)| !registered.iter().any(|id| pattern.matches(id)));
        unknown.map(|(glob, _)| format!("stale allowance: no spec has the id {glob}")).collect()
    }
}

impl Allowance {
    fn new(entry: Entry) -> Result<Self, String> {
        if entry.reason.trim().is_empty() || entry.specs.is_empty() || entry.mutations.is_empty() {
            return Err(format!("the allowance for {:?} lacks specs, mutations or a reason", entry.mutations));
        }
        let specs = entry.specs.into_iter().map(|glob| (glob.clone(), IdPattern::new(&glob)));
        let mutations = entry.mutations.into_iter().map(|glob| (glob.clone(), WildMatch::new(&glob)));
        Ok(Self { specs: specs.collect(), mutations: mutations.collect(), reason: entry.reason })
    }

    fn excuses(&self, spec: &str, mutation: &str) -> bool {
        self.specs.iter().any(|(_, pattern)| pattern.matches(spec))
            && self.mutations.iter().any(|(_, pattern)| pattern.matches(mutation))
    }

    fn stale(&self, findings: &Findings, registered: &[&str]) -> Vec<String> {
        let excused: Vec<_> =
            missed(findings).filter(|(spec, tried)| self.excuses(&spec.id, &tried.mutation)).collect();
        let audited = |id: &str| findings.specs.iter().any(|spec| spec.id == id && spec.left_out.is_none());
        let is_whole = |pattern: &IdPattern| {
            let mut named = registered.iter().filter(|id| pattern.matches(id)).peekable();
            named.peek().is_some() && named.all(|id| audited(id))
        };
        let mut stale = Vec::new();
        for (glob, pattern) in &self.specs {
            if is_whole(pattern) && !excused.iter().any(|(spec, _)| pattern.matches(&spec.id)) {
                stale.push(format!("stale allowance: {glob} misses nothing that it excuses ({})", self.reason));
            }
        }
        if self.specs.iter().all(|(_, pattern)| is_whole(pattern)) {
            for (glob, pattern) in &self.mutations {
                if !excused.iter().any(|(_, tried)| pattern.matches(&tried.mutation)) {
                    stale.push(format!("stale allowance: {glob} is always caught ({})", self.reason));
                }
            }
        }
        stale
    }
}

/// The missed mutations of asserted calls.
fn missed(findings: &Findings) -> impl Iterator<Item = (&Audited, &Tried)> {
    let tried = findings.specs.iter().flat_map(|spec| spec.tried.iter().map(move |tried| (spec, tried)));
    let is_missed = |tried: &Tried| matches!(tried.outcome(), Outcome::Missed | Outcome::NotReached);
    tried.filter(move |(_, tried)| tried.assertion.is_some() && is_missed(tried))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{findings, spec};
    use super::*;

    const TEXT: &str = "
        [[allowance]]
        specs = ['pipe.a', 'fifo.*']
        mutations = ['*:long', '*:other-st_size']
        reason = 'the clause says nothing of it'
    ";

    #[test]
    fn ours_can_be_read() {
        Allowances::ours();
    }

    #[test]
    fn a_reason_is_given_for_what_both_globs_name() {
        let allowances = Allowances::parse(TEXT).unwrap();
        assert_eq!(allowances.reason("pipe.a/raw", "read#1:long"), Some("the clause says nothing of it"));
        assert_eq!(allowances.reason("pipe.a/raw", "read#1:short"), None);
        assert_eq!(allowances.reason("pipe.b", "read#1:long"), None);
    }

    #[test]
    fn what_is_nondeterministic_names_specs_that_exist() {
        let text = "[[nondeterministic]]\nspecs = ['pipe.a']\nmutations = ['child*/read#*']\nreason = 'the scheduler decides who reads'";
        let allowances = Allowances::parse(text).unwrap();
        assert!(allowances.is_nondeterministic("pipe.a/raw", "child2/read#1:short"));
        assert!(!allowances.is_nondeterministic("pipe.a/raw", "read#1:short"));
        assert_eq!(allowances.stale(&findings(vec![]), &["pipe.a/raw"]), [""; 0]);
        assert_eq!(allowances.stale(&findings(vec![]), &[]), ["stale allowance: no spec has the id pipe.a"]);
    }

    #[test]
    fn an_entry_is_complete() {
        for (wrong, part) in [
            ("[[allowance]]\nspecs = ['a']\nmutations = ['b']\nreason = ' '", "lacks"),
            ("[[allowance]]\nspecs = []\nmutations = ['b']\nreason = 'c'", "lacks"),
            ("[[allowance]]\nspecs = ['a']\nmutations = ['b']", "missing field `reason`"),
            ("[[allowance]]\nspec = ['a']", "unknown field `spec`"),
            ("[[allowance]]\nspecs = [", "line 2"),
        ] {
            let error = Allowances::parse(wrong).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn what_excuses_nothing_is_stale() {
        let allowances = Allowances::parse(TEXT).unwrap();
        let missed = |name| (name, true, false);
        let a = spec("pipe.a", &[missed("read#1:long")]);
        let b = spec("fifo.b", &[missed("statx#1:other-st_size")]);
        let stale = |specs| allowances.stale(&findings(specs), &["pipe.a", "fifo.b"]);
        assert_eq!(stale(vec![a.clone(), b]), [""; 0]);
        let fixed = spec("fifo.b", &[("statx#1:other-st_size", true, true)]);
        let sentences = stale(vec![a.clone(), fixed]);
        assert_eq!(sentences.len(), 2, "{sentences:?}");
        assert!(sentences[0].contains("fifo.*") && sentences[1].contains("*:other-st_size"), "{sentences:?}");
        assert_eq!(stale(vec![a]), [""; 0], "fifo.b was not audited");
    }
}
