//! The iovec array of a traced process: readv(2).

use super::tracee::Tracee;
use nix::Result;
use nix::errno::Errno;

/// The size of a struct iovec (sys/uio.h): an address and a length.
const ELEMENT: u64 = size_of::<libc::iovec>() as u64;

/// More elements than a call takes are not looked at: IOV_MAX.
const MOST: u64 = 1024;

/// An element: address and length.
type Element = [u64; 2];

impl Tracee {
    /// How many bytes the elements have.
    pub fn total(&self, array: u64, count: u64) -> Result<u64> {
        (0..count.min(MOST)).try_fold(0, |total: u64, index| Ok(total.wrapping_add(self.element(array, index)?[1])))
    }

    fn element(&self, array: u64, index: u64) -> Result<Element> {
        self.read_longs(array + index * ELEMENT)
    }

    /// The address of one byte of the elements, as long as they are.
    pub fn byte_of_elements(&self, array: u64, mut index: u64) -> Result<u64> {
        for place in 0.. {
            let [start, length] = self.element(array, place)?;
            if index < length {
                return Ok(start + index);
            }
            index -= length;
        }
        unreachable!("memory ends")
    }

    /// Takes one byte off the last element that has any. What the memory was before is added to `put_back`.
    pub fn shorten_last_element(&self, array: u64, count: u64, put_back: &mut Vec<(u64, u8)>) -> Result<()> {
        for index in (0..count.min(MOST)).rev() {
            let [_, length] = self.element(array, index)?;
            if length > 0 {
                return self.replace_long(array + index * ELEMENT + 8, length - 1, put_back);
            }
        }
        Ok(())
    }

    /// The first two elements that have bytes change places. What the memory was before is added to `put_back`. An error when there
    /// are no two.
    pub fn swap_elements(&self, array: u64, count: u64, put_back: &mut Vec<(u64, u8)>) -> Result<()> {
        let mut with_bytes = Vec::new();
        for index in 0..count.min(MOST) {
            let element = self.element(array, index)?;
            if element[1] > 0 {
                with_bytes.push((array + index * ELEMENT, element));
            }
        }
        let [(first_place, first), (second_place, second), ..] = with_bytes[..] else { return Err(Errno::EINVAL) };
        for (place, element) in [(first_place, second), (second_place, first)] {
            for (offset, long) in [0, 8].into_iter().zip(element) {
                self.replace_long(place + offset, long, put_back)?;
            }
        }
        Ok(())
    }
}

/// The arguments for the elements after the first.
pub fn behind_first(mut arguments: [u64; 6], array: usize, count: usize) -> [u64; 6] {
    arguments[array] += ELEMENT;
    arguments[count] -= 1;
    arguments
}
