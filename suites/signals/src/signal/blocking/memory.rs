//! What threads wait for in shared memory: futexes, semaphores, mutexes and condition variables.

use super::sysv::far;
use super::{Blocking, Waiting, by_libc};
use harness::raw::{Argument as _, arguments, syscall};
use kit::prelude::*;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::atomic::AtomicU32;

const MUTEX_CALL: &Call = &Call::new("pthread_mutex_lock", &[]).also(&[Sysno::futex]);
const COND_CALL: &Call = &Call::new("pthread_cond_wait", &[]).also(&[Sysno::futex]);

pub(in super::super) const FUTEX_WAIT: Blocking =
    Blocking { call: calls::FUTEX_WAIT, set_up: || on_word("futex(FUTEX_WAIT)", libc::FUTEX_WAIT) };
pub(in super::super) const FUTEX_WAIT_BITSET: Blocking =
    Blocking { call: calls::FUTEX, set_up: || on_word("futex(FUTEX_WAIT_BITSET)", libc::FUTEX_WAIT_BITSET) };

/// Waits on a word that nobody changes, for a wake-up.
fn on_word(call: &'static str, operation: i32) -> TestResult<Waiting> {
    const ANY: usize = u32::MAX as usize;
    let word = Rc::new(Shared::new(AtomicU32::new(0))?);
    let other = Rc::clone(&word);
    let wait = move || {
        let arguments = arguments([word.as_ptr().register(), operation.register(), 0, 0, 0, ANY]);
        // SAFETY: the word outlives the call; no time.
        unsafe { syscall(Sysno::futex, arguments) }
            .map(|result| assert_eq!(result, 0))
            .map_err(|errno| CallError::new(call, errno))
    };
    let wake = move || {
        let arguments = arguments([other.as_ptr().register(), libc::FUTEX_WAKE.register(), 1]);
        // SAFETY: the word outlives the call.
        unsafe { syscall(Sysno::futex, arguments) }?;
        Ok(())
    };
    Waiting::new(wait, wake)
}

pub(in super::super) const SEM_WAIT: Blocking = Blocking {
    call: calls::SEM_WAIT,
    set_up: || {
        // SAFETY: the semaphore was initialised, and its memory stays.
        on_semaphore(|semaphore| by_libc(calls::SEM_WAIT, unsafe { libc::sem_wait(semaphore) }))
    },
};

pub(in super::super) const SEM_TIMEDWAIT: Blocking = Blocking {
    call: calls::SEM_TIMEDWAIT,
    set_up: || {
        on_semaphore(|semaphore| {
            let time = far();
            // SAFETY: the semaphore was initialised, and its memory stays; the time outlives the call.
            by_libc(calls::SEM_TIMEDWAIT, unsafe { libc::sem_timedwait(semaphore, &time) })
        })
    },
};

fn on_semaphore(wait: fn(*mut libc::sem_t) -> Result<i64>) -> TestResult<Waiting> {
    let semaphore = shared::<libc::sem_t>()?;
    // SAFETY: the memory is there for a semaphore, and stays.
    by_libc(calls::SEM_WAIT, unsafe { libc::sem_init(semaphore, 1, 0) })?;
    // SAFETY: it was initialised.
    Waiting::new(
        move || wait(semaphore).map(drop),
        move || Ok(by_libc(calls::SEM_WAIT, unsafe { libc::sem_post(semaphore) }).map(|_| ())?),
    )
}

pub(in super::super) const MUTEX_LOCK: Blocking = Blocking {
    call: MUTEX_CALL,
    set_up: || {
        let mutex = shared_mutex()?;
        // SAFETY: it was initialised, and its memory stays.
        by_number(MUTEX_CALL, unsafe { libc::pthread_mutex_lock(mutex) })?;
        // SAFETY: as above; this process holds it.
        let release = move || Ok(by_number(MUTEX_CALL, unsafe { libc::pthread_mutex_unlock(mutex) })?);
        // SAFETY: as above.
        Waiting::new(move || by_number(MUTEX_CALL, unsafe { libc::pthread_mutex_lock(mutex) }), release)
    },
};

/// A wait that ends without a signal of the condition is made again, as POSIX allows it to be.
pub(in super::super) const COND_WAIT: Blocking = Blocking {
    call: COND_CALL,
    set_up: || {
        let (mutex, condition) = (shared_mutex()?, shared::<libc::pthread_cond_t>()?);
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the attributes are initialised before they are used, and the memory is there for a condition variable.
        unsafe {
            by_number(COND_CALL, libc::pthread_condattr_init(attributes.as_mut_ptr()))?;
            by_number(
                COND_CALL,
                libc::pthread_condattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED),
            )?;
            by_number(COND_CALL, libc::pthread_cond_init(condition, attributes.as_ptr()))?;
        }
        let is_set = Rc::new(Shared::new(AtomicU32::new(0))?);
        let to_set = Rc::clone(&is_set);
        let wait = move || {
            use std::sync::atomic::Ordering::Acquire;
            // SAFETY: both were initialised, and their memory stays; the mutex is held while it waits.
            unsafe {
                by_number(MUTEX_CALL, libc::pthread_mutex_lock(mutex))?;
                while is_set.load(Acquire) == 0 {
                    by_number(COND_CALL, libc::pthread_cond_wait(condition, mutex))?;
                }
                by_number(MUTEX_CALL, libc::pthread_mutex_unlock(mutex))
            }
        };
        let signal = move || {
            to_set.store(1, std::sync::atomic::Ordering::Release);
            // SAFETY: as above.
            unsafe {
                by_number(MUTEX_CALL, libc::pthread_mutex_lock(mutex))?;
                by_number(COND_CALL, libc::pthread_cond_signal(condition))?;
                Ok(by_number(MUTEX_CALL, libc::pthread_mutex_unlock(mutex))?)
            }
        };
        Waiting::new(wait, signal)
    },
};

fn shared_mutex() -> TestResult<*mut libc::pthread_mutex_t> {
    let mutex = shared()?;
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: the attributes are initialised before they are used, and the memory is there for a mutex.
    unsafe {
        by_number(MUTEX_CALL, libc::pthread_mutexattr_init(attributes.as_mut_ptr()))?;
        by_number(
            MUTEX_CALL,
            libc::pthread_mutexattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED),
        )?;
        by_number(MUTEX_CALL, libc::pthread_mutex_init(mutex, attributes.as_ptr()))?;
    }
    Ok(mutex)
}

/// What a function of POSIX threads returned.
fn by_number(call: &'static Call, error: i32) -> Result<()> {
    if error == 0 { Ok(()) } else { Err(CallError::new(call.name, Errno::from_raw(error))) }
}

/// Memory that children share, all zero, for one value; it stays until the end of the process.
fn shared<T>() -> TestResult<*mut T> {
    let size = NonZeroUsize::MIN.saturating_add(size_of::<T>() - 1);
    // SAFETY: a new mapping touches no memory that exists.
    let memory =
        unsafe { mmap_anonymous(None, size, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED) }?;
    Ok(memory.cast().as_ptr())
}
