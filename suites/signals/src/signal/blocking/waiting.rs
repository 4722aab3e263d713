//! Calls that wait for children and for signals.

use super::{Blocking, LONG, Waiting, by_libc};
use calls::signals::SignalSet;
use kit::prelude::*;
use libc::{SIGUSR2, timespec};
use std::ptr::null_mut;
use std::rc::Rc;

const WAIT_CALL: &Call = &Call::new("wait", &[]).also(&[Sysno::wait4]);
const WAITID_CALL: &Call = &Call::new("waitid", &[]).also(&[Sysno::waitid]);
const WAITPID_CALL: &Call = &Call::new("waitpid", &[]).also(&[Sysno::wait4]);
const WAIT3_CALL: &Call = &Call::new("wait3", &[]).also(&[Sysno::wait4]);
const WAIT4_CALL: &Call = &Call::new("wait4", &[]).also(&[Sysno::wait4]);

pub(in super::super) const WAIT: Blocking = Blocking {
    call: WAIT_CALL,
    set_up: || {
        // SAFETY: writes the status, which outlives the call.
        for_child(WAIT_CALL, |_, status| unsafe { libc::wait(status) })
    },
};
pub(in super::super) const WAITPID: Blocking = Blocking {
    call: WAITPID_CALL,
    set_up: || {
        // SAFETY: as above.
        for_child(WAITPID_CALL, |pid, status| unsafe { libc::waitpid(pid, status, 0) })
    },
};
pub(in super::super) const WAIT3: Blocking = Blocking {
    call: WAIT3_CALL,
    set_up: || {
        // SAFETY: as above; no usage.
        for_child(WAIT3_CALL, |_, status| unsafe { wait3(status, 0, null_mut()) })
    },
};
pub(in super::super) const WAIT4: Blocking = Blocking {
    call: WAIT4_CALL,
    set_up: || {
        // SAFETY: as above; no usage.
        for_child(WAIT4_CALL, |pid, status| unsafe { libc::wait4(pid, status, 0, null_mut()) })
    },
};
pub(in super::super) const WAITID: Blocking = Blocking { call: WAITID_CALL, set_up: || for_child(WAITID_CALL, waitid) };

unsafe extern "C" {
    /// wait3(2).
    fn wait3(status: *mut i32, options: i32, usage: *mut libc::rusage) -> i32;
}

/// The pid, and the status as the others have it.
fn waitid(pid: i32, status: &mut i32) -> i32 {
    // SAFETY: all zero is a valid siginfo_t.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: writes the information, which outlives the call.
    match unsafe { libc::waitid(libc::P_PID, pid.cast_unsigned(), &mut info, libc::WEXITED) } {
        0 => {
            // SAFETY: it is that of a child.
            *status = unsafe { info.si_status() } << 8;
            pid
        }
        error => error,
    }
}

/// Waits for a child of the caller that ends with 7 when it is let go.
fn for_child(call: &'static Call, wait: fn(i32, &mut i32) -> i32) -> TestResult<Waiting> {
    let end = Rc::new(Latch::new()?);
    let its_end = Rc::clone(&end);
    let wait = move || {
        let ends = Rc::clone(&its_end);
        let Ok(child) = fork(move || -> TestResult {
            ends.wait_for(1);
            exit(7)
        }) else {
            harness::judge::broken("no child")
        };
        let mut status = 0;
        let waited = by_libc(call, wait(child.pid(), &mut status));
        if waited.is_ok() {
            assert_eq!((waited, Ended::from_status(status)), (Ok(child.pid().into()), Ended::Exited(7)));
            child.let_go();
            return Ok(());
        }
        waited.map(drop)
    };
    Waiting::new(wait, move || {
        end.arrive();
        Ok(())
    })
}

pub(in super::super) const SIGWAITINFO: Blocking = Blocking {
    call: calls::SIGWAITINFO,
    set_up: || Waiting::for_ever(|| calls::for_layers::libc::sigwaitinfo(usr2()).map(drop)),
};

pub(in super::super) const SIGTIMEDWAIT: Blocking = Blocking {
    call: calls::SIGTIMEDWAIT,
    set_up: || {
        let time = timespec { tv_sec: LONG, tv_nsec: 0 };
        Waiting::for_ever(move || calls::for_layers::libc::sigtimedwait(usr2(), time).map(drop))
    },
};

fn usr2() -> SignalSet {
    SignalSet::of([SIGUSR2])
}
