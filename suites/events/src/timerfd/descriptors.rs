//! The descriptor of a timer: its flags, what it tells in /proc, and what keeps the timer.

use crate::kinds::let_pass;
use calls::timers::Setting;
use harness::mark;
use kit::passing::{pass, receive};
use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start_after};
use libc::{CLOCK_MONOTONIC, CLOCK_REALTIME, FD_CLOEXEC, O_NONBLOCK, TFD_CLOEXEC, TFD_NONBLOCK};
use linkme::distributed_slice;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::ffi::OsString;
use std::time::Duration;

#[rstest]
#[case::none(0, 0, 0)]
#[case::cloexec(TFD_CLOEXEC, FD_CLOEXEC, 0)]
#[case::nonblock(TFD_NONBLOCK, 0, O_NONBLOCK)]
#[case::both(TFD_CLOEXEC | TFD_NONBLOCK, FD_CLOEXEC, O_NONBLOCK)]
/// timerfd_create sets close-on-exec with TFD_CLOEXEC and O_NONBLOCK with TFD_NONBLOCK, and neither without.
#[harness::test(
    id = "timerfd.flags",
    cite = [man("timerfd_create.2", "timerfd_create()")],
    covers = ["behaviours:timerfd.cloexec-nonblock"],
    layers = [libc, raw],
)]
fn flags_of_a_new_timer(#[case] flags: i32, #[case] of_descriptor: i32, #[case] status: i32) -> TestResult {
    let timer = assert_ok!(timerfd_create(CLOCK_MONOTONIC, flags));
    assert_eq!(get_descriptor_flags(&timer), Ok(of_descriptor));
    assert_eq!(get_flags(&timer).map(|flags| flags & O_NONBLOCK), Ok(status));
    Ok(())
}

/// A timer is kept by an execve, and goes on expiring: the new program reads its expirations from the same descriptor.
#[harness::test(
    id = "timerfd.exec-kept",
    cite = [man("timerfd_create.2", "execve(2) semantics")],
    covers = ["behaviours:timerfd.exec-kept"],
    layers = [libc, raw],
)]
fn an_exec_keeps_the_timer() -> TestResult {
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    let process = start_after(&READS_TIMER, || {
        timerfd_settime(&timer, 0, Setting::every(INTERVAL))?;
        Ok(vec![timer.number().to_string().into()])
    })?;
    process.join()
}

const INTERVAL: Duration = Duration::from_millis(1);

#[distributed_slice(PROGRAMS)]
static READS_TIMER: Program = Program { name: "reads-timer", body: read_inherited_timer };

fn read_inherited_timer(arguments: &[OsString]) -> TestResult {
    use calls::for_layers::libc_raw::{read_timer, timerfd_gettime};
    let number: i32 =
        arguments.first().and_then(|word| word.to_str()?.parse().ok()).ok_or_else(|| Stop::broken("no descriptor"))?;
    assert_eq!(timerfd_gettime(number).map(|setting| setting.interval), Ok(INTERVAL));
    for _ in 0..2 {
        assert_matches!(read_timer(number), Ok(1..));
    }
    Ok(())
}

/// A timer that is sent to another process over a socket is the same timer, and is armed after its sender has closed it.
#[harness::test(
    id = "timerfd.passed",
    cite = [man("unix.7", "Ancillary messages", "SCM_RIGHTS"), man("timerfd_create.2", "Operating on a timer file descriptor")],
    covers = ["behaviours:timerfd.kept-by-any-descriptor"],
    layers = [libc, raw],
)]
fn a_passed_timer_is_the_same_one() -> TestResult {
    let (ours, theirs) = stream_pair()?;
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    let child = fork(|| -> TestResult {
        let timer = receive(&theirs)?;
        assert_eq!(read_timer(&timer), Ok(1));
        assert_eq!(timerfd_gettime(&timer), Ok(Setting::DISARMED));
        Ok(())
    })?;
    drop(theirs);
    assert_eq!(timerfd_settime(&timer, 0, Setting::once(INTERVAL)), Ok(Setting::DISARMED));
    pass(&ours, &timer)?;
    drop(timer);
    child.join()
}

/// A timer expires as long as one of its descriptors is open, and no longer: an epoll instance that watches it reports it while there is
/// a duplicate, and reports nothing once that was closed.
#[harness::test(
    id = "timerfd.closed",
    cite = [man("timerfd_create.2", "Operating on a timer file descriptor", "close(2)"), man("epoll.7", "Questions and answers")],
    covers = ["behaviours:timerfd.close-last-frees", "behaviours:timerfd.kept-by-any-descriptor"],
    layers = [libc, raw],
)]
fn closing_the_last_descriptor_ends_the_timer() -> TestResult {
    const NUMBER: u64 = 0x1234;
    let timer = timerfd_create(CLOCK_MONOTONIC, 0)?;
    let duplicate = dup(&timer)?;
    let watching = Epoll::new(EpollCreateFlags::empty())?;
    timer.lend(|timer| watching.add(timer, EpollEvent::new(EpollFlags::EPOLLIN, NUMBER)))?;
    let reported = || -> TestResult<Vec<_>> {
        let mut events = [EpollEvent::empty(); 2];
        let count = watching.wait(&mut events, EpollTimeout::ZERO)?;
        Ok(events[..count].iter().map(|event| (event.events(), event.data())).collect())
    };
    assert_eq!(timerfd_settime(&timer, 0, Setting::every(INTERVAL)), Ok(Setting::DISARMED));
    drop(timer);
    let_pass(2 * INTERVAL);
    assert_eq!(reported()?, [(EpollFlags::EPOLLIN, NUMBER)]);
    drop(duplicate);
    let_pass(2 * INTERVAL);
    assert_eq!(reported()?, []);
    Ok(())
}

/// The fdinfo of a timer shows its clock, its unread expirations, what is left of its time, and its interval.
#[harness::test(
    id = "timerfd.fdinfo",
    cite = [man("proc_pid_fdinfo.5", "DESCRIPTION")],
    covers = ["behaviours:timerfd.fdinfo"],
    layers = [libc, raw],
)]
fn fdinfo_shows_the_timer() -> TestResult {
    const PERIODIC: Setting = Setting { value: Duration::from_millis(1), interval: Duration::new(1000, 7) };
    for clock in [CLOCK_MONOTONIC, CLOCK_REALTIME] {
        let timer = timerfd_create(clock, 0)?;
        let field = |name: &str| -> TestResult<String> {
            let info = mark::by_harness(|| std::fs::read_to_string(format!("/proc/self/fdinfo/{}", timer.number())))?;
            let line = info.lines().find_map(|line| line.strip_prefix(name));
            Ok(line.unwrap_or_default().trim().into())
        };
        assert_eq!(field("clockid:")?, clock.to_string());
        assert_eq!((field("it_value:")?, field("it_interval:")?), ("(0, 0)".into(), "(0, 0)".into()));
        assert_eq!(timerfd_settime(&timer, 0, PERIODIC), Ok(Setting::DISARMED));
        let_pass(2 * PERIODIC.value);
        assert_eq!(ppoll(&[(&timer, libc::POLLIN)], None, None), Ok((1, vec![libc::POLLIN])));
        assert_eq!((field("ticks:")?, field("it_interval:")?), ("1".into(), "(1000, 7)".into()));
        assert_eq!(read_timer(&timer), Ok(1));
        assert_eq!(field("ticks:")?, "0");
        assert!(field("it_value:")?.starts_with("(999, ") || field("it_value:")?.starts_with("(1000, "));
    }
    Ok(())
}
