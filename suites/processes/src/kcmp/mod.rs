//! kcmp(2): whether processes share what the kernel has for them.

mod errors;
mod files;
mod sharing;

use crate::needs::KCMP;
use harness::need::Need;
use harness::registry::NEEDS;
use linkme::distributed_slice;

#[distributed_slice(NEEDS)]
static NEEDED: (&str, Need) = ("kcmp", KCMP);
