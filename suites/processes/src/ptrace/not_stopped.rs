//! Requests about a process that is no tracee, or is not stopped.

use super::room;
use calls::tracing::*;
use kit::prelude::*;

#[harness::errors(
    family = "no-such-process",
    rows = [
        ("ptrace.no-tracee/cont", "errors:ptrace.ptrace(PTRACE_CONT).ESRCH", PTRACE_CONT),
        ("ptrace.no-tracee/syscall", "errors:ptrace.ptrace(PTRACE_SYSCALL).ESRCH", PTRACE_SYSCALL),
        ("ptrace.no-tracee/singlestep", "errors:ptrace.ptrace(PTRACE_SINGLESTEP).ESRCH", PTRACE_SINGLESTEP),
        ("ptrace.no-tracee/detach", "errors:ptrace.ptrace(PTRACE_DETACH).ESRCH", PTRACE_DETACH),
        ("ptrace.no-tracee/peekdata", "errors:ptrace.ptrace(PTRACE_PEEKDATA).ESRCH", PTRACE_PEEKDATA),
        ("ptrace.no-tracee/pokedata", "errors:ptrace.ptrace(PTRACE_POKEDATA).ESRCH", PTRACE_POKEDATA),
        ("ptrace.no-tracee/peekuser", "errors:ptrace.ptrace(PTRACE_PEEKUSER).ESRCH", PTRACE_PEEKUSER),
        ("ptrace.no-tracee/getsiginfo", "errors:ptrace.ptrace(PTRACE_GETSIGINFO).ESRCH", PTRACE_GETSIGINFO),
        ("ptrace.no-tracee/setsiginfo", "errors:ptrace.ptrace(PTRACE_SETSIGINFO).ESRCH", PTRACE_SETSIGINFO),
        ("ptrace.no-tracee/geteventmsg", "errors:ptrace.ptrace(PTRACE_GETEVENTMSG).ESRCH", PTRACE_GETEVENTMSG),
        ("ptrace.no-tracee/setoptions", "errors:ptrace.ptrace(PTRACE_SETOPTIONS).ESRCH", PTRACE_SETOPTIONS),
        ("ptrace.no-tracee/listen", "errors:ptrace.ptrace(PTRACE_LISTEN).ESRCH", PTRACE_LISTEN),
        ("ptrace.no-tracee/interrupt", "errors:ptrace.ptrace(PTRACE_INTERRUPT).ESRCH", PTRACE_INTERRUPT),
        ("ptrace.no-tracee/getregset", "errors:ptrace.ptrace(PTRACE_GETREGSET).ESRCH", PTRACE_GETREGSET),
        ("ptrace.no-tracee/peeksiginfo", "errors:ptrace.ptrace(PTRACE_PEEKSIGINFO).ESRCH", PTRACE_PEEKSIGINFO),
        ("ptrace.no-tracee/getsigmask", "errors:ptrace.ptrace(PTRACE_GETSIGMASK).ESRCH", PTRACE_GETSIGMASK),
        ("ptrace.no-tracee/setsigmask", "errors:ptrace.ptrace(PTRACE_SETSIGMASK).ESRCH", PTRACE_SETSIGMASK),
        ("ptrace.no-tracee/get-syscall-info", "errors:ptrace.ptrace(PTRACE_GET_SYSCALL_INFO).ESRCH", PTRACE_GET_SYSCALL_INFO),
    ],
)]
fn a_process_that_is_not_traced_is_refused(request: Request) -> TestResult {
    let child = holder(|| Ok(()))?;
    // SAFETY: none of them gets as far as that.
    assert_errno!(unsafe { ptrace(request, child.pid(), 0, room()) }, ESRCH);
    child.assert_blocked_in(calls::PAUSE);
    child.kill()?;
    // SAFETY: as above.
    assert_errno!(unsafe { ptrace(request, child.pid(), 0, room()) }, ESRCH);
    Ok(())
}

#[harness::errors(
    family = "not-stopped",
    rows = [
        ("ptrace.running/cont", "errors:ptrace.ptrace(PTRACE_CONT).ESRCH.2", PTRACE_CONT),
        ("ptrace.running/syscall", "errors:ptrace.ptrace(PTRACE_SYSCALL).ESRCH.2", PTRACE_SYSCALL),
        ("ptrace.running/singlestep", "errors:ptrace.ptrace(PTRACE_SINGLESTEP).ESRCH.2", PTRACE_SINGLESTEP),
        ("ptrace.running/detach", "errors:ptrace.ptrace(PTRACE_DETACH).ESRCH.2", PTRACE_DETACH),
        ("ptrace.running/peekdata", "errors:ptrace.ptrace(PTRACE_PEEKDATA).ESRCH.2", PTRACE_PEEKDATA),
        ("ptrace.running/pokedata", "errors:ptrace.ptrace(PTRACE_POKEDATA).ESRCH.2", PTRACE_POKEDATA),
        ("ptrace.running/peekuser", "errors:ptrace.ptrace(PTRACE_PEEKUSER).ESRCH.2", PTRACE_PEEKUSER),
        ("ptrace.running/getsiginfo", "errors:ptrace.ptrace(PTRACE_GETSIGINFO).ESRCH.2", PTRACE_GETSIGINFO),
        ("ptrace.running/setsiginfo", "errors:ptrace.ptrace(PTRACE_SETSIGINFO).ESRCH.2", PTRACE_SETSIGINFO),
        ("ptrace.running/geteventmsg", "errors:ptrace.ptrace(PTRACE_GETEVENTMSG).ESRCH.2", PTRACE_GETEVENTMSG),
        ("ptrace.running/setoptions", "errors:ptrace.ptrace(PTRACE_SETOPTIONS).ESRCH.2", PTRACE_SETOPTIONS),
        ("ptrace.running/listen", "errors:ptrace.ptrace(PTRACE_LISTEN).ESRCH.2", PTRACE_LISTEN),
        ("ptrace.running/getregset", "errors:ptrace.ptrace(PTRACE_GETREGSET).ESRCH.2", PTRACE_GETREGSET),
        ("ptrace.running/peeksiginfo", "errors:ptrace.ptrace(PTRACE_PEEKSIGINFO).ESRCH.2", PTRACE_PEEKSIGINFO),
        ("ptrace.running/getsigmask", "errors:ptrace.ptrace(PTRACE_GETSIGMASK).ESRCH.2", PTRACE_GETSIGMASK),
        ("ptrace.running/setsigmask", "errors:ptrace.ptrace(PTRACE_SETSIGMASK).ESRCH.2", PTRACE_SETSIGMASK),
        ("ptrace.running/get-syscall-info", "errors:ptrace.ptrace(PTRACE_GET_SYSCALL_INFO).ESRCH.2", PTRACE_GET_SYSCALL_INFO),
    ],
)]
fn a_tracee_that_runs_is_refused(request: Request) -> TestResult {
    let child = holder(|| Ok(()))?;
    tell(PTRACE_SEIZE, child.pid(), 0)?;
    // SAFETY: none of them gets as far as that.
    assert_errno!(unsafe { ptrace(request, child.pid(), 0, room()) }, ESRCH);
    child.assert_blocked_in(calls::PAUSE);
    Ok(())
}
