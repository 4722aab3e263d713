//! Ids that were renamed or removed.

use reports::gate::Renames;
use std::sync::LazyLock;

/// The renames since version 0.1; this table only grows.
pub fn renames() -> &'static Renames {
    static RENAMES: LazyLock<Renames> = LazyLock::new(|| Renames::parse(include_str!("../../renamed-ids.tsv")));
    &RENAMES
}

/// Why specs were removed since version 0.1, by their ids with layers; this table only grows.
const REMOVED: &str = include_str!("../../removed-ids.tsv");

/// A sentence, if a spec had this id and was removed.
pub fn removed(id: &str) -> Option<String> {
    let (_, reason) = REMOVED.lines().filter_map(|line| line.split_once('\t')).find(|(former, _)| *former == id)?;
    Some(format!("`{id}` was removed: {reason}"))
}
