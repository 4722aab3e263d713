//! FUTEX_WAKE: which waiters it wakes.

use kit::prelude::*;
use kit::thread;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// FUTEX_WAKE of a word that no thread waits on returns 0 and is not remembered: a later FUTEX_WAIT on the word blocks.
/// FUTEX_WAKE of the word then wakes that waiter, but not a thread that waits on another word.
#[harness::test(
    id = "futex.wake-without-waiters",
    cite = [
        man("futex.2", "Futex operations", "FUTEX_WAKE"),
        man("futex.2", "Futex operations", "FUTEX_WAIT"),
        man("futex.2", "RETURN VALUE", "FUTEX_WAKE"),
    ],
    covers = ["behaviours:futex.wake-none-zero"],
    layers = [raw],
)]
fn a_wake_without_waiters_is_not_remembered() -> TestResult {
    let (word, other_word) = (Arc::new(AtomicU32::new(7)), Arc::new(AtomicU32::new(7)));
    assert_eq!(futex_wake(&word, 1), Ok(0));
    let wait = |word: &Arc<AtomicU32>| {
        let word = Arc::clone(word);
        thread::spawn(move || assert_eq!(futex_wait(&word, 7), Ok(())))
    };
    let (waiter, other) = (wait(&word)?, wait(&other_word)?);
    waiter.assert_blocked_in(calls::FUTEX);
    other.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(futex_wake(&word, 1), Ok(1));
    waiter.join()?;
    other.assert_blocked_in(calls::FUTEX);
    assert_eq!(futex_wake(&other_word, 1), Ok(1));
    other.join()
}
