//! Commands run by a shell: system(3).

use calls::signals::{Action, action_of};
use kit::disposition::{handle, handled};
use kit::needs::program;
use kit::prelude::*;
use libc::{SIG_BLOCK, SIGINT, SIGQUIT};
use nix::sys::signal::{SaFlags, SigSet, Signal as Known};

/// While its command runs, system ignores SIGINT and SIGQUIT and blocks SIGCHLD, so that no handler runs for these; when it
/// returns, the signal mask and the dispositions are as they were before.
#[harness::test(
    id = "process.system-mask-restored",
    cite = [man("system.3", "DESCRIPTION"), posix("system.3p", "DESCRIPTION")],
    covers = ["behaviours:process.system-mask-restored"],
    needs = [program("sh")],
)]
fn system_gives_mask_and_dispositions_back() -> TestResult {
    handle(Known::SIGINT, SaFlags::empty())?;
    handle(Known::SIGQUIT, SaFlags::empty())?;
    let mask = sigprocmask(SIG_BLOCK, &SigSet::from(Known::SIGUSR1))?;
    let with_usr1 = mask.iter().chain([Known::SIGUSR1]).collect();
    let status = system("kill -INT $PPID; kill -QUIT $PPID; exit 3")?;
    assert_eq!(status, 3 << 8);
    assert_eq!((handled(Known::SIGINT), handled(Known::SIGQUIT)), (0, 0));
    assert_eq!(SigSet::thread_get_mask(), Ok(with_usr1));
    for signal in [SIGINT, SIGQUIT] {
        assert_eq!(action_of(signal), Ok(Action::Handle));
        assert_eq!(kill(own_pid(), signal), Ok(()));
    }
    assert_eq!((handled(Known::SIGINT), handled(Known::SIGQUIT)), (1, 1));
    Ok(())
}
