//! What the end of a process does.

use crate::proc::threads_of;
use calls::waiting::Selector;
use kit::prelude::*;
use kit::thread;
use libc::{SIGKILL, WEXITED, WNOWAIT};

#[rstest]
#[case::by_exit(|| exit(7), Ended::Exited(7))]
#[case::by_exit_of_another_thread(|| {
    std::mem::forget(thread::spawn(|| -> TestResult { exit(7) })?);
    loop {
        nix::unistd::pause();
    }
}, Ended::Exited(7))]
#[case::by_sigkill(
    kill_self, Ended::Killed { by: Signal(SIGKILL), core: false }
)]
/// _exit, by any thread, and SIGKILL end all threads of the process: its descriptors are closed, so that a reader finds the end of file,
/// and it ends with the one exit status or the signal.
#[harness::test(
    id = "process.exit-ends-all-threads",
    cite = [man("_exit.2", "DESCRIPTION"), man("_exit.2", "C library/kernel differences"), posix("_Exit.3p", "Consequences of Process Termination")],
    covers = ["behaviours:exit.exit-group-all-threads", "behaviours:exit.fds-closed"],
)]
fn the_end_of_a_process_ends_its_threads(#[case] end: fn() -> TestResult, #[case] ended: Ended) -> TestResult {
    let (reader, writer) = pipe()?;
    let (parked, go_on) = (Latch::new()?, Latch::new()?);
    let child = fork(|| -> TestResult {
        for _ in 0..2 {
            std::mem::forget(thread::spawn(|| -> TestResult {
                loop {
                    nix::unistd::pause();
                }
            })?);
        }
        parked.arrive();
        go_on.wait_for(1);
        end()
    })?;
    drop(writer);
    parked.wait_for(1);
    assert_eq!(threads_of(child.pid())?.len(), 3);
    go_on.arrive();
    assert_eq!(read_bytes(&reader, 1), Ok("".into()));
    // Its first thread may be a zombie before the others are: it can be waited for when all have ended.
    waitid(Selector::All, WEXITED | WNOWAIT)?;
    assert_eq!(threads_of(child.pid())?, [child.pid()]);
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), ended))));
    child.let_go();
    Ok(())
}

/// A process whose first thread has ended goes on as long as another thread does, and its end is that of the last.
#[harness::test(
    id = "process.first-thread-ends",
    cite = [posix("pthread_exit.3p", "DESCRIPTION"), man("pthread_exit.3", "NOTES")],
    covers = ["behaviours:exit.last-thread-ends-process"],
    layers = [libc, nix, raw],
)]
fn a_process_outlives_its_first_thread() -> TestResult {
    let go_on = std::sync::Arc::new(Latch::new()?);
    let theirs = std::sync::Arc::clone(&go_on);
    let child = fork(move || -> TestResult {
        std::mem::forget(thread::spawn(move || -> TestResult {
            theirs.wait_for(1);
            exit(7)
        })?);
        // SAFETY: ends this thread alone.
        unsafe { libc::syscall(libc::SYS_exit, 3) };
        Ok(())
    })?;
    child.wait_until_zombie();
    assert_eq!(waitpid(child.pid(), libc::WNOHANG), Ok(None));
    go_on.arrive();
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), Ended::Exited(7)))));
    child.let_go();
    Ok(())
}
