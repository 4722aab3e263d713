//! Characters that send signals.

use super::{job, lead, no_echo, to_foreground};
use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::needs::{PTY, UNTRACED};
use kit::prelude::*;
use libc::{SIGCONT, SIGINT, SIGQUIT, SIGTSTP};
use nix::sys::termios::{LocalFlags, SpecialCharacterIndices};

/// A character, and the signal that it sends.
const KEYS: [(&str, i32); 3] = [("\x03", SIGINT), ("\x1c", SIGQUIT), ("\x1a", SIGTSTP)];

#[rstest]
#[case::interrupt("\x03", SIGINT)]
#[case::quit("\x1c", SIGQUIT)]
/// The characters INTR and QUIT terminate each process of the foreground process group by SIGINT and SIGQUIT, and none of another
/// group.
#[harness::test(
    id = "terminal.key-terminates",
    cite = [posix("XBD", "11.1.9 Special Characters"), posix("termios.h.0p", "Local Modes", "ISIG"), man("termios.3", "The termios structure", "VINTR")],
    covers = ["behaviours:tty.keys"],
    needs = [PTY],
)]
fn a_key_terminates_the_foreground_group(#[case] key: &str, #[case] signal: i32) -> TestResult {
    lead(|pty| {
        let (foreground, background) = (job(|| Ok(()))?, job(|| Ok(()))?);
        to_foreground(pty, &foreground[0])?;
        pty.type_in(key)?;
        for child in &foreground {
            let ended = child.wait()?;
            assert!(matches!(ended, Ended::Killed { by: Signal(by), .. } if by == signal), "{ended}");
        }
        background.iter().for_each(|child| child.assert_blocked_in(calls::PAUSE));
        Ok(())
    })
}

/// The character SUSP stops each process of the foreground process group by SIGTSTP, and none of another group. They go on with
/// SIGCONT.
#[harness::test(
    id = "terminal.key-stops",
    cite = [posix("XBD", "11.1.9 Special Characters"), posix("termios.h.0p", "Local Modes", "ISIG"), man("termios.3", "The termios structure", "VSUSP")],
    covers = ["behaviours:tty.keys"],
    needs = [PTY, UNTRACED],
)]
fn a_key_stops_the_foreground_group() -> TestResult {
    lead(|pty| {
        let (foreground, background) = (job(|| Ok(()))?, job(|| Ok(()))?);
        to_foreground(pty, &foreground[0])?;
        pty.type_in("\x1a")?;
        for child in &foreground {
            assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(SIGTSTP)));
        }
        background.iter().for_each(|child| child.assert_blocked_in(calls::PAUSE));
        for child in &foreground {
            child.signal(Signal(SIGCONT))?;
            child.assert_blocked_in(calls::PAUSE);
        }
        Ok(())
    })
}

/// A character that is set as INTR sends SIGINT, and the one before is read as input.
#[harness::test(
    id = "terminal.key-chosen",
    cite = [posix("XBD", "11.1.9 Special Characters"), man("termios.3", "The termios structure", "VINTR")],
    covers = ["behaviours:tty.keys-chosen"],
    needs = [PTY],
)]
fn another_key_interrupts() -> TestResult {
    lead(|pty| {
        let set = SignalSet::of([SIGINT]);
        block_all(set)?;
        pty.change(|settings| {
            no_echo(settings);
            settings.control_chars[SpecialCharacterIndices::VINTR as usize] = b'#';
        })?;
        pty.type_in("\x03a\n")?;
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("\x03a\n".into()));
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        pty.type_in("#b\n")?;
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("b\n".into()));
        assert_eq!(sigpending(), Ok(set));
        Ok(())
    })
}

/// Without ISIG the characters INTR, QUIT and SUSP are read as input, and send no signal; with it each sends its signal, and is not
/// read.
#[harness::test(
    id = "terminal.isig-off",
    cite = [posix("termios.h.0p", "Local Modes", "ISIG"), man("termios.3", "The termios structure", "ISIG")],
    covers = ["behaviours:tty.isig-off", "behaviours:tty.keys"],
    needs = [PTY],
)]
fn without_isig_keys_are_input() -> TestResult {
    lead(|pty| {
        block_all(SignalSet::of(KEYS.map(|(_, signal)| signal)))?;
        pty.change(|settings| {
            no_echo(settings);
            settings.local_flags.remove(LocalFlags::ISIG);
        })?;
        pty.type_in("\x03\x1c\x1a\n")?;
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("\x03\x1c\x1a\n".into()));
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        pty.change(|settings| settings.local_flags.insert(LocalFlags::ISIG))?;
        for (key, signal) in KEYS {
            pty.type_in(&format!("{key}b\n"))?;
            assert_eq!(read_bytes(&pty.terminal, 9), Ok("b\n".into()));
            let taken = sigwaitinfo(SignalSet::of([signal])).map(|(taken, info)| (taken, info.signal));
            assert_eq!(taken, Ok((signal, signal)));
            assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
        }
        Ok(())
    })
}

#[rstest]
#[case::interrupt("\x03")]
#[case::quit("\x1c")]
#[case::suspend("\x1a")]
/// INTR, QUIT and SUSP discard lines that were typed and not read; with NOFLSH they discard none.
#[harness::test(
    id = "terminal.key-flushes",
    cite = [posix("termios.h.0p", "Local Modes", "NOFLSH"), man("termios.3", "The termios structure", "NOFLSH")],
    covers = ["behaviours:tty.keys-flush", "behaviours:tty.noflsh"],
    needs = [PTY],
)]
fn a_key_discards_input(#[case] key: &str) -> TestResult {
    lead(|pty| {
        block_all(SignalSet::of(KEYS.map(|(_, signal)| signal)))?;
        for (noflsh, first) in [(false, "b\n"), (true, "a\n")] {
            pty.change(|settings| settings.local_flags.set(LocalFlags::NOFLSH, noflsh))?;
            pty.type_in(&format!("a\n{key}b\n"))?;
            // What is typed is taken in its order: when the last line is echoed the key has acted.
            pty.shown_until("b")?;
            assert_eq!(read_bytes(&pty.terminal, 9), Ok(first.into()));
        }
        assert_eq!(read_bytes(&pty.terminal, 9), Ok("b\n".into()));
        Ok(())
    })
}
