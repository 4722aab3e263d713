//! What speed costs, as ratios in one run: `cargo bench`.
//!
//! - the price of a sandbox against that of a bare process: fork, exec of this binary, wait;
//! - the price of one spec as nextest runs it, a process for each, against the same;
//! - how much of a whole run is work: processor time over the time that the processors had;
//! - the price of the HTML report against that of the run;
//! - the price of `--repeat 24` against that of `--repeat 1`, which is to be at most 25, and the memory of the processes
//!   that the runner forks at the end of both, which is to be the same.

use engine::runner::machine::Machine;
use engine::runner::{self, Pace, RunEvent, selection};
use engine::sandbox::{self, Place};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, execv, fork};
use std::collections::VecDeque;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use suites as _;

/// The option of a copy of this binary that ends at once.
const END_AT_ONCE: &str = "--end-at-once";
/// nextest's option; a copy of this binary with it does what the conformance test does.
const EXACT: &str = "--exact";
/// A spec that needs nothing, with little to do.
const SPEC: &str = "pipe.read-eof/raw";
/// How often each is measured, in turns, so that the load of the machine is the same for all.
const ROUNDS: usize = 300;
/// The repetitions that are compared with one.
const REPEAT: u32 = 24;
/// How many looks at forked processes count as the end of a run.
const LAST_LOOKS: usize = 200;

fn main() -> ExitCode {
    let has = |option: &str| std::env::args().any(|argument| argument == option);
    if has(END_AT_ONCE) {
        return ExitCode::SUCCESS;
    }
    kit::unrelated::run_if_asked();
    if has(EXACT) {
        return engine::libtest::main(|record| record.fails().then(|| reports::render::failure::text(record)));
    }
    measure();
    ExitCode::SUCCESS
}

fn measure() {
    let specs = harness::registry::specs();
    let machine = Machine::probe(specs.iter().copied()).expect("a sandbox works here");
    let place = Place { isolation: machine.isolation, netns: false };
    let (mut bare, mut boxed, mut exact) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare.push(time(bare_process));
        boxed.push(time(|| sandboxed(place)));
        exact.push(time(one_spec));
    }
    let (bare, boxed, exact) = (median(bare), median(boxed), median(exact));
    println!(
        "bare fork, exec, wait: {bare:?}; sandbox with an empty spec on isolation {}: {boxed:?}",
        machine.isolation.word()
    );
    println!("ratio sandbox / bare: {:.2}", boxed.as_secs_f64() / bare.as_secs_f64());
    println!("one spec under nextest's protocol: {exact:?}");
    println!("ratio spec under nextest / bare: {:.2}", exact.as_secs_f64() / bare.as_secs_f64());

    let order = selection::order(specs, 1, None);
    let (count, mut work) = (specs.len(), Duration::ZERO);
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

    let [one, many] = [1, REPEAT].map(|repeat| {
        let mut last = VecDeque::new();
        let wall = time(|| repeated(directory.path(), repeat, &mut last));
        let [peak, tables] = [0, 1].map(|of| last.iter().map(|look: &[u64; 2]| look[of]).max().unwrap_or_default());
        println!("--repeat {repeat}: {wall:?}; forked processes at its end: peak {peak} kB, page tables {tables} kB");
        wall
    });
    println!("ratio --repeat {REPEAT} / --repeat 1: {:.2}", many.as_secs_f64() / one.as_secs_f64());
}

fn start(directory: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipcspec"));
    command.current_dir(directory).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

fn ipcspec(directory: &Path, arguments: &[&str]) {
    start(directory, arguments).wait().expect("it ends");
}

/// A run that repeats each spec, and the last looks at the processes that it forked.
fn repeated(directory: &Path, repeat: u32, last: &mut VecDeque<[u64; 2]>) {
    let mut run = start(directory, &["run", "--records", "r.jsonl", "--repeat", &repeat.to_string()]);
    let children = format!("/proc/{0}/task/{0}/children", run.id());
    while run.try_wait().expect("it is a child").is_none() {
        let forked = std::fs::read_to_string(&children).unwrap_or_default();
        let looks = forked.split_whitespace().filter_map(memory_of);
        last.extend(looks);
        last.drain(..last.len().saturating_sub(LAST_LOOKS));
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// VmHWM and VmPTE of a process in kB; none when it has ended. proc_pid_status(5)
fn memory_of(pid: &str) -> Option<[u64; 2]> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
    };
    Some([value("VmHWM")?, value("VmPTE")?])
}

/// What nextest does for each spec.
fn one_spec() {
    let this = std::env::current_exe().expect("it has a path");
    let mut command = Command::new(this);
    let status = command.args([EXACT, SPEC, "--nocapture"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{SPEC} conforms");
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
    let sandbox = sandbox::start_trial(place, || Ok(())).expect("start");
    waitpid(sandbox.init, None).expect("wait");
    assert!(sandbox.log.is_finished());
    sandbox.log.unmap();
}
