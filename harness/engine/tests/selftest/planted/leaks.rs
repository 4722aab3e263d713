//! Specs that leave objects behind. Without namespaces the harness can only know of those that are written down, as the
//! fixtures do.

use harness::event_log::{Event, Object, append, create};
use harness::{CallError, assert};
use kit::needs::DEV_SHM;
use kit::prelude::*;
use std::os::fd::AsRawFd;

/// Not by `fixtures`, whose objects remove themselves.
fn made(call: &'static str, value: i32) -> TestResult<i32> {
    if value == -1 { Err(CallError::new(call, Errno::last()).into()) } else { Ok(value) }
}

/// A name that no other spec of any run has.
fn name() -> String {
    let mut directory = scratch().display().to_string().replace('/', "-");
    directory.push_str(&format!("-{}", std::process::id()));
    format!("ipcspec{directory}")
}

/// A System V message queue stays.
#[harness::test(id = "planted.leaks-sysv-queue", cite = [kernel("none", "none", "0")], covers = [])]
fn leaks_a_system_v_queue() -> TestResult {
    assert!(true);
    // SAFETY: touches no memory of ours.
    create(|| made("msgget", unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) }), |id| Object::SysvQueue(*id))?;
    Ok(())
}

/// A System V message queue stays, after a moment in which its process alone knows of it.
#[harness::test(id = "planted.leaks-slowly", cite = [kernel("none", "none", "0")], covers = [])]
fn leaks_slowly() -> TestResult {
    assert!(true);
    let slowly = || {
        // SAFETY: touches no memory of ours.
        let id = made("msgget", unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) });
        std::thread::sleep(std::time::Duration::from_millis(2));
        id
    };
    create(slowly, |id| Object::SysvQueue(*id))?;
    Ok(())
}

/// A System V semaphore set stays.
#[harness::test(id = "planted.leaks-sysv-semaphores", cite = [kernel("none", "none", "0")], covers = [])]
fn leaks_a_system_v_semaphore_set() -> TestResult {
    assert!(true);
    // SAFETY: touches no memory of ours.
    create(|| made("semget", unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) }), |id| Object::SysvSemaphores(*id))?;
    Ok(())
}

/// A System V shared memory segment stays.
#[harness::test(id = "planted.leaks-sysv-segment", cite = [kernel("none", "none", "0")], covers = [])]
fn leaks_a_system_v_segment() -> TestResult {
    assert!(true);
    // SAFETY: touches no memory of ours.
    create(|| made("shmget", unsafe { libc::shmget(libc::IPC_PRIVATE, 1, 0o600) }), |id| Object::SysvSegment(*id))?;
    Ok(())
}

/// A POSIX message queue stays.
#[harness::test(id = "planted.leaks-posix-queue", cite = [kernel("none", "none", "0")], covers = [])]
fn leaks_a_posix_queue() -> TestResult {
    use nix::mqueue::{MQ_OFlag, MqAttr, mq_close, mq_open};
    assert!(true);
    let name = format!("/{}", name());
    append(&Event::Created(Object::Queue(name.clone())));
    let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR;
    mq_close(mq_open(name.as_str(), flags, nix::sys::stat::Mode::S_IRUSR, Some(&MqAttr::new(0, 1, 1, 0)))?)?;
    Ok(())
}

/// A file stays in /dev/shm.
#[harness::test(id = "planted.leaks-shm-file", cite = [kernel("none", "none", "0")], covers = [], needs = [DEV_SHM])]
fn leaks_a_file_in_dev_shm() -> TestResult {
    assert!(true);
    let name = name();
    append(&Event::Created(Object::SharedMemoryFile(name.clone())));
    std::fs::write(format!("/dev/shm/{name}"), "x")?;
    Ok(())
}

/// A descriptor stays open.
#[harness::test(id = "planted.leaks-descriptor", cite = [kernel("none", "none", "0")], covers = [])]
fn leaks_a_descriptor() -> TestResult {
    assert!(true);
    let file = std::fs::File::open("/dev/null")?;
    assert!(file.as_raw_fd() == 3);
    std::mem::forget(file);
    Ok(())
}

/// A file stays in the scratch directory.
#[harness::test(id = "planted.leaks-file", cite = [kernel("none", "none", "0")], covers = [])]
fn leaks_a_file() -> TestResult {
    assert!(true);
    std::fs::write("forgotten", "x")?;
    Ok(())
}
