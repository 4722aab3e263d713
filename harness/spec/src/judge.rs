//! Judgement: assertions, the errors of calls, and what becomes of a panic.
//!
//! The macros here take the place of the standard ones in specs (`use harness::prelude::*`): they count, and they keep
//! what was expected and what was there for the report.

use crate::event_log::{self, Event};
use crate::mark;
use crate::sign::{self, Sign};
use crate::spec::TestResult;
use nix::errno::Errno;
use record::Verdict;
use record::{Failure, Observation, SeenError, Source};
use std::any::Any;
use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Mutex;

/// A call that returned an error: which call, as the catalogue names it, and which error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CallError {
    /// The call: `write`, `fcntl(F_SETPIPE_SZ)`.
    pub call: &'static str,
    /// The error.
    pub errno: Errno,
}

impl Debug for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} ({}) from {}", self.errno, self.errno.desc(), self.call)
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Debug::fmt(self, f)
    }
}

impl std::error::Error for CallError {}

/// Why a body stopped before its end.
#[derive(Debug)]
pub enum Stop {
    /// The scene could not be set; the spec is broken.
    Broken {
        /// What went wrong.
        message: String,
        /// Where.
        source: Source,
    },
    /// What stopped it stands in the event log already.
    Reported,
}

impl Stop {
    /// A scene that could not be set, with the caller's place.
    #[track_caller]
    pub fn broken(message: impl Into<String>) -> Self {
        Self::Broken { message: message.into(), source: here() }
    }
}

/// `?` on any error ends the scene, with the place of the `?`.
impl<E: std::error::Error> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::broken(error.to_string())
    }
}

/// What a body may return.
pub trait Judged {
    /// As a scene.
    fn into_result(self) -> TestResult;
}

impl Judged for () {
    fn into_result(self) -> TestResult {
        Ok(())
    }
}

impl Judged for TestResult {
    fn into_result(self) -> TestResult {
        self
    }
}

#[track_caller]
fn here() -> Source {
    let place = Location::caller();
    Source { file: place.file().into(), line: place.line() }
}

thread_local! {
    /// The last assertion that failed, with the words of its panic.
    static RAISED: RefCell<Option<(String, Failure)>> = const { RefCell::new(None) };
    /// Where the last panic began, whoever raised it.
    static PANICKED_AT: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Which process this is, in the words of a report.
static LABEL: Mutex<String> = Mutex::new(String::new());

/// Names this process for failures: `the spec`, `child 1`.
pub fn set_label(label: &str) {
    label.clone_into(&mut LABEL.lock().expect("one thread"));
}

/// The name of this process.
pub fn label() -> String {
    LABEL.lock().expect("one thread").clone()
}

/// Counts an assertion; panics with what was expected and what was there if it does not hold.
#[track_caller]
pub fn check(holds: bool, failed: impl FnOnce() -> Comparison) {
    if let Some(log) = event_log::current() {
        log.add_checks(1);
    }
    if !holds {
        deviates(failed());
    }
}

/// Ends the body: the system did not do what was expected.
#[track_caller]
pub fn deviates(comparison: Comparison) -> ! {
    raise(Verdict::Deviates, comparison, here())
}

/// Ends the body: a call did what none is documented to do. Where an assertion judges the call that is the verdict on it; a scene
/// cannot be set with it.
#[track_caller]
pub fn undocumented(comparison: Comparison) -> ! {
    raise(if mark::is_judged() { Verdict::Deviates } else { Verdict::Broken }, comparison, here())
}

/// Ends the body: the spec is wrong, where no `Err` can be returned.
#[track_caller]
pub fn broken(message: impl Into<String>) -> ! {
    raise(Verdict::Broken, Comparison { message: message.into(), expected: None, actual: None }, here())
}

/// The words of an assertion that failed.
#[derive(Debug)]
pub struct Comparison {
    /// What was done: the expression.
    pub message: String,
    /// What documentation lets expect.
    pub expected: Option<String>,
    /// What was there instead.
    pub actual: Option<String>,
}

fn raise(verdict: Verdict, comparison: Comparison, source: Source) -> ! {
    let Comparison { message, expected, actual } = comparison;
    let words = match (&expected, &actual) {
        (Some(expected), Some(actual)) => format!("{message}: expected {expected}, actual {actual}"),
        _ => message.clone(),
    };
    let failure = Failure { verdict, message, expected, actual, source: Some(source), process: label() };
    RAISED.set(Some((words.clone(), failure)));
    // A plain string: proptest shows the words of a failed case.
    std::panic::panic_any(words);
}

/// Asserts that a call failed with one of the errors, and notes (call, errno, layer) for the coverage of documented errors.
#[track_caller]
pub fn check_errno<T: Debug>(result: Result<T, CallError>, expected: &[Errno], expression: &str) {
    let seen = result.as_ref().err().filter(|error| expected.contains(&error.errno));
    check(seen.is_some(), || Comparison {
        message: expression.into(),
        expected: Some(
            expected.iter().map(|errno| format!("{errno:?} ({})", errno.desc())).collect::<Vec<_>>().join(" or "),
        ),
        actual: Some(match &result {
            Ok(value) => format!("success, {value:?}"),
            Err(error) => format!("{error:?}"),
        }),
    });
    if let Some(error) = seen {
        let (call, errno) = (error.call.to_owned(), format!("{:?}", error.errno));
        event_log::note(&Event::Error(SeenError { call, errno, layer: crate::layer::current() }));
    }
}

/// Asserts that a call succeeded; gives what it returned.
#[track_caller]
pub fn check_success<T>(result: Result<T, CallError>, expression: &str) -> T {
    let error = result.as_ref().err().copied();
    check(error.is_none(), || Comparison {
        message: expression.into(),
        expected: Some("success".into()),
        actual: error.map(|error| format!("{error:?}")),
    });
    result.unwrap_or_else(|_| unreachable!("the check raised it"))
}

/// Asserts that a condition holds.
#[macro_export]
macro_rules! assert {
    ($condition:expr $(,)?) => {
        $crate::assert!($condition, "{}", ::std::stringify!($condition))
    };
    ($condition:expr, $($words:tt)+) => {
        match ($crate::mark::judged(), $condition) {
            (_marked, holds) => $crate::judge::check(holds, || $crate::judge::Comparison {
                message: ::std::format!($($words)+), expected: None, actual: None,
            }),
        }
    };
}

/// Asserts that the first value, what the system did, equals the second, what documentation says.
#[macro_export]
macro_rules! assert_eq {
    ($actual:expr, $expected:expr $(,)?) => {
        $crate::assert_eq!($actual, $expected, "{}", ::std::stringify!($actual))
    };
    ($actual:expr, $expected:expr, $($words:tt)+) => {
        match ($crate::mark::judged(), &$actual, &$expected) {
            (_marked, actual, expected) => $crate::judge::check(*actual == *expected, || $crate::judge::Comparison {
                message: ::std::format!($($words)+),
                expected: Some(::std::format!("{expected:?}")),
                actual: Some(::std::format!("{actual:?}")),
            }),
        }
    };
}

/// Asserts that the first value differs from the second.
#[macro_export]
macro_rules! assert_ne {
    ($actual:expr, $other:expr $(,)?) => {
        match ($crate::mark::judged(), &$actual, &$other) {
            (_marked, actual, other) => $crate::judge::check(*actual != *other, || $crate::judge::Comparison {
                message: ::std::stringify!($actual).into(),
                expected: Some(::std::format!("anything but {other:?}")),
                actual: Some(::std::format!("{actual:?}")),
            }),
        }
    };
}

/// Asserts that a value has a shape: `assert_matches!(child.wait()?, Ended::Killed { .. })`.
#[macro_export]
macro_rules! assert_matches {
    ($actual:expr, $($pattern:tt)+) => {
        match ($crate::mark::judged(), &$actual) {
            (_marked, actual) => $crate::judge::check(::std::matches!(actual, $($pattern)+), || $crate::judge::Comparison {
                message: ::std::stringify!($actual).into(),
                expected: Some(::std::stringify!($($pattern)+).into()),
                actual: Some(::std::format!("{actual:?}")),
            }),
        }
    };
}

/// Asserts that a call failed with the error, or with one of several: `assert_errno!(read(&end, &mut buffer), EAGAIN)`.
#[macro_export]
macro_rules! assert_errno {
    ($call:expr, $($errno:ident)|+ $(,)?) => {
        match ($crate::mark::judged(), $call) {
            (_marked, result) => {
                $crate::judge::check_errno(result, &[$($crate::Errno::$errno),+], ::std::stringify!($call))
            }
        }
    };
}

/// Asserts that a call succeeds, and gives what it returned: `let reader = assert_ok!(open(&fifo, O_RDWR));`.
#[macro_export]
macro_rules! assert_ok {
    ($call:expr $(,)?) => {
        match ($crate::mark::judged(), $call) {
            (_marked, result) => $crate::judge::check_success(result, ::std::stringify!($call)),
        }
    };
}

/// Writes down a value that documentation leaves open.
pub fn observe(name: &str, value: impl std::fmt::Display) {
    event_log::note(&Event::Observation(Observation { name: name.into(), value: value.to_string() }));
}

/// Runs a body in this process; what stopped it goes into the event log. Tells whether it came to its end.
pub fn judge(body: impl FnOnce() -> TestResult) -> bool {
    keep_place_of_panics();
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return true,
        Ok(Err(Stop::Reported)) => return false,
        Ok(Err(Stop::Broken { message, source })) => Failure {
            verdict: Verdict::Broken,
            message,
            expected: None,
            actual: None,
            source: Some(source),
            process: label(),
        },
        Err(payload) => from_panic(payload.as_ref()),
    };
    event_log::note(&Event::Failure(failure));
    false
}

/// A panic is an assertion of ours, or another's words: a property's minimal input, an index out of bounds.
fn from_panic(payload: &(dyn Any + Send)) -> Failure {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = text.or_else(|| payload.downcast_ref::<String>().cloned());
    match RAISED.take() {
        Some((ours, failure)) if Some(&ours) == words.as_ref() => failure,
        // A property that failed says our words and its minimal input.
        Some((ours, failure)) if words.as_ref().is_some_and(|words| words.contains(&ours)) => {
            Failure { message: words.unwrap_or_default(), ..failure }
        }
        _ => Failure {
            verdict: Verdict::Deviates,
            message: words.unwrap_or_else(|| "a panic without words".into()),
            expected: None,
            actual: None,
            source: PANICKED_AT.take(),
            process: label(),
        },
    }
}

/// Panics are told in reports, not on standard error.
fn keep_place_of_panics() {
    std::panic::set_hook(Box::new(|panic| {
        sign::sign(Sign::Failed);
        let place = panic.location().map(|place| Source { file: place.file().into(), line: place.line() });
        PANICKED_AT.set(place);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_around_ours_keep_verdict_and_place() {
        let ours = catch_unwind(|| broken("no pipe")).unwrap_err();
        let ours = ours.downcast_ref::<String>().unwrap();
        let words = format!("Test failed: {ours}.\nminimal failing input: n = 1");
        let failure = from_panic(&words);
        std::assert_eq!((failure.verdict, failure.message), (Verdict::Broken, words));
        std::assert!(failure.source.is_some_and(|source| source.file.ends_with("judge.rs")));
    }
}
