//! The assertions of specs.
//!
//! The macros here take the place of the standard ones in specs (`use harness::prelude::*`): they count, and they keep
//! what was expected and what was there for the report.

use crate::event_log::{self, Event};
use crate::judge::{CallError, Comparison, check};
use nix::errno::Errno;
use record::SeenError;
use std::fmt::Debug;

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
        event_log::append(&Event::Error(SeenError { call, errno, layer: crate::layer::current() }));
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
                $crate::assertions::check_errno(result, &[$($crate::Errno::$errno),+], ::std::stringify!($call))
            }
        }
    };
}

/// Asserts that a call succeeds, and gives what it returned: `let reader = assert_ok!(open(&fifo, O_RDWR));`.
#[macro_export]
macro_rules! assert_ok {
    ($call:expr $(,)?) => {
        match ($crate::mark::judged(), $call) {
            (_marked, result) => $crate::assertions::check_success(result, ::std::stringify!($call)),
        }
    };
}
