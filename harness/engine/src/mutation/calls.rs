//! The system calls that the audit mutations: one row for each, with what a wrong kernel could do to it.
//!
//! To audit another call, add a row. A call without a row is left alone: those of the C library and of Rust for themselves
//! (memory, threads, clocks), and those that make and end processes, of which the audit has to hear the truth.

use std::mem::offset_of;

/// A system call, or one operation of it.
#[derive(Debug)]
pub struct Row {
    /// The kernel's name, which `/usr/include/asm/unistd.h` and strace use.
    pub call: &'static str,
    /// For calls with many operations: which argument says which, its value, and the name of that.
    pub operation: Option<(usize, i64, &'static str)>,
    /// The errors that it may give.
    pub errors: Errors,
    /// What it returns when it succeeds.
    pub returns: Returns,
    /// Whether a call with these arguments makes a difference, or only asks.
    pub acts: fn(&[u64; 6]) -> bool,
    /// Where it writes what it found.
    pub gives: &'static [Given],
    /// The bytes that it takes.
    pub takes: Option<Buffer>,
    /// Its flags, and where they are.
    pub flags: &'static [(Where, &'static [Flag])],
}

/// Where the errors that a call may give are written.
#[derive(Clone, Copy, Debug)]
pub enum Errors {
    /// In the catalogue, under this name.
    Documented(&'static str),
    /// Here: the catalogue holds no error of this call.
    Of(&'static [nix::errno::Errno]),
}

/// What a call returns when it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// 0.
    Nothing,
    /// How many bytes it moved; the argument that says how many were asked for, if one does.
    Bytes(Option<usize>),
    /// A new descriptor.
    Descriptor,
    /// A number: an identifier, a value, a pid, a count of things that are ready.
    Number,
    /// An address, or something else that cannot be a little different.
    Opaque,
}

/// Something that a call writes.
#[derive(Clone, Copy, Debug)]
pub enum Given {
    /// As many bytes as it returns.
    Bytes(Buffer),
    /// One value.
    Field(&'static str, Where),
    /// How a process ended.
    WaitStatus(Where),
}

/// Where bytes are.
#[derive(Clone, Copy, Debug)]
pub enum Buffer {
    /// At the address in an argument, after so many bytes that are something else.
    At(usize, u64),
    /// In the vector of buffers at the address in an argument.
    Vector(usize),
    /// In the vector of buffers of the message at the address in an argument.
    Message(usize),
}

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub enum Where {
    /// In an argument.
    Argument(usize),
    /// In memory: the argument that holds the address, the offset from there, and the size, in bytes.
    Memory(usize, usize, usize),
}

/// A bit of some flags, and its name.
pub type Flag = (&'static str, i64);

const fn call(call: &'static str) -> Row {
    Row {
        call,
        operation: None,
        errors: Errors::Documented(call),
        returns: Returns::Nothing,
        acts: |_| true,
        gives: &[],
        takes: None,
        flags: &[],
    }
}

impl Row {
    const fn when(self, argument: usize, value: i64, name: &'static str) -> Self {
        Self { operation: Some((argument, value, name)), ..self }
    }

    const fn documented(self, name: &'static str) -> Self {
        Self { errors: Errors::Documented(name), ..self }
    }

    const fn fails(self, errors: &'static [nix::errno::Errno]) -> Self {
        Self { errors: Errors::Of(errors), ..self }
    }

    const fn returns(self, returns: Returns) -> Self {
        Self { returns, ..self }
    }

    const fn asks(self) -> Self {
        self.acts_when(|_| false)
    }

    const fn acts_when(self, acts: fn(&[u64; 6]) -> bool) -> Self {
        Self { acts, ..self }
    }

    const fn gives(self, gives: &'static [Given]) -> Self {
        Self { gives, ..self }
    }

    const fn takes(self, buffer: Buffer) -> Self {
        Self { takes: Some(buffer), ..self }
    }

    const fn flags(self, flags: &'static [(Where, &'static [Flag])]) -> Self {
        Self { flags, ..self }
    }

    /// The name in reports and on the command line: `read`, `fcntl.F_GETFL`.
    pub fn name(&self) -> String {
        match self.operation {
            Some((_, _, operation)) => format!("{}.{operation}", self.call),
            None => self.call.into(),
        }
    }
}

macro_rules! flags {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name as i64)),*] };
}

/// A field of the structure at the address in an argument.
macro_rules! field {
    ($argument:literal, $structure:ident . $field:ident, $size:literal) => {
        Field(stringify!($field), Memory($argument, offset_of!(libc::$structure, $field), $size))
    };
}

/// What is told of a file, in the structure at the address in an argument.
macro_rules! stat {
    ($argument:literal) => {
        &[
            field!($argument, stat.st_mode, 4),
            field!($argument, stat.st_ino, 8),
            field!($argument, stat.st_nlink, 4),
            field!($argument, stat.st_uid, 4),
            field!($argument, stat.st_gid, 4),
            field!($argument, stat.st_size, 8),
        ]
    };
}

const OPEN: &[Flag] = flags! {
    O_WRONLY O_RDWR O_CREAT O_EXCL O_TRUNC O_APPEND O_NONBLOCK O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_PATH O_SYNC
};
const PIPE: &[Flag] = flags! { O_NONBLOCK O_CLOEXEC O_DIRECT };
const GET: &[Flag] = flags! { IPC_CREAT IPC_EXCL };
const SOCKET: &[Flag] = flags! { SOCK_NONBLOCK SOCK_CLOEXEC };
const MESSAGE: &[Flag] = flags! { MSG_DONTWAIT MSG_PEEK MSG_WAITALL MSG_TRUNC MSG_NOSIGNAL MSG_CMSG_CLOEXEC };
const SPLICE: &[Flag] = flags! { SPLICE_F_NONBLOCK SPLICE_F_MORE SPLICE_F_MOVE };
const ACTION: &[Flag] = flags! { SA_RESTART SA_NODEFER SA_RESETHAND SA_NOCLDSTOP SA_NOCLDWAIT SA_ONSTACK };

/// Both descriptors of a new pair.
const PAIR: [Given; 2] = [Field("first", Memory(0, 0, 4)), Field("second", Memory(0, 4, 4))];
const SIGNALS: usize = 8;
const PRIVATE: i64 = libc::FUTEX_PRIVATE_FLAG as i64;

use Buffer::{At, Message, Vector};
use Given::{Bytes, Field, WaitStatus};
use Returns::{Descriptor, Number, Opaque};
use Where::{Argument, Memory};
use nix::errno::Errno::{EACCES, EBADF, EINVAL, EIO, EMFILE, ENOENT, ENOTTY, EPERM};

/// Every row. Of rows for one call, those with an operation come first.
pub const CALLS: &[Row] = &[
    // Bytes.
    call("read").returns(Returns::Bytes(Some(2))).gives(&[Bytes(At(1, 0))]),
    call("write").returns(Returns::Bytes(Some(2))).takes(At(1, 0)),
    call("readv").returns(Returns::Bytes(None)).gives(&[Bytes(Vector(1))]),
    call("writev").returns(Returns::Bytes(None)).takes(Vector(1)),
    call("pread64").documented("read").returns(Returns::Bytes(Some(2))).gives(&[Bytes(At(1, 0))]),
    call("pwrite64").documented("write").returns(Returns::Bytes(Some(2))).takes(At(1, 0)),
    call("preadv").returns(Returns::Bytes(None)).gives(&[Bytes(Vector(1))]),
    call("pwritev").returns(Returns::Bytes(None)).takes(Vector(1)),
    call("splice")
        .returns(Returns::Bytes(Some(4)))
        .gives(&[Field("off_in", Memory(1, 0, 8)), Field("off_out", Memory(3, 0, 8))])
        .flags(&[(Argument(5), SPLICE)]),
    call("tee").returns(Returns::Bytes(Some(2))).flags(&[(Argument(3), SPLICE)]),
    // What it takes it may only map: a byte that were changed and put back would never have been changed.
    call("vmsplice").returns(Returns::Bytes(None)).flags(&[(Argument(3), SPLICE)]),
    call("lseek")
        .fails(&[EBADF, EINVAL])
        .returns(Number)
        .acts_when(|arguments| arguments[1] != 0 || arguments[2] as i32 != libc::SEEK_CUR),
    call("ftruncate"),
    // Descriptors.
    call("pipe").gives(&PAIR),
    call("pipe2").gives(&PAIR).flags(&[(Argument(1), PIPE)]),
    call("open").returns(Descriptor).flags(&[(Argument(1), OPEN)]),
    call("openat").documented("open").returns(Descriptor).flags(&[(Argument(2), OPEN)]),
    call("close").fails(&[EIO]),
    call("dup").fails(&[EMFILE]).returns(Descriptor),
    call("dup2").fails(&[EMFILE]).returns(Descriptor),
    call("dup3").fails(&[EMFILE]).returns(Descriptor).flags(&[(Argument(2), flags! { O_CLOEXEC })]),
    call("fcntl").when(1, libc::F_DUPFD as i64, "F_DUPFD").returns(Descriptor),
    call("fcntl").when(1, libc::F_DUPFD_CLOEXEC as i64, "F_DUPFD_CLOEXEC").returns(Descriptor),
    call("fcntl").when(1, libc::F_GETFD as i64, "F_GETFD").returns(Number).asks(),
    call("fcntl").when(1, libc::F_SETFD as i64, "F_SETFD").flags(&[(Argument(2), flags! { FD_CLOEXEC })]),
    call("fcntl").when(1, libc::F_GETFL as i64, "F_GETFL").returns(Number).asks(),
    call("fcntl")
        .when(1, libc::F_SETFL as i64, "F_SETFL")
        .flags(&[(Argument(2), flags! { O_NONBLOCK O_APPEND O_DIRECT O_ASYNC O_NOATIME })]),
    call("fcntl")
        .when(1, libc::F_GETPIPE_SZ as i64, "F_GETPIPE_SZ")
        .documented("fcntl(F_GETPIPE_SZ)")
        .returns(Number)
        .asks(),
    call("fcntl").when(1, libc::F_SETPIPE_SZ as i64, "F_SETPIPE_SZ").documented("fcntl(F_SETPIPE_SZ)").returns(Number),
    call("fcntl").returns(Number),
    call("ioctl")
        .when(1, libc::FIONREAD as i64, "FIONREAD")
        .fails(&[EBADF, ENOTTY])
        .asks()
        .gives(&[Field("count", Memory(2, 0, 4))]),
    call("ioctl").fails(&[EBADF, ENOTTY]).returns(Number),
    // Waiting for descriptors.
    call("poll").returns(Number).asks().gives(&[field!(0, pollfd.revents, 2)]),
    call("ppoll").returns(Number).asks().gives(&[field!(0, pollfd.revents, 2)]),
    call("select").returns(Number).asks(),
    call("pselect6").documented("pselect").returns(Number).asks(),
    call("epoll_create1").returns(Descriptor).flags(&[(Argument(0), flags! { EPOLL_CLOEXEC })]),
    call("epoll_ctl"),
    call("epoll_wait").returns(Number).asks().gives(&[field!(1, epoll_event.events, 4)]),
    call("epoll_pwait").returns(Number).asks().gives(&[field!(1, epoll_event.events, 4)]),
    // Names.
    call("mknod").returns(Returns::Nothing),
    call("mknodat"),
    call("mkdir").fails(&[EACCES]),
    call("mkdirat").fails(&[EACCES]),
    call("unlink").fails(&[ENOENT, EACCES]),
    call("unlinkat").fails(&[ENOENT, EACCES]).flags(&[(Argument(2), flags! { AT_REMOVEDIR })]),
    call("rename").fails(&[ENOENT, EACCES]),
    call("renameat").fails(&[ENOENT, EACCES]),
    call("renameat2").fails(&[ENOENT, EACCES]),
    call("link").fails(&[ENOENT, EACCES]),
    call("linkat").fails(&[ENOENT, EACCES]),
    call("symlink").fails(&[EACCES]),
    call("symlinkat").fails(&[EACCES]),
    call("chmod").fails(&[EPERM]),
    call("fchmod").fails(&[EPERM]),
    call("fchmodat").fails(&[EPERM]),
    call("chown").fails(&[EPERM]),
    call("fchown").fails(&[EPERM]),
    call("fchownat").fails(&[EPERM]),
    call("access").fails(&[EACCES, ENOENT]).asks(),
    call("faccessat").fails(&[EACCES, ENOENT]).asks(),
    call("readlink").fails(&[ENOENT]).returns(Returns::Bytes(Some(2))).asks().gives(&[Bytes(At(1, 0))]),
    call("readlinkat").fails(&[ENOENT]).returns(Returns::Bytes(Some(3))).asks().gives(&[Bytes(At(2, 0))]),
    call("fstat").fails(&[EBADF]).asks().gives(stat!(1)),
    call("stat").fails(&[ENOENT, EACCES]).asks().gives(stat!(1)),
    call("newfstatat").fails(&[ENOENT, EACCES]).asks().gives(stat!(2)),
    call("statx").fails(&[ENOENT, EACCES]).asks().gives(&[
        field!(4, statx.stx_mode, 2),
        field!(4, statx.stx_ino, 8),
        field!(4, statx.stx_nlink, 4),
        field!(4, statx.stx_uid, 4),
        field!(4, statx.stx_gid, 4),
        field!(4, statx.stx_size, 8),
    ]),
    call("fstatfs").fails(&[EBADF]).asks().gives(&[field!(1, statfs.f_type, 8)]),
    call("statfs").fails(&[ENOENT]).asks().gives(&[field!(1, statfs.f_type, 8)]),
    call("getdents64").fails(&[EBADF]).returns(Opaque).asks(),
    // Memory; private memory without a file is the allocator's, and `is_audited` leaves it out.
    call("mmap").returns(Opaque).flags(&[(Argument(3), flags! { MAP_SHARED })]),
    // Processes.
    call("wait4").returns(Number).gives(&[WaitStatus(Memory(1, 0, 4))]),
    call("waitid")
        .gives(&[
            Field("si_code", Memory(2, 8, 4)),
            Field("si_pid", Memory(2, 16, 4)),
            Field("si_status", Memory(2, 24, 4)),
        ])
        .flags(&[(Argument(3), flags! { WNOWAIT })]),
    call("getpid").fails(&[EPERM]).returns(Number).asks(),
    call("getppid").fails(&[EPERM]).returns(Number).asks(),
    call("setsid").fails(&[EPERM]).returns(Number),
    call("setpgid").fails(&[EPERM]),
    call("setuid").fails(&[EPERM]),
    call("setresuid").fails(&[EPERM]),
    call("setresgid").fails(&[EPERM]),
    call("unshare"),
    call("setns"),
    call("capset").fails(&[EPERM]),
    call("prctl").fails(&[EINVAL]).returns(Number),
    call("prlimit64")
        .fails(&[EPERM, EINVAL])
        .acts_when(|arguments| arguments[2] != 0)
        .gives(&[field!(3, rlimit.rlim_cur, 8), field!(3, rlimit.rlim_max, 8)]),
    call("mount").fails(&[EPERM, EACCES]),
    call("umount2").fails(&[EPERM]),
    call("chdir").fails(&[ENOENT]),
    // Signals.
    call("kill").acts_when(|arguments| arguments[1] != 0),
    call("tgkill").acts_when(|arguments| arguments[2] != 0),
    call("tkill").acts_when(|arguments| arguments[1] != 0),
    call("rt_sigaction")
        .documented("sigaction")
        .acts_when(|arguments| arguments[1] != 0)
        .gives(&[Field("handler", Memory(2, 0, 8))])
        .flags(&[(Memory(1, 8, 8), ACTION)]),
    call("rt_sigprocmask")
        .documented("sigprocmask")
        .acts_when(|arguments| arguments[1] != 0)
        .gives(&[Field("oldset", Memory(2, 0, SIGNALS))]),
    call("rt_sigpending").documented("sigpending").asks().gives(&[Field("set", Memory(0, 0, SIGNALS))]),
    call("rt_sigsuspend").documented("sigsuspend").asks(),
    call("rt_sigtimedwait").documented("sigtimedwait").returns(Number),
    call("pause").fails(&[EIO]).asks(),
    call("rt_sigqueueinfo").documented("sigqueue").acts_when(|arguments| arguments[1] != 0),
    call("signalfd4").documented("signalfd").returns(Descriptor),
    // System V objects.
    call("msgget").returns(Number).acts_when(|arguments| makes(arguments, 1)).flags(&[(Argument(1), GET)]),
    call("msgsnd").takes(At(1, 8)).flags(&[(Argument(3), flags! { IPC_NOWAIT })]),
    call("msgrcv")
        .returns(Returns::Bytes(Some(2)))
        .gives(&[Field("mtype", Memory(1, 0, 8)), Bytes(At(1, 8))])
        .flags(&[(Argument(4), flags! { IPC_NOWAIT MSG_NOERROR MSG_EXCEPT })]),
    call("msgctl").when(1, libc::IPC_STAT as i64, "IPC_STAT").asks().gives(&[
        field!(2, msqid_ds.msg_qnum, 8),
        field!(2, msqid_ds.msg_qbytes, 8),
        field!(2, msqid_ds.msg_lspid, 4),
        field!(2, msqid_ds.msg_lrpid, 4),
    ]),
    call("msgctl").returns(Number),
    call("semget").returns(Number).acts_when(|arguments| makes(arguments, 2)).flags(&[(Argument(2), GET)]),
    call("semop").flags(&SEMBUF),
    call("semtimedop").documented("semop").flags(&SEMBUF),
    call("semctl").when(2, libc::GETVAL as i64, "GETVAL").returns(Number).asks(),
    call("semctl").when(2, libc::GETPID as i64, "GETPID").returns(Number).asks(),
    call("semctl").when(2, libc::GETNCNT as i64, "GETNCNT").returns(Number).asks(),
    call("semctl").when(2, libc::GETZCNT as i64, "GETZCNT").returns(Number).asks(),
    call("semctl"),
    call("shmget").returns(Number).acts_when(|arguments| makes(arguments, 2)).flags(&[(Argument(2), GET)]),
    call("shmat").returns(Opaque).flags(&[(Argument(2), flags! { SHM_RDONLY SHM_RND SHM_REMAP SHM_EXEC })]),
    call("shmdt"),
    call("shmctl").when(1, libc::IPC_STAT as i64, "IPC_STAT").asks().gives(&[
        // The key is the first thing in ipc_perm; C libraries differ in the field's name.
        Field("shm_perm.key", Memory(2, 0, 4)),
        Field("shm_perm.mode", Memory(2, offset_of!(libc::shmid_ds, shm_perm) + offset_of!(libc::ipc_perm, mode), 2)),
        field!(2, shmid_ds.shm_segsz, 8),
        field!(2, shmid_ds.shm_cpid, 4),
        field!(2, shmid_ds.shm_lpid, 4),
        field!(2, shmid_ds.shm_nattch, 8),
    ]),
    call("shmctl").returns(Number),
    // Futexes of one process: FUTEX_WAIT and FUTEX_WAKE, which returns how many it woke of those that it was to wake.
    call("futex").when(1, PRIVATE | libc::FUTEX_WAIT as i64, "FUTEX_WAIT").documented("futex(FUTEX_WAIT)"),
    call("futex")
        .when(1, PRIVATE | libc::FUTEX_WAKE as i64, "FUTEX_WAKE")
        .documented("futex(FUTEX_WAKE)")
        .returns(Returns::Bytes(Some(2))),
    // POSIX message queues.
    call("mq_open").returns(Descriptor).flags(&[(
        Argument(1),
        flags! {
            O_WRONLY O_RDWR O_CREAT O_EXCL O_NONBLOCK O_CLOEXEC
        },
    )]),
    call("mq_unlink"),
    call("mq_timedsend").takes(At(1, 0)),
    call("mq_timedreceive")
        .returns(Returns::Bytes(Some(2)))
        .gives(&[Bytes(At(1, 0)), Field("priority", Memory(3, 0, 4))]),
    call("mq_getsetattr").documented("mq_getattr").acts_when(|arguments| arguments[1] != 0).gives(&[
        Field("mq_flags", Memory(2, 0, 8)),
        Field("mq_maxmsg", Memory(2, 8, 8)),
        Field("mq_msgsize", Memory(2, 16, 8)),
        Field("mq_curmsgs", Memory(2, 24, 8)),
    ]),
    call("mq_notify"),
    // Sockets.
    call("socket").returns(Descriptor).flags(&[(Argument(1), SOCKET)]),
    call("socketpair")
        .gives(&[Field("first", Memory(3, 0, 4)), Field("second", Memory(3, 4, 4))])
        .flags(&[(Argument(1), SOCKET)]),
    call("bind"),
    call("listen"),
    call("connect"),
    call("accept4").returns(Descriptor).flags(&[(Argument(3), SOCKET)]),
    call("accept").returns(Descriptor),
    call("shutdown"),
    call("sendmsg").returns(Returns::Bytes(None)).takes(Message(1)).flags(&[(Argument(2), MESSAGE)]),
    call("recvmsg").returns(Returns::Bytes(None)).gives(&[Bytes(Message(1))]).flags(&[(Argument(2), MESSAGE)]),
    call("sendto").documented("send").returns(Returns::Bytes(Some(2))).takes(At(1, 0)).flags(&[(Argument(3), MESSAGE)]),
    call("recvfrom")
        .documented("recv")
        .returns(Returns::Bytes(Some(2)))
        .gives(&[Bytes(At(1, 0))])
        .flags(&[(Argument(3), MESSAGE)]),
    call("getsockopt"),
    call("setsockopt"),
    // Descriptors with a meaning of their own.
    call("eventfd2").documented("eventfd").returns(Descriptor).flags(&[(
        Argument(1),
        flags! {
            EFD_CLOEXEC EFD_NONBLOCK EFD_SEMAPHORE
        },
    )]),
    call("memfd_create").returns(Descriptor).flags(&[(Argument(1), flags! { MFD_CLOEXEC MFD_ALLOW_SEALING })]),
    call("pidfd_open").returns(Descriptor),
    call("pidfd_getfd").returns(Descriptor),
    call("pidfd_send_signal"),
];

/// Whether msgget, semget or shmget may make an object, by its key and by the argument with its flags.
fn makes(arguments: &[u64; 6], flags: usize) -> bool {
    arguments[0] as i32 == libc::IPC_PRIVATE || arguments[flags] as i32 & libc::IPC_CREAT != 0
}

/// The flags of the first operation.
const SEMBUF: [(Where, &[Flag]); 1] =
    [(Memory(1, offset_of!(libc::sembuf, sem_flg), 2), flags! { IPC_NOWAIT SEM_UNDO })];

/// The row of a call with these arguments.
pub fn row(name: &str, arguments: &[u64; 6]) -> Option<&'static Row> {
    let row = CALLS.iter().find(|row| {
        row.call == name && row.operation.is_none_or(|(argument, value, _)| arguments[argument] as u32 == value as u32)
    })?;
    is_audited(row, arguments).then_some(row)
}

/// Memory that is neither shared nor a file's is the allocator's.
fn is_audited(row: &Row, arguments: &[u64; 6]) -> bool {
    row.call != "mmap" || arguments[3] as i32 & libc::MAP_ANONYMOUS == 0 || arguments[3] as i32 & libc::MAP_SHARED != 0
}
