//! Kinds of bugs that were reported of kernels, runtimes and libraries, as libraries that have them.

use super::Wrong;

pub const REPORTED: [Wrong; 11] = [
    Wrong {
        what: "no call is restarted",
        library: r#"
            static void lose_restart(void) {
                struct sigaction action;
                sigaction(SIGUSR1, 0, &action);
                action.sa_flags &= ~SA_RESTART;
                sigaction(SIGUSR1, &action, 0);
            }
            ssize_t read(int fd, void *to, size_t size) { lose_restart(); return NEXT(read)(fd, to, size); }
            ssize_t write(int fd, const void *from, size_t size) { lose_restart(); return NEXT(write)(fd, from, size); }
            ssize_t tee(int from, int to, size_t size, unsigned flags) {
                lose_restart();
                return NEXT(tee)(from, to, size, flags);
            }
            int open(const char *path, int flags, ...) {
                va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
                lose_restart();
                return NEXT(open)(path, flags, mode);
            }"#,
        specs: &[
            "pipe.restart/read/libc",
            "fifo.restart/write/libc",
            "splice.restart/tee-from",
            "fifo.open-restarted/reading/libc",
        ],
    },
    Wrong {
        what: "O_TRUNC on a FIFO is refused",
        library: r#"
            int open(const char *path, int flags, ...) {
                struct stat it;
                if (flags & O_TRUNC && stat(path, &it) == 0 && S_ISFIFO(it.st_mode)) { errno = EINVAL; return -1; }
                va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest);
                return NEXT(open)(path, flags, mode);
            }"#,
        specs: &["fifo.trunc-no-effect/libc"],
    },
    Wrong {
        what: "a pipe can be synchronised",
        library: r#"
            int fsync(int fd) { return 0; }
            int fdatasync(int fd) { return 0; }"#,
        specs: &["pipe.unsupported/fsync/libc", "pipe.unsupported/fdatasync/libc"],
    },
    Wrong {
        what: "a large length is refused",
        library: r#"
            ssize_t splice(int in, loff_t *at, int out, loff_t *to, size_t length, unsigned flags) {
                if (length > INT_MAX) { errno = EINVAL; return -1; }
                return NEXT(splice)(in, at, out, to, length, flags);
            }"#,
        specs: &["splice.largest-length/libc"],
    },
    Wrong {
        what: "a write to a pipe reaches the file that was spliced into it",
        library: r#"
            static char source[64];
            static off_t at;
            ssize_t splice(int in, loff_t *from, int out, loff_t *to, size_t length, unsigned flags) {
                struct stat it;
                ssize_t moved = NEXT(splice)(in, from, out, to, length, flags);
                if (moved > 0 && fstat(in, &it) == 0 && S_ISREG(it.st_mode)) {
                    snprintf(source, sizeof source, "/proc/self/fd/%d", in);
                    at = lseek(in, 0, SEEK_CUR);
                }
                return moved;
            }
            ssize_t write(int fd, const void *bytes, size_t count) {
                if (*source) {
                    int file = open(source, O_RDWR);
                    pwrite(file, bytes, count, at);
                    close(file);
                }
                return NEXT(write)(fd, bytes, count);
            }"#,
        specs: &["splice.file-unchanged/pipe/libc", "splice.file-unchanged/fifo/libc"],
    },
    Wrong {
        what: "only the first event is told",
        library: r#"
            int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
                static int told;
                int count = NEXT(epoll_wait)(epoll, events, most, timeout);
                return count > 0 && told++ ? 0 : count;
            }"#,
        specs: &["epoll.edge-each-write-pipe", "epoll.edge-each-write-fifo"],
    },
    Wrong {
        what: "a read end can be written to, says poll",
        library: r#"
            int ppoll(struct pollfd *entries, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
                int ready = NEXT(ppoll)(entries, count, timeout, mask);
                for (nfds_t i = 0; i < count; i++) { entries[i].revents |= entries[i].events & POLLOUT; }
                return ready;
            }"#,
        specs: &["poll.pipe-wrong-direction/libc"],
    },
    Wrong {
        what: "no more than 512 iovec elements are taken",
        library: r#"
            ssize_t readv(int fd, const struct iovec *elements, int count) {
                if (count > 512) { errno = EINVAL; return -1; }
                return NEXT(readv)(fd, elements, count);
            }"#,
        specs: &["pipe.iov-max/libc"],
    },
    Wrong {
        what: "a negative key is refused",
        library: r#"
            int semget(key_t key, int count, int flags) {
                if (key < 0) { errno = EINVAL; return -1; }
                return NEXT(semget)(key, count, flags);
            }
            int shmget(key_t key, size_t size, int flags) {
                if (key < 0) { errno = ENOENT; return -1; }
                return NEXT(shmget)(key, size, flags);
            }"#,
        specs: &["sysv-sem.negative-key/libc", "sysv-shm.negative-key/libc"],
    },
    Wrong {
        what: "each operation of semop is done on its own",
        library: r#"
            int semop(int set, struct sembuf *operations, size_t count) {
                for (size_t i = 0; i < count; i++) {
                    if (NEXT(semop)(set, operations + i, 1) != 0) { return -1; }
                }
                return 0;
            }"#,
        specs: &["sysv-sem.array-order/libc"],
    },
    Wrong {
        what: "system leaves SIGINT ignored",
        library: r#"
            int system(const char *command) {
                int status = NEXT(system)(command);
                signal(SIGINT, SIG_IGN);
                return status;
            }"#,
        specs: &["process.system-mask-restored"],
    },
];
