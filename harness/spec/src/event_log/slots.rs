//! Entries in shared memory: fixed-size slots that any process or thread, a signal handler too, fills without a lock, and
//! whose reader loses nothing but the entries that a killed writer did not complete.
//!
//! A writer reserves consecutive slots with one fetch_add, stores how many they are in the head of the first, marks the
//! others as continued, fills them, and completes the head last. At any point it may be killed: a reader skips slots that
//! were reserved and not written one by one, since they are all zero, and an incomplete entry by its length. A slot never
//! holds anything but a head where a reader looks for one, so what stands behind an incomplete entry is always found.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// How many words of a slot hold an entry's bytes; with its head it is one cache line.
const WORDS: usize = 7;

/// How many bytes of an entry are in one slot.
const PAYLOAD: usize = WORDS * size_of::<u64>();

/// A piece of an entry. All zero: not written yet.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Slot {
    head: AtomicU64,
    words: [AtomicU64; WORDS],
}

/// The states of a head, in its lowest byte; 0 is one that was not written.
const RESERVED: u64 = 1;
const COMPLETE: u64 = 2;
const CONTINUED: u64 = 3;

/// A head: its state, the number of slots in three bytes, the number of bytes in four.
fn head(state: u64, slots: usize, bytes: usize) -> u64 {
    state | (slots as u64) << 8 | (bytes as u64) << 32
}

/// The state, slots and bytes of a head.
fn parts(head: u64) -> (u64, usize, usize) {
    (head & 0xff, (head >> 8 & 0xff_ffff) as usize, (head >> 32) as usize)
}

/// What an entry is written to, piece by piece.
pub trait Sink {
    /// Takes the next bytes.
    fn put(&mut self, bytes: &[u8]);
}

/// Counts the bytes of an entry.
struct Length(usize);

impl Sink for Length {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
}

/// Fills reserved slots.
struct Filler<'a> {
    slots: &'a [Slot],
    /// How many words are complete.
    words: usize,
    /// The bytes of the next word, and how many there are.
    word: [u8; 8],
    held: usize,
}

impl Filler<'_> {
    fn store(&mut self) {
        let (slot, place) = (self.words / WORDS, self.words % WORDS);
        self.slots[slot].words[place].store(u64::from_ne_bytes(self.word), Ordering::Relaxed);
        (self.words, self.word, self.held) = (self.words + 1, [0; 8], 0);
    }

    fn finish(mut self) {
        if self.held > 0 {
            self.store();
        }
    }
}

impl Sink for Filler<'_> {
    fn put(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.word[self.held] = *byte;
            self.held += 1;
            if self.held == self.word.len() {
                self.store();
            }
        }
    }
}

/// Adds an entry, whose bytes `encode` puts into a sink, the same each time. False when there is no room for it. Makes no
/// system call, takes no lock and allocates nothing.
pub fn append(used: &AtomicU64, slots: &[Slot], encode: impl Fn(&mut dyn Sink)) -> bool {
    let mut length = Length(0);
    encode(&mut length);
    let count = length.0.div_ceil(PAYLOAD).max(1);
    let first = used.fetch_add(count as u64, Ordering::Relaxed) as usize;
    let Some(reserved) = first.checked_add(count).and_then(|end| slots.get(first..end)) else { return false };
    begin(reserved);
    let mut filler = Filler { slots: reserved, words: 0, word: [0; 8], held: 0 };
    encode(&mut filler);
    filler.finish();
    reserved[0].head.store(head(COMPLETE, count, length.0), Ordering::Release);
    true
}

/// Says how many slots an entry has, before anything else of it is written.
fn begin(reserved: &[Slot]) {
    reserved[0].head.store(head(RESERVED, reserved.len(), 0), Ordering::Relaxed);
    for slot in &reserved[1..] {
        slot.head.store(head(CONTINUED, 0, 0), Ordering::Relaxed);
    }
    // A writer that is killed was killed between two of these, as the reader sees them.
    fence(Ordering::Release);
}

/// The bytes of every complete entry, in the order in which they were begun.
pub fn entries(used: &AtomicU64, slots: &[Slot]) -> Vec<Vec<u8>> {
    let used = usize::try_from(used.load(Ordering::Acquire)).unwrap_or(usize::MAX).min(slots.len());
    let mut entries = Vec::new();
    let mut next = 0;
    while next < used {
        let (state, count, bytes) = parts(slots[next].head.load(Ordering::Acquire));
        let entry = next..next + count.max(1);
        match slots.get(entry.clone()) {
            Some(entry) if state == COMPLETE && bytes <= entry.len() * PAYLOAD => entries.push(payload(entry, bytes)),
            _ => {}
        }
        next = entry.end;
    }
    entries
}

fn payload(entry: &[Slot], bytes: usize) -> Vec<u8> {
    let words = entry.iter().flat_map(|slot| &slot.words);
    let mut payload: Vec<u8> = words.flat_map(|word| word.load(Ordering::Relaxed).to_ne_bytes()).collect();
    payload.truncate(bytes);
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> (AtomicU64, Vec<Slot>) {
        let slot = || Slot { head: AtomicU64::new(0), words: std::array::from_fn(|_| AtomicU64::new(0)) };
        (AtomicU64::new(0), std::iter::repeat_with(slot).take(16).collect())
    }

    fn add(used: &AtomicU64, slots: &[Slot], bytes: &[u8]) -> bool {
        append(used, slots, |sink| sink.put(bytes))
    }

    #[test]
    fn entries_of_every_length_are_read_as_they_were_written() {
        for length in [0, 1, 7, 8, 9, PAYLOAD - 1, PAYLOAD, PAYLOAD + 1, 5 * PAYLOAD] {
            let (used, slots) = memory();
            let bytes: Vec<u8> = (0..length).map(|byte| byte as u8 | 1).collect();
            assert!(add(&used, &slots, &bytes) && add(&used, &slots, b"next"));
            assert_eq!(entries(&used, &slots), [bytes, b"next".to_vec()], "{length}");
        }
    }

    /// The states that a writer of two entries leaves when it is killed at each step of the first one.
    #[test]
    fn a_writer_killed_at_any_step_hides_nothing_that_comes_after() {
        const COUNT: usize = 3;
        // Looks like the head of an entry, should a reader take it for one.
        let bytes = head(COMPLETE, 2, 9).to_ne_bytes().repeat(COUNT * WORDS);
        let whole = || {
            let (used, slots) = memory();
            add(&used, &slots, &bytes);
            slots
        };
        // After the reservation: nothing; the head; each of the other heads; each word.
        let steps = 1 + COUNT + COUNT * WORDS;
        for killed_after in 0..=steps {
            let (used, slots) = memory();
            used.store(COUNT as u64, Ordering::Relaxed);
            let mut left = killed_after;
            let mut step = || left.checked_sub(1).map(|rest| left = rest).is_some();
            if step() {
                slots[0].head.store(head(RESERVED, COUNT, 0), Ordering::Relaxed);
            }
            for slot in &slots[1..COUNT] {
                if step() {
                    slot.head.store(head(CONTINUED, 0, 0), Ordering::Relaxed);
                }
            }
            for (slot, written) in slots[..COUNT].iter().zip(&whole()) {
                for (word, written) in slot.words.iter().zip(&written.words) {
                    if step() {
                        word.store(written.load(Ordering::Relaxed), Ordering::Relaxed);
                    }
                }
            }
            assert!(add(&used, &slots, b"behind it"));
            assert_eq!(entries(&used, &slots), [b"behind it".to_vec()], "killed after {killed_after} steps");
        }
    }

    #[test]
    fn what_finds_no_room_is_refused_and_hides_nothing() {
        let (used, slots) = memory();
        assert!(add(&used, &slots, b"first"));
        assert!(!add(&used, &slots, &[1; 16 * PAYLOAD]));
        assert!(!add(&used, &slots, b"later"));
        assert_eq!(entries(&used, &slots), [b"first".to_vec()]);
    }

    #[test]
    fn heads_that_nobody_wrote_are_skipped() {
        for strange in [u64::MAX, head(COMPLETE, 99, 1), head(COMPLETE, 1, 1000), head(RESERVED, 99, 0), 77] {
            let (used, slots) = memory();
            slots[0].head.store(strange, Ordering::Relaxed);
            used.store(1, Ordering::Relaxed);
            assert!(add(&used, &slots, b"entry"));
            let found = entries(&used, &slots);
            assert!(found.is_empty() || found == [b"entry".to_vec()], "{strange:#x}: {found:?}");
        }
    }

    #[test]
    fn threads_write_side_by_side() {
        let (used, slots) = memory();
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let (used, slots) = (&used, &slots);
                scope.spawn(move || (0..2).for_each(|_| assert!(add(used, slots, &[thread; PAYLOAD + 1]))));
            }
        });
        let mut found = entries(&used, &slots);
        found.sort();
        let expected: Vec<_> =
            (0..4_u8).flat_map(|thread| [vec![thread; PAYLOAD + 1], vec![thread; PAYLOAD + 1]]).collect();
        assert_eq!(found, expected);
    }
}
