//! What a pipe is to the file system: a nameless object.

use kit::prelude::*;
use libc::{O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY};
use std::fs::{read_link, read_to_string};
use std::path::PathBuf;

/// <linux/magic.h>
const PIPEFS_MAGIC: i64 = 0x5049_5045;

/// fstat() calls both ends of a pipe FIFOs, of size 0 even when bytes are in it, and they are in pipefs, which is in
/// memory.
#[harness::test(
    id = "pipe.is-a-fifo-in-memory",
    cite = "POSIX.1-2024 fstat(), <sys/stat.h>; inode(7); statfs(2), PIPEFS_MAGIC",
    covers = ["behaviours:pipe.fstat-type", "notes:pipe.memory-file"],
)]
fn both_ends_are_fifos_in_pipefs() -> Scene {
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

/// Both ends of a pipe are one object: they have one device and one inode number, which another pipe has not.
#[harness::test(
    id = "pipe.one-inode",
    cite = "Linux fs/pipe.c, create_pipe_files()",
    covers = ["behaviours:pipe.fstat-same-inode"],
)]
fn both_ends_have_one_inode() -> Scene {
    let ((reader, writer), (other, _)) = (pipe()?, pipe()?);
    assert_eq!(identity_of(&reader), identity_of(&writer));
    assert_ne!(identity_of(&reader)?, identity_of(&other)?);
    Ok(())
}

/// A pipe has no name: its device is mounted nowhere, and the link in /proc names the inode, with words that are no
/// path.
#[harness::test(
    id = "pipe.no-name",
    cite = "pipe(7): a FIFO has a name within the filesystem, a pipe is created using pipe(2); proc(5), /proc/pid/fd",
    covers = ["notes:pipe.anonymous-has-no-file"],
)]
fn no_path_leads_to_a_pipe() -> Scene {
    let (reader, writer) = pipe()?;
    let (device, inode) = identity_of(&reader)?;
    let device = format!("{}:{}", libc::major(device), libc::minor(device));
    let mounts = read_to_string("/proc/self/mountinfo")?;
    let mounted: Vec<_> = mounts.lines().filter_map(|line| line.split(' ').nth(2)).collect();
    assert!(mounted.contains(&device_of("/proc")?.as_str()), "mountinfo tells the devices of mounts");
    assert!(!mounted.contains(&device.as_str()), "the device of the pipe, {device}, is mounted");
    for end in [&reader, &writer] {
        let text = read_link(link_to(end))?;
        assert_eq!(text, PathBuf::from(format!("pipe:[{inode}]")));
        assert_errno!(open(&text, O_RDONLY | O_NONBLOCK), ENOENT);
    }
    Ok(())
}

/// Opening the link in /proc of a pipe's end makes a new open file of the same pipe, with flags of its own.
#[harness::test(
    id = "pipe.reopen-by-proc",
    cite = "proc(5), /proc/pid/fd",
    covers = ["behaviours:pipe.proc-fd-reopen"],
)]
fn the_link_in_proc_opens_the_pipe_anew() -> Scene {
    let (reader, writer) = pipe()?;
    let again = assert_ok!(open(link_to(&reader), O_RDONLY | O_NONBLOCK));
    assert_eq!(identity_of(&again), identity_of(&reader));
    let mode_and_blocking = |end| get_flags(end).map(|flags| flags & (O_ACCMODE | O_NONBLOCK));
    assert_eq!(mode_and_blocking(&again), Ok(O_RDONLY | O_NONBLOCK));
    assert_eq!(mode_and_blocking(&reader), Ok(O_RDONLY));
    write_all(&writer, b"abc")?;
    assert_eq!(read_bytes(&again, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("c".into()));
    Ok(())
}

/// Even the other end can be had from the link in /proc: the mode that is asked for decides, not that of the
/// descriptor.
#[harness::test(
    id = "pipe.other-end-by-proc",
    cite = "proc(5), /proc/pid/fd; Linux fs/pipe.c, fifo_open()",
    covers = ["behaviours:pipe.proc-fd-reopen"],
)]
fn the_link_of_the_read_end_opens_a_write_end() -> Scene {
    let (reader, writer) = pipe()?;
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    let writer = assert_ok!(open(link_to(&reader), O_WRONLY));
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// Bytes stay in a pipe while any end of it is open, and are gone with the last: no way leads back to them.
#[harness::test(
    id = "pipe.last-close-discards",
    cite = "POSIX.1-2024 close(): when all descriptors of a pipe are closed, data in it is discarded",
    covers = ["behaviours:pipe.close-last-frees-data"],
)]
fn the_last_close_discards_the_bytes() -> Scene {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    drop(reader);
    let reader = open(link_to(&writer), O_RDONLY | O_NONBLOCK)?;
    assert_eq!(read_bytes(&reader, 1), Ok("a".into()));
    let links = [link_to(&reader), link_to(&writer)];
    drop((reader, writer));
    for link in &links {
        assert_errno!(open(link, O_RDONLY | O_NONBLOCK), ENOENT);
    }
    // A new pipe with the same numbers begins empty.
    let (reader, _writer) = pipe2(O_NONBLOCK)?;
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}

fn link_to(end: &Fd) -> PathBuf {
    format!("/proc/self/fd/{}", end.number()).into()
}

fn device_of(path: &str) -> Scene<String> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(path)?.dev();
    Ok(format!("{}:{}", libc::major(device), libc::minor(device)))
}
