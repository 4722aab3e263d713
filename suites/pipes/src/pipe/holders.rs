//! Which processes can use a pipe: all that have a descriptor for it, related or not.

use kit::needs::UNIX_FILES;
use kit::passing::{self, Listener};
use kit::prelude::*;
use kit::program::read_to_end;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::O_RDONLY;
use linkme::distributed_slice;

/// A process can read what it wrote to its own pipe; no parent, child or other process is needed.
#[harness::test(
    id = "pipe.single-process",
    cite = [posix("pipe.3p", "DESCRIPTION")],
    covers = ["notes:pipe.needs-parent", "notes:pipe.only-parent-child"],
)]
fn a_process_reads_from_its_own_pipe() -> TestResult {
    // An orphan in its own session: its only relative is the reaper of the sandbox.
    unrelated::start(&USE_OWN_PIPE, &[])?.join()
}

#[distributed_slice(PROGRAMS)]
static USE_OWN_PIPE: Program = Program {
    name: "that reads from its own pipe",
    body: |_| {
        use calls::for_layers::libc_nix_raw::{pipe, write};
        let (reader, writer) = pipe()?;
        assert_eq!(write(&writer, b"abc"), Ok(3));
        let bytes = read_bytes(&reader, 9);
        assert_eq!(bytes, Ok("abc".into()));
        evidence("bytes an orphan reads from its own pipe", bytes?.0.len());
        Ok(())
    },
};

/// A child can read what its sibling, and a child of that sibling, write to a pipe created by their common parent or
/// grandparent.
#[harness::test(
    id = "pipe.between-siblings",
    cite = [posix("fork.3p", "DESCRIPTION"), posix("pipe.3p", "DESCRIPTION")],
    covers = ["notes:pipe.only-parent-child"],
)]
fn siblings_and_grandchildren_share_a_pipe() -> TestResult {
    let (reader, writer) = pipe()?;
    let reading = fork(|| -> TestResult {
        writer.close();
        let bytes = read_to_end(&reader)?;
        assert_eq!(bytes, "abcdef");
        evidence("bytes a child reads from its sibling and its sibling's child", bytes.len());
        Ok(())
    })?;
    reader.close();
    let writing = fork(|| {
        assert_eq!(write(&writer, b"abc"), Ok(3));
        fork(|| assert_eq!(write(&writer, b"def"), Ok(3)))?.join()
    })?;
    drop(writer);
    writing.join()?;
    reading.join()
}

/// A read end passed with SCM_RIGHTS works in the parent of the pipe's creator, a process that did not inherit it.
#[harness::test(
    id = "pipe.passed-to-parent",
    cite = [man("unix.7", "Ancillary messages", "SCM_RIGHTS"), posix("sys_socket.h.0p", "DESCRIPTION")],
    covers = ["notes:pipe.creator-and-descendants"],
)]
fn an_end_can_be_passed_to_a_process_that_is_not_a_descendant() -> TestResult {
    let (parent_end, child_end) = stream_pair()?;
    // The child creates the pipe; its parent, which is not a descendant of the creator, reads from it.
    let creator = fork(|| -> TestResult {
        let (reader, writer) = pipe()?;
        assert_eq!(write(&writer, b"abc"), Ok(3));
        passing::pass(&child_end, &reader)
    })?;
    // So that receive() fails, and does not block, if the child exits early.
    drop(child_end);
    let reader = passing::receive(&parent_end)?;
    creator.join()?;
    let bytes = read_bytes(&reader, 9);
    assert_eq!(bytes, Ok("abc".into()));
    evidence("bytes the parent reads from its child's pipe", bytes?.0.len());
    assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static READ_FROM_PASSED_END: Program = Program {
    name: "that reads from the end passed to it",
    body: |arguments| {
        let reader = passing::receive(&passing::connect(&arguments[0])?)?;
        let bytes = read_bytes(&reader, 9);
        assert_eq!(bytes, Ok("abc".into()));
        evidence("bytes an unrelated process reads through a descriptor passed to it", bytes?.0.len());
        Ok(())
    },
};

/// A read end passed with SCM_RIGHTS works in an unrelated process that was started before the pipe was created.
#[harness::test(
    id = "pipe.passed-to-unrelated",
    cite = [man("unix.7", "Ancillary messages", "SCM_RIGHTS"), posix("sys_socket.h.0p", "DESCRIPTION")],
    covers = ["notes:pipe.related-processes-only", "notes:pipe.needs-parent"],
    needs = [UNIX_FILES],
)]
fn an_end_can_be_passed_to_an_unrelated_process() -> TestResult {
    let listener = Listener::new("socket")?;
    let process = unrelated::start(&READ_FROM_PASSED_END, &["socket".into()])?;
    let socket = listener.accept()?;
    let (reader, writer) = pipe()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    passing::pass(&socket, &reader)?;
    drop(reader);
    process.join()
}

#[distributed_slice(PROGRAMS)]
static READ_FROM_NAMED_PATH: Program = Program {
    name: "that reads from the end at a path sent to it",
    body: |arguments| {
        use calls::for_layers::libc_nix_raw::open;
        let Bytes(path) = read_bytes(&passing::connect(&arguments[0])?, 99)?;
        let reader = assert_ok!(open(String::from_utf8_lossy(&path).as_ref(), O_RDONLY));
        let bytes = read_bytes(&reader, 9);
        assert_eq!(bytes, Ok("abc".into()));
        evidence("bytes an unrelated process reads through /proc/PID/fd", bytes?.0.len());
        Ok(())
    },
};

/// An unrelated process can open a pipe through /proc/PID/fd of a process that has it open, and read from it.
#[harness::test(
    id = "pipe.opened-by-unrelated",
    cite = [man("proc_pid_fd.5", "DESCRIPTION", "/proc/pid/fd/")],
    covers = ["notes:pipe.related-processes-only"],
    needs = [UNIX_FILES],
)]
fn an_unrelated_process_opens_a_pipe_through_proc() -> TestResult {
    let listener = Listener::new("socket")?;
    let process = unrelated::start(&READ_FROM_NAMED_PATH, &["socket".into()])?;
    let socket = listener.accept()?;
    let (reader, writer) = pipe()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    let path = format!("/proc/{}/fd/{}", std::process::id(), reader.number());
    write_all(&socket, path.as_bytes())?;
    process.join()
}
