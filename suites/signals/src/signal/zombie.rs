//! Signals to processes that have ended.

use calls::signals::kill;
use harness::standing;
use kit::prelude::*;
use libc::SIGKILL;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

/// SIGKILL does nothing to a zombie: kill() succeeds, and the zombie stays, with the status it ended with, until it is waited for; only
/// then does kill() fail with ESRCH.
#[harness::test(
    id = "signal.zombie-sigkill",
    cite = "POSIX.1-2024 kill(); kill(2): ESRCH",
    covers = ["notes:signal.table-09-sigkill", "behaviours:sigsend.zombie-exists", "errors:signal.kill.ESRCH"],
    layers = [libc, nix, raw],
)]
fn a_zombie_is_there_until_it_is_waited_for() -> Scene {
    let child = fork(|| -> Scene { exit(7) })?;
    waitid(Id::Pid(Pid::from_raw(child.pid())), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(standing::state(child.pid()), Some('Z'));
    assert_eq!(child.wait()?, Ended::Exited(7));
    assert_errno!(kill(child.pid(), 0), ESRCH);
    Ok(())
}
