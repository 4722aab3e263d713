//! Waiting for children.

mod clone_children;
mod ending;
mod errors;
mod ignored;
mod reparenting;
mod selecting;
mod sigchld;
mod status;
mod stopping;
mod threads;
mod waitid;

use calls::waiting::Change;
use kit::prelude::*;
use libc::{CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SIGCHLD};
use nix::unistd::getuid;

/// What a wait returns: the child that changed its state and how, or that none did.
type Taken = Result<Option<(i32, Ended)>>;

/// What waitid is to write of a child with the user id of this process.
pub(crate) fn change(pid: i32, code: i32, status: i32) -> Change {
    Change { signal: SIGCHLD, code, pid, uid: getuid().as_raw(), status }
}

/// What waitid wrote, as waitpid returns it. Asserts what is the same for each child.
fn as_waitpid(found: Option<Change>) -> Option<(i32, Ended)> {
    let found = found?;
    assert_eq!(found, change(found.pid, found.code, found.status));
    let ended = match found.code {
        CLD_EXITED => Ended::Exited(found.status),
        CLD_KILLED => Ended::Killed { by: Signal(found.status), core: false },
        CLD_STOPPED => Ended::Stopped(Signal(found.status)),
        CLD_CONTINUED => Ended::Continued,
        code => Ended::Exited(-code),
    };
    Some((found.pid, ended))
}
