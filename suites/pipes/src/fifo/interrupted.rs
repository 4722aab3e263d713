//! Signals that interrupt an open blocked waiting for the other end.

use super::calls::*;
use kit::disposition::{handle, handled};
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use nix::sys::signal::{SIGUSR1, SaFlags};

#[rstest]
#[case::reading(OPEN, O_RDONLY)]
#[case::writing(OPEN, O_WRONLY)]
#[case::reading_by_openat(OPENAT, O_RDONLY)]
#[case::writing_by_openat(OPENAT, O_WRONLY)]
/// An open blocked waiting for the other end of a FIFO fails with EINTR if a signal handler installed without
/// SA_RESTART interrupts it, and leaves the FIFO unopened.
#[harness::test(
    id = "fifo.open-interrupted",
    cite = [
        posix("open.3p", "ERRORS", "EINTR"),
        posix("open.3p", "RETURN VALUE"),
        man("open.2", "ERRORS", "EINTR"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = ["behaviours:fifo.interrupted-open-eintr", "errors:fifo.open.EINTR", "errors:fifo.openat.EINTR"],
    layers = [libc, nix, raw],
)]
fn a_signal_handler_interrupts_a_blocked_open(#[case] open: Open, #[case] end: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let interrupted = Latch::new()?;
    let child = fork(|| -> TestResult {
        handle(SIGUSR1, SaFlags::empty())?;
        assert_errno!(open(&fifo, end), EINTR);
        assert_eq!(handled(SIGUSR1), 1);
        interrupted.arrive();
        interrupted.wait_for(2);
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::OPEN)?;
    child.signal(SIGUSR1)?;
    // The child is still alive, so its termination has closed nothing.
    child.assert_blocked_in(calls::FUTEX);
    if end == O_RDONLY {
        assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    } else {
        let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    }
    interrupted.arrive();
    child.join()
}
