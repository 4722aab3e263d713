//! Children whose end sends another signal than SIGCHLD, or none: "clone" children.

use super::{Taken, as_waitpid};
use calls::for_layers::libc_raw::{waitid, waitpid};
use calls::waiting::Selector;
use kit::disposition::{block, pending};
use kit::prelude::*;
use kit::process::fork_that_sends;
use libc::{__WALL, __WCLONE, SIGUSR1, WEXITED, WNOHANG};
use nix::sys::signal::Signal as Known;

/// Waits for any child with these options, without blocking.
type Take = fn(i32) -> Taken;

const WAITPID: Take = |options| waitpid(-1, options | WNOHANG);
const WAITID: Take = |options| waitid(Selector::All, options | WEXITED | WNOHANG).map(as_waitpid);
/// How the children here end.
const ENDED: Ended = Ended::Exited(0);

#[rstest]
#[case::signal_waitpid(SIGUSR1, WAITPID)]
#[case::no_signal_waitpid(0, WAITPID)]
#[case::signal_waitid(SIGUSR1, WAITID)]
#[case::no_signal_waitid(0, WAITID)]
/// A wait without options returns children whose termination signal is SIGCHLD, with __WCLONE only those with another or none, and
/// with __WALL, alone and beside __WCLONE, both.
#[harness::test(
    id = "wait.clone-children",
    cite = [man("wait.2", "Linux notes", "__WCLONE"), man("wait.2", "Linux notes", "__WALL")],
    covers = ["behaviours:wait.wclone-nonsigchld", "behaviours:wait.wall-every"],
    layers = [libc, raw],
)]
fn the_termination_signal_decides(#[case] signal: i32, #[case] take: Take) -> TestResult {
    block(Known::SIGUSR1)?;
    let children = || -> TestResult<(Child, Child)> {
        let (plain, clone) = (fork(|| ())?, fork_that_sends(signal, || ())?);
        [&plain, &clone].into_iter().for_each(Child::wait_until_zombie);
        Ok((plain, clone))
    };
    let (plain, clone) = children()?;
    assert_eq!(pending(), Ok(if signal == 0 { vec![] } else { vec![Known::SIGUSR1] }));
    assert_eq!(take(0), Ok(Some((plain.pid(), ENDED))));
    assert_errno!(take(0), ECHILD);
    assert_eq!(take(__WCLONE), Ok(Some((clone.pid(), ENDED))));
    assert_errno!(take(__WALL), ECHILD);
    [plain, clone].into_iter().for_each(Child::let_go);
    let (plain, clone) = children()?;
    assert_eq!(take(__WCLONE), Ok(Some((clone.pid(), ENDED))));
    assert_errno!(take(__WCLONE), ECHILD);
    assert_eq!(take(0), Ok(Some((plain.pid(), ENDED))));
    [plain, clone].into_iter().for_each(Child::let_go);
    for options in [__WALL, __WALL | __WCLONE] {
        let (plain, clone) = children()?;
        let mut taken = [take(options), take(options)];
        let mut both = [plain.pid(), clone.pid()].map(|pid| Ok(Some((pid, ENDED))));
        taken.sort_by_key(pid_of);
        both.sort_by_key(pid_of);
        assert_eq!(taken, both);
        [plain, clone].into_iter().for_each(Child::let_go);
    }
    Ok(())
}

/// Which child a wait returned, to bring results into an order.
fn pid_of(taken: &Taken) -> Option<i32> {
    taken.as_ref().ok()?.as_ref().map(|(pid, _)| *pid)
}
