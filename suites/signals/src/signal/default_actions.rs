//! What each signal does that no process has asked to do something else: number, wait status and core flag.

use super::resumable;
use crate::needs::CORE_FILES;
use kit::needs::UNTRACED;
use kit::prelude::*;
use libc::{
    SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGIO, SIGKILL, SIGPIPE, SIGPROF,
    SIGPWR, SIGQUIT, SIGSEGV, SIGSTKFLT, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};
use nix::sys::resource::Resource;

/// A signal by the C library's name, and the number that it has on x86 and ARM.
type Numbered = (i32, i32);

/// The signal has its number of x86 and ARM, and its default action is to terminate the process, without a core dump.
#[harness::test(
    rows = [
        (
            "signal.default-terminates/sighup",
            ["notes:signal.table-01-sighup", "notes:signal.numbering", "behaviours:sigdfl.01-sighup"],
            (SIGHUP, 1),
        ),
        (
            "signal.default-terminates/sigint",
            ["notes:signal.table-02-sigint", "notes:signal.numbering", "behaviours:sigdfl.02-sigint"],
            (SIGINT, 2),
        ),
        (
            "signal.default-terminates/sigusr1",
            ["notes:signal.table-10-sigusr1", "notes:signal.numbering", "behaviours:sigdfl.10-sigusr1"],
            (SIGUSR1, 10),
        ),
        (
            "signal.default-terminates/sigusr2",
            ["notes:signal.table-12-sigusr2", "notes:signal.numbering", "behaviours:sigdfl.12-sigusr2"],
            (SIGUSR2, 12),
        ),
        (
            "signal.default-terminates/sigpipe",
            ["notes:signal.table-13-sigpipe", "notes:signal.numbering", "behaviours:sigdfl.13-sigpipe"],
            (SIGPIPE, 13),
        ),
        (
            "signal.default-terminates/sigalrm",
            ["notes:signal.table-14-sigalrm", "notes:signal.numbering", "behaviours:sigdfl.14-sigalrm"],
            (SIGALRM, 14),
        ),
        (
            "signal.default-terminates/sigterm",
            ["notes:signal.table-15-sigterm", "notes:signal.numbering", "behaviours:sigdfl.15-sigterm", "notes:signal.default-kind-term"],
            (SIGTERM, 15),
        ),
        (
            "signal.default-terminates/sigstkflt",
            ["notes:signal.table-16-sigstkflt", "notes:signal.numbering", "behaviours:sigdfl.16-sigstkflt"],
            (SIGSTKFLT, 16),
        ),
        (
            "signal.default-terminates/sigvtalrm",
            ["notes:signal.table-26-sigvtalrm", "notes:signal.numbering", "behaviours:sigdfl.26-sigvtalrm"],
            (SIGVTALRM, 26),
        ),
        (
            "signal.default-terminates/sigprof",
            ["notes:signal.table-27-sigprof", "notes:signal.numbering", "behaviours:sigdfl.27-sigprof"],
            (SIGPROF, 27),
        ),
        ("signal.default-terminates/sigio", ["notes:signal.table-29-sigio", "notes:signal.numbering", "behaviours:sigdfl.29-sigio"], (SIGIO, 29)),
        (
            "signal.default-terminates/sigpwr",
            ["notes:signal.table-30-sigpwr", "notes:signal.numbering", "behaviours:sigdfl.30-sigpwr"],
            (SIGPWR, 30),
        ),
    ],
    cite = [
        man("signal.7", "Signal numbering for standard signals"),
        man("signal.7", "Standard signals"),
        posix("signal.h.0p", "DESCRIPTION"),
    ],
)]
fn the_default_action_terminates(numbered: Numbered) -> TestResult {
    let (signal, number) = numbered;
    assert_eq!(ended_by(signal)?, Ended::Killed { by: Signal(number), core: false });
    Ok(())
}

/// The signal has its number of x86 and ARM, and its default action is to terminate the process, with or without a core dump.
#[harness::test(
    rows = [
        (
            "signal.default-terminates-core/sigquit",
            ["notes:signal.table-03-sigquit", "notes:signal.numbering", "behaviours:sigdfl.03-sigquit"],
            (SIGQUIT, 3),
        ),
        (
            "signal.default-terminates-core/sigill",
            ["notes:signal.table-04-sigill", "notes:signal.numbering", "behaviours:sigdfl.04-sigill"],
            (SIGILL, 4),
        ),
        (
            "signal.default-terminates-core/sigtrap",
            ["notes:signal.table-05-sigtrap", "notes:signal.numbering", "behaviours:sigdfl.05-sigtrap"],
            (SIGTRAP, 5),
        ),
        (
            "signal.default-terminates-core/sigabrt",
            ["notes:signal.table-06-sigabrt", "notes:signal.numbering", "behaviours:sigdfl.06-sigabrt"],
            (SIGABRT, 6),
        ),
        (
            "signal.default-terminates-core/sigbus",
            ["notes:signal.table-07-sigbus", "notes:signal.numbering", "behaviours:sigdfl.07-sigbus"],
            (SIGBUS, 7),
        ),
        (
            "signal.default-terminates-core/sigfpe",
            ["notes:signal.table-08-sigfpe", "notes:signal.numbering", "behaviours:sigdfl.08-sigfpe"],
            (SIGFPE, 8),
        ),
        (
            "signal.default-terminates-core/sigsegv",
            ["notes:signal.table-11-sigsegv", "notes:signal.numbering", "behaviours:sigdfl.11-sigsegv"],
            (SIGSEGV, 11),
        ),
        (
            "signal.default-terminates-core/sigxcpu",
            ["notes:signal.table-24-sigxcpu", "notes:signal.numbering", "behaviours:sigdfl.24-sigxcpu"],
            (SIGXCPU, 24),
        ),
        (
            "signal.default-terminates-core/sigxfsz",
            ["notes:signal.table-25-sigxfsz", "notes:signal.numbering", "behaviours:sigdfl.25-sigxfsz"],
            (SIGXFSZ, 25),
        ),
        (
            "signal.default-terminates-core/sigsys",
            ["notes:signal.table-31-sigsys", "notes:signal.numbering", "behaviours:sigdfl.31-sigsys"],
            (SIGSYS, 31),
        ),
    ],
    cite = [
        man("signal.7", "Signal numbering for standard signals"),
        man("signal.7", "Standard signals"),
        posix("signal.h.0p", "DESCRIPTION"),
    ],
)]
fn the_default_action_terminates_with_a_core_dump(numbered: Numbered) -> TestResult {
    let (signal, number) = numbered;
    let ended = ended_by(signal)?;
    assert_matches!(ended, Ended::Killed { .. });
    assert!(matches!(ended, Ended::Killed { by: Signal(by), .. } if by == number), "{ended}, not by signal {number}");
    Ok(())
}

/// The wait status of a process that the default action of the signal has terminated shows a core dump if the process may write a
/// core file, and none if RLIMIT_CORE is 0.
#[harness::test(
    rows = [
        ("signal.default-core-flag/sigquit", ["behaviours:sigdfl.03-sigquit", "notes:signal.default-kind-core"], SIGQUIT),
        ("signal.default-core-flag/sigill", ["behaviours:sigdfl.04-sigill"], SIGILL),
        ("signal.default-core-flag/sigtrap", ["behaviours:sigdfl.05-sigtrap"], SIGTRAP),
        ("signal.default-core-flag/sigabrt", ["behaviours:sigdfl.06-sigabrt"], SIGABRT),
        ("signal.default-core-flag/sigbus", ["behaviours:sigdfl.07-sigbus"], SIGBUS),
        ("signal.default-core-flag/sigfpe", ["behaviours:sigdfl.08-sigfpe"], SIGFPE),
        ("signal.default-core-flag/sigsegv", ["behaviours:sigdfl.11-sigsegv"], SIGSEGV),
        ("signal.default-core-flag/sigxcpu", ["behaviours:sigdfl.24-sigxcpu"], SIGXCPU),
        ("signal.default-core-flag/sigxfsz", ["behaviours:sigdfl.25-sigxfsz"], SIGXFSZ),
        ("signal.default-core-flag/sigsys", ["behaviours:sigdfl.31-sigsys"], SIGSYS),
    ],
    cite = [man("signal.7", "Standard signals"), man("core.5", "DESCRIPTION"), posix("signal.h.0p", "DESCRIPTION")],
    needs = [CORE_FILES],
)]
fn the_core_flag_follows_the_limit(signal: i32) -> TestResult {
    let with_limit = |limit| {
        holder(|| -> TestResult {
            // A process that has changed its user id has no core otherwise: PR_SET_DUMPABLE(2const).
            nix::sys::prctl::set_dumpable(true)?;
            kit::limits::limit(Resource::RLIMIT_CORE, limit)
        })
    };
    for (limit, core) in [(CORE_SIZE, true), (0, false)] {
        let child = with_limit(limit)?;
        assert_eq!(kill(child.pid(), signal), Ok(()));
        let ended = child.wait()?;
        let written = std::fs::remove_file("core").is_ok();
        assert_eq!(written, core, "whether there is a core file");
        assert_eq!(ended, Ended::Killed { by: Signal(signal), core });
    }
    Ok(())
}

/// Enough for a core file that is cut: the flag does not say that it is whole.
const CORE_SIZE: u64 = 1 << 16;

/// The signal has its number of x86 and ARM, and its default action is to be ignored: the process goes on and exits.
#[harness::test(
    rows = [
        (
            "signal.default-ignores/sigchld",
            ["notes:signal.table-17-sigchld", "notes:signal.numbering", "behaviours:sigdfl.17-sigchld", "notes:signal.default-kind-ign"],
            (SIGCHLD, 17),
        ),
        (
            "signal.default-ignores/sigurg",
            ["notes:signal.table-23-sigurg", "notes:signal.numbering", "behaviours:sigdfl.23-sigurg", "notes:signal.default-kind-ign"],
            (SIGURG, 23),
        ),
        (
            "signal.default-ignores/sigwinch",
            ["notes:signal.table-28-sigwinch", "notes:signal.numbering", "behaviours:sigdfl.28-sigwinch", "notes:signal.default-kind-ign"],
            (SIGWINCH, 28),
        ),
    ],
    cite = [
        man("signal.7", "Signal numbering for standard signals"),
        man("signal.7", "Standard signals"),
        posix("signal.h.0p", "DESCRIPTION"),
    ],
)]
fn the_default_action_ignores(numbered: Numbered) -> TestResult {
    let (signal, number) = numbered;
    assert_eq!(signal, number);
    let (child, resumed) = resumable(|| Ok(()))?;
    assert_eq!(kill(child.pid(), signal), Ok(()));
    child.assert_blocked_in(calls::FUTEX);
    resumed.arrive();
    let ended = child.wait()?;
    assert_eq!(ended, Ended::Exited(77));
    Ok(())
}

/// The signal has its number of x86 and ARM, and its default action is to stop the process, which SIGCONT resumes.
#[harness::test(
    rows = [
        (
            "signal.default-stops/sigtstp",
            ["notes:signal.table-20-sigtstp", "notes:signal.numbering", "behaviours:sigdfl.20-sigtstp"],
            (SIGTSTP, 20),
        ),
        (
            "signal.default-stops/sigttin",
            ["notes:signal.table-21-sigttin", "notes:signal.numbering", "behaviours:sigdfl.21-sigttin"],
            (SIGTTIN, 21),
        ),
        (
            "signal.default-stops/sigttou",
            ["notes:signal.table-22-sigttou", "notes:signal.numbering", "behaviours:sigdfl.22-sigttou"],
            (SIGTTOU, 22),
        ),
    ],
    cite = [
        man("signal.7", "Signal numbering for standard signals"),
        man("signal.7", "Standard signals"),
        posix("signal.h.0p", "DESCRIPTION"),
    ],
    needs = [UNTRACED],
)]
fn the_default_action_stops(numbered: Numbered) -> TestResult {
    let (signal, number) = numbered;
    let (child, resumed) = resumable(lead_group)?;
    assert_eq!(kill(child.pid(), signal), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(number)));
    assert_eq!(harness::process_state::state(child.pid()), Some('T'));
    assert_eq!(kill(child.pid(), SIGCONT), Ok(()));
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    resumed.arrive();
    assert_eq!(child.wait()?, Ended::Exited(77));
    Ok(())
}

/// SIGCONT (signal 18) resumes a stopped process, and a process that is not stopped ignores it by default.
#[harness::test(
    id = "signal.default-continues",
    cite = [
        man("signal.7", "Signal numbering for standard signals"),
        man("signal.7", "Standard signals"),
        posix("signal.h.0p", "DESCRIPTION"),
    ],
    covers = [
        "notes:signal.table-18-sigcont", "notes:signal.default-kind-cont", "notes:signal.examples-kill-stop-cont",
        "behaviours:sigdfl.18-sigcont",
    ],
    needs = [UNTRACED],
)]
fn sigcont_resumes_what_is_stopped() -> TestResult {
    const CONTINUE: i32 = 18;
    assert_eq!(SIGCONT, CONTINUE);
    let (child, resumed) = resumable(|| Ok(()))?;
    assert_eq!(kill(child.pid(), CONTINUE), Ok(()));
    child.assert_blocked_in(calls::FUTEX);
    assert_eq!(kill(child.pid(), SIGSTOP), Ok(()));
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(19)));
    assert_eq!(kill(child.pid(), CONTINUE), Ok(()));
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    child.assert_blocked_in(calls::FUTEX);
    assert_eq!(kill(child.pid(), SIGKILL), Ok(()));
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(9), core: false });
    drop(resumed);
    Ok(())
}

/// The default action of every real-time signal from SIGRTMIN to SIGRTMAX is to terminate the process, without a core dump.
#[harness::test(
    id = "signal.default-of-real-time",
    cite = [man("signal.7", "Real-time signals"), posix("signal.h.0p", "DESCRIPTION")],
    covers = [
        "notes:signal.table-34-64-realtime", "behaviours:sigdfl.rt-range", "behaviours:sigrt.default-terminates",
    ],
)]
fn the_default_action_of_every_real_time_signal_terminates() -> TestResult {
    let (first, last) = (libc::SIGRTMIN(), libc::SIGRTMAX());
    for signal in first..=last {
        assert_eq!(ended_by(signal)?, Ended::Killed { by: Signal(signal), core: false });
    }
    evidence("SIGRTMIN of the C library", first);
    evidence("SIGRTMAX", last);
    Ok(())
}

/// How a process ends that the signal is sent to.
fn ended_by(signal: i32) -> TestResult<Ended> {
    let child = holder(|| Ok(()))?;
    assert_eq!(calls::for_layers::libc::kill(child.pid(), signal), Ok(()));
    child.wait()
}
