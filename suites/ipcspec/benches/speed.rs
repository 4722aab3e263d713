//! What speed costs, as ratios in one run: `cargo bench`.
//!
//! The first ratio is the price of a sandbox against that of a bare process: fork, exec of this binary, wait. The second
//! tells how much of a whole run is work: processor time over the time that the processors had. The third is the price
//! of the HTML report against the run that it is of.

use engine::runner::machine::Machine;
use engine::runner::{self, Pace, RunEvent, selection};
use engine::sandbox::{self, Place};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, execv, fork};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use suites as _;

/// Told to a copy of this binary that is to end at once.
const END_AT_ONCE: &str = "--end-at-once";
/// How often each of the two is measured, in turns, so that the machine's mood is the same for both.
const ROUNDS: usize = 300;

fn main() {
    if std::env::args().any(|argument| argument == END_AT_ONCE) {
        return;
    }
    kit::unrelated::run_if_asked();
    let specs = harness::registry::specs();
    let machine = Machine::probe(specs.iter().copied()).expect("a sandbox works here");
    let place = Place { isolation: machine.isolation, netns: false };
    let (mut bare, mut boxed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(time(bare_process));
        boxed.push(time(|| sandboxed(place)));
    }
    let (bare, boxed) = (median(bare), median(boxed));
    println!(
        "bare fork, exec, wait: {bare:?}; sandbox with an empty spec on isolation {}: {boxed:?}",
        machine.isolation.word()
    );
    println!("ratio sandbox / bare: {:.2}", boxed.as_secs_f64() / bare.as_secs_f64());

    let order = selection::order(specs, 1, None);
    let (count, mut work) = (order.len(), Duration::ZERO);
    let pace = Pace { jobs: Pace::default_jobs(), timeout_scale: 1.0 };
    let wall = time(|| {
        let ended = runner::run(order, &machine, pace, |event| {
            if let RunEvent::Judged(_, record, _) = event {
                work += Duration::from_micros(record.cpu_us);
            }
            Ok(())
        });
        ended.expect("the run goes on to its end");
    });
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{count} specs in {wall:?} on {processors} processors, {work:?} of work in sandboxes");
    println!("ratio work / (time x processors): {:.2}", work.as_secs_f64() / (wall.as_secs_f64() * processors as f64));

    let directory = tempfile::tempdir().expect("a directory");
    let run = time(|| ipcspec(directory.path(), &["run", "--records", "r.jsonl"]));
    let report = time(|| ipcspec(directory.path(), &["report", "r.jsonl"]));
    println!("ipcspec run: {run:?}; ipcspec report: {report:?}");
    println!("ratio report / run: {:.2}", report.as_secs_f64() / run.as_secs_f64());
}

fn ipcspec(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipcspec"));
    command
        .current_dir(directory)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it starts");
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn bare_process() {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Child => {
            let argument = std::ffi::CString::new(END_AT_ONCE).expect("no NUL");
            let _ = execv(c"/proc/self/exe", &[c"speed".to_owned(), argument]);
            kit::process::exit(1)
        }
        ForkResult::Parent { child } => {
            waitpid(child, None).expect("wait");
        }
    }
}

fn sandboxed(place: Place) {
    let sandbox = sandbox::start(place, None, || Ok(())).expect("start");
    waitpid(sandbox.init, None).expect("wait");
    assert!(sandbox.log.is_finished());
    sandbox.log.unmap();
}
