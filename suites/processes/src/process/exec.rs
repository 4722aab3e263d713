//! What a process keeps of itself when it becomes another program.

use crate::proc::{comm_of, is_open_in, number_in, threads_of};
use kit::needs::program;
use kit::prelude::*;
use kit::process::{clone, fork_that_sends};
use kit::program::{become_program, read_to_end, run};
use kit::thread;
use libc::{FD_CLOEXEC, SIGKILL, SIGUSR1, WNOHANG};
use nix::unistd::execvp;
use std::sync::atomic::{AtomicI32, Ordering};

/// Makes this process a `cat` that reads from the descriptor, and leaves the others alone, which another process may share.
pub(crate) fn become_cat(input: &Fd) -> TestResult {
    // SAFETY: nobody owns 0.
    Errno::result(unsafe { libc::dup2(input.number(), 0) })?;
    execvp(c"cat", &[c"cat"])?;
    Ok(())
}

/// A program has the pid, the parent and the process group of the process that called execve.
#[harness::test(
    id = "process.exec-keeps-pid",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "DESCRIPTION"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:exec.pid-kept"],
    needs = [program("sh")],
)]
fn a_program_has_the_pid_of_its_caller() -> TestResult {
    let (reader, writer) = pipe()?;
    let said = run(&["sh", "-c", "echo $$ $PPID; exit 5"], &reader)?;
    assert_eq!(said.printed, format!("{} {}\n", said.pid, own_pid()));
    assert_eq!(said.ended, Ended::Exited(5));
    drop(writer);
    Ok(())
}

#[rstest]
#[case::by_first_thread(false)]
#[case::by_another_thread(true)]
/// execve by the first or by another thread gives the program the pid of the process, and ends all other threads: the program has one.
#[harness::test(
    id = "process.exec-ends-threads",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:exec.threads-destroyed", "behaviours:exec.pid-kept"],
    needs = [program("cat")],
)]
fn a_program_has_one_thread(#[case] by_another: bool) -> TestResult {
    let ((input, typed), (shown, output)) = (pipe()?, pipe()?);
    let (parked, go_on, parent) = (Latch::new()?, Latch::new()?, own_pid());
    let child = fork(|| -> TestResult {
        // SAFETY: nobody owns 1.
        Errno::result(unsafe { libc::dup2(output.number(), 1) })?;
        let idle = thread::spawn(|| -> TestResult {
            loop {
                nix::unistd::pause();
            }
        })?;
        let threads = threads_of(own_pid())?;
        assert_eq!(threads.len(), 2);
        parked.arrive();
        go_on.wait_for(1);
        if by_another {
            let input = input.number();
            thread::spawn(move || become_cat(&Fd::new(input)))?.join()?;
        }
        become_cat(&input)?;
        idle.join()
    })?;
    parked.wait_for(1);
    go_on.arrive();
    // While the threads end its state is that of the first one, so what the program does is waited for instead.
    write_all(&typed, b"x")?;
    assert_eq!(read_bytes(&shown, 9), Ok("x".into()));
    assert_eq!(comm_of(child.pid())?, "cat");
    assert_eq!(threads_of(child.pid())?, [child.pid()]);
    assert_eq!(number_in(&format!("/proc/{}/status", child.pid()), "PPid:")?, i64::from(parent));
    Ok(())
}

/// The command name of a process is that of its program: execve sets it to the name of the new file, whatever it was.
#[harness::test(
    id = "process.exec-sets-name",
    cite = [man("execve.2", "Effect on process attributes"), man("PR_SET_NAME.2const", "DESCRIPTION")],
    covers = ["behaviours:exec.comm-renamed"],
    needs = [program("cat")],
)]
fn a_program_has_its_own_name() -> TestResult {
    let (reader, _writer) = pipe()?;
    let named = Latch::new()?;
    let go_on = Latch::new()?;
    let child = fork(|| -> TestResult {
        nix::sys::prctl::set_name(c"other name")?;
        named.arrive();
        go_on.wait_for(1);
        become_cat(&reader)
    })?;
    named.wait_for(1);
    assert_eq!(comm_of(child.pid())?, "other name");
    go_on.arrive();
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(comm_of(child.pid())?, "cat");
    Ok(())
}

/// execve closes the descriptors that have close-on-exec, and no others.
#[harness::test(
    id = "process.exec-closes-descriptors",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:exec.cloexec-fds-closed"],
    needs = [program("cat")],
)]
fn execve_closes_what_is_close_on_exec() -> TestResult {
    let (reader, writer) = pipe()?;
    let (kept, closed) = pipe2(libc::O_CLOEXEC)?;
    set_descriptor_flags(&writer, 0)?;
    set_descriptor_flags(&kept, 0)?;
    assert_eq!(get_descriptor_flags(&closed), Ok(FD_CLOEXEC));
    let child = fork(|| become_cat(&reader))?;
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(comm_of(child.pid())?, "cat");
    let open = [&writer, &kept, &closed].map(|fd| is_open_in(child.pid(), fd.number()));
    assert_eq!(open, [true, true, false]);
    Ok(())
}

/// A descriptor table that processes share by CLONE_FILES is shared no longer after execve in one of them: it has a copy, without what
/// is close-on-exec, and the other process keeps all of its descriptors.
#[harness::test(
    id = "process.exec-unshares-descriptors",
    cite = [man("execve.2", "Effect on process attributes"), man("clone.2", "The flags mask", "CLONE_FILES")],
    covers = ["behaviours:exec.fd-table-unshared"],
    needs = [program("cat")],
)]
fn execve_copies_a_shared_table() -> TestResult {
    let (reader, writer) = pipe2(libc::O_CLOEXEC)?;
    let (number, go_on) = (Shared::new(AtomicI32::new(0))?, Latch::new()?);
    // Two in a row: the second process is the one that shares.
    let child = clone(libc::CLONE_FILES, || -> TestResult {
        let mine = pipe()?;
        number.store(mine.0.number(), Ordering::Release);
        go_on.wait_for(1);
        std::mem::forget(mine);
        become_cat(&reader)
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    let inner = number.load(Ordering::Acquire);
    assert_eq!(get_descriptor_flags(inner), Ok(0));
    go_on.arrive();
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(comm_of(child.pid())?, "cat");
    assert_eq!(get_descriptor_flags(&writer), Ok(FD_CLOEXEC));
    assert!(!is_open_in(child.pid(), writer.number()));
    let later = pipe()?;
    assert!(!is_open_in(child.pid(), later.0.number().max(later.1.number())));
    drop([Fd::new(inner), Fd::new(inner + 1)]);
    assert!(is_open_in(child.pid(), inner));
    Ok(())
}

/// Handlers of atexit do not run when the process becomes another program, nor when that ends; they run when it exits itself.
#[harness::test(
    id = "process.exec-drops-atexit",
    cite = [man("execve.2", "Effect on process attributes"), posix("exec.3p", "DESCRIPTION")],
    covers = ["behaviours:exec.atexit-dropped"],
    needs = [program("true")],
)]
fn a_program_does_not_run_exit_handlers() -> TestResult {
    /// Where the handler writes.
    static WRITER: AtomicI32 = AtomicI32::new(0);
    extern "C" fn write_x() {
        // SAFETY: one byte that lives long enough.
        unsafe { libc::write(WRITER.load(Ordering::Relaxed), c"x".as_ptr().cast(), 1) };
    }
    let registering = |rest: fn() -> TestResult| -> TestResult<String> {
        let (reader, writer) = pipe()?;
        let child = fork(|| -> TestResult {
            reader.close();
            WRITER.store(writer.number(), Ordering::Relaxed);
            // SAFETY: the handler makes one system call.
            assert_eq!(unsafe { libc::atexit(write_x) }, 0);
            rest()
        })?;
        drop(writer);
        let written = read_to_end(&reader)?;
        assert_eq!(child.wait()?, Ended::Exited(0));
        Ok(written)
    };
    let by_program = registering(|| Ok(execvp(c"true", &[c"true"]).map(drop)?))?;
    // SAFETY: ends this process, which has one thread.
    let by_exit = registering(|| unsafe { libc::exit(0) })?;
    assert_eq!([by_program, by_exit], ["", "x"]);
    Ok(())
}

/// A program's end sends SIGCHLD, whatever termination signal its process had: it is waited for without __WCLONE.
#[harness::test(
    id = "process.exec-resets-termination-signal",
    cite = [man("execve.2", "Effect on process attributes")],
    covers = ["behaviours:exec.term-signal-reset"],
    needs = [program("cat")],
    layers = [libc, nix, raw],
)]
fn a_program_is_an_ordinary_child() -> TestResult {
    let (reader, _writer) = pipe()?;
    kit::disposition::block(nix::sys::signal::Signal::SIGCHLD)?;
    kit::disposition::block(nix::sys::signal::Signal::SIGUSR1)?;
    let child = fork_that_sends(SIGUSR1, || become_program(&["cat"], [&reader, &2, &2]))?;
    child.wait_until_blocked_in(calls::READ)?;
    assert_eq!(waitpid(child.pid(), WNOHANG), Ok(None));
    child.signal(Signal(SIGKILL))?;
    let killed = Ended::Killed { by: Signal(SIGKILL), core: false };
    assert_eq!(waitpid(child.pid(), 0), Ok(Some((child.pid(), killed))));
    assert_eq!(kit::disposition::pending(), Ok(vec![nix::sys::signal::Signal::SIGCHLD]));
    child.let_go();
    Ok(())
}
