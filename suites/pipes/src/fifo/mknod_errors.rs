//! How mknod and mknodat fail where mkfifo cannot.

use super::calls::*;
use kit::mounted::Mounted;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{AT_FDCWD, S_IFCHR, S_IFIFO, S_IFLNK, S_IFSOCK};
use rstest::rstest;
use std::path::Path;

/// A call that makes a node: type and permissions, and a device number.
type MakeNode = fn(&Path, u32, u64) -> Result<()>;

const BY_MKNOD: MakeNode = |path, mode, device| mknod(path, mode, device);
const BY_MKNODAT: MakeNode = |path, mode, device| mknodat(AT_FDCWD, path, mode, device);

#[rstest]
#[case::mknod(BY_MKNOD)]
#[case::mknodat(BY_MKNODAT)]
/// A mode whose type is neither a file, a device, a FIFO nor a socket is refused with EINVAL.
#[harness::test(
    id = "fifo.mknod-einval",
    cite = "POSIX.1-2024 mknod(): EINVAL; mknod(2): EINVAL",
    covers = ["errors:fifo.mknod.EINVAL", "errors:fifo.mknodat.EINVAL"],
    layers = [libc, nix, raw],
)]
fn other_types_are_refused(#[case] make: MakeNode) -> Scene {
    // All bits of the type are set, which no type has.
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
/// A process without CAP_MKNOD cannot make a device file, EPERM, while it can make a FIFO and a socket.
#[harness::test(
    id = "fifo.mknod-eperm",
    cite = "POSIX.1-2024 mknod(): EPERM; mknod(2): EPERM",
    covers = ["errors:fifo.mknod.EPERM", "errors:fifo.mknodat.EPERM"],
    layers = [libc, nix, raw],
)]
fn devices_are_for_the_privileged(#[case] make: MakeNode) -> Scene {
    let [device, fifo, socket] = ["device", "fifo", "socket"].map(Name::free);
    let child = fork(|| -> Scene {
        drop_capabilities()?;
        // The number of /dev/null; without a number it would be what overlay file systems use, which anybody may make.
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
/// A FIFO cannot be made on a file system that holds no such nodes, as that of message queues: the call fails with EPERM.
#[harness::test(
    id = "fifo.mknod-eperm-file-system",
    cite = "mknod(2): EPERM, the filesystem does not support the type of node requested",
    covers = ["errors:fifo.mknod.EPERM.2", "errors:fifo.mknodat.EPERM.2"],
    needs = [mounts, mqueue],
    layers = [libc, nix, raw],
)]
fn the_queue_file_system_takes_no_fifo(#[case] make: Make) -> Scene {
    let queues = Mounted::new("mqueue", "")?;
    let path = queues.join("fifo");
    assert_errno!(make(&path, 0o600), EPERM);
    assert_errno!(node_at(&path), ENOENT);
    Ok(())
}

#[rstest]
// Newer machines have only the calls that end in "at".
#[case::mknodat("mknodat", libc::SYS_mknodat, [AT_FDCWD as usize, BAD_ADDRESS, FIFO_MODE, 0, 0, 0])]
#[cfg_attr(target_arch = "x86_64", case::mknod("mknod", libc::SYS_mknod, [BAD_ADDRESS, FIFO_MODE, 0, 0, 0, 0]))]
/// A path that lies outside the address space is refused with EFAULT.
#[harness::test(
    id = "fifo.mknod-efault",
    cite = "mknod(2): EFAULT",
    covers = ["errors:fifo.mknod.EFAULT", "errors:fifo.mknodat.EFAULT"],
)]
fn a_bad_address_is_no_path(#[case] call: &'static str, #[case] number: i64, #[case] arguments: [usize; 6]) -> Scene {
    // SAFETY: the path, the only pointer, is outside the address space.
    assert_errno!(unsafe { syscall(call, number, arguments) }, EFAULT);
    Ok(())
}

const FIFO_MODE: usize = (S_IFIFO | 0o600) as usize;
