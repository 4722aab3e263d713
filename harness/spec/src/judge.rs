//! Judgement: what an assertion does that fails, the errors of calls, and what becomes of a panic.
//!
//! A failure is carried out of a body as the payload of a panic, [`Failed`], or as a [`Stop`]; whoever runs the body
//! ([`judge`], a thread, a property) takes it from there.

use crate::call::Call;
use crate::event_log::{self, Event};
use crate::label;
use crate::mark;
use crate::sign::{self, Sign};
use crate::spec::TestResult;
use nix::errno::Errno;
use record::Verdict;
use record::{Failure, Observation, Source};
use std::any::Any;
use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

/// A call that returned an error: which call, as the catalogue names it, and which error.
#[derive(Clone, Copy)]
pub struct CallError {
    /// The call: `write`, `fcntl(F_SETPIPE_SZ)`.
    pub call: &'static str,
    /// The error.
    pub errno: Errno,
    /// What was asked for, where that is known.
    made: Option<(&'static Call, [usize; 6])>,
}

impl CallError {
    /// An error of a call.
    pub fn new(call: &'static str, errno: Errno) -> Self {
        Self { call, errno, made: None }
    }

    /// The same, with the arguments that the system call had: a setup that fails names the flags among them.
    pub fn with(self, call: &'static Call, arguments: [usize; 6]) -> Self {
        Self { made: Some((call, arguments)), ..self }
    }
}

/// It is the same error, whatever the arguments.
impl PartialEq for CallError {
    fn eq(&self, other: &Self) -> bool {
        (self.call, self.errno) == (other.call, other.errno)
    }
}

impl Eq for CallError {}

impl Debug for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} ({}) from {}", self.errno, self.errno.desc(), self.call)
    }
}

/// As the reason why a spec could not be judged: `pipe2(O_DIRECT) is refused with EINVAL`.
impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let flags = self.made.map(|(call, arguments)| call.flags_among(&arguments)).unwrap_or_default().join("|");
        match self.call.strip_suffix(')') {
            _ if flags.is_empty() => f.write_str(self.call)?,
            Some(operation) => write!(f, "{operation}, {flags})")?,
            None => write!(f, "{}({flags})", self.call)?,
        }
        write!(f, " is refused with {:?}", self.errno)
    }
}

impl std::error::Error for CallError {}

/// Why a body stopped before its end.
#[derive(Debug)]
pub enum Stop {
    /// Setup failed; the spec could not be judged.
    Broken {
        /// What went wrong.
        message: String,
        /// Where.
        source: Source,
    },
    /// What stopped it is in the event log already.
    Reported,
}

impl Stop {
    /// A failed setup, with the caller's place.
    #[track_caller]
    pub fn broken(message: impl Into<String>) -> Self {
        Self::Broken { message: message.into(), source: here() }
    }
}

/// `?` on any error ends the body as a failed setup, with the place of the `?`.
impl<E: std::error::Error> From<E> for Stop {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::broken(error.to_string())
    }
}

/// What a body may return.
pub trait Judged {
    /// As a result.
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
    /// Where the last panic of this thread began, whoever raised it.
    static PANICKED_AT: RefCell<Option<Source>> = const { RefCell::new(None) };
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

/// Ends the body: a call did what none is documented to do. Where an assertion judges the call that is the verdict on it; in a
/// setup the spec could not be judged.
#[track_caller]
pub fn undocumented(comparison: Comparison) -> ! {
    raise(if mark::is_judged() { Verdict::Deviates } else { Verdict::Broken }, comparison, here())
}

/// Ends the body: the spec could not be judged, where no `Err` can be returned.
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

/// What did not hold: the payload of a panic that an assertion raises.
#[derive(Debug)]
pub struct Failed {
    /// What it makes of the spec.
    pub verdict: Verdict,
    /// What was compared.
    pub comparison: Comparison,
    /// Where.
    pub source: Option<Source>,
}

impl Failed {
    /// Writes it down as a failure of this process or thread.
    pub fn log(self) {
        let Comparison { message, expected, actual } = self.comparison;
        // The runner adds the signature: it knows the pids of all processes.
        let failure = Failure {
            verdict: self.verdict,
            message,
            expected,
            actual,
            source: self.source,
            process: label::get(),
            signature: String::new(),
        };
        event_log::append(&Event::Failure(failure));
    }
}

fn raise(verdict: Verdict, comparison: Comparison, source: Source) -> ! {
    std::panic::panic_any(Failed { verdict, comparison, source: Some(source) })
}

/// Writes down a value that documentation leaves open.
pub fn observe(name: &str, value: impl std::fmt::Display) {
    event_log::append(&Event::Observation(Observation { name: name.into(), value: value.to_string() }));
}

/// Writes down a value that an assertion has fixed, and that supports or refutes the claim that the spec covers.
pub fn evidence(name: &str, value: impl std::fmt::Display) {
    event_log::append(&Event::Evidence(Observation { name: name.into(), value: value.to_string() }));
}

/// Runs a body in this process; what stopped it goes into the event log. Tells whether it came to its end.
pub fn judge(body: impl FnOnce() -> TestResult) -> bool {
    keep_place_of_panics();
    match run(body) {
        Ok(()) => true,
        Err(stopped) => {
            stopped.into_iter().for_each(Failed::log);
            false
        }
    }
}

/// Runs a part of a body. An error is what stopped it; none when that is in the event log already.
pub fn run<T>(body: impl FnOnce() -> TestResult<T>) -> Result<T, Option<Failed>> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Stop::Reported)) => Err(None),
        Ok(Err(Stop::Broken { message, source })) => Err(Some(Failed {
            verdict: Verdict::Broken,
            comparison: Comparison { message, expected: None, actual: None },
            source: Some(source),
        })),
        Err(payload) => Err(Some(from_panic(payload))),
    }
}

/// A panic is an assertion of ours, or another's words: an index out of bounds.
fn from_panic(payload: Box<dyn Any + Send>) -> Failed {
    let payload = match payload.downcast::<Failed>() {
        Ok(failed) => return *failed,
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = text.or_else(|| payload.downcast_ref::<String>().cloned());
    let message = words.unwrap_or_else(|| "a panic without a message".into());
    Failed {
        verdict: Verdict::Deviates,
        comparison: Comparison { message, expected: None, actual: None },
        source: PANICKED_AT.take(),
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
    use crate::call::{CallDescription, Flag, Shows, Where};
    use crate::raw::Sysno;

    fn stopped(body: impl FnOnce() -> TestResult) -> Failed {
        run(body).unwrap_err().unwrap()
    }

    #[test]
    fn what_stops_a_body_keeps_its_verdict_words_and_place() {
        let comparison = || Comparison { message: "call".into(), expected: Some("1".into()), actual: Some("2".into()) };
        let failed = stopped(|| deviates(comparison()));
        std::assert_eq!((failed.verdict, failed.comparison.actual.as_deref()), (Verdict::Deviates, Some("2")));
        for failed in [stopped(|| broken("no pipe")), stopped(|| Err(Stop::broken("no pipe")))] {
            std::assert_eq!((failed.verdict, failed.comparison.message.as_str()), (Verdict::Broken, "no pipe"));
            std::assert!(failed.source.is_some_and(|source| source.file.ends_with("judge.rs")));
        }
        std::assert!(run(|| Err::<(), _>(Stop::Reported)).unwrap_err().is_none());
        std::assert_eq!(run(|| Ok(3)).ok(), Some(3));
    }

    #[test]
    fn a_refused_call_of_a_setup_is_named_with_its_flags() {
        const fn flag(name: &'static str, bits: u64) -> Flag {
            Flag { name, bits, shows: Shows::Later }
        }
        const CREATE: &Call = &Call::new(
            "create",
            &[CallDescription::new(Sysno::pipe2)
                .flags(&[(Where::Argument(1), &[flag("O_CLOEXEC", 0x80000), flag("O_DIRECT", 0x4000)])])],
        );
        const SET: &Call = &Call { name: "control(SET)", ..Call::new("", CREATE.described) };
        let refused = |call: &'static Call, flags: usize| {
            let error = CallError::new(call.name, Errno::EINVAL).with(call, [0, flags, 0, 0, 0, 0]);
            stopped(|| Err(error.into())).comparison.message
        };
        std::assert_eq!(refused(CREATE, 0x84000), "create(O_DIRECT|O_CLOEXEC) is refused with EINVAL");
        std::assert_eq!(refused(CREATE, 0), "create is refused with EINVAL");
        std::assert_eq!(refused(SET, 0x4000), "control(SET, O_DIRECT) is refused with EINVAL");
        let unknown = CallError::new("create", Errno::EPERM);
        std::assert_eq!(stopped(|| Err(unknown.into())).comparison.message, "create is refused with EPERM");
        std::assert!(unknown == unknown.with(CREATE, [0; 6]), "the arguments do not matter to an assertion");
    }

    #[test]
    fn a_panic_of_others_deviates_where_it_was_raised() {
        keep_place_of_panics();
        let failed = stopped(|| panic!("out of {}", "cheese"));
        std::assert_eq!((failed.verdict, failed.comparison.message.as_str()), (Verdict::Deviates, "out of cheese"));
        std::assert!(failed.source.is_some_and(|source| source.file.ends_with("judge.rs")));
    }
}
