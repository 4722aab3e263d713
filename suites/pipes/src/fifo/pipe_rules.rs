//! Once it is open, a FIFO follows the rules of pipes.

use kit::disposition::ignore;
use kit::prelude::*;
use libc::{O_NONBLOCK, PIPE_BUF};
use nix::sys::signal::Signal::SIGPIPE;

/// A FIFO holds as many bytes as a pipe does, and a non-blocking write to a full one fails with EAGAIN.
#[harness::test(
    id = "fifo.capacity-of-pipe",
    cite = "fifo(7): for details of the semantics of I/O on FIFOs, see pipe(7); pipe(7), Pipe capacity",
    covers = ["behaviours:fifo.same-io-semantics"],
    layers = [libc, nix, raw],
)]
fn a_fifo_holds_what_a_pipe_holds() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let (pipe_reader, _pipe_writer) = pipe()?;
    let capacity = get_capacity(&pipe_reader)?;
    assert_eq!(get_capacity(&reader), Ok(capacity));
    set_flags(&writer, O_NONBLOCK)?;
    let bytes = Bytes::sequence(capacity as usize);
    assert_eq!(write(&writer, &bytes.0), Ok(bytes.0.len()));
    assert_errno!(write(&writer, b"x"), EAGAIN | EWOULDBLOCK);
    assert_eq!(read_bytes(&reader, bytes.0.len() + 1), Ok(bytes));
    Ok(())
}

/// A non-blocking write of up to PIPE_BUF bytes to a FIFO without the room is not done at all, and a longer one in part.
#[harness::test(
    id = "fifo.atomic-writes",
    cite = "POSIX.1-2024 write(): {PIPE_BUF}, O_NONBLOCK set; pipe(7), PIPE_BUF",
    covers = ["behaviours:fifo.same-io-semantics"],
    layers = [libc, nix, raw],
)]
fn short_writes_are_atomic() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    set_flags(&writer, O_NONBLOCK)?;
    let held = fill_leaving(&writer, PIPE_BUF - 1)?;
    assert_errno!(write(&writer, &[b'x'; PIPE_BUF]), EAGAIN | EWOULDBLOCK);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    // How much fits in is the kernel's affair, but there is room for something, and not for all.
    let page = page_size();
    assert_eq!(read_bytes(&reader, page), Ok(held.0[..page].into()));
    let written = assert_ok!(write(&writer, &vec![b'y'; 2 * page]));
    assert!((1..2 * page).contains(&written), "{written} bytes of {} were written", 2 * page);
    observe("bytes of two pages that fit in after a page was read", written);
    let rest = Bytes([&held.0[page..], &vec![b'y'; written]].concat());
    assert_eq!(read_bytes(&reader, held.0.len() + page), Ok(rest));
    Ok(())
}

/// A reader of a FIFO gets what is left, and then end of file, once the last writer has closed it.
#[harness::test(
    id = "fifo.eof-after-last-writer",
    cite = "POSIX.1-2024 read(): no process has the pipe open for writing; pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:fifo.same-io-semantics"],
    layers = [libc, nix, raw],
)]
fn the_last_writers_close_is_end_of_file() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let second = open(&fifo, libc::O_WRONLY)?;
    assert_eq!(write(&writer, b"rest"), Ok(4));
    drop(writer);
    assert_eq!(read_bytes(&reader, 9), Ok("rest".into()));
    let child = fork(|| {
        second.close();
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    })?;
    child.assert_blocked_in(Syscall::READ);
    drop(second);
    child.join()
}

/// A write to a FIFO whose readers have all closed it kills the writer by SIGPIPE.
#[harness::test(
    id = "fifo.sigpipe",
    cite = "POSIX.1-2024 write(): EPIPE; fifo(7): the process is sent a SIGPIPE signal",
    covers = ["behaviours:fifo.writer-sigpipe-no-reader", "behaviours:fifo.same-io-semantics"],
    layers = [libc, nix, raw],
)]
fn a_write_without_reader_kills() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    assert_eq!(write(&writer, b"x"), Ok(1));
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    drop(reader);
    let child = fork(|| {
        let _ = write(&writer, b"x");
    })?;
    assert_eq!(child.wait()?, Ended::Killed { by: SIGPIPE.into(), core: false });
    Ok(())
}

/// A write to a FIFO whose readers have all closed it fails with EPIPE when SIGPIPE is ignored, and succeeds again once a
/// new reader has come.
#[harness::test(
    id = "fifo.epipe",
    cite = "POSIX.1-2024 write(): EPIPE; pipe(7), I/O on pipes and FIFOs",
    covers = ["behaviours:fifo.writer-sigpipe-no-reader", "behaviours:fifo.same-io-semantics"],
    layers = [libc, nix, raw],
)]
fn a_write_without_reader_fails_when_sigpipe_is_ignored() -> Scene {
    ignore(SIGPIPE)?;
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    drop(reader);
    assert_errno!(write(&writer, b"lost"), EPIPE);
    let reader = open(&fifo, libc::O_RDONLY)?;
    assert_eq!(write(&writer, b"kept"), Ok(4));
    assert_eq!(read_bytes(&reader, 9), Ok("kept".into()));
    Ok(())
}

/// The capacity of an open FIFO can be set and read, and is what it then holds.
#[harness::test(
    id = "fifo.set-capacity",
    cite = "fcntl(2), Changing the capacity of a pipe",
    covers = ["behaviours:fifo.setpipe-sz-fifo"],
    layers = [libc, nix, raw],
)]
fn the_capacity_can_be_set() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    let wanted = 2 * page_size();
    assert_ne!(capacity_of(&reader)?, wanted);
    assert_eq!(set_capacity(&writer, wanted as i32), Ok(wanted as i32));
    assert_eq!(get_capacity(&reader), Ok(wanted as i32));
    set_flags(&writer, O_NONBLOCK)?;
    assert_eq!(write(&writer, &vec![b'x'; wanted + 1]), Ok(wanted));
    assert_eq!(read_bytes(&reader, wanted + 1), Ok(Bytes::of(b'x', wanted)));
    Ok(())
}
