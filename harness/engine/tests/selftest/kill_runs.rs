//! `kill-runs`: starts runs of planted specs, kills each at a random moment, and tells what remains of it.
//!
//! Arguments: a seed, `KILL` or `INT`, how many runs, and ids. To be executed in a world of its own, whose objects and files are then
//! all the runs'. Their orphans come to this process, so it knows when the last has ended without a look at any list.

use crate::surroundings::THIS_BINARY;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// How long the processes of a killed run may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

pub fn main(arguments: &[String]) -> ExitCode {
    let [seed, signal, runs, ids @ ..] = arguments else { panic!("see the file's first lines") };
    let signal = if signal == "INT" { Signal::SIGINT } else { Signal::SIGKILL };
    let mut random = fastrand::Rng::with_seed(seed.parse().expect("a seed"));
    nix::sys::prctl::set_child_subreaper(true).expect("orphans come here");
    let mut killed_with_sandboxes = 0;
    for run in 1..=runs.parse().expect("a number") {
        let mut runner = start(ids);
        // From before its first sandbox to well into its work; a hundredth of a second is several specs.
        std::thread::sleep(Duration::from_micros(random.u64(0..100_000)));
        killed_with_sandboxes +=
            usize::from(!harness::process_state::children_of(runner.id().cast_signed()).is_empty());
        kill(Pid::from_raw(runner.id().cast_signed()), signal).expect("it runs for ever");
        let ended = runner.wait().expect("it is our child");
        // By the signal when it had not begun yet.
        if signal == Signal::SIGINT && !ended.success() && ended.signal() != Some(libc::SIGINT) {
            eprintln!("run {run}: interrupted, it ended with {ended}");
            return ExitCode::FAILURE;
        }
        if let Err(remains) = wait_until_all_have_ended().and_then(|()| nothing_is_left()) {
            eprintln!("run {run}: {remains}");
            end_all();
            return ExitCode::FAILURE;
        }
    }
    println!("{killed_with_sandboxes}");
    ExitCode::SUCCESS
}

/// A run that ends long after its time; what hangs in it is ended after a twentieth of a second.
fn start(ids: &[String]) -> Child {
    let mut command = Command::new(THIS_BINARY);
    command.args(["planted", "/dev/null", "8", "1000", "0.005"]).args(ids);
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("it can be started")
}

/// Reaps what the runner left to us.
fn wait_until_all_have_ended() -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    let own = std::process::id().cast_signed();
    loop {
        let mut status = 0;
        // SAFETY: writes one integer.
        match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
            -1 => return Ok(()),
            0 if Instant::now() > deadline => {
                let left =
                    harness::process_state::descendants_of(own).into_iter().filter_map(harness::process_state::of);
                return Err(format!("left: {}", left.map(|it| it.to_string()).collect::<Vec<_>>().join("; ")));
            }
            0 => std::thread::sleep(Duration::from_millis(1)),
            _ => {}
        }
    }
}

/// Ends what should have ended: it must not outlive this test either.
fn end_all() {
    let own = std::process::id().cast_signed();
    loop {
        for pid in harness::process_state::descendants_of(own) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        // SAFETY: asks for no status.
        if unsafe { libc::waitpid(-1, std::ptr::null_mut(), 0) } == -1 {
            return;
        }
    }
}

/// Looks at every kind of object and file that a run could leave in this world.
fn nothing_is_left() -> Result<(), String> {
    for kind in ["msg", "sem", "shm"] {
        let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).map_err(|error| error.to_string())?;
        if table.lines().count() > 1 {
            return Err(format!("left in System V {kind}:\n{table}"));
        }
    }
    for directory in ["/dev/shm", "/dev/mqueue", "/tmp"] {
        let entries = fs::read_dir(directory).map_err(|error| format!("{directory}: {error}"))?;
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        if !names.is_empty() {
            return Err(format!("left in {directory}: {names:?}"));
        }
    }
    Ok(())
}
