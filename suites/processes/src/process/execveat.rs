//! What is executed and what it is given: directories and descriptors, scripts, arguments.

use super::program::{Program, script};
use crate::proc::{number_in, text_of};
use calls::for_layers::libc_nix_raw::waitpid;
use kit::disposition::{handle, handled};
use kit::prelude::*;
use kit::thread;
use libc::{
    AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, FD_CLOEXEC, O_CLOEXEC, O_DIRECTORY, O_PATH, O_RDONLY, SIGKILL,
};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, Signal as Known};
use nix::sys::stat::{Mode, umask};
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

const EXITED: Ended = Ended::Exited(7);
const ARGUMENTS: [&CStr; 1] = [c"program"];

/// How a process ends that executes a program by this call.
fn ended(exec: impl Fn() -> Result<()>) -> TestResult<Ended> {
    fork(|| -> TestResult { Ok(exec()?) })?.wait()
}

/// Kills a program, which was a child of this process all the time.
fn assert_is_killed(child: Child) -> TestResult {
    child.signal(Signal(SIGKILL))?;
    let killed = Ended::Killed { by: Signal(SIGKILL), core: false };
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), killed))));
    child.let_go();
    Ok(())
}

/// A program gets the strings of argv and those of envp, all of them, in their order; argv[0] may be anything, and a string may be
/// empty.
#[harness::test(
    id = "process.exec-arguments",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "DESCRIPTION")],
    covers = ["behaviours:exec.argv-envp"],
    layers = [libc, nix, raw],
)]
fn a_program_gets_its_arguments() -> TestResult {
    let _program = Program::Sleeps.file("program")?;
    let child = fork(|| -> TestResult {
        Ok(execve(c"program", &[c"any name", c"", c"b c", c"a"], &[c"Z=1", c"no equals sign", c"A="])?)
    })?;
    child.wait_until_blocked_in(calls::POLL)?;
    assert_eq!(text_of(&format!("/proc/{}/cmdline", child.pid()))?, "any name\0\0b c\0a\0");
    assert_eq!(text_of(&format!("/proc/{}/environ", child.pid()))?, "Z=1\0no equals sign\0A=\0");
    assert_is_killed(child)
}

#[rstest]
#[case::of_a_program("./program", "./program\0./script\0a b\0c\0")]
#[case::with_argument("./program one two", "./program\0one two\0./script\0a b\0c\0")]
#[case::of_a_script("./inner", "./program\0in\0./inner\0./script\0a b\0c\0")]
/// A script is executed by its interpreter, which gets the rest of the first line as one argument, then the path of the script in the
/// place of argv[0], then the arguments from argv[1] on; the interpreter may be a script itself.
#[harness::test(
    id = "process.exec-script",
    cite = [man("execve.2", "Interpreter scripts")],
    covers = ["behaviours:exec.script", "behaviours:exec.script-of-script"],
    layers = [libc, nix, raw],
)]
fn a_script_is_given_to_its_interpreter(#[case] interpreter: &str, #[case] expected: &str) -> TestResult {
    let _program = Program::Sleeps.file("program")?;
    let (_inner, _script) = (script("inner", "./program in")?, script("script", interpreter)?);
    let child = fork(|| -> TestResult { Ok(execve(c"./script", &[c"lost", c"a b", c"c"], &[])?) })?;
    child.wait_until_blocked_in(calls::POLL)?;
    assert_eq!(text_of(&format!("/proc/{}/cmdline", child.pid()))?, expected);
    assert_is_killed(child)
}

/// A program has the working directory, the umask and the resource limits that its process had before.
#[harness::test(
    id = "process.exec-keeps-attributes",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:exec.attributes-kept"],
)]
fn a_program_keeps_attributes() -> TestResult {
    let (directory, _program) = (Name::directory("directory", 0o755)?, Program::Sleeps.file("program")?);
    let expected = directory.canonicalize()?;
    let child = fork(|| -> TestResult {
        nix::unistd::chdir("directory")?;
        umask(Mode::from_bits_truncate(0o27));
        setrlimit(Resource::RLIMIT_NOFILE, 11, 13)?;
        Ok(execve(c"../program", &ARGUMENTS, &[])?)
    })?;
    child.wait_until_blocked_in(calls::POLL)?;
    let of_child = |file: &str| format!("/proc/{}/{file}", child.pid());
    assert_eq!(std::fs::read_link(of_child("cwd"))?, expected);
    assert_eq!(number_in(&of_child("status"), "Umask:")?, 27);
    let limits = text_of(&of_child("limits"))?;
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    assert_eq!(files.split_whitespace().take(2).collect::<Vec<_>>(), ["11", "13"]);
    assert_is_killed(child)
}

/// An execve that fails leaves its process as it was: descriptors with close-on-exec are open, handlers are installed, and other
/// threads go on.
#[harness::test(
    id = "process.exec-failure",
    cite = [man("execve.2", "RETURN VALUE"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:exec.failure-changes-nothing"],
)]
fn a_failed_exec_changes_nothing() -> TestResult {
    handle(Known::SIGUSR1, SaFlags::empty())?;
    let (reader, writer) = pipe2(O_CLOEXEC)?;
    let latches = Arc::new((Latch::new()?, Latch::new()?));
    let theirs = Arc::clone(&latches);
    let other = thread::spawn(move || {
        theirs.0.wait_for(1);
        theirs.1.arrive();
    })?;
    assert_errno!(execve(c"nothing", &ARGUMENTS, &[]), ENOENT);
    latches.0.arrive();
    latches.1.wait_for(1);
    other.join()?;
    assert_eq!([get_descriptor_flags(&reader), get_descriptor_flags(&writer)], [Ok(FD_CLOEXEC), Ok(FD_CLOEXEC)]);
    write_all(&writer, b"x")?;
    assert_eq!(read_bytes(&reader, 9), Ok("x".into()));
    let own = own_pid();
    assert_eq!(kill(own, libc::SIGUSR1), Ok(()));
    assert_eq!(handled(Known::SIGUSR1), 1);
    Ok(())
}

/// execveat takes a relative path from the directory of the descriptor, or with AT_FDCWD from the working directory; with an absolute
/// path the descriptor is ignored, even one that is not open.
#[harness::test(
    id = "process.execveat-directory",
    cite = [man("execveat.2", "DESCRIPTION")],
    covers = ["behaviours:execveat.relative", "behaviours:execveat.absolute"],
    layers = [raw],
)]
fn a_path_is_relative_to_the_directory() -> TestResult {
    let directory = Name::directory("directory", 0o755)?;
    let (inner, outer) = (Program::Exits(7).file("directory/program")?, Program::Exits(8).file("program")?);
    let opened = open(&directory, O_DIRECTORY)?;
    let path = CString::new(inner.as_os_str().as_bytes())?;
    assert_eq!(ended(|| execveat(&opened, c"program", &ARGUMENTS, &[], 0))?, EXITED);
    assert_eq!(ended(|| execveat(AT_FDCWD, c"program", &ARGUMENTS, &[], 0))?, Ended::Exited(8));
    assert_eq!(ended(|| execveat(NOT_OPEN, &path, &ARGUMENTS, &[], 0))?, EXITED);
    drop((inner, outer));
    Ok(())
}

#[rstest]
#[case::read_only(O_RDONLY)]
#[case::path(O_PATH)]
#[case::close_on_exec(O_RDONLY | O_CLOEXEC)]
/// execveat with an empty path and AT_EMPTY_PATH, and fexecve, execute the file of the descriptor, opened with O_RDONLY or O_PATH, and
/// although its name is another file's by now; the descriptor may have close-on-exec. Without AT_EMPTY_PATH execveat fails with ENOENT.
#[harness::test(
    id = "process.exec-descriptor",
    cite = [man("execveat.2", "DESCRIPTION", "AT_EMPTY_PATH"), man("fexecve.3", "DESCRIPTION"), posix("exec.3p", "DESCRIPTION")],
    covers = ["behaviours:execveat.empty-path", "behaviours:fexecve.descriptor"],
    layers = [nix, raw],
)]
fn a_descriptor_can_be_executed(#[case] flags: i32) -> TestResult {
    let program = Program::Exits(7).file("program")?;
    let file = open(&program, flags)?;
    drop(program);
    let _other = Program::Exits(8).file("program")?;
    assert_eq!(ended(|| execveat(&file, c"", &ARGUMENTS, &[], AT_EMPTY_PATH))?, EXITED);
    assert_eq!(ended(|| fexecve(&file, &ARGUMENTS, &[]))?, EXITED);
    assert_errno!(execveat(&file, c"", &ARGUMENTS, &[], 0), ENOENT);
    Ok(())
}

/// execveat of a descriptor, and fexecve, fail with ENOENT for a script whose descriptor has close-on-exec, since the interpreter could not
/// open it; without that the interpreter is given a path below /dev/fd.
#[harness::test(
    id = "process.exec-descriptor-of-script",
    cite = [man("execveat.2", "ERRORS", "ENOENT"), man("fexecve.3", "ERRORS", "ENOENT")],
    covers = ["errors:process.execveat.ENOENT.2", "errors:process.fexecve.ENOENT"],
    layers = [nix, raw],
)]
fn the_descriptor_of_a_script_stays_open() -> TestResult {
    let _program = Program::Sleeps.file("program")?;
    let file = script("script", "./program")?;
    let script = open(&file, O_CLOEXEC)?;
    assert_errno!(execveat(&script, c"", &ARGUMENTS, &[], AT_EMPTY_PATH), ENOENT);
    assert_errno!(fexecve(&script, &ARGUMENTS, &[]), ENOENT);
    assert_eq!(get_descriptor_flags(&script), Ok(FD_CLOEXEC));
    set_descriptor_flags(&script, 0)?;
    let child = fork(|| -> TestResult { Ok(execveat(&script, c"", &ARGUMENTS, &[], AT_EMPTY_PATH)?) })?;
    child.wait_until_blocked_in(calls::POLL)?;
    let shown = format!("./program\0/dev/fd/{}\0", script.number());
    assert_eq!(text_of(&format!("/proc/{}/cmdline", child.pid()))?, shown);
    Ok(())
}

/// execveat fails with EBADF for a relative path and a descriptor that is not open, with ENOTDIR for one that is no directory's, with
/// EINVAL for an undefined flag, and with ELOOP for a symbolic link with AT_SYMLINK_NOFOLLOW.
#[harness::test(
    id = "process.execveat-errors",
    cite = [kernel("fs/namei.c", "path_init", "6.18"), man("execveat.2", "ERRORS")],
    covers = [
        "errors:process.execveat.EBADF", "errors:process.execveat.ENOTDIR.2", "errors:process.execveat.EINVAL",
        "errors:process.execveat.ELOOP.2",
    ],
    layers = [raw],
)]
fn bad_directories_and_flags_are_refused() -> TestResult {
    let program = Program::Exits(7).file("program")?;
    let (file, link) = (open(&program, O_RDONLY)?, Name::symlink("link", &program)?);
    assert_errno!(execveat(NOT_OPEN, c"program", &ARGUMENTS, &[], 0), EBADF);
    assert_errno!(execveat(-1, c"program", &ARGUMENTS, &[], 0), EBADF);
    assert_errno!(execveat(&file, c"program", &ARGUMENTS, &[], 0), ENOTDIR);
    assert_errno!(execveat(AT_FDCWD, c"program", &ARGUMENTS, &[], 1 << 30), EINVAL);
    assert_errno!(execveat(AT_FDCWD, c"link", &ARGUMENTS, &[], AT_SYMLINK_NOFOLLOW), ELOOP);
    assert_eq!(ended(|| execveat(AT_FDCWD, c"program", &ARGUMENTS, &[], AT_SYMLINK_NOFOLLOW))?, EXITED);
    assert_eq!(ended(|| execveat(AT_FDCWD, c"link", &ARGUMENTS, &[], 0))?, EXITED);
    drop(link);
    Ok(())
}

/// fexecve fails with EBADF for a descriptor that is not open.
#[harness::test(
    id = "process.fexecve-closed",
    cite = [posix("exec.3p", "ERRORS", "EBADF")],
    covers = ["errors:process.fexecve.EBADF"],
    layers = [libc, raw],
)]
fn a_closed_descriptor_cannot_be_executed() -> TestResult {
    assert_errno!(fexecve(NOT_OPEN, &ARGUMENTS, &[]), EBADF);
    Ok(())
}
