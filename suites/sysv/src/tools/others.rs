//! The shell's ulimit, and man.

use super::{output, printed};
use crate::needs::SIGNAL_PAGE;
use kit::needs::{PIPE_PAGES, program};
use kit::prelude::*;

/// `ulimit -p` of bash prints PIPE_BUF, the number of bytes that are written atomically, in units of 512 bytes, and not the capacity of a
/// pipe, which is 16 pages.
#[harness::test(
    id = "tools.ulimit-pipe-size",
    cite = [man("pipe.7", "PIPE_BUF"), man("pipe.7", "Pipe capacity")],
    covers = ["notes:tools.ulimit-pipe-size"],
    needs = [PIPE_PAGES, program("bash")],
)]
fn ulimit_shows_pipe_buf() -> TestResult {
    let (reader, _writer) = pipe()?;
    let found = printed(&["bash", "-c", "ulimit -p"])?.concat();
    let (units, capacity) =
        ([(pipe_buf_of(&reader)? / 512).to_string()], get_capacity(&reader).map(|size| size as usize));
    assert_eq!((&found[..], capacity), (&units[..], Ok(16 * page_size())));
    evidence(
        "ulimit -p, in units of 512 bytes, and the capacity of a pipe in bytes",
        format!("{}, {}", found[0], 16 * page_size()),
    );
    Ok(())
}

/// `man -w 7 signal` prints the path of the manual page, which exists.
#[harness::test(
    id = "tools.man-7-signal",
    cite = [posix("man.1p", "DESCRIPTION"), man("signal.7", "DESCRIPTION")],
    covers = ["notes:tools.man-7-signal"],
    needs = [program("man"), SIGNAL_PAGE],
)]
fn man_finds_the_page() -> TestResult {
    let found = output(&["man", "-w", "7", "signal"])?;
    assert_eq!(found.ended, Ended::Exited(0));
    let path = found.printed.trim_end();
    assert!(std::path::Path::new(path).is_file() && path.contains("signal.7"), "man -w prints {path:?}");
    Ok(())
}
