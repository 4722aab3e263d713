//! What specs of processes require of the machine.

use harness::Errno;
use harness::need::{Need, Probe};
use harness::raw::{self, Sysno};
use kit::needs::ask;

/// PID file descriptors. pidfd_open(2).
pub const PIDFD: Need = Need::new(
    "pidfd",
    |_| {
        // SAFETY: both take numbers alone; the descriptor is closed when the process of the probe ends.
        unsafe {
            let own = ask(Sysno::getpid, [0; 6])?;
            ask(Sysno::pidfd_open, [own, 0, 0, 0, 0, 0]).map(drop)
        }
    },
    "Use a kernel with pidfd_open, and no filter that refuses it.",
);

/// /dev/tty, the name of the controlling terminal of whoever opens it. tty(4).
pub const DEV_TTY: Need = Need::new("dev_tty", |_| has_dev_tty(), "Provide /dev/tty, a character device 5, 0.");

/// TIOCSTI without CAP_SYS_ADMIN. TIOCSTI(2const).
pub const TIOCSTI: Need = Need::new("tiocsti", |_| may_insert_input(), "Set dev.tty.legacy_tiocsti to 1.");

/// What a process without a controlling terminal gets is for specs to say.
fn has_dev_tty() -> Probe {
    let flags = (libc::O_RDWR | libc::O_NOCTTY) as usize;
    // SAFETY: the path ends in NUL and outlives the call.
    let opened =
        unsafe { raw::syscall(Sysno::openat, [libc::AT_FDCWD as usize, c"/dev/tty".as_ptr().addr(), flags, 0, 0, 0]) };
    match opened {
        Err(error @ (Errno::ENOENT | Errno::EACCES | Errno::ENODEV)) => Err(format!("/dev/tty: {error}")),
        _ => Ok(()),
    }
}

/// Makes a new terminal its controlling terminal, and inserts a byte.
fn may_insert_input() -> Probe {
    let flags = (libc::O_RDWR | libc::O_NOCTTY) as usize;
    let (here, unlock, byte) = (libc::AT_FDCWD as usize, 0_i32, b'x');
    let control = |fd: usize, number: libc::Ioctl, argument: usize| {
        // SAFETY: TIOCSPTLCK reads an int, TIOCSTI a byte, and the others take a number.
        unsafe { ask(Sysno::ioctl, [fd, number as usize, argument, 0, 0, 0]) }
    };
    // SAFETY: the path ends in NUL and outlives the call; the process of the probe is its own.
    let master = unsafe {
        let _ = raw::syscall(Sysno::setsid, [0; 6]);
        ask(Sysno::openat, [here, c"/dev/ptmx".as_ptr().addr(), flags, 0, 0, 0])?
    };
    control(master, libc::TIOCSPTLCK, (&raw const unlock).addr())?;
    let slave = control(master, TIOCGPTPEER, flags)?;
    control(slave, libc::TIOCSCTTY, 0)?;
    control(slave, libc::TIOCSTI, (&raw const byte).addr()).map(drop)
}

/// asm-generic/ioctls.h.
const TIOCGPTPEER: libc::Ioctl = 0x5441;
