//! `surroundings`: puts this process into surroundings, word by word, and executes itself with the rest of the arguments.
//!
//! - `uid=N`: as another user, without groups.
//! - `refuse=nothing`, `refuse=namespaces`, `refuse=user-namespaces`: a container's filter refuses clone and unshare with such flags.
//! - `bare-dev`: /dev holds null, zero and urandom, and neither mqueue nor shm.
//! - `world`: own and empty /tmp, /dev/shm, /dev/mqueue and System V objects.
//! - `lock-file`: /mnt/lock, which every user may write.
//! - `nproc=N`, `nofile=N`: resource limits.
//! - `signals=ignored`, `signals=blocked`: all that can be.
//! - `descriptors=closed`: standard input and output.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::unistd::{Gid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};
use std::error::Error;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

type Done = Result<(), Box<dyn Error>>;

/// An executable's link that works where its path does not.
pub const THIS_BINARY: &str = "/proc/self/exe";

pub fn main(arguments: &[String]) -> ExitCode {
    let words = arguments.iter().take_while(|word| !["planted", "kill-runs"].contains(&word.as_str()));
    let mut count = 0;
    for word in words {
        if let Err(error) = enter(word) {
            eprintln!("the surroundings `{word}` cannot be had: {error}");
            return ExitCode::FAILURE;
        }
        count += 1;
    }
    // A directory for temporary files outside /tmp need not be in these surroundings.
    let error = Command::new(THIS_BINARY).args(&arguments[count..]).env_remove("TMPDIR").exec();
    eprintln!("{THIS_BINARY} cannot be executed: {error}");
    ExitCode::FAILURE
}

fn enter(word: &str) -> Done {
    match word.split_once('=').unwrap_or((word, "")) {
        ("uid", id) => become_user(id.parse()?),
        ("refuse", "nothing") => Ok(()),
        ("refuse", "namespaces") => refuse(NEW_NAMESPACES),
        ("refuse", "user-namespaces") => refuse(libc::CLONE_NEWUSER),
        ("bare-dev", _) => {
            own(CloneFlags::empty())?;
            new_dev(&[])
        }
        ("world", _) => world(),
        ("lock-file", _) => lock_file(),
        ("nproc", number) => limit(Resource::RLIMIT_NPROC, number),
        ("nofile", number) => limit(Resource::RLIMIT_NOFILE, number),
        ("signals", "ignored") => ignore_signals(),
        ("signals", "blocked") => Ok(sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), None)?),
        ("descriptors", "closed") => close_descriptors(),
        _ => Err("unknown".into()),
    }
}

fn become_user(id: u32) -> Done {
    setgroups(&[])?;
    setresgid(Gid::from_raw(id), Gid::from_raw(id), Gid::from_raw(id))?;
    Ok(setresuid(Uid::from_raw(id), Uid::from_raw(id), Uid::from_raw(id))?)
}

const NEW_NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// EPERM for clone(2) and unshare(2) with one of the flags; ENOSYS for clone3(2), whose flags no filter can read.
fn refuse(flags: libc::c_int) -> Done {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const SET: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    // Offsets in seccomp_data: the number, and the low half of the first argument.
    const NUMBER: u32 = 0;
    const FLAGS: u32 = 16;
    let line = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
    let error = |errno: i32| libc::SECCOMP_RET_ERRNO | errno.cast_unsigned();
    let mut filter = [
        line(LOAD, NUMBER, 0, 0),
        line(EQUAL, libc::SYS_clone3 as u32, 6, 0),
        line(EQUAL, libc::SYS_clone as u32, 1, 0),
        line(EQUAL, libc::SYS_unshare as u32, 0, 2),
        line(LOAD, FLAGS, 0, 0),
        line(SET, flags.cast_unsigned(), 1, 0),
        line(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
        line(RETURN, error(libc::EPERM), 0, 0),
        line(RETURN, error(libc::ENOSYS), 0, 0),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    nix::sys::prctl::set_no_new_privs()?;
    // SAFETY: the program outlives the call, which copies it.
    nix::errno::Errno::result(unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    })?;
    Ok(())
}

/// A mount namespace, and more; with a user namespace, in which this user stays who they are, where rights are needed.
fn own(more: CloneFlags) -> Done {
    let (user, group) = (geteuid(), getegid());
    if user.is_root() {
        unshare(CloneFlags::CLONE_NEWNS | more)?;
    } else {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | more)?;
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    Ok(mount(None::<&str>, "/", None::<&str>, MsFlags::MS_SLAVE | MsFlags::MS_REC, None::<&str>)?)
}

fn tmpfs(directory: &str, mode: &str) -> Done {
    Ok(mount(Some("tmpfs"), directory, Some("tmpfs"), MsFlags::empty(), Some(mode))?)
}

/// Built aside, from the devices that are there, then moved.
fn new_dev(directories: &[&str]) -> Done {
    tmpfs("/mnt", "mode=755")?;
    for device in ["null", "zero", "urandom"] {
        let place = format!("/mnt/{device}");
        File::create(&place)?;
        mount(Some(format!("/dev/{device}").as_str()), place.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    }
    for directory in directories {
        fs::create_dir(format!("/mnt/{directory}"))?;
    }
    Ok(mount(Some("/mnt"), "/dev", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?)
}

fn world() -> Done {
    own(CloneFlags::CLONE_NEWIPC)?;
    tmpfs("/tmp", "mode=1777")?;
    new_dev(&["shm", "mqueue"])?;
    tmpfs("/dev/shm", "mode=1777")?;
    Ok(mount(Some("mqueue"), "/dev/mqueue", Some("mqueue"), MsFlags::empty(), None::<&str>)?)
}

fn lock_file() -> Done {
    own(CloneFlags::empty())?;
    tmpfs("/mnt", "mode=777")?;
    File::create("/mnt/lock")?;
    Ok(fs::set_permissions("/mnt/lock", fs::Permissions::from_mode(0o666))?)
}

fn limit(resource: Resource, number: &str) -> Done {
    Ok(setrlimit(resource, number.parse()?, number.parse()?)?)
}

fn ignore_signals() -> Done {
    for number in 1..=libc::SIGRTMAX() {
        // SAFETY: SIG_IGN runs no code. Those that cannot be ignored refuse.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
    Ok(())
}

fn close_descriptors() -> Done {
    for number in [0, 1] {
        // SAFETY: nothing in this process uses them any more; it is about to be another.
        nix::errno::Errno::result(unsafe { libc::close(number) })?;
    }
    Ok(())
}
