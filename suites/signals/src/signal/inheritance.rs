//! What a forked child and a new program have of their parent's signals.

use super::set_in;
use calls::signals::{Action, Disposition, SignalSet};
use kit::disposition::block_all;
use kit::needs::program;
use kit::prelude::*;
use kit::program::{become_program, read_to_end};
use libc::{SIGCHLD, SIGINT, SIGRTMAX, SIGTERM, SIGUSR1, SIGUSR2};

/// A forked child has its parent's dispositions, with flags and masks, and its signal mask; what it changes is its own.
#[harness::test(
    id = "signal.inherited-by-fork",
    cite = [
        posix("fork.3p", "DESCRIPTION"),
        man("signal.7", "Signal dispositions"),
        man("signal.7", "Signal mask and pending signals"),
    ],
    covers = ["behaviours:sigdisp.fork-inherits", "behaviours:sigmask.fork-inherits", "notes:signal.default-mask-empty"],
    layers = [libc, raw],
)]
fn a_child_has_dispositions_and_mask() -> TestResult {
    let handled = Disposition { action: Action::Handle, flags: libc::SA_RESTART, mask: SignalSet::of([SIGINT]) };
    let (ignored, mask) = (Disposition::of(Action::Ignore), SignalSet::of([SIGTERM, SIGRTMAX()]));
    assert_ok!(replace_action(SIGUSR1, handled));
    assert_ok!(replace_action(SIGUSR2, ignored));
    block_all(mask)?;
    let child = fork(|| {
        assert_eq!([query_action(SIGUSR1), query_action(SIGUSR2)], [Ok(handled), Ok(ignored)]);
        assert_eq!((replace_action(SIGUSR1, ignored), query_action(SIGUSR1)), (Ok(handled), Ok(ignored)));
        let own = SignalSet::of([SIGINT]);
        assert_eq!(change_mask(libc::SIG_SETMASK, Some(own)), Ok(mask));
        assert_eq!(change_mask(libc::SIG_SETMASK, None), Ok(own));
    })?;
    child.join()?;
    assert_eq!([query_action(SIGUSR1), query_action(SIGUSR2)], [Ok(handled), Ok(ignored)]);
    assert_eq!(change_mask(libc::SIG_SETMASK, None), Ok(mask));
    Ok(())
}

/// A program that execve runs has the signal mask and the pending signals of the process, and ignores the signals that it ignored,
/// SIGCHLD too; signals that were caught have the default action again.
#[harness::test(
    id = "signal.kept-by-exec",
    cite = [
        man("signal.7", "Signal dispositions"),
        man("signal.7", "Signal mask and pending signals"),
        man("execve.2", "Effect on process attributes"),
        posix("exec.3p", "DESCRIPTION"),
    ],
    covers = [
        "behaviours:sigdisp.exec-keeps-ignored", "behaviours:sigdisp.exec-resets-caught", "behaviours:sigdisp.exec-sigchld-ignored",
        "behaviours:sigmask.exec-preserves", "behaviours:sigmask.pending-exec-kept", "notes:signal.default-mask-empty",
    ],
    needs = [program("cat")],
)]
fn a_program_has_mask_pending_and_ignored_signals() -> TestResult {
    let (reader, writer) = pipe()?;
    let mask = SignalSet::of([SIGINT, SIGTERM, SIGRTMAX()]);
    let child = fork(|| -> TestResult {
        replace_action(SIGUSR1, Disposition::of(Action::Handle))?;
        replace_action(SIGUSR2, Disposition::of(Action::Ignore))?;
        replace_action(SIGCHLD, Disposition::of(Action::Ignore))?;
        block_all(mask)?;
        // One for the process, and one for the thread.
        kill(own_pid(), SIGTERM)?;
        raise(SIGINT)?;
        become_program(&["cat", "/proc/self/status"], [&0, &writer, &2])
    })?;
    drop(writer);
    let status = read_to_end(&reader)?;
    assert_eq!(child.wait()?, Ended::Exited(0));
    let sets = ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"].map(|set| set_in(&status, set).ok());
    let expected =
        [mask, SignalSet::of([SIGUSR2, SIGCHLD]), SignalSet::EMPTY, SignalSet::of([SIGINT]), SignalSet::of([SIGTERM])];
    assert_eq!(sets, expected.map(Some));
    evidence("SigBlk of a program that a process with SIGINT blocked runs", format!("{mask:?}"));
    Ok(())
}
