//! mq_open: new queues, and those that exist.

use super::{EMPTY, drain, message, nonblocking, send};
use calls::queues::queue_attributes;
use harness::need::{SECOND_ID, SECOND_UID};
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{FD_CLOEXEC, O_ACCMODE, O_CLOEXEC, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{setegid, seteuid};

/// What fstat tells of the owner and the mode of a queue.
fn owner_and_mode(queue: &Fd) -> Result<((u32, u32), String)> {
    node_of(queue).map(|node| (node.owner, node.kind))
}

#[rstest]
#[case::for_its_owner(0o600, 0o077, "-0600")]
#[case::for_all(0o666, 0, "-0666")]
#[case::reduced(0o777, 0o027, "-0750")]
#[case::for_nobody(0o666, 0o777, "-0000")]
/// A new queue belongs to the effective user and group of its creator, and has the mode that mq_open was given without the bits of
/// the umask.
#[harness::test(
    id = "posix-mq.mode",
    cite = [posix("mq_open.3p", "DESCRIPTION", "O_CREAT"), man("mq_open.3", "DESCRIPTION")],
    covers = ["behaviours:mq.creat-mode-umask", "behaviours:mq.creat-owner"],
    layers = [libc, nix, raw],
)]
fn a_new_queue_has_the_mode_without_the_umask(#[case] mode: u32, #[case] mask: u32, #[case] found: &str) -> TestResult {
    let name = MessageQueue::new();
    umask(Mode::from_bits_retain(mask));
    let queue = mq_open(name.name(), O_CREAT | O_RDWR, mode, Some(&queue_attributes(4, 16)))?;
    assert_eq!(owner_and_mode(&queue), Ok((Node::new("").owner, found.into())));
    Ok(())
}

/// A new queue belongs to the effective user and group of its creator, not to the real ones.
#[harness::test(
    id = "posix-mq.owner",
    cite = [posix("mq_open.3p", "DESCRIPTION", "O_CREAT"), man("mq_open.3", "DESCRIPTION", "O_CREAT")],
    covers = ["behaviours:mq.creat-owner"],
    needs = [SECOND_UID],
    layers = [libc, nix, raw],
)]
fn a_new_queue_belongs_to_the_effective_ids() -> TestResult {
    let name = MessageQueue::new();
    let creator = fork(|| -> TestResult {
        setegid(SECOND_ID.into())?;
        seteuid(SECOND_ID.into())?;
        let queue = mq_open(name.name(), O_CREAT | O_RDWR, 0o600, Some(&queue_attributes(4, 16)))?;
        assert_eq!(owner_and_mode(&queue), Ok(((SECOND_ID, SECOND_ID), "-0600".into())));
        Ok(())
    })?;
    creator.join()
}

/// With O_CREAT mq_open opens a queue that exists and ignores mode and attributes: that has its own, and its messages.
#[harness::test(
    id = "posix-mq.open-existing",
    cite = [posix("mq_open.3p", "DESCRIPTION", "O_CREAT"), man("mq_open.3", "DESCRIPTION", "O_CREAT")],
    covers = ["behaviours:mq.attr-ignored-existing"],
    layers = [libc, nix, raw],
)]
fn opening_ignores_mode_and_attributes() -> TestResult {
    let name = MessageQueue::new();
    let first = name.create_with(0)?;
    send(&first, "text", 1)?;
    let before = (mq_getattr(&first)?, object_of(&first)?);
    let second = mq_open(name.name(), O_CREAT | O_RDWR, 0o444, Some(&queue_attributes(1, 1)))?;
    assert_eq!((mq_getattr(&second), object_of(&second)), (Ok(before.0), Ok(before.1.clone())));
    let third = mq_open(name.name(), O_RDWR, 0, None)?;
    assert_eq!((mq_getattr(&third), object_of(&third)), (Ok(before.0), Ok(before.1)));
    assert_eq!(drain(&third), Ok(vec![message("text", 1)]));
    assert_eq!(mq_getattr(&first), Ok(EMPTY));
    Ok(())
}

#[harness::errors(
    family = "name-exists",
    rows = [("posix-mq.exists", "errors:posix-mq.mq_open.EEXIST", O_CREAT | O_EXCL)],
    layers = [libc, nix, raw],
)]
fn an_exclusive_open_refuses_a_queue_that_exists(exclusive: i32) -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create_with(0)?;
    send(&queue, "text", 1)?;
    let before = object_of(&queue)?;
    for access in [O_RDONLY, O_WRONLY, O_RDWR] {
        assert_errno!(mq_open(name.name(), exclusive | access, 0o666, Some(&queue_attributes(1, 1))), EEXIST);
    }
    assert_eq!(object_of(&queue), Ok(before));
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    Ok(())
}

/// O_CREAT with O_EXCL makes a queue if none has the name, also when one had it that was unlinked and is still open.
#[harness::test(
    id = "posix-mq.exclusive",
    cite = [posix("mq_open.3p", "DESCRIPTION", "O_EXCL"), man("mq_open.3", "DESCRIPTION", "O_EXCL")],
    covers = ["behaviours:mq.excl-new-only", "errors:posix-mq.mq_open.EEXIST"],
    layers = [libc, nix, raw],
)]
fn an_exclusive_open_makes_a_queue() -> TestResult {
    let (name, attributes) = (MessageQueue::new(), queue_attributes(4, 16));
    let flags = O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK;
    let first = mq_open(name.name(), flags, 0o600, Some(&attributes))?;
    assert_errno!(mq_open(name.name(), flags, 0o600, Some(&attributes)), EEXIST);
    send(&first, "first", 1)?;
    mq_unlink(name.name())?;
    let second = assert_ok!(mq_open(name.name(), flags, 0o600, Some(&attributes)));
    assert_eq!((mq_getattr(&second), owner_and_mode(&second)?.1.as_str()), (Ok(nonblocking(0)), "-0600"));
    assert_eq!(get_flags(&second).map(|flags| flags & O_ACCMODE), Ok(O_RDWR));
    assert_eq!(drain(&first), Ok(vec![message("first", 1)]));
    Ok(())
}

/// mq_open sets the close-on-exec flag of the descriptor, with O_CLOEXEC and without.
#[harness::test(
    id = "posix-mq.close-on-exec",
    cite = [man("mq_overview.7", "Linux implementation of message queue descriptors"), man("mq_open.3", "DESCRIPTION", "O_CLOEXEC")],
    covers = ["behaviours:mq.cloexec-always"],
    layers = [libc, nix, raw],
)]
fn the_descriptor_is_closed_on_exec() -> TestResult {
    let name = MessageQueue::new();
    let attributes = queue_attributes(4, 16);
    for flags in [O_CREAT, O_CREAT | O_CLOEXEC, 0, O_CLOEXEC, O_NONBLOCK] {
        let queue = mq_open(name.name(), O_RDWR | flags, 0o600, Some(&attributes))?;
        assert_eq!(get_descriptor_flags(&queue), Ok(FD_CLOEXEC));
    }
    Ok(())
}
