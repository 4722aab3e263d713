//! Shell pipelines.

use harness::process_state;
use kit::needs::{PTY, UNIX_FILES, program};
use kit::prelude::*;
use kit::program::{self, read_to_end};
use kit::pty::Pty;

/// A program reads its standard input from descriptor 0 and writes its standard output to descriptor 1 and its standard
/// error to descriptor 2.
#[harness::test(
    id = "pipe.standard-descriptors",
    cite = [posix("stdin.3p", "DESCRIPTION"), posix("unistd.h.0p", "Constants for Functions", "STDIN_FILENO")],
    covers = ["notes:pipe.standard-descriptors"],
    needs = [program("sh")],
)]
fn programs_use_descriptors_0_1_and_2() -> TestResult {
    let ((from_us, input), (output, to_us), (errors, to_errors)) = (pipe()?, pipe()?, pipe()?);
    let script = "read word; echo output of $word; echo error of $word >&2";
    let child = program::start(&["sh", "-c", script], [&from_us, &to_us, &to_errors])?;
    drop((from_us, to_us, to_errors));
    write_all(&input, b"abc\n")?;
    assert_eq!(read_to_end(&output)?, "output of abc\n");
    assert_eq!(read_to_end(&errors)?, "error of abc\n");
    assert_eq!(child.wait()?, Ended::Exited(0));
    Ok(())
}

/// A shell pipeline connects the standard output of each command to the standard input of the next with a pipe.
#[harness::test(
    id = "pipe.shell-pipeline",
    cite = [posix("XCU", "2.9.2 Pipelines")],
    covers = ["notes:pipe.shell-bar"],
    needs = [program("sh"), program("tr"), program("readlink")],
)]
fn a_pipeline_connects_output_to_input() -> TestResult {
    let output = program::run(&["sh", "-c", "printf abc | tr a-z A-Z"], &0)?;
    assert_eq!(output.printed, "ABC");
    assert_eq!(output.ended, Ended::Exited(0));
    let script = "readlink /proc/self/fd/1 | { read left; echo $left $(readlink /proc/self/fd/0); }";
    let output = program::run(&["sh", "-c", script], &0)?;
    let ends: Vec<_> = output.printed.split_whitespace().collect();
    assert_matches!(ends[..], [left, right] if left == right && left.starts_with("pipe:["));
    Ok(())
}

/// The commands of a pipeline run in separate processes whose parent is the shell.
#[harness::test(
    id = "pipe.shell-is-the-parent",
    cite = [posix("XCU", "2.9.2 Pipelines"), posix("XCU", "2.12 Shell Execution Environment")],
    covers = ["notes:pipe.shell-creates-pipe-and-children"],
    needs = [program("sh")],
)]
fn the_shell_is_the_parent_of_both_commands() -> TestResult {
    let script = r#"sh -c 'echo $$ $PPID' | sh -c 'read left; echo $left $$ $PPID'"#;
    let output = program::run(&["sh", "-c", script], &0)?;
    let [left, left_parent, right, right_parent] = numbers_in(&output.printed)?[..] else {
        return Err(Stop::broken(format!("expected two processes and their parents, not {:?}", output.printed)));
    };
    assert_eq!([left_parent, right_parent], [output.pid; 2]);
    assert!(left != right && left != output.pid && right != output.pid, "three processes");
    Ok(())
}

/// `ls | wc -l` counts the lines that ls writes, not the directory entries: a name that begins with a period is left
/// out, and a newline in a name adds a line.
#[harness::test(
    id = "pipe.ls-wc-counts-lines",
    cite = [posix("ls.1p", "DESCRIPTION"), posix("ls.1p", "STDOUT"), posix("wc.1p", "OPTIONS", "-l")],
    covers = ["notes:pipe.ls-wc-counts-files"],
    needs = [program("sh"), program("ls"), program("wc"), UNIX_FILES],
)]
fn ls_and_wc_count_lines() -> TestResult {
    for (files, expected) in [(&["a", "b", "c"][..], 3), (&["a", ".hidden"], 1), (&["one\nname"], 2)] {
        let directory = Name::directory_with("counted", files)?;
        let output = program::run(&["sh", "-c", "ls counted | wc -l"], &0)?;
        let lines: i32 = output.printed.trim().parse()?;
        assert_eq!(lines, expected, "the lines for {files:?}");
        let entries = std::fs::read_dir(&directory)?.count();
        evidence(&format!("ls | wc -l for the {entries} file(s) {files:?}"), lines);
    }
    Ok(())
}

/// On a terminal `ls | more` shows a long listing one screenful at a time and waits for a command; when its standard
/// output is a pipe, more copies the whole listing.
#[harness::test(
    id = "pipe.ls-more",
    cite = [posix("more.1p", "DESCRIPTION")],
    covers = ["notes:pipe.ls-more"],
    needs = [PTY, program("sh"), program("ls"), program("more")],
)]
fn more_shows_a_screenful_at_a_time() -> TestResult {
    const ROWS: u16 = 24;
    let names: Vec<String> = (0..100).map(|number| format!("file-{number:02}")).collect();
    let _directory = Name::directory_with("many", &names)?;
    let pty = Pty::new(ROWS, 80)?;
    let child = pty.start(&["sh", "-c", "ls many | more"])?;
    let first = pty.shown_until("--More--")?;
    assert!(first.contains("--More--"), "the prompt, in {first:?}");
    let shown = names_in(&first);
    assert_eq!(shown, names[..shown.len()]);
    assert!((1..usize::from(ROWS)).contains(&shown.len()), "{} lines on a screen of {ROWS}", shown.len());
    observe("lines of the first page on a screen of 24", shown.len());
    pty.type_in(" ")?;
    let second = pty.shown_until("--More--")?;
    assert_eq!(names_in(&second).first(), names.get(shown.len()));
    pty.type_in("q")?;
    let rest = pty.shown_until("file-99")?;
    assert!(!rest.contains("file-99"), "the end of the list, in {rest:?}");
    assert_eq!(child.wait()?, Ended::Exited(0));
    let copied = program::run(&["sh", "-c", "ls many | more"], &0)?;
    assert_eq!(copied.printed.lines().collect::<Vec<_>>(), names);
    Ok(())
}

fn numbers_in(text: &str) -> TestResult<Vec<i32>> {
    text.split_whitespace().map(|word| Ok(word.parse()?)).collect()
}

fn names_in(screen: &str) -> Vec<String> {
    screen.split_whitespace().filter_map(|word| word.find("file-").map(|at| word[at..].to_owned())).collect()
}

/// The commands of a pipeline run concurrently, and each reads the output of the one before it.
#[harness::test(
    id = "pipe.pipeline-runs-concurrently",
    cite = [posix("XCU", "2.9.2 Pipelines")],
    covers = ["notes:pipe.pipeline-idea"],
    needs = [program("sh"), program("tr")],
)]
fn the_commands_of_a_pipeline_run_concurrently() -> TestResult {
    let ((from_us, input), (output, to_us), (pids, to_pids)) = (pipe()?, pipe()?, pipe()?);
    let stage = |from: char, to: char| format!("sh -c 'echo $$ >&2; exec tr {from} {to}'");
    let script = [stage('a', 'b'), stage('b', 'c'), stage('c', 'd')].join(" | ");
    let child = program::start(&["sh", "-c", &script], [&from_us, &to_us, &to_pids])?;
    drop((from_us, to_us, to_pids));
    let mut lines = String::new();
    while lines.matches('\n').count() < 3 {
        let Bytes(more) = read_bytes(&pids, 99)?;
        assert!(!more.is_empty(), "three commands print their process IDs");
        lines += &String::from_utf8_lossy(&more);
    }
    let alive =
        numbers_in(&lines)?.iter().filter(|pid| !matches!(process_state::state(**pid), None | Some('Z' | 'X'))).count();
    assert_eq!(alive, 3);
    evidence("commands of a three-stage pipeline that run concurrently", alive);
    write_all(&input, b"a-b-c-x\n")?;
    drop(input);
    assert_eq!(read_to_end(&output)?, "d-d-d-x\n");
    assert_eq!(child.wait()?, Ended::Exited(0));
    Ok(())
}
