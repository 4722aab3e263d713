//! Reading a timer, waiting for it, and being woken by it.

use crate::kinds::let_pass;
use crate::needs::CHECKPOINT_RESTORE;
use calls::signals::SignalSet;
use calls::timers::Setting;
use kit::disposition::{Runs, block_all};
use kit::prelude::*;
use libc::{CLOCK_MONOTONIC, POLLIN, TFD_NONBLOCK};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(2);
const LONG: Setting = Setting::every(Duration::from_secs(1000));

/// A nonblocking read of a timer that has not expired fails with EAGAIN; after an expiration it returns how many there were, once,
/// in 8 bytes.
#[harness::test(
    id = "timerfd.nonblocking-read",
    cite = [man("timerfd_create.2", "Operating on a timer file descriptor")],
    covers = ["behaviours:timerfd.read-blocks", "behaviours:timerfd.read-count", "errors:timerfd.read(timerfd).EAGAIN"],
    layers = [libc, raw],
)]
fn a_nonblocking_read_fails_before_the_expiration() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)?;
    assert_errno!(read_timer(&timer), EAGAIN);
    assert_eq!(timerfd_settime(&timer, 0, LONG), Ok(Setting::DISARMED));
    assert_errno!(read_timer(&timer), EAGAIN);
    assert_eq!(timerfd_settime(&timer, 0, Setting::once(SHORT)).map(|old| old.interval), Ok(LONG.interval));
    assert_eq!(ppoll(&[(&timer, POLLIN)], None, None), Ok((1, vec![POLLIN])));
    assert_eq!(read_timer(&timer), Ok(1));
    assert_errno!(read_timer(&timer), EAGAIN);
    Ok(())
}

/// Two processes that are blocked in a read of one timer: each expiration lets one of them go on.
#[harness::test(
    id = "timerfd.two-readers",
    cite = [man("timerfd_create.2", "fork(2) semantics"), man("timerfd_create.2", "Operating on a timer file descriptor")],
    covers = ["behaviours:timerfd.fork-shares", "behaviours:timerfd.read-blocks"],
    layers = [libc, raw],
)]
fn an_expiration_is_read_once() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    let reader = || {
        fork(|| -> TestResult {
            assert_eq!(read_timer(&timer), Ok(1));
            Ok(())
        })
    };
    let readers = [reader()?, reader()?];
    for reader in &readers {
        reader.wait_until_blocked_in(calls::READ_TIMERFD)?;
    }
    assert_eq!(timerfd_settime(&timer, 0, Setting::once(SHORT)), Ok(Setting::DISARMED));
    while !readers.iter().any(Child::has_ended) {
        let_pass(SHORT);
    }
    let_pass(SHORT);
    let (ended, waiting): (Vec<_>, Vec<_>) = readers.into_iter().partition(Child::has_ended);
    assert_eq!((ended.len(), waiting.len()), (1, 1));
    for reader in &waiting {
        reader.assert_blocked_in(calls::READ_TIMERFD);
    }
    assert_eq!(timerfd_settime(&timer, 0, Setting::once(SHORT)), Ok(Setting::DISARMED));
    ended.into_iter().chain(waiting).try_for_each(Child::join)
}

/// A timer that is set by a child expires for its parent: a read of the one takes what the other would have read.
#[harness::test(
    id = "timerfd.shared-with-child",
    cite = [man("timerfd_create.2", "fork(2) semantics")],
    covers = ["behaviours:timerfd.fork-shares"],
    layers = [libc, raw],
)]
fn a_child_shares_the_timer() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)?;
    let child = fork(|| -> TestResult {
        assert_eq!(timerfd_settime(&timer, 0, Setting { value: SHORT, ..LONG }), Ok(Setting::DISARMED));
        assert_eq!(ppoll(&[(&timer, POLLIN)], None, None), Ok((1, vec![POLLIN])));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(timerfd_gettime(&timer).map(|setting| setting.interval), Ok(LONG.interval));
    let child = fork(|| -> TestResult {
        assert_eq!(read_timer(&timer), Ok(1));
        Ok(())
    })?;
    child.join()?;
    assert_errno!(read_timer(&timer), EAGAIN);
    Ok(())
}

/// ppoll shows POLLIN on a timer from its expiration on, not before, and no longer once that was read; it sleeps until then.
#[harness::test(
    id = "timerfd.poll",
    cite = [man("timerfd_create.2", "Operating on a timer file descriptor")],
    covers = ["behaviours:timerfd.poll-in"],
    layers = [libc, raw],
)]
fn a_timer_is_readable_once_it_has_expired() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    let ready = |timeout| ppoll(&[(&timer, POLLIN)], timeout, None);
    assert_eq!(ready(Some(Duration::ZERO)), Ok((0, vec![0])));
    assert_eq!(timerfd_settime(&timer, 0, LONG), Ok(Setting::DISARMED));
    assert_eq!(ready(Some(Duration::ZERO)), Ok((0, vec![0])));
    let since = Instant::now();
    assert_eq!(timerfd_settime(&timer, 0, Setting::once(SHORT)).map(|old| old.interval), Ok(LONG.interval));
    assert_eq!(ready(None), Ok((1, vec![POLLIN])));
    assert!(since.elapsed() >= SHORT, "it expired early");
    assert_eq!(ready(Some(Duration::ZERO)), Ok((1, vec![POLLIN])));
    assert_eq!(read_timer(&timer), Ok(1));
    assert_eq!(ready(Some(Duration::ZERO)), Ok((0, vec![0])));
    Ok(())
}

/// TFD_IOC_SET_TICKS sets how often a timer has expired, and wakes all who wait for it: a read returns that number, and whoever polls is
/// told that there is something to read.
#[harness::test(
    id = "timerfd.set-ticks",
    cite = [man("timerfd_create.2", "Operating on a timer file descriptor", "TFD_IOC_SET_TICKS")],
    covers = ["behaviours:timerfd.set-ticks-ioctl"],
    needs = [CHECKPOINT_RESTORE],
    layers = [libc, raw],
)]
fn the_expirations_can_be_set() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    let reader = fork(|| assert_eq!(read_timer(&timer), Ok(5)))?;
    reader.wait_until_blocked_in(calls::READ_TIMERFD)?;
    assert_eq!(set_ticks(&timer, 5), Ok(()));
    reader.join()?;
    let polling = || fork(|| assert_eq!(ppoll(&[(&timer, POLLIN)], None, None), Ok((1, vec![POLLIN]))));
    let pollers = [polling()?, polling()?];
    for poller in &pollers {
        poller.wait_until_blocked_in(calls::PPOLL)?;
    }
    assert_eq!(set_ticks(&timer, u64::MAX), Ok(()));
    pollers.into_iter().try_for_each(Child::join)?;
    assert_eq!((timerfd_gettime(&timer), read_timer(&timer)), (Ok(Setting::DISARMED), Ok(u64::MAX)));
    assert_eq!(ppoll(&[(&timer, POLLIN)], Some(Duration::ZERO), None), Ok((0, vec![0])));
    Ok(())
}

/// Setting a timer anew drops the expirations that nobody has read.
#[harness::test(
    id = "timerfd.set-anew",
    cite = [man("timerfd_create.2", "Operating on a timer file descriptor")],
    covers = ["behaviours:timerfd.settime-resets-count"],
    layers = [libc, raw],
)]
fn setting_a_timer_drops_what_was_not_read() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)?;
    for new in [LONG, Setting::DISARMED] {
        assert_ok!(timerfd_settime(&timer, 0, Setting::once(SHORT)));
        assert_eq!(ppoll(&[(&timer, POLLIN)], None, None), Ok((1, vec![POLLIN])));
        assert_eq!(timerfd_settime(&timer, 0, new), Ok(Setting::DISARMED));
        assert_errno!(read_timer(&timer), EAGAIN);
        assert_eq!(ppoll(&[(&timer, POLLIN)], Some(Duration::ZERO), None), Ok((0, vec![0])));
    }
    Ok(())
}

/// A timer that expires sends its process no signal.
#[harness::test(
    id = "timerfd.no-signal",
    cite = [man("timerfd_create.2", "DESCRIPTION")],
    covers = ["behaviours:timerfd.no-signal"],
    layers = [libc, raw],
)]
fn an_expiration_sends_no_signal() -> TestResult {
    block_all(SignalSet::ALL)?;
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    assert_eq!(timerfd_settime(&timer, 0, Setting::every(SHORT)), Ok(Setting::DISARMED));
    for _ in 0..2 {
        assert_matches!(read_timer(&timer), Ok(1..));
        assert_eq!(sigpending(), Ok(SignalSet::EMPTY));
    }
    Ok(())
}

/// A handler ends a blocked read of a timer with EINTR; with SA_RESTART the read goes on, and returns the expiration.
#[harness::test(
    id = "timerfd.read-eintr",
    cite = [man("read.2", "ERRORS", "EINTR"), man("signal.7", "Interruption of system calls and library functions by signal handlers")],
    covers = ["errors:timerfd.read(timerfd).EINTR"],
    layers = [libc, raw],
)]
fn a_handler_interrupts_a_read() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    let runs = Runs::new()?;
    let child = fork(|| -> TestResult {
        runs.handle(Known::SIGUSR1, SaFlags::empty())?;
        runs.handle(Known::SIGUSR2, SaFlags::SA_RESTART)?;
        assert_errno!(read_timer(&timer), EINTR);
        assert_eq!(read_timer(&timer), Ok(1));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::READ_TIMERFD)?;
    child.signal(Known::SIGUSR1)?;
    runs.wait_for(1);
    child.wait_until_blocked_in(calls::READ_TIMERFD)?;
    child.signal(Known::SIGUSR2)?;
    runs.wait_for(2);
    child.assert_blocked_in(calls::READ_TIMERFD);
    assert_eq!(timerfd_settime(&timer, 0, Setting::once(SHORT)), Ok(Setting::DISARMED));
    child.join()?;
    assert_eq!(runs.count(), 2);
    Ok(())
}
