//! System V semaphores.

mod argument_errors;
mod arrays;
mod control_errors;
mod creation;
mod last_operator;
mod limits;
mod listing;
mod locks;
mod permissions;
mod timeouts;
mod times;
mod undo;
mod undo_shared;
mod values;
mod waiters;
mod waiting;

use calls::for_layers::libc_raw as by;
use calls::sysv::SemaphoreStatus;
use kit::prelude::*;
use kit::sysv::{SemaphoreSet, clock};
use libc::{sembuf, timespec};

/// semop, or semtimedop with a time that nobody sees pass.
type Operate = fn(i32, &mut [sembuf]) -> Result<()>;

const SEMOP: Operate = |id, operations| by::semop(id, operations);
const SEMTIMEDOP: Operate = |id, operations| by::semtimedop(id, operations, Some(&mut long()));

/// A time that nobody sees pass.
fn long() -> timespec {
    timespec { tv_sec: 100_000, tv_nsec: 0 }
}

/// Asserts what IPC_STAT tells of a set that semget made, or semctl changed, at the earliest at the time of sem_ctime here.
#[track_caller]
fn assert_status(set: &SemaphoreSet, expected: SemaphoreStatus) -> TestResult {
    let (found, now) = (assert_ok!(set.status()), clock()?);
    let SemaphoreStatus { ctime, .. } = found;
    assert!((expected.ctime..=now).contains(&ctime), "sem_ctime is {ctime}, not in {} to {now}", expected.ctime);
    assert_eq!(found, SemaphoreStatus { ctime, ..expected });
    Ok(())
}

/// How many wait for a semaphore to grow, and to be 0.
fn waiters(set: &SemaphoreSet, number: i32) -> Result<(i32, i32)> {
    Ok((by::waiters_for_growth(set.id(), number)?, by::waiters_for_zero(set.id(), number)?))
}

/// A child that waits in semop for these operations, and then goes on.
fn waiter(set: &SemaphoreSet, operations: &[sembuf]) -> TestResult<Child> {
    let child = fork(|| assert_eq!(by::semop(set.id(), &mut operations.to_vec()), Ok(())))?;
    child.wait_until_blocked_in(calls::SEMOP)?;
    Ok(child)
}

/// How a process ends.
#[derive(Clone, Copy)]
enum End {
    Exit,
    Kill,
}

/// A child that performs operations by semop, and is then there until it is ended.
struct Operator {
    child: Child,
    leave: Latch,
}

impl Operator {
    /// Starts it; its operations may have to wait.
    fn start(set: &SemaphoreSet, operations: &[sembuf]) -> TestResult<Self> {
        let leave = Latch::new()?;
        let child = fork(|| {
            assert_eq!(by::semop(set.id(), &mut operations.to_vec()), Ok(()));
            leave.wait_for(1);
        })?;
        Ok(Self { child, leave })
    }

    /// Starts it; its operations are done.
    fn new(set: &SemaphoreSet, operations: &[sembuf]) -> TestResult<Self> {
        let operator = Self::start(set, operations)?;
        operator.wait_until_done()?;
        Ok(operator)
    }

    fn wait_until_done(&self) -> TestResult {
        self.child.wait_until_blocked_in(calls::FUTEX)
    }

    fn pid(&self) -> i32 {
        self.child.pid()
    }

    fn end(self, end: End) -> TestResult {
        match end {
            End::Exit => {
                self.leave.arrive();
                self.child.join()
            }
            End::Kill => self.child.kill().map(drop),
        }
    }
}
