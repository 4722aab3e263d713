//! splice at end of file, and without writers or readers.

use crate::needs::PIPE_PAGES;
use kit::disposition::ignore;
use kit::file::file_of;
use kit::memory::Pages;
use kit::prelude::*;
use libc::O_RDONLY;
use nix::sys::signal::Signal::SIGPIPE;

/// A splice from a pipe without writers moves the remaining data; once the pipe is empty, it returns 0.
#[harness::test(
    id = "splice.pipe-eof",
    cite = [man("splice.2", "RETURN VALUE")],
    covers = ["behaviours:splice.returns-zero-eof"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn splice_from_an_empty_pipe_without_writers_returns_0() -> TestResult {
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

/// A splice at the end of a file returns 0 and adds no data to the pipe.
#[harness::test(
    id = "splice.file-eof",
    cite = [man("splice.2", "RETURN VALUE")],
    covers = ["behaviours:splice.returns-zero-eof"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn splice_at_end_of_file_returns_0() -> TestResult {
    let file = file_of(b"abc", O_RDONLY)?;
    let (reader, writer) = pipe()?;
    assert_eq!(splice(&file, None, &writer, None, 9, 0), Ok(3));
    assert_eq!(splice(&file, None, &writer, None, 9, 0), Ok(0));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(unread(&reader), Ok(0));
    Ok(())
}

/// A splice into a pipe without readers, from a pipe or from a file, kills the process with SIGPIPE, and so does a tee or a vmsplice.
/// With SIGPIPE ignored, each fails with EPIPE, and no data is moved.
#[harness::test(
    id = "splice.no-reader",
    cite = [
        kernel("fs/splice.c", "splice_pipe_to_pipe", "6.18"),
        kernel("fs/splice.c", "wait_for_space", "6.18"),
        kernel("fs/splice.c", "link_pipe", "6.18"),
    ],
    covers = ["behaviours:splice.sigpipe-no-reader"],
    layers = [libc, nix, raw],
)]
fn splice_into_a_pipe_without_readers_fails_like_write() -> TestResult {
    let (file, memory) = (file_of(b"def", O_RDONLY)?, Pages::holding(b"ghi")?);
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let (other_reader, other_writer) = pipe()?;
    drop(other_reader);
    let calls: [&dyn Fn() -> Result<usize>; 4] = [
        &|| splice(&reader, None, &other_writer, None, 3, 0),
        &|| splice(&file, None, &other_writer, None, 3, 0),
        &|| tee(&reader, &other_writer, 3, 0),
        &|| vmsplice(&other_writer, &[memory.source()], 0),
    ];
    for call in calls {
        let child = fork(|| {
            let _ = call();
        })?;
        assert_eq!(child.wait()?, Ended::Killed { by: SIGPIPE.into(), core: false });
    }
    ignore(SIGPIPE)?;
    for call in calls {
        assert_errno!(call(), EPIPE);
    }
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&file, 9), Ok("def".into()));
    Ok(())
}
