//! What the wait status says of a child that has ended, and what it used.

use super::Taken;
use calls::waiting::Waited;
use kit::disposition::{handle, ignore};
use kit::prelude::*;
use libc::{SIGABRT, SIGBUS, SIGHUP, SIGKILL, SIGSEGV, SIGTERM, SIGUSR1, WNOHANG};
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::signal::{SaFlags, Signal as Known};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

#[rstest]
#[case::zero(0, 0)]
#[case::one(1, 1)]
#[case::largest(255, 255)]
#[case::bit_8(256, 0)]
#[case::bits_above(0x1234, 0x34)]
#[case::negative(-1, 255)]
/// The exit status of a child that called _exit is the low 8 bits of the value that it gave.
#[harness::test(
    id = "wait.exit-status",
    cite = [
        posix("_Exit.3p", "DESCRIPTION"),
        posix("wait.3p", "DESCRIPTION", "WEXITSTATUS(stat_val)"),
        man("wait.2", "wait() and waitpid()", "WEXITSTATUS(wstatus)"),
        man("_exit.2", "DESCRIPTION"),
    ],
    covers = ["behaviours:wait.status-exit", "behaviours:exit.status-low-8-bits"],
    layers = [libc, nix, raw],
)]
fn the_status_has_the_low_8_bits(#[case] value: i32, #[case] code: i32) -> TestResult {
    let child = fork(|| -> TestResult { exit(value) })?;
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), Ended::Exited(code)))));
    child.let_go();
    Ok(())
}

#[rstest]
#[case::wait(|_| wait().map(Some))]
#[case::wait3(|_| Ok(wait3(0)?.map(|waited| (waited.pid, waited.ended))))]
#[case::wait4(|pid| Ok(wait4(pid, 0)?.map(|waited| (waited.pid, waited.ended))))]
/// wait, wait3 and wait4 block while the child runs, and return its pid and its exit status when it has ended.
#[harness::test(
    id = "wait.blocks-until-end",
    cite = [man("wait.2", "wait() and waitpid()"), man("wait4.2", "DESCRIPTION"), posix("wait.3p", "DESCRIPTION")],
    covers = ["behaviours:wait.blocks-while-running"],
    layers = [libc, raw],
)]
fn a_wait_blocks_until_the_child_ends(#[case] wait: fn(i32) -> Taken) -> TestResult {
    let (end, began) = (Latch::new()?, Shared::new(AtomicI32::new(0))?);
    let waiter = fork(|| -> TestResult {
        let child = fork(|| -> TestResult {
            end.wait_for(1);
            exit(7)
        })?;
        began.store(child.pid(), Ordering::Release);
        assert_eq!(wait(child.pid()), Ok(Some((child.pid(), Ended::Exited(7)))));
        child.let_go();
        Ok(())
    })?;
    waiter.assert_blocked_in(calls::WAITPID);
    assert_eq!(waitpid(waiter.pid(), WNOHANG), Ok(None));
    assert_eq!(kill(began.load(Ordering::Acquire), 0), Ok(()));
    end.arrive();
    waiter.join()
}

#[rstest]
#[case::sigkill(SIGKILL)]
#[case::sigterm(SIGTERM)]
#[case::sighup(SIGHUP)]
#[case::sigusr1(SIGUSR1)]
#[case::sigabrt(SIGABRT)]
#[case::sigsegv(SIGSEGV)]
#[case::sigbus(SIGBUS)]
#[case::real_time(libc::SIGRTMIN())]
#[case::last_real_time(libc::SIGRTMAX())]
/// The wait status of a child that a signal killed says which signal, and that no core was dumped while RLIMIT_CORE is 0.
#[harness::test(
    id = "wait.killed-status",
    cite = [
        man("wait.2", "wait() and waitpid()", "WTERMSIG(wstatus)"),
        man("wait.2", "wait() and waitpid()", "WCOREDUMP(wstatus)"),
        posix("wait.3p", "DESCRIPTION", "WTERMSIG(stat_val)"),
    ],
    covers = ["behaviours:wait.status-signal"],
    layers = [libc, raw],
)]
fn the_status_has_the_signal_that_killed(#[case] signal: i32) -> TestResult {
    let child = fork(|| -> TestResult {
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        Ok(kill(own_pid(), signal)?)
    })?;
    let killed = Ended::Killed { by: Signal(signal), core: false };
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), killed))));
    child.let_go();
    Ok(())
}

#[rstest]
#[case::handled(|| handle(Known::SIGTERM, SaFlags::empty()))]
#[case::ignored(|| ignore(Known::SIGTERM))]
/// A child that handles or ignores a signal and then exits has exited: its wait status says nothing of the signal.
#[harness::test(
    id = "wait.survived-signal",
    cite = [man("wait.2", "wait() and waitpid()", "WIFEXITED(wstatus)"), posix("wait.3p", "DESCRIPTION", "WIFEXITED(stat_val)")],
    covers = ["behaviours:wait.status-exit"],
    layers = [libc, nix, raw],
)]
fn a_signal_that_did_not_kill_is_not_in_the_status(#[case] prepare: fn() -> TestResult) -> TestResult {
    let child = fork(|| -> TestResult {
        prepare()?;
        kill(own_pid(), SIGTERM)?;
        exit(SIGTERM)
    })?;
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), Ended::Exited(SIGTERM)))));
    child.let_go();
    Ok(())
}

#[rstest]
#[case::wait3(|_| wait3(0))]
#[case::wait4(|pid| wait4(pid, 0))]
/// wait3 and wait4 return the resource usage of the child that they wait for: no less processor time and no fewer page faults
/// than the child itself has seen of its own.
#[harness::test(
    id = "wait.rusage",
    cite = [man("wait4.2", "DESCRIPTION"), man("getrusage.2", "DESCRIPTION")],
    covers = ["behaviours:wait.rusage-wait4"],
    layers = [libc, raw],
)]
fn the_usage_is_that_of_the_child(#[case] wait: fn(i32) -> Result<Option<Waited>>) -> TestResult {
    const AT_LEAST: Duration = Duration::from_millis(20);
    let seen = Shared::new([const { AtomicU64::new(0) }; 2])?;
    let child = fork(|| -> TestResult {
        loop {
            let usage = getrusage(UsageWho::RUSAGE_SELF)?;
            let [user, system] = [usage.user_time(), usage.system_time()]
                .map(|time| Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000));
            seen[0].store((user + system).as_micros() as u64, Ordering::Release);
            seen[1].store(usage.minor_page_faults() as u64, Ordering::Release);
            if user + system >= AT_LEAST {
                exit(7);
            }
        }
    })?;
    let waited = assert_ok!(wait(child.pid()));
    let Some(waited) = waited else { return Err(Stop::broken("a wait without WNOHANG returned 0")) };
    assert_eq!((waited.pid, waited.ended), (child.pid(), Ended::Exited(7)));
    let [cpu, faults] = [0, 1].map(|at| seen[at].load(Ordering::Acquire));
    assert!(waited.cpu >= Duration::from_micros(cpu), "{:?} >= {cpu} us", waited.cpu);
    assert!(waited.minor_faults >= faults as i64, "{} >= {faults}", waited.minor_faults);
    assert!(faults > 0);
    child.let_go();
    Ok(())
}
