//! Joining the namespaces of a process by its pidfd: setns(2).

use harness::mark;
use harness::need::IPCNS;
use kit::prelude::*;
use kit::process::clone;
use libc::{CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWUTS};
use std::os::unix::fs::MetadataExt;

/// The inode numbers of the UTS, IPC and mount namespaces of a process. namespaces(7)
fn namespaces_of(pid: i32) -> TestResult<[u64; 3]> {
    let of_type = |kind| std::fs::metadata(format!("/proc/{pid}/ns/{kind}")).map(|namespace| namespace.ino());
    mark::by_harness(|| Ok([of_type("uts")?, of_type("ipc")?, of_type("mnt")?]))
}

/// setns with a pidfd moves the caller into those namespaces of the process that the mask names, and leaves the others; if one of them
/// is refused, such as the user namespace in which the caller is, it moves into none.
#[harness::test(
    id = "pidfd.setns",
    cite = [man("setns.2", "fd is a PID file descriptor"), man("setns.2", "Details for specific namespace types")],
    covers = ["behaviours:pidfd.setns-with-pidfd"],
    needs = [IPCNS],
    layers = [libc, raw],
)]
fn a_process_joins_the_namespaces_of_another() -> TestResult {
    let end = Latch::new()?;
    let other = clone(CLONE_NEWUTS | CLONE_NEWIPC, || end.wait_for(1))?;
    let pidfd = calls::for_layers::raw::pidfd_open(other.pid(), 0)?;
    let ([own_uts, own_ipc, mounts], [uts, ipc, _]) = (namespaces_of(own_pid())?, namespaces_of(other.pid())?);
    assert!(own_uts != uts && own_ipc != ipc);
    let joining = fork(|| -> TestResult {
        let own = || namespaces_of(own_pid());
        assert_errno!(join_namespaces(&pidfd, CLONE_NEWUTS | CLONE_NEWUSER), EINVAL);
        assert_eq!(own()?, [own_uts, own_ipc, mounts]);
        assert_eq!(join_namespaces(&pidfd, CLONE_NEWIPC), Ok(()));
        assert_eq!(own()?, [own_uts, ipc, mounts]);
        assert_eq!(join_namespaces(&pidfd, CLONE_NEWUTS | CLONE_NEWIPC), Ok(()));
        assert_eq!(own()?, [uts, ipc, mounts]);
        Ok(())
    })?;
    joining.join()?;
    assert_eq!(namespaces_of(own_pid())?, [own_uts, own_ipc, mounts]);
    end.arrive();
    other.join()
}
