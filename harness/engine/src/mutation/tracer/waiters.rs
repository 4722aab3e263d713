//! Who waits in which call, and who was seen to.

use super::Tracer;
use crate::mutation::tracee::Inside;
use nix::unistd::Pid;

impl Tracer<'_> {
    /// The spec has just seen a process blocked; it is the only one that could wake it, so the call is still the same.
    pub(super) fn note_who_was_seen_blocked(&mut self) {
        let Some(pid) = self.log.take_seen_blocked() else { return };
        let inside = self.tracees.get(&Pid::from_raw(pid)).and_then(|tracee| tracee.inside.as_ref());
        if let Some(made) = inside.and_then(|inside| self.made.get_mut(inside.index?)) {
            made.blocked = true;
        }
    }

    /// Another process that is in the same call on the same object, by the first argument.
    pub(super) fn co_waiter(&self, pid: Pid, inside: &Inside) -> Option<Pid> {
        let same = |other: &Inside| std::ptr::eq(other.call, inside.call) && other.arguments[0] == inside.arguments[0];
        let co_waiters =
            self.tracees.values().filter(|tracee| tracee.pid != pid && tracee.inside.as_ref().is_some_and(same));
        co_waiters.min_by(|one, other| one.path.cmp(&other.path)).map(|tracee| tracee.pid)
    }

    /// Whether the spec saw it blocked in the call that it is in.
    pub(super) fn was_seen_blocked(&self, pid: Pid) -> bool {
        let inside = self.tracees.get(&pid).and_then(|tracee| tracee.inside.as_ref());
        inside.and_then(|inside| self.made.get(inside.index?)).is_some_and(|made| made.blocked)
    }
}
