//! End of file on pipes.

use fixtures::prelude::*;
use proptest::prelude::*;
use rstest::rstest;

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

/// A non-blocking read of an empty pipe fails with EAGAIN while there are writers.
#[rstest]
#[harness::test(id = "pipe.x-case", cite = "POSIX.1-2024 read()", covers = [], layers = [libc, raw])]
#[case::empty(0)]
#[case::drained(3)]
fn cased(#[case] before: usize) -> Scene {
    let (reader, writer) = pipe2(libc::O_NONBLOCK)?;
    write(&writer, &vec![7; before])?;
    assert_eq!(read(&reader, &mut [0; 10]).unwrap_or(0), before);
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    /// Prop.
    #[harness::test(id = "pipe.x-prop", cite = "POSIX.1-2024 read()", covers = [])]
    fn prop(n in 1usize..4000) {
        let (reader, writer) = pipe().unwrap();
        write(&writer, &vec![7; n]).unwrap();
        assert_eq!(read(&reader, &mut [0; 5000]), Ok(n));
    }
}
