//! Signals of a terminal: keys, the background, its size, its hang-up. pty(7), termios(3).

use calls::signals::SignalSet;
use kit::disposition::{block_all, ignore};
use kit::needs::{PTY, UNTRACED};
use kit::prelude::*;
use kit::pty::Pty;
use libc::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH};
use nix::sys::signal::Signal as Known;
use nix::unistd::{Pid, tcsetpgrp};

/// A child of a session leader in a group of its own, in the foreground of the terminal or not, that does this.
fn member(pty: &Pty, in_foreground: bool, body: impl Fn() -> TestResult) -> TestResult<Child> {
    let ready = Latch::new()?;
    let child = fork(|| -> TestResult {
        lead_group()?;
        ready.wait_for(1);
        body()
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    if in_foreground {
        pty.terminal.lend(|terminal| tcsetpgrp(terminal, Pid::from_raw(child.pid())))?;
    }
    ready.arrive();
    Ok(child)
}

fn wait_for_a_signal() -> TestResult {
    nix::unistd::pause();
    Ok(())
}

#[rstest]
#[case::interrupt("\x03", SIGINT)]
#[case::quit("\x1c", SIGQUIT)]
/// The interrupt and the quit key send SIGINT and SIGQUIT to the foreground process group of the terminal, which they terminate, and
/// to no other group.
#[harness::test(
    id = "signal.terminal-keys",
    cite = [man("termios.3", "DESCRIPTION", "ISIG"), posix("termios.h.0p", "DESCRIPTION"), man("signal.7", "Standard signals")],
    covers = [
        "notes:signal.ctrl-c-sigint", "notes:signal.table-02-sigint", "notes:signal.table-03-sigquit",
        "notes:signal.source-terminal",
    ],
    needs = [PTY],
)]
fn keys_signal_the_foreground(#[case] key: &str, #[case] signal: i32) -> TestResult {
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        let background = member(&pty, false, wait_for_a_signal)?;
        let foreground = member(&pty, true, wait_for_a_signal)?;
        foreground.wait_until_blocked_in(calls::PAUSE)?;
        background.wait_until_blocked_in(calls::PAUSE)?;
        pty.type_in(key)?;
        let ended = foreground.wait()?;
        assert!(matches!(ended, Ended::Killed { by: Signal(by), .. } if by == signal), "{ended}");
        background.assert_blocked_in(calls::PAUSE);
        evidence("the foreground process", ended);
        Ok(())
    })?;
    leader.join()
}

/// The suspend key sends SIGTSTP to the foreground process group, which stops, and goes on after SIGCONT.
#[harness::test(
    id = "signal.terminal-suspend",
    cite = [man("termios.3", "DESCRIPTION", "VSUSP"), man("signal.7", "Standard signals"), posix("termios.h.0p", "DESCRIPTION")],
    covers = ["notes:signal.ctrl-z-sigtstp", "notes:signal.table-20-sigtstp"],
    needs = [PTY, UNTRACED],
)]
fn the_suspend_key_stops_the_foreground() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        let go = Latch::new()?;
        let foreground = member(&pty, true, || {
            go.wait_for(1);
            exit(77)
        })?;
        pty.type_in("\x1a")?;
        assert_eq!(foreground.wait_until_stopped()?, Ended::Stopped(Signal(SIGTSTP)));
        assert_eq!(kill(foreground.pid(), SIGCONT), Ok(()));
        assert_eq!(foreground.wait_until_continued()?, Ended::Continued);
        go.arrive();
        assert_eq!(foreground.wait()?, Ended::Exited(77));
        Ok(())
    })?;
    leader.join()
}

/// Without ISIG the interrupt key is read as the byte that it is, and sends no signal; a signal that a key has sent while it was
/// blocked is pending.
#[harness::test(
    id = "signal.terminal-key-blocked",
    cite = [man("termios.3", "DESCRIPTION", "ISIG"), posix("XSH", "2.4.1 Signal Generation and Delivery")],
    covers = ["notes:signal.state-generated", "notes:signal.source-terminal"],
    needs = [PTY],
)]
fn a_key_generates_a_pending_signal() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        block_all(SignalSet::of([SIGINT]))?;
        pty.type_in("\x03")?;
        let taken = sigwaitinfo(SignalSet::of([SIGINT])).map(|(signal, info)| (signal, info.signal, info.code));
        assert_eq!(taken, Ok((SIGINT, SIGINT, libc::SI_KERNEL)));
        pty.make_raw()?;
        pty.type_in("\x03")?;
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("\x03".into()));
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        Ok(())
    })?;
    leader.join()
}

/// A process in the background that reads from its terminal is stopped by SIGTTIN; if it ignores or blocks that, the read fails with
/// EIO.
#[harness::test(
    id = "signal.terminal-background-read",
    cite = [man("signal.7", "Standard signals"), posix("read.3p", "ERRORS", "EIO"), man("read.2", "ERRORS", "EIO")],
    covers = ["notes:signal.table-21-sigttin"],
    needs = [PTY, UNTRACED],
)]
fn a_read_in_the_background_stops() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        let reading = || -> TestResult {
            let _ = read(&pty.terminal, &mut [0]);
            Ok(())
        };
        let stopped = member(&pty, false, reading)?;
        assert_eq!(stopped.wait_until_stopped()?, Ended::Stopped(Signal(SIGTTIN)));
        for setup in [|| ignore(Known::SIGTTIN), || block_all(SignalSet::of([SIGTTIN]))] {
            let refused = member(&pty, false, || {
                setup()?;
                assert_matches!(read(&pty.terminal, &mut [0]), Err(CallError { errno: Errno::EIO, .. }));
                Ok(())
            })?;
            refused.join()?;
        }
        Ok(())
    })?;
    leader.join()
}

/// A process in the background may write to its terminal unless TOSTOP is set: then SIGTTOU stops it. To change the terminal's
/// attributes is refused by SIGTTOU in any case.
#[harness::test(
    id = "signal.terminal-background-write",
    cite = [man("termios.3", "DESCRIPTION", "TOSTOP"), posix("write.3p", "ERRORS", "EIO"), posix("tcsetattr.3p", "DESCRIPTION")],
    covers = ["notes:signal.table-22-sigttou"],
    needs = [PTY, UNTRACED],
)]
fn a_write_in_the_background_stops_under_tostop() -> TestResult {
    use nix::sys::termios::LocalFlags;
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        ignore(Known::SIGTTOU)?;
        let settings = |tostop| pty.change(|settings| settings.local_flags.set(LocalFlags::TOSTOP, tostop));
        let default = || sigaction(SIGTTOU, calls::signals::Action::Default);
        let writing = || -> TestResult {
            default()?;
            assert_eq!(write(&pty.terminal, b"x"), Ok(1));
            Ok(())
        };
        settings(false)?;
        member(&pty, false, writing)?.join()?;
        assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
        let changing = member(&pty, false, || -> TestResult {
            default()?;
            settings(false)
        })?;
        assert_eq!(changing.wait_until_stopped()?, Ended::Stopped(Signal(SIGTTOU)));
        settings(true)?;
        let stopped = member(&pty, false, || {
            default()?;
            let _ = write(&pty.terminal, b"x");
            Ok(())
        })?;
        assert_eq!(stopped.wait_until_stopped()?, Ended::Stopped(Signal(SIGTTOU)));
        evidence("a write in the background, without TOSTOP and with it", "is made, stops the process");
        Ok(())
    })?;
    leader.join()
}

/// A change of the terminal's size sends SIGWINCH to its foreground process group; setting the size that it has sends nothing.
#[harness::test(
    id = "signal.terminal-size",
    cite = [man("TIOCSWINSZ.2const", "DESCRIPTION"), man("signal.7", "Standard signals")],
    covers = ["notes:signal.table-28-sigwinch", "behaviours:sigdfl.28-sigwinch"],
    needs = [PTY],
)]
fn a_new_size_sends_sigwinch() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        let set = SignalSet::of([SIGWINCH]);
        block_all(set)?;
        let resize = |ws_row| {
            let size = libc::winsize { ws_row, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
            // SAFETY: reads the size, which outlives the call.
            Errno::result(unsafe { libc::ioctl(pty.screen.number(), libc::TIOCSWINSZ, &raw const size) })
        };
        resize(24)?;
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        resize(25)?;
        assert_eq!(sigwaitinfo(set).map(|(signal, info)| (signal, info.signal)), Ok((SIGWINCH, SIGWINCH)));
        Ok(())
    })?;
    leader.join()
}

/// When the session leader that has the terminal ends, the foreground process group gets SIGHUP, and a group in the background
/// does not.
#[harness::test(
    id = "signal.terminal-leader-ends",
    cite = [posix("_Exit.3p", "Consequences of Process Termination"), man("setsid.2", "NOTES")],
    covers = ["notes:signal.table-01-sighup"],
    needs = [PTY],
)]
fn the_leaders_end_sends_sighup() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let (hung_up, ready) = (Latch::new()?, Latch::new()?);
    let background_pid = Shared::new(std::sync::atomic::AtomicI32::new(0))?;
    // The children of the leader come to this process when it has ended.
    nix::sys::prctl::set_child_subreaper(true)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        let background = member(&pty, false, wait_for_a_signal)?;
        let foreground = member(&pty, true, || -> TestResult {
            let set = SignalSet::of([SIGHUP]);
            block_all(set)?;
            ready.arrive();
            assert_eq!(sigwaitinfo(set).map(|(signal, info)| (signal, info.signal)), Ok((SIGHUP, SIGHUP)));
            hung_up.arrive();
            Ok(())
        })?;
        background.wait_until_blocked_in(calls::PAUSE)?;
        background_pid.store(background.pid(), std::sync::atomic::Ordering::Release);
        ready.wait_for(1);
        [background, foreground].into_iter().for_each(Child::let_go);
        Ok(())
    })?;
    leader.join()?;
    hung_up.wait_for(1);
    let background = background_pid.load(std::sync::atomic::Ordering::Acquire);
    assert_eq!(harness::process_state::state(background), Some('S'));
    evidence("a process in the background after the end of the session leader", "goes on");
    kill(background, libc::SIGKILL)?;
    for _ in 0..2 {
        nix::sys::wait::wait()?;
    }
    Ok(())
}
