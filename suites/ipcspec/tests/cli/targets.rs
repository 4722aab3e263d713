//! Runs that are carried to targets. A wrapper on this machine stands for the targets that are not here: what matters is what
//! comes back from one.

use crate::command::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;

/// A directory with a list of targets, one of which is the wrapper.
fn with_wrapper(wrapper: &[&str]) -> TempDir {
    let directory = TempDir::new().unwrap();
    let list = format!("[here]\nkind = \"local\"\n[board]\nkind = \"command\"\ncommand = {wrapper:?}\n");
    fs::write(directory.path().join("list.toml"), list).unwrap();
    directory
}

/// The wrapper that does this to what the program prints.
fn with_filter(filter: &str) -> TempDir {
    with_wrapper(&["sh", "-c", &format!("\"$0\" \"$@\" | {filter}")])
}

fn run_on(directory: &Path, target: &str) -> Answer {
    ask_in(directory, &["run", SPEC, "--on", target, "--targets", "list.toml", "--records", "r.jsonl"])
}

/// A target may have said more before.
#[track_caller]
fn assert_failed(answer: &Answer, words: &str) {
    assert_eq!((answer.code, answer.out.as_str()), (Some(COULD_NOT_RUN), ""), "{}", answer.err);
    assert!(answer.err.contains(words), "{words:?} is not in {:?}", answer.err);
}

#[test]
fn a_wrapper_is_a_target_whatever_else_its_console_shows() {
    let directory =
        with_wrapper(&["sh", "-c", "echo login: root; \"$0\" \"$@\" | sed 's/$/\\r/'; printf '[  9.9] halted'"]);
    let Answer { code, err, .. } = run_on(directory.path(), "board");
    assert_eq!(code, Some(PASSED), "{err}");
    assert!(err.contains("\nboard: 3 conforms, 0 deviates"), "{err}");
    let records = fs::read_to_string(directory.path().join("r.jsonl")).unwrap();
    assert!(records.contains(r#""target":"board""#), "{records}");
    let log = fs::read_to_string(directory.path().join("r.target.log")).unwrap();
    assert!(log.starts_with("login: root\n") && log.ends_with("[  9.9] halted"), "{log}");
}

#[test]
fn what_stops_a_kernel_as_a_whole_is_skipped_there() {
    let directory = TempDir::new().unwrap();
    let list = format!("[board]\nkind = \"local\"\nstopped_by.{SPEC:?} = \"it panics: no = there\"\n");
    fs::write(directory.path().join("list.toml"), list).unwrap();
    let Answer { code, out, err } = run_on(directory.path(), "board");
    assert_eq!(code, Some(ALL_SKIPPED), "{err}");
    assert!(out.contains("\n    3  survival: it panics: no = there\n"), "{out}");
}

#[test]
fn damaged_records_are_one_sentence_and_no_verdict() {
    for (filter, words) in [
        ("sed '4s/conforms/deviates/'", "frame 1 is damaged: its checksum does not fit"),
        ("sed '4d'", "frame 2 came where frame 1 was expected"),
        ("sed '4p'", "frame 1 came where frame 2 was expected"),
        ("sed '4s/.\\{40\\}/&[  1.5] random: crng init done\\n/'", "frame 1 is damaged: its checksum does not fit"),
        ("head -n 4", "what it sent is not one whole run: its end line is missing, so it was cut off"),
        ("head -c 700", "frame 0 is damaged: its checksum does not fit"),
        ("tr @ #", "it sent no records"),
        ("cat > /dev/null", "it sent no records"),
    ] {
        let directory = with_filter(filter);
        assert_failed(&run_on(directory.path(), "board"), words);
        assert!(!directory.path().join("r.jsonl").exists(), "{filter}");
    }
}

#[test]
fn a_target_that_fails_shows_the_end_of_its_log() {
    let directory = with_wrapper(&["sh", "-c", "echo no route to board >&2; exit 255"]);
    assert_failed(
        &run_on(directory.path(), "board"),
        "board: it sent no records; r.target.log ends with: no route to board",
    );
    let directory = with_wrapper(&["/no/such/wrapper"]);
    assert_failed(&run_on(directory.path(), "board"), "board: /no/such/wrapper cannot be started: No such file");
}

#[test]
fn an_unknown_target_is_refused() {
    let directory = with_wrapper(&["env"]);
    assert_failed(
        &run_on(directory.path(), "bord"),
        "unknown target `bord`; available: here, board, and qemu:PATH for a kernel image",
    );
    fs::write(directory.path().join("list.toml"), "[a]\nkind = \"vax\"\n").unwrap();
    assert_failed(&run_on(directory.path(), "a"), "list.toml is not a list of targets: a: unknown variant `vax`");
    assert_failed(&run_on(directory.path(), "qemu:/no/such/bzImage"), "list.toml is not a list of targets");
}

#[test]
fn an_interrupt_takes_the_target_down() {
    let directory = with_wrapper(&["sh", "-c", "echo $$ > pid; exec sleep 1000"]);
    let mut child = ipcspec()
        .current_dir(directory.path())
        .args(["run", SPEC, "--on", "board", "--targets", "list.toml"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let file = directory.path().join("pid");
    let pid: i32 = loop {
        match fs::read_to_string(&file).unwrap_or_default().trim().parse() {
            Ok(pid) => break pid,
            Err(_) => assert!(child.try_wait().unwrap().is_none(), "it ended before its target started"),
        }
    };
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("board: it was interrupted"), "{said}");
    assert!(kill(Pid::from_raw(pid), None).is_err(), "the target is still there");
}

#[test]
fn a_matrix_has_a_column_for_each_target() {
    let directory = with_wrapper(&["sh", "-c", "echo unreachable >&2; exit 1"]);
    let arguments = ["matrix", "here", "board", "--targets", "list.toml", "--directory", "m"];
    let Answer { code, out, err } = ask_in(directory.path(), &arguments);
    assert!(matches!(code, Some(FAILED | COULD_NOT_RUN)), "{out}{err}");
    assert!(out.contains("\nb  board   it sent no records\n"), "{out}");
    assert!(err.contains("here: started"), "{err}");
    for file in ["here.jsonl", "here.log", "board.log", "matrix.md"] {
        assert!(directory.path().join("m").join(file).exists(), "{file}");
    }
    assert!(!directory.path().join("m/board.jsonl").exists());
}

#[test]
fn a_matrix_with_baselines_needs_one_for_each_target() {
    let directory = with_wrapper(&["sh", "-c", "exit 1"]);
    let baselines = directory.path().join("b");
    fs::create_dir(&baselines).unwrap();
    let matrix = |targets: &[&str]| {
        let rest = ["--targets", "list.toml", "--directory", "m", "--baselines", "b"];
        ask_in(directory.path(), &[&["matrix"], targets, &rest].concat())
    };
    fs::write(baselines.join("here.toml"), "[skips]\nreboot = 99\n").unwrap();
    assert_failed(&matrix(&["here", "board"]), "b/board.toml cannot be read: No such file");
    assert!(!directory.path().join("m").exists(), "nothing was run");

    let Answer { out, err, .. } = matrix(&["here"]);
    assert!(out.contains("\nhere\nipcspec ") && out.contains("\ngate: "), "{out}{err}");
    let page = fs::read_to_string(directory.path().join("m/matrix.md")).unwrap();
    assert!(page.contains("\n## Compared with the baselines\n"), "{page}");
}
