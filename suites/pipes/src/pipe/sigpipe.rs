//! Writing to a pipe that nobody can read any more.

use kit::disposition::{block, handle, handled, ignore, pending};
use kit::prelude::*;
use nix::sys::signal::SaFlags;
use nix::sys::signal::Signal::SIGPIPE;
use rstest::rstest;
use std::io::IoSlice;
use std::thread::Builder;

/// A write to a pipe that has no reader kills the writer by SIGPIPE, signal 13, when the signal has its default action.
#[harness::test(
    id = "pipe.sigpipe-kills",
    cite = "POSIX.1-2024 write(), <signal.h>; pipe(7), I/O on pipes and FIFOs; signal(7)",
    covers = [
        "notes:pipe.sigpipe-on-write-without-reader",
        "notes:signal.table-13-sigpipe",
        "behaviours:pipe.sigpipe-default-kills",
    ],
    layers = [libc, nix, raw],
)]
fn a_write_without_reader_kills_by_default() -> Scene {
    let (reader, writer) = pipe()?;
    drop(reader);
    let child = fork(|| assert_matches!(write(&writer, b"x"), Err(_)))?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(13), core: false });
    Ok(())
}

#[rstest]
#[case::write(|writer: &Fd| write(writer, b"x"))]
#[case::writev(|writer: &Fd| writev(writer, &[IoSlice::new(b"x")]))]
/// A write to a pipe that has no reader fails with EPIPE, and the process lives, when SIGPIPE is ignored.
#[harness::test(
    id = "pipe.epipe-when-ignored",
    cite = "POSIX.1-2024 write(), writev(); pipe(7), I/O on pipes and FIFOs",
    covers = [
        "notes:pipe.sigpipe-on-write-without-reader",
        "behaviours:pipe.epipe-when-ignored",
        "errors:pipe.write.EPIPE",
        "errors:pipe.writev.EPIPE",
    ],
    layers = [libc, nix, raw],
)]
fn a_write_without_reader_fails_when_sigpipe_is_ignored(#[case] write: fn(&Fd) -> Result<usize>) -> Scene {
    ignore(SIGPIPE)?;
    let (reader, writer) = pipe()?;
    drop(reader);
    assert_errno!(write(&writer), EPIPE);
    assert_eq!(pending(), Ok(vec![]));
    Ok(())
}

#[rstest]
#[case::interrupting(SaFlags::empty())]
#[case::restarting(SaFlags::SA_RESTART)]
/// A handler of SIGPIPE runs once for a write to a pipe that has no reader, and the write fails with EPIPE after it.
#[harness::test(
    id = "pipe.epipe-after-handler",
    cite = "POSIX.1-2024 write(): EPIPE; write(2): EPIPE",
    covers = ["behaviours:pipe.epipe-after-handler", "errors:pipe.write.EPIPE"],
    layers = [libc, nix, raw],
)]
fn a_handler_runs_and_the_write_fails(#[case] flags: SaFlags) -> Scene {
    handle(SIGPIPE, flags)?;
    let (reader, writer) = pipe()?;
    drop(reader);
    assert_errno!(write(&writer, b"x"), EPIPE);
    assert_eq!(handled(SIGPIPE), 1);
    Ok(())
}

/// When SIGPIPE is blocked, a write to a pipe that has no reader fails with EPIPE, and the signal stays pending.
#[harness::test(
    id = "pipe.epipe-when-blocked",
    cite = "POSIX.1-2024 write(): EPIPE; write(2): EPIPE",
    covers = ["behaviours:pipe.epipe-when-blocked", "errors:pipe.write.EPIPE"],
    layers = [libc, nix, raw],
)]
fn a_blocked_sigpipe_stays_pending() -> Scene {
    block(SIGPIPE)?;
    let (reader, writer) = pipe()?;
    drop(reader);
    assert_eq!(pending(), Ok(vec![]));
    assert_errno!(write(&writer, b"x"), EPIPE);
    assert_eq!(pending(), Ok(vec![SIGPIPE]));
    Ok(())
}

/// SIGPIPE is sent to the thread that writes, not to its process.
#[harness::test(
    id = "pipe.sigpipe-to-writing-thread",
    cite = "POSIX.1-2024 write(): a SIGPIPE signal shall also be sent to the thread",
    covers = ["behaviours:pipe.sigpipe-on-write"],
    layers = [libc, nix, raw],
)]
fn sigpipe_is_the_writing_threads() -> Scene {
    block(SIGPIPE)?;
    let (reader, writer) = pipe()?;
    drop(reader);
    let writer = writer.into_number();
    let by_thread = Builder::new().spawn(move || (write(writer, b"x"), pending()))?.join();
    Fd::new(writer).close();
    let (written, pending_there) = by_thread.map_err(|_| Stop::broken("the thread panicked"))?;
    assert_errno!(written, EPIPE);
    assert_eq!(pending_there, Ok(vec![SIGPIPE]));
    assert_eq!(pending(), Ok(vec![]), "it is not pending for the other thread");
    Ok(())
}

#[rstest]
#[case::write(|writer: &Fd| write(writer, b"x"), Syscall::WRITE)]
#[case::writev(|writer: &Fd| writev(writer, &[IoSlice::new(b"x")]), Syscall::WRITEV)]
/// A writer that sleeps on a full pipe is woken by the close of the last read end, with SIGPIPE and EPIPE.
#[harness::test(
    id = "pipe.last-reader-wakes-writer",
    cite = "POSIX.1-2024 write(); pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.blocked-writer-wakes-epipe", "errors:pipe.write.EPIPE", "errors:pipe.writev.EPIPE"],
    layers = [libc, nix, raw],
)]
fn the_close_of_the_last_reader_wakes_a_writer(
    #[case] write: fn(&Fd) -> Result<usize>,
    #[case] call: Syscall,
) -> Scene {
    let (reader, writer) = pipe()?;
    fill(&writer)?;
    let child = fork(|| -> Scene {
        reader.close();
        handle(SIGPIPE, SaFlags::SA_RESTART)?;
        assert_errno!(write(&writer), EPIPE);
        assert_eq!(handled(SIGPIPE), 1);
        Ok(())
    })?;
    child.wait_until_blocked_in(call)?;
    drop(reader);
    child.join()
}
