//! mq_notify by a thread, which is the C library's.

use super::registration::{assert_registered, assert_unregistered};
use super::{drain, message, nameless, send};
use kit::prelude::*;
use libc::{O_NONBLOCK, sigval};
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering::SeqCst};

/// Where the function of a notification arrives.
static RUNS: OnceLock<Latch> = OnceLock::new();

/// What it leaves: its process, its thread, its value, an address on its stack, and which of the notifications that its thread has had
/// this was.
static PROCESS: AtomicI32 = AtomicI32::new(0);
static THREAD: AtomicI32 = AtomicI32::new(0);
static VALUE: AtomicUsize = AtomicUsize::new(0);
static STACK: AtomicUsize = AtomicUsize::new(0);
static OF_ITS_THREAD: AtomicI32 = AtomicI32::new(0);

thread_local! {
    static SEEN: Cell<i32> = const { Cell::new(0) };
}

extern "C" fn notified(value: sigval) {
    let local = 0_u8;
    STACK.store((&raw const local).addr(), SeqCst);
    VALUE.store(value.sival_ptr.addr(), SeqCst);
    // SAFETY: asks for a number.
    PROCESS.store(unsafe { libc::getpid() }, SeqCst);
    // SAFETY: as above.
    THREAD.store(unsafe { libc::syscall(libc::SYS_gettid) } as i32, SeqCst);
    OF_ITS_THREAD.store(SEEN.with(|seen| seen.replace(seen.get() + 1)) + 1, SeqCst);
    if let Some(runs) = RUNS.get() {
        runs.arrive();
    }
}

/// The latch at which the function arrives each time that it runs.
fn runs() -> TestResult<&'static Latch> {
    let latch = Latch::new()?;
    Ok(RUNS.get_or_init(|| latch))
}

/// A message that comes to an empty queue runs the function of SIGEV_THREAD once, with its value, in a thread of the registered process
/// that is neither the one that registered nor an earlier one; then the registration is removed.
#[harness::test(
    id = "posix-mq.thread",
    cite = [
        man("mq_notify.3", "DESCRIPTION", "SIGEV_THREAD"),
        man("mq_notify.3", "C library/kernel differences"),
        posix("mq_notify.3p", "DESCRIPTION"),
    ],
    covers = [
        "behaviours:mq.sigev-thread", "behaviours:mq.thread-for-each", "behaviours:mq.one-shot", "behaviours:mq.on-empty-to-nonempty",
    ],
)]
fn a_message_starts_a_thread() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    let runs = runs()?;
    let child = fork(|| -> TestResult {
        let own = own_pid();
        for run in 1..=2 {
            let value = 0x0123_4567_89ab_cde0 + run as usize;
            mq_notify_thread(&queue, notified, value, None)?;
            assert_registered(&queue)?;
            assert_eq!(runs.arrivals(), run - 1);
            let sender = fork(|| assert_eq!(mq_send(&queue, b"text", 1), Ok(())))?;
            sender.join()?;
            runs.wait_for(run);
            assert_eq!((VALUE.load(SeqCst), OF_ITS_THREAD.load(SeqCst)), (value, 1));
            assert_eq!(PROCESS.load(SeqCst), own);
            assert_ne!(THREAD.load(SeqCst), own);
            assert_unregistered(&queue)?;
            assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
        }
        send(&queue, "text", 1)?;
        assert_eq!(runs.arrivals(), 2);
        Ok(())
    })?;
    child.join()
}

/// A stack for a thread.
const SIZE: usize = 1 << 20;

/// The thread of SIGEV_THREAD has the attributes that mq_notify was given, a stack here, although they were destroyed and overwritten
/// after it had returned.
#[harness::test(
    id = "posix-mq.thread-attributes",
    cite = [man("mq_notify.3", "C library/kernel differences"), posix("mq_notify.3p", "DESCRIPTION")],
    covers = ["behaviours:mq.sigev-thread-attr-copied", "behaviours:mq.sigev-thread"],
)]
fn the_attributes_of_the_thread_are_copied() -> TestResult {
    let queue = nameless(O_NONBLOCK)?;
    let runs = runs()?;
    let child = fork(|| -> TestResult {
        // It is the thread's until this process ends.
        let stack = Box::leak(vec![0_u128; SIZE / size_of::<u128>()].into_boxed_slice());
        let range = stack.as_ptr_range();
        let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
        // SAFETY: the attributes are initialised before they are used; the stack is the thread's alone.
        let registered = unsafe {
            libc::pthread_attr_init(attributes.as_mut_ptr());
            libc::pthread_attr_setstack(attributes.as_mut_ptr(), stack.as_mut_ptr().cast(), SIZE);
            mq_notify_thread(&queue, notified, 7, Some(attributes.assume_init_ref()))
        };
        assert_eq!(registered, Ok(()));
        // SAFETY: they were initialised, and nobody uses them any more.
        unsafe {
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            attributes.as_mut_ptr().write_bytes(0xff, 1);
        }
        send(&queue, "text", 1)?;
        runs.wait_for(1);
        let local = STACK.load(SeqCst);
        assert!(local > range.start.addr() && local < range.end.addr(), "the thread has another stack");
        assert_eq!(VALUE.load(SeqCst), 7);
        Ok(())
    })?;
    child.join()
}
