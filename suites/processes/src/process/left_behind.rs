//! What a child, or a program, has not of its process before: asynchronous I/O, notifications of directories.

use crate::needs::{AIO_POLL, DNOTIFY};
use crate::proc::comm_of;
use calls::AioEvent;
use kit::disposition::{ignore, pending};
use kit::needs::program;
use kit::prelude::*;
use kit::program::become_program;
use libc::{POLLERR, POLLIN};
use nix::sys::signal::{SigSet, Signal as Known};
use std::time::Duration;

/// A child has none of the contexts for asynchronous I/O of its parent: io_getevents fails with EINVAL in it, and the outstanding
/// request completes for its parent.
#[harness::test(
    id = "process.fork-drops-asynchronous-io",
    cite = [man("fork.2", "DESCRIPTION"), man("io_getevents.2", "ERRORS", "EINVAL")],
    covers = ["behaviours:fork.aio-not-inherited"],
    needs = [AIO_POLL],
    layers = [raw],
)]
fn a_child_has_no_outstanding_requests() -> TestResult {
    const DATA: u64 = 0x1234;
    let (reader, writer) = pipe()?;
    let context = io_setup(1)?;
    assert_eq!(io_submit_poll(context, &reader, POLLIN, DATA), Ok(1));
    let child = fork(|| {
        for wait in [false, true] {
            assert_errno!(io_getevent(context, wait), EINVAL);
        }
        assert_errno!(io_submit_poll(context, &reader, POLLIN, DATA), EINVAL);
    })?;
    child.join()?;
    assert_eq!(io_getevent(context, false), Ok(None));
    write_all(&writer, b"x")?;
    let completed = io_getevent(context, true);
    let is_input = |event: AioEvent| (event.data, event.result & i64::from(POLLIN));
    assert_eq!(completed.map(|event| event.map(is_input)), Ok(Some((DATA, POLLIN.into()))));
    Ok(())
}

/// execve cancels outstanding asynchronous I/O: a request on the read end of a pipe keeps that open, and the pipe has no reader any more
/// when the process has become another program.
#[harness::test(
    id = "process.exec-cancels-asynchronous-io",
    cite = [man("execve.2", "Effect on process attributes"), posix("exec.3p", "DESCRIPTION")],
    covers = ["behaviours:exec.aio-cancelled"],
    needs = [AIO_POLL, program("cat")],
)]
fn a_program_has_no_outstanding_requests() -> TestResult {
    use calls::for_layers::raw::{io_setup, io_submit_poll};
    ignore(Known::SIGPIPE)?;
    let ((reader, writer), (input, _typed)) = (pipe()?, pipe()?);
    let go_on = Latch::new()?;
    let child = fork(|| -> TestResult {
        io_submit_poll(io_setup(1)?, &reader, POLLIN, 0)?;
        reader.close();
        writer.close();
        go_on.wait_for(1);
        become_program(&["cat"], [&input, &2, &2])
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    drop(reader);
    assert_eq!(ppoll(&[(&writer, 0)], Some(Duration::ZERO), None), Ok((0, vec![0])));
    go_on.arrive();
    assert_eq!(ppoll(&[(&writer, 0)], None, None), Ok((1, vec![POLLERR])));
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(comm_of(child.pid())?, "cat");
    assert_matches!(write(&writer, b"x"), Err(CallError { errno: Errno::EPIPE, .. }));
    Ok(())
}

/// A child has none of the directory notifications of its parent: what it creates is told to its parent and not to it, and its parent is
/// told of more when it has closed its descriptor of the directory.
#[harness::test(
    id = "process.fork-drops-notifications",
    cite = [man("fork.2", "DESCRIPTION"), man("fcntl.2", "File and directory change notification (dnotify)")],
    covers = ["behaviours:fork.dnotify-dropped"],
    needs = [DNOTIFY],
)]
fn a_child_is_not_told_of_changes() -> TestResult {
    kit::disposition::block(Known::SIGIO)?;
    let directory = Name::directory("watched", 0o700)?;
    let descriptor = open(&*directory, libc::O_RDONLY | libc::O_DIRECTORY)?;
    // SAFETY: takes numbers.
    Errno::result(unsafe { libc::fcntl(descriptor.number(), libc::F_NOTIFY, DN_CREATE | DN_MULTISHOT) })?;
    for file in ["one", "other"] {
        let child = fork(|| -> TestResult {
            std::fs::write(directory.join(file), "")?;
            assert_eq!(pending(), Ok(vec![]));
            descriptor.close();
            Ok(())
        })?;
        child.join()?;
        assert_eq!(pending(), Ok(vec![Known::SIGIO]));
        SigSet::from(Known::SIGIO).wait()?;
    }
    Ok(())
}

// fcntl.h; the C library's crate lacks them.
pub(crate) const DN_CREATE: u32 = 4;
const DN_MULTISHOT: u32 = 1 << 31;
