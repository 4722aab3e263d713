//! Ids that were renamed.

use reports::gate::Renames;
use std::sync::LazyLock;

/// The renames since version 0.1; this table only grows.
pub fn renames() -> &'static Renames {
    static RENAMES: LazyLock<Renames> = LazyLock::new(|| Renames::parse(include_str!("../../renamed-ids.tsv")));
    &RENAMES
}
