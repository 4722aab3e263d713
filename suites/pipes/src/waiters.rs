//! The calls that block on a pipe or a FIFO, with one signature, for tables: each moves one byte, or waits until it could.

use calls::for_layers::libc_nix_raw::{pipe, ppoll, read, readv, splice, tee, vmsplice, write, writev};
use calls::for_layers::libc_raw::vmsplice_out;
use kit::channel::Channel;
use kit::prelude::*;
use libc::{POLLIN, POLLOUT};
use std::io::{IoSlice, IoSliceMut};

/// A call that an obstacle blocks. It returns how many bytes it moved, or how many descriptors are ready.
#[derive(Clone, Copy, Debug)]
pub struct Waiter {
    /// What a process that it blocks is blocked in.
    pub call: &'static Call,
    make: fn(&Obstacle) -> Result<usize>,
    awaits: Awaits,
    /// How many bytes it takes from the channel or adds to it.
    moves: usize,
    /// How many bytes it adds to the target.
    passes_on: usize,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug)]
enum Awaits {
    /// Something to read, on the read end.
    Data,
    /// Free space, on the write end.
    Room,
}
use Awaits::{Data, Room};

pub const READ: Waiter = Waiter::new(calls::READ, Data, 1, |on| {
    let mut byte = [0];
    read(&on.reader, &mut byte).inspect(|count| assert_read(&byte[..*count]))
});
pub const READV: Waiter = Waiter::new(calls::READV, Data, 1, |on| {
    let mut byte = [0];
    readv(&on.reader, &mut [IoSliceMut::new(&mut byte)]).inspect(|count| assert_read(&byte[..*count]))
});
pub const SPLICE_FROM: Waiter =
    Waiter::new(calls::SPLICE, Data, 1, |on| splice(&on.reader, None, &on.target, None, 1, 0)).passes_on(1);
pub const TEE_FROM: Waiter = Waiter::new(calls::TEE, Data, 0, |on| tee(&on.reader, &on.target, 1, 0)).passes_on(1);
pub const VMSPLICE_FROM: Waiter = Waiter::new(calls::VMSPLICE, Data, 1, |on| {
    let mut byte = [0];
    vmsplice_out(&on.reader, &mut [IoSliceMut::new(&mut byte)], 0).inspect(|count| assert_read(&byte[..*count]))
});
pub const POLL_FROM: Waiter = Waiter::new(calls::PPOLL, Data, 0, |on| poll(&on.reader, POLLIN));

pub const WRITE: Waiter = Waiter::new(calls::WRITE, Room, 1, |on| write(&on.writer, b"x"));
pub const WRITEV: Waiter = Waiter::new(calls::WRITEV, Room, 1, |on| writev(&on.writer, &[IoSlice::new(b"x")]));
pub const SPLICE_INTO: Waiter =
    Waiter::new(calls::SPLICE, Room, 1, |on| splice(&on.source, None, &on.writer, None, 1, 0));
pub const TEE_INTO: Waiter = Waiter::new(calls::TEE, Room, 1, |on| tee(&on.source, &on.writer, 1, 0));
pub const VMSPLICE_INTO: Waiter =
    Waiter::new(calls::VMSPLICE, Room, 1, |on| vmsplice(&on.writer, &[IoSlice::new(b"x")], 0));
pub const POLL_INTO: Waiter = Waiter::new(calls::PPOLL, Room, 0, |on| poll(&on.writer, POLLOUT));

fn assert_read(bytes: &[u8]) {
    assert!(bytes.iter().all(|byte| *byte == b'x'), "what is read is what was written");
}

fn poll(end: &Fd, events: i16) -> Result<usize> {
    ppoll(&[(end, events)], None, None).map(|(ready, _)| ready)
}

impl Waiter {
    const fn new(call: &'static Call, awaits: Awaits, moves: usize, make: fn(&Obstacle) -> Result<usize>) -> Self {
        Self { call, make, awaits, moves, passes_on: 0 }
    }

    const fn passes_on(self, passes_on: usize) -> Self {
        Self { passes_on, ..self }
    }

    /// A channel on which it blocks: an empty one, or a full one.
    pub fn obstacle(self, channel: Channel) -> TestResult<Obstacle> {
        let (reader, writer) = channel.open()?;
        let held = match self.awaits {
            Data => "".into(),
            Room => fill(&writer)?,
        };
        let ((source, to_source), (from_target, target)) = (pipe()?, pipe()?);
        write_all(&to_source, b"xx")?;
        Ok(Obstacle { waiter: self, reader, writer, held, source, target, from_target, _to_source: to_source })
    }
}

/// A channel on which a call blocks, and two pipes on which none does.
#[derive(Debug)]
pub struct Obstacle {
    waiter: Waiter,
    /// The read end of the channel.
    pub reader: Fd,
    /// The write end of the channel.
    pub writer: Fd,
    /// What the channel holds.
    pub held: Bytes,
    /// A pipe that holds two bytes.
    source: Fd,
    /// A pipe that holds none.
    target: Fd,
    from_target: Fd,
    _to_source: Fd,
}

impl Obstacle {
    /// Makes the call.
    pub fn wait(&self) -> Result<usize> {
        (self.waiter.make)(self)
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
            Data => write_all(&self.writer, b"xx"),
            Room => {
                let read = read_exactly(&self.reader, self.held.0.len())?;
                assert_eq!(read, self.held);
                Ok(())
            }
        }
    }

    /// Asserts that after the removal and so many calls the channel holds what these have left, or added, and the target what
    /// they passed on.
    pub fn assert_left_by(&self, calls: usize) {
        let left = match self.waiter.awaits {
            Data => 2 - calls * self.waiter.moves,
            Room => calls * self.waiter.moves,
        };
        assert_eq!(unread(&self.reader), Ok(left));
        assert_eq!(unread(&self.from_target), Ok(calls * self.waiter.passes_on));
        if left > 0 {
            assert_eq!(read_bytes(&self.reader, 9), Ok(Bytes::of(b'x', left)));
        }
    }
}
