//! Waits that do not depend on what they wait with: a lost wake-up, a lost signal or a child that wait(2) misses costs a
//! tick, and never the run.
//!
//! All by the system call instruction: a library under test changes none of them.

use crate::raw::{self, Argument, Sysno, arguments};
use nix::errno::Errno;
use nix::sys::signal::SigSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// After how long the harness looks again, whether it was woken or not.
pub const TICK: Duration = Duration::from_millis(20);

fn timespec(duration: Duration) -> libc::timespec {
    libc::timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: duration.subsec_nanos().into() }
}

/// Sleeps while the word holds this value, for a tick at most. May return early. futex(2), FUTEX_WAIT
pub fn sleep_while(word: &AtomicU32, value: u32) {
    // An error is a wake-up like another: the caller looks at the word again.
    let _ = sleep_for(TICK, word, value);
}

/// Sleeps on a word that nobody changes, for ten ticks at most. Whether it was woken.
pub fn is_woken(word: &AtomicU32) -> bool {
    sleep_for(10 * TICK, word, word.load(Ordering::Relaxed)).is_ok()
}

fn sleep_for(limit: Duration, word: &AtomicU32, value: u32) -> Result<usize, Errno> {
    let limit = timespec(limit);
    let wait = [word.as_ptr().register(), libc::FUTEX_WAIT.register(), value.register(), (&raw const limit).register()];
    // SAFETY: word and time outlive the call.
    unsafe { raw::syscall(Sysno::futex, arguments(wait)) }
}

/// Wakes all who sleep on the word, in all processes. futex(2), FUTEX_WAKE
pub fn wake(word: &AtomicU32) {
    let wake = [word.as_ptr().register(), libc::FUTEX_WAKE.register(), i32::MAX.register()];
    // SAFETY: the word outlives the call.
    let _ = unsafe { raw::syscall(Sysno::futex, arguments(wake)) };
}

/// Sleeps. Where the call fails it returns at once, and the caller looks again. nanosleep(2)
pub fn pause(duration: Duration) {
    let time = timespec(duration);
    // SAFETY: the time outlives the call.
    let _ = unsafe { raw::syscall(Sysno::nanosleep, arguments([(&raw const time).register(), 0])) };
}

/// Takes the next of these signals, which are blocked, if one comes in this time; and who sent it, 0 for somebody outside the pid
/// namespace. sigtimedwait(2)
pub fn take_signal(signals: &SigSet, limit: Duration) -> Option<(i32, i32)> {
    let limit = timespec(limit);
    // SAFETY: all zero is a valid siginfo.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let set: *const libc::sigset_t = signals.as_ref();
    let call = [set.register(), (&raw mut info).register(), (&raw const limit).register(), raw::SET_SIZE];
    // SAFETY: reads the set, which begins with the kernel's, and the time, and writes the information.
    let signal = unsafe { raw::syscall(Sysno::rt_sigtimedwait, arguments(call)) }.ok()?;
    // SAFETY: SIGCHLD has a pid, and so has a signal that a process sent.
    Some((signal as i32, unsafe { info.si_pid() }))
}

/// Sends a signal. kill(2)
pub fn kill(pid: i32, signal: i32) -> Result<(), Errno> {
    // SAFETY: sends a signal; touches no memory.
    unsafe { raw::syscall(Sysno::kill, arguments([pid.register(), signal.register()])) }.map(drop)
}

/// What wait4(2) reported of one process.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// Its pid.
    pub pid: i32,
    /// Its wait status, raw: nix does not know realtime signals.
    pub status: i32,
    /// Processor time of the process and of all that it has waited for.
    pub cpu: Duration,
}

/// Waits for a child as the flags say; none when WNOHANG is among them and nothing has happened. wait4(2)
pub fn wait(pid: i32, flags: i32) -> Result<Option<Waited>, Errno> {
    /// No wait status is this.
    const UNTOUCHED: i32 = -1;
    let mut status = UNTOUCHED;
    // SAFETY: all zero is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let call = [pid.register(), (&raw mut status).register(), flags.register(), (&raw mut usage).register()];
    // SAFETY: both are written at most, and outlive the call.
    let found = unsafe { raw::syscall(Sysno::wait4, arguments(call)) }? as i32;
    let time = |value: libc::timeval| Duration::new(value.tv_sec as u64, value.tv_usec as u32 * 1000);
    let cpu = time(usage.ru_utime) + time(usage.ru_stime);
    Ok((found != 0 && status != UNTOUCHED).then_some(Waited { pid: found, status, cpu }))
}

/// A point in shared memory that one process opens and others wait at. Zero is closed.
#[repr(transparent)]
#[derive(Debug)]
pub struct Gate(AtomicU32);

impl Gate {
    /// Opens it, for good.
    pub fn open(&self) {
        self.0.store(1, Ordering::Release);
        wake(&self.0);
    }

    /// Waits until it is open, or until there is no reason to: asked at each tick. Whether it is open.
    pub fn wait_while(&self, worthwhile: impl Fn() -> bool) -> bool {
        loop {
            if self.0.load(Ordering::Acquire) != 0 {
                return true;
            }
            sleep_while(&self.0, 0);
            if self.0.load(Ordering::Acquire) == 0 && !worthwhile() {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_wait_that_nobody_ends_is_over_after_a_tick() {
        let start = Instant::now();
        sleep_while(&AtomicU32::new(7), 7);
        assert!(start.elapsed() >= TICK);
        assert!(!Gate(AtomicU32::new(0)).wait_while(|| false));
        let open = Gate(AtomicU32::new(0));
        open.open();
        assert!(open.wait_while(|| false));
    }

    #[test]
    fn a_child_is_waited_for_once() {
        // SAFETY: the child ends at once.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends the process.
            unsafe { libc::_exit(7) }
        }
        let waited = wait(child, 0).unwrap().unwrap();
        assert_eq!((waited.pid, waited.status), (child, 7 << 8));
        assert_eq!(wait(child, libc::WNOHANG).unwrap_err(), Errno::ECHILD);
        assert_eq!(kill(child, 0), Err(Errno::ESRCH));
    }
}
