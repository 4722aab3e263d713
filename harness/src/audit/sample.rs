//! Of the calls that a spec makes over and over, some stand for all.

use super::Made;
use crate::record::Source;
use std::collections::HashMap;

/// How many calls from one place of one process are kept when there are more: the first ones and the last.
const KEPT: usize = 4;

/// Of calls that were made over and over from one place, the first ones and the last.
pub fn sample(made: Vec<Made>) -> Vec<Made> {
    let place = |made: &Made| {
        let generation = made.process.split('.').count() * usize::from(!made.process.is_empty());
        (generation, made.call.clone(), made.judged.as_ref().map(Source::to_string))
    };
    let mut places: HashMap<_, Vec<usize>> = HashMap::new();
    for (index, made) in made.iter().enumerate() {
        places.entry(place(made)).or_default().push(index);
    }
    let mut kept: Vec<usize> = Vec::new();
    for indices in places.into_values() {
        match indices.split_last() {
            Some((last, before)) if before.len() >= KEPT => kept.extend(before[..KEPT - 1].iter().chain([last])),
            _ => kept.extend(indices),
        }
    }
    kept.sort_unstable();
    let mut made: Vec<_> = made.into_iter().map(Some).collect();
    kept.into_iter().filter_map(|index| made[index].take()).collect()
}
