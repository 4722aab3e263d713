//! Calls that wait for children and for signals.

use super::{Blocking, LONG, Waiting};
use calls::signals::SignalSet;
use calls::waiting::{Selector, Waited};
use kit::prelude::*;
use libc::{SIGUSR2, timespec};
use std::rc::Rc;

pub(in super::super) const WAIT: Blocking =
    Blocking { call: calls::WAIT, set_up: || for_child(|_| calls::for_layers::libc::wait()) };
pub(in super::super) const WAITPID: Blocking = Blocking {
    call: calls::WAITPID,
    set_up: || for_child(|pid| Ok(calls::for_layers::libc::waitpid(pid, 0)?.unwrap_or(NOBODY))),
};
pub(in super::super) const WAIT3: Blocking =
    Blocking { call: calls::WAIT3, set_up: || for_child(|_| Ok(ended(calls::for_layers::libc::wait3(0)?))) };
pub(in super::super) const WAIT4: Blocking =
    Blocking { call: calls::WAIT4, set_up: || for_child(|pid| Ok(ended(calls::for_layers::libc::wait4(pid, 0)?))) };
pub(in super::super) const WAITID: Blocking = Blocking {
    call: calls::WAITID,
    set_up: || {
        for_child(|pid| {
            let change = calls::for_layers::libc::waitid(Selector::Pid(pid), libc::WEXITED)?;
            Ok(change.map_or(NOBODY, |change| (change.pid, Ended::Exited(change.status))))
        })
    },
};

/// What is said of a wait that returns 0.
const NOBODY: (i32, Ended) = (0, Ended::Continued);

fn ended(waited: Option<Waited>) -> (i32, Ended) {
    waited.map_or(NOBODY, |waited| (waited.pid, waited.ended))
}

/// Waits for a child of the caller that ends with 7 when it is let go.
fn for_child(wait: fn(i32) -> Result<(i32, Ended)>) -> TestResult<Waiting> {
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
        let waited = wait(child.pid())?;
        assert_eq!(waited, (child.pid(), Ended::Exited(7)));
        child.let_go();
        Ok(())
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
