//! Memory that a spec has mapped. Nothing of Rust's is in it, so whatever is done to it, nobody else is harmed. It goes with its
//! process: what a spec has unmapped in part must not be unmapped again, when others may be there.

use crate::access;
use calls::for_layers::libc_nix_raw as by;
use calls::for_layers::libc_raw::madvise;
use kit::fault::{Fault, Outcome};
use kit::file::file_of;
use kit::prelude::*;
use libc::{MAP_ANONYMOUS, MAP_FIXED, PROT_READ, PROT_WRITE};

/// Memory that can be read and written.
pub const READ_WRITE: i32 = PROT_READ | PROT_WRITE;

/// No descriptor: what is mapped is anonymous.
pub const NO_FILE: i32 = -1;

/// A range of addresses.
#[derive(Debug)]
pub struct Mapped {
    start: usize,
    length: usize,
}

impl Mapped {
    /// mmap(2) where the kernel likes.
    pub fn new(length: usize, protection: i32, flags: i32, fd: impl Descriptor, offset: i64) -> Result<Self> {
        by::mmap(0, length, protection, flags, fd, offset).map(|start| Self { start, length })
    }

    /// Maps so many pages of a file, from its beginning, for reading and writing.
    pub fn of(fd: impl Descriptor, pages: usize, flags: i32) -> Result<Self> {
        Self::new(pages * page_size(), READ_WRITE, flags, fd, 0)
    }

    /// Maps so many pages of memory without a file.
    pub fn anonymous(pages: usize, flags: i32) -> Result<Self> {
        Self::new(pages * page_size(), READ_WRITE, MAP_ANONYMOUS | flags, NO_FILE, 0)
    }

    /// Mapped by another call.
    pub fn at(start: usize, length: usize) -> Self {
        Self { start, length }
    }

    /// Maps something in the place of the range from the offset on.
    pub fn replace(&self, offset: usize, length: usize, flags: i32, fd: impl Descriptor) -> Result<usize> {
        // SAFETY: the range is ours, and nobody borrows from it.
        unsafe { by::mmap_fixed(self.start + offset, length, READ_WRITE, MAP_FIXED | flags, fd, 0) }
    }

    pub fn start(&self) -> usize {
        self.start
    }

    pub fn length(&self) -> usize {
        self.length
    }

    /// All of its bytes.
    pub fn read(&self) -> Bytes {
        self.piece(0, self.length)
    }

    /// So many bytes from the offset on. A fault ends the process.
    pub fn piece(&self, offset: usize, count: usize) -> Bytes {
        let start = std::ptr::with_exposed_provenance::<u8>(self.start + offset);
        // SAFETY: in the range, which is ours; volatile, since others may write at the same time.
        Bytes((0..count).map(|at| unsafe { start.add(at).read_volatile() }).collect())
    }

    /// Writes from the offset on. A fault ends the process.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let start = std::ptr::with_exposed_provenance_mut::<u8>(self.start + offset);
        for (at, byte) in bytes.iter().enumerate() {
            // SAFETY: as above.
            unsafe { start.add(at).write_volatile(*byte) };
        }
    }

    /// What a read of a byte does.
    pub fn load(&self, offset: usize) -> TestResult<Outcome> {
        Ok(access::load(self.start + offset)?.map_err(|fault| self.relative(fault)))
    }

    /// What a write of a byte does.
    pub fn store(&self, offset: usize, byte: u8) -> TestResult<Outcome> {
        Ok(access::store(self.start + offset, byte)?.map_err(|fault| self.relative(fault)))
    }

    /// What a read of the first byte of each page does.
    pub fn loads(&self) -> TestResult<Vec<Outcome>> {
        (0..self.length).step_by(page_size()).map(|offset| self.load(offset)).collect()
    }

    /// What a write to the first byte of each page does.
    pub fn stores(&self, byte: u8) -> TestResult<Vec<Outcome>> {
        (0..self.length).step_by(page_size()).map(|offset| self.store(offset, byte)).collect()
    }

    /// Addresses differ from run to run: a fault is told by its offset in the range.
    fn relative(&self, fault: Fault) -> Fault {
        Fault { address: fault.address.wrapping_sub(self.start), ..fault }
    }

    /// munmap(2) of a part.
    pub fn unmap(&self, offset: usize, length: usize) -> Result<()> {
        // SAFETY: nobody borrows from the range.
        unsafe { by::munmap(self.start + offset, length) }
    }

    /// mprotect(2) of a part.
    pub fn protect(&self, offset: usize, length: usize, protection: i32) -> Result<()> {
        // SAFETY: as above.
        unsafe { by::mprotect(self.start + offset, length, protection) }
    }

    /// madvise(2) about a part.
    pub fn advise(&self, offset: usize, length: usize, advice: i32) -> Result<()> {
        // SAFETY: as above.
        unsafe { madvise(self.start + offset, length, advice) }
    }

    /// msync(2) of a part.
    pub fn sync(&self, offset: usize, length: usize, flags: i32) -> Result<()> {
        by::msync(self.start + offset, length, flags)
    }

    /// mremap(2) of all of it, without an address to go to.
    pub fn remap(&self, length: usize, flags: i32) -> Result<Self> {
        // SAFETY: as above.
        unsafe { by::mremap(self.start, self.length, length, flags, 0) }.map(|start| Self { start, length })
    }

    /// Which of its pages are locked: MS_INVALIDATE is refused for those. msync(2)
    pub fn locked(&self) -> TestResult<Vec<bool>> {
        let is_locked = |offset| match self.sync(offset, page_size(), libc::MS_ASYNC | libc::MS_INVALIDATE) {
            Ok(()) => Ok(false),
            Err(error) if error.errno == Errno::EBUSY => Ok(true),
            Err(error) => Err(error.into()),
        };
        (0..self.length).step_by(page_size()).map(is_locked).collect()
    }
}

/// The fault of an access where nothing is mapped, at this offset.
pub fn unmapped(offset: usize) -> Outcome {
    Err(Fault::unmapped(offset))
}

/// The fault of an access that the protection denies.
pub fn denied(offset: usize) -> Outcome {
    Err(Fault::denied(offset))
}

/// The fault of an access beyond the end of the file.
pub fn beyond(offset: usize) -> Outcome {
    Err(Fault::beyond_the_end(offset))
}

/// The byte of each page of the files here: `a`, `b`, ...
pub fn letter(page: usize) -> u8 {
    b'a' + page as u8
}

/// So many pages, each full of its letter.
pub fn lettered(pages: usize) -> Bytes {
    Bytes((0..pages).flat_map(|page| vec![letter(page); page_size()]).collect())
}

/// Bytes with others in the place of those at the offset.
pub fn with(Bytes(mut bytes): Bytes, offset: usize, others: &[u8]) -> Bytes {
    bytes[offset..offset + others.len()].copy_from_slice(others);
    Bytes(bytes)
}

/// A file of so many pages, each full of its letter, open for reading and writing.
pub fn lettered_file(pages: usize) -> TestResult<Fd> {
    file_of(&lettered(pages).0, libc::O_RDWR)
}

/// What a file holds that should have so many bytes; one more is asked for.
pub fn held(file: impl Descriptor, size: usize) -> Result<Bytes> {
    let mut buffer = vec![0xEE; size + 1];
    let count = by::pread(file, &mut buffer, 0)?;
    buffer.truncate(count);
    Ok(Bytes(buffer))
}
