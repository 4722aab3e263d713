//! Terminals, as far as sessions, process groups and signals go, and pseudoterminals as a channel: pty(7), ioctl_tty(2).

mod controlling;
mod controlling_errors;
mod exclusive;
mod flow;
mod foreground;
mod foreground_errors;
mod hangup;
mod keys;
mod orphaned;
mod packets;
mod pty;
mod size;

use calls::signals::SignalSet;
use kit::disposition::{block_all, unblock};
use kit::prelude::*;
use kit::pty::Pty;
use libc::SIGTTOU;
use nix::poll::{PollFd, PollFlags, PollTimeout};
use nix::sys::termios::{LocalFlags, Termios};
use nix::unistd::{Pid, setpgid, tcsetpgrp};

/// Runs this in a child that leads a session with a new terminal.
fn lead(body: impl FnOnce(&Pty) -> TestResult) -> TestResult {
    let pty = Pty::new(24, 80)?;
    let leader = fork(|| -> TestResult {
        pty.lead_session()?;
        body(&pty)
    })?;
    leader.join()
}

/// Two children in a process group of their own that have made `setup` and wait for a signal.
fn job(setup: impl Fn() -> TestResult) -> TestResult<[Child; 2]> {
    members(|| {
        setup()?;
        loop {
            nix::unistd::pause();
        }
    })
}

/// Two children in a process group of their own that do this.
fn members(body: impl Fn() -> TestResult) -> TestResult<[Child; 2]> {
    let ready = Latch::new()?;
    let member = || {
        fork(|| -> TestResult {
            ready.wait_for(1);
            body()
        })
    };
    let members = [member()?, member()?];
    for member in &members {
        setpgid(Pid::from_raw(member.pid()), Pid::from_raw(members[0].pid()))?;
    }
    ready.arrive();
    Ok(members)
}

/// Puts the process group of this child into the foreground, whether the caller is in the background or not.
fn to_foreground(pty: &Pty, leader: &Child) -> TestResult {
    let sigttou = SignalSet::of([SIGTTOU]);
    block_all(sigttou)?;
    pty.terminal.lend(|terminal| tcsetpgrp(terminal, Pid::from_raw(leader.pid())))?;
    unblock(sigttou)
}

/// Waits until a line, or output, can be read: what is typed arrives a little later.
fn wait_until_readable(fd: &Fd) -> TestResult {
    fd.lend(|fd| nix::poll::poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], PollTimeout::NONE))?;
    Ok(())
}

/// What is typed does not appear on the screen.
fn no_echo(settings: &mut Termios) {
    settings.local_flags.remove(LocalFlags::ECHO);
}

/// All zero is a valid struct termios (termios.h).
fn no_attributes() -> libc::termios {
    // SAFETY: as above.
    unsafe { std::mem::zeroed() }
}

/// The path of the terminal.
fn path_of(pty: &Pty) -> TestResult<String> {
    let master = &pty.screen;
    let mut number = -1_i32;
    // SAFETY: writes one int.
    Errno::result(unsafe { libc::ioctl(master.number(), libc::TIOCGPTN, &raw mut number) })?;
    Ok(format!("/dev/pts/{number}"))
}
