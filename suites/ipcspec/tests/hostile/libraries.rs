//! Libraries that are broken in the very calls that a harness likes to use: the verdicts are the library's.

use super::{Run, end_of, has};
use record::id::IdPattern;
use record::{Layer, Records, Verdict};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const HEAD: &str = r"
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
";

/// A name, the source of a library, and specs of which some fail with it.
const BROKEN: [(&str, &str, &str); 11] = [
    (
        "shmctl ignores IPC_RMID",
        "int shmctl(int id, int what, struct shmid_ds *to) {
            return (what & 0xff) == IPC_RMID ? 0 : syscall(SYS_shmctl, id, what, to); }",
        "sysv-shm.*",
    ),
    (
        "unlink removes nothing",
        "int unlink(const char *path) { return 0; }
        int unlinkat(int at, const char *path, int flags) { return 0; }
        int remove(const char *path) { return 0; }",
        "fifo.*",
    ),
    (
        "each third read gives EINTR",
        "static int count;
        ssize_t read(int file, void *to, size_t size) {
            if (++count % 3 == 0) { errno = EINTR; return -1; }
            return syscall(SYS_read, file, to, size); }",
        "pipe.*",
    ),
    (
        "read is short",
        "ssize_t read(int file, void *to, size_t size) {
            return syscall(SYS_read, file, to, size > 1 ? size / 2 : size); }",
        "pipe.*",
    ),
    (
        "write is short",
        "ssize_t write(int file, const void *from, size_t size) {
            return syscall(SYS_write, file, from, size > 1 ? size / 2 : size); }",
        "pipe.*",
    ),
    ("pipe2 crashes", "int pipe2(int *ends, int flags) { *(volatile int *)8 = 1; return 0; }", "pipe.*"),
    (
        "pipe2 loses O_NONBLOCK",
        "int pipe2(int *ends, int flags) { return syscall(SYS_pipe2, ends, flags & ~O_NONBLOCK); }",
        "pipe.creation-flags/nonblock/libc",
    ),
    (
        "shmget gives ENOSYS",
        "int shmget(key_t key, size_t size, int flags) { errno = ENOSYS; return -1; }",
        "sysv-shm.*",
    ),
    (
        "mq_open gives ENOSYS",
        "int mq_open(const char *name, int flags, ...) { errno = ENOSYS; return -1; }",
        "persistence.*",
    ),
    (
        "nobody is waited for",
        "pid_t waitpid(pid_t pid, int *to, int flags) { errno = ECHILD; return -1; }
        pid_t wait(int *to) { errno = ECHILD; return -1; }
        pid_t wait4(pid_t pid, int *to, int flags, struct rusage *use) { errno = ECHILD; return -1; }
        int waitid(idtype_t type, id_t id, siginfo_t *to, int flags) { errno = ECHILD; return -1; }",
        "wait.*",
    ),
    (
        "sigaction does nothing",
        "int sigaction(int signal, const struct sigaction *new, struct sigaction *old) {
            if (old) memset(old, 0, sizeof *old);
            return 0; }",
        "signal.*",
    ),
];

fn build(directory: &Path, source: &str) {
    let (file, library) = (directory.join("broken.c"), directory.join("broken.so"));
    fs::write(&file, HEAD.to_owned() + source).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).arg(&library).arg(&file).status().unwrap();
    assert!(built.success());
}

/// What may be left on the host: System V objects, and files in /dev/shm and /tmp with our names.
fn on_the_host() -> BTreeSet<String> {
    let tables =
        ["msg", "sem", "shm"].map(|kind| fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default());
    let objects = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| {
        let mut fields = line.split_whitespace();
        Some(format!("{} {}", fields.next()?, fields.next()?))
    });
    let files = ["/dev/shm", "/tmp"].into_iter().flat_map(|place| fs::read_dir(place).into_iter().flatten().flatten());
    let ours = files.map(|file| file.path().display().to_string()).filter(|path| path.contains("ipcspec-"));
    objects.chain(ours).collect()
}

#[test]
#[ignore = "scripts/hostile runs it"]
#[cfg_attr(target_feature = "crt-static", ignore = "a static binary preloads nothing")]
fn a_broken_library_has_the_verdicts_and_nothing_else_is_lost() {
    if !has(&["cc"]) {
        return;
    }
    let sound = Run::new(&[]).assert_nothing_false(0);
    for (name, source, failing) in BROKEN {
        let directory = TempDir::new().unwrap();
        build(directory.path(), source);
        let library = directory.path().join("broken.so");
        let before = on_the_host();
        let mut run = Run::new(&["--preload", library.to_str().unwrap()]);
        let output = run.command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {}", end_of(&output.stderr));
        let records = run.records();
        assert_eq!(records.run.environment.isolation, sound.run.environment.isolation, "{name}");
        assert_eq!(on_the_host().difference(&before).collect::<Vec<_>>(), Vec::<&String>::new(), "{name}");

        let mut failed = BTreeSet::new();
        assert_eq!(records.specs.len(), sound.specs.len(), "{name}");
        for spec in &records.specs {
            if !matches!(spec.verdict, Verdict::Conforms | Verdict::Skipped) {
                // The raw layer makes its calls by the system call instruction, and the fixtures clean up so.
                assert_ne!(spec.layer, Some(Layer::Raw), "{name}: {}: {:?}", spec.id, spec.failures);
                failed.insert(spec.id.clone());
            }
        }
        let skipped = |records: &Records| records.specs.iter().filter(|spec| spec.verdict == Verdict::Skipped).count();
        assert_eq!(skipped(&records), skipped(&sound), "{name}: a broken library is no missing need");
        let pattern = IdPattern::new(failing);
        assert!(failed.iter().any(|id| pattern.matches(id)), "{name}: {failed:?}");
        eprintln!("{name}: {} of {} fail", failed.len(), records.specs.len());
    }
}
