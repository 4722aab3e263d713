//! Specs for the audit. Those called weak have one scene, and each judges something else of it.

use harness::{assert, assert_eq};
use kit::prelude::*;
use kit::thread;

/// The read end of a pipe that holds `abcd` and cannot be written to any more.
fn four_bytes() -> TestResult<Fd> {
    use calls::for_layers::libc::pipe;
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abcd")?;
    Ok(reader)
}

/// It asserts what no kernel can change.
#[harness::test(id = "planted.weak-nothing", cite = [kernel("none", "none", "0")], covers = [])]
fn nothing() -> TestResult {
    let reader = four_bytes()?;
    let mut bytes = [0; 9];
    assert!(read(&reader, &mut bytes).map_or(true, |_| true));
    Ok(())
}

/// It asserts that something came.
#[harness::test(id = "planted.weak-sign", cite = [kernel("none", "none", "0")], covers = [])]
fn sign() -> TestResult {
    let reader = four_bytes()?;
    assert!(read(&reader, &mut [0; 9]).is_ok_and(|count| count > 0));
    Ok(())
}

/// It asserts all of the first call, and nothing of the second.
#[harness::test(id = "planted.weak-first", cite = [kernel("none", "none", "0")], covers = [])]
fn first() -> TestResult {
    let reader = four_bytes()?;
    assert_eq!(read_bytes(&reader, 2), Ok("ab".into()));
    let _ = read_bytes(&reader, 9);
    Ok(())
}

/// It asserts all.
#[harness::test(id = "planted.weak-right", cite = [kernel("none", "none", "0")], covers = [])]
fn right() -> TestResult {
    let reader = four_bytes()?;
    assert_eq!(read_bytes(&reader, 2), Ok("ab".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("cd".into()));
    Ok(())
}

/// Of two processes that wait for bytes, the one that came first gets them first.
#[harness::test(id = "planted.two-wait", cite = [kernel("none", "none", "0")], covers = [])]
fn two_wait() -> TestResult {
    let (reader, writer) = pipe()?;
    let first = fork(|| assert_eq!(read_bytes(&reader, 1), Ok("a".into())))?;
    first.wait_until_blocked_in(calls::READ)?;
    let second = fork(|| assert_eq!(read_bytes(&reader, 1), Ok("b".into())))?;
    second.wait_until_blocked_in(calls::READ)?;
    write_all(&writer, b"a")?;
    first.join()?;
    write_all(&writer, b"b")?;
    second.join()
}

/// A child is stopped, continued and killed, and its parent sees each.
#[harness::test(id = "planted.stops-and-goes-on", cite = [kernel("none", "none", "0")], covers = [])]
fn stops_and_goes_on() -> TestResult {
    let child = holder(|| Ok(()))?;
    child.signal(Signal(libc::SIGSTOP))?;
    assert_eq!(child.wait_until_stopped()?, Ended::Stopped(Signal(libc::SIGSTOP)));
    assert_eq!(harness::process_state::state(child.pid()), Some('T'));
    child.signal(Signal(libc::SIGCONT))?;
    assert_eq!(child.wait_until_continued()?, Ended::Continued);
    assert_eq!(child.kill()?, Ended::Killed { by: Signal(libc::SIGKILL), core: false });
    Ok(())
}

/// A thread reads, and a thread of a child does, while the other one sees it blocked.
#[harness::test(id = "planted.threads-read", cite = [kernel("none", "none", "0")], covers = [])]
fn threads_read() -> TestResult {
    fn in_a_thread() -> TestResult {
        use calls::for_layers::libc_nix_raw::pipe;
        let (reader, writer) = pipe()?;
        let thread = thread::spawn(move || assert_eq!(read_bytes(&reader, 9), Ok("ab".into())))?;
        thread.wait_until_blocked_in(calls::READ)?;
        write_all(&writer, b"ab")?;
        thread.join()
    }
    in_a_thread()?;
    fork(in_a_thread)?.join()
}
