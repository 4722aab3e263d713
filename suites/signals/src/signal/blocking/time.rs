//! Calls that wait for time to pass, or for I/O of the kernel's own interface.

use super::{Blocking, LONG, Waiting, by_libc};
use calls::for_layers::libc::{clock_nanosleep, nanosleep};
use libc::timespec;

const TIME: timespec = timespec { tv_sec: LONG, tv_nsec: 0 };

pub(in super::super) const NANOSLEEP: Blocking = Blocking {
    call: calls::NANOSLEEP,
    set_up: || {
        Waiting::for_ever(|| {
            let mut remaining = timespec { tv_sec: 0, tv_nsec: 0 };
            nanosleep(TIME, &mut remaining).inspect_err(|_| assert_remaining(remaining))
        })
    },
};

pub(in super::super) const CLOCK_NANOSLEEP: Blocking = Blocking {
    call: calls::CLOCK_NANOSLEEP,
    set_up: || {
        Waiting::for_ever(|| {
            let mut remaining = timespec { tv_sec: 0, tv_nsec: 0 };
            clock_nanosleep(libc::CLOCK_MONOTONIC, 0, TIME, &mut remaining).inspect_err(|_| assert_remaining(remaining))
        })
    },
};

/// Something remains, and no more than there was.
fn assert_remaining(remaining: timespec) {
    assert!(remaining.tv_sec > 0 && remaining.tv_sec <= TIME.tv_sec, "{} s remain", remaining.tv_sec);
}

pub(in super::super) const USLEEP: Blocking = Blocking {
    call: calls::USLEEP,
    set_up: || {
        const MICROSECONDS: u32 = 1_000_000_000;
        Waiting::for_ever(|| calls::for_layers::libc::usleep(MICROSECONDS))
    },
};

pub(in super::super) const IO_GETEVENTS: Blocking = Blocking {
    call: calls::IO_GETEVENTS,
    set_up: || {
        Waiting::for_ever(|| {
            let mut context = 0_usize;
            let mut event = [0_u64; 4];
            // SAFETY: the kernel writes the context, and one event of 32 bytes at most; both outlive the calls.
            unsafe {
                by_libc(calls::IO_GETEVENTS, libc::syscall(libc::SYS_io_setup, 1, &raw mut context))?;
                let no_time = std::ptr::null::<timespec>();
                by_libc(
                    calls::IO_GETEVENTS,
                    libc::syscall(libc::SYS_io_getevents, context, 1, 1, event.as_mut_ptr(), no_time),
                )
                .map(drop)
            }
        })
    },
};
