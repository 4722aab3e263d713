//! What is at the other end: a program reads and writes pipes, files and terminals alike.

use kit::file::file_of;
use kit::prelude::*;
use kit::program;
use kit::pty::Pty;
use rstest::rstest;

/// What a program copies.
const LINE: &str = "one line\n";

#[rstest]
#[case::pipe(from_pipe, libc::S_IFIFO)]
#[case::file(from_file, libc::S_IFREG)]
#[case::terminal(from_terminal, libc::S_IFCHR)]
/// The same program, told nothing, reads a pipe, a file or a terminal, and what it writes is the same.
#[harness::test(
    id = "pipe.program-reads-anything",
    cite = "POSIX.1-2024 read(), cat: STDIN; pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.unaware-of-other-end"],
    needs = [program("cat"), pty],
)]
fn a_program_reads_whatever_it_is_given(#[case] input: fn() -> Scene<Ends>, #[case] kind: u32) -> Scene {
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
/// The same program, told nothing, writes to a pipe, a file or a terminal, and what arrives there is the same.
#[harness::test(
    id = "pipe.program-writes-anything",
    cite = "POSIX.1-2024 write(), cat: STDOUT; pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.unaware-of-other-end"],
    needs = [program("cat"), pty],
)]
fn a_program_writes_to_whatever_it_is_given(#[case] output: fn() -> Scene<Ends>, #[case] kind: u32) -> Scene {
    let Ends { for_program, ours } = output()?;
    assert_eq!(fstat(&for_program).map(|stat| stat.st_mode & libc::S_IFMT), Ok(kind));
    let input = from_pipe()?.for_program;
    let child = program::start(&["cat"], [&input, &for_program, &2])?;
    assert_eq!(child.wait()?, Ended::Exited(0));
    assert_eq!(read_exactly(&ours, LINE.len())?, LINE.into());
    assert_eq!(unread(&ours), Ok(0));
    Ok(())
}

/// What the program is given, and our side of it.
#[derive(Debug)]
struct Ends {
    for_program: Fd,
    ours: Fd,
}

fn from_pipe() -> Scene<Ends> {
    let (reader, writer) = pipe()?;
    write_all(&writer, LINE.as_bytes())?;
    drop(writer);
    let ours = dup(&reader)?;
    Ok(Ends { for_program: reader, ours })
}

fn to_pipe() -> Scene<Ends> {
    let (reader, writer) = pipe()?;
    Ok(Ends { for_program: writer, ours: reader })
}

fn from_file() -> Scene<Ends> {
    let Ends { for_program: writer, ours: reader } = to_file()?;
    write_all(&writer, LINE.as_bytes())?;
    Ok(Ends { for_program: reader, ours: writer })
}

/// A file opened twice: each side has its own position.
fn to_file() -> Scene<Ends> {
    let writer = file_of(b"", libc::O_RDWR)?;
    let reader = open(format!("/proc/self/fd/{}", writer.number()), libc::O_RDONLY)?;
    Ok(Ends { for_program: writer, ours: reader })
}

/// A line was typed, and the key that ends input.
fn from_terminal() -> Scene<Ends> {
    let pty = Pty::new(24, 80)?;
    pty.type_in(LINE)?;
    pty.type_in("\x04")?;
    Ok(Ends { for_program: pty.terminal, ours: pty.screen })
}

fn to_terminal() -> Scene<Ends> {
    let pty = Pty::new(24, 80)?;
    pty.make_raw()?;
    Ok(Ends { for_program: pty.terminal, ours: pty.screen })
}
