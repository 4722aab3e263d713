//! What a child of fork has of its parent, and what it has not.

use crate::proc::{number_in, threads_of};
use kit::file::file_of;
use kit::prelude::*;
use kit::thread;
use libc::{FD_CLOEXEC, O_APPEND, O_RDWR, SEEK_CUR, SEEK_SET};
use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::getppid;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::time::Duration;

/// fork returns the pid of the child in the parent, and 0 in the child, which has a pid of its own and the caller as its parent; two
/// children have different pids.
#[harness::test(
    id = "process.fork-returns-twice",
    cite = [posix("fork.3p", "RETURN VALUE"), posix("fork.3p", "DESCRIPTION"), man("fork.2", "RETURN VALUE")],
    covers = ["behaviours:fork.returns-twice"],
    layers = [libc, nix, raw],
)]
fn fork_returns_in_both_processes() -> TestResult {
    let (pids, parent) = (Shared::new([const { AtomicI32::new(0) }; 2])?, own_pid());
    let mut children = vec![];
    for pid in pids.iter() {
        let child = assert_ok!(fork_call());
        if child == 0 {
            // What fails here would go on as the parent does.
            let is_right = getppid().as_raw() == parent && own_pid() != parent;
            pid.store(own_pid(), Ordering::Release);
            exit(if is_right { 7 } else { 1 });
        }
        children.push(child);
    }
    for (child, pid) in children.iter().zip(pids.iter()) {
        assert_eq!(waitpid(*child, 0), Ok(Some((*child, Ended::Exited(7)))));
        assert_eq!(pid.load(Ordering::Acquire), *child);
    }
    assert_ne!(children[0], children[1]);
    Ok(())
}

/// A child of a process with several threads has one thread, a copy of the one that called fork.
#[harness::test(
    id = "process.fork-copies-one-thread",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:fork.child-single-thread"],
)]
fn a_child_has_one_thread() -> TestResult {
    let (began, end) = (Arc::new(Latch::new()?), Arc::new(Latch::new()?));
    let (their_began, their_end) = (Arc::clone(&began), Arc::clone(&end));
    let other = thread::spawn(move || {
        their_began.arrive();
        their_end.wait_for(1);
    })?;
    began.wait_for(1);
    let forking = thread::spawn(|| -> TestResult {
        let child = fork(|| -> TestResult {
            assert_eq!(threads_of(own_pid())?, [own_pid()]);
            Ok(())
        })?;
        child.join()
    })?;
    forking.join()?;
    let threads = threads_of(own_pid())?;
    assert!(threads.contains(&other.tid()));
    end.arrive();
    other.join()
}

/// Parent and child share the file offset and the status flags of descriptors that were open at fork, and neither the descriptor flags
/// nor the descriptors themselves: what the child closes stays open in the parent.
#[harness::test(
    id = "process.fork-shares-descriptions",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:fork.fds-share-offset"],
    layers = [libc, nix, raw],
)]
fn descriptors_share_offset_and_status_flags() -> TestResult {
    let file = file_of(b"abcdef", O_RDWR)?;
    set_descriptor_flags(&file, 0)?;
    let flags = get_flags(&file)?;
    let child = fork(|| {
        assert_eq!(read_bytes(&file, 2), Ok("ab".into()));
        assert_eq!(set_flags(&file, O_APPEND), Ok(0));
        assert_eq!(set_descriptor_flags(&file, FD_CLOEXEC), Ok(0));
        assert_eq!(get_descriptor_flags(&file), Ok(FD_CLOEXEC));
        file.close();
    })?;
    child.join()?;
    assert_eq!(lseek(&file, 0, SEEK_CUR), Ok(2));
    assert_eq!(get_flags(&file), Ok(flags | O_APPEND));
    assert_eq!(get_descriptor_flags(&file), Ok(0));
    assert_eq!(lseek(&file, 4, SEEK_SET), Ok(4));
    let second_child = fork(|| assert_eq!(read_bytes(&file, 9), Ok("ef".into())))?;
    second_child.join()?;
    assert_eq!(lseek(&file, 0, SEEK_CUR), Ok(6));
    Ok(())
}

/// A child does not have the memory locks of its parent.
#[harness::test(
    id = "process.fork-drops-memory-locks",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION"), man("mlock.2", "NOTES")],
    covers = ["behaviours:fork.memlock-dropped"],
)]
fn a_child_has_no_memory_locks() -> TestResult {
    let memory = vec![0_u8; 2 * page_size()];
    // SAFETY: locks a page of our own memory.
    Errno::result(unsafe { libc::mlock(memory.as_ptr().cast(), page_size()) })?;
    let locked = locked_memory()?;
    assert!(locked > 0);
    let child = fork(|| -> TestResult {
        assert_eq!(locked_memory()?, 0);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(locked_memory()?, locked);
    Ok(())
}

/// VmLck of this process, in kB.
fn locked_memory() -> TestResult<i64> {
    number_in("/proc/self/status", "VmLck:")
}

/// The timer slack of a child, and its default, are the current timer slack of its parent.
#[harness::test(
    id = "process.fork-inherits-timer-slack",
    cite = [man("PR_SET_TIMERSLACK.2const", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:fork.timerslack-inherited"],
    layers = [libc, nix, raw],
)]
fn a_child_has_the_timer_slack_of_its_parent() -> TestResult {
    const SLACK: i32 = 123_456;
    set_timer_slack(SLACK as u32)?;
    let child = fork(|| {
        assert_eq!(timer_slack(), Ok(SLACK));
        assert_eq!(set_timer_slack(SLACK as u32 + 1), Ok(()));
        assert_eq!(timer_slack(), Ok(SLACK + 1));
        // 0 gives the default back.
        assert_eq!(set_timer_slack(0), Ok(()));
        assert_eq!(timer_slack(), Ok(SLACK));
    })?;
    child.join()?;
    assert_eq!(timer_slack(), Ok(SLACK));
    Ok(())
}

/// A child begins without the processor time of its parent, and of its parent's children: getrusage, times and the clock of the process
/// show less in it than its parent had used before the fork, and nothing of children.
#[harness::test(
    id = "process.fork-clears-times",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:fork.times-zeroed"],
)]
fn a_child_begins_without_processor_time() -> TestResult {
    let used = |who| -> TestResult<Duration> {
        let usage = getrusage(who)?;
        let [user, system] = [usage.user_time(), usage.system_time()]
            .map(|time| Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000));
        Ok(user + system)
    };
    let own = || -> TestResult<[Duration; 3]> {
        let clock = Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?);
        Ok([used(UsageWho::RUSAGE_SELF)?, times()[0], clock])
    };
    let use_up = |time| -> TestResult {
        while own()?.iter().any(|used| *used < time) {}
        Ok(())
    };
    fork(|| use_up(Duration::from_millis(50)))?.join()?;
    assert!(used(UsageWho::RUSAGE_CHILDREN)? >= Duration::from_millis(50));
    use_up(USED)?;
    let child = fork(|| -> TestResult {
        let own = own()?;
        assert!(own.iter().all(|used| *used < USED), "{own:?}");
        assert_eq!([used(UsageWho::RUSAGE_CHILDREN)?, times()[1]], [Duration::ZERO; 2]);
        Ok(())
    })?;
    child.join()
}

/// More than a fork takes.
const USED: Duration = Duration::from_millis(100);

/// What times(2) says of this process, and of its children.
fn times() -> [Duration; 2] {
    // SAFETY: all zero is a valid struct tms, which the call fills.
    let mut times: libc::tms = unsafe { std::mem::zeroed() };
    // SAFETY: as above; and asks for a number.
    let ticks = unsafe {
        libc::times(&mut times);
        libc::sysconf(libc::_SC_CLK_TCK)
    };
    let time = |ticks_used: i64| Duration::from_secs(ticks_used as u64) / ticks as u32;
    [time(times.tms_utime + times.tms_stime), time(times.tms_cutime + times.tms_cstime)]
}

/// A mutex that another thread of the parent holds at fork is locked in the child, where no thread can unlock it.
#[harness::test(
    id = "process.fork-copies-mutex",
    cite = [man("fork.2", "DESCRIPTION"), posix("fork.3p", "DESCRIPTION")],
    covers = ["behaviours:fork.mutex-state-copied"],
)]
fn a_mutex_held_elsewhere_stays_locked_in_the_child() -> TestResult {
    static mut MUTEX: libc::pthread_mutex_t = libc::PTHREAD_MUTEX_INITIALIZER;
    let mutex = &raw mut MUTEX;
    // SAFETY: initialised, and there as long as the process.
    let try_lock = move || unsafe { libc::pthread_mutex_trylock(mutex) };
    let (locked, end) = (Arc::new(Latch::new()?), Arc::new(Latch::new()?));
    let (their_locked, their_end) = (Arc::clone(&locked), Arc::clone(&end));
    let other = thread::spawn(move || {
        let mutex = &raw mut MUTEX;
        // SAFETY: as above.
        assert_eq!(unsafe { libc::pthread_mutex_lock(mutex) }, 0);
        their_locked.arrive();
        their_end.wait_for(1);
        // SAFETY: this thread has locked it.
        assert_eq!(unsafe { libc::pthread_mutex_unlock(mutex) }, 0);
    })?;
    locked.wait_for(1);
    let child = fork(|| assert_eq!(try_lock(), libc::EBUSY))?;
    child.join()?;
    let waits = fork(|| assert_eq!(try_lock(), libc::EBUSY))?;
    end.arrive();
    other.join()?;
    assert_eq!(try_lock(), 0);
    waits.join()
}

/// Handlers of pthread_atfork run in this order: those before fork in the reverse order of their registration, and then, in the parent
/// and in the child, the others in the order of their registration.
#[harness::test(
    id = "process.atfork-order",
    cite = [posix("pthread_atfork.3p", "DESCRIPTION"), man("pthread_atfork.3", "DESCRIPTION")],
    covers = ["behaviours:fork.atfork-order"],
)]
fn atfork_handlers_run_in_order() -> TestResult {
    /// A decimal digit for each handler that ran, the last one last.
    static RAN: AtomicU32 = AtomicU32::new(0);
    extern "C" fn ran<const DIGIT: u32>() {
        RAN.store(RAN.load(Ordering::Relaxed) * 10 + DIGIT, Ordering::Relaxed);
    }
    // SAFETY: the handlers change an atomic.
    let registered = unsafe {
        [
            libc::pthread_atfork(Some(ran::<1>), Some(ran::<2>), Some(ran::<3>)),
            libc::pthread_atfork(Some(ran::<4>), Some(ran::<5>), Some(ran::<6>)),
        ]
    };
    assert_eq!(registered, [0, 0]);
    let child = fork(|| assert_eq!(RAN.load(Ordering::Relaxed), 4136))?;
    assert_eq!(RAN.load(Ordering::Relaxed), 4125);
    child.join()
}
