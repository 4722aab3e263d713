//! Reads and writes that fail: bad descriptors, objects, addresses, vectors and offsets.

use kit::file::{content, file_of};
use kit::prelude::*;
use libc::iovec;
use nix::sys::epoll::{Epoll, EpollCreateFlags};
use std::io::{IoSlice, IoSliceMut};

#[harness::errors(
    family = "closed-descriptor",
    rows = [
        ("pipe.closed-descriptor/read", "errors:pipe.read.EBADF", |fd| read(fd, &mut [0; 1])),
        ("pipe.closed-descriptor/write", "errors:pipe.write.EBADF", |fd| write(fd, b"x")),
        ("pipe.closed-descriptor/readv", "errors:pipe.readv.EBADF", |fd| readv(fd, &mut [IoSliceMut::new(&mut [0; 1])])),
        ("pipe.closed-descriptor/writev", "errors:pipe.writev.EBADF", |fd| writev(fd, &[IoSlice::new(b"x")])),
    ],
    layers = [libc, raw],
)]
fn a_closed_descriptor_is_rejected(call: fn(i32) -> Result<usize>) -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let closed = [reader.number(), writer.number()];
    drop((reader, writer));
    for number in closed {
        assert_errno!(call(number), EBADF);
    }
    Ok(())
}

/// readv on the write end and writev on the read end fail with EBADF and leave the data in the pipe unchanged.
#[harness::test(
    id = "pipe.vectored-wrong-end",
    cite = [
        man("readv.2", "ERRORS"),
        man("read.2", "ERRORS", "EBADF"),
        man("write.2", "ERRORS", "EBADF"),
        man("pipe.7", "DESCRIPTION"),
    ],
    covers = ["errors:pipe.readv.EBADF", "errors:pipe.writev.EBADF"],
    layers = [libc, nix, raw],
)]
fn the_wrong_end_is_rejected() -> TestResult {
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
/// read and write fail with EINVAL on an epoll instance, an object that is unsuitable for reading and writing.
#[harness::test(
    id = "pipe.unsuitable-object",
    cite = [man("read.2", "ERRORS", "EINVAL"), man("write.2", "ERRORS", "EINVAL")],
    covers = ["errors:pipe.read.EINVAL", "errors:pipe.write.EINVAL"],
    layers = [libc, nix, raw],
)]
fn an_epoll_instance_cannot_be_read_or_written(#[case] call: fn(&Fd) -> Result<usize>) -> TestResult {
    let epoll = Fd::from(Epoll::new(EpollCreateFlags::empty())?.0);
    assert_errno!(call(&epoll), EINVAL);
    Ok(())
}

/// read on a directory fails with EISDIR.
#[harness::test(
    id = "pipe.read-directory",
    cite = [man("read.2", "ERRORS", "EISDIR"), posix("read.3p", "ERRORS", "EISDIR")],
    covers = ["errors:pipe.read.EISDIR"],
    layers = [libc, nix, raw],
)]
fn a_directory_cannot_be_read() -> TestResult {
    let directory = open(scratch(), libc::O_RDONLY | libc::O_DIRECTORY)?;
    assert_errno!(read(&directory, &mut [0; 1]), EISDIR);
    Ok(())
}

#[rstest]
#[case::read(READ)]
#[case::write(WRITE)]
#[case::readv(READV)]
#[case::writev(WRITEV)]
/// A read or write whose buffer or iovec array is outside the address space fails with EFAULT and leaves the data in
/// the pipe unchanged.
#[harness::test(
    id = "pipe.bad-address",
    cite = [man("read.2", "ERRORS", "EFAULT"), man("write.2", "ERRORS", "EFAULT"), man("readv.2", "ERRORS")],
    covers = [
        "errors:pipe.read.EFAULT",
        "errors:pipe.write.EFAULT",
        "errors:pipe.readv.EFAULT",
        "errors:pipe.writev.EFAULT",
    ],
)]
fn memory_outside_the_address_space_is_rejected(#[case] call: Call) -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(call.invoke(call.end(&reader, &writer), BAD_ADDRESS, 1, 0, 0), EFAULT);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::readv(READV)]
#[case::writev(WRITEV)]
/// readv and writev with an iovec element that points outside the address space fail with EFAULT and leave the data in
/// the pipe unchanged.
#[harness::test(
    id = "pipe.bad-iovec-base",
    cite = [man("readv.2", "ERRORS"), man("read.2", "ERRORS", "EFAULT"), man("write.2", "ERRORS", "EFAULT")],
    covers = ["errors:pipe.readv.EFAULT", "errors:pipe.writev.EFAULT"],
)]
fn an_iovec_element_outside_the_address_space_is_rejected(#[case] call: Call) -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let unmapped = iovec { iov_base: BAD_ADDRESS as *mut _, iov_len: 1 };
    assert_errno!(call.invoke_vectored(call.end(&reader, &writer), &[unmapped], 1, 0, 0), EFAULT);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::readv(READV)]
#[case::writev(WRITEV)]
#[case::preadv2(PREADV2)]
#[case::pwritev2(PWRITEV2)]
/// On a pipe, vectored I/O fails with EINVAL when an iovec element is longer than SSIZE_MAX or the number of elements
/// is negative or greater than IOV_MAX, and with EOPNOTSUPP when a flag is unknown. The data in the pipe is unchanged.
#[harness::test(
    id = "pipe.bad-vector",
    cite = [
        man("readv.2", "ERRORS", "EINVAL"),
        man("readv.2", "ERRORS", "EOPNOTSUPP"),
        man("readv.2", "preadv2() and pwritev2()"),
        posix("readv.3p", "ERRORS", "EINVAL"),
        posix("writev.3p", "ERRORS", "EINVAL"),
    ],
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
fn an_invalid_vector_is_rejected_on_a_pipe(#[case] call: Call) -> TestResult {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    write_all(&writer, b"abc")?;
    let end = call.end(&reader, &writer);
    call.assert_rejects_invalid_vectors(end, CURRENT_OFFSET);
    if call.has_flags {
        let mut byte = *b"x";
        assert_errno!(call.invoke_vectored(end, &[element(&mut byte)], 1, CURRENT_OFFSET, UNKNOWN_FLAG), EOPNOTSUPP);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::preadv(PREADV)]
#[case::pwritev(PWRITEV)]
#[case::preadv2(PREADV2)]
#[case::pwritev2(PWRITEV2)]
/// On a regular file, positioned vectored I/O fails with EINVAL when an iovec element is longer than SSIZE_MAX or the
/// number of elements is negative or greater than IOV_MAX, and leaves the file unchanged.
#[harness::test(
    id = "pipe.bad-vector-in-file",
    cite = [
        man("readv.2", "ERRORS", "EINVAL"),
        man("readv.2", "preadv() and pwritev()"),
        man("readv.2", "preadv2() and pwritev2()"),
    ],
    covers = [
        "errors:pipe.preadv.EINVAL",
        "errors:pipe.preadv.EINVAL.2",
        "errors:pipe.pwritev.EINVAL",
        "errors:pipe.pwritev.EINVAL.2",
    ],
)]
fn an_invalid_vector_is_rejected_on_a_file(#[case] call: Call) -> TestResult {
    let file = file_of(b"abc", libc::O_RDWR)?;
    call.assert_rejects_invalid_vectors(file.number() as usize, 0);
    assert_eq!(content(&file), Ok("abc".into()));
    Ok(())
}

#[rstest]
#[case::offset_0(0)]
#[case::offset_1(1)]
/// preadv and pwritev on a pipe fail with ESPIPE at any offset and leave the data in the pipe unchanged.
#[harness::test(
    id = "pipe.preadv-espipe",
    cite = [man("readv.2", "ERRORS"), man("lseek.2", "ERRORS", "ESPIPE"), man("readv.2", "preadv() and pwritev()")],
    covers = ["errors:pipe.preadv.ESPIPE", "errors:pipe.pwritev.ESPIPE"],
    layers = [libc, nix, raw],
)]
fn preadv_and_pwritev_fail_on_a_pipe(#[case] offset: i64) -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    assert_errno!(preadv(&reader, &mut [IoSliceMut::new(&mut [0; 1])], offset), ESPIPE);
    assert_errno!(pwritev(&writer, &[IoSlice::new(b"x")], offset), ESPIPE);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// preadv2 and pwritev2 on a pipe fail with ESPIPE at a nonnegative offset; with offset -1 they read and write like
/// readv and writev.
#[harness::test(
    id = "pipe.preadv2-espipe",
    cite = [man("readv.2", "preadv2() and pwritev2()"), man("readv.2", "ERRORS"), man("lseek.2", "ERRORS", "ESPIPE")],
    covers = ["errors:pipe.preadv2.ESPIPE", "errors:pipe.pwritev2.ESPIPE"],
    layers = [libc, raw],
)]
fn preadv2_and_pwritev2_on_a_pipe_need_offset_minus_1() -> TestResult {
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

/// Offset -1 of preadv2 and pwritev2: the current file offset, the only one valid for a pipe.
const CURRENT_OFFSET: i64 = -1;

/// A bit that is not an RWF flag.
const UNKNOWN_FLAG: usize = 1 << 30;

/// A system call that reads or writes, by number: for arguments that libraries do not pass on.
#[derive(Clone, Copy, Debug)]
struct Call {
    name: &'static str,
    number: Sysno,
    direction: Direction,
    has_flags: bool,
}

/// Whether a call reads or writes.
#[derive(Clone, Copy, Debug)]
enum Direction {
    Read,
    Write,
}
use Direction::{Read, Write};

const READ: Call = Call { name: "read", number: Sysno::read, direction: Read, has_flags: false };
const WRITE: Call = Call { name: "write", number: Sysno::write, direction: Write, has_flags: false };
const READV: Call = Call { name: "readv", number: Sysno::readv, direction: Read, has_flags: false };
const WRITEV: Call = Call { name: "writev", number: Sysno::writev, direction: Write, has_flags: false };
const PREADV: Call = Call { name: "preadv", number: Sysno::preadv, direction: Read, has_flags: false };
const PWRITEV: Call = Call { name: "pwritev", number: Sysno::pwritev, direction: Write, has_flags: false };
const PREADV2: Call = Call { name: "preadv2", number: Sysno::preadv2, direction: Read, has_flags: true };
const PWRITEV2: Call = Call { name: "pwritev2", number: Sysno::pwritev2, direction: Write, has_flags: true };

impl Call {
    /// The end of a pipe for this call, as an argument.
    fn end(self, reader: &Fd, writer: &Fd) -> usize {
        match self.direction {
            Read => reader.number() as usize,
            Write => writer.number() as usize,
        }
    }

    /// `start` and `count` are a buffer and its length, or an iovec array and its number of elements. Calls without
    /// offset and flags ignore these.
    fn invoke(self, fd: usize, start: usize, count: usize, offset: i64, flags: usize) -> Result<i64> {
        // SAFETY: the memory outlives the call, is not mapped, or is rejected for its length.
        unsafe { syscall(self.name, self.number, [fd, start, count, offset as usize, 0, flags]) }
    }

    fn invoke_vectored(self, fd: usize, elements: &[iovec], count: usize, offset: i64, flags: usize) -> Result<i64> {
        self.invoke(fd, elements.as_ptr() as usize, count, offset, flags)
    }

    fn assert_rejects_invalid_vectors(self, fd: usize, offset: i64) {
        const NEGATIVE: usize = -1_isize as usize;
        let mut byte = *b"x";
        let valid = element(&mut byte);
        let too_long = iovec { iov_len: isize::MAX as usize + 1, ..valid };
        let too_many = vec![valid; libc::UIO_MAXIOV as usize + 1];
        assert_errno!(self.invoke_vectored(fd, &[too_long], 1, offset, 0), EINVAL);
        assert_errno!(self.invoke_vectored(fd, &[valid], NEGATIVE, offset, 0), EINVAL);
        assert_errno!(self.invoke_vectored(fd, &too_many, too_many.len(), offset, 0), EINVAL);
        assert_eq!(byte, *b"x");
    }
}

fn element(bytes: &mut [u8]) -> iovec {
    iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
}
