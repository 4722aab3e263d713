//! Reads and writes that a signal handler interrupts.

use kit::disposition::{handle, handled};
use kit::prelude::*;
use nix::sys::signal::SaFlags;
use nix::sys::signal::Signal::{SIGIO, SIGUSR1};
use rstest::rstest;
use std::io::{IoSlice, IoSliceMut};

#[rstest]
#[case::read(|reader: &Fd| read(reader, &mut [0; 1]), Syscall::READ)]
#[case::readv(|reader: &Fd| readv(reader, &mut [IoSliceMut::new(&mut [0; 1])]), Syscall::READV)]
/// A read that waits for its first byte fails with EINTR when a handler without SA_RESTART runs.
#[harness::test(
    id = "pipe.read-interrupted",
    cite = "POSIX.1-2024 read(), readv(): EINTR; signal(7), Interruption of system calls",
    covers = ["errors:pipe.read.EINTR", "errors:pipe.readv.EINTR"],
    layers = [libc, nix, raw],
)]
fn a_handler_ends_a_read_that_waits(#[case] read: fn(&Fd) -> Result<usize>, #[case] call: Syscall) -> Scene {
    let (reader, _writer) = pipe()?;
    let child = fork(|| -> Scene {
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
#[case::write(|writer: &Fd| write(writer, b"x"), Syscall::WRITE)]
#[case::writev(|writer: &Fd| writev(writer, &[IoSlice::new(b"x")]), Syscall::WRITEV)]
/// A write that waits for room fails with EINTR, and has added nothing, when a handler without SA_RESTART runs.
#[harness::test(
    id = "pipe.write-interrupted",
    cite = "POSIX.1-2024 write(), writev(): EINTR; signal(7), Interruption of system calls",
    covers = ["errors:pipe.write.EINTR", "errors:pipe.writev.EINTR"],
    layers = [libc, nix, raw],
)]
fn a_handler_ends_a_write_that_waits(#[case] write: fn(&Fd) -> Result<usize>, #[case] call: Syscall) -> Scene {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    let child = fork(|| -> Scene {
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
#[case::interrupting(SaFlags::empty())]
#[case::restarting(SaFlags::SA_RESTART)]
/// A large write that a handler interrupts returns how many bytes it has moved, whether or not the handler restarts calls.
#[harness::test(
    id = "pipe.write-interrupted-partway",
    cite = "POSIX.1-2024 write(): interrupted after it successfully writes some data; pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:pipe.partial-write-before-signal"],
    layers = [libc, nix, raw],
)]
fn an_interrupted_large_write_tells_what_it_moved(#[case] flags: SaFlags) -> Scene {
    let (reader, writer) = pipe()?;
    let capacity = capacity_of(&writer)?;
    let bytes = Bytes::sequence(2 * capacity);
    let child = fork(|| -> Scene {
        handle(SIGUSR1, flags)?;
        assert_eq!(write(&writer, &bytes.0), Ok(capacity));
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    child.wait_until_blocked_in(Syscall::WRITE)?;
    child.signal(SIGUSR1)?;
    child.join()?;
    drop(writer);
    assert_eq!(read_exactly(&reader, capacity)?, bytes.0[..capacity].into());
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// A read that has taken bytes when a handler runs returns their number, not EINTR.
#[harness::test(
    id = "pipe.read-interrupted-with-bytes",
    cite = "POSIX.1-2024 read(): interrupted by a signal after it has successfully read some data; signal(7)",
    covers = ["behaviours:pipe.partial-read-signal"],
    layers = [libc, nix, raw],
)]
fn a_read_that_has_bytes_returns_them_though_a_handler_runs() -> Scene {
    let (reader, writer) = pipe()?;
    let held = fill(&writer)?;
    handle(SIGIO, SaFlags::empty())?;
    // The read that makes room in the full pipe sends SIGIO from within, after it has taken its bytes.
    assert_eq!(set_owner(&writer, own_pid()), Ok(0));
    assert_eq!(set_flags(&writer, libc::O_ASYNC), Ok(0));
    let bytes = read_bytes(&reader, held.0.len() + 1);
    if handled(SIGIO) == 0 {
        return Err(Stop::broken("no handler ran during the read"));
    }
    assert_eq!(bytes, Ok(held));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}
