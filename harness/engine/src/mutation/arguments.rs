//! What a wrong kernel could take for the arguments of a call.
//!
//! What an argument means is declared ([`Parameter`]); from it and from how the call ended follows what is changed. A call of the setup
//! has fewer mutations than one that an assertion judges: nothing is added to it.

use super::calls;
use super::deliveries::bit;
use super::mutations::{Effect, Resized, Unchanged};
use super::traced::Made;
use harness::call::{Buffer, CallDescription, Flag, MODE_BITS, Mode, Parameter, Returns, Shows, Where};
use nix::errno::Errno;

/// A kind of mutation by its name, what is done, and how a call ends that it made no difference to.
pub type Mutated = (String, Effect, Option<Unchanged>);

/// All that can go wrong with the arguments of a call.
///
/// `all` are the calls of the spec: whether it asks for what a flag shows in.
pub fn arguments(call: &CallDescription, made: &Made, all: &[Made]) -> Vec<Mutated> {
    let ended = Ended::of(call, made);
    let mut mutated = Vec::new();
    for (place, flags) in call.flags.iter().filter(|(place, _)| is_given(*place, &made.arguments)) {
        mutated.extend(flags.iter().filter_map(|flag| of_flag(*place, flag, made, all, &ended)));
    }
    if made.result.is_none() {
        return mutated;
    }
    for (parameter, value) in call.parameters.iter().zip(&made.values) {
        if let Some(value) = value {
            let kinds = of_parameter(*parameter, *value, call, made);
            let with_end = |(kind, effect)| {
                let unchanged = ended.without_difference(*parameter, effect, call, all);
                (kind, effect, unchanged)
            };
            mutated.extend(kinds.into_iter().map(with_end));
        }
    }
    mutated
}

/// How a call ends that a mutation made no difference to.
struct Ended {
    /// If all that it did is known from that: it failed, only queries, or tells all.
    unchanged: Option<Unchanged>,
    /// If the difference would be seen in what it returns.
    as_before: Option<Unchanged>,
}

impl Ended {
    fn of(call: &CallDescription, made: &Made) -> Self {
        let returned = match made.result {
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => Some(-i64::from(error)),
            None => None,
        };
        let as_before = returned.map(|returned| Unchanged { returned, given: made.given });
        let is_all =
            made.result.is_some_and(|result| result.is_err()) || !(call.acts)(&made.arguments) || call.told_by_result;
        Self { unchanged: as_before.filter(|_| is_all), as_before }
    }

    /// How the call ends if it makes no difference what this was.
    fn without_difference(
        &self,
        parameter: Parameter,
        effect: Effect,
        call: &CallDescription,
        all: &[Made],
    ) -> Option<Unchanged> {
        match (parameter, effect) {
            // Time is not in the result.
            (Parameter::Timeout(_) | Parameter::Milliseconds(_), _) => None,
            // Nothing more was there.
            (Parameter::Size(place), Effect::Resize(_, Resized::More)) if is_transferred(place, call) => self.as_before,
            // What it may do besides is never tried.
            (Parameter::Access(_), Effect::Bits(.., access)) if access == libc::O_RDWR as u64 => {
                let is_tried = asks(all, STATUS_FLAGS) || all.iter().any(|made| made.result == Some(Err(libc::EBADF)));
                if is_tried { self.unchanged } else { self.as_before }
            }
            _ => self.unchanged,
        }
    }
}

/// A caller that does not want a value passes no address.
pub fn is_given(place: Where, arguments: &[u64; 6]) -> bool {
    match place {
        Where::Argument(_) => true,
        Where::Memory(argument, ..) => arguments[argument] != 0,
    }
}

fn of_flag(place: Where, flag: &Flag, made: &Made, all: &[Made], ended: &Ended) -> Option<Mutated> {
    let Flag { name, bits, shows } = *flag;
    let is_set = made.flags.iter().any(|set| set == name);
    let shows_later = match shows {
        Shows::Later => true,
        Shows::AtOnce => false,
        Shows::In(call) => is_set || asks(all, call),
        Shows::Waiting if is_set => asks(all, STATUS_FLAGS) || all.iter().any(would_wait),
        Shows::Waiting => asks(all, STATUS_FLAGS) || all.iter().any(waited),
    };
    let unchanged = if shows_later { ended.unchanged } else { ended.as_before };
    if is_set {
        return Some((format!("without-{name}"), Effect::Bits(place, bits, 0), unchanged));
    }
    let is_added = made.judged.is_some() && made.result.is_some();
    is_added.then(|| (format!("with-{name}"), Effect::Bits(place, 0, bits), unchanged))
}

/// The access modes of open(2).
const ACCESS: [(&str, i64); 3] =
    [("O_RDONLY", libc::O_RDONLY as i64), ("O_WRONLY", libc::O_WRONLY as i64), ("O_RDWR", libc::O_RDWR as i64)];

/// The call that shows whether a description is nonblocking.
const STATUS_FLAGS: &str = "fcntl.F_GETFL";

/// Whether an assertion is about what this call returns.
fn asks(all: &[Made], call: &str) -> bool {
    all.iter().any(|made| made.call == call && made.judged.is_some())
}

/// Whether a call waited until it could transfer something.
fn waited(made: &Made) -> bool {
    let transfers = || calls::named(&made.call).is_some_and(|call| matches!(call.returns, Returns::Bytes(_)));
    made.blocked && transfers()
}

/// Whether a call only did not wait because it was not to.
fn would_wait(made: &Made) -> bool {
    made.result == Some(Err(libc::EAGAIN))
}

fn of_parameter(parameter: Parameter, value: u64, call: &CallDescription, made: &Made) -> Vec<(String, Effect)> {
    let is_judged = made.judged.is_some();
    let one = |kind: &str, effect| vec![(kind.to_owned(), effect)];
    match parameter {
        Parameter::Access(place) => other_choices(place, &ACCESS, value, is_judged),
        Parameter::Choice(place, values) => other_choices(place, values, value, is_judged),
        Parameter::Mode(mode) => other_modes(mode, value, made),
        Parameter::Size(place) => other_sizes(place, value, call, made),
        Parameter::Pages(place) => fewer_pages(place, value),
        Parameter::Offset(place) => one("offset-more", Effect::Further(place)),
        Parameter::Elements(array, count) => other_elements(array, count, value, made),
        Parameter::Timeout(argument) => {
            let zero = Effect::NoTime(argument);
            other_timeouts(zero, Effect::Replace(argument, 0), value, call, made)
        }
        Parameter::Milliseconds(argument) => {
            let [zero, none] = [0, -1_i64].map(|time| Effect::Replace(argument, time.cast_unsigned()));
            other_timeouts(zero, none, value, call, made)
        }
        Parameter::SignalNumber(argument) => {
            let [one_signal, another] = [libc::SIGUSR1, libc::SIGUSR2].map(|signal| signal as u64);
            let other = if value == one_signal { another } else { one_signal };
            one("signal-other", Effect::Replace(argument, other))
        }
        Parameter::Signals(argument) => other_sets(argument, value, is_judged),
        Parameter::Process(argument) => one("process-caller", Effect::Caller(argument)),
        Parameter::Value(name, place) => vec![(format!("{name}-more"), Effect::More(place))],
    }
}

/// Of a call of the setup, one.
fn other_choices(place: Where, values: &[(&str, i64)], value: u64, is_judged: bool) -> Vec<(String, Effect)> {
    let mask = values.iter().fold(0, |mask, (_, value)| mask | value.cast_unsigned());
    if !values.iter().any(|(_, choice)| choice.cast_unsigned() == value & mask) {
        return Vec::new();
    }
    let others = values.iter().filter(|(_, choice)| choice.cast_unsigned() != value & mask);
    let mutated =
        others.map(|(name, choice)| (format!("as-{name}"), Effect::Bits(place, mask, choice.cast_unsigned())));
    mutated.take(if is_judged { values.len() } else { 1 }).collect()
}

/// What the file mode creation mask takes away makes no difference.
fn other_modes(mode: Mode, value: u64, made: &Made) -> Vec<(String, Effect)> {
    let place = Where::Argument(mode.argument);
    let count = mode.bits & if mode.masked { !made.umask } else { !0 };
    let bits = MODE_BITS.iter().filter(|(_, bit)| bit & count != 0);
    let mutated = bits.filter_map(|(name, bit)| {
        let bit = u64::from(*bit);
        if value & bit != 0 {
            return Some((format!("without-{name}"), Effect::Bits(place, bit, 0)));
        }
        made.judged.is_some().then(|| (format!("with-{name}"), Effect::Bits(place, 0, bit)))
    });
    mutated.collect()
}

fn other_sizes(place: Where, size: u64, call: &CallDescription, made: &Made) -> Vec<(String, Effect)> {
    let is_judged = made.judged.is_some();
    let resized = |kind: &str, how| (kind.to_owned(), Effect::Resize(place, how));
    let mut mutated = Vec::new();
    match made.result {
        // More was asked for than came: a little more or less makes no difference.
        Some(Ok(count)) if is_transferred(place, call) && count.cast_unsigned() < size => {
            if size / 2 < count.cast_unsigned() {
                mutated.push(resized("size-half", Resized::Half));
            }
        }
        _ => {
            if size > 0 {
                mutated.push(resized("size-less", Resized::Less));
            }
            // Who reads again gets the other half, and who does not sees that it is short.
            let is_read = made.result.is_some_and(|result| result.is_ok()) && !call.gives.is_empty();
            if size > 1 && is_judged && !is_read {
                mutated.push(resized("size-half", Resized::Half));
            }
            if is_judged {
                mutated.push(resized("size-more", Resized::More));
            }
        }
    }
    // A larger one need not be atomic.
    if made.blocked
        && (2..=libc::PIPE_BUF as u64).contains(&size)
        && let (Some(Buffer::At(buffer, 0)), Where::Argument(argument)) = (call.takes, place)
    {
        mutated.push(("in-halves".into(), Effect::InHalves(buffer, argument)));
    }
    mutated
}

/// Of memory with one page, none would be left.
fn fewer_pages(place: Where, size: u64) -> Vec<(String, Effect)> {
    let has_several = size > page_size();
    has_several.then(|| ("page-fewer".to_owned(), Effect::Resize(place, Resized::Page))).into_iter().collect()
}

/// The size of a page.
pub fn page_size() -> u64 {
    // SAFETY: asks for a number.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }.cast_unsigned()
}

/// Whether a size is that of what the call says that it transferred.
pub fn is_transferred(size: Where, call: &CallDescription) -> bool {
    matches!((size, call.returns), (Where::Argument(size), Returns::Bytes(Some(asked))) if size == asked)
}

/// `total` is how many bytes the elements have.
fn other_elements(array: usize, count: usize, total: u64, made: &Made) -> Vec<(String, Effect)> {
    let elements = made.arguments[count];
    let is_judged = made.judged.is_some();
    let mut mutated = Vec::new();
    // The last ones were used, or would be.
    let are_all_used = match made.result {
        Some(Ok(transferred)) => transferred.cast_unsigned() == total,
        _ => true,
    };
    if elements > 0 && are_all_used {
        mutated.push(("count-less".into(), Effect::FewerElements(count)));
        if is_judged && total > 0 {
            mutated.push(("last-shorter".into(), Effect::ShorterElement(array, count)));
        }
    }
    if elements > 1 && is_judged && total > 0 {
        mutated.push(("swapped".into(), Effect::SwappedElements(array, count)));
    }
    if elements > 1 && made.blocked {
        mutated.push(("by-element".into(), Effect::ByElement(array, count)));
    }
    mutated
}

/// Only if it made a difference: the call waited, or the time passed.
fn other_timeouts(
    zero: Effect,
    none: Effect,
    value: u64,
    call: &CallDescription,
    made: &Made,
) -> Vec<(String, Effect)> {
    let timed_out = match made.result {
        Some(Ok(value)) => value == 0 && !(call.acts)(&made.arguments),
        Some(Err(error)) => matches!(Errno::from_raw(error), Errno::EAGAIN | Errno::ETIMEDOUT),
        None => false,
    };
    let mut mutated = Vec::new();
    if timed_out && value > 0 {
        mutated.push(("timeout-zero".into(), zero));
    }
    if timed_out {
        mutated.push(("timeout-none".into(), none));
    }
    mutated
}

fn other_sets(argument: usize, set: u64, is_judged: bool) -> Vec<(String, Effect)> {
    let place = Where::Memory(argument, 0, size_of::<u64>());
    let lowest = set & set.wrapping_neg();
    let more = [libc::SIGUSR2, libc::SIGUSR1].map(bit).into_iter().find(|bit| set & bit == 0);
    let mut mutated = Vec::new();
    if lowest != 0 {
        mutated.push(("set-less".into(), Effect::Bits(place, lowest, 0)));
    }
    if let Some(more) = more.filter(|_| is_judged) {
        mutated.push(("set-more".into(), Effect::Bits(place, 0, more)));
    }
    mutated
}
