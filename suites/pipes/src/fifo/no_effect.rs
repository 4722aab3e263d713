//! Flags of open that have no effect on a FIFO: they are accepted, and change nothing.

use kit::prelude::*;
use libc::{O_RDWR, O_TRUNC, O_WRONLY};

/// Opening a FIFO with O_TRUNC succeeds, and what the FIFO holds can still be read.
#[harness::test(
    id = "fifo.trunc-no-effect",
    cite = [posix("open.3p", "DESCRIPTION", "O_TRUNC"), man("open.2", "DESCRIPTION", "O_TRUNC")],
    covers = ["behaviours:fifo.trunc-no-effect"],
    layers = [libc, nix, raw],
)]
fn o_trunc_removes_nothing() -> TestResult {
    let fifo = Fifo::new()?;
    let first = assert_ok!(open(&fifo, O_RDWR | O_TRUNC));
    assert_eq!(write(&first, b"abc"), Ok(3));
    let second = assert_ok!(open(&fifo, O_WRONLY | O_TRUNC));
    assert_eq!(unread(&first), Ok(3));
    assert_eq!(write(&second, b"d"), Ok(1));
    assert_eq!(read_bytes(&first, 9), Ok("abcd".into()));
    Ok(())
}

#[rstest]
#[case::append(libc::O_APPEND)]
#[case::create(libc::O_CREAT)]
#[case::sync(libc::O_SYNC)]
#[case::dsync(libc::O_DSYNC)]
#[case::noctty(libc::O_NOCTTY)]
#[case::nofollow(libc::O_NOFOLLOW)]
#[case::noatime(libc::O_NOATIME)]
#[case::largefile(libc::O_LARGEFILE)]
/// Opening an existing FIFO succeeds with a flag that is about other files; what it holds stays, and reads and writes
/// work.
#[harness::test(
    id = "fifo.flag-no-effect",
    cite = [kernel("fs/open.c", "build_open_flags", "6.18"), kernel("fs/pipe.c", "fifo_open", "6.18"), man("open.2", "DESCRIPTION")],
    covers = [],
    layers = [libc, nix, raw],
)]
fn other_flags_are_accepted(#[case] flag: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let before = object_at(&fifo)?;
    let first = assert_ok!(open_mode(&fifo, O_RDWR | flag, 0o644));
    assert_eq!(write(&first, b"abc"), Ok(3));
    let second = assert_ok!(open_mode(&fifo, O_WRONLY | flag, 0o644));
    assert_eq!(write(&second, b"d"), Ok(1));
    assert_eq!(read_bytes(&first, 9), Ok("abcd".into()));
    assert_eq!(object_at(&fifo), Ok(before));
    Ok(())
}
