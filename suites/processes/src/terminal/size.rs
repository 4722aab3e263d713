//! The size of a terminal.

use super::{lead, members, to_foreground};
use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::needs::PTY;
use kit::prelude::*;
use kit::pty::Pty;
use libc::SIGWINCH;

fn master(pty: &Pty) -> &Fd {
    &pty.screen
}

fn slave(pty: &Pty) -> &Fd {
    &pty.terminal
}

#[rstest]
#[case::master(master)]
#[case::slave(slave)]
/// Setting another size by either end of a pseudoterminal sends SIGWINCH to each process of the foreground process group, and to none
/// of another group; setting the size that it has sends nothing.
#[harness::test(
    id = "terminal.size-sigwinch",
    cite = [kernel("drivers/tty/tty_io.c", "tty_do_resize", "6.18"), man("TIOCSWINSZ.2const", "DESCRIPTION", "TIOCSWINSZ")],
    covers = ["behaviours:tty.winsize"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn a_new_size_signals_the_foreground_group(#[case] end: fn(&Pty) -> &Fd) -> TestResult {
    lead(|pty| {
        let set = SignalSet::of([SIGWINCH]);
        block_all(set)?;
        let (same, other) = (Latch::new()?, Latch::new()?);
        let waiting = |then: SignalSet| {
            let (same, other) = (&same, &other);
            members(move || {
                same.wait_for(1);
                assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
                other.arrive();
                other.wait_for(5);
                assert_eq!(sigpending(), Ok(then));
                Ok(())
            })
        };
        let (foreground, background) = (waiting(set)?, waiting(SignalSet::EMPTY)?);
        to_foreground(pty, &foreground[0])?;
        assert_eq!(set_window_size(end(pty), 24, 80), Ok(()));
        same.arrive();
        other.wait_for(4);
        assert_eq!(set_window_size(end(pty), 24, 81), Ok(()));
        other.arrive();
        foreground.into_iter().chain(background).try_for_each(Child::join)
    })
}

/// Both ends of a pseudoterminal have one size, which either sets.
#[harness::test(
    id = "terminal.size",
    cite = [man("TIOCSWINSZ.2const", "DESCRIPTION", "TIOCGWINSZ"), man("TIOCSWINSZ.2const", "DESCRIPTION", "TIOCSWINSZ")],
    covers = ["behaviours:tty.winsize-get"],
    needs = [PTY],
    layers = [libc, raw],
)]
fn both_ends_have_one_size() -> TestResult {
    let (pty, other) = (Pty::new(24, 80)?, Pty::new(24, 80)?);
    let ends = [&pty.screen, &pty.terminal];
    assert_eq!(ends.map(window_size), [Ok((24, 80)), Ok((24, 80))]);
    for (end, rows, columns) in [(ends[0], 1, 2), (ends[1], u16::MAX, 0), (ends[1], 0, u16::MAX)] {
        assert_eq!(set_window_size(end, rows, columns), Ok(()));
        assert_eq!(ends.map(window_size), [Ok((rows, columns)), Ok((rows, columns))]);
    }
    assert_eq!(window_size(&other.terminal), Ok((24, 80)));
    Ok(())
}
