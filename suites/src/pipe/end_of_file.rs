//! End of file on pipes.

use fixtures::prelude::*;

/// A read on an empty pipe returns 0 once its last write end is closed.
#[harness::test(
    id = "pipe.read-eof",
    cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
    covers = ["notes:pipe.read-eof-after-writers-close", "behaviours:pipe.read-eof"],
    layers = [libc, nix, raw],
)]
fn read_returns_0_after_the_last_writer_closes() -> Scene {
    let (reader, writer) = pipe()?;
    let child = fork(|| {
        writer.close();
        assert_eq!(read(&reader, &mut [0; 1]), Ok(0));
    })?;
    child.wait_until_blocked_in(Syscall::READ)?;
    drop(writer);
    child.join()
}
