//! What a spec prints: a pipe, of which the beginning is kept.
//!
//! A run does not depend on it. Nothing is read unless the kernel says that something is there, so that a read never waits, also
//! where O_NONBLOCK is ignored or an end of file never comes.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{pipe2, read};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// How much of a spec's output is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// How often one spec's output is read before it is another's turn: somewhat more than a full pipe.
const READS: usize = 8;

/// What a spec has printed so far.
#[derive(Debug)]
pub struct Output {
    pipe: OwnedFd,
    /// Whether poll(2) is worth asking: not at the end of file, and not where it says that there is something when there is not.
    is_polled: bool,
    /// How it begins.
    pub kept: Vec<u8>,
    /// How many more bytes there were.
    pub dropped: u64,
}

impl Output {
    /// Nothing, and the descriptor to print to.
    pub fn new() -> io::Result<(Self, OwnedFd)> {
        let (pipe, print) = pipe2(OFlag::O_CLOEXEC)?;
        fcntl(&pipe, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok((Self { pipe, is_polled: true, kept: Vec::new(), dropped: 0 }, print))
    }

    /// What to poll, while that is worth it.
    pub fn polled(&self) -> Option<BorrowedFd<'_>> {
        self.is_polled.then(|| self.pipe.as_fd())
    }

    /// Takes what is there, and lets a spec that prints megabytes go on. A spec that prints for ever is left after a while, for the
    /// others' sake. Says whether something was there.
    pub fn take(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        for turn in 0..READS {
            if !self.has_something() {
                return turn > 0;
            }
            match read(&self.pipe, &mut buffer) {
                Ok(count @ 1..) => {
                    let kept = count.min(KEPT - self.kept.len());
                    self.kept.extend_from_slice(&buffer[..kept]);
                    self.dropped += (count - kept) as u64;
                }
                Err(Errno::EINTR) => {}
                _ => return turn > 0,
            }
        }
        true
    }

    /// Says that poll(2) reported it although nothing was there: its end, or a mistake.
    pub fn was_polled_in_vain(&mut self) {
        self.is_polled = false;
    }

    /// Where the kernel does not tell, the read does: ioctl_pipe(2), FIONREAD.
    fn has_something(&self) -> bool {
        let mut count: libc::c_int = 0;
        // SAFETY: writes one integer.
        match Errno::result(unsafe { libc::ioctl(self.pipe.as_raw_fd(), libc::FIONREAD, &mut count) }) {
            Ok(_) => count > 0,
            Err(_) => true,
        }
    }
}
