//! POSIX semaphores.

mod claims;
mod clocks;
mod ends;
mod handlers;
mod interrupted;
mod named;
mod named_errors;
mod named_lifetime;
mod shared;
mod timeouts;
mod values;
mod waiters;

use calls::for_layers::libc::sem_init;
use calls::semaphores::{Semaphore, SemaphoreMemory};
use kit::posix::NamedSemaphore;
use kit::prelude::*;

/// An unnamed semaphore of this value, which children share.
fn shared(value: u32) -> TestResult<Semaphore> {
    Ok(sem_init(&SemaphoreMemory::shared()?, true, value)?)
}

/// An unnamed semaphore of this value for the threads of this process.
fn private(value: u32) -> TestResult<Semaphore> {
    Ok(sem_init(&SemaphoreMemory::private()?, false, value)?)
}

/// A named semaphore of this value that is open and whose name is gone, which children share.
fn nameless(value: u32) -> TestResult<Semaphore> {
    NamedSemaphore::new().create(value)
}

/// Another process posts the semaphore.
fn post_elsewhere(semaphore: &Semaphore) -> TestResult {
    fork(|| assert_eq!(calls::for_layers::libc::sem_post(semaphore), Ok(())))?.join()
}

/// A child that waits in sem_wait, and then checks how that ends.
fn waiter(semaphore: &Semaphore, check: impl FnOnce(Result<()>)) -> TestResult<Child> {
    let child = fork(|| check(calls::for_layers::libc::sem_wait(semaphore)))?;
    child.wait_until_blocked_in(calls::SEM_WAIT)?;
    Ok(child)
}

/// A child that waits in sem_wait, and then goes on.
fn going_on(semaphore: &Semaphore) -> TestResult<Child> {
    waiter(semaphore, |returned| assert_eq!(returned, Ok(())))
}
