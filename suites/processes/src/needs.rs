//! What specs of processes require of the machine.

use crate::process::DN_CREATE;
use calls::comparing::KCMP_VM;
use harness::Errno;
use harness::need::{Need, Probe, met};
use harness::place::{ALL_IDS, ids_held};
use harness::raw::{self, Argument as _, Sysno, arguments};
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

/// Asynchronous I/O of the kernel's own, with IOCB_CMD_POLL. io_submit(2).
pub const AIO_POLL: Need = Need::new(
    "aio_poll",
    |_| {
        const IOCB_CMD_POLL: u64 = 5;
        let (mut context, mut pipe) = (0_usize, [0_u32; 2]);
        // SAFETY: they write a context and two descriptors, and read one request; all end with the process of the probe.
        unsafe {
            ask(Sysno::pipe2, arguments([pipe.as_mut_ptr().register()]))?;
            ask(Sysno::io_setup, arguments([1, (&raw mut context).register()]))?;
            // struct iocb (linux/aio_abi.h): data, key, operation and descriptor, events.
            let events = libc::POLLIN as u64;
            let mut request = [0, 0, IOCB_CMD_POLL | u64::from(pipe[0]) << 32, events, 0, 0, 0, 0];
            let requests = [request.as_mut_ptr()];
            ask(Sysno::io_submit, arguments([context, 1, requests.as_ptr().register()])).map(drop)
        }
    },
    "Use a kernel with CONFIG_AIO, and no filter that refuses io_setup.",
);

/// Notifications of directory changes by signals. fcntl(2), F_NOTIFY.
pub const DNOTIFY: Need = Need::new(
    "dnotify",
    |_| {
        let open = [libc::AT_FDCWD.register(), c".".as_ptr().register(), libc::O_RDONLY.register()];
        // SAFETY: they take numbers and a text; the descriptor is closed when the process of the probe ends.
        unsafe {
            let directory = ask(Sysno::openat, arguments(open))?;
            let notify = [directory as usize, libc::F_NOTIFY.register(), DN_CREATE as usize];
            ask(Sysno::fcntl, arguments(notify)).map(drop)
        }
    },
    "Use a kernel with CONFIG_DNOTIFY.",
);

/// Set-id bits and file capabilities give privileges: no_new_privs is not set. PR_SET_NO_NEW_PRIVS(2const).
pub const NEW_PRIVILEGES: Need = Need::new(
    "new_privileges",
    |_| {
        // SAFETY: takes numbers alone.
        let set = unsafe { ask(Sysno::prctl, arguments([libc::PR_GET_NO_NEW_PRIVS.register()])) }?;
        met(set == 0, || "no_new_privs is set".into())
    },
    "Run without no_new_privs, which a container may set.",
);

/// A user whose processes are limited in number: everybody but root of the initial user namespace. getrlimit(2), RLIMIT_NPROC.
pub const LIMITED_USER: Need = Need::new(
    "limited_user",
    |_| {
        // SAFETY: takes nothing and returns a number.
        let user = unsafe { ask(Sysno::getuid, [0; 6]) }?;
        let held = ids_held().map_err(|error| format!("/proc/self/uid_map: {error}"))?;
        met(user != 0 || held != ALL_IDS, || "root of the initial user namespace has no limit".into())
    },
    "Run with user namespaces, or as another user than root.",
);

/// User namespaces that a process may create. user_namespaces(7).
pub const USERNS: Need = Need::new(
    "userns",
    |_| {
        // SAFETY: changes the user namespace of this process, which is the probe's own.
        unsafe { ask(Sysno::unshare, [libc::CLONE_NEWUSER as usize, 0, 0, 0, 0, 0]) }.map(drop)
    },
    "Allow user namespaces: see user.max_user_namespaces.",
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

/// kcmp(2).
pub const KCMP: Need = Need::new(
    "kcmp",
    |_| {
        // SAFETY: takes numbers alone.
        unsafe {
            let own = ask(Sysno::getpid, [0; 6])?;
            ask(Sysno::kcmp, [own, own, KCMP_VM as usize, 0, 0, 0]).map(drop)
        }
    },
    "Use a kernel with CONFIG_KCMP, and no filter that refuses kcmp.",
);
