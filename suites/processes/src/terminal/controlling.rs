//! How a session gets a controlling terminal, and loses it.

use super::{lead, path_of, to_foreground};
use crate::needs::DEV_TTY;
use calls::signals::SignalSet;
use harness::need::ROOT;
use kit::disposition::block_all;
use kit::needs::{PTY, program};
use kit::prelude::*;
use kit::program::start;
use kit::pty::Pty;
use libc::{O_NOCTTY, O_RDWR, SIGCONT, SIGHUP};

/// TIOCSCTTY makes a terminal the controlling terminal of a session leader that has none, and the process group of the leader its
/// foreground process group.
#[harness::test(
    id = "terminal.sctty",
    cite = [kernel("drivers/tty/tty_jobctrl.c", "__proc_set_tty", "6.18"), man("TIOCSCTTY.2const", "DESCRIPTION", "TIOCSCTTY")],
    covers = ["behaviours:tty.sctty", "behaviours:tty.sctty-foreground"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_session_leader_gets_a_terminal() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        nix::unistd::setsid()?;
        assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
        assert_eq!(set_controlling_terminal(&pty.terminal, 0), Ok(()));
        assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
        assert_eq!(tcgetpgrp(&pty.terminal), Ok(own_pid()));
        Ok(())
    })?;
    leader.join()
}

/// A session leader without a controlling terminal that opens a terminal has that one; one that opens another later keeps the first.
#[harness::test(
    id = "terminal.open-acquires",
    cite = [man("credentials.7", "Process group ID and session ID")],
    covers = ["behaviours:tty.open-acquires"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn the_first_terminal_that_is_opened_is_the_controlling_one() -> TestResult {
    let ptys = [Pty::new(24, 80)?, Pty::new(24, 80)?];
    let paths = [path_of(&ptys[0])?, path_of(&ptys[1])?];
    let leader = fork(|| -> TestResult {
        nix::unistd::setsid()?;
        let first = assert_ok!(open(&paths[0], O_RDWR));
        assert_eq!(tcgetsid(&first), Ok(own_pid()));
        let second = assert_ok!(open(&paths[1], O_RDWR));
        assert_errno!(tcgetsid(&second), ENOTTY);
        assert_eq!(tcgetsid(&first), Ok(own_pid()));
        Ok(())
    })?;
    leader.join()
}

#[rstest]
#[case::by_leader(|| Ok(nix::unistd::setsid().map(drop)?), O_NOCTTY)]
#[case::by_another(|| Ok(()), 0)]
/// A terminal that a session leader opens with O_NOCTTY, or that a process opens which leads no session, is no controlling terminal.
#[harness::test(
    id = "terminal.open-noctty",
    cite = [posix("open.3p", "DESCRIPTION", "O_NOCTTY"), man("open.2", "DESCRIPTION", "O_NOCTTY")],
    covers = ["behaviours:tty.open-noctty"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_terminal_is_opened_that_is_not_controlling(#[case] setup: fn() -> TestResult, #[case] flags: i32) -> TestResult {
    let pty = Pty::new(24, 80)?;
    let path = path_of(&pty)?;
    let opener = fork(|| -> TestResult {
        setup()?;
        let opened = assert_ok!(open(&path, O_RDWR | flags));
        assert_errno!(tcgetsid(&opened), ENOTTY);
        assert_errno!(tcgetpgrp(&opened), ENOTTY);
        Ok(())
    })?;
    opener.join()
}

/// /dev/tty is the controlling terminal of the process that opens it, and of no other: a child has that of its parent, and a program
/// too.
#[harness::test(
    id = "terminal.dev-tty",
    cite = [posix("XBD", "10.1 Directory Structure and Files"), posix("XBD", "11.1.3 The Controlling Terminal"), man("credentials.7", "Process group ID and session ID")],
    covers = ["behaviours:tty.dev-tty", "behaviours:tty.exec-keeps"],
    needs = [PTY, DEV_TTY, program("sh")],
    layers = [libc, nix, raw],
)]
fn dev_tty_is_the_controlling_terminal() -> TestResult {
    let sessions = ["one", "two"].map(|name| -> TestResult<String> {
        let pty = Pty::new(24, 80)?;
        pty.make_raw()?;
        let leader = fork(|| -> TestResult {
            pty.lead_session()?;
            let child = fork(|| -> TestResult {
                let tty = assert_ok!(open("/dev/tty", O_RDWR));
                assert_eq!(write(&tty, name.as_bytes()), Ok(3));
                Ok(())
            })?;
            child.join()?;
            let command = format!("printf %s.{name} > /dev/tty");
            start(&["sh", "-c", &command], [&pty.terminal, &pty.terminal, &2])?.join()
        })?;
        leader.join()?;
        pty.terminal.close();
        pty.shown_until("nothing")
    });
    for (shown, name) in sessions.into_iter().zip(["one", "two"]) {
        assert_eq!(shown?, format!("{name}.{name}"));
    }
    Ok(())
}

/// A new session has no controlling terminal: its leader cannot ask for one that its parent keeps, and /dev/tty fails with ENXIO.
#[harness::test(
    id = "terminal.setsid-loses",
    cite = [posix("setsid.3p", "DESCRIPTION"), posix("open.3p", "ERRORS", "ENXIO"), man("setsid.2", "DESCRIPTION")],
    covers = ["behaviours:session.setsid-no-terminal", "errors:terminal.open.ENXIO"],
    needs = [PTY, DEV_TTY],
    layers = [libc, nix, raw],
)]
fn a_new_session_has_no_terminal() -> TestResult {
    lead(|pty| {
        let child = fork(|| -> TestResult {
            assert_eq!(tcgetsid(&pty.terminal), Ok(nix::unistd::getppid().as_raw()));
            nix::unistd::setsid()?;
            assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
            assert_errno!(open("/dev/tty", O_RDWR), ENXIO);
            Ok(())
        })?;
        child.join()?;
        assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
        assert_ok!(open("/dev/tty", O_RDWR));
        Ok(())
    })
}

/// TIOCNOTTY by the session leader sends SIGHUP and then SIGCONT to each process of the foreground process group, and none to the
/// background, and no process of the session has a controlling terminal any more.
#[harness::test(
    id = "terminal.notty-leader",
    cite = [man("TIOCSCTTY.2const", "DESCRIPTION", "TIOCNOTTY")],
    covers = ["behaviours:tty.notty-leader"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn the_leader_gives_up_the_terminal_of_all() -> TestResult {
    lead(|pty| {
        let both = SignalSet::of([SIGHUP, SIGCONT]);
        block_all(both)?;
        let (foreground_told, given_up) = (Latch::new()?, Latch::new()?);
        let foreground = super::members(|| {
            foreground_told.wait_for(1);
            for signal in [SIGHUP, SIGCONT] {
                assert_eq!(sigwaitinfo(both).map(|(signal, info)| (signal, info.signal)), Ok((signal, signal)));
            }
            // The signals come before the call is done.
            given_up.wait_for(1);
            assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
            Ok(())
        })?;
        let background = super::members(|| {
            given_up.wait_for(1);
            assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
            assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
            Ok(())
        })?;
        to_foreground(pty, &foreground[0])?;
        foreground_told.arrive();
        assert_eq!(give_up_terminal(&pty.terminal), Ok(()));
        given_up.arrive();
        assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        foreground.into_iter().chain(background).try_for_each(Child::join)
    })
}

/// TIOCNOTTY by a process that leads no session takes the controlling terminal from that process alone, and sends no signal.
#[harness::test(
    id = "terminal.notty-member",
    cite = [man("TIOCSCTTY.2const", "DESCRIPTION", "TIOCNOTTY")],
    covers = ["behaviours:tty.notty-member"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn another_process_gives_up_its_own_terminal() -> TestResult {
    lead(|pty| {
        let all = SignalSet::of([SIGHUP, SIGCONT]);
        block_all(all)?;
        let given_up = Latch::new()?;
        let other = fork(|| -> TestResult {
            given_up.wait_for(1);
            assert_eq!(tcgetsid(&pty.terminal), Ok(nix::unistd::getppid().as_raw()));
            assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
            Ok(())
        })?;
        let member = fork(|| -> TestResult {
            assert_eq!(give_up_terminal(&pty.terminal), Ok(()));
            assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
            assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
            Ok(())
        })?;
        member.join()?;
        given_up.arrive();
        assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        other.join()
    })
}

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// After the end of its controlling process, by exit or by SIGKILL, a terminal becomes the controlling terminal of another session,
/// although processes of the former one have it open.
#[harness::test(
    id = "terminal.leader-ends",
    cite = [posix("_Exit.3p", "Consequences of Process Termination")],
    covers = ["behaviours:tty.leader-exit-frees"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_terminal_without_its_leader_is_free(#[case] end: fn() -> TestResult) -> TestResult {
    let (pty, go, done) = (Pty::new(24, 80)?, Latch::new()?, Latch::new()?);
    // The member of the session comes to this process when its parent has ended.
    nix::sys::prctl::set_child_subreaper(true)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        let member = fork(|| -> TestResult {
            done.wait_for(1);
            Ok(())
        })?;
        member.let_go();
        go.wait_for(1);
        end()
    })?;
    leader.wait_until_blocked_in(calls::FUTEX)?;
    let next = fork(|| -> TestResult {
        nix::unistd::setsid()?;
        assert_errno!(set_controlling_terminal(&pty.terminal, 0), EPERM);
        go.arrive();
        go.wait_for(2);
        assert_eq!(set_controlling_terminal(&pty.terminal, 0), Ok(()));
        assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
        Ok(())
    })?;
    leader.wait()?;
    go.arrive();
    next.join()?;
    done.arrive();
    waitpid(-1, 0)?;
    Ok(())
}

/// TIOCSCTTY with 1 by a session leader with CAP_SYS_ADMIN takes the terminal from the session that has it: no process of that has a
/// controlling terminal any more.
#[harness::test(
    id = "terminal.sctty-steals",
    cite = [man("TIOCSCTTY.2const", "DESCRIPTION", "TIOCSCTTY")],
    covers = ["behaviours:tty.sctty-steals"],
    needs = [PTY, ROOT],
    layers = [libc, raw],
)]
fn a_privileged_leader_steals_a_terminal() -> TestResult {
    lead(|pty| {
        let stolen = Latch::new()?;
        let [one, other] = super::members(|| {
            stolen.wait_for(1);
            assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
            Ok(())
        })?;
        let thief = fork(|| -> TestResult {
            nix::unistd::setsid()?;
            assert_eq!(set_controlling_terminal(&pty.terminal, 1), Ok(()));
            assert_eq!(tcgetsid(&pty.terminal), Ok(own_pid()));
            stolen.arrive();
            stolen.wait_for(2);
            Ok(())
        })?;
        stolen.wait_for(1);
        assert_errno!(tcgetsid(&pty.terminal), ENOTTY);
        [one, other].into_iter().try_for_each(Child::join)?;
        stolen.arrive();
        thief.join()
    })
}
