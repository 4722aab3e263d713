//! A program reads and writes pipes, regular files and terminals alike.

use kit::file::file_of;
use kit::needs::{PTY, program};
use kit::prelude::*;
use kit::program;
use kit::pty::Pty;

/// The data that the program copies.
const LINE: &str = "one line\n";

#[rstest]
#[case::pipe(from_pipe, libc::S_IFIFO)]
#[case::file(from_file, libc::S_IFREG)]
#[case::terminal(from_terminal, libc::S_IFCHR)]
/// cat reads the same data from its standard input whether that is a pipe, a regular file or a terminal.
#[harness::test(
    id = "pipe.program-reads-any-file-type",
    cite = [posix("cat.1p", "INPUT FILES"), posix("cat.1p", "STDIN")],
    covers = ["notes:pipe.unaware-of-other-end"],
    needs = [program("cat"), PTY],
)]
fn a_program_reads_any_file_type(#[case] input: fn() -> TestResult<Ends>, #[case] kind: u32) -> TestResult {
    let Ends { for_program, ours: _ours } = input()?;
    assert_eq!(fstat(&for_program).map(|stat| stat.st_mode & libc::S_IFMT), Ok(kind));
    let output = program::run(&["cat"], &for_program)?;
    assert_eq!(output.printed, LINE);
    assert_eq!(output.ended, Ended::Exited(0));
    Ok(())
}

#[rstest]
#[case::pipe(to_pipe, libc::S_IFIFO)]
#[case::file(to_file, libc::S_IFREG)]
#[case::terminal(to_terminal, libc::S_IFCHR)]
/// cat writes the same data to its standard output whether that is a pipe, a regular file or a terminal in raw mode.
#[harness::test(
    id = "pipe.program-writes-any-file-type",
    cite = [posix("cat.1p", "STDOUT")],
    covers = ["notes:pipe.unaware-of-other-end"],
    needs = [program("cat"), PTY],
)]
fn a_program_writes_any_file_type(#[case] output: fn() -> TestResult<Ends>, #[case] kind: u32) -> TestResult {
    let Ends { for_program, ours } = output()?;
    assert_eq!(fstat(&for_program).map(|stat| stat.st_mode & libc::S_IFMT), Ok(kind));
    let input = from_pipe()?.for_program;
    let child = program::start(&["cat"], [&input, &for_program, &2])?;
    assert_eq!(child.wait()?, Ended::Exited(0));
    assert_eq!(read_exactly(&ours, LINE.len())?, LINE.into());
    assert_eq!(unread(&ours), Ok(0));
    Ok(())
}

/// The descriptor for the program, and our end of the same object.
#[derive(Debug)]
struct Ends {
    for_program: Fd,
    ours: Fd,
}

fn from_pipe() -> TestResult<Ends> {
    use calls::for_layers::libc_nix_raw::{dup, pipe};
    let (reader, writer) = pipe()?;
    write_all(&writer, LINE.as_bytes())?;
    drop(writer);
    let ours = dup(&reader)?;
    Ok(Ends { for_program: reader, ours })
}

fn to_pipe() -> TestResult<Ends> {
    use calls::for_layers::libc_nix_raw::pipe;
    let (reader, writer) = pipe()?;
    Ok(Ends { for_program: writer, ours: reader })
}

fn from_file() -> TestResult<Ends> {
    let Ends { for_program: writer, ours: reader } = to_file()?;
    write_all(&writer, LINE.as_bytes())?;
    Ok(Ends { for_program: reader, ours: writer })
}

/// A file opened twice: each descriptor has its own file offset.
fn to_file() -> TestResult<Ends> {
    use calls::for_layers::libc_nix_raw::open;
    let writer = file_of(b"", libc::O_RDWR)?;
    let reader = open(format!("/proc/self/fd/{}", writer.number()), libc::O_RDONLY)?;
    Ok(Ends { for_program: writer, ours: reader })
}

/// A terminal on which a line and the end-of-file character were typed.
fn from_terminal() -> TestResult<Ends> {
    let pty = Pty::new(24, 80)?;
    pty.type_in(LINE)?;
    pty.type_in("\x04")?;
    Ok(Ends { for_program: pty.terminal, ours: pty.screen })
}

fn to_terminal() -> TestResult<Ends> {
    let pty = Pty::new(24, 80)?;
    pty.make_raw()?;
    Ok(Ends { for_program: pty.terminal, ours: pty.screen })
}
