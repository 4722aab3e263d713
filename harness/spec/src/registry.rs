//! Every spec that is linked into the binary.

use crate::need::Need;
use crate::spec::Spec;
use linkme::distributed_slice;
use std::sync::OnceLock;

/// Filled by the linker, in no order; read it through [`specs`].
#[distributed_slice]
pub static SPECS: [Spec];

/// What all specs of a mechanism need: the mechanism and the need, declared beside the specs.
#[distributed_slice]
pub static NEEDS: [(&'static str, Need)];

/// All specs, sorted by id.
pub fn specs() -> &'static [&'static Spec] {
    static SORTED: OnceLock<Vec<&'static Spec>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let mut specs: Vec<_> = SPECS.iter().collect();
        specs.sort_by_key(|spec| spec.id);
        specs
    })
}

/// The spec of this id. One look at each, without the sort: under nextest every spec is a process of its own.
pub fn find(id: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.id == id)
}
