//! Who may do what: the access mode of a descriptor, and the mode of a queue.

use super::{EMPTY, SIZE, message, receive, send};
use harness::need::{SECOND_ID, SECOND_UID};
use kit::posix::MessageQueue;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use libc::{O_ACCMODE, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{Gid, Uid, chown};

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;

/// A queue opened with O_RDONLY only receives, one with O_WRONLY only sends, and one with O_RDWR does both: mq_send or mq_receive
/// through another descriptor fails with EBADF and changes nothing.
#[harness::test(
    id = "posix-mq.access-mode",
    cite = [
        posix("mq_open.3p", "DESCRIPTION", "O_RDONLY"),
        man("mq_open.3", "DESCRIPTION", "O_RDONLY"),
        man("mq_send.3", "ERRORS", "EBADF"),
        man("mq_receive.3", "ERRORS", "EBADF"),
    ],
    covers = [
        "behaviours:mq.access-mode", "errors:posix-mq.mq_send.EBADF", "errors:posix-mq.mq_receive.EBADF",
        "errors:posix-mq.mq_timedreceive.EBADF",
    ],
    layers = [libc, nix, raw],
)]
fn a_descriptor_permits_what_it_was_opened_for() -> TestResult {
    let name = MessageQueue::new();
    let both = name.create_with(0)?;
    let reader = mq_open(name.name(), O_RDONLY, 0, None)?;
    let writer = mq_open(name.name(), O_WRONLY, 0, None)?;
    assert_errno!(mq_send(&reader, b"text", 1), EBADF);
    assert_errno!(mq_receive(&writer, SIZE), EBADF);
    assert_errno!(mq_timedreceive(&writer, SIZE, crate::deadlines::NEVER), EBADF);
    assert_eq!(mq_getattr(&both), Ok(EMPTY));
    for (to, from) in [(&writer, &reader), (&both, &both), (&writer, &both), (&both, &reader)] {
        assert_eq!(mq_send(to, b"text", 1), Ok(()));
        assert_errno!(mq_receive(&writer, SIZE), EBADF);
        assert_eq!(mq_receive(from, SIZE), Ok((b"text".to_vec(), 1)));
    }
    Ok(())
}

/// mq_timedsend through a descriptor that was opened with O_RDONLY fails with EBADF, and queues nothing.
#[harness::test(
    id = "posix-mq.timed-access-mode",
    cite = [man("mq_send.3", "ERRORS", "EBADF"), posix("mq_send.3p", "ERRORS", "EBADF")],
    covers = ["behaviours:mq.access-mode", "errors:posix-mq.mq_timedsend.EBADF"],
    layers = [libc, raw],
)]
fn a_reader_does_not_send() -> TestResult {
    let name = MessageQueue::new();
    let both = name.create_with(0)?;
    let reader = mq_open(name.name(), O_RDONLY, 0, None)?;
    assert_errno!(mq_timedsend(&reader, b"text", 1, crate::deadlines::NEVER), EBADF);
    assert_eq!(mq_getattr(&both), Ok(EMPTY));
    Ok(())
}

/// Asserts that a queue can be opened for what these bits allow, and for nothing else, by this process.
fn check_access(name: &str, bits: u32) -> TestResult {
    use calls::for_layers::libc_nix_raw::{get_flags, mq_open};
    for (access, needed) in [(O_RDONLY, READ), (O_WRONLY, WRITE), (O_RDWR, READ | WRITE)] {
        for flags in [access, access | O_CREAT, access | O_NONBLOCK] {
            if bits & needed == needed {
                let queue = mq_open(name, flags, 0o666, Some(&calls::queues::queue_attributes(1, 1)))?;
                assert_eq!(get_flags(&queue).map(|flags| flags & O_ACCMODE), Ok(access));
            } else {
                assert_errno!(mq_open(name, flags, 0o666, Some(&calls::queues::queue_attributes(1, 1))), EACCES);
            }
        }
    }
    Ok(())
}

/// Makes the calling process one of a class of users.
type Join = fn() -> TestResult;

/// Each class of users has its own bits of the mode.
fn the_class_has_its_own_bits(owner: (u32, u32), shift: u32, join: Join) -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create_with(0)?;
    let mode_of = |bits: u32| (0o666 & !(0o7 << shift)) | (bits << shift);
    if owner != (0, 0) {
        let path = format!("/proc/self/fd/{}", queue.number());
        chown(path.as_str(), Some(Uid::from_raw(owner.0)), Some(Gid::from_raw(owner.1)))?;
    }
    for bits in [READ | WRITE, READ, WRITE, 0] {
        queue.lend(|queue| fchmod(queue, Mode::from_bits_retain(mode_of(bits))))?;
        let child = fork(|| -> TestResult {
            join()?;
            check_access(name.name(), bits)
        })?;
        child.join()?;
    }
    Ok(())
}

/// The owner of a queue, without privileges, needs the permission of the user bits of its mode: to read for O_RDONLY, to write for
/// O_WRONLY, and both for O_RDWR. Otherwise mq_open fails with EACCES, with O_CREAT as well.
#[harness::test(
    id = "posix-mq.owner-access",
    cite = [posix("mq_open.3p", "ERRORS", "EACCES"), man("mq_open.3", "ERRORS", "EACCES")],
    covers = ["errors:posix-mq.mq_open.EACCES"],
    layers = [libc, nix, raw],
)]
fn the_owner_needs_permission() -> TestResult {
    the_class_has_its_own_bits((0, 0), 6, drop_capabilities)
}

#[rstest]
#[case::group((0, SECOND_ID), 3)]
#[case::others((0, 0), 0)]
/// The group of a queue and all others need the permission of their own bits of its mode.
#[harness::test(
    id = "posix-mq.permission-classes",
    cite = [posix("mq_open.3p", "ERRORS", "EACCES"), man("mq_open.3", "ERRORS", "EACCES")],
    covers = ["errors:posix-mq.mq_open.EACCES"],
    needs = [SECOND_UID],
)]
fn each_class_has_its_own_bits(#[case] owner: (u32, u32), #[case] shift: u32) -> TestResult {
    the_class_has_its_own_bits(owner, shift, become_second_user)
}

/// The permission is asked for by mq_open alone: who has the queue open goes on when its mode takes permission away.
#[harness::test(
    id = "posix-mq.permission-at-open",
    cite = [posix("mq_open.3p", "DESCRIPTION"), man("mq_open.3", "ERRORS", "EACCES")],
    covers = ["behaviours:mq.access-mode", "errors:posix-mq.mq_open.EACCES"],
    layers = [libc, nix, raw],
)]
fn an_open_queue_needs_no_permission() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create_with(O_NONBLOCK)?;
    queue.lend(|queue| fchmod(queue, Mode::empty()))?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(mq_open(name.name(), O_RDONLY, 0, None), EACCES);
        assert_eq!(send(&queue, "text", 1), Ok(()));
        assert_eq!(receive(&queue), Ok(message("text", 1)));
        Ok(())
    })?;
    child.join()
}

/// mq_unlink fails with EACCES if the caller is neither privileged nor the owner of the queue, whatever its mode, and the queue stays.
#[harness::test(
    id = "posix-mq.unlink-not-owner",
    cite = [posix("mq_unlink.3p", "ERRORS", "EACCES"), man("mq_unlink.3", "ERRORS", "EACCES")],
    covers = ["errors:posix-mq.mq_unlink.EACCES"],
    needs = [SECOND_UID],
    layers = [libc, nix],
)]
fn only_the_owner_unlinks() -> TestResult {
    let name = MessageQueue::new();
    let queue = name.create_with(0)?;
    queue.lend(|queue| fchmod(queue, Mode::from_bits_retain(0o666)))?;
    let child = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(mq_unlink(name.name()), EACCES);
        let again = mq_open(name.name(), O_RDWR, 0, None)?;
        assert_eq!(object_of(&again), object_of(&queue));
        Ok(())
    })?;
    child.join()
}
