//! Carries runs to targets: starts them as this machine has room, reads what they send, and ends those that fall silent.
//!
//! One thread around poll(2), as for specs: an interrupt reaches it at once, and every target is taken down before it ends.

use super::frame::Reader;
use super::{Job, Ready, Room, Target};
use crate::runner::machine::CannotRun;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, killpg, sigaction};
use nix::unistd::Pid;
use record::{Line, Records};
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a target may send nothing, neither frames nor words, before it is ended. A spec that hangs is told of after
/// seconds, so what is silent for so long has hung as a whole.
const SILENCE: Duration = Duration::from_secs(180);

/// How long a target may take to end after its last frame, or after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How often the clock is looked at, in milliseconds.
const TICK: u16 = 200;

/// How many lines of a log a failure shows.
const SHOWN: usize = 8;

/// One run that is to be carried to a target.
#[derive(Clone, Debug)]
pub struct TargetRun {
    /// Where to.
    pub target: Target,
    /// What it is to do there.
    pub job: Job,
    /// Where what it says besides its records is kept.
    pub log: PathBuf,
}

/// What came of it: records, or a sentence and the end of the log.
pub type Outcome = Result<Records, Failed>;

/// Why a target gave no records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// In a sentence.
    pub sentence: String,
    /// The last that it said, cleaned of nothing.
    pub said: Vec<String>,
}

/// What is told while targets run.
#[derive(Debug)]
pub enum Event<'a> {
    /// It was started.
    Started(&'a TargetRun),
    /// It sent a record.
    Sent(&'a TargetRun, &'a Line),
    /// It has ended.
    Ended(&'a TargetRun, &'a Outcome),
}

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(_: libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// What this machine has for targets now.
pub fn room() -> Room {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free =
        text.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.split_whitespace().next()?.parse().ok());
    Room { cpus, memory: free.map_or(usize::MAX, |kib: usize| kib / 1024) }
}

/// Carries every run and gives what came of each, in their order; as many at once as there is room for, and at least one.
pub fn all(runs: &[TargetRun], room: Room, mut observer: impl FnMut(Event)) -> io::Result<Vec<Outcome>> {
    take_signals()?;
    let mut outcomes: Vec<Option<Outcome>> = runs.iter().map(|_| None).collect();
    let mut waiting: VecDeque<usize> = (0..runs.len()).collect();
    let mut under_way: Vec<Carried> = Vec::new();
    while !(under_way.is_empty() && waiting.is_empty()) {
        let interrupted = INTERRUPTED.load(Ordering::Relaxed);
        if interrupted {
            waiting.clear();
            under_way.iter_mut().for_each(|carried| carried.give_up("it was interrupted"));
        }
        while let Some(&next) = waiting.iter().find(|next| has_room(room, &under_way, &runs[**next])) {
            waiting.retain(|waiting| *waiting != next);
            let run = &runs[next];
            observer(Event::Started(run));
            match Carried::start(next, run) {
                Ok(carried) => under_way.push(carried),
                Err(CannotRun(sentence)) => {
                    let outcome = Err(Failed { sentence, said: Vec::new() });
                    observer(Event::Ended(run, &outcome));
                    outcomes[next] = Some(outcome);
                }
            }
        }
        wait_for_something(&under_way);
        let mut index = 0;
        while index < under_way.len() {
            let carried = &mut under_way[index];
            let number = carried.number;
            carried.read(|line| observer(Event::Sent(&runs[number], line)));
            carried.look_at_the_clock();
            if carried.has_ended() {
                let outcome = under_way.swap_remove(index).outcome();
                observer(Event::Ended(&runs[number], &outcome));
                outcomes[number] = Some(outcome);
            } else {
                index += 1;
            }
        }
    }
    let unasked = || Err(Failed { sentence: "it was not started: the run was interrupted".into(), said: Vec::new() });
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unasked)).collect())
}

fn take_signals() -> io::Result<()> {
    INTERRUPTED.store(false, Ordering::Relaxed);
    let action = SigAction::new(SigHandler::Handler(on_signal), SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler stores to an atomic.
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(())
}

fn has_room(room: Room, under_way: &[Carried], next: &TargetRun) -> bool {
    let mut needed = next.target.room();
    for carried in under_way {
        let taken = carried.run.target.room();
        needed = Room { cpus: needed.cpus + taken.cpus, memory: needed.memory + taken.memory };
    }
    under_way.is_empty() || (needed.cpus <= room.cpus && needed.memory <= room.memory)
}

/// Sleeps until somebody sends something, or it is time to look at the clock. An interrupt ends the sleep too.
fn wait_for_something(under_way: &[Carried]) {
    let outputs =
        under_way.iter().filter(|carried| carried.is_open).filter_map(|carried| carried.child.stdout.as_ref());
    let mut outputs: Vec<_> = outputs.map(|output| PollFd::new(output.as_fd(), PollFlags::POLLIN)).collect();
    let _ = poll(&mut outputs, PollTimeout::from(TICK));
}

/// A target under way.
struct Carried<'a> {
    number: usize,
    run: &'a TargetRun,
    ready: Ready,
    child: Child,
    reader: Reader,
    /// The beginning of a line.
    line: Vec<u8>,
    is_open: bool,
    log: File,
    /// When it last sent something.
    heard: Instant,
    /// When it was to have ended.
    deadline: Option<Instant>,
    /// Why it was ended before its records were whole.
    gave_up: Option<String>,
}

impl<'a> Carried<'a> {
    fn start(number: usize, run: &'a TargetRun) -> Result<Self, CannotRun> {
        let keep = |error| CannotRun(format!("{} cannot be written: {error}", run.log.display()));
        File::create(&run.log).map_err(keep)?;
        let log = OpenOptions::new().append(true).open(&run.log).map_err(keep)?;
        // Programs are told of it from elsewhere.
        let path = std::path::absolute(&run.log).map_err(keep)?;
        let mut ready = run.target.make_ready(&run.job, &path)?;
        let child = spawn(&mut ready, &log)?;
        Ok(Self {
            number,
            run,
            ready,
            child,
            reader: Reader::default(),
            line: Vec::new(),
            is_open: true,
            log,
            heard: Instant::now(),
            deadline: None,
            gave_up: None,
        })
    }

    /// Takes what has come.
    fn read(&mut self, mut sent: impl FnMut(&Line)) {
        let mut buffer = [0; 64 * 1024];
        while self.is_open {
            let Some(output) = &mut self.child.stdout else { return };
            let count = match output.read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            self.is_open = count > 0;
            self.heard = Instant::now();
            self.line.extend_from_slice(&buffer[..count]);
            while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
                let line: Vec<_> = self.line.drain(..=end).collect();
                self.take(&line, &mut sent);
            }
        }
    }

    fn take(&mut self, line: &[u8], sent: &mut impl FnMut(&Line)) {
        match self.reader.line(line) {
            Some(record) => sent(&record),
            // The log helps, and is not what anything stands on.
            None if !line.iter().all(u8::is_ascii_whitespace) => drop(self.log.write_all(line)),
            None => {}
        }
    }

    /// The watchdog.
    fn look_at_the_clock(&mut self) {
        let now = Instant::now();
        match self.deadline {
            Some(deadline) if now >= deadline => {
                let _ = killpg(self.group(), Signal::SIGKILL);
            }
            Some(_) => {}
            None if self.reader.is_over() => self.deadline = Some(now + GRACE),
            None if now.duration_since(self.heard) >= SILENCE => {
                self.give_up(&format!("it sent nothing for {} s, and was ended", SILENCE.as_secs()));
            }
            None => {}
        }
    }

    /// Asks it to end.
    fn give_up(&mut self, why: &str) {
        if self.gave_up.is_none() {
            self.gave_up = Some(why.into());
            self.ready.commands.clear();
            let _ = killpg(self.group(), Signal::SIGTERM);
            self.deadline = Some(Instant::now() + GRACE);
        }
    }

    fn group(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Whether its last command has ended; starts the next one when there is one.
    fn has_ended(&mut self) -> bool {
        match self.child.try_wait() {
            Ok(None) => return false,
            Ok(Some(_)) if !self.ready.commands.is_empty() => {}
            Ok(Some(_)) | Err(_) => {
                // What is left of its process group does not outlive it.
                let _ = killpg(self.group(), Signal::SIGKILL);
                return true;
            }
        }
        match spawn(&mut self.ready, &self.log) {
            Ok(child) => {
                (self.child, self.is_open) = (child, true);
                self.line.clear();
                false
            }
            Err(CannotRun(sentence)) => {
                self.gave_up = Some(sentence);
                true
            }
        }
    }

    fn outcome(mut self) -> Outcome {
        self.read(|_| ());
        let last = std::mem::take(&mut self.line);
        self.take(&last, &mut |_| ());
        let interrupted = INTERRUPTED.load(Ordering::Relaxed);
        let sentence = match (self.reader.finish(), self.gave_up) {
            (Ok(mut records), None) => {
                records.run.target = Some(self.run.target.name.clone());
                return Ok(records);
            }
            (_, Some(sentence)) => sentence,
            (Err(sentence), None) if interrupted => format!("it was interrupted, and {sentence}"),
            (Err(sentence), None) => sentence,
        };
        Err(Failed { sentence, said: end_of(&self.run.log) })
    }
}

fn spawn(ready: &mut Ready, log: &File) -> Result<Child, CannotRun> {
    let mut command = ready.commands.remove(0);
    let program = PathBuf::from(command.get_program());
    let failed = |error: io::Error| CannotRun(format!("{} cannot be started: {error}", program.display()));
    let stderr = log.try_clone().map_err(failed)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).process_group(0);
    // SAFETY: a system call, between fork and exec.
    unsafe {
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?));
    }
    let child = command.spawn().map_err(failed)?;
    let output = child.stdout.as_ref().expect("it is piped");
    nix::fcntl::fcntl(output, nix::fcntl::FcntlArg::F_SETFL(nix::fcntl::OFlag::O_NONBLOCK))
        .map_err(|error| failed(error.into()))?;
    Ok(child)
}

/// The last lines of a log, for who has to find out what went wrong.
fn end_of(log: &Path) -> Vec<String> {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN)..].iter().map(|line| (*line).to_owned()).collect()
}
