//! unix(7): descriptors in ancillary data.

use kit::memory::page_size;
use kit::prelude::*;
use libc::{MAP_ANONYMOUS, MAP_PRIVATE, MSG_CTRUNC, PROT_READ, PROT_WRITE, SCM_RIGHTS, SOL_SOCKET};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use std::io::{IoSlice, IoSliceMut};

/// Sends these bytes and copies of these descriptors in one message.
fn send(socket: &Fd, bytes: &[u8], descriptors: &[&Fd]) -> TestResult {
    let numbers: Vec<_> = descriptors.iter().map(|fd| fd.number()).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let sent = sendmsg::<()>(socket.number(), &[IoSlice::new(bytes)], &rights, MsgFlags::empty(), None)?;
    if sent == bytes.len() { Ok(()) } else { Err(Stop::broken(format!("{sent} bytes were sent"))) }
}

/// Receives one byte and the descriptors that come with it.
fn receive(socket: &Fd) -> TestResult<(Bytes, Vec<Fd>)> {
    let mut byte = [0];
    let mut buffers = [IoSliceMut::new(&mut byte)];
    let mut room = nix::cmsg_space!([i32; 8]);
    let message = recvmsg::<()>(socket.number(), &mut buffers, Some(&mut room), MsgFlags::empty())?;
    let (count, mut received) = (message.bytes, Vec::new());
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            received.extend(numbers.into_iter().map(Fd::new));
        }
    }
    Ok((byte[..count].into(), received))
}

/// A descriptor that was sent with four bytes comes with the first byte that is received, and only once: receiving the
/// other three, one by one, brings none.
#[harness::test(
    id = "unix-socket.rights-once",
    cite = [kernel("net/unix/af_unix.c", "unix_stream_read_generic", "6.18"), man("unix.7", "Ancillary messages", "SCM_RIGHTS")],
    covers = ["behaviours:scm.rights-once"],
)]
fn a_descriptor_comes_with_the_first_byte_alone() -> TestResult {
    let ((ours, theirs), (passed, _writer)) = (stream_pair()?, pipe()?);
    send(&ours, b"abcd", &[&passed])?;
    let (byte, received) = receive(&theirs)?;
    assert_eq!((byte, received.len()), ("a".into(), 1));
    assert_eq!(received.first().map(object_of), Some(object_of(&passed)));
    for rest in ["b", "c", "d"] {
        let (byte, received) = receive(&theirs)?;
        assert_eq!((byte, received.len()), (rest.into(), 0));
    }
    Ok(())
}

/// If the memory for three descriptors cannot be written after the second, recvmsg delivers two and sets MSG_CTRUNC; the
/// third is closed, and the byte is received.
#[harness::test(
    id = "unix-socket.rights-fault-midway",
    cite = [kernel("net/core/scm.c", "scm_detach_fds", "6.18")],
    covers = ["behaviours:scm.rights-fault-midway"],
)]
fn unwritable_control_memory_ends_the_delivery() -> TestResult {
    const HEADER: usize = size_of::<libc::cmsghdr>();
    let ((ours, theirs), (reader, writer)) = (stream_pair()?, pipe()?);
    send(&ours, b"x", &[&reader, &reader, &writer])?;
    drop(writer);
    let control = BeforeTheEnd::new(HEADER + 2 * size_of::<i32>())?;
    let (count, flags) = control.receive(&theirs, HEADER + 3 * size_of::<i32>())?;
    assert_eq!((count, flags & MSG_CTRUNC), (1, MSG_CTRUNC));
    let [first, second] = control.descriptors(HEADER)?;
    assert_eq!([&first, &second].map(object_of), [&reader; 2].map(object_of));
    // The write end that was not delivered is open nowhere.
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// Memory behind which there is none.
struct BeforeTheEnd {
    pages: *mut u8,
    length: usize,
}

impl BeforeTheEnd {
    /// So many bytes, at most a page.
    fn new(length: usize) -> TestResult<Self> {
        let (size, access) = (2 * page_size(), PROT_READ | PROT_WRITE);
        // SAFETY: a new mapping touches no memory that exists, and its second page is ours to unmap.
        let pages = unsafe {
            let pages = libc::mmap(std::ptr::null_mut(), size, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            Errno::result(pages as isize)?;
            Errno::result(libc::mprotect(pages.byte_add(page_size()), page_size(), libc::PROT_NONE))?;
            pages.cast()
        };
        Ok(Self { pages, length })
    }

    fn start(&self) -> *mut u8 {
        // SAFETY: inside the first page.
        unsafe { self.pages.add(page_size() - self.length) }
    }

    /// recvmsg(2) of one byte, with this memory for the control message, said to be so long: the number of bytes and msg_flags.
    fn receive(&self, socket: &Fd, length: usize) -> TestResult<(isize, i32)> {
        let mut byte = 0_u8;
        let mut buffer = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
        // SAFETY: all zero is a valid struct msghdr (sys/socket.h).
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        (message.msg_iov, message.msg_iovlen) = (&mut buffer, 1);
        (message.msg_control, message.msg_controllen) = (self.start().cast(), length as _);
        // SAFETY: the kernel writes to the byte and, as far as it is there, to the memory for the control message.
        let count = Errno::result(unsafe { libc::recvmsg(socket.number(), &mut message, 0) })?;
        Ok((count, message.msg_flags))
    }

    /// The two descriptors of the control message behind its header, which says that there are two.
    fn descriptors(&self, header: usize) -> TestResult<[Fd; 2]> {
        // SAFETY: the kernel has written a header and two integers, as the caller asserts of its flags; unaligned reads.
        let (control, numbers) = unsafe {
            let control = self.start().cast::<libc::cmsghdr>().read_unaligned();
            (control, self.start().add(header).cast::<[i32; 2]>().read_unaligned())
        };
        let length: usize = control.cmsg_len as _;
        assert_eq!(
            (length, control.cmsg_level, control.cmsg_type),
            (header + size_of_val(&numbers), SOL_SOCKET, SCM_RIGHTS)
        );
        Ok(numbers.map(Fd::new))
    }
}

impl Drop for BeforeTheEnd {
    fn drop(&mut self) {
        // SAFETY: both pages are ours, and `self` was their last user.
        unsafe { libc::munmap(self.pages.cast(), 2 * page_size()) };
    }
}
