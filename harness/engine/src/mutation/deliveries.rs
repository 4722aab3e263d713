//! What a wrong kernel could do to a signal that it delivers.

use super::mutations::Effect;
use super::siginfo::{self, Field};
use harness::Errno;
use harness::ended::Signal;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A signal that was delivered to a process or thread of the spec, and that does something there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its number.
    pub signal: i32,
    /// Why it was sent: si_code.
    pub code: i32,
    /// What it does.
    pub action: Action,
    /// Whether the process has another thread.
    pub has_others: bool,
}

/// What a signal does where it is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Nothing: it is ignored.
    Nothing,
    /// Its default action.
    Default,
    /// It runs a handler.
    Handler,
    /// It runs a handler that is given a siginfo_t.
    InformedHandler,
}

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is not delivered.
    Lost,
    /// Its handler is run twice.
    Twice,
    /// It is delivered to another thread of the process.
    OtherThread,
    /// It stays blocked when its handler has returned.
    StaysBlocked,
    /// A field of its siginfo_t is another.
    Other(Field),
}

/// The name of a signal in the place of a call's.
pub fn name(signal: i32) -> String {
    Signal(signal).to_string()
}

/// What an instruction leads to.
const FAULTS: [i32; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP];

/// All that can go wrong with it. `mask_shows` says whether the spec would see that its handler has left it blocked.
pub fn mutations(delivery: &Delivery, mask_shows: bool) -> Vec<(String, Effect)> {
    let mut wrong = Vec::new();
    // A fault that leads to nothing comes again: the instruction is executed once more.
    let is_fault = FAULTS.contains(&delivery.signal) && delivery.code > 0;
    if !is_fault {
        wrong.push(("lost".to_owned(), Wrong::Lost));
    }
    if !is_fault && matches!(delivery.action, Action::Handler | Action::InformedHandler) {
        wrong.push(("twice".into(), Wrong::Twice));
        if mask_shows {
            wrong.push(("stays-blocked".into(), Wrong::StaysBlocked));
        }
    }
    // One for the whole process may go to any thread.
    if delivery.code == libc::SI_TKILL && delivery.has_others {
        wrong.push(("wrong-thread".into(), Wrong::OtherThread));
    }
    if delivery.action == Action::InformedHandler {
        let fields = siginfo::fields(delivery.signal, delivery.code);
        wrong.extend(fields.iter().map(|field| (format!("other-{}", <&str>::from(field)), Wrong::Other(*field))));
    }
    wrong.into_iter().map(|(kind, wrong)| (kind, Effect::Deliver(wrong))).collect()
}

/// What /proc/PID/status tells of signals. proc_pid_status(5)
#[derive(Clone, Copy, Debug, Default)]
pub struct Signals {
    /// The process of the thread.
    pub process: i32,
    pending: u64,
    blocked: u64,
    ignored: u64,
    caught: u64,
}

impl Signals {
    /// Asks for those of a process or thread.
    pub fn of(pid: Pid) -> nix::Result<Self> {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(|_| Errno::ESRCH)?;
        let mut signals = Self::default();
        for (key, value) in status.lines().filter_map(|line| line.split_once(":\t")) {
            let set = || u64::from_str_radix(value, 16).unwrap_or_default();
            match key {
                "Tgid" => signals.process = value.parse().unwrap_or_default(),
                "SigPnd" | "ShdPnd" => signals.pending |= set(),
                "SigBlk" => signals.blocked = set(),
                "SigIgn" => signals.ignored = set(),
                "SigCgt" => signals.caught = set(),
                _ => {}
            }
        }
        Ok(signals)
    }

    /// What a signal does; `informed` are those whose handlers are given a siginfo_t.
    pub fn action(&self, signal: i32, informed: u64) -> Action {
        const IGNORED: [i32; 4] = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];
        let is_in = |set: u64| set & bit(signal) != 0;
        match () {
            () if is_in(self.caught) && is_in(informed) => Action::InformedHandler,
            () if is_in(self.caught) => Action::Handler,
            () if is_in(self.ignored) || IGNORED.contains(&signal) => Action::Nothing,
            () => Action::Default,
        }
    }

    /// Whether signals are about to be delivered, and do nothing.
    pub fn do_nothing(&self) -> bool {
        let next = self.pending & !self.blocked;
        next != 0
            && (1..=64)
                .filter(|signal| next & bit(*signal) != 0)
                .all(|signal| self.action(signal, 0) == Action::Nothing)
    }
}

/// The place of a signal in a set; a number that is no signal has none.
pub fn bit(signal: i32) -> u64 {
    if (1..=64).contains(&signal) { 1 << (signal - 1) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(delivery: Delivery) -> Vec<String> {
        mutations(&delivery, true).into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn what_can_go_wrong_depends_on_what_the_signal_does() {
        let delivery =
            Delivery { signal: libc::SIGUSR1, code: libc::SI_USER, action: Action::Default, has_others: true };
        assert_eq!(kinds(delivery), ["lost"]);
        let informed = Delivery { action: Action::InformedHandler, ..delivery };
        let expected = ["lost", "twice", "stays-blocked", "other-si_code", "other-si_pid", "other-si_uid"];
        assert_eq!(kinds(informed), expected);
        assert!(kinds(Delivery { code: libc::SI_TKILL, ..delivery }).contains(&"wrong-thread".into()));
    }

    #[test]
    fn a_signal_does_what_the_process_has_set() {
        let signals = Signals { ignored: bit(libc::SIGUSR1), caught: bit(libc::SIGUSR2), ..Signals::default() };
        let action = |signal| signals.action(signal, bit(libc::SIGTERM));
        assert_eq!(action(libc::SIGUSR1), Action::Nothing);
        assert_eq!(action(libc::SIGUSR2), Action::Handler);
        assert_eq!(action(libc::SIGWINCH), Action::Nothing);
        assert_eq!(action(libc::SIGTERM), Action::Default);
        let pending =
            Signals { pending: bit(libc::SIGUSR1) | bit(libc::SIGTERM), blocked: bit(libc::SIGTERM), ..signals };
        assert!(pending.do_nothing());
        assert!(!Signals { blocked: 0, ..pending }.do_nothing());
        assert!(!signals.do_nothing(), "nothing is pending");
        assert_eq!([0, 1, 64, 65].map(bit), [0, 1, 1 << 63, 0]);
    }
}
