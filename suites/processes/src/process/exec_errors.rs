//! Calls of exec that fail, because of the path or of the file: a table for each family of conditions.

use super::program::{MACHINE, Program, executable, script};
use calls::for_layers::nix_raw::{execve, execveat};
use harness::need::MOUNTS;
use kit::limits::limit;
use kit::mounted::Mounted;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{AT_FDCWD, O_WRONLY, PATH_MAX};
use nix::mount::{MsFlags, mount};
use nix::sys::resource::Resource;
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Executes a program with these arguments and strings of the environment: execve, or execveat.
type Exec = fn(&Path, &[&CStr], &[&CStr]) -> Result<()>;

const EXECVE: Exec = |path, argv, envp| execve(&c_path(path), argv, envp);
const EXECVEAT: Exec = |path, argv, envp| execveat(AT_FDCWD, &c_path(path), argv, envp, 0);

fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).expect("a path holds no NUL")
}

/// Without arguments but the name, and with an empty environment.
fn run(exec: Exec, path: impl AsRef<Path>) -> Result<()> {
    exec(path.as_ref(), &[c"program"], &[])
}

/// Asserts in a process of its own, which becomes the program if the call does not fail.
fn in_child(assertion: impl FnOnce()) -> TestResult {
    fork(assertion)?.join()
}

/// How a process ends that becomes the program.
fn ended(exec: Exec, path: impl AsRef<Path>) -> TestResult<Ended> {
    fork(|| -> TestResult { Ok(run(exec, &path)?) })?.wait()
}

const EXITED: Ended = Ended::Exited(7);

#[harness::errors(
    family = "path-missing",
    rows = [
        ("process.exec-no-file/execve", "errors:process.execve.ENOENT", EXECVE),
        ("process.exec-no-file/execveat", "errors:process.execveat.ENOENT", EXECVEAT),
    ],
    layers = [nix, raw],
)]
fn a_missing_file_cannot_be_executed(exec: Exec) -> TestResult {
    let nothing = Name::free("nothing");
    let dangling = Name::symlink("dangling", &nothing)?;
    in_child(|| assert_errno!(run(exec, &nothing), ENOENT))?;
    in_child(|| assert_errno!(run(exec, nothing.join("program")), ENOENT))?;
    in_child(|| assert_errno!(run(exec, &dangling), ENOENT))?;
    in_child(|| assert_errno!(run(exec, ""), ENOENT))?;
    let _program = Program::Exits(7).file("nothing")?;
    assert_eq!(ended(exec, &dangling)?, EXITED);
    Ok(())
}

#[harness::errors(
    family = "path-not-a-directory",
    rows = [
        ("process.exec-below-a-file/execve", "errors:process.execve.ENOTDIR", EXECVE),
        ("process.exec-below-a-file/execveat", "errors:process.execveat.ENOTDIR", EXECVEAT),
    ],
    layers = [nix, raw],
)]
fn nothing_below_a_file_can_be_executed(exec: Exec) -> TestResult {
    let program = Program::Exits(7).file("program")?;
    in_child(|| assert_errno!(run(exec, program.join("program")), ENOTDIR))?;
    in_child(|| assert_errno!(run(exec, "program/"), ENOTDIR))?;
    assert_eq!(ended(exec, &program)?, EXITED);
    Ok(())
}

#[harness::errors(
    family = "path-loop",
    rows = [
        ("process.exec-loop/execve", "errors:process.execve.ELOOP", EXECVE),
        ("process.exec-loop/execveat", "errors:process.execveat.ELOOP", EXECVEAT),
    ],
    layers = [nix, raw],
)]
fn a_loop_of_links_cannot_be_executed(exec: Exec) -> TestResult {
    let _back = Name::symlink("back", "forth")?;
    let forth = Name::symlink("forth", "back")?;
    in_child(|| assert_errno!(run(exec, &forth), ELOOP))?;
    in_child(|| assert_errno!(run(exec, forth.join("program")), ELOOP))?;
    Ok(())
}

#[harness::errors(
    family = "path-name-too-long",
    rows = [
        ("process.exec-long-path/execve", "errors:process.execve.ENAMETOOLONG", EXECVE),
        ("process.exec-long-path/execveat", "errors:process.execveat.ENAMETOOLONG", EXECVEAT),
    ],
    layers = [nix, raw],
)]
fn a_path_that_is_too_long_cannot_be_executed(exec: Exec) -> TestResult {
    let _program = Program::Exits(7).file("program")?;
    let of_length =
        |length: usize| format!("{}{}", "/".repeat(length - "program".len() - 1), "program").replacen('/', "./", 1);
    in_child(|| assert_errno!(run(exec, of_length(PATH_MAX as usize)), ENAMETOOLONG))?;
    in_child(|| assert_errno!(run(exec, "n".repeat(256)), ENAMETOOLONG))?;
    assert_eq!(ended(exec, of_length(PATH_MAX as usize - 1))?, EXITED);
    in_child(|| assert_errno!(run(exec, "n".repeat(255)), ENOENT))?;
    Ok(())
}

#[harness::errors(
    family = "path-search-denied",
    rows = [
        ("process.exec-no-search/execve", "errors:process.execve.EACCES", EXECVE),
        ("process.exec-no-search/execveat", "errors:process.execveat.EACCES", EXECVEAT),
    ],
    layers = [nix, raw],
)]
fn without_search_permission_nothing_can_be_executed(exec: Exec) -> TestResult {
    let directory = Name::directory("directory", 0o700)?;
    let program = Program::Exits(7).file("directory/program")?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        directory.set_permissions(0o600)?;
        in_child(|| assert_errno!(run(exec, &program), EACCES))?;
        directory.set_permissions(0o100)?;
        assert_eq!(ended(exec, &program)?, EXITED);
        Ok(())
    })?;
    child.join()?;
    directory.set_permissions(0o700)
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("process.exec-no-regular-file/execve", "errors:process.execve.EACCES.2", EXECVE),
        ("process.exec-no-regular-file/execveat", "errors:process.execveat.EACCES.2", EXECVEAT),
    ],
    layers = [nix, raw],
)]
fn only_regular_files_can_be_executed(exec: Exec) -> TestResult {
    let (directory, socket) = (Name::directory("directory", 0o755)?, Name::socket("socket")?);
    let fifo = Fifo::new()?;
    socket.set_permissions(0o755)?;
    std::fs::set_permissions(&fifo, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    for path in [&directory, &socket, &fifo].map(|name| name.to_path_buf()) {
        in_child(|| assert_errno!(run(exec, path), EACCES))?;
    }
    Ok(())
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("process.exec-no-permission/execve", "errors:process.execve.EACCES.3", EXECVE),
        ("process.exec-no-permission/execveat", "errors:process.execveat.EACCES.3", EXECVEAT),
    ],
    layers = [nix, raw],
)]
fn without_execute_permission_nothing_can_be_executed(exec: Exec) -> TestResult {
    let program = Program::Exits(7).file("program")?;
    program.set_permissions(0o666)?;
    // Nobody may, so that no capability helps.
    in_child(|| assert_errno!(run(exec, &program), EACCES))?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        program.set_permissions(0o677)?;
        in_child(|| assert_errno!(run(exec, &program), EACCES))?;
        program.set_permissions(0o100)?;
        assert_eq!(ended(exec, &program)?, EXITED);
        Ok(())
    })?;
    child.join()
}

#[rstest]
#[case::execve(EXECVE)]
#[case::execveat(EXECVEAT)]
/// execve and execveat fail with ENOEXEC for an executable file in no recognised format: one that is empty, one with text that does not
/// begin with #!, and an ELF file for another machine.
#[harness::test(
    id = "process.exec-no-format",
    cite = [man("execve.2", "ERRORS", "ENOEXEC"), posix("exec.3p", "ERRORS", "ENOEXEC"), man("execveat.2", "ERRORS")],
    covers = ["errors:process.execve.ENOEXEC", "errors:process.execve.ENOEXEC.2", "errors:process.execveat.ENOEXEC"],
    layers = [nix, raw],
)]
fn an_unknown_format_cannot_be_executed(#[case] exec: Exec) -> TestResult {
    let foreign = Program::Exits(7).elf(MACHINE[1], None);
    for content in [&b""[..], b"exit 7\n", &foreign] {
        let file = executable("program", content)?;
        in_child(|| assert_errno!(run(exec, &file), ENOEXEC))?;
    }
    let program = Program::Exits(7).file("program")?;
    assert_eq!(ended(exec, &program)?, EXITED);
    Ok(())
}

#[rstest]
#[case::execve(EXECVE)]
#[case::execveat(EXECVEAT)]
/// execve and execveat fail with ETXTBSY for a file that a process has open for writing, the caller or another, and succeed once it is
/// closed.
#[harness::test(
    id = "process.exec-open-for-writing",
    cite = [man("execve.2", "ERRORS", "ETXTBSY"), man("execveat.2", "ERRORS")],
    covers = ["errors:process.execve.ETXTBSY", "errors:process.execveat.ETXTBSY"],
    layers = [nix, raw],
)]
fn a_file_open_for_writing_cannot_be_executed(#[case] exec: Exec) -> TestResult {
    let program = Program::Exits(7).file("program")?;
    let writer = open(&program, O_WRONLY)?;
    in_child(|| assert_errno!(run(exec, &program), ETXTBSY))?;
    let other = holder(|| Ok(open(&program, O_WRONLY)?))?;
    drop(writer);
    in_child(|| assert_errno!(run(exec, &program), ETXTBSY))?;
    other.kill()?;
    assert_eq!(ended(exec, &program)?, EXITED);
    Ok(())
}

#[rstest]
#[case::execve(EXECVE)]
#[case::execveat(EXECVEAT)]
/// execve and execveat fail with E2BIG when arguments and environment together are larger than a quarter of RLIMIT_STACK, or one string
/// with its NUL is longer than 32 pages.
#[harness::test(
    id = "process.exec-too-many-arguments",
    cite = [man("execve.2", "Limits on size of arguments and environment"), man("execve.2", "ERRORS", "E2BIG"), man("execveat.2", "ERRORS")],
    covers = [
        "errors:process.execve.E2BIG", "errors:process.execve.E2BIG.2", "errors:process.execveat.E2BIG", "errors:process.execveat.E2BIG.2",
    ],
    layers = [nix, raw],
)]
fn arguments_that_are_too_large_are_refused(#[case] exec: Exec) -> TestResult {
    let program = Program::Exits(7).file("program")?;
    let string = |bytes: usize| CString::new("x".repeat(bytes)).expect("no NUL");
    // 1/4 of the stack are 64 pages: two of these fit, three do not.
    limit(Resource::RLIMIT_STACK, 256 * page_size() as u64)?;
    let (part, largest, larger) = (string(25 * page_size()), string(32 * page_size() - 1), string(32 * page_size()));
    let try_with = |argv: &[&CStr], envp: &[&CStr]| exec(&program, argv, envp);
    in_child(|| assert_errno!(try_with(&[&part, &part, &part], &[]), E2BIG))?;
    in_child(|| assert_errno!(try_with(&[&part], &[&part, &part]), E2BIG))?;
    in_child(|| assert_errno!(try_with(&[&larger], &[]), E2BIG))?;
    in_child(|| assert_errno!(try_with(&[], &[&larger]), E2BIG))?;
    for (argv, envp) in [(vec![&*part], vec![&*part]), (vec![&*largest], vec![]), (vec![c"x"], vec![&*largest])] {
        let child = fork(|| -> TestResult { Ok(try_with(&argv, &envp)?) })?;
        assert_eq!(child.wait()?, EXITED);
    }
    Ok(())
}

#[rstest]
#[case::missing("./nothing", |exec, file: &Path| in_child(|| assert_errno!(run(exec, file), ENOENT)))]
#[case::directory("./directory", |exec, file: &Path| in_child(|| assert_errno!(run(exec, file), EACCES)))]
#[case::no_permission("./unexecutable", |exec, file: &Path| in_child(|| assert_errno!(run(exec, file), EACCES)))]
#[case::recursion("./script", |exec, file: &Path| in_child(|| assert_errno!(run(exec, file), ELOOP)))]
/// execve of a script fails with ENOENT if its interpreter does not exist, with EACCES if that is a directory or has no execute
/// permission, and with ELOOP if it is interpreted by itself.
#[harness::test(
    id = "process.exec-bad-interpreter",
    cite = [man("execve.2", "ERRORS"), man("execve.2", "Interpreter scripts")],
    covers = ["errors:process.execve.ENOENT.2", "errors:process.execve.EACCES.4", "errors:process.execve.ELOOP.2"],
    layers = [nix, raw],
)]
fn a_script_needs_an_interpreter(
    #[case] interpreter: &str,
    #[case] fails: fn(Exec, &Path) -> TestResult,
) -> TestResult {
    let _directory = Name::directory("directory", 0o755)?;
    let unexecutable = Program::Exits(7).file("unexecutable")?;
    unexecutable.set_permissions(0o644)?;
    fails(EXECVE, &script("script", interpreter)?)?;
    let (_program, good) = (Program::Exits(7).file("program")?, script("good", "./program")?);
    assert_eq!(ended(EXECVE, &good)?, EXITED);
    Ok(())
}

/// execve of an ELF file fails with ENOENT if its interpreter does not exist, and with ELIBBAD if that is in no recognised format.
#[harness::test(
    id = "process.exec-bad-elf-interpreter",
    cite = [man("execve.2", "ERRORS")],
    covers = ["errors:process.execve.ELIBBAD", "errors:process.execve.ENOENT.2"],
    layers = [nix, raw],
)]
fn an_elf_interpreter_has_to_be_one() -> TestResult {
    let linked = executable("program", &Program::Exits(7).elf(MACHINE[0], Some("./interpreter")))?;
    in_child(|| assert_errno!(run(EXECVE, &linked), ENOENT))?;
    let text = executable("interpreter", "no interpreter\n".repeat(64).as_bytes())?;
    in_child(|| assert_errno!(run(EXECVE, &linked), ELIBBAD))?;
    drop(text);
    let _good = Program::Exits(7).file("interpreter")?;
    assert_eq!(ended(EXECVE, &linked)?, EXITED);
    Ok(())
}

/// execve fails with EACCES for a file on a file system that is mounted noexec.
#[harness::test(
    id = "process.exec-noexec",
    cite = [man("execve.2", "ERRORS", "EACCES"), man("mount.2", "Additional mount flags", "MS_NOEXEC")],
    covers = ["errors:process.execve.EACCES.5"],
    needs = [MOUNTS],
    layers = [nix, raw],
)]
fn nothing_on_a_noexec_mount_can_be_executed() -> TestResult {
    let mounted = Mounted::new("tmpfs", "")?;
    let program = Program::Exits(7).file("mounted/program")?;
    assert_eq!(ended(EXECVE, &program)?, EXITED);
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_NOEXEC | MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(None::<&str>, &*mounted, None::<&str>, flags, None::<&str>)?;
    in_child(|| assert_errno!(run(EXECVE, &program), EACCES))?;
    Ok(())
}
