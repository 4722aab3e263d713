//! What a signal handler may call: it logs and asserts without allocating, locking or panicking.

use super::event::{self, Event, FailureParts, HandlerEvent, VALUES};
use super::{current, slots};
use crate::label;
use record::Verdict;
use std::panic::Location;

/// Logs up to [`VALUES`] numbers, from a signal handler or from elsewhere.
pub fn log_in_handler<const N: usize>(code: u32, numbers: [u64; N]) {
    const { assert!(N <= VALUES, "a handler logs fewer numbers at once") };
    let mut values = [0; VALUES];
    values[..N].copy_from_slice(&numbers);
    if let Some(log) = current() {
        log.add(|sink| event::encode_handler(HandlerEvent { code, values }, sink));
    }
}

/// What handlers have logged with this code, in all processes of the spec.
pub fn logged_by_handlers(code: u32) -> Vec<[u64; VALUES]> {
    let events = current().map(|log| log.events()).unwrap_or_default();
    let values = events.into_iter().filter_map(|event| match event {
        Event::Handler(event) if event.code == code => Some(event.values),
        _ => None,
    });
    values.collect()
}

/// Counts an assertion of a signal handler, and writes down that it failed. The code that was interrupted goes on, and the
/// spec deviates when it ends.
#[track_caller]
pub fn check_in_handler(holds: bool, expression: &'static str) {
    let Some(log) = current() else { return };
    log.add_checks(1);
    if holds {
        return;
    }
    let place = Location::caller();
    label::with(|process| {
        let failure = FailureParts {
            verdict: Verdict::Deviates,
            message: expression,
            expected: None,
            actual: None,
            source: Some((place.file(), place.line())),
            process,
        };
        log.add(|sink: &mut dyn slots::Sink| event::encode_failure(failure, sink));
    });
}

/// Asserts in a signal handler that a condition holds. It never panics.
#[macro_export]
macro_rules! assert_in_handler {
    ($condition:expr $(,)?) => {
        $crate::event_log::check_in_handler($condition, ::std::stringify!($condition))
    };
}
