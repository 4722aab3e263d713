//! Many processes on one pipe of one page: no byte is lost, and no wake-up.

use kit::channel::{Channel, FIFO, PIPE};
use kit::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

const WRITERS: u32 = 4;
/// How often each of them writes: together fifteen times what one page holds.
const WRITES: u32 = 2_000;

/// 8,000 writes of 8 bytes by four processes to a pipe or FIFO of one page all arrive whole, those of each process in its
/// order, while one process reads them one by one.
#[harness::test(
    rows = [
        ("pipe.many-writers", ["behaviours:pipe.atomic-block-small"], PIPE),
        ("fifo.many-writers", ["behaviours:fifo.same-io-semantics"], FIFO),
    ],
    cite = [posix("write.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
)]
fn many_writers_and_a_reader(channel: Channel) -> TestResult {
    let (reader, writer) = channel.open()?;
    assert_eq!(set_capacity(&writer, page_size() as i32), Ok(page_size() as i32));
    assert_eq!(get_capacity(&writer), Ok(page_size() as i32));
    let write_all = |who| {
        fork(|| {
            reader.close();
            let whole = (0..WRITES).filter(|number| write(&writer, &record(who, *number)) == Ok(8)).count();
            assert_eq!(whole, WRITES as usize);
        })
    };
    let writers = (0..WRITERS).map(write_all).collect::<TestResult<Vec<_>>>()?;
    drop(writer);
    let mut next = [0; WRITERS as usize];
    loop {
        let Bytes(bytes) = read_bytes(&reader, 8)?;
        let Some(who) = (0..WRITERS).find(|who| bytes == record(*who, next[*who as usize])) else {
            assert_eq!(Bytes(bytes), "".into());
            break;
        };
        next[who as usize] += 1;
    }
    assert_eq!(next, [WRITES; WRITERS as usize]);
    writers.into_iter().try_for_each(Child::join)
}

/// Who writes, and which of its writes this is.
fn record(who: u32, number: u32) -> [u8; 8] {
    (u64::from(who) << 32 | u64::from(number)).to_be_bytes()
}

/// Four processes that write 100 times three pages and a byte each, and three that read, share a pipe or FIFO of one page:
/// each write returns all of its bytes, and as many bytes are read as were written.
#[harness::test(
    rows = [
        ("pipe.many-writers-and-readers", ["behaviours:pipe.block-large", "behaviours:pipe.multiple-readers-split"], PIPE),
        ("fifo.many-writers-and-readers", ["behaviours:fifo.same-io-semantics"], FIFO),
    ],
    cite = [posix("write.3p", "DESCRIPTION"), posix("read.3p", "DESCRIPTION"), man("pipe.7", "PIPE_BUF")],
)]
fn many_writers_and_readers(channel: Channel) -> TestResult {
    const LARGE_WRITES: usize = 100;
    let (reader, writer) = channel.open()?;
    assert_eq!(set_capacity(&writer, page_size() as i32), Ok(page_size() as i32));
    assert_eq!(get_capacity(&writer), Ok(page_size() as i32));
    let (received, large) = (Shared::new(AtomicUsize::new(0))?, Bytes::of(b'x', 3 * page_size() + 1));
    let read_all = || {
        fork(|| -> TestResult {
            writer.close();
            loop {
                match read_bytes(&reader, 1000)?.0.len() {
                    0 => return Ok(()),
                    count => received.fetch_add(count, Ordering::Relaxed),
                };
            }
        })
    };
    let readers = [read_all()?, read_all()?, read_all()?];
    drop(reader);
    let write_all = |_| {
        fork(|| {
            let whole = (0..LARGE_WRITES).filter(|_| write(&writer, &large.0) == Ok(large.0.len())).count();
            assert_eq!(whole, LARGE_WRITES);
        })
    };
    let writers = (0..WRITERS).map(write_all).collect::<TestResult<Vec<_>>>()?;
    drop(writer);
    writers.into_iter().chain(readers).try_for_each(Child::join)?;
    assert_eq!(received.load(Ordering::Relaxed), WRITERS as usize * LARGE_WRITES * large.0.len());
    Ok(())
}
