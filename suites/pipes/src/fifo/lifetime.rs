//! Unlinking, renaming and linking a FIFO, and when its pipe ends.

use crate::needs::PIPE_PAGES;
use kit::name::unlink;
use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use std::fs;

/// Unlinking an open FIFO does not affect its open descriptors, which still transfer data; a new open of the pathname
/// fails with ENOENT.
#[harness::test(
    id = "fifo.unlink-while-open",
    cite = [posix("unlink.3p", "DESCRIPTION"), posix("open.3p", "ERRORS", "ENOENT"), man("unlink.2", "DESCRIPTION")],
    covers = ["behaviours:fifo.unlink-while-open"],
    layers = [libc, nix, raw],
)]
fn an_unlinked_fifo_still_works_for_its_open_descriptors() -> TestResult {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    assert_eq!(write(&writer, b"before "), Ok(7));
    unlink(&fifo)?;
    assert_errno!(open(&fifo, O_RDWR), ENOENT);
    assert_eq!(write(&writer, b"after"), Ok(5));
    assert_eq!(read_bytes(&reader, 20), Ok("before after".into()));
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// Renaming an open FIFO does not affect its open descriptors or its unread data: an open of the new pathname reaches
/// the same FIFO, and an open of the old one fails with ENOENT.
#[harness::test(
    id = "fifo.rename-while-open",
    cite = [
        posix("rename.3p", "DESCRIPTION"),
        posix("open.3p", "ERRORS", "ENOENT"),
        man("rename.2", "DESCRIPTION"),
        man("fifo.7", "DESCRIPTION"),
    ],
    covers = ["behaviours:fifo.rename-keeps-pipe"],
    layers = [libc, nix, raw],
)]
fn a_renamed_fifo_keeps_its_descriptors_and_data() -> TestResult {
    let (fifo, renamed) = (Fifo::new()?, Name::free("renamed"));
    let (reader, writer) = fifo.connect()?;
    assert_eq!(write(&writer, b"before "), Ok(7));
    fs::rename(&fifo, &renamed)?;
    assert_errno!(open(&fifo, O_RDWR), ENOENT);
    let new_name_writer = assert_ok!(open(&renamed, O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&new_name_writer, b"after"), Ok(5));
    assert_eq!(read_bytes(&reader, 20), Ok("before after".into()));
    Ok(())
}

/// A hard link to a FIFO refers to the same FIFO: data written through one name is read through the other.
#[harness::test(
    id = "fifo.hard-link",
    cite = [posix("link.3p", "DESCRIPTION"), man("link.2", "DESCRIPTION"), man("fifo.7", "DESCRIPTION")],
    covers = ["behaviours:fifo.hard-link-same-fifo"],
    layers = [libc, nix, raw],
)]
fn a_hard_link_refers_to_the_same_fifo() -> TestResult {
    let (fifo, link) = (Fifo::new()?, Name::free("link"));
    fs::hard_link(&fifo, &link)?;
    let reader = assert_ok!(open(&fifo, O_RDONLY | O_NONBLOCK));
    let writer = assert_ok!(open(&link, O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"hello"), Ok(5));
    assert_eq!(read_bytes(&reader, 9), Ok("hello".into()));
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// A FIFO created at the pathname of an unlinked FIFO is a new one, even if the old one is still open: no data passes
/// between the two.
#[harness::test(
    id = "fifo.recreated-is-new",
    cite = [posix("mkfifo.3p", "DESCRIPTION"), posix("unlink.3p", "DESCRIPTION"), man("fifo.7", "DESCRIPTION")],
    covers = ["behaviours:fifo.recreate-after-unlink-new-pipe"],
    layers = [libc, nix, raw],
)]
fn a_recreated_fifo_is_a_new_fifo() -> TestResult {
    let fifo = Fifo::new()?;
    let (old_reader, old_writer) = fifo.connect()?;
    unlink(&fifo)?;
    assert_eq!(mkfifo(&fifo, 0o600), Ok(()));
    assert_eq!(node_at(&fifo), Ok(Node::new("p0600")));
    // The reader of the old FIFO is not a reader of the new one.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    let (new_reader, new_writer) = fifo.connect()?;
    assert_eq!(write(&old_writer, b"old"), Ok(3));
    assert_eq!(write(&new_writer, b"newer"), Ok(5));
    assert_eq!(read_bytes(&old_reader, 9), Ok("old".into()));
    assert_eq!(read_bytes(&new_reader, 9), Ok("newer".into()));
    Ok(())
}

/// A capacity set with F_SETPIPE_SZ is kept until the last descriptor of the FIFO is closed; the next open starts with
/// the initial capacity.
#[harness::test(
    id = "fifo.capacity-until-last-close",
    cite = [kernel("fs/pipe.c", "fifo_open", "6.18"), man("fifo.7", "DESCRIPTION"), man("pipe.7", "Pipe capacity")],
    covers = ["behaviours:fifo.capacity-not-persistent"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_capacity_is_kept_until_the_last_close() -> TestResult {
    let fifo = Fifo::new()?;
    let (first, second) = (open(&fifo, O_RDWR)?, open(&fifo, O_RDWR)?);
    let initial = get_capacity(&first)?;
    let page = page_size() as i32;
    assert_ne!(initial, page);
    assert_eq!(set_capacity(&first, page), Ok(page));
    drop(first);
    assert_eq!(get_capacity(&second), Ok(page));
    drop(second);
    let again = open(&fifo, O_RDWR)?;
    assert_eq!(get_capacity(&again), Ok(initial));
    Ok(())
}
