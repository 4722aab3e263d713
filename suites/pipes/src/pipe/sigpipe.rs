//! Writes to a pipe with no readers: SIGPIPE and EPIPE.

use kit::disposition::{block, handle, handled, ignore, pending};
use kit::prelude::*;
use kit::thread::spawn;
use nix::sys::signal::SaFlags;
use nix::sys::signal::Signal::SIGPIPE;
use std::io::IoSlice;

#[rstest]
#[case::write(|writer: &Fd| write(writer, b"x"))]
#[case::writev(|writer: &Fd| writev(writer, &[IoSlice::new(b"x")]))]
/// When SIGPIPE is ignored, a write to a pipe with no readers fails with EPIPE and no signal is pending.
#[harness::test(
    id = "pipe.epipe-when-ignored",
    cite = [
        posix("write.3p", "ERRORS", "EPIPE"),
        posix("writev.3p", "ERRORS"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = [
        "notes:pipe.sigpipe-on-write-without-reader",
        "behaviours:pipe.epipe-when-ignored",
        "errors:pipe.write.EPIPE",
        "errors:pipe.writev.EPIPE",
    ],
    layers = [libc, nix, raw],
)]
fn a_write_without_readers_fails_when_sigpipe_is_ignored(#[case] write: fn(&Fd) -> Result<usize>) -> TestResult {
    ignore(SIGPIPE)?;
    let (reader, writer) = pipe()?;
    drop(reader);
    assert_errno!(write(&writer), EPIPE);
    assert_eq!(pending(), Ok(vec![]));
    Ok(())
}

#[rstest]
#[case::without_sa_restart(SaFlags::empty())]
#[case::with_sa_restart(SaFlags::SA_RESTART)]
/// A write to a pipe with no readers runs the SIGPIPE handler once and fails with EPIPE, whether or not the handler was
/// installed with SA_RESTART.
#[harness::test(
    id = "pipe.epipe-after-handler",
    cite = [posix("write.3p", "ERRORS", "EPIPE"), man("write.2", "ERRORS", "EPIPE")],
    covers = ["behaviours:pipe.epipe-after-handler", "errors:pipe.write.EPIPE"],
    layers = [libc, nix, raw],
)]
fn a_handler_runs_and_the_write_fails(#[case] flags: SaFlags) -> TestResult {
    handle(SIGPIPE, flags)?;
    let (reader, writer) = pipe()?;
    drop(reader);
    assert_errno!(write(&writer, b"x"), EPIPE);
    assert_eq!(handled(SIGPIPE), 1);
    Ok(())
}

/// When SIGPIPE is blocked, a write to a pipe with no readers fails with EPIPE and SIGPIPE remains pending.
#[harness::test(
    id = "pipe.epipe-when-blocked",
    cite = [posix("write.3p", "ERRORS", "EPIPE"), man("write.2", "ERRORS", "EPIPE")],
    covers = ["behaviours:pipe.epipe-when-blocked", "errors:pipe.write.EPIPE"],
    layers = [libc, nix, raw],
)]
fn a_blocked_sigpipe_stays_pending() -> TestResult {
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
    cite = [posix("write.3p", "ERRORS", "EPIPE")],
    covers = ["behaviours:pipe.sigpipe-on-write"],
    layers = [libc, nix, raw],
)]
fn sigpipe_is_sent_to_the_writing_thread() -> TestResult {
    block(SIGPIPE)?;
    let (reader, writer) = pipe()?;
    drop(reader);
    let thread = spawn(move || {
        assert_errno!(write(&writer, b"x"), EPIPE);
        assert_eq!(pending(), Ok(vec![SIGPIPE]));
    })?;
    thread.join()?;
    assert_eq!(pending(), Ok(vec![]), "it is not pending for the other thread");
    Ok(())
}

#[rstest]
#[case::write(|writer: &Fd| write(writer, b"x"), calls::WRITE)]
#[case::writev(|writer: &Fd| writev(writer, &[IoSlice::new(b"x")]), calls::WRITEV)]
/// Closing the last read end wakes all writers that are blocked on the full pipe: SIGPIPE is raised and each write fails
/// with EPIPE.
#[harness::test(
    id = "pipe.last-reader-close-wakes-writer",
    cite = [
        kernel("fs/pipe.c", "anon_pipe_write", "6.18"),
        posix("write.3p", "ERRORS", "EPIPE"),
        man("pipe.7", "I/O on pipes and FIFOs"),
    ],
    covers = ["behaviours:pipe.blocked-writer-wakes-epipe", "errors:pipe.write.EPIPE", "errors:pipe.writev.EPIPE"],
    layers = [libc, nix, raw],
)]
fn closing_the_last_reader_wakes_blocked_writers(
    #[case] write: fn(&Fd) -> Result<usize>,
    #[case] call: &Call,
) -> TestResult {
    let (reader, writer) = pipe()?;
    fill(&writer)?;
    let writing = || {
        fork(|| -> TestResult {
            reader.close();
            handle(SIGPIPE, SaFlags::SA_RESTART)?;
            assert_errno!(write(&writer), EPIPE);
            assert_eq!(handled(SIGPIPE), 1);
            Ok(())
        })
    };
    let writers = [writing()?, writing()?];
    writers.iter().try_for_each(|child| child.wait_until_blocked_in(call))?;
    reader.close();
    writers.into_iter().try_for_each(Child::join)
}
