//! Specs that come to an end of some kind.

use super::PRINTED;
use super::hangs::pause_for_ever;
use harness::{assert, assert_eq};
use kit::prelude::*;

/// A child of a well-behaved spec ends well.
#[harness::test(id = "planted.conforms", cite = [kernel("none", "none", "0")], covers = [])]
fn conforms() -> TestResult {
    let child = fork(|| assert_eq!(1 + 1, 2))?;
    assert_eq!(child.wait()?, Ended::Exited(0));
    Ok(())
}

/// A spec without an assertion shows nothing.
#[harness::test(id = "planted.asserts-nothing", cite = [kernel("none", "none", "0")], covers = [])]
fn asserts_nothing() -> TestResult {
    fork(|| ())?.join()
}

/// An assertion fails in a grandchild.
#[harness::test(id = "planted.fails-in-grandchild", cite = [kernel("none", "none", "0")], covers = [])]
fn fails_in_a_grandchild() -> TestResult {
    fork(|| fork(|| assert_eq!(1 + 1, 3))?.join())?.join()
}

/// A grandchild panics with words of its own.
#[harness::test(id = "planted.panics-in-grandchild", cite = [kernel("none", "none", "0")], covers = [])]
fn panics_in_a_grandchild() -> TestResult {
    fork(|| fork(|| -> () { panic!("out of cheese") })?.join())?.join()
}

/// An assertion fails in the first process.
#[harness::test(id = "planted.deviates", cite = [kernel("none", "none", "0")], covers = [], layers = [libc, raw])]
fn deviates() {
    assert!(harness::layer::current() == Layer::Raw, "it is asked by libc");
}

/// An assertion fails, and a file is left behind.
#[harness::test(id = "planted.deviates-and-leaks", cite = [kernel("none", "none", "0")], covers = [])]
fn deviates_and_leaks() -> TestResult {
    std::fs::write("forgotten", "x")?;
    assert!(1 > 2);
    Ok(())
}

/// An assertion fails in a child, and its parent waits for ever.
#[harness::test(id = "planted.deviates-and-hangs", cite = [kernel("none", "none", "0")], covers = [])]
fn deviates_and_hangs() -> TestResult {
    let child = fork(|| assert!(1 > 2))?;
    child.wait()?;
    fork(pause_for_ever)?.join()
}

/// The sandbox's first process is killed; it cannot be where it is the first of a pid namespace.
#[harness::test(id = "planted.kills-sandbox", cite = [kernel("none", "none", "0")], covers = [])]
fn kills_its_sandbox() -> TestResult {
    assert!(true);
    Ok(nix::sys::signal::kill(nix::unistd::getppid(), nix::sys::signal::Signal::SIGKILL)?)
}

/// Memory at address 0 is written.
#[harness::test(id = "planted.segfault", cite = [kernel("none", "none", "0")], covers = [])]
fn dies_by_a_wrong_address() {
    assert!(true);
    // SAFETY: none; it is to fault.
    unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
}

/// The first process kills itself.
#[harness::test(id = "planted.kills-itself", cite = [kernel("none", "none", "0")], covers = [])]
fn kills_itself() -> TestResult {
    assert!(true);
    Ok(nix::sys::signal::kill(nix::unistd::getpid(), nix::sys::signal::Signal::SIGKILL)?)
}

/// The first process raises a realtime signal, which asks the C library for its thread id.
#[harness::test(id = "planted.raises", cite = [kernel("none", "none", "0")], covers = [])]
fn raises() {
    assert!(true);
    // SAFETY: sends a signal to this thread.
    unsafe { libc::raise(libc::SIGRTMIN() + 2) };
}

/// The first process exits with 0 before its body returns.
#[harness::test(id = "planted.exits-early", cite = [kernel("none", "none", "0")], covers = [])]
fn exits_early() {
    assert!(true);
    exit(0);
}

/// The first process exits with 0 through the C library's exit.
#[harness::test(id = "planted.exits-early-in-order", cite = [kernel("none", "none", "0")], covers = [])]
fn exits_early_in_order() {
    assert!(true);
    std::process::exit(0);
}

/// The scene cannot be set.
#[harness::test(id = "planted.scene-fails", cite = [kernel("none", "none", "0")], covers = [])]
fn scene_fails() -> TestResult {
    assert!(true);
    std::fs::File::open("no such file")?; // the place that the report names
    Ok(())
}

/// More is written down than there is room for.
#[harness::test(id = "planted.overflows", cite = [kernel("none", "none", "0")], covers = [])]
fn overflows() {
    assert!(true);
    for number in 0..100_000 {
        observe("a number", number);
    }
}

/// Megabytes are printed.
#[harness::test(id = "planted.prints-megabytes", cite = [kernel("none", "none", "0")], covers = [])]
fn prints_megabytes() {
    print!("{}", "x".repeat(PRINTED));
    assert!(true);
}

/// The standard descriptors are closed.
#[harness::test(id = "planted.closes-standard-descriptors", cite = [kernel("none", "none", "0")], covers = [])]
fn closes_standard_descriptors() -> TestResult {
    for number in 0..3 {
        // SAFETY: nothing is printed from here on.
        assert_eq!(unsafe { libc::close(number) }, 0);
    }
    fork(|| assert!(true))?.join()
}
