//! What processes do to each other that change one segment: shared memory itself orders nothing.

use calls::sysv::operation;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::sysv::{Attachment, Segment, SemaphoreSet};
use libc::IPC_PRIVATE;
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Reads the first byte, and writes it back one higher: two accesses, between which others may come.
fn count_up(attachment: &Attachment, between: impl FnOnce()) {
    let found = attachment.read()[0];
    between();
    attachment.write(&[found + 1]);
}

/// Where two processes read a value of a segment before either writes it back changed, one of the changes is lost: nothing keeps them from
/// it.
#[harness::test(
    id = "sysv-shm.lost-update",
    cite = [man("shm_overview.7", "NOTES"), posix("shmat.3p", "DESCRIPTION")],
    covers = [
        "notes:shm.no-sync-provided", "notes:shm.concurrent-writes-conflict", "notes:shm.write-needs-lock",
    ],
    needs = [SYSV],
)]
fn an_update_is_lost() -> TestResult {
    let (segment, have_read) = (Segment::new(IPC_PRIVATE, 1)?, Latch::new()?);
    let attachment = assert_ok!(Attachment::new(segment.id(), 0));
    let process = || {
        fork(|| {
            count_up(&attachment, || {
                have_read.arrive();
                have_read.wait_for(2);
            });
        })
    };
    let children = [process()?, process()?];
    children.into_iter().try_for_each(Child::join)?;
    let found = attachment.read();
    assert_eq!(found, [1]);
    evidence("a counter that two processes have each raised by one, without a lock", found[0]);
    Ok(())
}

/// Four processes that change a value of a segment only while they hold a semaphore lose no change, though each reads and writes apart.
#[harness::test(
    id = "sysv-shm.locked-updates",
    cite = [man("shmop.2", "EXAMPLES"), man("semop.2", "DESCRIPTION"), man("shm_overview.7", "NOTES")],
    covers = ["notes:shm.combined-with-semaphores", "notes:shm.no-sync-provided", "notes:shm.write-needs-lock"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_semaphore_keeps_updates() -> TestResult {
    const UPDATES: u8 = 50;
    let (segment, lock) = (Segment::new(IPC_PRIVATE, 1)?, SemaphoreSet::new(IPC_PRIVATE, &[1])?);
    let attachment = assert_ok!(Attachment::new(segment.id(), 0));
    let process = || {
        fork(|| {
            for _ in 0..UPDATES {
                assert_eq!(semop(lock.id(), &mut [operation(0, -1, 0)]), Ok(()));
                count_up(&attachment, std::thread::yield_now);
                assert_eq!(semop(lock.id(), &mut [operation(0, 1, 0)]), Ok(()));
            }
        })
    };
    let children = [process()?, process()?, process()?, process()?];
    children.into_iter().try_for_each(Child::join)?;
    assert_eq!((attachment.read(), lock.values()), (vec![4 * UPDATES], Ok([1])));
    Ok(())
}

/// Four processes that add to a word of a segment by an atomic operation lose no change, without a lock.
#[harness::test(
    id = "sysv-shm.atomic-updates",
    cite = [posix("shmat.3p", "DESCRIPTION"), man("shmop.2", "shmat()")],
    covers = ["notes:shm.write-needs-lock", "behaviours:sysvshm.shared-visibility"],
    needs = [SYSV],
)]
fn atomic_updates_need_no_lock() -> TestResult {
    const UPDATES: u32 = 10_000;
    let (segment, ready) = (Segment::new(IPC_PRIVATE, 4)?, Latch::new()?);
    let attachment = assert_ok!(Attachment::new(segment.id(), 0));
    let process = || {
        fork(|| -> TestResult {
            let own = segment.attach()?;
            ready.arrive();
            ready.wait_for(4);
            for _ in 0..UPDATES {
                own.fetch_add(0, 1);
            }
            Ok(())
        })
    };
    let children = [process()?, process()?, process()?, process()?];
    children.into_iter().try_for_each(Child::join)?;
    let found = attachment.fetch_add(0, 0);
    assert_eq!(found, 4 * UPDATES);
    evidence("a counter that four processes have each raised by 10000, by atomic additions without a lock", found);
    Ok(())
}

fn monotonic() -> TestResult<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_MONOTONIC)?.into())
}

/// What one process stores before a flag, and the flag, another process sees in that order, if it stores and loads the flag with release and
/// acquire, a hundred times to and fro, without a call.
#[harness::test(
    id = "sysv-shm.visible-in-order",
    cite = [posix("shmat.3p", "DESCRIPTION"), man("shmop.2", "shmat()")],
    covers = ["notes:shm.write-immediately-visible", "behaviours:sysvshm.shared-visibility"],
    needs = [SYSV],
)]
fn stores_are_seen_in_order() -> TestResult {
    const TRIPS: u8 = 100;
    const FLAG: usize = 0;
    const DATA: usize = 64;
    let segment = Segment::new(IPC_PRIVATE, 2 * DATA)?;
    let attachment = assert_ok!(Attachment::new(segment.id(), 0));
    let wait_for = |attachment: &Attachment, flag: u32| {
        while attachment.fetch_add(FLAG, 0) < flag {
            std::thread::yield_now();
        }
    };
    let other = fork(|| -> TestResult {
        let own = segment.attach()?;
        for trip in 0..TRIPS {
            wait_for(&own, 2 * u32::from(trip) + 1);
            assert_eq!(own.read()[DATA..], [trip; DATA]);
            own.write_from(DATA, &[!trip; DATA]);
            own.fetch_add(FLAG, 1);
        }
        Ok(())
    })?;
    let began = monotonic()?;
    for trip in 0..TRIPS {
        attachment.write_from(DATA, &[trip; DATA]);
        attachment.fetch_add(FLAG, 1);
        wait_for(&attachment, 2 * u32::from(trip) + 2);
        assert_eq!(attachment.read()[DATA..], [!trip; DATA]);
    }
    evidence(
        "microseconds of a round trip between two processes through a segment",
        (monotonic()? - began).as_micros() / u128::from(TRIPS),
    );
    other.join()
}
