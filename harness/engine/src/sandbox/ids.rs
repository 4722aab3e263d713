//! The user ids of a sandbox.
//!
//! What the kernel counts per user (pipe pages, pending signals, queue bytes) is the sandbox's own where its two ids, and groups,
//! are. Root gives it ids that nothing else on the machine has, and so keeps root's rights outside; another user gives it two of
//! their range, if they have one. Anybody else can only map the id that they have.

use super::directory::Scratch;
use super::subordinate::{Claim, Range};
use harness::need::declare_without_ids;
use harness::place::{ALL_IDS, OWN_IDS, ids_held};
use nix::unistd::{Pid, getegid, geteuid};
use std::fs;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The range from which this run gives ids; none for root, and where there is none.
static RANGE: OnceLock<Option<Range>> = OnceLock::new();

/// Set where sandboxes cannot have ids of the range.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Takes the range of a user who is not root, once for a run, if sandboxes work without: what is done to take it cannot be undone.
/// Where none is taken, `own_uid` and `second_uid` say why.
pub fn take_range(sandboxes_work: impl FnOnce() -> bool) {
    RANGE.get_or_init(|| {
        if geteuid().is_root() {
            return None;
        }
        let works = || if sandboxes_work() { Ok(()) } else { Err("no sandbox has a user namespace here".into()) };
        let taken = Range::find().and_then(|range| works().and_then(|()| range.enter()));
        taken.map_err(declare_without_ids).ok()
    });
}

/// Gives no more ids of the range, for this reason. Says whether any were given before.
pub fn give_up(reason: &str) -> bool {
    let had = range().is_some();
    if had {
        declare_without_ids(reason.into());
        GIVEN_UP.store(true, Ordering::Relaxed);
    }
    had
}

fn range() -> Option<&'static Range> {
    RANGE.get()?.as_ref().filter(|_| !GIVEN_UP.load(Ordering::Relaxed))
}

/// How many sandboxes can have ids of their own at once, where that is limited.
pub fn at_once() -> Option<usize> {
    range().map(Range::pairs)
}

/// Maps ids into the user namespace of a sandbox, and gives it its scratch directory. What is returned keeps others from the same
/// ids while the sandbox lives.
pub(super) fn map(init: Pid, scratch: Option<&Scratch>) -> io::Result<Option<Claim>> {
    let map = |file: &str, text: &str| fs::write(format!("/proc/{init}/{file}"), text);
    let claim = range().map(Range::claim).transpose()?;
    let of_root = || {
        // Pids are below 2^22, so no two sandboxes that live in one pid namespace share an id.
        let first = roots_ids_begin()? + 2 * init.as_raw().cast_unsigned();
        Some((first, first))
    };
    if let Some((user, group)) = claim.as_ref().map(Claim::ids).or_else(of_root) {
        map("uid_map", &format!("0 {user} {OWN_IDS}\n"))?;
        map("gid_map", &format!("0 {group} {OWN_IDS}\n"))?;
        scratch.map_or(Ok(()), |scratch| scratch.give(user, group))?;
    } else {
        map("setgroups", "deny")?;
        map("uid_map", &format!("0 {} 1\n", geteuid()))?;
        map("gid_map", &format!("0 {} 1\n", getegid()))?;
    }
    Ok(claim)
}

/// Where the ids that root gives away begin, if this runner may give any. Containers, which may be in one user namespace but not
/// in one pid namespace, are set apart by the number of theirs.
fn roots_ids_begin() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    static BEGIN: OnceLock<Option<u32>> = OnceLock::new();
    *BEGIN.get_or_init(|| {
        let may_give = geteuid().is_root() && ids_held().is_ok_and(|held| held == ALL_IDS);
        let namespace = fs::metadata("/proc/self/ns/pid").ok()?.ino() as u32;
        may_give.then_some(0x4000_0000 + ((namespace & 0x7f) << 23))
    })
}
