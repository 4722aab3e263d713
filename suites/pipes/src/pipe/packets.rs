//! Packet mode: pipes made with O_DIRECT.

use kit::prelude::*;
use libc::{O_DIRECT, O_NONBLOCK, PIPE_BUF};

/// In packet mode each write is one packet, and one read returns one packet, however much it asks for.
#[harness::test(
    id = "pipe.packets",
    cite = "pipe(2), O_DIRECT",
    covers = ["behaviours:pipe.direct-packet-mode"],
    layers = [libc, nix, raw],
)]
fn one_read_returns_one_write() -> Scene {
    let (reader, writer) = pipe2(O_DIRECT)?;
    let largest = Bytes::sequence(PIPE_BUF);
    for packet in ["abc".into(), "de".into(), largest.clone()] {
        let Bytes(bytes) = packet;
        assert_eq!(write(&writer, &bytes), Ok(bytes.len()));
    }
    assert_eq!(read_bytes(&reader, 2 * PIPE_BUF), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 2 * PIPE_BUF), Ok("de".into()));
    assert_eq!(read_bytes(&reader, 2 * PIPE_BUF), Ok(largest));
    Ok(())
}

/// In packet mode a read that asks for less than the packet loses the rest of it: the next read returns the next
/// packet.
#[harness::test(
    id = "pipe.packet-short-read",
    cite = "pipe(2), O_DIRECT",
    covers = ["behaviours:pipe.direct-short-read-discards"],
    layers = [libc, nix, raw],
)]
fn a_short_read_loses_the_rest_of_the_packet() -> Scene {
    let (reader, writer) = pipe2(O_DIRECT | O_NONBLOCK)?;
    write_all(&writer, b"abcde")?;
    write_all(&writer, b"fg")?;
    assert_eq!(read_bytes(&reader, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("fg".into()));
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}

/// In packet mode a write of more than PIPE_BUF bytes is cut into several packets.
#[harness::test(
    id = "pipe.packet-large-write",
    cite = "pipe(2), O_DIRECT",
    covers = ["behaviours:pipe.direct-split-large"],
    layers = [libc, nix, raw],
)]
fn a_large_write_is_cut_into_packets() -> Scene {
    let (reader, writer) = pipe2(O_DIRECT | O_NONBLOCK)?;
    let Bytes(written) = Bytes::sequence(2 * PIPE_BUF + 904);
    assert_eq!(write(&writer, &written), Ok(written.len()));
    for packet in written.chunks(PIPE_BUF) {
        assert_eq!(read_bytes(&reader, written.len()), Ok(packet.into()));
    }
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}

/// In packet mode there are no empty packets: a write of nothing returns 0, and reads do not see it.
#[harness::test(
    id = "pipe.packet-empty-write",
    cite = "pipe(2), O_DIRECT",
    covers = ["behaviours:pipe.direct-zero-no-packet"],
    layers = [libc, nix, raw],
)]
fn an_empty_write_is_no_packet() -> Scene {
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
