//! How a spec's first process starts, as it sees it.

use harness::need::Need;
use harness::{assert, assert_eq};
use kit::needs::{DEV_SHM, MQUEUE};
use kit::prelude::*;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{getpid, getsid};
use std::fs;

fn status(field: &str) -> TestResult<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(":"));
    Ok(line.ok_or_else(|| Stop::broken("no such field"))?.trim().to_owned())
}

/// No signal is ignored, caught or blocked.
#[harness::test(id = "planted.starts-without-signals", cite = [kernel("none", "none", "0")], covers = [])]
fn starts_without_signals() -> TestResult {
    for field in ["SigIgn", "SigCgt", "SigBlk", "SigPnd", "ShdPnd"] {
        assert_eq!(status(field)?, "0000000000000000", "{field}");
    }
    Ok(())
}

/// A write to a pipe without a reader kills, since SIGPIPE has its default action.
#[harness::test(id = "planted.dies-of-sigpipe", cite = [kernel("none", "none", "0")], covers = [])]
fn dies_of_sigpipe() -> TestResult {
    let (reader, writer) = pipe()?;
    drop(reader);
    let child = fork(|| write(&writer, b"x").map(|_| ()).map_err(Stop::from))?;
    assert_eq!(child.wait()?, Ended::Killed { by: Signal(libc::SIGPIPE), core: false });
    Ok(())
}

/// No descriptor above standard error is open.
#[harness::test(id = "planted.starts-without-descriptors", cite = [kernel("none", "none", "0")], covers = [])]
fn starts_without_descriptors() -> TestResult {
    let mut open: Vec<_> = fs::read_dir("/proc/self/fd")?.flatten().map(|entry| entry.file_name()).collect();
    open.sort();
    // 3 is the directory that is read.
    assert_eq!(open, ["0", "1", "2", "3"]);
    Ok(())
}

/// The current directory is the scratch directory, which is empty.
#[harness::test(id = "planted.starts-in-scratch", cite = [kernel("none", "none", "0")], covers = [])]
fn starts_in_the_scratch_directory() -> TestResult {
    assert_eq!(std::env::current_dir()?, scratch());
    assert_eq!(fs::read_dir(".")?.count(), 0);
    fs::write("file", "x")?;
    fs::remove_file("file")?;
    Ok(())
}

/// Its probe leaves a file behind. The sandbox in which it is asked works all the same.
const UNTIDY: Need =
    Need::new("untidy", |_| fs::write("left", "").map_err(|error| error.to_string()), "Nothing helps.");

/// Files of probes are gone.
#[harness::test(id = "planted.starts-after-probe", cite = [kernel("none", "none", "0")], covers = [], needs = [UNTIDY])]
fn starts_after_probe() -> TestResult {
    assert_eq!(fs::read_dir(".")?.count(), 0);
    Ok(())
}

/// The first process has one thread, leads a session, and is neither the first of its namespace nor its own parent's group.
#[harness::test(id = "planted.starts-alone", cite = [kernel("none", "none", "0")], covers = [])]
fn starts_alone() -> TestResult {
    assert_eq!(status("Threads")?, "1");
    assert_eq!(getsid(None)?, getpid());
    assert!(getpid().as_raw() != 1);
    Ok(())
}

/// Message queues can be listed where a need says so.
#[harness::test(id = "planted.needs-mqueue", cite = [kernel("none", "none", "0")], covers = [], needs = [MQUEUE, DEV_SHM])]
fn needs_mqueue() -> TestResult {
    assert_eq!(fs::read_dir("/dev/mqueue")?.count(), 0);
    Ok(())
}

/// The umask is 022 and at most 1024 files may be open.
#[harness::test(id = "planted.starts-with-known-limits", cite = [kernel("none", "none", "0")], covers = [])]
fn starts_with_known_limits() -> TestResult {
    assert_eq!(umask(Mode::empty()), Mode::from_bits_truncate(0o022));
    assert_eq!(getrlimit(Resource::RLIMIT_NOFILE)?, (1024, 1024));
    assert_eq!(getrlimit(Resource::RLIMIT_CORE)?.0, 0, "the hard limit stays");
    Ok(())
}
