//! The kill program, and the signal that a parent's death sends.

use calls::signals::SignalSet;
use kit::disposition::block_all;
use kit::needs::program;
use kit::prelude::*;
use kit::program::run;
use libc::{SI_USER, SIGUSR1};
use nix::unistd::getuid;

/// kill -l of a shell lists the standard signals by their names and numbers, and the real-time ones from SIGRTMIN to SIGRTMAX.
#[harness::test(
    id = "signal.kill-l",
    cite = [man("signal.7", "Signal numbering for standard signals"), man("signal.7", "Real-time signals")],
    covers = ["notes:signal.kill-l-lists", "notes:signal.first-31-standard-rest-realtime"],
    needs = [program("bash")],
)]
fn kill_l_lists_the_signals() -> TestResult {
    let output = run(&["bash", "-c", "kill -l"], &0)?;
    assert_eq!(output.ended, Ended::Exited(0));
    let words: Vec<&str> = output.printed.split_whitespace().collect();
    let number = |word: &&str| word.strip_suffix(')')?.parse::<i32>().ok();
    let listed: Vec<i32> = words.iter().filter_map(number).collect();
    // The C library of the shell, which may be another, keeps the first of them for itself.
    let first = words.windows(2).find(|words| words[1] == "SIGRTMIN").and_then(|words| number(&words[0])).unwrap_or(0);
    assert!((32..=35).contains(&first), "SIGRTMIN is {first}");
    assert_eq!(listed, (1..=31).chain(first..=64).collect::<Vec<_>>());
    for pair in [["1)", "SIGHUP"], ["9)", "SIGKILL"], ["19)", "SIGSTOP"], ["31)", "SIGSYS"], ["64)", "SIGRTMAX"]] {
        assert!(words.windows(2).any(|words| words == pair), "{pair:?} is not listed");
    }
    Ok(())
}

/// kill, the program, sends the signal that it is told, and SIGTERM if it is told none.
#[harness::test(
    id = "signal.kill-program",
    cite = [posix("XCU", "4 Utilities, kill"), man("signal.7", "Sending a signal")],
    covers = ["notes:signal.source-kill", "notes:signal.table-15-sigterm"],
    needs = [program("sh")],
)]
fn the_program_kill_sends_signals() -> TestResult {
    for (option, signal) in [("", libc::SIGTERM), ("-USR1", SIGUSR1), ("-9", libc::SIGKILL), ("-s QUIT", libc::SIGQUIT)]
    {
        let child = holder(|| Ok(()))?;
        let output = run(&["sh", "-c", &format!("kill {option} {}", child.pid())], &0)?;
        assert_eq!(output.ended, Ended::Exited(0));
        let ended = child.wait()?;
        assert!(matches!(ended, Ended::Killed { by: Signal(by), .. } if by == signal), "{ended} after kill {option}");
    }
    evidence("the end of a process after kill without an option", Signal(libc::SIGTERM));
    Ok(())
}

/// SIGPOLL is SIGIO, SIGIOT is SIGABRT, and SIGCLD is SIGCHLD: signals that a program sends by one name are pending under the other.
#[harness::test(
    id = "signal.other-names",
    cite = [man("signal.7", "Standard signals"), man("signal.7", "Signal numbering for standard signals")],
    covers = ["behaviours:sigdfl.aliases", "notes:signal.oldest-ipc"],
    needs = [program("perl")],
)]
fn signals_have_other_names() -> TestResult {
    let sent = Latch::new()?;
    let child = fork(|| -> TestResult {
        block_all(SignalSet::ALL)?;
        sent.wait_for(1);
        assert_eq!(sigpending(), Ok(SignalSet::of([libc::SIGIO, libc::SIGABRT, libc::SIGCHLD])));
        Ok(())
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    let output = run(&["perl", "-e", r#"print kill $_, $ARGV[0] for qw(POLL IOT CLD)"#, &child.pid().to_string()], &0)?;
    assert_eq!((output.ended, &*output.printed), (Ended::Exited(0), "111"));
    evidence("signals that were sent by the names that older systems have for them", "POLL, IOT, CLD");
    sent.arrive();
    child.join()
}

/// The signal that a process has asked for with PR_SET_PDEATHSIG comes when its parent has ended, with SI_USER, and the parent's pid
/// and uid.
#[harness::test(
    id = "signal.parent-death",
    cite = [kernel("kernel/exit.c", "reparent_leader", "6.18"), kernel("kernel/exit.c", "forget_original_parent", "6.18"), man("PR_SET_PDEATHSIG.2const", "DESCRIPTION")],
    covers = ["behaviours:sicode.pdeathsig"],
)]
fn the_signal_of_a_parents_death_names_it() -> TestResult {
    let (ready, done) = (Latch::new()?, Latch::new()?);
    // The grandchild comes to this process when its parent has ended.
    nix::sys::prctl::set_child_subreaper(true)?;
    let parent = fork(|| -> TestResult {
        let own = own_pid();
        let child = fork(|| -> TestResult {
            let set = SignalSet::of([SIGUSR1]);
            block_all(set)?;
            nix::sys::prctl::set_pdeathsig(nix::sys::signal::SIGUSR1)?;
            ready.arrive();
            let told = sigwaitinfo(set).map(|(signal, info)| (signal, info.signal, info.code, info.sender()));
            assert_eq!(told, Ok((SIGUSR1, SIGUSR1, SI_USER, (own, getuid().as_raw()))));
            done.arrive();
            Ok(())
        })?;
        ready.wait_for(1);
        // Its parent ends now: it becomes a child of the sandbox's init.
        child.let_go();
        Ok(())
    })?;
    parent.join()?;
    done.wait_for(1);
    nix::sys::wait::wait()?;
    Ok(())
}
