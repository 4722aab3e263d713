//! Which specs a run is about, and in which order.

use crate::runner::Task;
use harness::registry::specs;
use harness::spec::Spec;
use harness::{Layer, Level};
use record::id::IdPattern;

/// What the user asked for. Empty lists select everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// As [`IdPattern`]s.
    pub ids: Vec<String>,
    /// Mechanisms: `pipe`.
    pub mechanisms: Vec<String>,
    /// Words of needs, with or without their arguments: `program`, `program(sh)`.
    pub needs: Vec<String>,
    /// Levels.
    pub levels: Vec<Level>,
    /// Layers; a spec without layers is asked by `libc`.
    pub layers: Vec<Layer>,
}

impl Selection {
    /// The selected specs, sorted by id. An error names a pattern that selects nothing, which is a mistake rather than a wish.
    pub fn specs(&self) -> Result<Vec<&'static Spec>, NothingMatches> {
        let ids: Vec<_> = self.ids.iter().map(|pattern| IdPattern::new(pattern)).collect();
        for (pattern, matcher) in self.ids.iter().zip(&ids) {
            if !specs().iter().any(|spec| matcher.matches(spec.id)) {
                return Err(NothingMatches { what: "id", pattern: pattern.clone() });
            }
        }
        for mechanism in &self.mechanisms {
            if !specs().iter().any(|spec| spec.mechanism() == mechanism) {
                return Err(NothingMatches { what: "mechanism", pattern: mechanism.clone() });
            }
        }
        for word in &self.needs {
            if !specs().iter().any(|spec| has_need(spec, word)) {
                return Err(NothingMatches { what: "need", pattern: word.clone() });
            }
        }
        let wanted = |spec: &Spec| {
            (ids.is_empty() || ids.iter().any(|pattern| pattern.matches(spec.id)))
                && (self.mechanisms.is_empty() || self.mechanisms.iter().any(|name| spec.mechanism() == name))
                && (self.needs.is_empty() || self.needs.iter().any(|word| has_need(spec, word)))
                && (self.levels.is_empty() || self.levels.contains(&spec.level()))
                && (self.layers.is_empty() || self.layers.contains(&spec.layer.unwrap_or(Layer::Libc)))
        };
        Ok(specs().iter().copied().filter(|spec| wanted(spec)).collect())
    }
}

/// A part of a selection that no spec answers to.
#[derive(Debug)]
pub struct NothingMatches {
    /// Which part: `id`, `mechanism`, `need`.
    pub what: &'static str,
    /// What the user wrote.
    pub pattern: String,
}

fn has_need(spec: &Spec, word: &str) -> bool {
    spec.needs().any(|need| {
        let need = need.to_string();
        need == word || need.split('(').next() == Some(word)
    })
}

/// Every spec so many times, each round in the order of the ids, or in an order that the seed determines.
pub fn order(specs: &[&'static Spec], repeat: u32, seed: Option<u64>) -> impl Iterator<Item = Task> {
    let mut random = seed.map(fastrand::Rng::with_seed);
    // A round at a time: the runner forks, and fork copies the page tables of what it keeps.
    (1..=repeat).flat_map(move |attempt| {
        let mut round: Vec<_> = specs.iter().map(|spec| Task { spec, attempt, attach: None }).collect();
        if let Some(random) = &mut random {
            random.shuffle(&mut round);
        }
        round
    })
}
