//! Ids that specs had under earlier versions.

use record::Layer;
use record::id::{IdPattern, family};

/// Former ids, without layers, each with the present one.
#[derive(Debug, Default)]
pub struct Renames {
    pairs: Vec<(&'static str, &'static str)>,
}

impl Renames {
    /// Reads lines of two ids with a tab between them: the former, then the present one.
    pub fn parse(table: &'static str) -> Self {
        Self { pairs: table.lines().filter_map(|line| line.split_once('\t')).collect() }
    }

    /// All of them: the former id, then the present one.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.pairs.iter().copied()
    }

    /// The present id of a spec that had this one, with its layer if the id has one. An id without cases is looked for among
    /// those with cases too.
    pub fn present(&self, id: &str) -> Option<String> {
        let (name, layer) = match id.rsplit_once('/') {
            Some((name, word)) if Layer::parse(word).is_some() => (name, Some(word)),
            _ => (id, None),
        };
        let layer = layer.map(|word| format!("/{word}")).unwrap_or_default();
        let exact = self.pairs.iter().find(|(former, _)| *former == name).map(|(_, present)| *present);
        let of_family = || {
            let (_, present) = self
                .pairs
                .iter()
                .find(|(former, present)| family(former) == name && family(former) != family(present))?;
            Some(family(present))
        };
        exact.or_else(of_family).map(|present| format!("{present}{layer}"))
    }

    /// A sentence, if an id or a glob names specs under a former id: `pipe.shell-bar was renamed to pipe.shell-pipeline`.
    pub fn hint(&self, pattern: &str) -> Option<String> {
        let words = |former: &str, present: &str| format!("`{former}` was renamed to `{present}`");
        if let Some(present) = self.present(pattern) {
            return Some(words(pattern, &present));
        }
        let glob = IdPattern::new(pattern);
        self.pairs.iter().find(|(former, _)| glob.matches(former)).map(|(former, present)| words(former, present))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "pipe.shell-bar\tpipe.shell-pipeline\n\
                         fifo.made/mkfifo\tfifo.make/mkfifo\n\
                         fifo.made/mknod\tfifo.make/mknod\n\
                         pipe.full/room\tpipe.full/space\n\
                         stream-pipe.both-ways\tsocketpair.bidirectional\n";

    #[test]
    fn a_former_id_is_found_with_its_cases_and_layers() {
        let renames = Renames::parse(TABLE);
        for (former, present) in [
            ("pipe.shell-bar", Some("pipe.shell-pipeline")),
            ("pipe.shell-bar/raw", Some("pipe.shell-pipeline/raw")),
            ("fifo.made/mknod/nix", Some("fifo.make/mknod/nix")),
            ("fifo.made", Some("fifo.make")),
            ("pipe.full/room", Some("pipe.full/space")),
            ("pipe.full", None),
            ("pipe.shell-pipeline", None),
            ("pipe.unknown", None),
        ] {
            assert_eq!(renames.present(former).as_deref(), present, "{former}");
        }
    }

    #[test]
    fn a_glob_is_explained_by_a_former_id_that_it_matches() {
        let renames = Renames::parse(TABLE);
        assert_eq!(
            renames.hint("stream-pipe.*").as_deref(),
            Some("`stream-pipe.both-ways` was renamed to `socketpair.bidirectional`")
        );
        assert_eq!(renames.hint("fifo.made").as_deref(), Some("`fifo.made` was renamed to `fifo.make`"));
        assert_eq!(renames.hint("shm.*"), None);
    }
}
