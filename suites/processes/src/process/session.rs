//! The end of a session leader.

use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{SIGHUP, SIGKILL};
use nix::unistd::{Pid, setpgid};
use std::sync::atomic::{AtomicI32, Ordering};

#[rstest]
#[case::by_exit(|| -> TestResult { exit(7) })]
#[case::by_sigkill(kill_self)]
/// When the leader of a session with a controlling terminal exits or is killed, each process of the foreground process group gets
/// SIGHUP, and a process of a background group gets none.
#[harness::test(
    id = "process.session-leader-ends",
    cite = [posix("_Exit.3p", "Consequences of Process Termination")],
    covers = ["behaviours:exit.session-leader-sighup"],
    needs = [PTY],
)]
fn the_foreground_group_gets_sighup(#[case] end: fn() -> TestResult) -> TestResult {
    set_subreaper(true)?;
    let pty = Pty::new(24, 80)?;
    let pids = Shared::new([const { AtomicI32::new(0) }; 3])?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        let first = holder(lead_group)?;
        let group = Pid::from_raw(first.pid());
        let second = holder(|| Ok(setpgid(Pid::from_raw(0), group)?))?;
        let background = holder(lead_group)?;
        pty.terminal.lend(|terminal| nix::unistd::tcsetpgrp(terminal, group))?;
        for (pid, child) in pids.iter().zip([first, second, background]) {
            pid.store(child.pid(), Ordering::Release);
            child.let_go();
        }
        end()
    })?;
    leader.wait()?;
    let [first, second, background] = [0, 1, 2].map(|at| pids[at].load(Ordering::Acquire));
    let hung_up = Ended::Killed { by: Signal(SIGHUP), core: false };
    for pid in [first, second] {
        assert_eq!(waitpid(pid, 0), Ok(Some((pid, hung_up))));
    }
    assert_eq!(waitpid(background, libc::WNOHANG), Ok(None));
    kill(background, SIGKILL)?;
    let killed = Ended::Killed { by: Signal(SIGKILL), core: false };
    assert_eq!(waitpid(background, 0), Ok(Some((background, killed))));
    Ok(())
}
