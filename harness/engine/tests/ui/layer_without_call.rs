use calls::fd::Fd;
use harness::TestResult;
use std::io::IoSliceMut;

/// A statement.
#[harness::test(id = "pipe.eof", cite = [man("pipe.7", "PIPE_BUF")], covers = [], layers = [libc, nix, raw])]
fn spec() -> TestResult {
    let (reader, _writer): (Fd, Fd) = pipe()?;
    preadv2(&reader, &mut [IoSliceMut::new(&mut [0; 1])], -1, 0)?;
    Ok(())
}

fn main() {}
