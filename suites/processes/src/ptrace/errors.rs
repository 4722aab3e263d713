//! Requests that are refused.

use super::{next, room, stopped_by, traced};
use calls::tracing::*;
use harness::need::SECOND_UID;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use libc::{PTRACE_O_TRACEFORK, SIGSTOP};

#[harness::errors(
    family = "no-such-process",
    rows = [
        ("ptrace.no-such-process/attach", "errors:ptrace.ptrace(PTRACE_ATTACH).ESRCH", PTRACE_ATTACH),
        ("ptrace.no-such-process/seize", "errors:ptrace.ptrace(PTRACE_SEIZE).ESRCH", PTRACE_SEIZE),
    ],
    layers = [libc, raw],
)]
fn a_process_that_is_gone_is_not_traced(request: Request) -> TestResult {
    let child = holder(|| Ok(()))?;
    child.kill()?;
    for pid in [child.pid(), -1] {
        assert_errno!(tell(request, pid, 0), ESRCH);
    }
    Ok(())
}

#[harness::errors(
    family = "in-use",
    rows = [
        ("ptrace.traced-already/attach", "errors:ptrace.ptrace(PTRACE_ATTACH).EPERM", PTRACE_ATTACH),
        ("ptrace.traced-already/seize", "errors:ptrace.ptrace(PTRACE_SEIZE).EPERM", PTRACE_SEIZE),
    ],
    layers = [libc, raw],
)]
fn a_tracee_has_one_tracer(request: Request) -> TestResult {
    let child = traced(super::wait_for_signals)?;
    assert_errno!(tell(request, child.pid(), 0), EPERM);
    super::go_on(child.pid())?;
    child.wait_until_blocked_in(calls::PAUSE)?;
    assert_errno!(tell(request, child.pid(), 0), EPERM);
    Ok(())
}

/// PTRACE_TRACEME fails with EPERM for a process that is a tracee already.
#[harness::test(
    id = "ptrace.traceme-twice",
    cite = [man("ptrace.2", "ERRORS", "EPERM")],
    covers = ["errors:ptrace.ptrace(PTRACE_TRACEME).EPERM"],
    layers = [libc, raw],
)]
fn a_tracee_does_not_ask_again() -> TestResult {
    let child = traced(|| {
        assert_errno!(trace_me(), EPERM);
        exit(7)
    })?;
    super::go_on(child.pid())?;
    assert_eq!(child.wait()?, Ended::Exited(7));
    Ok(())
}

/// The tracee of another process is refused as one that is not traced: PTRACE_CONT fails with ESRCH.
#[harness::test(
    id = "ptrace.tracee-of-another",
    cite = [man("ptrace.2", "ERRORS", "ESRCH")],
    covers = ["errors:ptrace.ptrace(PTRACE_CONT).ESRCH.3"],
    layers = [libc, raw],
)]
fn only_the_tracer_restarts_a_tracee() -> TestResult {
    let child = traced(super::wait_for_signals)?;
    let other = fork(|| {
        assert_errno!(tell(PTRACE_CONT, child.pid(), 0), ESRCH);
    })?;
    other.join()?;
    assert_eq!(harness::process_state::state(child.pid()), Some('t'));
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("ptrace.another-user/attach", "errors:ptrace.ptrace(PTRACE_ATTACH).EPERM.2", PTRACE_ATTACH),
        ("ptrace.another-user/seize", "errors:ptrace.ptrace(PTRACE_SEIZE).EPERM.2", PTRACE_SEIZE),
    ],
    needs = [SECOND_UID],
    layers = [libc, raw],
)]
fn a_process_of_another_user_is_not_traced(request: Request) -> TestResult {
    let child = holder(|| Ok(()))?;
    let tracer = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(tell(request, child.pid(), 0), EPERM);
        Ok(())
    })?;
    tracer.join()?;
    child.assert_blocked_in(calls::PAUSE);
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [("ptrace.self", "errors:ptrace.ptrace(PTRACE_ATTACH).EPERM.3", PTRACE_ATTACH)],
    layers = [libc, raw],
)]
fn nobody_traces_itself(request: Request) -> TestResult {
    assert_errno!(tell(request, own_pid(), 0), EPERM);
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [("ptrace.not-dumpable", "errors:ptrace.ptrace(PTRACE_ATTACH).EPERM.4", PTRACE_ATTACH)],
    layers = [libc, raw],
)]
fn what_is_not_dumpable_is_not_traced(request: Request) -> TestResult {
    let tracer = fork(|| -> TestResult {
        drop_capabilities()?;
        let hidden = Latch::new()?;
        let child = fork(|| -> TestResult {
            nix::sys::prctl::set_dumpable(false)?;
            hidden.arrive();
            hidden.wait_for(2);
            nix::sys::prctl::set_dumpable(true)?;
            hidden.arrive();
            super::wait_for_signals()
        })?;
        hidden.wait_for(1);
        assert_errno!(tell(request, child.pid(), 0), EPERM);
        hidden.arrive();
        hidden.wait_for(3);
        assert_eq!(tell(request, child.pid(), 0), Ok(()));
        assert_eq!(next(child.pid()), Ok(stopped_by(SIGSTOP)));
        Ok(())
    })?;
    tracer.join()
}

#[harness::errors(
    family = "invalid-signal",
    rows = [
        ("ptrace.invalid-signal/cont", "errors:ptrace.ptrace(PTRACE_CONT).EIO", PTRACE_CONT),
        ("ptrace.invalid-signal/syscall", "errors:ptrace.ptrace(PTRACE_SYSCALL).EIO", PTRACE_SYSCALL),
        ("ptrace.invalid-signal/singlestep", "errors:ptrace.ptrace(PTRACE_SINGLESTEP).EIO", PTRACE_SINGLESTEP),
        ("ptrace.invalid-signal/detach", "errors:ptrace.ptrace(PTRACE_DETACH).EIO", PTRACE_DETACH),
    ],
    layers = [libc, raw],
)]
fn a_tracee_is_not_restarted_with_no_signal(request: Request) -> TestResult {
    let child = traced(super::wait_for_signals)?;
    for signal in [65, 999] {
        assert_errno!(tell(request, child.pid(), signal), EIO);
    }
    assert_eq!(stop_info(child.pid()).map(|info| info.signal), Ok(SIGSTOP));
    Ok(())
}

/// Makes a request of a tracee that SIGSTOP has stopped before its delivery.
type Ask = fn(i32) -> Result<i64>;

/// What stays of a request with data that is refused.
fn with_data(request: Request, pid: i32, address: usize, data: usize) -> Result<i64> {
    // SAFETY: the address and the data are in the room, outside the address space, or numbers.
    unsafe { calls::for_layers::libc_raw::ptrace(request, pid, address, data) }
}

#[harness::errors(
    family = "bad-address",
    rows = [
        ("ptrace.bad-address/peekdata", "errors:ptrace.ptrace(PTRACE_PEEKDATA).EIO", (|pid| with_data(PTRACE_PEEKDATA, pid, 0, room()), Errno::EIO)),
        ("ptrace.bad-address/pokedata", "errors:ptrace.ptrace(PTRACE_POKEDATA).EIO", (|pid| with_data(PTRACE_POKEDATA, pid, 0, 1), Errno::EIO)),
        ("ptrace.bad-address/getsiginfo", "errors:ptrace.ptrace(PTRACE_GETSIGINFO).EFAULT", (|pid| with_data(PTRACE_GETSIGINFO, pid, 0, BAD_ADDRESS), Errno::EFAULT)),
        ("ptrace.bad-address/setsiginfo", "errors:ptrace.ptrace(PTRACE_SETSIGINFO).EFAULT", (|pid| with_data(PTRACE_SETSIGINFO, pid, 0, BAD_ADDRESS), Errno::EFAULT)),
        ("ptrace.bad-address/geteventmsg", "errors:ptrace.ptrace(PTRACE_GETEVENTMSG).EFAULT", (|pid| with_data(PTRACE_GETEVENTMSG, pid, 0, BAD_ADDRESS), Errno::EFAULT)),
        ("ptrace.bad-address/getregset", "errors:ptrace.ptrace(PTRACE_GETREGSET).EFAULT", (|pid| with_data(PTRACE_GETREGSET, pid, 1, BAD_ADDRESS), Errno::EFAULT)),
        ("ptrace.bad-address/peeksiginfo", "errors:ptrace.ptrace(PTRACE_PEEKSIGINFO).EFAULT", (|pid| with_data(PTRACE_PEEKSIGINFO, pid, BAD_ADDRESS, room()), Errno::EFAULT)),
        ("ptrace.bad-address/getsigmask", "errors:ptrace.ptrace(PTRACE_GETSIGMASK).EFAULT", (|pid| with_data(PTRACE_GETSIGMASK, pid, 8, BAD_ADDRESS), Errno::EFAULT)),
    ],
)]
fn a_bad_address_is_refused(refusal: (Ask, Errno)) -> TestResult {
    let (ask, errno) = refusal;
    refused(ask, errno)
}

/// Asserts that the request fails, and that the tracee is stopped as before.
fn refused(ask: Ask, errno: Errno) -> TestResult {
    let child = traced(super::wait_for_signals)?;
    match errno {
        Errno::EIO => assert_errno!(ask(child.pid()), EIO),
        Errno::EFAULT => assert_errno!(ask(child.pid()), EFAULT),
        _ => assert_errno!(ask(child.pid()), EINVAL),
    }
    assert_eq!(calls::for_layers::libc_raw::stop_info(child.pid()).map(|info| info.signal), Ok(SIGSTOP));
    Ok(())
}

#[rstest]
#[case::misaligned(1)]
#[case::outside(1 << 20)]
/// PTRACE_PEEKUSER fails with EIO for an offset that is not aligned, or outside of the USER area.
#[harness::test(
    id = "ptrace.user-area",
    cite = [man("ptrace.2", "ERRORS", "EIO")],
    covers = ["errors:ptrace.ptrace(PTRACE_PEEKUSER).EIO"],
    layers = [raw],
)]
fn an_offset_outside_the_user_area_is_refused(#[case] offset: usize) -> TestResult {
    let child = traced(super::wait_for_signals)?;
    assert_errno!(peek(PTRACE_PEEKUSER, child.pid(), offset), EIO);
    Ok(())
}

/// PTRACE_SETOPTIONS fails with EINVAL if an option is invalid, and the options stay.
#[harness::test(
    id = "ptrace.invalid-option",
    cite = [man("ptrace.2", "ERRORS", "EINVAL")],
    covers = ["errors:ptrace.ptrace(PTRACE_SETOPTIONS).EINVAL"],
    layers = [libc, raw],
)]
fn an_invalid_option_is_refused() -> TestResult {
    let child = traced(|| {
        fork(|| -> TestResult { exit(5) })?.wait()?;
        exit(7)
    })?;
    tell(PTRACE_SETOPTIONS, child.pid(), PTRACE_O_TRACEFORK as usize)?;
    assert_errno!(tell(PTRACE_SETOPTIONS, child.pid(), 1 << 30), EINVAL);
    let event = super::stopped_at(libc::SIGTRAP, libc::PTRACE_EVENT_FORK);
    assert_eq!(super::resume(PTRACE_CONT, child.pid(), 0), Ok(event));
    let grandchild = event_message(child.pid())? as i32;
    assert_eq!(next(grandchild), Ok(stopped_by(SIGSTOP)));
    kill(grandchild, libc::SIGKILL)?;
    assert_eq!(next(grandchild), Ok(libc::SIGKILL));
    Ok(())
}

/// PTRACE_SEIZE fails with EIO if its address is not zero, or an option is invalid, and the process is not traced.
#[harness::test(
    id = "ptrace.invalid-seize",
    cite = [kernel("kernel/ptrace.c", "ptrace_attach", "6.18"), man("ptrace.2", "DESCRIPTION", "PTRACE_SEIZE"), man("ptrace.2", "ERRORS", "EIO")],
    covers = ["errors:ptrace.ptrace(PTRACE_SEIZE).EIO", "errors:ptrace.ptrace(PTRACE_SEIZE).EIO.2"],
    layers = [libc, raw],
)]
fn an_invalid_seizure_is_refused() -> TestResult {
    let child = holder(|| Ok(()))?;
    // SAFETY: numbers alone.
    assert_errno!(unsafe { ptrace(PTRACE_SEIZE, child.pid(), 1, 0) }, EIO);
    assert_errno!(tell(PTRACE_SEIZE, child.pid(), 1 << 30), EIO);
    assert_errno!(tell(PTRACE_INTERRUPT, child.pid(), 0), ESRCH);
    assert_eq!(tell(PTRACE_SEIZE, child.pid(), 0), Ok(()));
    Ok(())
}

/// PTRACE_INTERRUPT and PTRACE_LISTEN fail with EIO for a tracee that was not seized; PTRACE_LISTEN also for one that is not in
/// group-stop.
#[harness::test(
    id = "ptrace.only-seized",
    cite = [man("ptrace.2", "ERRORS", "EIO"), man("ptrace.2", "DESCRIPTION", "PTRACE_INTERRUPT"), man("ptrace.2", "DESCRIPTION", "PTRACE_LISTEN")],
    covers = ["errors:ptrace.ptrace(PTRACE_INTERRUPT).EIO", "errors:ptrace.ptrace(PTRACE_LISTEN).EIO"],
    layers = [libc, raw],
)]
fn only_a_seized_tracee_is_interrupted() -> TestResult {
    let attached = traced(super::wait_for_signals)?;
    assert_errno!(tell(PTRACE_INTERRUPT, attached.pid(), 0), EIO);
    assert_errno!(tell(PTRACE_LISTEN, attached.pid(), 0), EIO);
    let seized = holder(|| Ok(()))?;
    tell(PTRACE_SEIZE, seized.pid(), 0)?;
    kill(seized.pid(), libc::SIGUSR1)?;
    assert_eq!(next(seized.pid()), Ok(stopped_by(libc::SIGUSR1)));
    assert_errno!(tell(PTRACE_LISTEN, seized.pid(), 0), EIO);
    Ok(())
}

/// A request that there is none fails with EIO, of a tracee that is stopped.
#[harness::test(
    id = "ptrace.no-such-request",
    cite = [man("ptrace.2", "ERRORS", "EIO")],
    covers = ["errors:ptrace.ptrace.EIO"],
    layers = [libc, raw],
)]
fn an_unknown_request_is_refused() -> TestResult {
    let child = traced(super::wait_for_signals)?;
    for number in [0x4fff, 0x7fff_ffff] {
        assert_errno!(tell(Request::other(number), child.pid(), room()), EIO);
    }
    Ok(())
}

/// PTRACE_GETSIGMASK fails with EINVAL if the size is not that of the kernel's mask.
#[harness::test(
    id = "ptrace.mask-size",
    cite = [kernel("kernel/ptrace.c", "ptrace_request", "6.18")],
    covers = ["errors:ptrace.ptrace(PTRACE_GETSIGMASK).EINVAL"],
    layers = [libc, raw],
)]
fn a_mask_of_another_size_is_refused() -> TestResult {
    let child = traced(super::wait_for_signals)?;
    for size in [0, 7, 9, 128] {
        // SAFETY: the room is large enough for any of them.
        assert_errno!(unsafe { ptrace(PTRACE_GETSIGMASK, child.pid(), size, room()) }, EINVAL);
    }
    Ok(())
}
