//! The programs that show and remove System V objects, ipcs(1) and ipcrm(1) of util-linux, and others that the founding notes name.

mod ipcrm;
mod ipcs;
mod others;

use kit::prelude::*;
use kit::program::{Output, run};

/// Runs a program without input to its end.
fn output(words: &[&str]) -> TestResult<Output> {
    let (input, _) = calls::for_layers::libc::pipe()?;
    run(words, &input)
}

/// What a program prints that succeeds, as the words of each line.
fn printed(words: &[&str]) -> TestResult<Vec<Vec<String>>> {
    let Output { printed, ended, .. } = output(words)?;
    assert_eq!(ended, Ended::Exited(0));
    Ok(printed.lines().map(|line| line.split_whitespace().map(String::from).collect()).collect())
}
