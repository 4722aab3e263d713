//! Kinds of timers, for rules that hold for several: setitimer(2), timer_create(2), timerfd_create(2).

use calls::for_layers::libc_raw::*;
use calls::signals::SignalSet;
use calls::timers::{Notify, Setting, TimerId};
use harness::{bounded, mark};
use kit::disposition::block_all;
use kit::prelude::*;
use libc::{
    CLOCK_MONOTONIC, ITIMER_REAL, POLLIN, SI_KERNEL, SI_TIMER, SIGALRM, SIGRTMIN, TIMER_ABSTIME, clockid_t, timespec,
};
use std::time::{Duration, Instant};

/// A kind of timer.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// ITIMER_REAL: it sends SIGALRM.
    Interval,
    /// A timer of timer_create(2) that sends a real-time signal.
    Posix,
    /// A timer of timerfd_create(2), whose expirations are read.
    Descriptor,
}

/// A timer of this process.
#[derive(Debug)]
pub enum Timer {
    /// ITIMER_REAL.
    Interval,
    /// By its id.
    Posix(TimerId),
    /// By its descriptor.
    Descriptor(Fd),
}

impl Kind {
    /// A timer against CLOCK_MONOTONIC, which is not armed. Its signal is blocked.
    pub fn create(self) -> TestResult<Timer> {
        self.create_with(CLOCK_MONOTONIC)
    }

    /// A timer against this clock, which is not armed. Its signal is blocked. An interval timer has no choice of clocks.
    pub fn create_with(self, clock: clockid_t) -> TestResult<Timer> {
        Ok(match self {
            Self::Interval => {
                block_all(SignalSet::of([SIGALRM]))?;
                Timer::Interval
            }
            Self::Posix => {
                block_all(SignalSet::of([signal()]))?;
                Timer::Posix(timer_create(clock, Some(Notify::Signal(signal(), VALUE)))?)
            }
            Self::Descriptor => Timer::Descriptor(timerfd_create(clock, 0)?),
        })
    }
}

/// What a timer of this kind sends beside its signal.
const VALUE: usize = 0x1234;

/// The signal that a POSIX timer sends here.
fn signal() -> i32 {
    SIGRTMIN() + 1
}

impl Timer {
    /// Sets it; the time is relative. Returns the former setting.
    pub fn set(&self, setting: Setting) -> Result<Setting> {
        match self {
            Self::Interval => setitimer(ITIMER_REAL, setting),
            Self::Posix(timer) => timer_settime(*timer, 0, setting),
            Self::Descriptor(timer) => timerfd_settime(timer, 0, setting),
        }
    }

    /// Sets it; the time is one of its clock. An interval timer has no such time.
    pub fn set_absolute(&self, setting: Setting) -> Result<Setting> {
        match self {
            Self::Interval => harness::judge::broken("an interval timer takes no absolute time"),
            Self::Posix(timer) => timer_settime(*timer, TIMER_ABSTIME, setting),
            Self::Descriptor(timer) => timerfd_settime(timer, libc::TFD_TIMER_ABSTIME, setting),
        }
    }

    /// Its setting: what is left of the time, and the interval.
    pub fn get(&self) -> Result<Setting> {
        match self {
            Self::Interval => getitimer(ITIMER_REAL),
            Self::Posix(timer) => timer_gettime(*timer),
            Self::Descriptor(timer) => timerfd_gettime(timer),
        }
    }

    /// Waits until it has expired: how often it has since the last time. An interval timer does not count.
    pub fn wait(&self) -> Result<u32> {
        if let Self::Descriptor(timer) = self {
            return read_timer(timer).map(|count| {
                assert!(count <= u64::from(u32::MAX), "{count} expirations");
                count as u32
            });
        }
        let (number, info) = sigwaitinfo(self.signals())?;
        assert_eq!((number, info.signal), (self.signal(), self.signal()));
        if let Self::Interval = self {
            assert_eq!(info.code, SI_KERNEL);
            return Ok(1);
        }
        assert_eq!((info.code, info.value()), (SI_TIMER, VALUE));
        Ok(1 + info.overrun().cast_unsigned())
    }

    /// Takes an expiration that is there already, if there is one. Linux drops the pending signal of a timer that was set anew when
    /// it is to be taken.
    pub fn take(&self) -> TestResult {
        match self {
            Self::Interval | Self::Posix(_) => {
                let _dropped = sigtimedwait(self.signals(), timespec { tv_sec: 0, tv_nsec: 0 });
            }
            Self::Descriptor(_) if self.has_expired()? => drop(self.wait()?),
            Self::Descriptor(_) => {}
        }
        Ok(())
    }

    /// Whether an expiration is there to be taken: nothing else is pending.
    pub fn has_expired(&self) -> Result<bool> {
        match self {
            Self::Interval | Self::Posix(_) => sigpending().map(|pending| pending != SignalSet::EMPTY),
            Self::Descriptor(timer) => {
                ppoll(&[(timer, POLLIN)], Some(Duration::ZERO), None).map(|ready| ready != (0, vec![0]))
            }
        }
    }

    fn signal(&self) -> i32 {
        match self {
            Self::Interval => SIGALRM,
            _ => signal(),
        }
    }

    fn signals(&self) -> SignalSet {
        SignalSet::of([self.signal()])
    }
}

/// Lets time pass, by a clock that is no timer under test.
pub fn let_pass(time: Duration) {
    let since = Instant::now();
    mark::by_harness(|| {
        while since.elapsed() < time {
            bounded::pause(time / 4);
        }
    });
}

/// Uses the processor for a moment, as a program and not by the kernel.
pub fn use_processor() {
    for number in 0..100_000_u64 {
        // Each number is used, or the compiler knows the sum.
        std::hint::black_box(number);
    }
}

/// The time of a clock. clock_gettime(2).
pub fn time_of(clock: clockid_t) -> TestResult<Duration> {
    Ok(duration(*nix::time::clock_gettime(clock.into())?.as_ref()))
}

fn duration(time: timespec) -> Duration {
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// When a call was made: the time before it, and after it.
#[derive(Clone, Copy, Debug)]
pub struct Span(Instant, Instant);

/// What a call returns, and when it was made.
pub fn timed<T>(call: impl FnOnce() -> T) -> (T, Span) {
    let before = Instant::now();
    let returned = call();
    (returned, Span(before, Instant::now()))
}

/// Whether so much can be left of a time that was set in one span, and asked for in another. Both spans bound what has passed,
/// so that no load of the machine counts.
pub fn is_left_of(left: Duration, whole: Duration, Span(before_set, after_set): Span, asked: Span) -> TestResult<bool> {
    // A struct timeval (sys/time.h) has microseconds.
    let grain = duration(*nix::time::clock_getres(CLOCK_MONOTONIC.into())?.as_ref()).max(Duration::from_micros(1));
    let (least, most) = (asked.0.saturating_duration_since(after_set), asked.1 - before_set);
    Ok(left + least <= whole + grain && left + most + grain >= whole)
}
