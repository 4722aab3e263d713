//! I/O on a FIFO has the semantics of I/O on a pipe.

use crate::needs::PIPE_PAGES;
use kit::disposition::ignore;
use kit::prelude::*;
use libc::{O_NONBLOCK, PIPE_BUF};
use nix::sys::signal::Signal::SIGPIPE;

/// A FIFO has the same default capacity as a pipe, and a non-blocking write to a full FIFO fails with EAGAIN.
#[harness::test(
    id = "fifo.default-capacity",
    cite = [
        man("pipe.7", "I/O on pipes and FIFOs"),
        man("pipe.7", "Pipe capacity"),
        posix("write.3p", "ERRORS", "EAGAIN"),
    ],
    covers = ["behaviours:fifo.same-io-semantics"],
    layers = [libc, nix, raw],
)]
fn a_fifo_has_the_capacity_of_a_pipe() -> TestResult {
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

/// A non-blocking write of PIPE_BUF bytes to a FIFO with less free space transfers no data and fails with EAGAIN; a
/// longer write to a FIFO with some free space is a partial write.
#[harness::test(
    id = "fifo.atomic-writes",
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
    covers = ["behaviours:fifo.same-io-semantics"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn writes_of_up_to_pipe_buf_bytes_are_atomic() -> TestResult {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    set_flags(&writer, O_NONBLOCK)?;
    let held = fill_leaving(&writer, PIPE_BUF - 1)?;
    assert_errno!(write(&writer, &[b'x'; PIPE_BUF]), EAGAIN | EWOULDBLOCK);
    assert_eq!(unread(&reader), Ok(held.0.len()));
    // How much fits depends on the kernel, but there is free space for some of the data and not for all.
    let page = page_size();
    assert_eq!(read_bytes(&reader, page), Ok(held.0[..page].into()));
    let written = assert_ok!(write(&writer, &vec![b'y'; 2 * page]));
    assert!((1..2 * page).contains(&written), "{written} bytes of {} were written", 2 * page);
    observe("bytes written of two pages after one page was read", written);
    let rest = Bytes([&held.0[page..], &vec![b'y'; written]].concat());
    assert_eq!(read_bytes(&reader, held.0.len() + page), Ok(rest));
    Ok(())
}

/// If SIGPIPE is ignored, a write to a FIFO whose readers have all closed it fails with EPIPE, and succeeds again once
/// a new reader has opened the FIFO.
#[harness::test(
    id = "fifo.epipe",
    cite = [posix("write.3p", "ERRORS", "EPIPE"), man("pipe.7", "I/O on pipes and FIFOs")],
    covers = ["behaviours:fifo.writer-sigpipe-no-reader", "behaviours:fifo.same-io-semantics"],
    layers = [libc, nix, raw],
)]
fn a_write_without_a_reader_fails_if_sigpipe_is_ignored() -> TestResult {
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

/// F_SETPIPE_SZ sets the capacity of an open FIFO, F_GETPIPE_SZ returns it, and the FIFO then holds that many bytes.
#[harness::test(
    id = "fifo.set-capacity",
    cite = [
        man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ"),
        man("fcntl.2", "Changing the capacity of a pipe", "F_GETPIPE_SZ"),
        man("pipe.7", "Pipe capacity"),
    ],
    covers = ["behaviours:fifo.setpipe-sz-fifo"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn the_capacity_can_be_set_and_read() -> TestResult {
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
