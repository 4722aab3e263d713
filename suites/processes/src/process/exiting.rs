//! What exit does before the process ends, and _exit does not: registered functions, and streams.

use calls::for_layers::libc::pipe;
use kit::prelude::*;
use kit::program::read_to_end;
use libc::SIGTERM;
use std::sync::atomic::{AtomicI32, Ordering};

/// Where the functions write that exit calls.
static WRITER: AtomicI32 = AtomicI32::new(0);

/// Writes the byte.
extern "C" fn write_byte<const BYTE: u8>() {
    // SAFETY: one byte that lives long enough.
    unsafe { libc::write(WRITER.load(Ordering::Relaxed), (&raw const BYTES[BYTE as usize]).cast(), 1) };
}

/// All bytes, to have the address of one.
static BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0;
    while byte < bytes.len() {
        bytes[byte] = byte as u8;
        byte += 1;
    }
    bytes
};

/// atexit(3).
fn register(function: extern "C" fn()) {
    // SAFETY: the functions here write to a descriptor, register another, or end the process.
    assert_eq!(unsafe { libc::atexit(function) }, 0);
}

/// atexit(3) of each in turn.
fn register_all<const N: usize>(functions: [extern "C" fn(); N]) {
    functions.into_iter().for_each(register);
}

/// exit(3).
fn run_exit(status: i32) -> TestResult {
    // SAFETY: this process has one thread.
    unsafe { libc::exit(status) }
}

/// What is written to the pipe by a child that does this, and how it ends.
fn written(work: impl FnOnce() -> TestResult) -> TestResult<(String, Ended)> {
    let (reader, writer) = pipe()?;
    let child = fork(|| -> TestResult {
        reader.close();
        WRITER.store(writer.number(), Ordering::Relaxed);
        work()
    })?;
    drop(writer);
    Ok((read_to_end(&reader)?, child.wait()?))
}

/// exit calls the functions that were registered by atexit in the reverse order of registration, each as often as it was registered,
/// and then ends with the status.
#[harness::test(
    id = "process.atexit-order",
    cite = [posix("atexit.3p", "DESCRIPTION"), man("atexit.3", "DESCRIPTION")],
    covers = ["behaviours:exit.atexit-order"],
)]
fn exit_calls_the_last_function_first() -> TestResult {
    let (called, ended) = written(|| {
        register_all([write_byte::<b'a'>, write_byte::<b'b'>, write_byte::<b'a'>, write_byte::<b'c'>]);
        run_exit(7)
    })?;
    assert_eq!((&*called, ended), ("caba", Ended::Exited(7)));
    Ok(())
}

/// A function that one of the registered functions registers is called before those that remain.
#[harness::test(
    id = "process.atexit-while-exiting",
    cite = [man("exit.3", "DESCRIPTION")],
    covers = ["behaviours:exit.registered-while-exiting"],
)]
fn a_function_may_register_another() -> TestResult {
    extern "C" fn register_one_more() {
        write_byte::<b'r'>();
        register(write_byte::<b'n'>);
    }
    let (called, ended) = written(|| {
        register_all([write_byte::<b'a'>, register_one_more, write_byte::<b'b'>]);
        run_exit(7)
    })?;
    assert_eq!((&*called, ended), ("brna", Ended::Exited(7)));
    Ok(())
}

/// When a registered function calls _exit, the remaining ones are not called, streams are not flushed, and its status is that of the
/// process.
#[harness::test(
    id = "process.atexit-ended-by-exit",
    cite = [man("atexit.3", "NOTES"), man("exit.3", "DESCRIPTION")],
    covers = ["behaviours:exit.handler-calls-exit"],
)]
fn a_function_may_end_the_process() -> TestResult {
    extern "C" fn end() {
        write_byte::<b'e'>();
        exit(8)
    }
    let (called, ended) = written(|| {
        write_to_stream(c"buffered")?;
        register_all([write_byte::<b'a'>, end, write_byte::<b'b'>]);
        run_exit(7)
    })?;
    assert_eq!((&*called, ended), ("be", Ended::Exited(8)));
    Ok(())
}

/// Opens a stream on the pipe, and leaves text in its buffer.
fn write_to_stream(text: &std::ffi::CStr) -> TestResult {
    // SAFETY: the descriptor is open, and both strings end in NUL.
    unsafe {
        let stream = libc::fdopen(WRITER.load(Ordering::Relaxed), c"w".as_ptr());
        if stream.is_null() || libc::fputs(text.as_ptr(), stream) < 0 {
            return Err(CallError::new("fputs", Errno::last()).into());
        }
    }
    Ok(())
}

#[rstest]
#[case::exit(run_exit, "hrest")]
#[case::immediately(|status| exit(status), "")]
/// exit calls registered functions and then writes what streams have buffered; _exit does neither. Both end the process with the low 8
/// bits of the status.
#[harness::test(
    id = "process.exit-flushes",
    cite = [posix("exit.3p", "DESCRIPTION"), posix("_Exit.3p", "DESCRIPTION"), man("_exit.2", "NOTES")],
    covers = ["behaviours:exit.flushes-streams", "behaviours:exit.immediately", "behaviours:exit.status-low-8-bits"],
)]
fn only_exit_flushes_streams(#[case] end: fn(i32) -> TestResult, #[case] expected: &str) -> TestResult {
    for (status, seen) in [(7, 7), (0x1fe, 0xfe), (-2, 0xfe), (0x100, 0)] {
        let (text, ended) = written(|| {
            write_to_stream(c"rest")?;
            register(write_byte::<b'h'>);
            end(status)
        })?;
        assert_eq!((&*text, ended), (expected, Ended::Exited(seen)));
    }
    Ok(())
}

/// A child has the functions that its parent had registered at fork, and those that it registers itself are its own.
#[harness::test(
    id = "process.atexit-inherited",
    cite = [man("atexit.3", "DESCRIPTION")],
    covers = ["behaviours:exit.atexit-forked"],
)]
fn a_child_has_the_functions_of_its_parent() -> TestResult {
    let (called, ended) = written(|| {
        register(write_byte::<b'a'>);
        let child = fork(|| {
            register(write_byte::<b'c'>);
            run_exit(7)
        })?;
        assert_eq!(child.wait()?, Ended::Exited(7));
        register(write_byte::<b'p'>);
        run_exit(8)
    })?;
    assert_eq!((&*called, ended), ("capa", Ended::Exited(8)));
    Ok(())
}

/// Registered functions are not called, and streams are not flushed, when a signal ends the process.
#[harness::test(
    id = "process.atexit-not-on-signal",
    cite = [man("atexit.3", "NOTES")],
    covers = ["behaviours:exit.atexit-not-on-signal"],
)]
fn a_signal_calls_no_functions() -> TestResult {
    let (called, ended) = written(|| {
        write_to_stream(c"buffered")?;
        register(write_byte::<b'a'>);
        Ok(kill(own_pid(), SIGTERM)?)
    })?;
    assert_eq!((&*called, ended), ("", Ended::Killed { by: Signal(SIGTERM), core: false }));
    Ok(())
}
