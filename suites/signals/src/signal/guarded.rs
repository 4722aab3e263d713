//! SIGKILL and SIGSTOP to processes that guard themselves against every other signal, and SIGKILL to a stopped one.

use super::{assert_sigkill_kills, assert_sigstop_stops};
use calls::signals::{Action, action_of, kill, sigprocmask};
use harness::{mark, standing};
use kit::disposition::{handle, ignore};
use kit::prelude::*;
use libc::{SIG_BLOCK, SIG_SETMASK, SIGKILL, SIGSTOP, SIGTERM};
use nix::sys::signal::{SaFlags, SigSet, Signal as Known};
use rstest::rstest;

#[rstest]
#[case::ignored(ignore_all)]
#[case::handled(handle_all)]
#[case::blocked(block_all)]
#[case::blocked_and_ignored(block_and_ignore_all)]
/// SIGKILL kills a process that blocks, ignores or handles every signal that it can.
#[harness::test(
    id = "signal.sigkill-guarded",
    cite = "POSIX.1-2024 <signal.h>, sigaction(), sigprocmask(); signal(7), Standard signals",
    covers = ["notes:signal.sigkill-uncatchable", "notes:signal.table-09-sigkill", "behaviours:sigdisp.kill-stop-unchangeable"],
    layers = [libc, nix, raw],
)]
fn sigkill_kills_whoever_guards_itself(#[case] guard: fn() -> Scene) -> Scene {
    assert_sigkill_kills(guard)
}

#[rstest]
#[case::ignored(ignore_all)]
#[case::handled(handle_all)]
#[case::blocked(block_all)]
#[case::blocked_and_ignored(block_and_ignore_all)]
/// SIGSTOP stops, and does not end, a process that blocks, ignores or handles every signal that it can, and SIGCONT, though it is
/// among these, lets it run on to its own end.
#[harness::test(
    id = "signal.sigstop-guarded",
    cite = "POSIX.1-2024 XSH, Signal Actions; POSIX.1-2024 sigaction(), sigprocmask(); signal(7), Standard signals",
    covers = [
        "notes:signal.sigstop-uncatchable", "notes:signal.table-19-sigstop", "behaviours:sigdisp.kill-stop-unchangeable",
        "behaviours:sigjob.cont-resumes-even-if-blocked",
    ],
    layers = [libc, nix, raw],
)]
fn sigstop_stops_whoever_guards_itself(#[case] guard: fn() -> Scene) -> Scene {
    assert_sigstop_stops(guard)
}

/// SIGKILL kills a stopped process at once, where SIGTERM stays pending.
#[harness::test(
    id = "signal.sigkill-stopped",
    cite = "POSIX.1-2024 XSH, Signal Actions; Linux 6.18 kernel/signal.c, wants_signal()",
    covers = ["behaviours:sigjob.sigkill-ends-stopped"],
    layers = [libc, nix, raw],
)]
fn sigkill_kills_a_stopped_process() -> Scene {
    let child = holder(|| Ok(()))?;
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(19)));
    assert_eq!(kill(child.pid(), SIGTERM), Ok(()));
    assert_eq!(pending(&child)?, 1 << (SIGTERM - 1));
    assert_eq!(standing::state(child.pid()), Some('T'));
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(9), core: false });
    Ok(())
}

/// The standard signals whose action can be changed.
fn changeable() -> impl Iterator<Item = Known> {
    Known::iterator().filter(|known| !matches!(known, Known::SIGKILL | Known::SIGSTOP))
}

fn ignore_all() -> Scene {
    for known in changeable() {
        ignore(known)?;
        assert_eq!(action_of(known as i32), Ok(Action::Ignore));
    }
    Ok(())
}

/// By the C library whatever the layer, since SIGCONT runs the handler.
fn handle_all() -> Scene {
    for known in changeable() {
        handle(known, SaFlags::empty())?;
        assert_eq!(action_of(known as i32), Ok(Action::Handle));
    }
    Ok(())
}

fn block_all() -> Scene {
    assert_eq!(sigprocmask(SIG_SETMASK, &SigSet::all()), Ok(SigSet::empty()));
    let mask = assert_ok!(sigprocmask(SIG_BLOCK, &SigSet::empty()));
    assert!(changeable().all(|known| mask.contains(known)));
    Ok(())
}

fn block_and_ignore_all() -> Scene {
    ignore_all()?;
    block_all()
}

/// The signals that are pending for the process, as /proc tells them: bit n - 1 stands for signal n.
fn pending(child: &Child) -> Scene<u64> {
    let status = mark::by_harness(|| std::fs::read_to_string(format!("/proc/{}/status", child.pid())))?;
    let bits = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    Ok(u64::from_str_radix(bits.unwrap_or_default().trim(), 16)?)
}
