//! Splicing where no writer or no reader is left.

use calls::splicing::splice;
use kit::disposition::ignore;
use kit::file::file_of;
use kit::prelude::*;
use libc::O_RDONLY;
use nix::sys::signal::Signal::SIGPIPE;

/// A splice from a pipe without writers returns what is left, and then 0.
#[harness::test(
    id = "splice.pipe-eof",
    cite = "splice(2), RETURN VALUE",
    covers = ["behaviours:splice.returns-zero-eof"],
    layers = [libc, nix, raw],
)]
fn an_empty_pipe_without_writers_gives_0() -> Scene {
    let (reader, writer) = pipe()?;
    let (other_reader, other_writer) = pipe()?;
    write_all(&writer, b"abc")?;
    drop(writer);
    assert_eq!(splice(&reader, None, &other_writer, None, 9, 0), Ok(3));
    assert_eq!(splice(&reader, None, &other_writer, None, 9, 0), Ok(0));
    assert_eq!(read_bytes(&other_reader, 9), Ok("abc".into()));
    assert_eq!(unread(&other_reader), Ok(0));
    Ok(())
}

/// A splice at the end of a file returns 0 and puts nothing into the pipe.
#[harness::test(
    id = "splice.file-eof",
    cite = "splice(2), RETURN VALUE",
    covers = ["behaviours:splice.returns-zero-eof"],
    layers = [libc, nix, raw],
)]
fn the_end_of_a_file_gives_0() -> Scene {
    let file = file_of(b"abc", O_RDONLY)?;
    let (reader, writer) = pipe()?;
    assert_eq!(splice(&file, None, &writer, None, 9, 0), Ok(3));
    assert_eq!(splice(&file, None, &writer, None, 9, 0), Ok(0));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A splice into a pipe without readers kills by SIGPIPE; where that is ignored it fails with EPIPE, and its source, pipe or file,
/// keeps its bytes.
#[harness::test(
    id = "splice.no-reader",
    cite = "Linux 5.10 fs/splice.c, splice_pipe_to_pipe() and wait_for_space()",
    covers = ["behaviours:splice.sigpipe-no-reader"],
    layers = [libc, nix, raw],
)]
fn splicing_without_reader_is_like_writing() -> Scene {
    let file = file_of(b"def", O_RDONLY)?;
    let (reader, writer) = pipe()?;
    let (gone, to_nobody) = pipe()?;
    write_all(&writer, b"abc")?;
    drop(gone);
    let child = fork(|| {
        let _ = splice(&reader, None, &to_nobody, None, 3, 0);
    })?;
    assert_eq!(child.wait()?, Ended::Killed { by: SIGPIPE.into(), core: false });
    ignore(SIGPIPE)?;
    assert_errno!(splice(&reader, None, &to_nobody, None, 3, 0), EPIPE);
    assert_errno!(splice(&file, None, &to_nobody, None, 3, 0), EPIPE);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&file, 9), Ok("def".into()));
    Ok(())
}
