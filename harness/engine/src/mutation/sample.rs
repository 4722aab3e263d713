//! Of the calls that a spec makes over and over, some stand for all.

use super::traced::Made;
use record::Source;
use std::collections::HashMap;

/// How many calls from one place are kept, of all processes and threads of one generation: the first ones. How many there are, and so
/// which is the last, may depend on who came first.
const KEPT: usize = 4;

/// Of calls that were made over and over from one place, the first ones.
pub fn sample(mut made: Vec<Made>) -> Vec<Made> {
    let place = |made: &Made| {
        let is_separator = |character: char| matches!(character, '.' | '/');
        let generation = made.process.split(is_separator).count() * usize::from(!made.process.is_empty());
        (generation, made.call.clone(), made.judged.as_ref().map(Source::to_string))
    };
    let mut seen: HashMap<_, usize> = HashMap::new();
    made.retain(|made| {
        let count = seen.entry(place(made)).or_default();
        *count += 1;
        *count <= KEPT
    });
    made
}
