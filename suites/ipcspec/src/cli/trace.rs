//! Evidence for a failure: its last system calls, as strace shows them.

use super::store;
use engine::trace::around_the_failure;
use record::SpecRecord;
use reports::Exit;
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{ErrorKind, Write, stderr};
use std::process::{Command, Stdio};

/// How many failures are traced at most.
const FAILURES: usize = 10;

/// Runs what failed again under strace, one by one, with the options of the run. A spec that does not fail in the same way
/// gets no trace, which would be misleading.
pub fn add_traces(judged: &mut [SpecRecord], like_the_run: &[OsString]) {
    let mut ids = HashSet::new();
    let failing = judged.iter_mut().filter(|record| record.verdict.is_failure() && ids.insert(record.id.clone()));
    for (number, record) in failing.enumerate() {
        if number == FAILURES {
            return warn(&record.id, &format!("only the first {FAILURES} failures are traced"));
        }
        match trace(record, like_the_run) {
            Ok(Some(calls)) => record.trace = calls,
            Ok(None) => warn(&record.id, "it did not fail in the same way under strace"),
            Err(why) => return warn(&record.id, &why),
        }
    }
}

fn warn(id: &str, why: &str) {
    let _ = writeln!(stderr(), "no trace of {id}: {why}");
}

/// The calls, if it fails in the same way; or why nothing can be traced.
fn trace(record: &SpecRecord, like_the_run: &[OsString]) -> Result<Option<Vec<String>>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (calls, records) = (directory.path().join("calls"), directory.path().join("records.jsonl"));
    // Of strace itself /proc/self/exe is strace.
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut strace = Command::new("strace");
    // All processes, descriptors with what they are, short strings, no columns.
    strace.args(["-f", "-y", "-s", "16", "-a", "1", "-o"]).arg(&calls).arg("--").arg(own);
    strace.args(["run", &record.id, "--traced", "--records"]).arg(&records).args(like_the_run);
    // Preload into the run, not into strace.
    strace.env_remove("LD_PRELOAD").env_remove("GITHUB_ACTIONS");
    strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = strace.status().map_err(|error| match error.kind() {
        ErrorKind::NotFound => "strace is not installed".to_owned(),
        _ => format!("cannot run strace: {error}"),
    })?;
    // strace exits as its tracee does: a run that judged nothing was interrupted, or is not possible here.
    let judged = [Exit::Passed, Exit::Failed].map(|exit| Some(i32::from(exit.code())));
    if !judged.contains(&status.code()) {
        return Err("a run under strace gets no verdict here".into());
    }
    let again = store::read(&records).map_err(|error| error.message)?;
    if !again.specs.iter().any(|spec| spec.verdict == record.verdict) {
        return Ok(None);
    }
    let text = std::fs::read(&calls).map_err(|error| format!("cannot read the output of strace: {error}"))?;
    Ok(Some(around_the_failure(&String::from_utf8_lossy(&text))))
}
