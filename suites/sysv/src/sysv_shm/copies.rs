//! What shared memory saves: copies, and calls of the kernel.

use crate::needs::STRICT_SECCOMP;
use calls::sysv::SegmentStatus;
use harness::raw::{self, Argument as _, arguments};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{Attachment, Segment};
use libc::IPC_PRIVATE;
use nix::sys::signal::Signal::SIGKILL;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A process in the strict mode of seccomp, which has no calls but read, write, exit and sigreturn, changes a segment as often as it likes,
/// and another sees it; any other call ends it.
#[harness::test(
    id = "sysv-shm.without-calls",
    cite = [man("seccomp.2", "DESCRIPTION", "SECCOMP_SET_MODE_STRICT"), man("shmop.2", "shmat()")],
    covers = ["notes:shm.no-send-receive-syscalls", "notes:shm.no-copy"],
    needs = [SYSV, STRICT_SECCOMP],
)]
fn shared_memory_needs_no_calls() -> TestResult {
    const UPDATES: u32 = 100_000;
    let segment = Segment::new(IPC_PRIVATE, 4)?;
    let attachment = assert_ok!(Attachment::new(segment.id(), 0));
    let child = fork(|| -> TestResult {
        let strict = arguments([libc::PR_SET_SECCOMP.register(), libc::SECCOMP_MODE_STRICT.register()]);
        // SAFETY: takes numbers alone.
        unsafe { raw::syscall(Sysno::prctl, strict) }?;
        for _ in 0..UPDATES {
            attachment.fetch_add(0, 1);
        }
        // SAFETY: asks for a number.
        let _ = unsafe { raw::syscall(Sysno::getppid, arguments([])) };
        Ok(())
    })?;
    let ended = child.wait()?;
    let found = attachment.fetch_add(0, 0);
    assert_eq!((found, ended), (UPDATES, Ended::Killed { by: Signal(SIGKILL as i32), core: false }));
    evidence("changes of a segment that a process made which has no calls", found);
    Ok(())
}

/// An array in a segment is used in place, as other memory: one process sorts it where it is, and another finds it sorted.
#[harness::test(
    id = "sysv-shm.in-place",
    cite = [man("shmop.2", "shmat()"), posix("shmat.3p", "DESCRIPTION")],
    covers = ["notes:shm.like-malloc-memory", "notes:shm.convenient-sharing", "notes:shm.no-copy"],
    needs = [SYSV],
)]
fn a_segment_is_used_in_place() -> TestResult {
    const COUNT: usize = 5000;
    let segment = Segment::new(IPC_PRIVATE, 4 * COUNT)?;
    let attachment = assert_ok!(Attachment::new(segment.id(), 0));
    let descending: Vec<u8> = (0..COUNT as u32).rev().flat_map(u32::to_ne_bytes).collect();
    attachment.write(&descending);
    let child = fork(|| -> TestResult {
        let own = segment.attach()?;
        let start = std::ptr::with_exposed_provenance_mut::<u32>(own.address());
        // SAFETY: so many numbers are attached, and the parent waits meanwhile.
        unsafe { std::slice::from_raw_parts_mut(start, COUNT) }.sort_unstable();
        Ok(())
    })?;
    let pid = child.pid();
    child.join()?;
    let ascending: Vec<u8> = (0..COUNT as u32).flat_map(u32::to_ne_bytes).collect();
    assert!(attachment.read() == ascending, "the numbers are sorted");
    let status = SegmentStatus { attachments: 1, last: pid, ..SegmentStatus::new(IPC_PRIVATE, 4 * COUNT) };
    assert_eq!(segment.status(), Ok(status));
    evidence("bytes that calls have copied to sort an array of 20000 in a segment", 0);
    Ok(())
}

/// The CPU time that this process and the children that it waited for spend.
fn time_of(exchange: impl FnOnce() -> TestResult) -> TestResult<Duration> {
    let start = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
    exchange()?;
    Ok((clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)? - start).into())
}

/// The same data goes to and fro through a segment, in which it is written and read, and through a pipe, in which it is copied twice; each
/// comes out as it went in.
#[harness::test(
    id = "sysv-shm.against-a-pipe",
    cite = [posix("shmat.3p", "DESCRIPTION"), man("pipe.7", "Pipe capacity")],
    covers = ["notes:shm.fastest-ipc", "notes:shm.two-copies-saved", "notes:shm.designed-for-efficiency"],
    needs = [SYSV],
)]
fn bulk_transfer_works() -> TestResult {
    const ROUNDS: u8 = 32;
    let (reader, writer) = pipe()?;
    let size = capacity_of(&writer)?;
    let segment = Segment::new(IPC_PRIVATE, size)?;
    let attachment = assert_ok!(Attachment::new(segment.id(), 0));
    let start = std::ptr::with_exposed_provenance_mut::<u8>(attachment.address());
    let mut received = vec![0; size];
    let by_pipe = time_of(|| {
        for round in 1..=ROUNDS {
            let sent = vec![round; size];
            assert_eq!(write(&writer, &sent), Ok(size));
            assert_eq!(read(&reader, &mut received), Ok(size));
            assert!(received == sent, "the bytes read are the bytes written");
        }
        Ok(())
    })?;
    let by_segment = time_of(|| {
        for round in 1..=ROUNDS {
            // SAFETY: so many bytes are attached, and nobody else uses them.
            let shared = unsafe { std::slice::from_raw_parts_mut(start, size) };
            shared.fill(round);
            assert!(shared.iter().all(|byte| *byte == round), "what was written is there");
        }
        Ok(())
    })?;
    let status = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size) };
    assert_eq!(segment.status(), Ok(status));
    evidence(
        "CPU time of a transfer of a pipe's capacity, as a multiple of one through a segment",
        format!("{:.1}", by_pipe.div_duration_f64(by_segment)),
    );
    Ok(())
}
