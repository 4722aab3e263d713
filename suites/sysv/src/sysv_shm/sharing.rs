//! Who can share a segment, and what that takes.

use super::{other_text, set_mode, size, text};
use calls::sysv::SegmentStatus;
use harness::need::{IPCNS, SECOND_UID};
use kit::limits::while_limited;
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::become_second_user;
use kit::sysv::{Attachment, Segment};
use kit::thread;
use kit::unrelated::{PROGRAMS, Program, start};
use libc::{IPC_PRIVATE, SHM_RDONLY};
use linkme::distributed_slice;
use nix::sys::resource::Resource;
use std::sync::atomic::{AtomicU32, Ordering};

/// The project of the keys of these specs.
const PROJECT: i32 = 'm' as i32;

/// Two processes that have nothing in common but the name of a file, of which each makes the key by ftok, share a segment: each finds what
/// the other has stored.
#[harness::test(
    id = "sysv-shm.unrelated",
    cite = [man("shmget.2", "DESCRIPTION"), man("ftok.3", "DESCRIPTION"), man("shmop.2", "shmat()")],
    covers = ["notes:shm.unrelated-processes", "notes:shm.created-by-one-used-by-many", "behaviours:sysvshm.shared-visibility"],
    needs = [SYSV, IPCNS],
)]
fn unrelated_processes_share_a_segment() -> TestResult {
    let file = Name::file("key")?;
    let segment = Segment::new(ftok(&file, PROJECT)?, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    start(&ANSWERS, &[file.as_os_str().into()])?.join()?;
    assert_eq!(Bytes(attachment.read()), other_text());
    // The process that started it had the attachment too, and may have ended last.
    let status = segment.status().map(|status| SegmentStatus { last: 0, ..status });
    assert_eq!(status, Ok(SegmentStatus { attachments: 1, ..SegmentStatus::new(segment.key(), size()) }));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static ANSWERS: Program = Program {
    name: "that answers in a segment",
    body: |arguments| {
        use calls::for_layers::{libc::ftok, libc_raw::shmget};
        let file = arguments.first().ok_or_else(|| Stop::broken("no file"))?;
        let id = assert_ok!(shmget(ftok(file, PROJECT)?, 0, 0));
        let attachment = assert_ok!(Attachment::new(id, 0));
        assert_eq!(Bytes(attachment.read()), text());
        attachment.write(&other_text().0);
        Ok(())
    },
};

/// Eight processes have a segment attached at once, each once: each writes a page of its own, and reads those of all others.
#[harness::test(
    id = "sysv-shm.many-processes",
    cite = [man("shmop.2", "shmat()"), posix("shmat.3p", "DESCRIPTION")],
    covers = ["notes:shm.bidirectional-any-number", "notes:shm.created-by-one-used-by-many", "behaviours:sysvshm.stat-nattch"],
    needs = [SYSV],
)]
fn many_processes_share_a_segment() -> TestResult {
    const PROCESSES: u8 = 8;
    let (met, leave) = (Latch::new()?, Latch::new()?);
    let segment = Segment::new(IPC_PRIVATE, usize::from(PROCESSES) * page_size())?;
    let all: Vec<u8> = (1..=PROCESSES).flat_map(|number| vec![number; page_size()]).collect();
    let process = |number: u8| {
        fork(|| -> TestResult {
            let attachment = segment.attach()?;
            attachment.write_from(usize::from(number - 1) * page_size(), &vec![number; page_size()]);
            met.arrive();
            met.wait_for(PROCESSES.into());
            assert!(attachment.read() == all, "process {number} finds what all have written");
            leave.wait_for(1);
            Ok(())
        })
    };
    let children = (1..=PROCESSES).map(process).collect::<TestResult<Vec<_>>>()?;
    children.iter().try_for_each(|child| child.wait_until_blocked_in(calls::FUTEX))?;
    let status = segment.status().map(|status| SegmentStatus { last: 0, ..status });
    let expected = SegmentStatus { attachments: PROCESSES.into(), ..SegmentStatus::new(IPC_PRIVATE, all.len()) };
    assert_eq!(status, Ok(expected));
    leave.arrive();
    children.into_iter().try_for_each(Child::join)
}

/// A segment needs no key: a process that knows the identifier of a segment made with IPC_PRIVATE, whose key is 0, attaches it.
#[harness::test(
    id = "sysv-shm.without-key",
    cite = [man("shmop.2", "shmat()"), man("shmget.2", "NOTES")],
    covers = ["notes:shm.common-key-needed", "behaviours:sysvshm.shared-visibility"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn an_identifier_is_enough() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    let before = segment.status()?;
    let child = fork(|| -> TestResult {
        let own = assert_ok!(Attachment::new(segment.id(), 0));
        assert_eq!(Bytes(own.read()), text());
        own.write(&other_text().0);
        Ok(())
    })?;
    let pid = child.pid();
    child.join()?;
    assert_eq!(Bytes(attachment.read()), other_text());
    assert_eq!(segment.status(), Ok(SegmentStatus { last: pid, ..before }));
    evidence("key of the segment that a child attached by its identifier", before.key);
    Ok(())
}

/// IPC_PRIVATE keeps nobody from a segment: another user attaches it by its identifier if the mode allows it, and only then.
#[harness::test(
    id = "sysv-shm.private-is-not-exclusive",
    cite = [man("shmget.2", "NOTES"), man("shmop.2", "ERRORS", "EACCES"), man("shmop.2", "DESCRIPTION", "SHM_RDONLY")],
    covers = ["notes:shm.exclusive-access-not-guaranteed", "errors:sysv-shm.shmat.EACCES"],
    needs = [SYSV, SECOND_UID],
    layers = [libc, raw],
)]
fn another_user_attaches_a_private_segment() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    set_mode(&segment, 0o666)?;
    let child = fork(|| -> TestResult {
        become_second_user()?;
        let own = assert_ok!(Attachment::new(segment.id(), 0));
        assert_eq!(Bytes(own.read()), text());
        own.write(&other_text().0);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(Bytes(attachment.read()), other_text());
    set_mode(&segment, 0o600)?;
    let child = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(shmat(segment.id(), 0, 0), EACCES);
        assert_errno!(shmat(segment.id(), 0, SHM_RDONLY), EACCES);
        Ok(())
    })?;
    child.join()
}

/// Threads of a process share all its memory, so that they share a segment that one of them has attached, which counts once, and any
/// variable as well.
#[harness::test(
    id = "sysv-shm.threads",
    cite = [man("pthreads.7", "DESCRIPTION"), man("shmop.2", "shmat()")],
    covers = ["notes:shm.threads-unneeded", "notes:shm.threads-share-address-space"],
    needs = [SYSV],
)]
fn threads_share_all_memory() -> TestResult {
    static VARIABLE: AtomicU32 = AtomicU32::new(0);
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&[6]);
    VARIABLE.store(5, Ordering::Release);
    let address = attachment.address();
    let other = thread::spawn(move || {
        // SAFETY: attached until this thread has ended.
        let found = unsafe { std::ptr::with_exposed_provenance::<u8>(address).read_volatile() };
        assert_eq!((found, VARIABLE.load(Ordering::Acquire)), (6, 5));
        VARIABLE.store(7, Ordering::Release);
        // SAFETY: as above.
        unsafe { std::ptr::with_exposed_provenance_mut::<u8>(address).write_volatile(8) };
    })?;
    other.join()?;
    assert_eq!((VARIABLE.load(Ordering::Acquire), attachment.read()[0]), (7, 8));
    let once = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!(segment.status(), Ok(once));
    Ok(())
}

/// shmget and shmat need no file that the caller has, and no descriptor: they succeed where RLIMIT_NOFILE allows none, and leave nothing
/// in the file system.
#[harness::test(
    id = "sysv-shm.no-file",
    cite = [kernel("ipc/shm.c", "newseg", "6.18"), man("shmget.2", "DESCRIPTION")],
    covers = ["notes:shm.can-be-created-directly"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_segment_needs_no_file() -> TestResult {
    let files = || -> TestResult<[usize; 2]> {
        Ok(["/dev/shm", "."].map(|it| std::fs::read_dir(it).map_or(0, Iterator::count)))
    };
    let before = files()?;
    let (refused, made) = while_limited(Resource::RLIMIT_NOFILE, 0, || {
        let refused = dup(0).map(drop);
        (refused, Segment::new(IPC_PRIVATE, size()).map(|segment| (Attachment::new(segment.id(), 0), segment)))
    })?;
    assert_errno!(refused, EMFILE);
    let (attachment, segment) = assert_ok!(made.map_err(|_| CallError::new("shmget", Errno::last())));
    let attachment = assert_ok!(attachment);
    attachment.write(&text().0);
    assert_eq!(Bytes(attachment.read()), text());
    let after = files()?;
    let status = SegmentStatus { attachments: 1, last: own_pid(), ..SegmentStatus::new(IPC_PRIVATE, size()) };
    assert_eq!((segment.status(), after), (Ok(status), before));
    Ok(())
}
