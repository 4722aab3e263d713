//! What a wrong kernel could do to a call.

use super::arguments::{arguments, is_given};
use super::calls;
use super::deliveries::{self, Wrong};
use super::traced::Made;
use harness::call::{CallDescription, Errors, Given, Returns, Where};
use nix::errno::Errno;
use std::rc::Rc;

/// One thing that goes wrong with one call or one signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Which process makes the call: empty for the spec's first.
    pub process: Rc<str>,
    /// The call, by the name of its description, or the signal.
    pub call: Rc<str>,
    /// 1-based index among calls of this name in this process.
    pub number: u32,
    /// What goes wrong, as reports name it: `not-done`, `failed-EBADF`.
    pub kind: Box<str>,
    /// What is done to it.
    pub effect: Effect,
    /// Whether the call is one that a signal interrupts.
    pub interrupted: bool,
    /// If the call ends like this all the same, the mutation made no difference: no spec can tell.
    pub unchanged: Option<Unchanged>,
    /// For how many ticks in a row nothing happens in the spec without it.
    pub longest_quiet: u32,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unchanged {
    /// What it returned, an error as a negative number.
    pub returned: i64,
    /// A checksum of what it wrote, if that counts.
    pub given: Option<u64>,
}

/// What is done to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is not made, and seems to return this.
    Skip(i64),
    /// It is made, and seems to return this.
    Return(i64),
    /// It is made, and seems to return so much more than it does.
    Shift(i64),
    /// The last byte that it gave is changed, by the place in [`CallDescription::gives`], or one value.
    Change(usize),
    /// The first byte that it gave is changed, by the place in [`CallDescription::gives`].
    ChangeFirst(usize),
    /// It seems to have given this wait status, by the place in [`CallDescription::gives`].
    Status(usize, i32),
    /// The last byte that it takes is changed, for as long as it takes.
    Corrupt,
    /// It is made, another process that waits in the same call gets what came of it, and it waits again.
    GiveAway,
    /// Bits of an argument are cleared, and others set.
    Bits(Where, u64, u64),
    /// An argument is one more.
    More(Where),
    /// A position in a file is one more, and what the call makes of it seems to be what it should.
    Further(Where),
    /// A size is another.
    Resize(Where, Resized),
    /// A write of so many bytes, by the arguments with buffer and size, is done as two.
    InHalves(usize, usize),
    /// An iovec array, by the argument with the number of its elements, has one less.
    FewerElements(usize),
    /// The last element of an iovec array, by the arguments with address and number, is one byte shorter.
    ShorterElement(usize, usize),
    /// The first two elements of an iovec array that have bytes, by the arguments with address and number, change places.
    SwappedElements(usize, usize),
    /// The first element of an iovec array, by the arguments with address and number, is done before the others.
    ByElement(usize, usize),
    /// An argument is another value.
    Replace(usize, u64),
    /// The struct timespec at the address in an argument is zero.
    NoTime(usize),
    /// The process in an argument is the caller.
    Caller(usize),
    /// When a signal has interrupted it, it returns this inside the kernel.
    AfterSignal(i64),
    /// A signal is delivered wrongly.
    Deliver(Wrong),
}

/// How a size is changed. If it is that of what a call transfers, the call seems to have transferred what it should: but for
/// half, which it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resized {
    /// One byte less.
    Less,
    /// Half of it.
    Half,
    /// One byte more.
    More,
    /// One page of memory less.
    Page,
}

impl Mutation {
    /// The name by which it can be done again: `read#2:stale-byte`, `child1/wait4#1:other-code`.
    pub fn name(&self) -> String {
        let Self { process, call, number, kind, .. } = self;
        match &**process {
            "" => format!("{call}#{number}:{kind}"),
            process => format!("{process}/{call}#{number}:{kind}"),
        }
    }
}

/// Errors that programs are ready for at any time: they have kinds of their own.
const PASSING: [Errno; 2] = [Errno::EINTR, Errno::EAGAIN];

/// What the kernel returns inside itself for a call that is made again after any signal: linux/errno.h.
const ERESTARTNOINTR: i64 = -513;

/// All that can go wrong with a call or a signal, given all calls of the spec, for how many ticks in a row nothing happened in it at
/// most, and the errors that the catalogue documents for a call.
pub fn mutations(
    made: &Made,
    all: &[Made],
    longest_quiet: u32,
    documented: impl Fn(&str) -> Vec<Errno>,
) -> Vec<Mutation> {
    let (process, name): (Rc<str>, Rc<str>) = (made.process.as_str().into(), made.call.as_str().into());
    let mutation = |(kind, effect, unchanged): (String, _, _)| Mutation {
        process: Rc::clone(&process),
        call: Rc::clone(&name),
        number: made.number,
        kind: kind.into(),
        effect,
        interrupted: made.result == Some(Err(libc::EINTR)),
        unchanged,
        longest_quiet,
    };
    if let Some(delivery) = &made.delivery {
        let wrong = deliveries::mutations(delivery, mask_shows(made, all)).into_iter();
        return wrong.map(|(kind, effect)| mutation((kind, effect, None))).collect();
    }
    let Some(call) = calls::named(&made.call) else { return Vec::new() };
    let mut effects = Vec::new();
    let errors = match call.errors {
        Errors::Documented(name) => documented(name),
        Errors::Of(errors) => errors.to_vec(),
    };
    let other_than =
        |seen: Option<Errno>| errors.iter().copied().find(|error| Some(*error) != seen && !PASSING.contains(error));
    match made.result {
        None => {}
        Some(Ok(value)) => succeeded(call, made, value, other_than(None), &mut effects),
        Some(Err(error)) => {
            let error = Errno::from_raw(error);
            effects.push(("accepted".into(), Effect::Return(success(call, made))));
            if made.blocked {
                effects.push(("not-waiting".into(), Effect::Skip(-(error as i64))));
            }
            if let Some(other) = other_than(Some(error)) {
                effects.push((format!("error-{other:?}"), Effect::Return(-(other as i64))));
            }
        }
    }
    if made.restarted {
        effects.push(("not-restarted".into(), Effect::AfterSignal(-i64::from(libc::EINTR))));
    } else if made.result == Some(Err(libc::EINTR)) {
        effects.push(("restarted".into(), Effect::AfterSignal(ERESTARTNOINTR)));
    }
    let effects = effects.into_iter().map(|(kind, effect)| {
        let unchanged = is_free(call, effect, made, all).then_some(Unchanged { returned: 0, given: None });
        (kind, effect, unchanged)
    });
    effects.chain(arguments(call, made, all)).map(mutation).collect()
}

/// Whether a process would see that a signal stays blocked: it gets the signal again, or asks for its mask.
fn mask_shows(made: &Made, all: &[Made]) -> bool {
    let later = all.iter().skip_while(|other| *other != made).skip(1).take_while(|other| other.process == made.process);
    later.into_iter().any(|other| other.call == made.call || other.call == "rt_sigprocmask" && other.judged.is_some())
}

/// What can go wrong with a call that should succeed.
fn succeeded(
    call: &CallDescription,
    made: &Made,
    value: i64,
    error: Option<Errno>,
    effects: &mut Vec<(String, Effect)>,
) {
    let moves_bytes = matches!(call.returns, Returns::Bytes(_));
    let waits_for_child = call.gives.iter().any(|given| matches!(given, Given::WaitStatus(_)));
    // A call that moved nothing, or found no child, and did not wait leaves everything as it was: not to make it is no
    // mutation.
    if (call.acts)(&made.arguments) && (made.blocked || value > 0 || !(moves_bytes || waits_for_child)) {
        effects.push(("not-done".into(), Effect::Skip(value)));
    }
    if let Some(error) = error {
        if (call.acts)(&made.arguments) {
            effects.push((format!("failed-{error:?}"), Effect::Return(-(error as i64))));
        }
        effects.push((format!("refused-{error:?}"), Effect::Skip(-(error as i64))));
    }
    if made.blocked {
        for passing in PASSING {
            effects.push((format!("not-waiting-{passing:?}"), Effect::Skip(-(passing as i64))));
        }
        if value != 0 {
            effects.push(("not-waiting-0".into(), Effect::Skip(0)));
        }
        // A descriptor is of no use to another process.
        if made.contested && call.returns != Returns::Descriptor {
            effects.push(("wrong-waiter".into(), Effect::GiveAway));
        }
    }
    match call.returns {
        Returns::Nothing | Returns::Opaque => {}
        Returns::Descriptor | Returns::Number => effects.push(("other-value".into(), Effect::Shift(1))),
        Returns::Bytes(asked) => {
            if value > 0 {
                effects.push(("short".into(), Effect::Shift(-1)));
            }
            if asked.is_none_or(|argument| value.cast_unsigned() < made.arguments[argument]) {
                effects.push(("long".into(), Effect::Shift(1)));
            }
        }
    }
    for (index, given) in call.gives.iter().enumerate() {
        match given {
            Given::Bytes(_) => {
                if value > 0 {
                    effects.push(("stale-byte".into(), Effect::Change(index)));
                }
                if value > 1 {
                    effects.push(("stale-start".into(), Effect::ChangeFirst(index)));
                }
            }
            Given::Field(name, place) | Given::Identity(name, place) => {
                if is_given(*place, &made.arguments) {
                    effects.push((format!("other-{name}"), Effect::Change(index)));
                }
            }
            Given::WaitStatus(_) => {
                for (kind, other) in made.status.into_iter().flat_map(other_statuses) {
                    effects.push((kind.into(), Effect::Status(index, other)));
                }
            }
        }
    }
    if call.takes.is_some() && (value > 0 || !moves_bytes) {
        effects.push(("changed-byte".into(), Effect::Corrupt));
    }
}

/// Whether it only changes a number that the kernel chooses, and that no other call gives.
fn is_free(call: &CallDescription, effect: Effect, made: &Made, all: &[Made]) -> bool {
    let Effect::Change(index) = effect else { return false };
    matches!(call.gives[index], Given::Identity(..))
        && all.iter().filter(|other| other.identity == made.identity).count() < 2
}

/// What the call would return had it succeeded.
fn success(call: &CallDescription, made: &Made) -> i64 {
    match call.returns {
        Returns::Bytes(Some(asked)) => made.arguments[asked].cast_signed(),
        Returns::Bytes(None) => 1,
        Returns::Nothing | Returns::Descriptor | Returns::Number | Returns::Opaque => 0,
    }
}

/// Wait statuses that differ in one thing.
fn other_statuses(status: i32) -> [(&'static str, i32); 2] {
    const STOPPED: i32 = 0x7f;
    const CONTINUED: i32 = 0xffff;
    let other = |signal: i32| if signal == libc::SIGTERM { libc::SIGKILL } else { libc::SIGTERM };
    if libc::WIFEXITED(status) {
        [("other-code", ((libc::WEXITSTATUS(status) + 1) & 0xff) << 8), ("killed", libc::SIGTERM)]
    } else if libc::WIFSIGNALED(status) {
        [("other-signal", status & !0x7f | other(libc::WTERMSIG(status))), ("exited", 0)]
    } else if libc::WIFSTOPPED(status) {
        [("other-signal", other(libc::WSTOPSIG(status)) << 8 | STOPPED), ("continued", CONTINUED)]
    } else {
        [("stopped", libc::SIGSTOP << 8 | STOPPED), ("exited", 0)]
    }
}

#[cfg(test)]
mod tests;
