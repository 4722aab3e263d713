//! Errors of mknod and mknodat that mkfifo does not have.

use super::calls::*;
use calls::for_layers::libc_nix_raw::{mknod, mknodat};
use harness::need::MOUNTS;
use kit::mounted::Mounted;
use kit::needs::MQUEUE;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{AT_FDCWD, S_IFCHR, S_IFIFO, S_IFLNK, S_IFSOCK};
use std::path::Path;

/// A call that creates a file with a mode (type and permissions) and a device number.
type MakeNode = fn(&Path, u32, u64) -> Result<()>;

const BY_MKNOD: MakeNode = |path, mode, device| mknod(path, mode, device);
const BY_MKNODAT: MakeNode = |path, mode, device| mknodat(AT_FDCWD, path, mode, device);

#[rstest]
#[case::mknod(BY_MKNOD)]
#[case::mknodat(BY_MKNODAT)]
/// mknod and mknodat fail with EINVAL if mode requests the creation of a symbolic link or of a file of an undefined
/// type.
#[harness::test(
    id = "fifo.mknod-einval",
    cite = [man("mknod.2", "ERRORS", "EINVAL"), posix("mknod.3p", "ERRORS", "EINVAL")],
    covers = ["errors:fifo.mknod.EINVAL", "errors:fifo.mknodat.EINVAL"],
    layers = [libc, nix, raw],
)]
fn mknod_of_an_unsupported_type_fails(#[case] make: MakeNode) -> TestResult {
    // All bits of the file type are set, which is not a type.
    const NO_TYPE: u32 = libc::S_IFMT;
    let name = Name::free("node");
    assert_errno!(make(&name, S_IFLNK | 0o600, 0), EINVAL);
    assert_errno!(make(&name, NO_TYPE | 0o600, 0), EINVAL);
    assert_errno!(name.node(), ENOENT);
    Ok(())
}

#[rstest]
#[case::mknod(BY_MKNOD)]
#[case::mknodat(BY_MKNODAT)]
/// In a process without CAP_MKNOD, mknod and mknodat of a character device with a nonzero device number fail with
/// EPERM, while those of a FIFO or a socket succeed.
#[harness::test(
    id = "fifo.mknod-eperm",
    cite = [man("mknod.2", "ERRORS", "EPERM"), posix("mknod.3p", "ERRORS", "EPERM")],
    covers = ["errors:fifo.mknod.EPERM", "errors:fifo.mknodat.EPERM"],
    layers = [libc, nix, raw],
)]
fn only_devices_need_cap_mknod(#[case] make: MakeNode) -> TestResult {
    let [device, fifo, socket] = ["device", "fifo", "socket"].map(Name::free);
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        // The number of /dev/null: a character device 0:0 is an overlayfs whiteout, which needs no privilege.
        assert_errno!(make(&device, S_IFCHR | 0o600, libc::makedev(1, 3)), EPERM);
        assert_eq!(make(&fifo, S_IFIFO | 0o600, 0), Ok(()));
        assert_eq!(make(&socket, S_IFSOCK | 0o600, 0), Ok(()));
        Ok(())
    })?;
    child.join()?;
    assert_errno!(device.node(), ENOENT);
    assert_eq!(fifo.node(), Ok(Node::new("p0600")));
    assert_eq!(socket.node(), Ok(Node::new("s0600")));
    Ok(())
}

#[rstest]
#[case::mknod(MKNOD)]
#[case::mknodat(MKNODAT)]
/// mknod and mknodat of a FIFO fail with EPERM on a file system that does not support FIFOs, such as mqueue.
#[harness::test(
    id = "fifo.mknod-eperm-file-system",
    cite = [man("mknod.2", "ERRORS", "EPERM")],
    covers = ["errors:fifo.mknod.EPERM.2", "errors:fifo.mknodat.EPERM.2"],
    needs = [MOUNTS, MQUEUE],
    layers = [libc, nix, raw],
)]
fn mknod_on_a_file_system_without_fifos_fails(#[case] make: Make) -> TestResult {
    let queues = Mounted::new("mqueue", "")?;
    let path = queues.join("fifo");
    assert_errno!(make(&path, 0o600), EPERM);
    assert_errno!(node_at(&path), ENOENT);
    Ok(())
}

#[rstest]
// Newer architectures have only the *at() calls.
#[case::mknodat("mknodat", Sysno::mknodat, [AT_FDCWD as usize, BAD_ADDRESS, FIFO_MODE, 0, 0, 0])]
#[cfg_attr(target_arch = "x86_64", case::mknod("mknod", Sysno::mknod, [BAD_ADDRESS, FIFO_MODE, 0, 0, 0, 0]))]
/// mknod and mknodat fail with EFAULT if the pathname is outside the accessible address space.
#[harness::test(
    id = "fifo.mknod-efault",
    cite = [man("mknod.2", "ERRORS", "EFAULT")],
    covers = ["errors:fifo.mknod.EFAULT", "errors:fifo.mknodat.EFAULT"],
)]
fn mknod_with_a_bad_address_fails(
    #[case] call: &'static str,
    #[case] number: Sysno,
    #[case] arguments: [usize; 6],
) -> TestResult {
    // SAFETY: the path, the only pointer, is outside the address space.
    assert_errno!(unsafe { syscall(call, number, arguments) }, EFAULT);
    Ok(())
}

const FIFO_MODE: usize = (S_IFIFO | 0o600) as usize;
