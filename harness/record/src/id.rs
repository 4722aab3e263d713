//! Ids of specs: `mechanism.behaviour`, then cases and the layer behind slashes.

use crate::Layer;
use wildmatch::WildMatch;

/// The id without cases and layers: what the specs of one function have in common.
pub fn family(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

/// The id without its layer: what is asked, however it is asked.
pub fn without_layer(id: &str, layer: Option<Layer>) -> &str {
    layer.and_then(|layer| id.strip_suffix(layer.word())?.strip_suffix('/')).unwrap_or(id)
}

/// A glob over ids, with `*` and `?`. An id without its cases and layers matches all of them.
#[derive(Clone, Debug)]
pub struct IdPattern {
    whole: WildMatch,
    with_cases: WildMatch,
}

impl IdPattern {
    /// The pattern as a user writes it.
    pub fn new(pattern: &str) -> Self {
        Self { whole: WildMatch::new(pattern), with_cases: WildMatch::new(&format!("{pattern}/*")) }
    }

    /// Whether it is about this spec.
    pub fn matches(&self, id: &str) -> bool {
        self.whole.matches(id) || self.with_cases.matches(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_selects_its_cases_but_not_its_namesakes() {
        let pattern = IdPattern::new("pipe.write-full");
        assert!(pattern.matches("pipe.write-full"));
        assert!(pattern.matches("pipe.write-full/nonblocking/raw"));
        assert!(!pattern.matches("pipe.write-fuller"));
        assert!(IdPattern::new("pipe.*").matches("pipe.write-full/raw"));
        assert!(IdPattern::new("*/raw").matches("pipe.write-full/raw"));
    }
}
