//! Who can use a pipe: whoever has a descriptor of it, related or not.

use kit::passing::{self, Door};
use kit::prelude::*;
use kit::program::read_to_end;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::O_RDONLY;
use linkme::distributed_slice;

/// A process can use a pipe with itself: no parent, child or other process has part in it.
#[harness::test(
    id = "pipe.alone",
    cite = "POSIX.1-2024 pipe(); pipe(7)",
    covers = ["notes:pipe.needs-parent", "notes:pipe.only-parent-child"],
)]
fn a_process_uses_a_pipe_with_itself() -> Scene {
    // An orphan in its own session, so that it has no relative but the reaper of the sandbox.
    unrelated::start(&TALK_TO_ITSELF, &[])?.join()
}

#[distributed_slice(PROGRAMS)]
static TALK_TO_ITSELF: Program = Program {
    name: "that talks to itself by a pipe",
    body: |_| {
        let (reader, writer) = pipe()?;
        assert_eq!(write(&writer, b"abc"), Ok(3));
        let bytes = read_bytes(&reader, 9);
        assert_eq!(bytes, Ok("abc".into()));
        observe("bytes that an orphan reads from its own pipe", bytes?.0.len());
        Ok(())
    },
};

/// Siblings, and a grandchild, can use a pipe of their common forebear, which itself has no part in it.
#[harness::test(
    id = "pipe.between-siblings",
    cite = "POSIX.1-2024 fork(); pipe(7)",
    covers = ["notes:pipe.only-parent-child"],
)]
fn siblings_and_grandchildren_talk() -> Scene {
    let (reader, writer) = pipe()?;
    let receiver = fork(|| -> Scene {
        writer.close();
        let bytes = read_to_end(&reader)?;
        assert_eq!(bytes, "abcdef");
        observe("bytes that a child reads from its sibling and its sibling's child", bytes.len());
        Ok(())
    })?;
    reader.close();
    let sender = fork(|| {
        assert_eq!(write(&writer, b"abc"), Ok(3));
        fork(|| assert_eq!(write(&writer, b"def"), Ok(3)))?.join()
    })?;
    drop(writer);
    sender.join()?;
    receiver.join()
}

/// A process that was there before the pipe was made, and so did not inherit it, can be handed an end and use it.
#[harness::test(
    id = "pipe.passed-to-elder",
    cite = "unix(7), SCM_RIGHTS; POSIX.1-2024 <sys/socket.h>, SCM_RIGHTS",
    covers = ["notes:pipe.creator-and-descendants"],
)]
fn an_end_can_be_handed_to_no_descendant() -> Scene {
    let (parent_end, child_end) = stream_pair()?;
    // The child makes the pipe, and its parent, no descendant of the creator, reads from it.
    let creator = fork(|| -> Scene {
        let (reader, writer) = pipe()?;
        assert_eq!(write(&writer, b"abc"), Ok(3));
        passing::pass(&child_end, &reader)
    })?;
    // The end of the child is the end of what can come.
    drop(child_end);
    let reader = passing::receive(&parent_end)?;
    creator.join()?;
    let bytes = read_bytes(&reader, 9);
    assert_eq!(bytes, Ok("abc".into()));
    observe("bytes that the parent reads from its child's pipe", bytes?.0.len());
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static READ_WHAT_IS_PASSED: Program = Program {
    name: "that reads from the end passed to it",
    body: |door| {
        let reader = passing::receive(&passing::enter(&door[0])?)?;
        let bytes = read_bytes(&reader, 9);
        assert_eq!(bytes, Ok("abc".into()));
        observe("bytes that an unrelated process reads through a descriptor passed to it", bytes?.0.len());
        Ok(())
    },
};

/// A process that is no relative, and was there before the pipe, can be handed the read end through a socket, and
/// reads.
#[harness::test(
    id = "pipe.passed-to-unrelated",
    cite = "unix(7), SCM_RIGHTS; POSIX.1-2024 <sys/socket.h>, SCM_RIGHTS",
    covers = ["notes:pipe.related-processes-only", "notes:pipe.needs-parent"],
)]
fn an_end_can_be_passed_to_an_unrelated_process() -> Scene {
    let door = Door::new("door")?;
    let stranger = unrelated::start(&READ_WHAT_IS_PASSED, &["door".into()])?;
    let socket = door.let_in()?;
    let (reader, writer) = pipe()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    passing::pass(&socket, &reader)?;
    drop(reader);
    stranger.join()
}

#[distributed_slice(PROGRAMS)]
static READ_WHAT_IS_NAMED: Program = Program {
    name: "that reads from the end named to it",
    body: |door| {
        let Bytes(path) = read_bytes(&passing::enter(&door[0])?, 99)?;
        let reader = assert_ok!(open(String::from_utf8_lossy(&path).as_ref(), O_RDONLY));
        let bytes = read_bytes(&reader, 9);
        assert_eq!(bytes, Ok("abc".into()));
        observe("bytes that an unrelated process reads through /proc/PID/fd", bytes?.0.len());
        Ok(())
    },
};

/// A process that is no relative can open the pipe by the link in /proc of one that has it, and reads.
#[harness::test(
    id = "pipe.opened-by-unrelated",
    cite = "proc(5), /proc/pid/fd",
    covers = ["notes:pipe.related-processes-only"],
)]
fn an_unrelated_process_opens_the_pipe_by_proc() -> Scene {
    let door = Door::new("door")?;
    let stranger = unrelated::start(&READ_WHAT_IS_NAMED, &["door".into()])?;
    let socket = door.let_in()?;
    let (reader, writer) = pipe()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    let path = format!("/proc/{}/fd/{}", std::process::id(), reader.number());
    write_all(&socket, path.as_bytes())?;
    stranger.join()
}
