//! How pipes go to children: fork copies descriptors, exec keeps them, and what they refer to is shared.

use kit::disposition::{block, pending};
use kit::file::file_of;
use kit::prelude::*;
use kit::unrelated::{self, PROGRAMS, Program};
use libc::{O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_WRONLY};
use linkme::distributed_slice;
use nix::sys::signal::{Signal::SIGUSR1, raise};
use nix::unistd::{getpid, getppid};
use std::cell::Cell;
use std::ffi::OsString;
use std::sync::atomic::{AtomicI32, Ordering};

/// A child has the pipes that were there when it was forked, and not those that its parent made later.
#[harness::test(
    id = "pipe.inherited-by-fork",
    cite = "POSIX.1-2024 fork(); pipe(2), EXAMPLES",
    covers = ["notes:pipe.inherited-by-fork"],
)]
fn a_child_inherits_what_was_there_at_the_fork() -> Scene {
    let (number, made) = (Shared::new(AtomicI32::new(-1))?, Meeting::new()?);
    let elder = fork(|| {
        made.wait_for(1);
        assert_errno!(write(number.load(Ordering::Acquire), b"abc"), EBADF);
    })?;
    let (reader, writer) = pipe2(O_NONBLOCK)?;
    let younger = fork(|| assert_eq!(write(&writer, b"abc"), Ok(3)))?;
    younger.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    number.store(writer.number(), Ordering::Release);
    made.arrive();
    elder.join()?;
    assert_errno!(read(&reader, &mut [0; 9]), EAGAIN);
    Ok(())
}

/// When the parent closes the write end and the child the read end, the child writes and its parent reads, until the
/// child's end is the end of the file.
#[harness::test(
    id = "pipe.child-to-parent",
    cite = "POSIX.1-2024 pipe(), EXAMPLES; pipe(2), EXAMPLES",
    covers = ["notes:pipe.parent-reads-child-writes"],
)]
fn the_child_writes_and_the_parent_reads() -> Scene {
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

/// When the parent closes the read end and the child the write end, the parent writes and its child reads, until the
/// parent's close is the end of the file.
#[harness::test(
    id = "pipe.parent-to-child",
    cite = "POSIX.1-2024 pipe(), EXAMPLES; pipe(2), EXAMPLES",
    covers = ["notes:pipe.parent-writes-child-reads"],
)]
fn the_parent_writes_and_the_child_reads() -> Scene {
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

/// A forked child has both ends of its parent's pipe, and they are the parent's pipe, not a copy of it.
#[harness::test(
    id = "pipe.shared-after-fork",
    cite = "POSIX.1-2024 fork(); fork(2)",
    covers = ["behaviours:pipe.fork-shares-description"],
    layers = [libc, nix, raw],
)]
fn parent_and_child_share_one_pipe() -> Scene {
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
    assert_eq!(get_flags(&writer), Ok(O_WRONLY), "the status flags, which the child has cleared");
    Ok(())
}

/// Descriptors are copied at a fork and only what they refer to is shared: what a child closes stays open in its
/// parent, and flags that it sets on the open file show there.
#[harness::test(
    id = "pipe.descriptors-are-copied",
    cite = "POSIX.1-2024 fork(); fork(2): the child inherits copies of the parent's set of open file descriptors",
    covers = ["notes:pipe.shared-fds-explanation"],
)]
fn descriptors_are_copied_and_open_files_shared() -> Scene {
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
    observe("bytes the parent reads from the descriptor that its child has closed", read?.0.len());
    observe("O_NONBLOCK that the child has set, in the parent", flags? & O_NONBLOCK != 0);
    Ok(())
}

/// A child shares some of what its parent has and not the rest: the position in an open file is shared, memory is not.
#[harness::test(
    id = "pipe.child-shares-some",
    cite = "POSIX.1-2024 fork(); fork(2)",
    covers = ["notes:pipe.child-shares-some-resources"],
)]
fn a_child_shares_file_positions_but_no_memory() -> Scene {
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

/// A child is no identical copy: it has both ends of the pipe, but a process id and a parent of its own, and none of
/// the signals that were pending for its parent.
#[harness::test(
    id = "pipe.child-is-no-exact-copy",
    cite = "POSIX.1-2024 fork(): the list of what differs; fork(2)",
    covers = ["notes:pipe.fork-identical-child"],
)]
fn a_child_differs_from_its_parent() -> Scene {
    let (reader, writer) = pipe()?;
    let pipe = identity_of(&reader)?;
    block(SIGUSR1)?;
    raise(SIGUSR1)?;
    let parent = getpid();
    let child = fork(|| -> Scene {
        assert_eq!([identity_of(&reader), identity_of(&writer)], [Ok(pipe); 2]);
        assert_ne!(getpid(), parent);
        assert_eq!(getppid(), parent);
        assert_eq!(pending(), Ok(vec![]), "the signal is pending for the parent");
        observe("pending signals of the parent that the child has", pending()?.len());
        Ok(())
    })?;
    child.join()?;
    assert_eq!(pending(), Ok(vec![SIGUSR1]));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static WRITE_TO_NUMBER: Program = Program {
    name: "that writes to numbers",
    body: |numbers| {
        for number in numbers {
            assert_eq!(write(parse(number)?, b"abc"), Ok(3));
        }
        Ok(())
    },
};

#[distributed_slice(PROGRAMS)]
static MISS_NUMBERS: Program = Program {
    name: "that has no descriptors of numbers",
    body: |numbers| {
        for number in numbers {
            assert_errno!(get_flags(parse(number)?), EBADF);
        }
        Ok(())
    },
};

fn parse(number: &OsString) -> Scene<i32> {
    Ok(number.to_string_lossy().parse()?)
}

fn in_words(end: &Fd) -> OsString {
    end.number().to_string().into()
}

/// The ends of a pipe stay open over exec: the new program can use them.
#[harness::test(
    id = "pipe.open-after-exec",
    cite = "POSIX.1-2024 exec; execve(2)",
    covers = ["behaviours:pipe.exec-keeps-pipe"],
)]
fn a_pipe_stays_open_over_exec() -> Scene {
    let (reader, writer) = pipe()?;
    let program = unrelated::start(&WRITE_TO_NUMBER, &[in_words(&writer)])?;
    drop(writer);
    program.join()?;
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    Ok(())
}

/// Ends that are marked close-on-exec are not open in the new program, and stay open in the process that did not exec.
#[harness::test(
    id = "pipe.closed-by-exec",
    cite = "POSIX.1-2024 exec; POSIX.1-2024 pipe(): O_CLOEXEC; execve(2)",
    covers = ["behaviours:pipe.exec-keeps-pipe", "behaviours:pipe.cloexec-flag", "notes:pipe.inherited-by-fork"],
)]
fn close_on_exec_ends_are_closed_by_exec() -> Scene {
    let (reader, writer) = pipe2(O_CLOEXEC)?;
    unrelated::start(&MISS_NUMBERS, &[in_words(&reader), in_words(&writer)])?.join()?;
    assert_eq!(write(&writer, b"abc"), Ok(3));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}
