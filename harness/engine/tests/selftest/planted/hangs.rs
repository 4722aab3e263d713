//! Specs that do not end.

use harness::assert;
use kit::prelude::*;

/// Waits for ever; not `!`, which stable Rust cannot judge.
pub fn pause_for_ever() {
    loop {
        nix::unistd::pause();
    }
}

/// A grandchild waits for ever.
#[harness::test(id = "planted.hangs-in-grandchild", cite = [kernel("none", "none", "0")], covers = [])]
fn hangs_in_a_grandchild() -> TestResult {
    assert!(true);
    fork(|| fork(pause_for_ever)?.join())?.join()
}

/// Every process ignores and blocks every signal, and waits for ever.
#[harness::test(id = "planted.hangs-deaf", cite = [kernel("none", "none", "0")], covers = [])]
fn hangs_deaf() -> TestResult {
    assert!(true);
    for number in 1..=libc::SIGRTMAX() {
        // SAFETY: SIG_IGN runs no code.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
    use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None)?;
    fork(pause_for_ever)?.join()
}

/// A process forks for ever, each child before its parent ends.
#[harness::test(id = "planted.hangs-forking", cite = [kernel("none", "none", "0")], covers = [])]
fn hangs_forking() -> TestResult {
    assert!(true);
    fork(|| -> () {
        // SAFETY: this process has one thread.
        while !matches!(unsafe { nix::unistd::fork() }, Ok(nix::unistd::ForkResult::Parent { .. })) {}
        exit(0)
    })?
    .join()?;
    pause_for_ever();
    Ok(())
}

/// Several processes print for ever.
#[harness::test(id = "planted.prints-for-ever", cite = [kernel("none", "none", "0")], covers = [])]
fn prints_for_ever() -> TestResult {
    assert!(true);
    let text = "x".repeat(64 * 1024);
    let print = || -> () {
        loop {
            print!("{text}");
        }
    };
    let _others = (fork(print)?, fork(print)?, fork(print)?);
    print();
    Ok(())
}

/// A child outlives its parent and the spec.
#[harness::test(id = "planted.leaves-orphan", cite = [kernel("none", "none", "0")], covers = [])]
fn leaves_an_orphan() -> TestResult {
    assert!(true);
    let latch = Latch::new()?;
    fork(|| {
        std::mem::forget(fork(|| {
            latch.arrive();
            pause_for_ever()
        })?);
        Ok(())
    })?
    .join()?;
    latch.wait_for(1);
    Ok(())
}

/// A grandchild in a session of its own outlives the spec, all signals ignored, no descriptor kept.
#[harness::test(id = "planted.leaves-daemon", cite = [kernel("none", "none", "0")], covers = [])]
fn leaves_a_daemon() -> TestResult {
    assert!(true);
    let latch = Latch::new()?;
    fork(|| {
        nix::unistd::setsid()?;
        std::mem::forget(fork(|| {
            for number in 0..3 {
                // SAFETY: nothing is printed from here on.
                unsafe { libc::close(number) };
            }
            for number in 1..=libc::SIGRTMAX() {
                // SAFETY: SIG_IGN runs no code.
                unsafe { libc::signal(number, libc::SIG_IGN) };
            }
            latch.arrive();
            pause_for_ever()
        })?);
        Ok(())
    })?
    .join()?;
    latch.wait_for(1);
    Ok(())
}
