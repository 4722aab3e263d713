//! What the arguments of a call are, when a spec makes it.

use super::arguments::is_given;
use super::tracee::Tracee;
use harness::call::{CallDescription, Parameter};
use std::hash::{DefaultHasher, Hash, Hasher};

impl Tracee {
    /// The value of each parameter; none where there is nothing to change.
    pub fn values(&self, call: &CallDescription, arguments: &[u64; 6]) -> Vec<Option<u64>> {
        call.parameters.iter().map(|parameter| self.value_of(*parameter, arguments)).collect()
    }

    fn value_of(&self, parameter: Parameter, arguments: &[u64; 6]) -> Option<u64> {
        match parameter {
            Parameter::Access(place)
            | Parameter::Choice(place, _)
            | Parameter::Size(place)
            | Parameter::Pages(place)
            | Parameter::Offset(place)
            | Parameter::Value(_, place) => {
                is_given(place, arguments).then(|| self.value(place, arguments).ok()).flatten()
            }
            Parameter::Mode(mode) => (mode.counts)(arguments).then(|| arguments[mode.argument] & u64::from(mode.bits)),
            Parameter::Elements(array, count) => self.total(arguments[array], arguments[count]).ok(),
            Parameter::Timeout(argument) => {
                let [seconds, nanoseconds] = self.read_longs(arguments[argument]).ok()?;
                Some(seconds | nanoseconds)
            }
            Parameter::Milliseconds(argument) => u64::try_from(arguments[argument] as i32).ok(),
            Parameter::SignalNumber(argument) => Some(arguments[argument]),
            Parameter::Signals(argument) => self.read_longs(arguments[argument]).ok().map(|[set]| set),
            // Neither a group of processes, which might be more than the spec's, nor the caller itself.
            Parameter::Process(argument) => {
                let pid = arguments[argument] as i32;
                (pid > 1 && pid != self.pid.as_raw()).then_some(arguments[argument])
            }
        }
    }

    /// The file mode creation mask, if a call applies it. proc(5).
    pub fn umask(&self, call: &CallDescription) -> u32 {
        let applies = |parameter: &Parameter| matches!(parameter, Parameter::Mode(mode) if mode.masked);
        if !call.parameters.iter().any(applies) {
            return 0;
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default();
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        umask.and_then(|umask| u32::from_str_radix(umask.trim(), 8).ok()).unwrap_or_default()
    }
}

/// A checksum of what a call wrote. The same bytes have the same in every run of this program.
pub fn checksum(written: &[Vec<u8>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    written.hash(&mut hasher);
    hasher.finish()
}
