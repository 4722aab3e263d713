//! The suite in hostile surroundings: nothing that is not the system's fault becomes a verdict. `scripts/hostile` runs these; they
//! take minutes, and want a machine to themselves.

#[path = "../cli/command.rs"]
#[expect(dead_code, reason = "another test of this package uses the rest")]
mod command;
mod endings;
mod libraries;
mod places;
mod stalls;

use command::ipcspec;
use record::{Records, SpecRecord, Verdict};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// One run of the binary, in a directory of its own.
struct Run {
    directory: TempDir,
    command: Command,
}

impl Run {
    /// `ipcspec run` with these arguments.
    fn new(arguments: &[&str]) -> Self {
        Self::within(&[], arguments)
    }

    /// The same as the last argument of another program, which becomes it.
    fn within(program: &[&str], arguments: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        // Another user writes the records, too.
        let anybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(directory.path(), anybody).unwrap();
        let itself = ipcspec();
        let mut command = match program {
            [] => itself,
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(itself.get_program());
                command.env_remove("GITHUB_ACTIONS").env_remove("GITHUB_STEP_SUMMARY").stdin(Stdio::null());
                command
            }
        };
        command.args(["run", "--records", "r.jsonl"]).args(arguments).current_dir(directory.path());
        Self { directory, command }
    }

    fn start(&mut self) -> Child {
        self.command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The records that it wrote.
    fn records(&self) -> Records {
        read(&self.directory.path().join("r.jsonl"))
    }

    /// Runs it to its end: every spec conforms, or is skipped for a need that has a name.
    #[track_caller]
    fn assert_nothing_false(mut self, code: i32) -> Records {
        let output = self.command.output().unwrap();
        let records = self.records();
        assert_nothing_false(&records);
        assert_eq!(output.status.code(), Some(code), "{}", end_of(&output.stderr));
        records
    }
}

/// The last of what a program said: most of it is progress.
fn end_of(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.lines().skip(said.lines().count().saturating_sub(20)).collect::<Vec<_>>().join("\n")
}

fn read(path: &Path) -> Records {
    Records::read(BufReader::new(File::open(path).unwrap())).unwrap()
}

/// Every spec conforms, or is skipped for a need that has a name.
#[track_caller]
fn assert_nothing_false(records: &Records) {
    let is_false = |spec: &&SpecRecord| match spec.verdict {
        Verdict::Conforms => false,
        Verdict::Skipped => spec.missing.is_empty() || spec.missing.iter().any(|missing| missing.need.is_empty()),
        Verdict::Deviates | Verdict::Broken | Verdict::Timeout => true,
    };
    let wrong: Vec<_> = records
        .specs
        .iter()
        .filter(is_false)
        .map(|spec| {
            format!("{}: {:?}: {:?}", spec.id, spec.verdict, spec.failures.first().map(|failure| &failure.signature))
        })
        .collect();
    assert!(wrong.is_empty(), "{} false verdicts:\n{}", wrong.len(), wrong.join("\n"));
    let count = |verdict| records.specs.iter().filter(|spec| spec.verdict == verdict).count();
    eprintln!("{} conform, {} skipped", count(Verdict::Conforms), count(Verdict::Skipped));
}

/// Whether this machine has the programs; says which it has not.
fn has(programs: &[&str]) -> bool {
    let is_there =
        |program: &&str| ["/usr/bin", "/usr/sbin"].iter().any(|place| Path::new(place).join(program).exists());
    let missing: Vec<_> = programs.iter().filter(|program| !is_there(program)).copied().collect();
    if !missing.is_empty() {
        eprintln!("not run: {} missing", missing.join(", "));
    }
    missing.is_empty()
}

/// Whether these tests run as root; says so if not.
fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        eprintln!("not run: not root");
    }
    root
}
