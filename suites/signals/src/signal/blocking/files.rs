//! Calls that wait for descriptors, and for locks on files.

use super::{Blocking, Waiting, by_libc};
use calls::for_layers::libc::pipe;
use kit::prelude::*;
use libc::{F_OFD_SETLKW, F_SETLK, F_SETLKW, LOCK_EX, LOCK_UN, POLLIN, epoll_event, fd_set, flock, pollfd};
use std::ptr::{null, null_mut};

const FLOCK_CALL: &Call = &Call::new("flock", &[]).also(&[Sysno::flock]);
const SETLKW_CALL: &Call = &Call::new("fcntl(F_SETLKW)", &[]).also(&[Sysno::fcntl]);
const OFD_SETLKW_CALL: &Call = &Call::new("fcntl(F_OFD_SETLKW)", &[]).also(&[Sysno::fcntl]);
const PSELECT_CALL: &Call = &Call::new("pselect", &[]).also(&[Sysno::pselect6]);
const EPOLL_PWAIT_CALL: &Call = &Call::new("epoll_pwait", &[]).also(&[Sysno::epoll_pwait]);

pub(in super::super) const READ_PIPE: Blocking =
    Blocking { call: calls::READ, set_up: || on_empty_pipe(super::sockets::read_byte) };

pub(in super::super) const POLL: Blocking = Blocking {
    call: calls::POLL,
    set_up: || {
        on_empty_pipe(|fd| {
            let mut entry = pollfd { fd: fd.number(), events: POLLIN, revents: 0 };
            // SAFETY: one entry, which outlives the call.
            by_libc(calls::POLL, unsafe { libc::poll(&mut entry, 1, -1) })
        })
    },
};

pub(in super::super) const PPOLL: Blocking = Blocking {
    call: calls::PPOLL,
    set_up: || {
        on_empty_pipe(|fd| {
            let mut entry = pollfd { fd: fd.number(), events: POLLIN, revents: 0 };
            // SAFETY: one entry, which outlives the call; no time, and no mask.
            by_libc(calls::PPOLL, unsafe { libc::ppoll(&mut entry, 1, null(), null()) })
        })
    },
};

pub(in super::super) const SELECT: Blocking = Blocking {
    call: calls::SELECT,
    set_up: || {
        on_empty_pipe(|fd| {
            let mut set = set_of(fd);
            // SAFETY: the set outlives the call; no time.
            by_libc(calls::SELECT, unsafe {
                libc::select(fd.number() + 1, &mut set, null_mut(), null_mut(), null_mut())
            })
        })
    },
};

pub(in super::super) const PSELECT: Blocking = Blocking {
    call: PSELECT_CALL,
    set_up: || {
        on_empty_pipe(|fd| {
            let mut set = set_of(fd);
            // SAFETY: the set outlives the call; no time, and no mask.
            let ready = unsafe { libc::pselect(fd.number() + 1, &mut set, null_mut(), null_mut(), null(), null()) };
            by_libc(PSELECT_CALL, ready)
        })
    },
};

pub(in super::super) const EPOLL_WAIT: Blocking = Blocking {
    call: calls::EPOLL_WAIT,
    set_up: || {
        on_epoll(|fd| {
            let mut event = epoll_event { events: 0, u64: 0 };
            // SAFETY: writes one event, which outlives the call.
            by_libc(calls::EPOLL_WAIT, unsafe { libc::epoll_wait(fd.number(), &mut event, 1, -1) })
        })
    },
};

pub(in super::super) const EPOLL_PWAIT: Blocking = Blocking {
    call: EPOLL_PWAIT_CALL,
    set_up: || {
        on_epoll(|fd| {
            let mut event = epoll_event { events: 0, u64: 0 };
            // SAFETY: writes one event, which outlives the call; no mask.
            by_libc(EPOLL_PWAIT_CALL, unsafe { libc::epoll_pwait(fd.number(), &mut event, 1, -1, null()) })
        })
    },
};

fn set_of(fd: &Fd) -> fd_set {
    // SAFETY: all zero is an empty set, and the descriptor is below FD_SETSIZE.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::FD_SET(fd.number(), &mut set);
        set
    }
}

/// Waits for a byte in an empty pipe; the call returns 1.
fn on_empty_pipe(wait: fn(&Fd) -> Result<i64>) -> TestResult<Waiting> {
    let (reader, writer) = pipe()?;
    Waiting::new(move || wait(&reader).map(|count| assert_eq!(count, 1)), move || write_all(&writer, b"x"))
}

/// The same on an epoll instance that has the pipe.
fn on_epoll(wait: fn(&Fd) -> Result<i64>) -> TestResult<Waiting> {
    let (reader, writer) = pipe()?;
    let mut event = epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
    // SAFETY: takes a number; reads the event, which outlives the call.
    let epoll = unsafe {
        let epoll = Fd::new(by_libc(calls::EPOLL_CREATE, libc::epoll_create1(0))? as i32);
        by_libc(calls::EPOLL_CTL, libc::epoll_ctl(epoll.number(), libc::EPOLL_CTL_ADD, reader.number(), &mut event))?;
        epoll
    };
    let wait = move || {
        let _stays = &reader;
        wait(&epoll).map(|count| assert_eq!(count, 1))
    };
    Waiting::new(wait, move || write_all(&writer, b"x"))
}

pub(in super::super) const FLOCK: Blocking = Blocking {
    call: FLOCK_CALL,
    set_up: || {
        let lock = |file: &Fd, operation| {
            // SAFETY: takes numbers.
            by_libc(FLOCK_CALL, unsafe { flock(file.number(), operation) }).map(drop)
        };
        on_locked_file(
            move |file| lock(file, LOCK_EX),
            move |file| lock(file, LOCK_EX),
            move |file| lock(file, LOCK_UN),
        )
    },
};

pub(in super::super) const SETLKW: Blocking = Blocking {
    call: SETLKW_CALL,
    set_up: || {
        let lock = |call: &'static Call, file: &Fd, command, kind| {
            let region = flock { l_type: kind as i16, l_whence: libc::SEEK_SET as i16, l_start: 0, l_len: 0, l_pid: 0 };
            // SAFETY: reads the region, which outlives the call.
            by_libc(call, unsafe { libc::fcntl(file.number(), command, &raw const region) }).map(drop)
        };
        on_locked_file(
            move |file| lock(SETLKW_CALL, file, F_SETLK, libc::F_WRLCK),
            move |file| lock(SETLKW_CALL, file, F_SETLKW, libc::F_WRLCK),
            move |file| lock(SETLKW_CALL, file, F_SETLK, libc::F_UNLCK),
        )
    },
};

pub(in super::super) const OFD_SETLKW: Blocking = Blocking {
    call: OFD_SETLKW_CALL,
    set_up: || {
        let lock = |file: &Fd, kind| {
            let region = flock { l_type: kind as i16, l_whence: libc::SEEK_SET as i16, l_start: 0, l_len: 0, l_pid: 0 };
            // SAFETY: reads the region, which outlives the call.
            by_libc(OFD_SETLKW_CALL, unsafe { libc::fcntl(file.number(), F_OFD_SETLKW, &raw const region) }).map(drop)
        };
        on_locked_file(
            move |file| lock(file, libc::F_WRLCK),
            move |file| lock(file, libc::F_WRLCK),
            move |file| lock(file, libc::F_UNLCK),
        )
    },
};

/// Waits for a lock on a file that this process has locked through another open file description.
fn on_locked_file(
    take: impl Fn(&Fd) -> Result<()>,
    wait: impl Fn(&Fd) -> Result<()> + 'static,
    release: impl Fn(&Fd) -> Result<()> + 'static,
) -> TestResult<Waiting> {
    let name = Name::file("locked")?;
    let open = || calls::for_layers::libc::open(&name, libc::O_RDWR);
    let (ours, theirs) = (open()?, open()?);
    take(&ours)?;
    Waiting::new(move || wait(&theirs), move || Ok(release(&ours)?))
}
