//! The calls that block on a pipe or a FIFO, with one signature, for tables: each moves one byte, or waits until it could.

use calls::for_layers::libc_nix_raw::{pipe, ppoll, read, readv, splice, tee, vmsplice, write, writev};
use calls::for_layers::libc_raw::vmsplice_out;
use kit::channel::Channel;
use kit::prelude::*;
use libc::{POLLIN, POLLOUT};
use std::io::{IoSlice, IoSliceMut};

/// A call on one end of a channel: how many bytes it moved, or how many descriptors are ready.
#[derive(Clone, Copy, Debug)]
pub struct Waiter {
    /// What a process that it blocks is blocked in.
    pub call: &'static Call,
    make: fn(&Fd) -> Result<usize>,
    awaits: Awaits,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug)]
enum Awaits {
    /// Something to read, on the read end.
    Data,
    /// Free space, on the write end.
    Room,
}

pub const READ: Waiter = Waiter::reading(calls::READ, |end| read(end, &mut [0; 1]));
pub const READV: Waiter = Waiter::reading(calls::READV, |end| readv(end, &mut [IoSliceMut::new(&mut [0; 1])]));
pub const SPLICE_FROM: Waiter = Waiter::reading(calls::SPLICE, |end| splice(end, None, &pipe()?.1, None, 1, 0));
pub const TEE_FROM: Waiter = Waiter::reading(calls::TEE, |end| {
    let (_reader, writer) = pipe()?;
    tee(end, &writer, 1, 0)
});
pub const VMSPLICE_FROM: Waiter =
    Waiter::reading(calls::VMSPLICE, |end| vmsplice_out(end, &mut [IoSliceMut::new(&mut [0; 1])], 0));
pub const POLL_FROM: Waiter = Waiter::reading(calls::PPOLL, |end| poll(end, POLLIN));

pub const WRITE: Waiter = Waiter::writing(calls::WRITE, |end| write(end, b"x"));
pub const WRITEV: Waiter = Waiter::writing(calls::WRITEV, |end| writev(end, &[IoSlice::new(b"x")]));
pub const SPLICE_INTO: Waiter = Waiter::writing(calls::SPLICE, |end| splice(&one_byte()?, None, end, None, 1, 0));
pub const TEE_INTO: Waiter = Waiter::writing(calls::TEE, |end| tee(&one_byte()?, end, 1, 0));
pub const VMSPLICE_INTO: Waiter = Waiter::writing(calls::VMSPLICE, |end| vmsplice(end, &[IoSlice::new(b"x")], 0));
pub const POLL_INTO: Waiter = Waiter::writing(calls::PPOLL, |end| poll(end, POLLOUT));

/// The read end of a pipe that holds one byte and has no writer.
fn one_byte() -> Result<Fd> {
    let (reader, writer) = pipe()?;
    write(&writer, b"x")?;
    Ok(reader)
}

fn poll(end: &Fd, events: i16) -> Result<usize> {
    ppoll(&[(end, events)], None, None).map(|(ready, _)| ready)
}

impl Waiter {
    const fn reading(call: &'static Call, make: fn(&Fd) -> Result<usize>) -> Self {
        Self { call, make, awaits: Awaits::Data }
    }

    const fn writing(call: &'static Call, make: fn(&Fd) -> Result<usize>) -> Self {
        Self { call, make, awaits: Awaits::Room }
    }

    /// A channel on which it blocks: an empty one, or a full one.
    pub fn obstacle(self, channel: Channel) -> TestResult<Obstacle> {
        let (reader, writer) = channel.open()?;
        let held = match self.awaits {
            Awaits::Data => "".into(),
            Awaits::Room => fill(&writer)?,
        };
        Ok(Obstacle { waiter: self, reader, writer, held })
    }
}

/// A channel on which a call blocks.
#[derive(Debug)]
pub struct Obstacle {
    waiter: Waiter,
    pub reader: Fd,
    pub writer: Fd,
    /// What it holds.
    pub held: Bytes,
}

impl Obstacle {
    /// Makes the call.
    pub fn wait(&self) -> Result<usize> {
        (self.waiter.make)(match self.waiter.awaits {
            Awaits::Data => &self.reader,
            Awaits::Room => &self.writer,
        })
    }

    /// Two children that are blocked in the call, each with what it does before and after.
    pub fn two(&self, before: impl Fn(), after: impl Fn(Result<usize>)) -> TestResult<[Child; 2]> {
        let [one, other] = [(); 2].map(|()| -> TestResult<Child> {
            let child = fork(|| {
                before();
                after(self.wait());
            })?;
            child.wait_until_blocked_in(self.waiter.call)?;
            Ok(child)
        });
        Ok([one?, other?])
    }

    /// Writes two bytes into the empty channel, or reads all that the full one holds.
    pub fn remove(&self) -> TestResult {
        match self.waiter.awaits {
            Awaits::Data => write_all(&self.writer, b"ab"),
            Awaits::Room => {
                let Bytes(read) = read_exactly(&self.reader, self.held.0.len())?;
                assert!(read == self.held.0, "what was read is what was written");
                Ok(())
            }
        }
    }
}
