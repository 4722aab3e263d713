//! What is at the other end: a program reads and writes pipes, files and terminals alike.

use fixtures::prelude::*;
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use std::os::fd::AsFd;

/// What a program copies.
const LINE: &[u8] = b"one line\n";

#[rstest::rstest]
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
    let (reader, writer) = pipe()?;
    let child = fork(|| run_cat(&for_program, &writer))?;
    drop(writer);
    assert_eq!(read_exactly(&reader, LINE.len())?, LINE.into());
    assert_eq!(read_bytes(&reader, 9), Ok("".into()));
    assert_eq!(child.wait()?, Ended::Exited(0));
    Ok(())
}

#[rstest::rstest]
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
    let child = fork(|| run_cat(&input, &for_program))?;
    assert_eq!(child.wait()?, Ended::Exited(0));
    assert_eq!(read_exactly(&ours, LINE.len())?, LINE.into());
    Ok(())
}

/// What the program is given, and our side of it.
#[derive(Debug)]
struct Ends {
    for_program: Fd,
    ours: Fd,
}

/// Becomes `cat` with this standard input and output.
fn run_cat(input: &Fd, output: &Fd) -> Scene {
    for (end, standard) in [(input, libc::STDIN_FILENO), (output, libc::STDOUT_FILENO)] {
        // SAFETY: the standard descriptor is to be replaced, in a child that is about to exec.
        Errno::result(unsafe { libc::dup2(end.number(), standard) })?;
    }
    input.close();
    output.close();
    // SAFETY: this process has one thread. Other descriptors would keep the pipe open in the program.
    Errno::result(unsafe { libc::close_range(3, u32::MAX, 0) })?;
    nix::unistd::execvp(c"cat", &[c"cat"])?;
    Ok(())
}

fn from_pipe() -> Scene<Ends> {
    let (reader, writer) = pipe()?;
    write_all(&writer, LINE)?;
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
    write_all(&writer, LINE)?;
    Ok(Ends { for_program: reader, ours: writer })
}

/// A file without a name, opened twice: each side has its own position.
fn to_file() -> Scene<Ends> {
    let writer = Fd::from(nix::sys::memfd::memfd_create(c"lines", nix::sys::memfd::MFdFlags::empty())?);
    let reader = open(format!("/proc/self/fd/{}", writer.number()), libc::O_RDONLY)?;
    Ok(Ends { for_program: writer, ours: reader })
}

/// A line was typed, and the key that ends input.
fn from_terminal() -> Scene<Ends> {
    let pair = openpty(None, None)?;
    let ours = Fd::from(pair.master);
    write_all(&ours, LINE)?;
    write_all(&ours, b"\x04")?;
    Ok(Ends { for_program: pair.slave.into(), ours })
}

/// A terminal that shows bytes as they are.
fn to_terminal() -> Scene<Ends> {
    let pair = openpty(None, None)?;
    let mut settings = tcgetattr(&pair.slave)?;
    cfmakeraw(&mut settings);
    tcsetattr(pair.slave.as_fd(), SetArg::TCSANOW, &settings)?;
    Ok(Ends { for_program: pair.slave.into(), ours: pair.master.into() })
}
