//! Records of specs, one for each verdict.

use record::{Citation, Failure, Layer, Level, Missing, Observation, Process, SeenError, Source, SpecRecord, Verdict};

pub(super) fn conforms(id: &str, statement: &str) -> SpecRecord {
    SpecRecord {
        id: id.into(),
        mechanism: id.split('.').next().unwrap().into(),
        layer: None,
        statement: statement.into(),
        cite: vec![
            Citation::posix(2017, "read.3p", "DESCRIPTION", None),
            Citation::man("pipe.7", "I/O on pipes and FIFOs", None),
        ],
        level: Level::Posix,
        covers: vec![],
        needs: vec![],
        source: Source { file: "suites/src/pipe.rs".into(), line: 42 },
        attempt: 1,
        verdict: Verdict::Conforms,
        isolation: Some("userns".into()),
        missing: vec![],
        known: None,
        checks: 3,
        failures: vec![],
        errors: vec![],
        observations: vec![],
        evidence: vec![],
        processes: vec![],
        trace: vec![],
        output: String::new(),
        output_dropped: 0,
        kernel_log: vec![],
        wall_us: 1500,
        cpu_us: 400,
    }
}

pub(super) fn deviates() -> SpecRecord {
    let what = r#"open("fifo", O_WRONLY | O_NONBLOCK)"#;
    SpecRecord {
        layer: Some(Layer::Raw),
        cite: vec![Citation::posix(2017, "open.3p", "ERRORS", Some("ENXIO"))],
        level: Level::Posix,
        source: Source { file: "suites/src/fifo.rs".into(), line: 88 },
        verdict: Verdict::Deviates,
        failures: vec![Failure {
            process: "child 1".into(),
            source: Some(Source { file: "suites/src/fifo.rs".into(), line: 93 }),
            ..failure(Verdict::Deviates, what, Some("Err(ENXIO)"), Some("Ok(3)"))
        }],
        ..conforms(
            "fifo.open-nonblock-write/raw",
            "Opening a FIFO for writing with O_NONBLOCK and no reader fails with ENXIO.",
        )
    }
}

pub(super) fn broken() -> SpecRecord {
    SpecRecord {
        verdict: Verdict::Broken,
        known: None,
        checks: 0,
        failures: vec![Failure {
            source: Some(Source { file: "suites/src/pipe.rs".into(), line: 120 }),
            ..failure(Verdict::Broken, "fcntl(F_SETPIPE_SZ) failed in the setup: EPERM", None, None)
        }],
        ..conforms(
            "pipe.write-atomic",
            "Writes of at most PIPE_BUF bytes by several processes are never interleaved, however many writers there \
             are and in whatever order the scheduler lets them run.",
        )
    }
}

pub(super) fn timeout() -> SpecRecord {
    SpecRecord {
        verdict: Verdict::Timeout,
        source: Source { file: "suites/src/fifo.rs".into(), line: 17 },
        processes: vec![
            process(2, "ipcspec", 'S', Some("wait4")),
            process(13, "ipcspec", 'D', Some("openat")),
            process(14, "cat", 'Z', None),
        ],
        output: "the reader is up\n\x1b[31mopening\x1b[0m\n".into(),
        output_dropped: 4096,
        wall_us: 30_000_000,
        ..conforms("fifo.open-read-blocks", "Opening a FIFO for reading blocks until a writer opens it.")
    }
}

pub(super) fn skipped(id: &str, missing: &[Missing]) -> SpecRecord {
    SpecRecord {
        verdict: Verdict::Skipped,
        isolation: None,
        missing: missing.into(),
        known: None,
        checks: 0,
        wall_us: 0,
        cpu_us: 0,
        ..conforms(id, "A segment does not outlive the system.")
    }
}

pub(super) fn reboot() -> Missing {
    missing("reboot", "this machine is in use", "run it in a virtual machine")
}

pub(super) fn missing(need: &str, found: &str, remedy: &str) -> Missing {
    Missing { need: need.into(), found: found.into(), remedy: remedy.into() }
}

/// An error that a spec observed through the C library.
pub(crate) fn seen(call: &str, errno: &str) -> SeenError {
    SeenError { call: call.into(), errno: errno.into(), layer: Layer::Libc }
}

pub(super) fn observation(name: &str, value: &str) -> Observation {
    Observation { name: name.into(), value: value.into() }
}

pub(super) fn failure(verdict: Verdict, message: &str, expected: Option<&str>, actual: Option<&str>) -> Failure {
    Failure {
        verdict,
        message: message.into(),
        expected: expected.map(Into::into),
        actual: actual.map(Into::into),
        source: None,
        process: "the spec".into(),
        signature: String::new(),
    }
}

pub(super) fn process(pid: i32, name: &str, state: char, syscall: Option<&str>) -> Process {
    let wchan = syscall.map(|call| format!("do_{call}"));
    Process { pid, name: name.into(), state, syscall: syscall.map(Into::into), wchan }
}
