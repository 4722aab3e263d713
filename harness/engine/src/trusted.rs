//! What a run stands on, asked before it.
//!
//! A harness has to trust something. This one trusts clone(2) as fork, _exit(2), SIGKILL, one monotonic clock, memory that is
//! shared by one of two ways, and /proc or that memory to see that a process has ended. Without these nothing is judged.
//! Everything else only makes it faster: where that is broken the run takes longer, says so, and judges what is not broken.

use crate::runner::machine::CannotRun;
use crate::sandbox::{Clock, start_child, wait_for_child};
use harness::bounded::{self, TICK};
use harness::ended::Ended;
use harness::event_log::{EventLog, Source, set_source};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{Pid, pipe, write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long a child may take that does next to nothing, in time in which this process ran.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a child exits with.
const CODE: i32 = 7;

/// Asks everything, in a few seconds at most. What is broken and can be done without, in a sentence each; an error when nothing can
/// be judged.
pub fn check() -> Result<Vec<String>, CannotRun> {
    clock().map_err(CannotRun)?;
    let mut broken = memory().map_err(CannotRun)?;
    killing().map_err(CannotRun)?;
    broken.extend([waking(), child_signal(), polling()].into_iter().flatten());
    Ok(broken)
}

fn clock() -> Result<(), String> {
    /// Pauses may be broken too.
    const LOOKS: u32 = 1_000_000;
    let start = Instant::now();
    bounded::pause(Duration::from_millis(1));
    match (0..LOOKS).any(|_| start.elapsed() > Duration::ZERO) {
        true => Ok(()),
        false => Err("clock_gettime(2): CLOCK_MONOTONIC does not go on".into()),
    }
}

/// Looks for memory that a child and its parent share, and leaves it chosen; and whether wait4(2) reports the child.
fn memory() -> Result<Vec<String>, String> {
    let mut broken = Vec::new();
    for (source, name) in
        [(Source::Anonymous, "mmap(2), MAP_SHARED | MAP_ANONYMOUS"), (Source::File, "memfd_create(2)")]
    {
        set_source(source);
        let log = EventLog::new().map_err(|error| format!("{name}: {error}"));
        let shared = log.and_then(|log| {
            let shared = shares(&log);
            log.unmap();
            shared
        });
        match shared {
            Ok(reported) => {
                broken.extend(reported);
                return Ok(broken);
            }
            Err(why) => broken.push(format!("{name}: {why}")),
        }
    }
    Err(format!("no memory is shared between processes: {}", broken.join("; ")))
}

/// Whether a child's change is seen; what else is wrong.
fn shares(log: &EventLog) -> Result<Option<String>, String> {
    let child = child(|| {
        log.finish();
        CODE
    })?;
    let status = wait_for_child(child, PATIENCE).map(Ended::from_status);
    let is_shared = log.is_finished();
    match status {
        _ if !is_shared => Err("what a child writes is not seen by its parent".into()),
        Some(Ended::Exited(CODE)) => Ok(None),
        Some(other) => Ok(Some(format!("wait4(2): a child that exited with {CODE} is reported as {other}"))),
        None => Ok(Some("wait4(2): a child that has ended is not reported; each spec takes longer".into())),
    }
}

fn killing() -> Result<(), String> {
    let child = child(|| {
        let clock = Instant::now();
        while clock.elapsed() < 4 * PATIENCE {
            bounded::pause(TICK);
        }
        CODE
    })?;
    bounded::kill(child.as_raw(), libc::SIGKILL).map_err(|error| format!("kill(2), SIGKILL: {error}"))?;
    match wait_for_child(child, PATIENCE).map(Ended::from_status) {
        Some(Ended::Exited(_)) => Err("kill(2): SIGKILL does not end a process".into()),
        _ => Ok(()),
    }
}

/// Wakes a child again and again, so that it does not matter when it falls asleep.
fn waking() -> Option<String> {
    const NOT_WOKEN: i32 = 1;
    let log = EventLog::new().ok()?;
    let woken = child(|| if bounded::is_woken(log.word()) { CODE } else { NOT_WOKEN });
    let (mut clock, mut status) = (Clock::start(), None);
    while let Ok(child) = woken
        && status.is_none()
        && clock.advance() < PATIENCE
    {
        bounded::wake(log.word());
        bounded::pause(Duration::from_micros(200));
        status = bounded::wait(child.as_raw(), libc::WNOHANG).ok().flatten();
    }
    log.unmap();
    let ended = status.map(|waited| Ended::from_status(waited.status));
    (ended == Some(Ended::Exited(NOT_WOKEN)))
        .then(|| "futex(2), FUTEX_WAKE: nobody is woken; waiting for a latch takes up to a tick longer".into())
}

fn child_signal() -> Option<String> {
    let mut before = SigSet::empty();
    let set = SigSet::from(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), Some(&mut before)).ok()?;
    let comes = || bounded::take_signal(&set, Duration::ZERO).is_some();
    // What earlier children left pending goes first.
    while comes() {}
    wait_for_child(child(|| CODE).ok()?, PATIENCE);
    let came = comes();
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None);
    (!came).then(|| "SIGCHLD: not sent when a child ends; each spec takes up to two ticks longer".into())
}

fn polling() -> Option<String> {
    let broken = || Some("poll(2): a pipe with a byte in it is not readable; output is taken at ticks".into());
    let Ok((reader, writer)) = pipe() else { return broken() };
    let _ = write(&writer, b"x");
    let mut polled = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
    if matches!(poll(&mut polled, PollTimeout::from(TICK.as_millis() as u16)), Ok(1)) { None } else { broken() }
}

fn child(body: impl FnOnce() -> i32) -> Result<Pid, String> {
    start_child(body).map_err(|error| format!("fork(2): {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;

    #[test]
    fn nothing_is_broken_here() {
        // In a process with one thread: here SIGCHLD goes to another one, which does not block it.
        let (reader, writer) = pipe().unwrap();
        let child = child(|| {
            let said = format!("{:?}", check().map_err(|error| error.0));
            i32::from(write(&writer, said.as_bytes()).is_err())
        });
        drop(writer);
        let mut said = String::new();
        File::from(reader).read_to_string(&mut said).unwrap();
        assert_eq!(wait_for_child(child.unwrap(), PATIENCE), Some(0));
        assert_eq!(said, "Ok([])");
    }
}
