//! How a process ended or stopped: a wait status, all of it.

use std::fmt;

/// A wait status, exhaustively. A status that merely "was not exit 0" hides a signal behind a code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// exit() with this code.
    Exited(i32),
    /// Ended by a signal.
    Killed {
        /// Which.
        by: Signal,
        /// Whether the kernel wrote, or would have written, a core.
        core: bool,
    },
    /// Stopped by a signal; not ended.
    Stopped(Signal),
    /// Continued by SIGCONT; not ended.
    Continued,
}

/// A signal by number, realtime signals too, shown by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(pub i32);

impl Ended {
    /// Reads the status that wait(2) wrote.
    pub fn from_status(status: i32) -> Self {
        if libc::WIFEXITED(status) {
            Self::Exited(libc::WEXITSTATUS(status))
        } else if libc::WIFSIGNALED(status) {
            Self::Killed { by: Signal(libc::WTERMSIG(status)), core: libc::WCOREDUMP(status) }
        } else if libc::WIFSTOPPED(status) {
            Self::Stopped(Signal(libc::WSTOPSIG(status)))
        } else {
            Self::Continued
        }
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exited with {code}"),
            Self::Killed { by, core: false } => write!(f, "killed by {by}"),
            Self::Killed { by, core: true } => write!(f, "killed by {by}, core dumped"),
            Self::Stopped(by) => write!(f, "stopped by {by}"),
            Self::Continued => f.write_str("continued"),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match nix::sys::signal::Signal::try_from(self.0) {
            Ok(signal) => f.write_str(signal.as_str()),
            Err(_) => write!(f, "SIGRTMIN+{}", self.0 - libc::SIGRTMIN()),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<nix::sys::signal::Signal> for Signal {
    fn from(signal: nix::sys::signal::Signal) -> Self {
        Self(signal as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_words() {
        for (status, words) in [
            (0, "exited with 0"),
            (7 << 8, "exited with 7"),
            (9, "killed by SIGKILL"),
            (11 | 0x80, "killed by SIGSEGV, core dumped"),
            (19 << 8 | 0x7f, "stopped by SIGSTOP"),
            (0xffff, "continued"),
            (libc::SIGRTMIN() + 3, "killed by SIGRTMIN+3"),
        ] {
            assert_eq!(Ended::from_status(status).to_string(), words);
        }
    }
}
