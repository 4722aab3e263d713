//! Wrong systems that specs once passed on: each is a library that stands before the C library, and the specs that must fail on it.
//! The audit cannot make these, since each is more than one changed call.

mod reported;

use crate::command::*;
use crate::libraries::library_of;
use reported::REPORTED;
use std::fs;
use tempfile::TempDir;

/// A wrong system: what is wrong, the library that makes it so, and specs that must not conform on it.
struct Wrong {
    what: &'static str,
    library: &'static str,
    specs: &'static [&'static str],
}

/// What all libraries may use.
const HEAD: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The function that one here hides. */
#define NEXT(function) ((typeof(&function))dlsym(RTLD_NEXT, #function))

static int is_fifo(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static int blocks(int fd) {
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* The kit names the children of a spec so. */
static int is_child_of_spec(void) {
    char name[16];
    return prctl(PR_GET_NAME, name) == 0 && strncmp(name, "child", 5) == 0;
}

/* The second child of a spec that comes here stays. */
static void let_one_pass(void) {
    if (is_child_of_spec() && mkdir("passed", 0700) < 0) pause();
}
"#;

const SYSTEMS: [Wrong; 11] = [
    Wrong {
        what: "a nonblocking writev of 513 to 4096 bytes writes element by element",
        library: r#"
ssize_t writev(int fd, const struct iovec *v, int n) {
    size_t all = 0;
    ssize_t done = 0;
    for (int i = 0; i < n; i++) all += v[i].iov_len;
    if (all <= 512 || all > 4096 || blocks(fd)) return syscall(SYS_writev, fd, v, n);
    for (int i = 0; i < n; i++) {
        ssize_t more = syscall(SYS_writev, fd, v + i, 1);
        if (more < 0) return done ? done : -1;
        done += more;
    }
    return done;
}
"#,
        specs: &[
            "pipe.writev-atomic/thousand-bytes-space-for-first-element/libc",
            "pipe.writev-atomic/thousand-bytes-one-byte-short/libc",
            "pipe.writev-atomic/pipe-buf-space-for-first-element/libc",
            "pipe.writev-atomic/pipe-buf-one-byte-short/libc",
        ],
    },
    Wrong {
        what: "mkfifo loses the execute, set-ID and sticky bits of the mode",
        library: r#"
int mkfifo(const char *path, mode_t mode) {
    return syscall(SYS_mknodat, AT_FDCWD, path, S_IFIFO | (mode & 0666), 0);
}
"#,
        specs: &["fifo.make-mode/mkfifo/libc", "fifo.make-special-bits/mkfifo/libc"],
    },
    Wrong {
        what: "mkfifo at the pathname of a FIFO replaces it and fails with EEXIST",
        library: r#"
int mkfifo(const char *path, mode_t mode) {
    int made = syscall(SYS_mknodat, AT_FDCWD, path, S_IFIFO | mode, 0);
    struct stat st;
    if (made < 0 && errno == EEXIST && lstat(path, &st) == 0 && S_ISFIFO(st.st_mode)) {
        unlink(path);
        syscall(SYS_mknodat, AT_FDCWD, path, st.st_mode, 0);
        errno = EEXIST;
    }
    return made;
}
"#,
        specs: &["fifo.make-eexist/mkfifo/libc"],
    },
    Wrong {
        what: "lseek with SEEK_DATA or SEEK_HOLE succeeds on a pipe",
        library: r#"
off_t lseek(int fd, off_t offset, int whence) {
    if ((whence == SEEK_DATA || whence == SEEK_HOLE) && is_fifo(fd)) return 0;
    return syscall(SYS_lseek, fd, offset, whence);
}
"#,
        specs: &["pipe.no-seek-for-data/libc", "fifo.no-seek/libc"],
    },
    Wrong {
        what: "splice from a file into a pipe without readers raises no SIGPIPE",
        library: r#"
ssize_t splice(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags) {
    void (*before)(int) = is_fifo(in) ? SIG_ERR : signal(SIGPIPE, SIG_IGN);
    ssize_t moved = syscall(SYS_splice, in, from, out, to, length, flags);
    int error = errno;
    if (before != SIG_ERR) signal(SIGPIPE, before);
    errno = error;
    return moved;
}
"#,
        specs: &["splice.no-reader/libc"],
    },
    Wrong {
        what: "splice and tee know a pipe again only through descriptors of one pipe(), not a FIFO that was opened twice",
        library: r#"
static int is_fifo_twice(int in, int out) {
    struct stat a, b;
    return is_fifo(in) && fstat(in, &a) == 0 && fstat(out, &b) == 0 && a.st_ino == b.st_ino && a.st_nlink == 0;
}

ssize_t splice(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags) {
    return is_fifo_twice(in, out) ? 0 : syscall(SYS_splice, in, from, out, to, length, flags);
}

ssize_t tee(int in, int out, size_t length, unsigned flags) {
    return is_fifo_twice(in, out) ? 0 : syscall(SYS_tee, in, out, length, flags);
}
"#,
        specs: &["splice.same-pipe/libc", "splice.tee-same-pipe/libc"],
    },
    Wrong {
        what: "a blocking write of fewer than PIPE_BUF bytes is done in two halves",
        library: r#"
ssize_t write(int fd, const void *bytes, size_t count) {
    if (count < 2 || count >= 4096 || !is_fifo(fd) || !blocks(fd)) return syscall(SYS_write, fd, bytes, count);
    ssize_t first = syscall(SYS_write, fd, bytes, count / 2);
    ssize_t second = syscall(SYS_write, fd, (const char *)bytes + count / 2, count - count / 2);
    return first + second;
}
"#,
        specs: &[
            "pipe.small-write-blocks-until-all-fits/small-one-byte-short/libc",
            "pipe.small-write-blocks-until-all-fits/large-one-byte-short/libc",
            "pipe.small-write-blocks-until-all-fits/below-pipe-buf-one-byte-short/libc",
        ],
    },
    Wrong {
        what: "the end of file wakes one reader and leaves the others",
        library: r#"
ssize_t read(int fd, void *bytes, size_t count) {
    ssize_t got = syscall(SYS_read, fd, bytes, count);
    if (got == 0 && count == 1 && is_fifo(fd)) let_one_pass();
    return got;
}
"#,
        specs: &["pipe.read-eof/libc", "fifo.eof-after-last-writer/libc", "pipe.kill-closes-write-end"],
    },
    Wrong {
        what: "the close of the last read end wakes one writer and leaves the others",
        library: r#"
ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t written = syscall(SYS_write, fd, bytes, count);
    if (written >= 0 || errno != EPIPE) return written;
    let_one_pass();
    errno = EPIPE;
    return written;
}
"#,
        specs: &["pipe.last-reader-close-wakes-writer/write/libc"],
    },
    Wrong {
        what: "the descriptors of a process are closed when it is waited for",
        library: r#"
void _exit(int code) {
    pid_t pid = getpid();
    if (is_child_of_spec() && syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
        while (syscall(SYS_kill, pid, 0) == 0) usleep(1000);
    }
    syscall(SYS_exit_group, code);
    __builtin_unreachable();
}
"#,
        specs: &["pipe.exit-closes-write-end"],
    },
    Wrong {
        what: "only the first page of shared memory is shared",
        library: r#"
static void *share_first_page(char *start, int is_shared) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (is_shared) syscall(SYS_mmap, start + 4096, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    return start;
}

void *shmat(int id, const void *at, int flags) {
    char *start = (char *)syscall(SYS_shmat, id, at, flags);
    return share_first_page(start, start != (char *)-1);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    char *start = (char *)syscall(SYS_mmap, at, length, protection, flags, fd, offset);
    int is_of_spec = fd >= 0 && (flags & MAP_SHARED) && length > 4096 && length <= 0x10000;
    return share_first_page(start, start != MAP_FAILED && is_of_spec);
}
"#,
        specs: &[
            "persistence.sysv-shm/libc",
            "persistence.posix-shm/libc",
            "persistence.posix-shm-unlink/libc",
            "sysv-shm.rmid-marks/libc",
            "sysv-shm.no-attachments/libc",
        ],
    },
];

#[test]
#[cfg_attr(target_feature = "crt-static", ignore = "a static binary preloads nothing")]
fn specs_fail_on_systems_that_they_once_passed_on() {
    for Wrong { what, library, specs } in SYSTEMS.iter().chain(&REPORTED) {
        let directory = TempDir::new().unwrap();
        library_of(directory.path(), &format!("{HEAD}{library}"));
        let wrong = ["--preload", "shim.so", "--timeout-scale", "0.1", "--records", "r.jsonl"];
        let run = ask_in(directory.path(), &[&["run"], *specs, &wrong].concat());
        let report = json(&fs::read_to_string(directory.path().join("r.report.json")).unwrap_or_else(|error| {
            panic!("{what}: {error}\n{}{}", run.out, run.err);
        }));
        for id in *specs {
            let judged = report["specs"].as_array().unwrap().iter().find(|spec| spec["id"] == *id);
            let verdict = judged.unwrap_or_else(|| panic!("{id} did not run"))["verdict"].clone();
            assert!(verdict == "deviates" || verdict == "timeout", "{what}: {id} {verdict}\n{}", run.out);
        }
    }
    let all: Vec<_> = SYSTEMS.iter().chain(&REPORTED).flat_map(|wrong| wrong.specs).copied().collect();
    assert_eq!(ask(&[&["run"], &all[..]].concat()).code, Some(PASSED), "on this system");
}
