//! What removing, renaming and linking the name do to the channel.

use kit::prelude::*;
use libc::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use std::fs;

/// Removing the name of a FIFO leaves its open descriptors working, and only new opens fail.
#[harness::test(
    id = "fifo.unlink-while-open",
    cite = "POSIX.1-2024 unlink(): the removal of the file contents shall be postponed; fifo(7)",
    covers = ["behaviours:fifo.unlink-while-open"],
    layers = [libc, nix, raw],
)]
fn a_removed_fifo_goes_on_working() -> Scene {
    let fifo = Fifo::new()?;
    let (reader, writer) = fifo.connect()?;
    assert_eq!(write(&writer, b"before "), Ok(7));
    fs::remove_file(&fifo)?;
    assert_errno!(open(&fifo, O_RDWR), ENOENT);
    assert_eq!(write(&writer, b"after"), Ok(5));
    assert_eq!(read_bytes(&reader, 20), Ok("before after".into()));
    drop(writer);
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

/// Renaming an open FIFO keeps its channel, and an open by the new name reaches it.
#[harness::test(
    id = "fifo.rename-while-open",
    cite = "POSIX.1-2024 rename(); fifo(7): exactly one pipe object for each FIFO special file",
    covers = ["behaviours:fifo.rename-keeps-pipe"],
    layers = [libc, nix, raw],
)]
fn a_renamed_fifo_keeps_its_channel() -> Scene {
    let (fifo, renamed) = (Fifo::new()?, Name::free("renamed"));
    let (reader, writer) = fifo.connect()?;
    assert_eq!(write(&writer, b"before "), Ok(7));
    fs::rename(&fifo, &renamed)?;
    assert_errno!(open(&fifo, O_RDWR), ENOENT);
    let by_new_name = assert_ok!(open(&renamed, O_WRONLY | O_NONBLOCK));
    assert_eq!(write(&by_new_name, b"after"), Ok(5));
    assert_eq!(read_bytes(&reader, 20), Ok("before after".into()));
    Ok(())
}

/// A hard link to a FIFO leads to the same channel.
#[harness::test(
    id = "fifo.hard-link",
    cite = "POSIX.1-2024 link(); fifo(7): exactly one pipe object for each FIFO special file",
    covers = ["behaviours:fifo.hard-link-same-fifo"],
    layers = [libc, nix, raw],
)]
fn a_hard_link_leads_to_the_same_channel() -> Scene {
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

/// A FIFO that is made at the path of one that was removed is another channel, although the first is still open.
#[harness::test(
    id = "fifo.recreated-is-new",
    cite = "POSIX.1-2024 unlink(), mkfifo(); fifo(7): exactly one pipe object for each FIFO special file",
    covers = ["behaviours:fifo.recreate-after-unlink-new-pipe"],
    layers = [libc, nix, raw],
)]
fn a_fifo_made_anew_is_another_channel() -> Scene {
    let fifo = Fifo::new()?;
    let (old_reader, old_writer) = fifo.connect()?;
    fs::remove_file(&fifo)?;
    assert_eq!(mkfifo(&fifo, 0o600), Ok(()));
    // The old reader does not count for the new FIFO.
    assert_errno!(open(&fifo, O_WRONLY | O_NONBLOCK), ENXIO);
    let (new_reader, new_writer) = fifo.connect()?;
    assert_eq!(write(&old_writer, b"old"), Ok(3));
    assert_eq!(write(&new_writer, b"newer"), Ok(5));
    assert_eq!(read_bytes(&old_reader, 9), Ok("old".into()));
    assert_eq!(read_bytes(&new_reader, 9), Ok("newer".into()));
    Ok(())
}

/// A capacity that was set lasts until the last close of the FIFO, and the next open starts with the first one again.
#[harness::test(
    id = "fifo.capacity-until-last-close",
    cite = "fifo(7): exactly one pipe object for each FIFO special file that is opened by at least one process",
    covers = ["behaviours:fifo.capacity-not-persistent"],
    layers = [libc, nix, raw],
)]
fn a_capacity_lasts_until_the_last_close() -> Scene {
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
