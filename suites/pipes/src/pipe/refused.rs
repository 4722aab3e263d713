//! Reads and writes that are refused: wrong descriptors, wrong objects, wrong memory, wrong vectors, wrong positions.

use kit::file::{content, file_of};
use kit::prelude::*;
use libc::iovec;
use nix::sys::epoll::{Epoll, EpollCreateFlags};
use rstest::rstest;
use std::io::{IoSlice, IoSliceMut};

#[rstest]
#[case::read(|fd| read(fd, &mut [0; 1]))]
#[case::write(|fd| write(fd, b"x"))]
#[case::readv(|fd| readv(fd, &mut [IoSliceMut::new(&mut [0; 1])]))]
#[case::writev(|fd| writev(fd, &[IoSlice::new(b"x")]))]
/// Reading and writing by a number that is not an open descriptor fail with EBADF.
#[harness::test(
    id = "pipe.closed-descriptor",
    cite = "POSIX.1-2024 read(), write(), readv(), writev(): EBADF",
    covers = [
        "errors:pipe.read.EBADF",
        "errors:pipe.write.EBADF",
        "errors:pipe.readv.EBADF",
        "errors:pipe.writev.EBADF",
    ],
    layers = [libc, nix, raw],
)]
fn a_closed_descriptor_is_refused(#[case] call: fn(i32) -> Result<usize>) -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let closed = [reader.number(), writer.number()];
    drop((reader, writer));
    for number in closed {
        assert_errno!(call(number), EBADF);
    }
    Ok(())
}

/// readv on the write end and writev on the read end fail with EBADF, and change nothing in the pipe.
#[harness::test(
    id = "pipe.vectored-wrong-end",
    cite = "POSIX.1-2024 readv(), writev(): EBADF; readv(2), ERRORS as for read(2) and write(2)",
    covers = ["errors:pipe.readv.EBADF", "errors:pipe.writev.EBADF"],
    layers = [libc, nix, raw],
)]
fn the_wrong_end_is_refused() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(readv(&writer, &mut [IoSliceMut::new(&mut [0; 1])]), EBADF);
    assert_errno!(writev(&reader, &[IoSlice::new(b"x")]), EBADF);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::read(|fd: &Fd| read(fd, &mut [0; 1]))]
#[case::write(|fd: &Fd| write(fd, b"x"))]
/// Reading and writing fail with EINVAL on an object that has neither bytes to read nor a place to write, as an epoll
/// instance.
#[harness::test(
    id = "pipe.unsuitable-object",
    cite = "read(2), write(2): EINVAL, fd is attached to an object which is unsuitable",
    covers = ["errors:pipe.read.EINVAL", "errors:pipe.write.EINVAL"],
    layers = [libc, nix, raw],
)]
fn an_epoll_instance_is_not_read_or_written(#[case] call: fn(&Fd) -> Result<usize>) -> Scene {
    let epoll = Fd::from(Epoll::new(EpollCreateFlags::empty())?.0);
    assert_errno!(call(&epoll), EINVAL);
    Ok(())
}

/// Reading a directory fails with EISDIR.
#[harness::test(
    id = "pipe.read-directory",
    cite = "POSIX.1-2024 read(): EISDIR; read(2)",
    covers = ["errors:pipe.read.EISDIR"],
    layers = [libc, nix, raw],
)]
fn a_directory_is_not_read() -> Scene {
    let directory = open(scratch(), libc::O_RDONLY | libc::O_DIRECTORY)?;
    assert_errno!(read(&directory, &mut [0; 1]), EISDIR);
    Ok(())
}

#[rstest]
#[case::read(READ)]
#[case::write(WRITE)]
#[case::readv(READV)]
#[case::writev(WRITEV)]
/// A buffer, or an array of segments, outside the address space is refused with EFAULT, and the pipe keeps what it held.
#[harness::test(
    id = "pipe.bad-address",
    cite = "read(2), write(2): EFAULT; readv(2), ERRORS as for read(2) and write(2)",
    covers = [
        "errors:pipe.read.EFAULT",
        "errors:pipe.write.EFAULT",
        "errors:pipe.readv.EFAULT",
        "errors:pipe.writev.EFAULT",
    ],
)]
fn memory_outside_the_address_space_is_refused(#[case] call: Call) -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(call.ask(call.end(&reader, &writer), BAD_ADDRESS, 1, 0, 0), EFAULT);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::readv(READV)]
#[case::writev(WRITEV)]
/// A segment outside the address space is refused with EFAULT, and the pipe keeps what it held.
#[harness::test(
    id = "pipe.bad-segment",
    cite = "readv(2), ERRORS as for read(2) and write(2): EFAULT",
    covers = ["errors:pipe.readv.EFAULT", "errors:pipe.writev.EFAULT"],
)]
fn a_segment_outside_the_address_space_is_refused(#[case] call: Call) -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let nowhere = iovec { iov_base: BAD_ADDRESS as *mut _, iov_len: 1 };
    assert_errno!(call.ask_vectored(call.end(&reader, &writer), &[nowhere], 1, 0, 0), EFAULT);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::readv(READV)]
#[case::writev(WRITEV)]
#[case::preadv2(PREADV2)]
#[case::pwritev2(PWRITEV2)]
/// On a pipe, a vector with a segment longer than SSIZE_MAX, with a negative number of segments, or with more than IOV_MAX
/// of them is refused with EINVAL; so is an unknown flag with EOPNOTSUPP, and the pipe keeps what it held.
#[harness::test(
    id = "pipe.bad-vector",
    cite = "POSIX.1-2024 readv(), writev(): EINVAL; readv(2): EINVAL, EOPNOTSUPP, and preadv2() with offset -1",
    covers = [
        "errors:pipe.readv.EINVAL",
        "errors:pipe.readv.EINVAL.2",
        "errors:pipe.writev.EINVAL",
        "errors:pipe.writev.EINVAL.2",
        "errors:pipe.preadv2.EINVAL",
        "errors:pipe.preadv2.EINVAL.2",
        "errors:pipe.preadv2.EOPNOTSUPP",
        "errors:pipe.pwritev2.EINVAL",
        "errors:pipe.pwritev2.EINVAL.2",
        "errors:pipe.pwritev2.EOPNOTSUPP",
    ],
)]
fn an_impossible_vector_is_refused_on_a_pipe(#[case] call: Call) -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    write_all(&writer, b"abc")?;
    let end = call.end(&reader, &writer);
    call.assert_refuses_impossible_vectors(end, AT_THE_POSITION);
    if call.has_flags {
        let mut byte = *b"x";
        assert_errno!(call.ask_vectored(end, &[segment(&mut byte)], 1, AT_THE_POSITION, UNKNOWN_FLAG), EOPNOTSUPP);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::preadv(PREADV)]
#[case::pwritev(PWRITEV)]
#[case::preadv2(PREADV2)]
#[case::pwritev2(PWRITEV2)]
/// On a file, at an offset, a vector with a segment longer than SSIZE_MAX, with a negative number of segments, or with more
/// than IOV_MAX of them is refused with EINVAL, and the file keeps what it held.
#[harness::test(
    id = "pipe.bad-vector-in-file",
    cite = "POSIX.1-2024 readv(), writev(): EINVAL; readv(2): EINVAL, and preadv(), pwritev()",
    covers = [
        "errors:pipe.preadv.EINVAL",
        "errors:pipe.preadv.EINVAL.2",
        "errors:pipe.pwritev.EINVAL",
        "errors:pipe.pwritev.EINVAL.2",
    ],
)]
fn an_impossible_vector_is_refused_in_a_file(#[case] call: Call) -> Scene {
    let file = file_of(b"abc", libc::O_RDWR)?;
    call.assert_refuses_impossible_vectors(file.number() as usize, 0);
    assert_eq!(content(&file), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::at_the_start(0)]
#[case::further_on(1)]
/// preadv and pwritev on a pipe fail with ESPIPE, whatever the offset, and the pipe keeps what it held.
#[harness::test(
    id = "pipe.positioned-vectored",
    cite = "readv(2), ERRORS as for lseek(2): ESPIPE",
    covers = ["errors:pipe.preadv.ESPIPE", "errors:pipe.pwritev.ESPIPE"],
    layers = [libc, nix, raw],
)]
fn a_pipe_has_no_positions(#[case] offset: i64) -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(preadv(&reader, &mut [IoSliceMut::new(&mut [0; 1])], offset), ESPIPE);
    assert_errno!(pwritev(&writer, &[IoSlice::new(b"x")], offset), ESPIPE);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// preadv2 and pwritev2 on a pipe fail with ESPIPE at an offset, and with offset -1 read and write as readv and writev do.
#[harness::test(
    id = "pipe.positioned-vectored-2",
    cite = "readv(2), ERRORS as for lseek(2): ESPIPE; preadv2() and pwritev2(): offset -1",
    covers = ["errors:pipe.preadv2.ESPIPE", "errors:pipe.pwritev2.ESPIPE"],
    layers = [libc, raw],
)]
fn a_pipe_has_only_the_present_position() -> Scene {
    let (reader, writer) = pipe()?;
    assert_eq!(pwritev2(&writer, &[IoSlice::new(b"ab"), IoSlice::new(b"c")], -1, 0), Ok(3));
    let (mut first, mut second) = (*b".", *b"...");
    let mut buffers = [&mut first[..], &mut second].map(IoSliceMut::new);
    for offset in [0, 1] {
        assert_errno!(preadv2(&reader, &mut buffers, offset, 0), ESPIPE);
        assert_errno!(pwritev2(&writer, &[IoSlice::new(b"x")], offset, 0), ESPIPE);
    }
    assert_eq!(preadv2(&reader, &mut buffers, -1, 0), Ok(3));
    assert_eq!((&first, &second), (b"a", b"bc."));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// Offset -1 of preadv2 and pwritev2: the current position, the only one that a pipe has.
const AT_THE_POSITION: i64 = -1;

/// A bit that no RWF flag has.
const UNKNOWN_FLAG: usize = 1 << 30;

/// A system call that reads or writes, by number: for arguments that no library lets through.
#[derive(Clone, Copy, Debug)]
struct Call {
    name: &'static str,
    number: i64,
    way: Way,
    has_flags: bool,
}

/// Whether a call takes bytes from a pipe or gives it some.
#[derive(Clone, Copy, Debug)]
enum Way {
    Read,
    Write,
}
use Way::{Read, Write};

const READ: Call = Call { name: "read", number: libc::SYS_read, way: Read, has_flags: false };
const WRITE: Call = Call { name: "write", number: libc::SYS_write, way: Write, has_flags: false };
const READV: Call = Call { name: "readv", number: libc::SYS_readv, way: Read, has_flags: false };
const WRITEV: Call = Call { name: "writev", number: libc::SYS_writev, way: Write, has_flags: false };
const PREADV: Call = Call { name: "preadv", number: libc::SYS_preadv, way: Read, has_flags: false };
const PWRITEV: Call = Call { name: "pwritev", number: libc::SYS_pwritev, way: Write, has_flags: false };
const PREADV2: Call = Call { name: "preadv2", number: libc::SYS_preadv2, way: Read, has_flags: true };
const PWRITEV2: Call = Call { name: "pwritev2", number: libc::SYS_pwritev2, way: Write, has_flags: true };

impl Call {
    /// The end of a pipe for this way, as an argument.
    fn end(self, reader: &Fd, writer: &Fd) -> usize {
        match self.way {
            Read => reader.number() as usize,
            Write => writer.number() as usize,
        }
    }

    /// A buffer and its length, or segments and their number. The older calls do not look at offset and flags.
    fn ask(self, fd: usize, start: usize, count: usize, offset: i64, flags: usize) -> Result<i64> {
        // SAFETY: what is there outlives the call, or is nowhere, or is refused by its length.
        unsafe { syscall(self.name, self.number, [fd, start, count, offset as usize, 0, flags]) }
    }

    fn ask_vectored(self, fd: usize, segments: &[iovec], count: usize, offset: i64, flags: usize) -> Result<i64> {
        self.ask(fd, segments.as_ptr() as usize, count, offset, flags)
    }

    fn assert_refuses_impossible_vectors(self, fd: usize, offset: i64) {
        const NEGATIVE: usize = -1_isize as usize;
        let mut byte = *b"x";
        let good = segment(&mut byte);
        let too_long = iovec { iov_len: isize::MAX as usize + 1, ..good };
        let too_many = vec![good; libc::UIO_MAXIOV as usize + 1];
        assert_errno!(self.ask_vectored(fd, &[too_long], 1, offset, 0), EINVAL);
        assert_errno!(self.ask_vectored(fd, &[good], NEGATIVE, offset, 0), EINVAL);
        assert_errno!(self.ask_vectored(fd, &too_many, too_many.len(), offset, 0), EINVAL);
        assert_eq!(byte, *b"x");
    }
}

fn segment(bytes: &mut [u8]) -> iovec {
    iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
}
