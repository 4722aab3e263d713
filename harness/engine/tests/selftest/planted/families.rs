//! Specs that are written with other people's attributes.

use harness::need::{ROOT, SECOND_UID};
use harness::{assert, assert_eq};
use kit::needs::program;
use kit::prelude::*;
use serial_test::file_serial;

/// A table has a spec for each named case.
#[harness::test(id = "planted.table", cite = [kernel("none", "none", "0")], covers = [], layers = [libc, raw])]
#[rstest]
#[case::holds(2)]
#[case::does_not_hold(3)]
fn table(#[case] sum: i32) {
    assert_eq!(1 + 1, sum);
}

#[rstest]
#[case::holds(2)]
#[case::does_not_hold(3)]
/// The attribute may also stand behind the cases.
#[harness::test(id = "planted.other-table", cite = [kernel("none", "none", "0")], covers = [])]
fn other_table(#[case] sum: i32) {
    assert_eq!(1 + 1, sum);
}

/// Numbers are below 700.
#[harness::test(id = "planted.property", cite = [kernel("none", "none", "0")], covers = [])]
fn property() -> TestResult {
    kit::property::check(64, 0..1000_u32, |number| {
        assert!(number < 700, "{number} is not below 700");
        Ok(())
    })
}

/// Holds the lock for a while, and tells when.
fn alone() -> TestResult {
    let now = || nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
    let begin = now()?;
    for _ in 0..20 {
        fork(|| ())?.join()?;
    }
    assert!(now()? > begin);
    observe("begin", std::time::Duration::from(begin).as_nanos());
    observe("end", std::time::Duration::from(now()?).as_nanos());
    Ok(())
}

// In surroundings where every sandbox sees this file, and every user may write it: serial_test truncates it.

/// One of two specs that are never at work at the same time.
#[harness::test(id = "planted.alone", cite = [kernel("none", "none", "0")], covers = [])]
#[file_serial(planted, path => "/mnt/lock")]
fn is_alone() -> TestResult {
    alone()
}

/// The other of the two.
#[harness::test(id = "planted.alone-too", cite = [kernel("none", "none", "0")], covers = [])]
#[file_serial(planted, path => "/mnt/lock")]
fn is_alone_too() -> TestResult {
    alone()
}

/// Needs are declared by name and shown by one word.
#[harness::test(
    id = "planted.needs",
    cite = [kernel("none", "none", "0")],
    covers = [],
    needs = [ROOT, SECOND_UID, program("sh")],
    layers = [libc, nix, raw],
)]
fn needs() {}
