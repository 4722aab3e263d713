//! Commands run by a shell: system(3).

use calls::signals::{Action, action_of};
use kit::disposition::{handle, handled, signal_mask};
use kit::needs::program;
use kit::prelude::*;
use libc::{SIG_BLOCK, SIGINT, SIGQUIT};
use nix::sys::signal::{SaFlags, SigSet, Signal as Known};

/// While its command runs, system ignores SIGINT and SIGQUIT and blocks SIGCHLD, so that no handler runs for these; when it
/// returns, the signal mask and the dispositions are as they were before.
#[harness::test(
    id = "process.system-mask-restored",
    cite = [man("system.3", "DESCRIPTION"), posix("system.3p", "DESCRIPTION")],
    covers = ["behaviours:process.system-mask-restored"],
    needs = [program("sh")],
)]
fn system_gives_mask_and_dispositions_back() -> TestResult {
    handle(Known::SIGINT, SaFlags::empty())?;
    handle(Known::SIGQUIT, SaFlags::empty())?;
    let mask = sigprocmask(SIG_BLOCK, &SigSet::from(Known::SIGUSR1))?;
    let with_usr1 = mask.iter().chain([Known::SIGUSR1]).collect();
    let status = system("kill -INT $PPID; kill -QUIT $PPID; exit 3")?;
    assert_eq!(status, 3 << 8);
    assert_eq!((handled(Known::SIGINT), handled(Known::SIGQUIT)), (0, 0));
    assert_eq!(signal_mask(), Ok(with_usr1));
    for signal in [SIGINT, SIGQUIT] {
        assert_eq!(action_of(signal), Ok(Action::Handle));
        assert_eq!(kill(own_pid(), signal), Ok(()));
    }
    assert_eq!((handled(Known::SIGINT), handled(Known::SIGQUIT)), (1, 1));
    Ok(())
}

/// system returns the termination status of the shell once the command has ended: an exit code, a signal, or 127 for a command that is not
/// found.
#[harness::test(
    id = "process.system-status",
    cite = [posix("system.3p", "RETURN VALUE"), man("system.3", "RETURN VALUE")],
    covers = ["behaviours:system.status"],
    needs = [program("sh")],
)]
fn system_returns_the_status_of_the_shell() -> TestResult {
    let commands = ["exit 0", "exit 255", "./nothing 2>&-", "kill -KILL $$"];
    let ended = commands.map(|command| system(command).map(Ended::from_status));
    let killed = Ended::Killed { by: Signal(libc::SIGKILL), core: false };
    assert_eq!(ended, [Ok(Ended::Exited(0)), Ok(Ended::Exited(255)), Ok(Ended::Exited(127)), Ok(killed)]);
    assert_errno!(waitpid(-1, 0), ECHILD);
    Ok(())
}

/// Without a command system returns a nonzero value, since there is a shell.
#[harness::test(
    id = "process.system-shell",
    cite = [posix("system.3p", "RETURN VALUE"), man("system.3", "RETURN VALUE")],
    covers = ["behaviours:system.null"],
    needs = [program("sh")],
)]
fn system_without_a_command_asks_for_a_shell() -> TestResult {
    let answer = has_shell();
    let shell = assert_ok!(answer);
    assert_ne!(shell, 0);
    Ok(())
}

/// While its command runs system has SIGCHLD blocked and leaves other children alone: one that ended meanwhile is waited for
/// afterwards, and its signal comes then.
#[harness::test(
    id = "process.system-other-children",
    cite = [man("system.3", "RETURN VALUE"), man("system.3", "DESCRIPTION"), posix("system.3p", "DESCRIPTION")],
    covers = ["behaviours:system.other-children"],
    needs = [program("sh"), program("grep")],
)]
fn system_leaves_other_children_alone() -> TestResult {
    let (reader, writer) = pipe()?;
    let other = fork(|| -> TestResult {
        writer.close();
        read_bytes(&reader, 1)?;
        exit(7)
    })?;
    handle(Known::SIGCHLD, SaFlags::empty())?;
    // The command writes, and ends when that child has: its state is read from /proc.
    let (end, pid) = (writer.number(), other.pid());
    let command = format!("echo >&{end}; while ! grep -q '^State:.Z' /proc/{pid}/status; do :; done; exit 3");
    let ended = system(&command).map(Ended::from_status);
    assert_eq!(ended, Ok(Ended::Exited(3)));
    assert_eq!(handled(Known::SIGCHLD), 1);
    assert_eq!(waitpid(pid, 0), Ok(Some((pid, Ended::Exited(7)))));
    other.let_go();
    Ok(())
}

/// The command of system has the actions of SIGINT and SIGQUIT, and the signal mask, that its caller had before the call.
#[harness::test(
    id = "process.system-command-signals",
    cite = [man("system.3", "DESCRIPTION"), posix("system.3p", "DESCRIPTION")],
    covers = ["behaviours:system.command-signals"],
    needs = [program("sh"), program("grep")],
)]
fn the_command_has_the_signals_of_the_caller() -> TestResult {
    sigprocmask(SIG_BLOCK, &SigSet::from(Known::SIGUSR1))?;
    // The last seven digits are signals 1 to 28: glibc ignores two of its own, 32 and 33, in what it starts.
    let set = |signals: &[i32]| format!("{:07x}", signals.iter().fold(0_u64, |set, signal| set | 1 << (signal - 1)));
    // Nothing is ignored, and no more is blocked.
    let shows = |key: &str, signals: &[i32]| format!("exec grep -q '^{key}:.*{}$' /proc/self/status", set(signals));
    let shown = [system(&shows("SigBlk", &[libc::SIGUSR1])), system(&shows("SigIgn", &[]))];
    assert_eq!(shown, [Ok(0), Ok(0)]);
    kit::disposition::ignore(Known::SIGQUIT)?;
    let shown = system(&shows("SigIgn", &[SIGQUIT]));
    assert_eq!(shown, Ok(0));
    Ok(())
}

/// system fails with ECHILD if SIGCHLD is ignored, after the command has ended: its status is lost.
#[harness::test(
    id = "process.system-no-child",
    cite = [posix("system.3p", "ERRORS", "ECHILD"), man("system.3", "RETURN VALUE")],
    covers = ["errors:process.system.ECHILD"],
    needs = [program("sh")],
)]
fn with_sigchld_ignored_system_has_no_status() -> TestResult {
    let (reader, writer) = pipe()?;
    kit::disposition::ignore(Known::SIGCHLD)?;
    let result = system(&format!("echo x >&{}", writer.number()));
    assert_errno!(result, ECHILD);
    drop(writer);
    assert_eq!(read_bytes(&reader, 9), Ok("x\n".into()));
    Ok(())
}
