//! How children inherit pipes: fork copies descriptors, exec keeps them, and the open file descriptions are shared.

use kit::disposition::{block, pending};
use kit::file::file_of;
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::{FD_CLOEXEC, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_WRONLY};
use linkme::distributed_slice;
use nix::sys::signal::Signal::SIGUSR1;
use nix::unistd::{getpid, getppid};
use std::cell::Cell;
use std::ffi::OsString;
use std::sync::atomic::{AtomicI32, Ordering};

/// A child inherits the pipes that were open at fork, and not those that its parent creates later.
#[harness::test(
    id = "pipe.inherited-by-fork",
    cite = [posix("fork.3p", "DESCRIPTION")],
    covers = ["notes:pipe.inherited-by-fork"],
)]
fn a_child_inherits_the_pipes_open_at_fork() -> TestResult {
    let (number, created) = (Shared::new(AtomicI32::new(-1))?, Latch::new()?);
    let first_child = fork(|| {
        created.wait_for(1);
        assert_errno!(write(number.load(Ordering::Acquire), b"abc"), EBADF);
    })?;
    let (reader, writer) = pipe2(O_NONBLOCK)?;
    let second_child = fork(|| assert_eq!(write(&writer, b"abc"), Ok(3)))?;
    second_child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    number.store(writer.number(), Ordering::Release);
    created.arrive();
    first_child.join()?;
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}

/// After fork, with the write end closed in the parent and the read end in the child, the parent reads the bytes that
/// the child writes, then end-of-file when the child exits.
#[harness::test(
    id = "pipe.child-to-parent",
    cite = [posix("pipe.3p", "DESCRIPTION"), posix("fork.3p", "DESCRIPTION"), posix("read.3p", "DESCRIPTION")],
    covers = ["notes:pipe.parent-reads-child-writes"],
)]
fn the_child_writes_and_the_parent_reads() -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| {
        reader.close();
        assert_eq!(write(&writer, b"from the child"), Ok(14));
    })?;
    writer.close();
    assert_eq!(read_bytes(&reader, 99), Ok("from the child".into()));
    assert_eq!(read_bytes(&reader, 99), Ok("".into()));
    child.join()
}

/// After fork, with the read end closed in the parent and the write end in the child, the child reads the bytes that
/// the parent writes, then end-of-file when the parent closes the write end.
#[harness::test(
    id = "pipe.parent-to-child",
    cite = [
        posix("pipe.3p", "DESCRIPTION"),
        posix("fork.3p", "DESCRIPTION"),
        posix("read.3p", "DESCRIPTION"),
        posix("pipe.3p", "Using a Pipe to Pass Data Between a Parent Process and a Child Process"),
    ],
    covers = ["notes:pipe.parent-writes-child-reads"],
)]
fn the_parent_writes_and_the_child_reads() -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| {
        writer.close();
        assert_eq!(read_bytes(&reader, 99), Ok("from the parent".into()));
        assert_eq!(read_bytes(&reader, 99), Ok("".into()));
    })?;
    reader.close();
    assert_eq!(write(&writer, b"from the parent"), Ok(15));
    writer.close();
    child.join()
}

/// After fork, parent and child share one pipe and its open file descriptions: the parent reads the bytes that the child
/// left and wrote, and O_NONBLOCK cleared in the child is clear in the parent.
#[harness::test(
    id = "pipe.shared-after-fork",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["behaviours:pipe.fork-shares-description"],
    layers = [libc, nix, raw],
)]
fn parent_and_child_share_one_pipe() -> TestResult {
    let (reader, writer) = pipe2(O_NONBLOCK)?;
    write_all(&writer, b"abcd")?;
    let child = fork(|| {
        assert_eq!(read_bytes(&reader, 2), Ok("ab".into()));
        assert_eq!(write(&writer, b"ef"), Ok(2));
        assert_eq!(set_flags(&writer, 0), Ok(0));
    })?;
    child.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("cdef".into()));
    assert_eq!(get_flags(&reader), Ok(O_RDONLY | O_NONBLOCK));
    assert_eq!(get_flags(&writer), Ok(O_WRONLY), "the child has cleared O_NONBLOCK");
    Ok(())
}

/// fork copies descriptors and shares open file descriptions: a descriptor closed in the child stays open in the
/// parent, and O_NONBLOCK set in the child is set in the parent too.
#[harness::test(
    id = "pipe.descriptors-are-copied",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["notes:pipe.shared-fds-explanation"],
)]
fn descriptors_are_copied_and_open_file_descriptions_shared() -> TestResult {
    let (reader, writer) = pipe()?;
    let child = fork(|| {
        let number = reader.number();
        assert_eq!(set_flags(number, O_NONBLOCK), Ok(0));
        reader.close();
        assert_errno!(get_flags(number), EBADF);
    })?;
    child.join()?;
    let flags = get_flags(&reader);
    assert_eq!(flags, Ok(O_RDONLY | O_NONBLOCK));
    assert_eq!(write(&writer, b"abc"), Ok(3));
    let read = read_bytes(&reader, 9);
    assert_eq!(read, Ok("abc".into()));
    evidence("bytes the parent reads from the descriptor its child has closed", read?.0.len());
    evidence("O_NONBLOCK set in the child is set in the parent", flags? & O_NONBLOCK != 0);
    Ok(())
}

/// After fork, parent and child share the file offset of an open file but not memory: a write to memory in the child
/// does not affect the parent.
#[harness::test(
    id = "pipe.fork-shares-offset-not-memory",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["notes:pipe.child-shares-some-resources"],
)]
fn a_child_shares_file_offsets_but_not_memory() -> TestResult {
    let file = file_of(b"abcdef", O_RDONLY)?;
    let memory = Cell::new("the parent's");
    let child = fork(|| {
        assert_eq!(read_bytes(&file, 2), Ok("ab".into()));
        assert_eq!(memory.replace("the child's"), "the parent's");
    })?;
    child.join()?;
    assert_eq!(read_bytes(&file, 9), Ok("cdef".into()));
    assert_eq!(memory.get(), "the parent's");
    Ok(())
}

/// A forked child inherits both ends of a pipe, but has its own process ID, its parent's process ID as parent process
/// ID, and no pending signals even if the parent has one.
#[harness::test(
    id = "pipe.child-differs-from-parent",
    cite = [posix("fork.3p", "DESCRIPTION"), man("fork.2", "DESCRIPTION")],
    covers = ["notes:pipe.fork-identical-child"],
)]
fn a_child_differs_from_its_parent() -> TestResult {
    let (reader, writer) = pipe()?;
    let pipe = object_of(&reader)?;
    block(SIGUSR1)?;
    raise(SIGUSR1 as i32)?;
    let parent = getpid();
    let child = fork(|| -> TestResult {
        assert_eq!([&reader, &writer].map(object_of), [Ok(pipe.clone()), Ok(pipe.clone())]);
        assert_ne!(getpid(), parent);
        assert_eq!(getppid(), parent);
        assert_eq!(pending(), Ok(vec![]), "the signal is pending for the parent");
        evidence("pending signals that the child inherits", pending()?.len());
        Ok(())
    })?;
    child.join()?;
    assert_eq!(pending(), Ok(vec![SIGUSR1]));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static WRITE_TO_DESCRIPTORS: Program = Program {
    name: "that writes to descriptors",
    body: |numbers| {
        use calls::for_layers::libc_nix_raw::write;
        for number in numbers {
            assert_eq!(write(parse(number)?, b"abc"), Ok(3));
        }
        Ok(())
    },
};

#[distributed_slice(PROGRAMS)]
static EXPECT_CLOSED: Program = Program {
    name: "that expects closed descriptors",
    body: |numbers| {
        use calls::for_layers::libc_nix_raw::get_flags;
        for number in numbers {
            assert_errno!(get_flags(parse(number)?), EBADF);
        }
        Ok(())
    },
};

fn parse(number: &OsString) -> TestResult<i32> {
    Ok(number.to_string_lossy().parse()?)
}

fn number_of(end: &Fd) -> OsString {
    end.number().to_string().into()
}

/// A write end stays open across exec, and the new program can write to it.
#[harness::test(
    id = "pipe.open-after-exec",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:pipe.exec-keeps-pipe"],
)]
fn a_pipe_stays_open_across_exec() -> TestResult {
    let (reader, writer) = pipe()?;
    let program = unrelated::start(&WRITE_TO_DESCRIPTORS, &[number_of(&writer)])?;
    drop(writer);
    program.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// Pipe ends with FD_CLOEXEC set are closed in the program started by exec, and stay open in the process that did not
/// call exec.
#[harness::test(
    id = "pipe.closed-by-exec",
    cite = [
        posix("exec.3p", "DESCRIPTION"),
        posix("fork.3p", "DESCRIPTION"),
        man("execve.2", "Effect on process attributes"),
    ],
    covers = ["behaviours:pipe.exec-keeps-pipe", "behaviours:pipe.cloexec-flag", "notes:pipe.inherited-by-fork"],
)]
fn close_on_exec_ends_are_closed_by_exec() -> TestResult {
    let (reader, writer) = pipe2(O_CLOEXEC)?;
    unrelated::start(&EXPECT_CLOSED, &[number_of(&reader), number_of(&writer)])?.join()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// F_SETFD sets FD_CLOEXEC on one end of a pipe alone, which exec then closes; cleared again, the end stays open.
#[harness::test(
    id = "pipe.cloexec-set-and-cleared",
    cite = [posix("fcntl.3p", "DESCRIPTION", "F_SETFD"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:exec.cloexec-fds-closed"],
    layers = [libc, raw],
)]
fn f_setfd_decides_what_exec_closes() -> TestResult {
    let (reader, writer) = pipe()?;
    let flags = || [&reader, &writer].map(get_descriptor_flags);
    assert_eq!(set_descriptor_flags(&writer, FD_CLOEXEC), Ok(0));
    assert_eq!(flags(), [Ok(0), Ok(FD_CLOEXEC)]);
    unrelated::start(&EXPECT_CLOSED, &[number_of(&writer)])?.join()?;
    assert_eq!(set_descriptor_flags(&writer, 0), Ok(0));
    assert_eq!(flags(), [Ok(0), Ok(0)]);
    unrelated::start(&WRITE_TO_DESCRIPTORS, &[number_of(&writer)])?.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}
