//! Specs for the audit. Those called weak have one setup, and each asserts something else of it. Those called blind do not see an
//! argument that is changed, and those called sees do.

use harness::{assert, assert_eq, assert_errno};
use kit::prelude::*;
use kit::thread;
use std::io::IoSlice;

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

/// A new FIFO, and what is asserted of its mode.
fn new_fifo(is_right: fn(u32) -> bool) -> TestResult {
    use calls::for_layers::libc_nix_raw::mknodat;
    assert_eq!(mknodat(libc::AT_FDCWD, "fifo", libc::S_IFIFO | 0o640, 0), Ok(()));
    assert!(is_right(lstat("fifo")?.st_mode));
    nix::unistd::unlink("fifo")?;
    Ok(())
}

/// It asserts the type of a new node, and not its mode.
#[harness::test(id = "planted.blind-mode", cite = [kernel("none", "none", "0")], covers = [])]
fn blind_mode() -> TestResult {
    new_fifo(|mode| mode & libc::S_IFMT == libc::S_IFIFO)
}

/// It asserts the mode of a new node.
#[harness::test(id = "planted.sees-mode", cite = [kernel("none", "none", "0")], covers = [])]
fn sees_mode() -> TestResult {
    new_fifo(|mode| mode == libc::S_IFIFO | 0o640)
}

/// The third byte of a file of four.
fn third_byte(is_right: fn(Result<i64>) -> bool) -> TestResult {
    use calls::for_layers::libc_nix_raw::{lseek, open_mode};
    let file = open_mode("file", libc::O_RDWR | libc::O_CREAT, 0o600)?;
    nix::unistd::unlink("file")?;
    write_all(&file, b"abcd")?;
    assert!(is_right(lseek(&file, 2, libc::SEEK_SET)));
    Ok(())
}

/// It asserts that there is an offset.
#[harness::test(id = "planted.blind-whence", cite = [kernel("none", "none", "0")], covers = [])]
fn blind_whence() -> TestResult {
    third_byte(|offset| offset.is_ok())
}

/// It asserts the offset.
#[harness::test(id = "planted.sees-whence", cite = [kernel("none", "none", "0")], covers = [])]
fn sees_whence() -> TestResult {
    third_byte(|offset| offset == Ok(2))
}

/// It asserts that the first element came.
#[harness::test(id = "planted.blind-elements", cite = [kernel("none", "none", "0")], covers = [])]
fn blind_elements() -> TestResult {
    let (reader, writer) = pipe()?;
    assert!(writev(&writer, &[IoSlice::new(b"ab"), IoSlice::new(b"cd")]).is_ok_and(|count| count >= 2));
    let _ = read_bytes(&reader, 9);
    Ok(())
}

/// It asserts that both came, in order.
#[harness::test(id = "planted.sees-elements", cite = [kernel("none", "none", "0")], covers = [])]
fn sees_elements() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(writev(&writer, &[IoSlice::new(b"ab"), IoSlice::new(b"cd")]), Ok(4));
    assert_eq!(read_bytes(&reader, 9), Ok("abcd".into()));
    Ok(())
}

/// A pipe of one page that holds 1000 bytes, into which a child writes as many as only fit behind them in parts.
fn part_of_a_page(is_right: fn(usize) -> bool) -> TestResult {
    use calls::for_layers::libc_nix_raw::{pipe, set_capacity, write};
    let (reader, writer) = pipe()?;
    set_capacity(&writer, 1)?;
    write_all(&writer, &[0; 1000])?;
    let child = fork(|| assert_eq!(write(&writer, &[1; 4000]), Ok(4000)))?;
    child.wait_until_blocked_in(calls::WRITE)?;
    assert!(is_right(unread(&reader)?));
    read_exactly(&reader, 5000)?;
    child.join()
}

/// It does not assert that a write of at most PIPE_BUF bytes is atomic.
#[harness::test(id = "planted.blind-halves", cite = [kernel("none", "none", "0")], covers = [])]
fn blind_halves() -> TestResult {
    part_of_a_page(|unread| unread >= 1000)
}

/// It asserts that a write of at most PIPE_BUF bytes is atomic.
#[harness::test(id = "planted.sees-halves", cite = [kernel("none", "none", "0")], covers = [])]
fn sees_halves() -> TestResult {
    part_of_a_page(|unread| unread == 1000)
}

/// It asserts that a name that exists is refused, whatever the mode.
#[harness::test(id = "planted.fails-anyway", cite = [kernel("none", "none", "0")], covers = [])]
fn fails_anyway() -> TestResult {
    use calls::for_layers::libc_nix_raw::mknodat;
    mknodat(libc::AT_FDCWD, "fifo", libc::S_IFIFO | 0o600, 0)?;
    assert_errno!(mknodat(libc::AT_FDCWD, "fifo", libc::S_IFIFO | 0o600, 0), EEXIST);
    nix::unistd::unlink("fifo")?;
    Ok(())
}
