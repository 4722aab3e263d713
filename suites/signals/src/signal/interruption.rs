//! Calls that a signal handler interrupts, whatever its flags.

use kit::disposition::{handle, handled};
use kit::prelude::*;
use nix::sys::signal::SaFlags;
use nix::sys::signal::Signal::SIGUSR1;

#[rstest]
#[case::without_sa_restart(SaFlags::empty())]
#[case::with_sa_restart(SaFlags::SA_RESTART)]
/// A blocked ppoll fails with EINTR when it is interrupted by a signal handler, even one installed with SA_RESTART.
#[harness::test(
    id = "signal.ppoll-not-restarted",
    cite = [
        man("signal.7", "Interruption of system calls and library functions by signal handlers"),
        man("poll.2", "ERRORS", "EINTR"),
    ],
    covers = ["behaviours:norestart.ppoll", "errors:poll.ppoll.EINTR"],
    layers = [libc, nix, raw],
)]
fn a_handler_interrupts_ppoll_whatever_its_flags(#[case] flags: SaFlags) -> TestResult {
    let (reader, _writer) = pipe()?;
    let child = fork(|| -> TestResult {
        handle(SIGUSR1, flags)?;
        assert_errno!(ppoll(&[(&reader, libc::POLLIN)], None, None), EINTR);
        assert_eq!(handled(SIGUSR1), 1);
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::PPOLL)?;
    child.signal(SIGUSR1)?;
    child.join()
}
