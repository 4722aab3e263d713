//! What a pipe is to the file system: a FIFO without a name.

use kit::prelude::*;
use libc::{O_ACCMODE, O_APPEND, O_NONBLOCK, O_RDONLY, O_SYNC, O_WRONLY};
use std::fs::{read_link, read_to_string};
use std::path::PathBuf;

/// <linux/magic.h>
const PIPEFS_MAGIC: i64 = 0x5049_5045;

/// fstat reports both ends of a pipe as FIFOs of size 0, even when data is in the pipe, and fstatfs reports their file
/// system as pipefs.
#[harness::test(
    id = "pipe.fstat-fifo-in-pipefs",
    cite = [
        kernel("fs/pipe.c", "get_pipe_inode", "6.18"),
        posix("sys_stat.h.0p", "DESCRIPTION"),
        man("inode.7", "The file type and mode"),
        man("statfs.2", "DESCRIPTION"),
    ],
    covers = ["behaviours:pipe.fstat-type", "notes:pipe.memory-file"],
)]
fn both_ends_are_fifos_in_pipefs() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    for end in [&reader, &writer] {
        let stat = fstat(end)?;
        assert_eq!(stat.st_mode & libc::S_IFMT, libc::S_IFIFO);
        assert_eq!(stat.st_size, 0);
        assert_eq!(file_system_type(end), Ok(PIPEFS_MAGIC));
    }
    assert_eq!(unread(&reader), Ok(3));
    Ok(())
}

/// Both ends of a pipe have the same device and inode number, which another pipe does not have.
#[harness::test(
    id = "pipe.one-inode",
    cite = [kernel("fs/pipe.c", "create_pipe_files", "6.18"), posix("sys_stat.h.0p", "DESCRIPTION")],
    covers = ["behaviours:pipe.fstat-same-inode"],
)]
fn both_ends_have_the_same_inode() -> TestResult {
    let ((reader, writer), (other, _)) = (pipe()?, pipe()?);
    let (node, identity) = assert_ok!(object_of(&reader));
    assert_eq!(object_of(&writer), Ok((node.clone(), identity)));
    let (other_node, other_identity) = assert_ok!(object_of(&other));
    assert_eq!([&node, &other_node], [&Node::new("p0600"); 2]);
    assert_ne!(other_identity, identity);
    Ok(())
}

/// A pipe has no pathname: its file system is not mounted, and its links in /proc/self/fd contain pipe:[inode], which
/// cannot be opened as a path.
#[harness::test(
    id = "pipe.no-name",
    cite = [
        kernel("fs/pipe.c", "pipefs_dname", "6.18"),
        kernel("fs/pipe.c", "init_pipe_fs", "6.18"),
        man("proc_pid_fd.5", "DESCRIPTION", "/proc/pid/fd/"),
        man("pipe.7", "DESCRIPTION"),
    ],
    covers = ["notes:pipe.anonymous-has-no-file"],
)]
fn no_pathname_leads_to_a_pipe() -> TestResult {
    let (reader, writer) = pipe()?;
    let (_, (device, inode)) = object_of(&reader)?;
    let device = format!("{}:{}", libc::major(device), libc::minor(device));
    let mounts = read_to_string("/proc/self/mountinfo")?;
    let mounted: Vec<_> = mounts.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert!(mounted.contains(&device_of("/proc")?.as_str()), "mountinfo lists the devices of mounts");
    assert!(!mounted.contains(&device.as_str()), "the device of the pipe, {device}, is mounted");
    for end in [&reader, &writer] {
        let text = read_link(link_to(end))?;
        assert_eq!(text, PathBuf::from(format!("pipe:[{inode}]")));
        assert_errno!(open(&text, O_RDONLY | O_NONBLOCK), ENOENT);
    }
    Ok(())
}

/// Opening /proc/self/fd/N of a pipe end creates a new open file description of the same pipe, with its own status
/// flags.
#[harness::test(
    id = "pipe.proc-fd-reopen",
    cite = [man("proc_pid_fd.5", "DESCRIPTION", "/proc/pid/fd/"), man("open.2", "Open file descriptions")],
    covers = ["behaviours:pipe.proc-fd-reopen"],
)]
fn opening_the_link_in_proc_creates_a_new_open_file_description() -> TestResult {
    let (reader, writer) = pipe()?;
    let reopened = assert_ok!(open(link_to(&reader), O_RDONLY | O_NONBLOCK));
    assert_eq!(object_of(&reopened), object_of(&reader));
    let status = |end| get_flags(end).map(|flags| flags & (O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC));
    assert_eq!(status(&reopened), Ok(O_RDONLY | O_NONBLOCK));
    assert_eq!(status(&reader), Ok(O_RDONLY));
    write_all(&writer, b"abc")?;
    assert_eq!(read_bytes(&reopened, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("c".into()));
    Ok(())
}

/// Opening /proc/self/fd/N of a read end with O_WRONLY returns a write end of the same pipe.
#[harness::test(
    id = "pipe.proc-fd-other-end",
    cite = [kernel("fs/pipe.c", "fifo_open", "6.18"), man("proc_pid_fd.5", "DESCRIPTION", "/proc/pid/fd/")],
    covers = ["behaviours:pipe.proc-fd-reopen"],
)]
fn the_link_of_a_read_end_opens_as_a_write_end() -> TestResult {
    let (reader, writer) = pipe()?;
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    let writer = assert_ok!(open(link_to(&reader), O_WRONLY));
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// Bytes stay in a pipe while a descriptor for either end is open, and are discarded when the last one is closed.
#[harness::test(
    id = "pipe.last-close-discards",
    cite = [posix("close.3p", "DESCRIPTION")],
    covers = ["behaviours:pipe.close-last-frees-data"],
)]
fn the_last_close_discards_the_bytes() -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    drop(reader);
    let reader = open(link_to(&writer), O_RDONLY | O_NONBLOCK)?;
    assert_eq!(read_bytes(&reader, 1), Ok("a".into()));
    assert_eq!(unread(&reader), Ok(2));
    let links = [link_to(&reader), link_to(&writer)];
    drop((reader, writer));
    for link in &links {
        assert_errno!(open(link, O_RDONLY | O_NONBLOCK), ENOENT);
    }
    // A new pipe with the same descriptor numbers is empty.
    let (reader, _writer) = pipe2(O_NONBLOCK)?;
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}

fn link_to(end: &Fd) -> PathBuf {
    format!("/proc/self/fd/{}", end.number()).into()
}

fn device_of(path: &str) -> TestResult<String> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(path)?.dev();
    Ok(format!("{}:{}", libc::major(device), libc::minor(device)))
}
