//! Bad addresses, of the calls on a timer that take or give a struct itimerspec.

use harness::raw::{Argument as _, arguments};
use kit::prelude::*;

/// A call with a bad address: its name, its number, and its arguments behind the timer.
pub type OnAddress = (&'static str, Sysno, [usize; 3]);

/// Stands for the address of a setting.
pub const SETTING: usize = usize::MAX;

/// Makes the call on this timer, and asserts that it fails with EFAULT.
#[track_caller]
pub fn assert_address_refused((name, number, given): OnAddress, timer: usize) {
    let second = libc::timespec { tv_sec: 1000, tv_nsec: 0 };
    let new = libc::itimerspec { it_value: second, it_interval: second };
    let [first, second, third] =
        given.map(|argument| if argument == SETTING { (&raw const new).register() } else { argument });
    // SAFETY: the addresses are bad, or that of a setting that is read.
    assert_errno!(unsafe { syscall(name, number, arguments([timer, first, second, third])) }, EFAULT);
}
