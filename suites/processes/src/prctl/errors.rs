//! prctl in general.

use harness::raw::{Argument as _, arguments};
use kit::prelude::*;
use libc::{PR_GET_CHILD_SUBREAPER, PR_GET_PDEATHSIG, PR_SET_PDEATHSIG, SIGUSR1};

#[rstest]
#[case::negative(-1)]
#[case::largest(i32::MAX)]
/// prctl fails with EINVAL for an operation that no kernel has.
#[harness::test(
    id = "prctl.unknown-operation",
    cite = [man("prctl.2", "ERRORS", "EINVAL")],
    covers = ["errors:prctl.prctl.EINVAL"],
    layers = [libc, raw],
)]
fn an_unknown_operation_is_refused(#[case] operation: i32) -> TestResult {
    // SAFETY: no kernel has the operation.
    assert_errno!(unsafe { prctl(operation, 0) }, EINVAL);
    Ok(())
}

#[rstest]
#[case::death_signal(PR_GET_PDEATHSIG)]
#[case::subreaper(PR_GET_CHILD_SUBREAPER)]
/// prctl fails with EFAULT if the address for a result is outside the address space.
#[harness::test(
    id = "prctl.bad-address",
    cite = [man("PR_GET_PDEATHSIG.2const", "ERRORS", "EFAULT"), man("PR_GET_CHILD_SUBREAPER.2const", "ERRORS", "EFAULT")],
    covers = ["errors:prctl.prctl.EFAULT"],
)]
fn a_bad_address_is_refused(#[case] operation: i32) -> TestResult {
    // SAFETY: the kernel refuses the address.
    assert_errno!(unsafe { syscall("prctl", Sysno::prctl, arguments([operation.register(), BAD_ADDRESS])) }, EFAULT);
    Ok(())
}

/// prctl fails with EINVAL if the second argument is not a value that the operation takes: 65, which is no signal.
#[harness::test(
    id = "prctl.invalid-value",
    cite = [man("PR_SET_PDEATHSIG.2const", "ERRORS", "EINVAL")],
    covers = ["errors:prctl.prctl.EINVAL.2"],
    layers = [libc, raw],
)]
fn an_invalid_value_is_refused() -> TestResult {
    // In a child: without namespaces the first process has a death signal of the sandbox.
    let child = fork(|| -> TestResult {
        set_death_signal(SIGUSR1)?;
        // SAFETY: no signal has the number.
        assert_errno!(unsafe { prctl(PR_SET_PDEATHSIG, 65) }, EINVAL);
        assert_eq!(death_signal(), Ok(SIGUSR1));
        Ok(())
    })?;
    child.join()
}
