//! Pipes as a shell makes them.

use harness::standing;
use kit::prelude::*;
use kit::program::{self, read_to_end};
use kit::pty::Pty;

/// A program reads its input from descriptor 0, and writes its output to 1 and its errors to 2.
#[harness::test(
    id = "pipe.standard-descriptors",
    cite = "POSIX.1-2024 <unistd.h>, STDIN_FILENO; stdin(3)",
    covers = ["notes:pipe.standard-descriptors"],
    needs = [program("sh")],
)]
fn programs_use_descriptors_0_1_and_2() -> Scene {
    let ((from_us, input), (output, to_us), (errors, complaints)) = (pipe()?, pipe()?, pipe()?);
    let script = "read word; echo output of $word; echo error of $word >&2";
    let child = program::start(&["sh", "-c", script], [&from_us, &to_us, &complaints])?;
    drop((from_us, to_us, complaints));
    write_all(&input, b"abc\n")?;
    assert_eq!(read_to_end(&output)?, "output of abc\n");
    assert_eq!(read_to_end(&errors)?, "error of abc\n");
    assert_eq!(child.wait()?, Ended::Exited(0));
    Ok(())
}

/// The bar in a shell is a pipe: what the left command writes to its output is what the right one reads as its input.
#[harness::test(
    id = "pipe.shell-bar",
    cite = "POSIX.1-2024 XCU, Pipelines",
    covers = ["notes:pipe.shell-bar"],
    needs = [program("sh"), program("tr"), program("readlink")],
)]
fn the_bar_joins_output_and_input() -> Scene {
    let output = program::run(&["sh", "-c", "printf abc | tr a-z A-Z"], &0)?;
    assert_eq!(output.printed, "ABC");
    assert_eq!(output.ended, Ended::Exited(0));
    let script = "readlink /proc/self/fd/1 | { read left; echo $left $(readlink /proc/self/fd/0); }";
    let output = program::run(&["sh", "-c", script], &0)?;
    let ends: Vec<_> = output.printed.split_whitespace().collect();
    assert_matches!(ends[..], [left, right] if left == right && left.starts_with("pipe:["));
    Ok(())
}

/// The processes of a pipeline are children of the shell, which made the pipe and forked each of them.
#[harness::test(
    id = "pipe.shell-is-the-parent",
    cite = "POSIX.1-2024 XCU, Pipelines; POSIX.1-2024 XCU, Shell Execution Environment",
    covers = ["notes:pipe.shell-creates-pipe-and-children"],
    needs = [program("sh")],
)]
fn the_shell_is_the_parent_of_both_commands() -> Scene {
    let script = r#"sh -c 'echo $$ $PPID' | sh -c 'read left; echo $left $$ $PPID'"#;
    let output = program::run(&["sh", "-c", script], &0)?;
    let [left, left_parent, right, right_parent] = numbers_in(&output.printed)?[..] else {
        return Err(Stop::broken(format!("two processes and their parents, not {:?}", output.printed)));
    };
    assert_eq!([left_parent, right_parent], [output.pid; 2]);
    assert!(left != right && left != output.pid && right != output.pid, "three processes");
    Ok(())
}

/// `ls | wc -l` counts the lines that ls prints, not the files: a hidden file is left out, and a newline in a name
/// counts.
#[harness::test(
    id = "pipe.ls-wc-counts-lines",
    cite = "POSIX.1-2024 ls and wc",
    covers = ["notes:pipe.ls-wc-counts-files"],
    needs = [program("sh"), program("ls"), program("wc")],
)]
fn ls_and_wc_count_lines() -> Scene {
    for (files, expected) in [(&["a", "b", "c"][..], 3), (&["a", ".hidden"], 1), (&["one\nname"], 2)] {
        let folder = Name::folder_with("counted", files)?;
        let output = program::run(&["sh", "-c", "ls counted | wc -l"], &0)?;
        let lines: i32 = output.printed.trim().parse()?;
        assert_eq!(lines, expected, "the lines for {files:?}");
        let entries = std::fs::read_dir(&folder)?.count();
        observe(&format!("ls | wc -l for the {entries} file(s) {files:?}"), lines);
    }
    Ok(())
}

/// On a terminal `ls | more` shows a long list page by page, and waits for a key; into a pipe it copies all at once.
#[harness::test(
    id = "pipe.ls-more",
    cite = "POSIX.1-2024 more: paging when standard output is a terminal",
    covers = ["notes:pipe.ls-more"],
    needs = [pty, program("sh"), program("ls"), program("more")],
)]
fn more_shows_pages_on_a_terminal() -> Scene {
    const ROWS: u16 = 24;
    let names: Vec<String> = (0..100).map(|number| format!("file-{number:02}")).collect();
    let _folder = Name::folder_with("many", &names)?;
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

fn numbers_in(text: &str) -> Scene<Vec<i32>> {
    text.split_whitespace().map(|word| Ok(word.parse()?)).collect()
}

fn names_in(screen: &str) -> Vec<String> {
    screen.split_whitespace().filter_map(|word| word.find("file-").map(|at| word[at..].to_owned())).collect()
}

/// A pipeline is an assembly line: all its commands run at once, and the output is that of one applied to that of
/// another.
#[harness::test(
    id = "pipe.pipeline-runs-at-once",
    cite = "POSIX.1-2024 XCU, Pipelines",
    covers = ["notes:pipe.pipeline-idea"],
    needs = [program("sh"), program("tr")],
)]
fn the_commands_of_a_pipeline_run_at_once() -> Scene {
    let ((from_us, input), (output, to_us), (pids, told)) = (pipe()?, pipe()?, pipe()?);
    let stage = |from: char, to: char| format!("sh -c 'echo $$ >&2; exec tr {from} {to}'");
    let script = [stage('a', 'b'), stage('b', 'c'), stage('c', 'd')].join(" | ");
    let child = program::start(&["sh", "-c", &script], [&from_us, &to_us, &told])?;
    drop((from_us, to_us, told));
    let mut lines = String::new();
    while lines.matches('\n').count() < 3 {
        let Bytes(more) = read_bytes(&pids, 99)?;
        assert!(!more.is_empty(), "three commands tell their process ids");
        lines += &String::from_utf8_lossy(&more);
    }
    let alive =
        numbers_in(&lines)?.iter().filter(|pid| !matches!(standing::state(**pid), None | Some('Z' | 'X'))).count();
    assert_eq!(alive, 3);
    observe("commands of a three-stage pipeline that run at once", alive);
    write_all(&input, b"a-b-c-x\n")?;
    drop(input);
    assert_eq!(read_to_end(&output)?, "d-d-d-x\n");
    assert_eq!(child.wait()?, Ended::Exited(0));
    Ok(())
}
