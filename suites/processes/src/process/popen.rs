//! Commands at the other end of a stream: popen and pclose.

use crate::proc::is_open_in;
use kit::limits::limit;
use kit::needs::program;
use kit::prelude::*;
use libc::{FD_CLOEXEC, SIGKILL};
use nix::sys::resource::Resource;
use std::ffi::CStr;

/// With r the stream of popen is what the command writes to its standard output, to the end; with w what is written to it is the
/// standard input of the command, which ends when pclose closes the stream. pclose returns how the command ended.
#[harness::test(
    id = "process.popen",
    cite = [posix("popen.3p", "DESCRIPTION"), posix("pclose.3p", "DESCRIPTION"), man("popen.3", "DESCRIPTION")],
    covers = ["behaviours:popen.read", "behaviours:popen.write", "behaviours:pclose.status"],
    needs = [program("sh")],
)]
fn a_command_is_read_or_written() -> TestResult {
    let opened = popen(c"echo one; echo two; exit 3", c"r");
    let mut from = assert_ok!(opened);
    let moved = from.read(99);
    assert_eq!(moved, Ok(b"one\ntwo\n".to_vec()));
    let closed = pclose(from);
    assert_eq!(closed, Ok(Ended::Exited(3)));
    // The command ends with the number of lines that it has read.
    let opened = popen(c"n=0; while read line; do n=$((n + ${#line})); done; exit $n", c"w");
    let mut to = assert_ok!(opened);
    let moved = to.write(b"one\nthree\n");
    assert_eq!(moved, Ok(()));
    let closed = pclose(to);
    assert_eq!(closed, Ok(Ended::Exited(8)));
    let opened = popen(c"kill -KILL $$", c"r");
    let killed = assert_ok!(opened);
    let closed = pclose(killed);
    assert_eq!(closed, Ok(Ended::Killed { by: Signal(SIGKILL), core: false }));
    assert_errno!(waitpid(-1, 0), ECHILD);
    Ok(())
}

/// pclose waits until the command has ended, although the stream is closed.
#[harness::test(
    id = "process.pclose-waits",
    cite = [posix("pclose.3p", "DESCRIPTION"), man("popen.3", "DESCRIPTION")],
    covers = ["behaviours:pclose.status"],
    needs = [program("sh")],
)]
fn pclose_waits_for_the_command() -> TestResult {
    let (reader, writer) = pipe()?;
    let caller = fork(|| -> TestResult {
        writer.close();
        // SAFETY: nobody owns 0, which the command gets.
        Errno::result(unsafe { libc::dup2(reader.number(), 0) })?;
        let stream = popen(c"exec >/dev/null; read line; exit $line", c"r")?;
        let closed = pclose(stream);
        assert_eq!(closed, Ok(Ended::Exited(5)));
        Ok(())
    })?;
    caller.assert_blocked_in(calls::PCLOSE);
    write_all(&writer, b"5\n")?;
    caller.join()
}

/// A stream that popen opened for reading cannot be written to, and one opened for writing cannot be read.
#[harness::test(
    id = "process.popen-one-way",
    cite = [man("popen.3", "DESCRIPTION"), posix("fputc.3p", "ERRORS", "EBADF"), posix("fgetc.3p", "ERRORS", "EBADF")],
    covers = ["behaviours:popen.one-way"],
    needs = [program("sh")],
)]
fn a_stream_is_one_way() -> TestResult {
    let (mut from, mut to) = (popen(c"exit 3", c"r")?, popen(c"exit 4", c"w")?);
    assert_errno!(from.write(b"x"), EBADF);
    assert_errno!(to.read(1), EBADF);
    let closed = [pclose(from), pclose(to)];
    assert_eq!(closed, [Ok(Ended::Exited(3)), Ok(Ended::Exited(4))]);
    Ok(())
}

/// A command that is read from has the standard input of the caller, and one that is written to has the standard output of the caller.
#[harness::test(
    id = "process.popen-other-end",
    cite = [man("popen.3", "DESCRIPTION"), posix("popen.3p", "DESCRIPTION")],
    covers = ["behaviours:popen.shares-other-end"],
    needs = [program("sh")],
)]
fn the_other_end_is_that_of_the_caller() -> TestResult {
    let ((input, typed), (shown, output)) = (pipe()?, pipe()?);
    write_all(&typed, b"asked\n")?;
    let caller = fork(|| -> TestResult {
        // SAFETY: nobody owns 0 and 1.
        let ends = unsafe { [libc::dup2(input.number(), 0), libc::dup2(output.number(), 1)] };
        ends.into_iter().try_for_each(|end| Errno::result(end).map(drop))?;
        let mut from = popen(c"read line; echo got $line", c"r")?;
        let moved = from.read(99);
        assert_eq!(moved, Ok(b"got asked\n".to_vec()));
        let closed = pclose(from);
        assert_eq!(closed, Ok(Ended::Exited(0)));
        let to = popen(c"echo told", c"w")?;
        let closed = pclose(to);
        assert_eq!(closed, Ok(Ended::Exited(0)));
        Ok(())
    })?;
    caller.join()?;
    drop(output);
    assert_eq!(read_bytes(&shown, 99), Ok("told\n".into()));
    Ok(())
}

#[rstest]
#[case::read(c"r", 0)]
#[case::write(c"w", 0)]
#[case::read_close_on_exec(c"re", FD_CLOEXEC)]
#[case::write_close_on_exec(c"we", FD_CLOEXEC)]
/// With e in its type the descriptor of a stream has close-on-exec, and without it has not.
#[harness::test(
    id = "process.popen-close-on-exec",
    cite = [man("popen.3", "DESCRIPTION")],
    covers = ["behaviours:popen.close-on-exec"],
    needs = [program("sh")],
)]
fn close_on_exec_is_asked_for(#[case] kind: &CStr, #[case] flags: i32) -> TestResult {
    let stream = popen(c"exit 3", kind)?;
    assert_eq!(get_descriptor_flags(stream.number()), Ok(flags));
    let closed = pclose(stream);
    assert_eq!(closed, Ok(Ended::Exited(3)));
    Ok(())
}

/// The streams of earlier calls of popen are closed in the command of a later one: an earlier command finds its end of file although
/// the later one runs.
#[harness::test(
    id = "process.popen-earlier-streams",
    cite = [posix("popen.3p", "DESCRIPTION")],
    covers = ["behaviours:popen.earlier-streams"],
    needs = [program("sh")],
)]
fn earlier_streams_are_closed() -> TestResult {
    let earlier = popen(c"read line; exit 3", c"w")?;
    let number = earlier.number();
    assert!(number > 2);
    // It tells its pid in eight bytes, and waits.
    let mut later = popen(c"printf %8d $$; kill -STOP $$", c"r")?;
    let pid: i32 = String::from_utf8_lossy(&later.read(8)?).trim().parse()?;
    assert_eq!([is_open_in(own_pid(), number), is_open_in(pid, number)], [true, false]);
    let closed = pclose(earlier);
    assert_eq!(closed, Ok(Ended::Exited(3)));
    kill(pid, SIGKILL)?;
    let closed = pclose(later);
    assert_eq!(closed, Ok(Ended::Killed { by: Signal(SIGKILL), core: false }));
    Ok(())
}

#[rstest]
#[case::empty(c"")]
#[case::other(c"x")]
/// popen fails with EINVAL if type has no r or w, and starts no command.
#[harness::test(
    id = "process.popen-invalid-type",
    cite = [man("popen.3", "ERRORS")],
    covers = ["errors:process.popen.EINVAL"],
)]
fn other_types_are_refused(#[case] kind: &CStr) -> TestResult {
    let result = popen(c"exit 3", kind);
    assert_errno!(result, EINVAL);
    assert_errno!(waitpid(-1, libc::WNOHANG), ECHILD);
    Ok(())
}

/// popen fails with EMFILE when no descriptor is free, and starts no command.
#[harness::test(
    id = "process.popen-no-descriptor",
    cite = [posix("popen.3p", "ERRORS", "EMFILE"), man("popen.3", "ERRORS")],
    covers = ["errors:process.popen.EMFILE"],
)]
fn without_descriptors_there_is_no_stream() -> TestResult {
    let lowest_free = open(".", libc::O_RDONLY)?;
    limit(Resource::RLIMIT_NOFILE, lowest_free.number() as u64 + 1)?;
    let result = popen(c"exit 3", c"r");
    assert_errno!(result, EMFILE);
    assert_errno!(waitpid(-1, libc::WNOHANG), ECHILD);
    Ok(())
}

/// pclose fails with ECHILD when another wait has taken the status of the command.
#[harness::test(
    id = "process.pclose-no-child",
    cite = [posix("pclose.3p", "ERRORS", "ECHILD"), man("popen.3", "ERRORS")],
    covers = ["errors:process.pclose.ECHILD"],
    needs = [program("sh")],
)]
fn a_command_that_was_waited_for_has_no_status() -> TestResult {
    let (first, second) = (popen(c"exit 3", c"r")?, popen(c"exit 4", c"r")?);
    let mut ended = [waitpid(-1, 0)?, waitpid(-1, 0)?].map(|child| child.map(|(_, ended)| ended));
    ended.sort_by_key(|ended| *ended == Some(Ended::Exited(4)));
    assert_eq!(ended, [Some(Ended::Exited(3)), Some(Ended::Exited(4))]);
    let result = pclose(first);
    assert_errno!(result, ECHILD);
    let result = pclose(second);
    assert_errno!(result, ECHILD);
    Ok(())
}
