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

/// How an id is written for others: some consumers of test results refuse a `/`, or take it for a separator of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// As it is: `pipe.write-full/nonblocking/raw`.
    #[default]
    Slashes,
    /// With dots: `pipe.write-full.nonblocking.raw`. No part of an id has a dot, so [`from_flat`] gives the id again.
    Flat,
}

impl Form {
    /// The id in this form.
    pub fn of(self, id: &str) -> String {
        match self {
            Self::Slashes => id.to_owned(),
            Self::Flat => id.replace('/', "."),
        }
    }
}

impl std::str::FromStr for Form {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "slashes" => Ok(Self::Slashes),
            "flat" => Ok(Self::Flat),
            _ => Err("ids are written with `slashes` or `flat`".into()),
        }
    }
}

/// The id that was written without slashes. One with slashes stays as it is.
pub fn from_flat(flat: &str) -> String {
    match flat.split_once('.') {
        Some((mechanism, rest)) => format!("{mechanism}.{}", rest.replace('.', "/")),
        None => flat.to_owned(),
    }
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
    fn a_flat_id_can_be_read_again() {
        for (id, flat) in [
            ("pipe.write-full/nonblocking/raw", "pipe.write-full.nonblocking.raw"),
            ("unix-socket.sigpipe-kills", "unix-socket.sigpipe-kills"),
            ("pipe", "pipe"),
        ] {
            assert_eq!((Form::Flat.of(id).as_str(), Form::Slashes.of(id).as_str()), (flat, id));
            assert_eq!((from_flat(flat).as_str(), from_flat(id).as_str()), (id, id));
        }
        assert!("dots".parse::<Form>().is_err());
    }

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
