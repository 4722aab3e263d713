//! Reads and writes interrupted by a signal handler.

use kit::disposition::{handle, handled};
use kit::prelude::*;
use nix::sys::signal::SaFlags;
use nix::sys::signal::Signal::{SIGIO, SIGUSR1};
use std::io::{IoSlice, IoSliceMut};

#[rstest]
#[case::read(|reader: &Fd| read(reader, &mut [0; 1]), calls::READ)]
#[case::readv(|reader: &Fd| readv(reader, &mut [IoSliceMut::new(&mut [0; 1])]), calls::READV)]
/// A read blocked on an empty pipe fails with EINTR when it is interrupted by a signal handler installed without
/// SA_RESTART.
#[harness::test(
    id = "pipe.read-interrupted",
    cite = [
        posix("read.3p", "ERRORS", "EINTR"),
        posix("readv.3p", "ERRORS"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = ["errors:pipe.read.EINTR", "errors:pipe.readv.EINTR"],
    layers = [libc, nix, raw],
)]
fn a_handler_interrupts_a_blocked_read(#[case] read: fn(&Fd) -> Result<usize>, #[case] call: &Call) -> TestResult {
    let (reader, _writer) = pipe()?;
    let child = fork(|| -> TestResult {
        handle(SIGUSR1, SaFlags::empty())?;
        assert_errno!(read(&reader), EINTR);
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    child.wait_until_blocked_in(call)?;
    child.signal(SIGUSR1)?;
    child.join()
}

#[rstest]
#[case::write(|writer: &Fd| write(writer, b"x"), calls::WRITE)]
#[case::writev(|writer: &Fd| writev(writer, &[IoSlice::new(b"x")]), calls::WRITEV)]
/// A write blocked on a full pipe fails with EINTR and writes nothing when it is interrupted by a signal handler
/// installed without SA_RESTART.
#[harness::test(
    id = "pipe.write-interrupted",
    cite = [
        posix("write.3p", "ERRORS", "EINTR"),
        posix("writev.3p", "ERRORS"),
        posix("sigaction.3p", "DESCRIPTION", "SA_RESTART"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = ["errors:pipe.write.EINTR", "errors:pipe.writev.EINTR"],
    layers = [libc, nix, raw],
)]
fn a_handler_interrupts_a_blocked_write(#[case] write: fn(&Fd) -> Result<usize>, #[case] call: &Call) -> TestResult {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    let child = fork(|| -> TestResult {
        handle(SIGUSR1, SaFlags::empty())?;
        assert_errno!(write(&writer), EINTR);
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    child.wait_until_blocked_in(call)?;
    child.signal(SIGUSR1)?;
    child.join()?;
    assert_eq!(unread(&reader), Ok(held.0.len()));
    assert_eq!(read_exactly(&reader, held.0.len())?, held);
    Ok(())
}

#[rstest]
#[case::without_sa_restart(SaFlags::empty())]
#[case::with_sa_restart(SaFlags::SA_RESTART)]
/// A blocked write that has written part of its data returns the number of bytes written when a signal handler
/// interrupts it, whether or not the handler was installed with SA_RESTART.
#[harness::test(
    id = "pipe.write-interrupted-partway",
    cite = [
        posix("write.3p", "DESCRIPTION"),
        man("write.2", "RETURN VALUE"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = ["behaviours:pipe.partial-write-before-signal"],
    layers = [libc, nix, raw],
)]
fn an_interrupted_partial_write_returns_the_count_written(#[case] flags: SaFlags) -> TestResult {
    let (reader, writer) = pipe()?;
    let capacity = capacity_of(&writer)?;
    let bytes = Bytes::sequence(2 * capacity);
    let child = fork(|| -> TestResult {
        handle(SIGUSR1, flags)?;
        assert_eq!(write(&writer, &bytes.0), Ok(capacity));
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::WRITE)?;
    child.signal(SIGUSR1)?;
    child.join()?;
    drop(writer);
    assert_eq!(read_exactly(&reader, capacity)?, bytes.0[..capacity].into());
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// A read that has read some data when a signal handler interrupts it returns the number of bytes read, not EINTR.
#[harness::test(
    id = "pipe.read-interrupted-partway",
    cite = [
        posix("read.3p", "DESCRIPTION"),
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
    ],
    covers = ["behaviours:pipe.partial-read-signal"],
    layers = [libc, nix, raw],
)]
fn an_interrupted_read_that_has_data_returns_the_count_read() -> TestResult {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    handle(SIGIO, SaFlags::empty())?;
    // Freeing space in the full pipe makes the read raise SIGIO after it has copied the data.
    assert_eq!(set_owner(&writer, own_pid()), Ok(0));
    assert_eq!(set_flags(&writer, libc::O_ASYNC), Ok(0));
    let bytes = read_bytes(&reader, held.0.len() + 1);
    if handled(SIGIO) != 1 {
        return Err(Stop::broken("not one handler ran during the read"));
    }
    assert_eq!(bytes, Ok(held));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}
