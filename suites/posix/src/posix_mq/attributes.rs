//! mq_getattr and mq_setattr, and the status flag of an open description.

use super::{EMPTY, drain, message, nameless, send};
use calls::queues::{Attributes, queue_attributes};
use harness::raw::{Argument as _, arguments};
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};

#[rstest]
#[case::least(1, 1)]
#[case::some(3, 8)]
#[case::more(4, 16)]
/// A new queue has the mq_maxmsg and the mq_msgsize that mq_open was given; O_NONBLOCK is that of its flags, whatever mq_flags is, and
/// mq_curmsgs is 0, whatever it was.
#[harness::test(
    id = "posix-mq.attributes",
    cite = [posix("mq_open.3p", "DESCRIPTION"), man("mq_open.3", "DESCRIPTION"), man("mq_getattr.3", "DESCRIPTION")],
    covers = ["behaviours:mq.attrs-recorded", "behaviours:mq.attr-flags-ignored", "behaviours:mq.curmsgs"],
    layers = [libc, nix, raw],
)]
fn a_queue_has_the_attributes_asked_for(#[case] messages: i64, #[case] size: i64) -> TestResult {
    for (flags, ignored) in [(0, O_NONBLOCK), (O_NONBLOCK, 0), (0, -1)] {
        let name = MessageQueue::new();
        let mut asked = queue_attributes(messages, size);
        (asked.mq_flags, asked.mq_curmsgs) = (ignored.into(), 3);
        let queue = mq_open(name.name(), O_CREAT | O_RDWR | flags, 0o600, Some(&asked))?;
        assert_eq!(mq_getattr(&queue), Ok(Attributes { flags, messages, size, queued: 0 }));
    }
    Ok(())
}

/// mq_setattr sets and clears O_NONBLOCK and ignores all other fields; it returns the attributes that the queue had.
#[harness::test(
    id = "posix-mq.setattr",
    cite = [posix("mq_setattr.3p", "DESCRIPTION"), man("mq_getattr.3", "DESCRIPTION")],
    covers = [
        "behaviours:mq.setattr-nonblock-only", "behaviours:mq.setattr-other-fields-ignored", "behaviours:mq.getsetattr",
    ],
    layers = [libc, nix, raw],
)]
fn mq_setattr_changes_o_nonblock_alone() -> TestResult {
    let queue = nameless(0)?;
    send(&queue, "text", 1)?;
    let mut before = Attributes { queued: 1, ..EMPTY };
    for flags in [O_NONBLOCK, O_NONBLOCK, 0, 0] {
        let new = Attributes { flags, messages: 1, size: 1 << 40, queued: -7 };
        assert_eq!(mq_setattr(&queue, new), Ok(before));
        before.flags = flags;
        assert_eq!(mq_getattr(&queue), Ok(before));
    }
    assert_eq!(drain(&queue), Ok(vec![message("text", 1)]));
    Ok(())
}

#[harness::errors(
    family = "invalid-flag",
    rows = [("posix-mq.setattr-flags", "errors:posix-mq.mq_setattr.EINVAL", O_NONBLOCK)],
    layers = [libc, nix, raw],
)]
fn mq_setattr_refuses_other_flags(known: i32) -> TestResult {
    let queue = nameless(0)?;
    for flags in [libc::O_APPEND, known | libc::O_ASYNC, O_WRONLY, 1 << 30] {
        assert_errno!(mq_setattr(&queue, Attributes { flags, ..EMPTY }), EINVAL);
        assert_eq!(mq_getattr(&queue), Ok(EMPTY));
    }
    Ok(())
}

/// mq_getsetattr(2) without a place for the former attributes sets the new ones, and without either it succeeds and changes nothing.
#[harness::test(
    id = "posix-mq.getsetattr",
    cite = [man("mq_getattr.3", "DESCRIPTION"), man("mq_getsetattr.2", "DESCRIPTION")],
    covers = ["behaviours:mq.getsetattr"],
)]
fn the_system_call_needs_no_attributes() -> TestResult {
    let queue = nameless(0)?;
    let mut new = queue_attributes(1, 1);
    new.mq_flags = O_NONBLOCK.into();
    let getsetattr = |new: *const libc::mq_attr| {
        let call = arguments([queue.number().register(), new.register(), 0]);
        // SAFETY: reads the attributes, if any; writes none.
        unsafe { syscall("mq_setattr", Sysno::mq_getsetattr, call) }
    };
    assert_eq!(getsetattr(&raw const new), Ok(0));
    assert_eq!(mq_getattr(&queue), Ok(Attributes { flags: O_NONBLOCK, ..EMPTY }));
    assert_eq!(getsetattr(std::ptr::null()), Ok(0));
    assert_eq!(mq_getattr(&queue), Ok(Attributes { flags: O_NONBLOCK, ..EMPTY }));
    Ok(())
}

/// Each mq_open makes an open description with an O_NONBLOCK of its own: one that is set or cleared by mq_setattr or mq_open leaves
/// those of others.
#[harness::test(
    id = "posix-mq.own-description",
    cite = [posix("mq_open.3p", "DESCRIPTION", "O_NONBLOCK"), man("mq_getattr.3", "DESCRIPTION")],
    covers = ["behaviours:mq.separate-descriptions"],
    layers = [libc, nix, raw],
)]
fn each_open_has_its_own_o_nonblock() -> TestResult {
    let name = MessageQueue::new();
    let first = name.create_with(0)?;
    let second = mq_open(name.name(), O_RDONLY | O_NONBLOCK, 0, None)?;
    let third = mq_open(name.name(), O_WRONLY, 0, None)?;
    let waiting = [&first, &second, &third];
    let of = |flags: [i32; 3]| flags.map(|flags| Ok(Attributes { flags, ..EMPTY }));
    assert_eq!(waiting.map(mq_getattr), of([0, O_NONBLOCK, 0]));
    assert_eq!(mq_setattr(&third, Attributes { flags: O_NONBLOCK, ..EMPTY }), Ok(EMPTY));
    assert_eq!(waiting.map(mq_getattr), of([0, O_NONBLOCK, O_NONBLOCK]));
    assert_eq!(mq_setattr(&second, EMPTY), Ok(Attributes { flags: O_NONBLOCK, ..EMPTY }));
    assert_eq!(waiting.map(mq_getattr), of([0, 0, O_NONBLOCK]));
    Ok(())
}
