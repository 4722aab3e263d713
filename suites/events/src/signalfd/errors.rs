//! Documented errors of signalfd(2), and of reads of its descriptor.

use calls::for_layers::libc_raw as by;
use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::limits::limit;
use kit::prelude::*;
use libc::{SFD_NONBLOCK, SIGUSR1};
use nix::sys::resource::Resource;

const MASK: SignalSet = SignalSet(1 << (SIGUSR1 - 1));

#[harness::errors(
    family = "closed-descriptor",
    rows = [
        ("signalfd.closed-ebadf/never-open", "errors:signalfd.signalfd.EBADF", NOT_OPEN),
        ("signalfd.closed-ebadf/negative", "errors:signalfd.signalfd.EBADF", -2),
    ],
    layers = [libc, raw],
)]
fn the_descriptor_is_not_open(fd: i32) -> TestResult {
    assert_errno!(signalfd_change(fd, MASK, 0), EBADF);
    Ok(())
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("signalfd.wrong-type-einval/pipe", "errors:signalfd.signalfd.EINVAL", || Ok(pipe_end()?)),
        ("signalfd.wrong-type-einval/timerfd", "errors:signalfd.signalfd.EINVAL", || Ok(by::timerfd_create(libc::CLOCK_MONOTONIC, 0)?)),
    ],
    layers = [libc, raw],
)]
fn the_descriptor_gives_no_signals(open: fn() -> TestResult<Fd>) -> TestResult {
    assert_errno!(signalfd_change(open()?, MASK, 0), EINVAL);
    Ok(())
}

fn pipe_end() -> Result<Fd> {
    by::pipe().map(|(reader, _)| reader)
}

/// signalfd fails with EINVAL for a flag that there is not, for a new descriptor and for one that is there, whose mask stays.
#[harness::test(
    id = "signalfd.flag-einval",
    cite = [man("signalfd.2", "ERRORS", "EINVAL")],
    covers = ["errors:signalfd.signalfd.EINVAL.2"],
    layers = [libc, raw],
)]
fn there_is_no_such_flag() -> TestResult {
    block_all(MASK)?;
    let signals = signalfd(MASK, SFD_NONBLOCK)?;
    for flag in [1, 1 << 4, 1 << 30] {
        assert_errno!(signalfd(MASK, flag), EINVAL);
        assert_errno!(signalfd_change(&signals, SignalSet::EMPTY, flag), EINVAL);
    }
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    let numbers =
        read_signals(&signals, 2).map(|records| records.iter().map(|record| record.ssi_signo as i32).collect());
    assert_eq!(numbers, Ok(vec![SIGUSR1]));
    Ok(())
}

/// At RLIMIT_NOFILE signalfd fails with EMFILE, and a change of the mask of a descriptor that is there succeeds.
#[harness::test(
    id = "signalfd.emfile",
    cite = [man("signalfd.2", "ERRORS", "EMFILE")],
    covers = ["errors:signalfd.signalfd.EMFILE"],
    layers = [libc, raw],
)]
fn no_descriptor_is_left() -> TestResult {
    let signals = signalfd(SignalSet::EMPTY, 0)?;
    limit(Resource::RLIMIT_NOFILE, 1 + signals.number() as u64)?;
    assert_errno!(signalfd(MASK, 0), EMFILE);
    assert_eq!(signalfd_change(&signals, MASK, 0), Ok(signals.number()));
    drop(signals);
    assert_ok!(signalfd(MASK, 0));
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("signalfd.short-read-einval/empty", "errors:signalfd.read(signalfd).EINVAL", 0),
        ("signalfd.short-read-einval/one-byte-less", "errors:signalfd.read(signalfd).EINVAL", 127),
    ],
    layers = [libc, raw],
)]
fn the_buffer_is_shorter_than_a_record(length: usize) -> TestResult {
    block_all(MASK)?;
    let signals = signalfd(MASK, SFD_NONBLOCK)?;
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    let mut buffer = [7; 128];
    assert_errno!(read_signal_bytes(&signals, &mut buffer[..length]), EINVAL);
    assert_eq!(buffer, [7; 128]);
    assert_eq!(sigpending(), Ok(MASK));
    Ok(())
}
