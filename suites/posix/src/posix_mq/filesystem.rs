//! Queues as files: the mqueue file system.

use super::send;
use calls::for_layers::libc_nix_raw::open;
use calls::signals::SignalSet;
use calls::timers::Notify;
use harness::mark;
use harness::need::MOUNTS;
use kit::disposition::block_all;
use kit::file::content;
use kit::mounted::Mounted;
use kit::posix::MessageQueue;
use kit::prelude::*;
use libc::{O_RDONLY, O_RDWR, SIGRTMIN, SIGUSR1};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the file of a queue shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shown {
    /// QSIZE: the bytes of its messages.
    bytes: u64,
    /// NOTIFY: how the registered process is notified.
    notify: i32,
    /// SIGNO: by which signal.
    signal: i32,
    /// NOTIFY_PID: the registered process.
    process: i32,
}

/// A queue and its file.
struct Listed {
    queue: Fd,
    name: MessageQueue,
    /// Open for reading; closed before it is unmounted.
    file: Fd,
    files: Mounted,
}

impl Listed {
    fn new() -> TestResult<Self> {
        let (name, files) = (MessageQueue::new(), Mounted::new("mqueue", "")?);
        let queue = name.create()?;
        let file = open(files.join(&name.name()[1..]), O_RDONLY)?;
        Ok(Self { queue, name, file, files })
    }

    fn path(&self) -> PathBuf {
        self.files.join(&self.name.name()[1..])
    }

    /// What its file shows, in a single line.
    fn shown(&self) -> TestResult<Shown> {
        let Bytes(text) = content(&self.file)?;
        let text = String::from_utf8_lossy(&text);
        let wrong = || Stop::broken(format!("the file of a queue holds {text:?}"));
        let line = text.strip_suffix('\n').filter(|line| !line.contains('\n')).ok_or_else(wrong)?;
        let fields: Vec<_> = line.split_whitespace().filter_map(|field| field.split_once(':')).collect();
        let [("QSIZE", bytes), ("NOTIFY", notify), ("SIGNO", signal), ("NOTIFY_PID", process)] = fields[..] else {
            return Err(wrong());
        };
        Ok(Shown { bytes: bytes.parse()?, notify: notify.parse()?, signal: signal.parse()?, process: process.parse()? })
    }
}

/// The names in a directory.
fn listed(directory: &Path) -> TestResult<Vec<OsString>> {
    let read = || std::fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name())).collect::<TestResult<Vec<_>>>();
    let mut names = mark::by_harness(read)?;
    names.sort();
    Ok(names)
}

/// A mounted mqueue file system lists the queues by their names without the slash, with their modes; it shows a queue that is made
/// later, and removing a file unlinks its queue.
#[harness::test(
    id = "posix-mq.files",
    cite = [man("mq_overview.7", "Mounting the message queue filesystem")],
    covers = ["behaviours:mq.mount-visible"],
    needs = [MOUNTS],
)]
fn queues_are_files() -> TestResult {
    let listed_queue = Listed::new()?;
    let found = object_at(listed_queue.path())?;
    assert_eq!((found.0.kind.as_str(), found.0.owner), ("-0600", Node::new("").owner));
    let later = MessageQueue::new();
    let later_queue = later.create()?;
    let mut names = [&listed_queue.name, &later].map(|name| OsString::from(&name.name()[1..])).to_vec();
    names.sort();
    assert_eq!(listed(&listed_queue.files)?, names);
    std::fs::remove_file(listed_queue.path())?;
    assert_errno!(mq_open(listed_queue.name.name(), O_RDWR, 0, None), ENOENT);
    assert_eq!(listed(&listed_queue.files)?, [OsString::from(&later.name()[1..])]);
    send(&listed_queue.queue, "still open", 1)?;
    assert_eq!(object_of(&later_queue), object_at(listed_queue.files.join(&later.name()[1..])));
    Ok(())
}

/// The root of a mounted mqueue file system has the sticky bit, and all permissions for all.
#[harness::test(
    id = "posix-mq.sticky",
    cite = [man("mq_overview.7", "Mounting the message queue filesystem")],
    covers = ["behaviours:mq.mount-sticky"],
    needs = [MOUNTS],
)]
fn the_directory_of_queues_is_sticky() -> TestResult {
    let files = Mounted::new("mqueue", "")?;
    let kind = node_at(&*files)?.kind;
    assert_eq!(kind, "d1777");
    Ok(())
}

/// The file of a queue shows in QSIZE how many bytes its messages have, whatever their number and priority.
#[harness::test(
    id = "posix-mq.file-size",
    cite = [man("mq_overview.7", "Mounting the message queue filesystem", "QSIZE"), man("mq_overview.7", "BUGS")],
    covers = ["behaviours:mq.qsize-user-bytes", "behaviours:mq.file-content"],
    needs = [MOUNTS],
)]
fn the_file_shows_the_bytes() -> TestResult {
    let listed = Listed::new()?;
    assert_eq!(listed.shown()?, Shown::default());
    for (text, bytes) in [("", 0), ("12345", 5), ("1234567890123456", 21), ("x", 22)] {
        send(&listed.queue, text, 1)?;
        assert_eq!(listed.shown()?, Shown { bytes, ..Shown::default() });
    }
    assert_eq!(mq_receive(&listed.queue, super::SIZE), Ok((vec![], 1)));
    assert_eq!(mq_receive(&listed.queue, super::SIZE), Ok((b"12345".to_vec(), 1)));
    assert_eq!(listed.shown()?, Shown { bytes: 17, ..Shown::default() });
    Ok(())
}

#[rstest]
#[case::signal(Notify::Signal(SIGUSR1, 7), 0, SIGUSR1)]
#[case::real_time_signal(Notify::Signal(SIGRTMIN(), 7), 0, SIGRTMIN())]
#[case::nothing(Notify::Nothing, 1, 0)]
/// The file of a queue shows the registered process in NOTIFY_PID, how it is notified in NOTIFY, and by which signal in SIGNO, and zeros
/// when it is registered no longer.
#[harness::test(
    id = "posix-mq.file-registration",
    cite = [
        man("mq_overview.7", "Mounting the message queue filesystem", "NOTIFY_PID"),
        man("mq_overview.7", "Mounting the message queue filesystem", "NOTIFY"),
        man("mq_overview.7", "Mounting the message queue filesystem", "SIGNO"),
    ],
    covers = ["behaviours:mq.file-content", "behaviours:mq.file-notify-pid"],
    needs = [MOUNTS],
)]
fn the_file_shows_the_registration(#[case] event: Notify, #[case] notify: i32, #[case] signal: i32) -> TestResult {
    let listed = Listed::new()?;
    block_all(SignalSet::of([SIGUSR1, SIGRTMIN()]))?;
    mq_notify(&listed.queue, Some(event))?;
    assert_eq!(listed.shown()?, Shown { bytes: 0, notify, signal, process: own_pid() });
    mq_notify(&listed.queue, None)?;
    assert_eq!(listed.shown()?, Shown::default());
    let (registered, go) = (Latch::new()?, Latch::new()?);
    let other = fork(|| -> TestResult {
        mq_notify(&listed.queue, Some(event))?;
        registered.arrive();
        go.wait_for(1);
        Ok(())
    })?;
    other.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(registered.arrivals(), 1);
    assert_eq!(listed.shown()?, Shown { bytes: 0, notify, signal, process: other.pid() });
    go.arrive();
    other.join()?;
    assert_eq!(listed.shown()?, Shown::default());
    mq_notify(&listed.queue, Some(event))?;
    send(&listed.queue, "text", 1)?;
    assert_eq!(listed.shown()?, Shown { bytes: 4, ..Shown::default() });
    Ok(())
}

/// The file of a queue shows a registration by SIGEV_THREAD as 2 in NOTIFY, without a signal.
#[harness::test(
    id = "posix-mq.file-thread",
    cite = [man("mq_overview.7", "Mounting the message queue filesystem", "NOTIFY")],
    covers = ["behaviours:mq.file-content"],
    needs = [MOUNTS],
)]
fn the_file_shows_a_notification_by_thread() -> TestResult {
    extern "C" fn nothing(_: libc::sigval) {}
    let listed = Listed::new()?;
    let child = fork(|| -> TestResult {
        mq_notify_thread(&listed.queue, nothing, 0, None)?;
        let Shown { bytes, notify, process, .. } = listed.shown()?;
        assert_eq!((bytes, notify, process), (0, 2, own_pid()));
        Ok(())
    })?;
    child.join()
}

/// The file of a queue whose name is gone is gone as well, although the queue is open.
#[harness::test(
    id = "posix-mq.file-of-unlinked",
    cite = [man("mq_unlink.3", "DESCRIPTION"), man("mq_overview.7", "Mounting the message queue filesystem")],
    covers = ["behaviours:mq.name-gone-at-once", "behaviours:mq.mount-visible"],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn an_unlinked_queue_has_no_file() -> TestResult {
    let listed_queue = Listed::new()?;
    assert_eq!(mq_unlink(listed_queue.name.name()), Ok(()));
    assert_eq!(listed(&listed_queue.files)?, Vec::<OsString>::new());
    send(&listed_queue.queue, "text", 1)?;
    assert_eq!(mq_getattr(&listed_queue.queue), Ok(super::nonblocking(1)));
    Ok(())
}
