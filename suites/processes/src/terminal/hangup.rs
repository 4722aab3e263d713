//! What processes see when the other end of a pseudoterminal is closed.

use super::path_of;
use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::{O_NOCTTY, O_RDWR, SIGHUP};

/// Closing the master ends the reads that are blocked on the slave: each returns 0 or fails with EIO. Once it is closed reads return 0,
/// and writes fail with EIO.
#[harness::test(
    id = "terminal.hangup",
    cite = [kernel("drivers/tty/n_tty.c", "n_tty_read", "6.18"), posix("XBD", "11.1.10 Modem Disconnect")],
    covers = ["behaviours:tty.hangup-blocked-read", "behaviours:tty.hangup-read", "errors:terminal.write.EIO.2"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn closing_the_master_is_the_end_of_file() -> TestResult {
    let (pty, closed) = (Pty::new(24, 80)?, Latch::new()?);
    let reader = || {
        fork(|| -> TestResult {
            pty.screen.close();
            assert_matches!(read(&pty.terminal, &mut [0]), Ok(0) | Err(CallError { errno: Errno::EIO, .. }));
            // It ends before the close does, which hangs the terminal up.
            closed.wait_for(1);
            assert_eq!(read(&pty.terminal, &mut [0]), Ok(0));
            assert_errno!(write(&pty.terminal, b"x"), EIO);
            Ok(())
        })
    };
    let readers = [reader()?, reader()?];
    readers.iter().for_each(|reader| reader.assert_blocked_in(calls::READ));
    pty.screen.close();
    closed.arrive();
    readers.into_iter().try_for_each(Child::join)?;
    assert_eq!(read(&pty.terminal, &mut [0]), Ok(0));
    assert_errno!(write(&pty.terminal, b"x"), EIO);
    Ok(())
}

/// Closing the master of its controlling terminal sends SIGHUP to the session leader, which has no controlling terminal any more, nor
/// has another process of its session.
#[harness::test(
    id = "terminal.hangup-sighup",
    cite = [kernel("drivers/tty/tty_jobctrl.c", "tty_signal_session_leader", "6.18"), posix("XBD", "11.1.10 Modem Disconnect"), man("setsid.2", "NOTES")],
    covers = ["behaviours:tty.hangup-sighup", "behaviours:tty.hangup-forgets"],
    needs = [PTY],
)]
fn closing_the_master_hangs_up_the_leader() -> TestResult {
    let (pty, told) = (Pty::new(24, 80)?, Latch::new()?);
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        pty.screen.close();
        let set = SignalSet::of([SIGHUP]);
        block_all(set)?;
        let member = fork(|| -> TestResult {
            assert_eq!(tcgetsid(&pty.terminal), Ok(nix::unistd::getppid().as_raw()));
            told.arrive();
            told.wait_for(3);
            assert_errno!(tcgetsid(&pty.terminal), ENOTTY | EIO);
            Ok(())
        })?;
        told.arrive();
        assert_eq!(sigwaitinfo(set).map(|(signal, info)| (signal, info.signal)), Ok((SIGHUP, SIGHUP)));
        // The signal comes before the close is done.
        told.wait_for(3);
        assert_errno!(tcgetsid(&pty.terminal), ENOTTY | EIO);
        member.join()
    })?;
    told.wait_for(2);
    pty.screen.close();
    told.arrive();
    leader.join()
}

/// Closing the last descriptor of the slave ends reads that are blocked on the master, after what was written was read: they fail with
/// EIO.
#[harness::test(
    id = "terminal.slave-closed",
    cite = [kernel("drivers/tty/n_tty.c", "n_tty_read", "6.18")],
    covers = ["errors:terminal.read.EIO.3"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_master_without_a_slave_fails_with_eio() -> TestResult {
    let pty = Pty::new(24, 80)?;
    pty.make_raw()?;
    let second = open(path_of(&pty)?, O_RDWR | O_NOCTTY)?;
    let reader = || {
        fork(|| -> TestResult {
            pty.terminal.close();
            second.close();
            assert_errno!(read(&pty.screen, &mut [0]), EIO);
            Ok(())
        })
    };
    let readers = [reader()?, reader()?];
    readers.iter().for_each(|reader| reader.assert_blocked_in(calls::READ));
    pty.terminal.close();
    readers.iter().for_each(|reader| reader.assert_blocked_in(calls::READ));
    second.close();
    readers.into_iter().try_for_each(Child::join)?;
    assert_errno!(read(&pty.screen, &mut [0]), EIO);
    Ok(())
}

/// What was written to a slave before its last descriptor was closed is read from the master, and then EIO. A slave that is opened
/// anew makes the master one that can be read again.
#[harness::test(
    id = "terminal.slave-reopened",
    cite = [kernel("drivers/tty/pty.c", "pty_open", "6.18")],
    covers = ["errors:terminal.read.EIO.3", "behaviours:tty.pty-slave-reopened"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_slave_is_opened_again() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let path = path_of(&pty)?;
    assert_eq!(write(&pty.terminal, b"one"), Ok(3));
    pty.terminal.close();
    assert_eq!(read_bytes(&pty.screen, 9), Ok("one".into()));
    assert_errno!(read(&pty.screen, &mut [0]), EIO);
    let again = assert_ok!(open(path, O_RDWR | O_NOCTTY));
    assert_eq!(write(&again, b"two"), Ok(3));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("two".into()));
    Ok(())
}

/// A slave whose master was closed cannot be opened by way of /proc, which fails with EIO.
#[harness::test(
    id = "terminal.reopen-hung-up",
    cite = [kernel("drivers/tty/tty_io.c", "tty_reopen", "6.18")],
    covers = ["errors:terminal.open.EIO.2"],
    needs = [PTY],
    layers = [libc, nix, raw],
)]
fn a_slave_without_a_master_is_not_opened() -> TestResult {
    let pty = Pty::new(24, 80)?;
    let path = format!("/proc/self/fd/{}", pty.terminal.number());
    let opened = assert_ok!(open(&path, O_RDWR | O_NOCTTY));
    assert_eq!(write(&opened, b"x"), Ok(1));
    assert_eq!(read_bytes(&pty.screen, 9), Ok("x".into()));
    pty.screen.close();
    assert_errno!(open(&path, O_RDWR | O_NOCTTY), EIO);
    Ok(())
}
