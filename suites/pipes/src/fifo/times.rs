//! The timestamps of a FIFO: reads and writes of its data update those of its node.

use harness::need::MOUNTS;
use kit::mounted::Mounted;
use kit::prelude::*;
use libc::O_RDWR;
use nix::sys::stat::futimens;
use nix::sys::time::TimeSpec;
use std::path::Path;

/// A time in the past, in seconds.
const LONG_AGO: i64 = 1000;

/// Sets the last access and the last modification to `LONG_AGO`.
fn set_back(fifo: &Fd, path: &Path) -> TestResult {
    let past = TimeSpec::new(LONG_AGO, 0);
    fifo.lend(|fifo| futimens(fifo, &past, &past))?;
    assert_eq!(times(fifo, path)?, (LONG_AGO, LONG_AGO));
    Ok(())
}

/// The last access and the last modification; all else is as it was made, and the path still leads there.
fn times(fifo: &Fd, path: &Path) -> TestResult<(i64, i64)> {
    let stat = fstat(fifo)?;
    assert_eq!(Node::from(&stat), Node::new("p0600"));
    assert_eq!(object_at(path), Ok((Node::from(&stat), (stat.st_dev, stat.st_ino))));
    Ok((stat.st_atime, stat.st_mtime))
}

/// A write to a FIFO updates its last modification time and not its last access time; one of no bytes updates neither.
#[harness::test(
    id = "fifo.write-moves-mtime",
    cite = [posix("write.3p", "DESCRIPTION")],
    covers = ["behaviours:fifo.write-moves-mtime"],
    layers = [libc, nix, raw],
)]
fn a_write_updates_the_modification_time() -> TestResult {
    let name = Fifo::new()?;
    let fifo = open(&name, O_RDWR)?;
    set_back(&fifo, &name)?;
    assert_eq!(write(&fifo, b""), Ok(0));
    assert_eq!(times(&fifo, &name)?, (LONG_AGO, LONG_AGO));
    assert_eq!(write(&fifo, b"a"), Ok(1));
    assert_matches!(times(&fifo, &name)?, (LONG_AGO, modified) if *modified > LONG_AGO);
    assert_eq!(read_bytes(&fifo, 9), Ok("a".into()));
    Ok(())
}

/// A read from a FIFO updates its last access time and not its last modification time.
#[harness::test(
    id = "fifo.read-moves-atime",
    cite = [posix("read.3p", "DESCRIPTION")],
    covers = ["behaviours:fifo.read-moves-atime"],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn a_read_updates_the_access_time() -> TestResult {
    // A file system of our own: that of the scratch directory may be mounted with noatime.
    let mounted = Mounted::new("tmpfs", "")?;
    let path = mounted.join("fifo");
    mkfifo(&path, 0o600)?;
    let fifo = open(&path, O_RDWR)?;
    write_all(&fifo, b"a")?;
    set_back(&fifo, &path)?;
    assert_eq!(read_bytes(&fifo, 9), Ok("a".into()));
    assert_matches!(times(&fifo, &path)?, (read, LONG_AGO) if *read > LONG_AGO);
    Ok(())
}
