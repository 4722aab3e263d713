//! What is done to the call that is mutated, while its process is stopped at it.

use super::mutations::Effect;
use super::registers;
use super::tracee::{Inside, Tracee};
use harness::call::{Buffer, CallDescription, Given};

/// What is done to a call before it is made.
pub fn at_entry(tracee: &Tracee, effect: Effect, inside: &mut Inside) -> nix::Result<()> {
    let (call, arguments) = (inside.call, &inside.arguments);
    match effect {
        Effect::Skip(_) => registers::skip_call(tracee.pid),
        Effect::Corrupt => {
            let Some(buffer) = call.takes else { return Ok(()) };
            let address = tracee.byte_of(buffer, arguments, 0)?;
            inside.put_back = Some((address, change_byte(tracee, address)?));
            Ok(())
        }
        Effect::Drop(place, flag) => {
            let (place, flags) = call.flags[place];
            tracee.set_value(place, arguments, tracee.value(place, arguments)? & !(flags[flag].1 as u64))
        }
        Effect::Return(_)
        | Effect::Shift(_)
        | Effect::Change(_)
        | Effect::ChangeFirst(_)
        | Effect::Status(..)
        | Effect::GiveAway => Ok(()),
    }
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
            Given::Field(_, place) | Given::WaitStatus(place) => {
                tracee.set_value(place, arguments, tracee.value(place, arguments)? ^ OTHER)
            }
        },
        Effect::ChangeFirst(given) => match call.gives[given] {
            Given::Bytes(buffer) => change_byte(tracee, tracee.byte_of(buffer, arguments, 0)?).map(drop),
            Given::Field(..) | Given::WaitStatus(_) => Ok(()),
        },
        Effect::Status(given, status) => match call.gives[given] {
            Given::WaitStatus(place) => tracee.set_value(place, arguments, u64::from(status.cast_unsigned())),
            Given::Bytes(_) | Given::Field(..) => Ok(()),
        },
        Effect::Corrupt | Effect::Drop(..) | Effect::GiveAway => Ok(()),
    }
}

fn given_bytes(call: &CallDescription) -> Option<Buffer> {
    call.gives.iter().find_map(|given| match given {
        Given::Bytes(buffer) => Some(*buffer),
        Given::Field(..) | Given::WaitStatus(_) => None,
    })
}

/// Changes the last bit of a byte, and gives what it was before.
fn change_byte(tracee: &Tracee, address: u64) -> nix::Result<u8> {
    let mut byte = [0];
    tracee.read(address, &mut byte)?;
    tracee.set_byte(address, byte[0] ^ 1)?;
    Ok(byte[0])
}
