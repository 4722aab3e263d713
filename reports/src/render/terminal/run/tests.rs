//! The summary as it is read.

use super::*;
use crate::render::page::plain;
use crate::sample;

fn shown(records: &Records, claims: bool) -> String {
    shown_with(records, OnRequest { claims, slowest: 0 })
}

fn shown_with(records: &Records, on_request: OnRequest) -> String {
    let documented = Documented { claims: sample::claims(), ..Documented::default() };
    plain(&run(records, &documented, Exit::of(records), on_request))
}

#[test]
fn the_slowest_specs_come_first_and_mechanisms_after_them() {
    let text = shown_with(&sample::interrupted(), OnRequest { slowest: 2, ..OnRequest::default() });
    let from = text.find("\nSlowest specs\n").expect(&text);
    let until = text[from..].find("\n\nFailed").expect(&text);
    assert_eq!(&text[from..from + until], SLOWEST);
    assert!(!shown(&sample::interrupted(), true).contains("Slowest specs"));
}

const SLOWEST: &str = "
Slowest specs
   30.000 s  fifo.open-read-blocks
     1.5 ms  fifo.open-nonblock-write/raw

Time by mechanism
   30.001 s  fifo, 2 specs
     4.5 ms  pipe, 3 specs";

#[test]
fn a_run_as_it_is_read() {
    assert_eq!(shown(&sample::interrupted(), true), INTERRUPTED);
}

const INTERRUPTED: &str = r#"ipcspec 0.1.0 on Linux 6.18.44 x86_64, glibc 2.36, 2 cpus, uid 1000, isolation: userns

        conforms  deviates    broken   timeout   skipped
  fifo         0         1         0         1         0
  pipe         2         0         1         0         0
  shm          0         0         0         0         2

× 1: fifo.open-nonblock-write/raw deviates
  -> Opening a FIFO for writing with O_NONBLOCK and no reader fails with ENXIO.
     POSIX.1-2017 open(3p), ERRORS: ENXIO

       done: open("fifo", O_WRONLY | O_NONBLOCK)
   expected: Err(ENXIO)
     actual: Ok(3)
         in: child 1, suites/src/fifo.rs:93
     source: suites/src/fifo.rs:88
  reproduce: ipcspec run fifo.open-nonblock-write/raw

× 2: fifo.open-read-blocks timeout
  -> Opening a FIFO for reading blocks until a writer opens it.
     POSIX.1-2017 read(3p), DESCRIPTION; pipe(7), I/O on pipes and FIFOs

     failed: timed out after 30.000 s
  processes: pid  2  ipcspec  sleeping                  in wait4, waiting in do_wait4
             pid 13  ipcspec  in uninterruptible sleep  in openat, waiting in do_openat
             pid 14  cat      zombie
     output: | the reader is up
             | \u{1b}[31mopening\u{1b}[0m
             ... 4096 bytes not kept
     source: suites/src/fifo.rs:17
  reproduce: ipcspec run fifo.open-read-blocks

× 3: pipe.write-atomic broken
  -> Writes of at most PIPE_BUF bytes by several processes are never interleaved, however many
     writers there are and in whatever order the scheduler lets them run.
     POSIX.1-2017 read(3p), DESCRIPTION; pipe(7), I/O on pipes and FIFOs

     failed: fcntl(F_SETPIPE_SZ) failed in the setup: EPERM
         in: the spec, suites/src/pipe.rs:120
     source: suites/src/pipe.rs:42
  reproduce: ipcspec run pipe.write-atomic

Skipped, by missing need
    1  cpus(4): 2 processors
       -> give the machine more
    2  reboot: this machine is in use
       -> run it in a virtual machine

Claims refuted by conforming specs
  pipe.exit-needs-data-read: Once data has been written into a pipe it must be read before the
  writer can exit normally.
       -> The writer exits at once; unread data stays until all ends close and is then dropped.
          pipe.exit-with-unread-data; bytes read after the writer's exit: 5

Failed: 3 specs
  fifo.open-nonblock-write/raw fifo.open-read-blocks pipe.write-atomic

incomplete: the run was interrupted after 7 of 12 attempts
12 checks in 7 attempts, 31.214 s
at least one spec deviates, is broken or timed out
7 specs: 2 conforms, 1 deviates, 1 broken, 1 timeout, 2 skipped, 0 flaky; exit 1
"#;

#[test]
fn an_flaky_spec_shows_its_rate() {
    let text = shown(&sample::repeated(), false);
    for line in [
        "× 1: fifo.open-nonblock-write/raw flaky, deviates",
        "   attempts: 2/4 conform (1 deviates, 1 timeout); this is attempt 2",
        "  reproduce: ipcspec run fifo.open-nonblock-write/raw --repeat 4",
        "  fifo.open-nonblock-write/raw 2/4 conform (1 deviates, 1 timeout)",
        "1 specs: 0 conforms, 1 deviates, 0 broken, 0 timeout, 0 skipped, 1 flaky; exit 1",
    ] {
        assert!(text.lines().any(|have| have == line), "{line:?} is missing from:\n{text}");
    }
}

#[test]
fn specs_that_fail_alike_share_an_entry() {
    let text = shown(&sample::alike(), false);
    assert_eq!(text.matches("\n× ").count(), 3, "{text}");
    for part in [
        "× 1: pipe.a/libc deviates, and 2 more specs alike\n",
        "   at fault: C library: raw conforms, libc deviates, nix deviates\n",
        "      alike: pipe.a/{libc,nix} pipe.b/libc\n",
        "× 2: pipe.c broken, and 1 more spec alike\n",
        "     failed: pipe2(O_DIRECT) is refused with EINVAL\n",
        "\nFailed: 6 specs\n  pipe.a/{libc,nix} pipe.b/libc pipe.c pipe.d pipe.e\n",
    ] {
        assert!(text.contains(part), "{part:?} is missing from:\n{text}");
    }
}

#[test]
fn a_terminal_gets_the_first_causes_in_full_and_counts_the_rest() {
    let mut records = sample::records();
    let deviating = records.specs.iter().find(|spec| spec.verdict == Verdict::Deviates).unwrap().clone();
    let spec = |n| {
        let mut spec = deviating.clone();
        spec.id = format!("pipe.s{n:03}");
        spec.failures[0].message = format!("call_{n}()");
        spec
    };
    records.specs = (0..200).map(spec).collect();
    let text = shown(&records, false);
    assert_eq!(text.matches("\n× ").count(), CAUSES, "{text}");
    assert!(text.contains("\n190 more causes; the report has them all\n    1  deviates: call_10(): "), "{text}");
    assert!(text.contains(" pipe.s099 ... and 100 more; the report has them all\n"), "{text}");
}

#[test]
fn the_last_line_says_how_the_command_exits() {
    let mut records = sample::records();
    records.specs.retain(|spec| spec.verdict == Verdict::Conforms);
    records.run.selected = records.specs.len();
    let text = |records: &Records, exit| plain(&run(records, &Documented::default(), exit, OnRequest::default()));
    assert!(text(&records, Exit::CouldNotRun).ends_with("; exit 2\n"), "records that could not be written");
    records.end.interrupted = true;
    let text = text(&records, Exit::of(&records));
    assert!(text.contains("\ninterrupted\n") && text.ends_with("; exit 2\n"), "{text}");
}

#[test]
fn a_run_says_how_much_it_covers() {
    let coverage = Coverage { mechanisms: 9, all_mechanisms: 45, clauses: 400, all_clauses: 3000 };
    assert_eq!(scope(coverage), "covers 400 of 3000 documented clauses, in 9 of 45 mechanisms");
}

#[test]
fn a_clean_run_is_short() {
    let mut records = sample::records();
    records.specs.retain(|spec| spec.verdict == Verdict::Conforms);
    records.run.selected = records.specs.len();
    let text = shown(&records, false);
    assert_eq!(text.lines().count(), 8, "machine, table, totals:\n{text}");
    assert!(text.ends_with("; exit 0\n"));
}
