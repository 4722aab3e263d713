//! Where records go: what is no regular file is refused, and no file of an earlier run is taken for this one's.

use crate::command::*;
use record::Records;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use tempfile::TempDir;

fn run_to(directory: &Path, records: &str) -> Answer {
    ask_in(directory, &["run", SPEC, "--records", records])
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_no_regular_file_is_refused_and_stays() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name);
    nix::unistd::mkfifo(&path("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink("/dev/null", path("to-null")).unwrap();
    for place in ["/dev/full", "/dev/null", "fifo", "to-null"] {
        assert_refused(&run_to(directory.path(), place), COULD_NOT_RUN, "cannot be written: it is no regular file");
    }
    assert_refused(&run_to(directory.path(), "."), COULD_NOT_RUN, "cannot be written: is a directory");
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
    assert_eq!(names(directory.path()), ["fifo", "to-null"]);
    let written = ask_in(directory.path(), &["audit", SPEC, "--findings", "/dev/full"]);
    assert_refused(&written, COULD_NOT_RUN, "cannot be written: it is no regular file");
}

#[test]
fn a_symbolic_link_is_followed_and_stays() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("kept")).unwrap();
    symlink("kept/of-today.jsonl", directory.path().join("r.jsonl")).unwrap();
    for _ in 0..2 {
        assert_eq!(run_to(directory.path(), "r.jsonl").code, Some(PASSED));
        assert_eq!(names(directory.path()), ["kept", "r.jsonl"]);
        assert_eq!(fs::read_link(directory.path().join("r.jsonl")).unwrap(), Path::new("kept/of-today.jsonl"));
        assert!(names(&directory.path().join("kept")).contains(&"of-today.report.html".to_owned()));
    }
}

#[test]
fn what_cannot_be_written_is_refused_before_the_run() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.join("r.jsonl"), "/proc/ipcspec/r.jsonl".into(), "report.json".into(), "a.junit.xml".into()] {
        assert_refused(&run_to(directory.path(), place.to_str().unwrap()), COULD_NOT_RUN, "cannot be written");
    }
    // The default as well: a gate after it would judge an earlier run.
    fs::write(directory.path().join("target"), "no directory").unwrap();
    let refused = ask_in(directory.path(), &["run", SPEC]);
    assert_refused(&refused, COULD_NOT_RUN, "name another file with --records, or give --no-records");
    assert_eq!(ask_in(directory.path(), &["run", SPEC, "--no-records"]).code, Some(PASSED));
}

/// In a directory of another user, nothing can be created or removed; a file in it that may be written is emptied.
#[test]
fn in_another_owners_directory_no_old_file_is_judged() {
    let directory = TempDir::new().unwrap();
    let (records, baseline) = (directory.path().join("r.jsonl"), directory.path().join("b.toml"));
    assert_eq!(run_to(directory.path(), "r.jsonl").code, Some(PASSED));
    fs::write(&baseline, "").unwrap();
    fs::set_permissions(&records, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let as_other = |arguments: &[&str]| {
        let mut command = ipcspec();
        command.current_dir(directory.path()).args(arguments);
        if nix::unistd::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        command
    };
    // Where another user may not run the binary, there is nothing to see.
    if as_other(&["--version"]).output().is_ok_and(|output| output.status.success()) {
        let run = answer(&mut as_other(&["run", SPEC, "--records", "r.jsonl"]));
        assert_refused(&run, COULD_NOT_RUN, "r.jsonl cannot be written: ");
        let gate = answer(&mut as_other(&["gate", SPEC, "--baseline", "b.toml", "--records", "r.jsonl"]));
        assert_refused(&gate, COULD_NOT_RUN, "r.jsonl is not one whole run: it is empty");
    }
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_run_that_has_no_result_leaves_no_old_file() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("list.toml"), "[board]\nkind = \"command\"\ncommand = [\"false\"]\n").unwrap();
    fs::write(directory.path().join("b.toml"), "").unwrap();
    assert_eq!(run_to(directory.path(), "r.jsonl").code, Some(PASSED));
    let on_board = ["run", SPEC, "--on", "board", "--targets", "list.toml", "--records", "r.jsonl"];
    assert_eq!(ask_in(directory.path(), &on_board).code, Some(COULD_NOT_RUN));
    assert_eq!(names(directory.path()), ["b.toml", "list.toml", "r.target.log"]);
    let gate = ask_in(directory.path(), &["gate", SPEC, "--baseline", "b.toml", "--records", "r.jsonl"]);
    assert_refused(&gate, COULD_NOT_RUN, "r.jsonl cannot be read: No such file");
}

/// A limit on the size of files stands for a full disk: the records fit, the HTML report does not.
#[test]
fn on_a_full_disk_the_last_line_says_how_it_exits() {
    let directory = TempDir::new().unwrap();
    let mut command = ipcspec();
    command.current_dir(directory.path()).args(["run", SPEC, "--records", "r.jsonl"]);
    let limit = || {
        // SAFETY: async-signal-safe calls between fork and exec.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_FSIZE, 32 << 10, 32 << 10)?;
        Ok(())
    };
    // SAFETY: see above.
    unsafe { command.pre_exec(limit) };
    let run = answer(&mut command);
    assert_eq!(run.code, Some(COULD_NOT_RUN), "{}{}", run.out, run.err);
    assert!(run.out.ends_with("3 specs: 3 conforms, 0 deviates, 0 broken, 0 timeout, 0 skipped, 0 flaky; exit 2\n"));
    assert!(
        run.err.lines().last().unwrap().starts_with("ipcspec: r.jsonl cannot be written: File too large"),
        "{}",
        run.err
    );
}

#[test]
fn records_go_to_standard_output_alone_or_nowhere() {
    let directory = TempDir::new().unwrap();
    let run = run_to(directory.path(), "-");
    assert_eq!(run.code, Some(PASSED), "{}", run.err);
    assert_eq!(Records::read(run.out.as_bytes()).unwrap().specs.len(), 3);
    assert!(run.err.ends_with("0 flaky; exit 0\n"), "{}", run.err);
    let run = ask_in(directory.path(), &["run", SPEC, "--no-records"]);
    assert!(run.out.ends_with("0 flaky; exit 0\n"), "{}", run.out);
    assert_eq!(names(directory.path()), [""; 0]);
    assert_eq!(ask(&["run", SPEC, "--no-records", "--records", "r.jsonl"]).code, Some(COULD_NOT_RUN));
}

#[test]
fn two_runs_in_one_directory_keep_their_reports() {
    let directory = TempDir::new().unwrap();
    for (spec, file) in [(SPEC, "a.jsonl"), ("pipe.opened-by-unrelated", "b.jsonl")] {
        let run = ask_in(directory.path(), &["run", spec, "--records", file]);
        assert_eq!(run.code, Some(PASSED), "{}", run.err);
    }
    let report = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    assert!(report("a.report.json").contains(SPEC) && !report("b.report.json").contains(SPEC));
    assert_eq!(names(directory.path()).len(), 10);
}

#[test]
fn a_run_of_nothing_but_skips_does_not_pass() {
    // This machine is in use, and says so.
    let run = ask(&["run", "--need", "disposable", "--no-records"]);
    assert_eq!(run.code, Some(ALL_SKIPPED), "{}{}", run.out, run.err);
    assert!(run.out.contains("\nevery selected spec is skipped because a need is not met\n"), "{}", run.out);
    assert!(run.out.ends_with("; exit 4\n"), "{}", run.out);
}

#[test]
fn claims_are_printed_on_request_and_the_scope_always() {
    let claimed = "pipe.opened-by-unrelated";
    let run = |more: &[&str]| ask(&[&["run", claimed, "--no-records"], more].concat()).out;
    assert!(!run(&[]).contains("Claims refuted"), "{}", run(&[]));
    assert!(run(&["--claims"]).contains("\nClaims refuted by conforming specs\n"), "{}", run(&["--claims"]));
    let scope = ask(&["run", SPEC, "--no-records"]).out;
    assert!(scope.contains("\ncovers ") && scope.contains(" documented clauses, in "), "{scope}");
}

#[test]
fn the_slowest_specs_are_printed_on_request() {
    let run = |more: &[&str]| ask(&[&["run", "pipe.read-eof", "--no-records"], more].concat()).out;
    assert!(!run(&[]).contains("Slowest"), "{}", run(&[]));
    let slowest = run(&["--slowest", "2"]);
    let lines: Vec<_> = slowest
        .lines()
        .skip_while(|line| *line != "Slowest specs")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains("  pipe.read-eof/")), "{slowest}");
    assert!(slowest.contains("\nTime by mechanism\n") && slowest.contains("  pipe, 3 specs\n"), "{slowest}");
}
