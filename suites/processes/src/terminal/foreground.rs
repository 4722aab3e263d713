//! The foreground process group.

use super::{job, lead, members, to_foreground};
use calls::signals::SignalSet;
use kit::disposition::{block_all, ignore, pending};
use kit::needs::{PTY, UNTRACED};
use kit::prelude::*;
use libc::{SIGCONT, SIGTTOU};
use nix::sys::signal::Signal as Known;

/// tcsetpgrp sets the foreground process group, which tcgetpgrp returns to each process of the session; tcgetsid returns the session.
#[harness::test(
    id = "terminal.foreground",
    cite = [posix("tcsetpgrp.3p", "DESCRIPTION"), posix("tcgetpgrp.3p", "DESCRIPTION"), posix("tcgetsid.3p", "DESCRIPTION"), man("tcgetpgrp.3", "DESCRIPTION"), man("tcgetsid.3", "DESCRIPTION")],
    covers = ["behaviours:tty.foreground", "behaviours:tty.session-of"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn the_foreground_group_is_set_and_told() -> TestResult {
    lead(|pty| {
        let leader = own_pid();
        ignore(Known::SIGTTOU)?;
        let jobs = [job(|| Ok(()))?, job(|| Ok(()))?];
        for [first, _] in &jobs {
            assert_eq!(tcsetpgrp(&pty.terminal, first.pid()), Ok(()));
            assert_eq!(tcgetpgrp(&pty.terminal), Ok(first.pid()));
            let child = fork(|| -> TestResult {
                assert_eq!(tcgetpgrp(&pty.terminal), Ok(first.pid()));
                assert_eq!(tcgetsid(&pty.terminal), Ok(leader));
                Ok(())
            })?;
            child.join()?;
        }
        assert_eq!(tcsetpgrp(&pty.terminal, leader), Ok(()));
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(leader));
        Ok(())
    })
}

/// When all processes of the foreground process group have ended, tcgetpgrp returns a value above 1 that is no process group.
#[harness::test(
    id = "terminal.foreground-gone",
    cite = [posix("tcgetpgrp.3p", "DESCRIPTION"), man("tcgetpgrp.3", "RETURN VALUE")],
    covers = ["behaviours:tty.foreground-gone"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn without_a_foreground_group_no_group_is_told() -> TestResult {
    lead(|pty| {
        let job = job(|| Ok(()))?;
        to_foreground(pty, &job[0])?;
        for child in job {
            child.kill()?;
        }
        let told = assert_ok!(tcgetpgrp(&pty.terminal));
        assert!(told > 1, "{told}");
        assert_errno!(kill(-told, 0), ESRCH);
        Ok(())
    })
}

/// tcsetpgrp by a process of a background process group sends SIGTTOU to each process of that group, which stops them, and the
/// foreground stays. In the foreground the call goes on after SIGCONT.
#[harness::test(
    id = "terminal.foreground-sigttou",
    cite = [posix("tcsetpgrp.3p", "DESCRIPTION"), man("tcgetpgrp.3", "DESCRIPTION")],
    covers = ["behaviours:tty.foreground-background-sigttou"],
    needs = [PTY, UNTRACED],
    layers = [libc, nix, raw],
)]
fn a_background_group_that_sets_the_foreground_stops() -> TestResult {
    lead(|pty| {
        let (leader, one_asks) = (own_pid(), Latch::new()?);
        let background = members(|| {
            one_asks.arrive();
            if callers_group() == Ok(own_pid()) {
                assert_eq!(tcsetpgrp(&pty.terminal, leader), Ok(()));
                return Ok(());
            }
            loop {
                nix::unistd::pause();
            }
        })?;
        for child in &background {
            assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGTTOU)));
        }
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(leader));
        let [first, _] = background;
        to_foreground(pty, &first)?;
        first.signal(Signal(SIGCONT))?;
        first.join()?;
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(leader));
        Ok(())
    })
}

#[rstest]
#[case::blocked(|| block_all(SignalSet::of([SIGTTOU])))]
#[case::ignored(|| ignore(Known::SIGTTOU))]
/// tcsetpgrp by a process of a background process group that blocks or ignores SIGTTOU succeeds, and no signal is sent.
#[harness::test(
    id = "terminal.foreground-sigttou-held",
    cite = [posix("tcsetpgrp.3p", "DESCRIPTION"), man("tcgetpgrp.3", "DESCRIPTION")],
    covers = ["behaviours:tty.foreground-sigttou-held"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_background_group_without_sigttou_sets_the_foreground(#[case] setup: fn() -> TestResult) -> TestResult {
    lead(|pty| {
        let (jobs, set) = (job(|| Ok(()))?, Latch::new()?);
        let background = members(|| {
            setup()?;
            if callers_group() == Ok(own_pid()) {
                assert_eq!(tcsetpgrp(&pty.terminal, jobs[0].pid()), Ok(()));
                assert_eq!(tcgetpgrp(&pty.terminal), Ok(jobs[0].pid()));
                set.arrive();
            }
            set.wait_for(1);
            assert_eq!(pending(), Ok(vec![]));
            Ok(())
        })?;
        background.into_iter().try_for_each(Child::join)?;
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(jobs[0].pid()));
        Ok(())
    })
}
