//! Parts of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One part of `total`: specs are dealt out like cards, so that parts are of equal size and whole families spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Shard {
    /// Which part, from 1.
    pub part: usize,
    /// How many parts there are.
    pub total: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(part, total)| Some((part.parse().ok()?, total.parse().ok()?)));
        match numbers {
            Some((part, total)) if (1..=total).contains(&part) => Ok(Self { part, total }),
            _ => Err("a shard is written m/n with 1 <= m <= n, like 2/4".into()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.part, self.total)
    }
}

impl Shard {
    /// This part of a list.
    pub fn of<T>(self, list: Vec<T>) -> Vec<T> {
        list.into_iter().skip(self.part - 1).step_by(self.total).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_written_m_of_n() {
        assert_eq!("2/4".parse(), Ok(Shard { part: 2, total: 4 }));
        for wrong in ["0/4", "5/4", "4", "a/b", "", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
