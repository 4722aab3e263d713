//! A blocked open of a FIFO: it keeps nobody else from the FIFO, it comes after errors, and the other end wakes all that wait.

use super::calls::*;
use kit::limits::limit;
use kit::prelude::*;
use libc::{O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_WRONLY};
use nix::sys::resource::Resource;
use nix::sys::stat::stat;
use std::fs::{hard_link, remove_file, rename};

#[rstest]
#[case::reading(O_RDONLY, O_WRONLY)]
#[case::writing(O_WRONLY, O_RDONLY)]
/// While an open of a FIFO is blocked waiting for the other end, another process can stat the FIFO, change its mode, rename
/// it there and back, link and unlink it, and create another FIFO beside it.
#[harness::test(
    id = "fifo.blocked-open-locks-nobody",
    cite = [kernel("fs/pipe.c", "wait_for_partner", "6.18")],
    covers = ["behaviours:fifo.blocked-open-locks-nobody"],
)]
fn a_blocked_open_keeps_nobody_from_the_fifo(#[case] end: i32, #[case] other_end: i32) -> TestResult {
    let (fifo, elsewhere, link) = (Fifo::new()?, Name::free("elsewhere"), Name::free("link"));
    let child = fork(|| drop(assert_ok!(open(&fifo, end))))?;
    child.wait_until_blocked_in(calls::OPEN)?;
    let (node, identity) = assert_ok!(object_at(&fifo));
    assert_eq!(node, Node::new("p0600"));
    assert_eq!(stat(&**fifo).map(|stat| (Node::from(&stat), (stat.st_dev, stat.st_ino))), Ok((node, identity)));
    fifo.set_permissions(0o640)?;
    assert_eq!(object_at(&fifo), Ok((Node::new("p0640"), identity)));
    assert!(rename(&fifo, &elsewhere).is_ok());
    assert_eq!(object_at(&elsewhere), Ok((Node::new("p0640"), identity)));
    assert!(rename(&elsewhere, &fifo).is_ok());
    assert!(hard_link(&fifo, &link).is_ok());
    assert_eq!(object_at(&link), Ok((Node { links: 2, ..Node::new("p0640") }, identity)));
    assert!(remove_file(&link).is_ok());
    assert_errno!(link.node(), ENOENT);
    assert_eq!(mkfifo(&elsewhere, 0o600), Ok(()));
    assert_eq!(elsewhere.node(), Ok(Node::new("p0600")));
    child.assert_blocked_in(calls::OPEN);
    let _other = assert_ok!(open(&fifo, other_end));
    child.join()
}

#[rstest]
#[case::reading(O_RDONLY, O_WRONLY)]
#[case::writing(O_WRONLY, O_RDONLY)]
/// Two processes blocked in an open of a FIFO, both for reading or both for writing, both return once it is opened for the
/// other.
#[harness::test(
    id = "fifo.all-openers-wake",
    cite = [posix("open.3p", "DESCRIPTION", "O_NONBLOCK"), man("fifo.7", "DESCRIPTION")],
    covers = ["behaviours:fifo.open-read-blocks", "behaviours:fifo.open-write-blocks"],
    layers = [libc, nix, raw],
)]
fn the_other_end_wakes_two_openers(#[case] end: i32, #[case] other_end: i32) -> TestResult {
    let fifo = Fifo::new()?;
    let opener = || fork(|| drop(assert_ok!(open(&fifo, end))));
    let (one, another) = (opener()?, opener()?);
    one.wait_until_blocked_in(calls::OPEN)?;
    another.wait_until_blocked_in(calls::OPEN)?;
    let _other = assert_ok!(open(&fifo, other_end));
    one.join()?;
    another.join()
}

#[rstest]
#[case::reading(OPEN, O_RDONLY)]
#[case::writing(OPEN, O_WRONLY)]
#[case::reading_by_openat(OPENAT, O_RDONLY)]
#[case::writing_by_openat(OPENAT, O_WRONLY)]
/// An open of a FIFO without O_NONBLOCK and without a peer fails with EMFILE, rather than block, if all descriptors below
/// the RLIMIT_NOFILE limit are in use.
#[harness::test(
    id = "fifo.emfile-before-waiting",
    cite = [kernel("fs/open.c", "do_sys_openat2", "6.18"), posix("open.3p", "ERRORS", "EMFILE")],
    covers = ["behaviours:fifo.emfile-before-waiting", "errors:fifo.open.EMFILE"],
    layers = [libc, nix, raw],
)]
fn emfile_comes_before_waiting(#[case] open_by: Open, #[case] end: i32) -> TestResult {
    let fifo = Fifo::new()?;
    // The lowest free descriptor number: all below it are in use.
    let last = open("/", O_RDONLY)?;
    limit(Resource::RLIMIT_NOFILE, last.number() as u64 + 1)?;
    assert_errno!(open_by(&fifo, end), EMFILE);
    Ok(())
}

#[rstest]
#[case::reading(O_RDONLY)]
#[case::writing(O_WRONLY)]
/// An open of a FIFO without O_NONBLOCK and without a peer fails, rather than block, with EEXIST for O_CREAT and O_EXCL and
/// with ENOTDIR for O_DIRECTORY.
#[harness::test(
    id = "fifo.errors-before-waiting",
    cite = [posix("open.3p", "ERRORS", "EEXIST"), posix("open.3p", "ERRORS", "ENOTDIR")],
    covers = ["errors:fifo.open.EEXIST"],
    layers = [libc, nix, raw],
)]
fn errors_come_before_waiting(#[case] end: i32) -> TestResult {
    let fifo = Fifo::new()?;
    assert_errno!(open(&fifo, end | O_CREAT | O_EXCL), EEXIST);
    assert_errno!(open(&fifo, end | O_DIRECTORY), ENOTDIR);
    Ok(())
}
