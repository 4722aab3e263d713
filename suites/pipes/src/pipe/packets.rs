//! Packet mode: pipes created with O_DIRECT.

use crate::needs::PIPE_PAGES;
use kit::prelude::*;
use libc::{O_DIRECT, O_NONBLOCK, O_RDONLY, O_WRONLY, PIPE_BUF};

/// pipe2 with O_DIRECT creates a pipe in packet mode: O_DIRECT is set on its write end alone, and F_SETFL can clear it.
#[harness::test(
    id = "pipe.packet-creation",
    cite = [kernel("fs/pipe.c", "create_pipe_files", "6.18"), man("pipe.2", "DESCRIPTION", "O_DIRECT")],
    covers = ["behaviours:pipe.direct-packet-mode"],
    layers = [libc, nix, raw],
)]
fn pipe2_with_o_direct_creates_a_pipe() -> TestResult {
    let (reader, writer) = assert_ok!(pipe2(O_DIRECT));
    assert_eq!((get_flags(&reader), get_flags(&writer)), (Ok(O_RDONLY), Ok(O_WRONLY | O_DIRECT)));
    assert_eq!(set_flags(&writer, 0), Ok(0));
    assert_eq!((get_flags(&reader), get_flags(&writer)), (Ok(O_RDONLY), Ok(O_WRONLY)));
    Ok(())
}

/// In packet mode each write of up to PIPE_BUF bytes is one packet, and a read returns one packet even if its buffer is
/// larger.
#[harness::test(
    id = "pipe.packets",
    cite = [man("pipe.2", "DESCRIPTION", "O_DIRECT")],
    covers = ["behaviours:pipe.direct-packet-mode"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn one_read_returns_one_packet() -> TestResult {
    let (reader, writer) = pipe2(O_DIRECT)?;
    let largest = Bytes::sequence(PIPE_BUF);
    for packet in ["abc".into(), "de".into(), largest.clone()] {
        let Bytes(bytes) = packet;
        assert_eq!(write(&writer, &bytes), Ok(bytes.len()));
    }
    assert_eq!(read_bytes(&reader, 2 * PIPE_BUF), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 2 * PIPE_BUF), Ok("de".into()));
    assert_eq!(read_bytes(&reader, 2 * PIPE_BUF), Ok(largest));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// In packet mode a read with a buffer smaller than the packet discards the excess bytes; the next read returns the
/// next packet.
#[harness::test(
    id = "pipe.packet-short-read",
    cite = [man("pipe.2", "DESCRIPTION", "O_DIRECT")],
    covers = ["behaviours:pipe.direct-short-read-discards"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_short_read_discards_the_rest_of_the_packet() -> TestResult {
    let (reader, writer) = pipe2(O_DIRECT | O_NONBLOCK)?;
    write_all(&writer, b"abcde")?;
    write_all(&writer, b"fg")?;
    assert_eq!(read_bytes(&reader, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("fg".into()));
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}

/// In packet mode a write of more than PIPE_BUF bytes, here of more than two pages, is split into several packets, which hold its
/// bytes in order.
#[harness::test(
    id = "pipe.packet-large-write",
    cite = [man("pipe.2", "DESCRIPTION", "O_DIRECT")],
    covers = ["behaviours:pipe.direct-split-large"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_large_write_is_split_into_packets() -> TestResult {
    let (reader, writer) = pipe2(O_DIRECT | O_NONBLOCK)?;
    let Bytes(written) = Bytes::sequence(2 * page_size() + 904);
    assert_eq!(write(&writer, &written), Ok(written.len()));
    let (mut packets, mut received) = (0, Vec::new());
    while received.len() < written.len() {
        received.extend(assert_ok!(read_bytes(&reader, written.len())).0);
        packets += 1;
    }
    assert!(packets > 1, "{} bytes are one packet", written.len());
    assert_eq!(Bytes(received), Bytes(written));
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    observe("packets of a write of two pages and 904 bytes", packets);
    Ok(())
}

/// In packet mode a zero-length write returns 0 and adds no packet.
#[harness::test(
    id = "pipe.packet-empty-write",
    cite = [kernel("fs/pipe.c", "anon_pipe_write", "6.18"), man("pipe.2", "DESCRIPTION", "O_DIRECT")],
    covers = ["behaviours:pipe.direct-zero-no-packet"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_zero_length_write_adds_no_packet() -> TestResult {
    let (reader, writer) = pipe2(O_DIRECT | O_NONBLOCK)?;
    assert_eq!(write(&writer, b""), Ok(0));
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    write_all(&writer, b"abc")?;
    assert_eq!(write(&writer, b""), Ok(0));
    write_all(&writer, b"de")?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("de".into()));
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}
