//! Signals to processes that have terminated.

use harness::process_state;
use kit::prelude::*;
use libc::SIGKILL;

/// SIGKILL has no effect on a zombie: kill succeeds, and the zombie keeps its exit status until it is waited for. After
/// that, kill fails with ESRCH.
#[harness::test(
    id = "signal.zombie-sigkill",
    cite = [posix("kill.3p", "ERRORS", "ESRCH"), posix("kill.3p", "RATIONALE"), man("kill.2", "ERRORS", "ESRCH")],
    covers = ["notes:signal.table-09-sigkill", "behaviours:sigsend.zombie-exists", "errors:signal.kill.ESRCH"],
    layers = [libc, nix, raw],
)]
fn sigkill_does_not_affect_a_zombie() -> TestResult {
    let child = fork(|| -> TestResult { exit(7) })?;
    child.wait_until_zombie();
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(process_state::state(child.pid()), Some('Z'));
    assert_eq!(child.wait()?, Ended::Exited(7));
    assert_errno!(kill(child.pid(), 0), ESRCH);
    Ok(())
}
