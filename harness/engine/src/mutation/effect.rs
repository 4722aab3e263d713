//! What is done to the call that is mutated, while its process is stopped at it.

use super::arguments::{is_transferred, page_size};
use super::mutations::{Effect, Resized, Unchanged};
use super::parameters::checksum;
use super::tracee::{Inside, Tracee};
use super::{elements, registers};
use harness::call::{Buffer, CallDescription, Given, Returns, Where};

/// What is done to a call before it is made. The process is to find its memory and its registers as they were: what is changed there
/// is put back at the exit.
pub fn at_entry(tracee: &Tracee, effect: Effect, inside: &mut Inside) -> nix::Result<()> {
    let (call, arguments, put_back) = (inside.call, &inside.arguments, &mut inside.put_back);
    match effect {
        Effect::Skip(_) => registers::skip_call(tracee.pid),
        Effect::Corrupt => {
            let Some(buffer) = call.takes else { return Ok(()) };
            let address = tracee.byte_of(buffer, arguments, 0)?;
            let before = change_byte(tracee, address)?;
            put_back.push((address, before));
            Ok(())
        }
        Effect::Bits(place, cleared, set) => {
            let value = tracee.value(place, arguments)?;
            tracee.replace_value(place, arguments, value & !cleared | set, put_back)
        }
        Effect::More(place) => {
            tracee.replace_value(place, arguments, tracee.value(place, arguments)?.wrapping_add(1), put_back)
        }
        Effect::Further(place) => tracee.set_value(place, arguments, tracee.value(place, arguments)?.wrapping_add(1)),
        Effect::Resize(place, how) => {
            let size = tracee.value(place, arguments)?;
            if how == Resized::More
                && let Some(buffer) = call.takes.or_else(|| given_bytes(call))
            {
                // What is behind the buffer is not the call's.
                let address = tracee.byte_of(buffer, arguments, size)?;
                tracee.replace_byte(address, EXTRA, put_back)?;
            }
            tracee.replace_value(place, arguments, resized(size, how), put_back)
        }
        Effect::InHalves(_, size) => registers::set_argument(tracee.pid, size, arguments[size] / 2),
        Effect::FewerElements(count) => registers::set_argument(tracee.pid, count, arguments[count] - 1),
        Effect::ShorterElement(array, count) => {
            tracee.shorten_last_element(arguments[array], arguments[count], put_back)
        }
        Effect::SwappedElements(array, count) => tracee.swap_elements(arguments[array], arguments[count], put_back),
        Effect::ByElement(_, count) => registers::set_argument(tracee.pid, count, 1),
        Effect::Replace(argument, value) => registers::set_argument(tracee.pid, argument, value),
        Effect::NoTime(argument) => {
            [0, 8].into_iter().try_for_each(|offset| tracee.replace_long(arguments[argument] + offset, 0, put_back))
        }
        Effect::Caller(argument) => {
            registers::set_argument(tracee.pid, argument, u64::from(tracee.pid.as_raw().cast_unsigned()))
        }
        Effect::Return(_)
        | Effect::Shift(_)
        | Effect::Change(_)
        | Effect::ChangeFirst(_)
        | Effect::Status(..)
        | Effect::GiveAway
        | Effect::AfterSignal(_)
        | Effect::Deliver(_) => Ok(()),
    }
}

fn resized(size: u64, how: Resized) -> u64 {
    match how {
        Resized::Less => size - 1,
        Resized::Half => size / 2,
        Resized::More => size.wrapping_add(1),
        Resized::Page => size.saturating_sub(page_size()),
    }
}

/// If a call that has returned this is done as two, and this was the first: what the second is called with.
pub fn second_half(effect: Effect, inside: &Inside, returned: i64) -> Option<[u64; 6]> {
    let arguments = inside.arguments;
    match effect {
        _ if inside.half.is_some() || returned <= 0 => None,
        Effect::InHalves(buffer, size) => {
            let mut rest = arguments;
            rest[buffer] += returned.cast_unsigned();
            rest[size] -= returned.cast_unsigned();
            Some(rest)
        }
        Effect::ByElement(array, count) => Some(elements::behind_first(arguments, array, count)),
        _ => None,
    }
}

/// Whether a call has ended as it would have without the mutation.
pub fn is_unchanged(tracee: &Tracee, inside: &Inside, returned: i64, unchanged: Unchanged) -> bool {
    let gives =
        |checksum_before| tracee.written(inside, returned).is_ok_and(|written| checksum(&written) == checksum_before);
    // An address is another in each run.
    let is_same = match inside.call.returns {
        Returns::Opaque if unchanged.returned >= 0 => !(-4095..0).contains(&returned),
        _ => returned == unchanged.returned,
    };
    is_same && unchanged.given.is_none_or(gives)
}

/// What is changed of a value. Not the last bit: identities that were given out one after the other would come to be one.
const OTHER: u64 = 0x80;

/// What the byte is that is there too many: no text, and not what a buffer begins with.
const EXTRA: u8 = 0xA5;

/// What is done to a call after it was made.
pub fn at_exit(tracee: &Tracee, effect: Effect, inside: &Inside, returned: i64) -> nix::Result<()> {
    let (call, arguments) = (inside.call, &inside.arguments);
    match effect {
        Effect::Skip(value) | Effect::Return(value) => registers::set_result(tracee.pid, value),
        Effect::Shift(more) => {
            if let (Some(buffer @ Buffer::At(..)), 1..) = (given_bytes(call), more) {
                // A vector may have no room for it.
                tracee.set_byte(tracee.byte_of(buffer, arguments, returned.cast_unsigned())?, EXTRA)?;
            }
            registers::set_result(tracee.pid, returned + more)
        }
        Effect::Change(given) => match call.gives[given] {
            Given::Bytes(buffer) => {
                let last = returned.saturating_sub(1).max(0).cast_unsigned();
                change_byte(tracee, tracee.byte_of(buffer, arguments, last)?).map(drop)
            }
            Given::Field(_, place) | Given::Identity(_, place) | Given::WaitStatus(place) => {
                tracee.set_value(place, arguments, tracee.value(place, arguments)? ^ OTHER)
            }
        },
        Effect::ChangeFirst(given) => match call.gives[given] {
            Given::Bytes(buffer) => change_byte(tracee, tracee.byte_of(buffer, arguments, 0)?).map(drop),
            Given::Field(..) | Given::Identity(..) | Given::WaitStatus(_) => Ok(()),
        },
        Effect::Status(given, status) => match call.gives[given] {
            Given::WaitStatus(place) => tracee.set_value(place, arguments, u64::from(status.cast_unsigned())),
            Given::Bytes(_) | Given::Field(..) | Given::Identity(..) => Ok(()),
        },
        Effect::Further(place @ Where::Memory(..)) => {
            tracee.set_value(place, arguments, tracee.value(place, arguments)?.wrapping_sub(1))
        }
        Effect::Resize(place, how) if is_transferred(place, call) => {
            let asked = tracee.value(place, arguments)?;
            let is_told = how != Resized::Half && returned.cast_unsigned() == resized(asked, how);
            if is_told { registers::set_result(tracee.pid, asked.cast_signed()) } else { Ok(()) }
        }
        // By one byte, of all.
        Effect::ShorterElement(array, count) => {
            let total = tracee.total(arguments[array], arguments[count])?.cast_signed();
            if returned == total - 1 { registers::set_result(tracee.pid, total) } else { Ok(()) }
        }
        Effect::Corrupt
        | Effect::GiveAway
        | Effect::Bits(..)
        | Effect::More(_)
        | Effect::Further(_)
        | Effect::Resize(..)
        | Effect::InHalves(..)
        | Effect::FewerElements(_)
        | Effect::SwappedElements(..)
        | Effect::ByElement(..)
        | Effect::Replace(..)
        | Effect::NoTime(_)
        | Effect::Caller(_)
        | Effect::AfterSignal(_)
        | Effect::Deliver(_) => Ok(()),
    }
}

fn given_bytes(call: &CallDescription) -> Option<Buffer> {
    call.gives.iter().find_map(|given| match given {
        Given::Bytes(buffer) => Some(*buffer),
        Given::Field(..) | Given::Identity(..) | Given::WaitStatus(_) => None,
    })
}

/// Changes the last bit of a byte, and gives what it was before.
fn change_byte(tracee: &Tracee, address: u64) -> nix::Result<u8> {
    let mut byte = [0];
    tracee.read(address, &mut byte)?;
    tracee.set_byte(address, byte[0] ^ 1)?;
    Ok(byte[0])
}
