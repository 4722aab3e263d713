//! ipcs tells what the kernel does: its lines are those of the objects of the sandbox's IPC namespace, and no others.

use super::{output, printed};
use calls::sysv::{Message, Permissions};
use harness::need::IPCNS;
use kit::needs::{DEV_SHM, SYSV, ipc_setting, program};
use kit::posix::SharedMemory;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting::{change, number, numbers};
use kit::sysv::{Queue, Segment, SemaphoreSet, unused_key};
use libc::{IPC_PRIVATE, SIGUSR1};

/// A column of a table of ipcs for each object, without the key's and that of the owner's name: `ipcs -m` has `id perms bytes nattch`.
fn rows(words: &[&str], id: &str) -> TestResult<Vec<Vec<String>>> {
    let lines = printed(words)?;
    let titled = lines.into_iter().skip_while(|line| !line.iter().any(|word| word == id));
    Ok(titled.skip(1).take_while(|line| !line.is_empty()).collect())
}

/// The words of a line.
fn line(words: impl AsRef<str>) -> Vec<String> {
    words.as_ref().split_whitespace().map(String::from).collect()
}

/// The lines without the third word, the name of the owner, in the order of identifiers.
fn without_owner(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.iter_mut().filter(|row| row.len() > 2).for_each(|row| drop(row.remove(2)));
    rows
}

/// `ipcs -m` has a line for each segment, with its key, its identifier, its permissions, its size and how often it is attached, with
/// "dest" if it is marked for removal; also for who may not read them.
#[harness::test(
    id = "tools.ipcs-m",
    cite = [man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/"), posix("ipcs.1p", "OPTIONS", "-m"), man("shmctl.2", "NOTES")],
    covers = ["notes:tools.ipcs-m", "behaviours:sysvshm.proc-sysvipc-shm"],
    needs = [SYSV, IPCNS, program("ipcs")],
)]
fn ipcs_shows_segments() -> TestResult {
    let none = rows(&["ipcs", "-m"], "shmid")?;
    assert_eq!(none, Vec::<Vec<String>>::new());
    let segments = [Segment::new(unused_key()?, 100)?, Segment::new(IPC_PRIVATE, 5000)?, Segment::new(IPC_PRIVATE, 1)?];
    let _attachments = [segments[1].attach()?, segments[1].attach()?, segments[2].attach()?];
    let [first, second, third] = segments.each_ref().map(Segment::id);
    let key = segments[0].key();
    let expected = [
        line(format!("{key:#010x} {first} 600 100 0")),
        line(format!("0x00000000 {second} 600 5000 2")),
        line(format!("0x00000000 {third} 600 1 1 dest")),
    ];
    assert_eq!(segments[2].remove(), Ok(()));
    let found = rows(&["ipcs", "-m"], "shmid").map(without_owner)?;
    assert_eq!(found, expected);
    let owned = segments[0].record()?.permissions();
    assert_eq!(set_segment_permissions(first, Permissions { mode: 0, ..owned }), Ok(()));
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        assert_errno!(segments[0].status(), EACCES);
        let found = rows(&["ipcs", "-m"], "shmid").map(without_owner)?;
        // A child has the attachments as well.
        assert_eq!(found[0], line(format!("{key:#010x} {first} 0 100 0")));
        Ok(())
    })?;
    child.join()
}

/// `ipcs -q` has a line for each queue, with its key, its identifier, its permissions, and how many bytes and messages are in it.
#[harness::test(
    id = "tools.ipcs-q",
    cite = [man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/"), posix("ipcs.1p", "OPTIONS", "-q")],
    covers = ["notes:tools.ipcs-q", "behaviours:sysvmsg.proc-sysvipc-msg"],
    needs = [SYSV, IPCNS, program("ipcs")],
)]
fn ipcs_shows_queues() -> TestResult {
    let queues = [Queue::new(unused_key()?)?, Queue::new(IPC_PRIVATE)?];
    for text in ["12345", "123"] {
        assert_eq!(msgsnd(queues[0].id(), &Message::new(1, text), 0), Ok(()));
    }
    let found = rows(&["ipcs", "-q"], "msqid").map(without_owner)?;
    let (first, key) = (queues[0].id(), queues[0].key());
    assert_eq!(
        found,
        [line(format!("{key:#010x} {first} 600 8 2")), line(format!("0x00000000 {} 600 0 0", queues[1].id()))]
    );
    Ok(())
}

/// `ipcs -s` has a line for each semaphore set, with its key, its identifier, its permissions and how many semaphores it has; a signal that
/// is pending is in none.
#[harness::test(
    id = "tools.ipcs-s",
    cite = [man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/"), posix("ipcs.1p", "OPTIONS", "-s")],
    covers = ["notes:tools.ipcs-s", "behaviours:sysvsem.proc-sysvipc-sem"],
    needs = [SYSV, IPCNS, program("ipcs")],
)]
fn ipcs_shows_semaphores() -> TestResult {
    let sets = [SemaphoreSet::new(unused_key()?, &[1, 2, 3])?, SemaphoreSet::new(IPC_PRIVATE, &[0])?];
    let found = rows(&["ipcs", "-s"], "semid").map(without_owner)?;
    let (first, key) = (sets[0].id(), sets[0].key());
    assert_eq!(found, [line(format!("{key:#010x} {first} 600 3")), line(format!("0x00000000 {} 600 1", sets[1].id()))]);
    let before = printed(&["ipcs", "-s"])?;
    kit::disposition::block_all(calls::signals::SignalSet::of([SIGUSR1]))?;
    assert_eq!(kill(own_pid(), SIGUSR1), Ok(()));
    assert_eq!(kit::disposition::pending(), Ok(vec![nix::sys::signal::Signal::SIGUSR1]));
    let after = printed(&["ipcs", "-s"])?;
    assert_eq!(after, before);
    evidence("title of ipcs -s", before.concat().join(" ").split("key").next().unwrap_or_default().trim());
    Ok(())
}

/// `ipcs -a`, and `ipcs` alone, show what `ipcs -m`, `-q` and `-s` do. POSIX shared memory and pipes are not in it.
#[harness::test(
    id = "tools.ipcs-a",
    cite = [man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/"), man("sysvipc.7", "DESCRIPTION")],
    covers = ["notes:tools.ipcs-a", "notes:posixshm.family-member", "behaviours:pshm.file-dev-shm"],
    needs = [SYSV, IPCNS, DEV_SHM, program("ipcs")],
)]
fn ipcs_shows_system_v_objects_alone() -> TestResult {
    let (_segment, _queue) = (Segment::new(unused_key()?, 7)?, Queue::new(unused_key()?)?);
    let _set = SemaphoreSet::new(unused_key()?, &[1])?;
    let before = printed(&["ipcs", "-a"])?;
    for kind in ["-m", "-q", "-s"] {
        let part: Vec<_> = printed(&["ipcs", kind])?.into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(part.len(), 3);
        assert!(part.iter().all(|line| before.contains(line)), "ipcs -a lacks {part:?}");
    }
    let memory = SharedMemory::new();
    let (shared, pipe) = (memory.create(4096)?, pipe()?);
    let (after, alone) = (printed(&["ipcs", "-a"])?, printed(&["ipcs"])?);
    assert_eq!([&after, &alone], [&before; 2]);
    assert_eq!(node_of(&shared), Ok(Node { size: 4096, ..Node::new("-0600") }));
    assert_eq!(unread(&pipe.0), Ok(0));
    evidence("lines of ipcs -a that a POSIX shared memory object and a pipe add", after.len() - before.len());
    Ok(())
}

/// `ipcs -l` shows the limits of the IPC namespace, as they are set.
#[harness::test(
    id = "tools.ipcs-l",
    cite = [man("proc_sys_kernel.5", "DESCRIPTION", "/proc/sys/kernel/shmmni"), man("shmctl.2", "NOTES")],
    covers = ["notes:tools.ipcs-a", "behaviours:sysvshm.ipc-info"],
    needs = [SYSV, IPCNS, program("ipcs"), ipc_setting("kernel/shmmni"), ipc_setting("kernel/msgmni"), ipc_setting("kernel/sem")],
)]
fn ipcs_shows_limits() -> TestResult {
    let _changed = [change("kernel/shmmni", 77)?, change("kernel/msgmni", 78)?, change("kernel/sem", "79 4000 80 81")?];
    let lines = printed(&["ipcs", "-l"])?;
    let limit = |title: &str| {
        lines.iter().find_map(|line| line.join(" ").strip_prefix(title)?.strip_prefix(" = ").map(String::from))
    };
    let found = [
        "max number of segments",
        "max queues system wide",
        "max semaphores per array",
        "max semaphores system wide",
        "max ops per semop call",
        "max number of arrays",
    ]
    .map(limit);
    let [semmsl, semmns, semopm, semmni] = numbers("kernel/sem")?;
    let set = [number("kernel/shmmni")?, number("kernel/msgmni")?, semmsl, semmns, semopm, semmni];
    assert_eq!(set, [77, 78, 79, 4000, 80, 81]);
    assert_eq!(found, set.map(|limit| Some(limit.to_string())));
    Ok(())
}

/// `ipcs -u` counts the objects of each kind, the pages of the segments, the messages and their bytes, and the semaphores.
#[harness::test(
    id = "tools.ipcs-u",
    cite = [man("shmctl.2", "NOTES"), man("shmctl.2", "DESCRIPTION", "SHM_INFO")],
    covers = ["notes:tools.ipcs-a", "behaviours:sysvshm.shm-info"],
    needs = [SYSV, IPCNS, program("ipcs")],
)]
fn ipcs_counts_objects() -> TestResult {
    let _segments = [Segment::new(IPC_PRIVATE, 1)?, Segment::new(IPC_PRIVATE, 2 * page_size())?];
    let (queue, _set) = (Queue::new(IPC_PRIVATE)?, SemaphoreSet::new(IPC_PRIVATE, &[0, 0, 0])?);
    assert_eq!(msgsnd(queue.id(), &Message::new(1, "12345"), 0), Ok(()));
    let lines: Vec<_> = printed(&["ipcs", "-u"])?.iter().map(|words| words.join(" ")).collect();
    for expected in [
        "allocated queues = 1",
        "used headers = 1",
        "used space = 5 bytes",
        "segments allocated 2",
        "pages allocated 3",
        "used arrays = 1",
        "allocated semaphores = 3",
    ] {
        assert!(lines.iter().any(|line| line == expected), "ipcs -u lacks \"{expected}\": {lines:?}");
    }
    Ok(())
}

/// `ipcs -p` shows shm_cpid and shm_lpid of a segment, and msg_lspid and msg_lrpid of a queue.
#[harness::test(
    id = "tools.ipcs-p",
    cite = [posix("ipcs.1p", "OPTIONS", "-p"), man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/")],
    covers = ["notes:tools.ipcs-m", "notes:tools.ipcs-q"],
    needs = [SYSV, IPCNS, program("ipcs")],
)]
fn ipcs_shows_processes() -> TestResult {
    let (segment, queue) = (Segment::new(IPC_PRIVATE, 1)?, Queue::new(IPC_PRIVATE)?);
    let (id, creator) = (segment.id(), own_pid());
    let new = rows(&["ipcs", "-m", "-p"], "shmid")?;
    assert_eq!([new[0][0].clone(), new[0][2..].join(" ")], [id.to_string(), format!("{creator} 0")]);
    let child = fork(|| -> TestResult {
        drop(segment.attach()?);
        assert_eq!(msgsnd(queue.id(), &Message::new(1, "12345"), 0), Ok(()));
        Ok(())
    })?;
    let other = child.pid();
    child.join()?;
    assert_eq!(msgrcv(queue.id(), 5, 0, 0), Ok(Message::new(1, "12345")));
    let (segments, queues) = (rows(&["ipcs", "-m", "-p"], "shmid")?, rows(&["ipcs", "-q", "-p"], "msqid")?);
    assert_eq!(segments[0][2..].join(" "), format!("{creator} {other}"));
    assert_eq!(
        [queues[0][0].clone(), queues[0][2..].join(" ")],
        [queue.id().to_string(), format!("{other} {creator}")]
    );
    Ok(())
}

/// `ipcs -t` shows the times of a segment, "Not set" where it was never attached or detached.
#[harness::test(
    id = "tools.ipcs-t",
    cite = [posix("ipcs.1p", "OPTIONS", "-t"), man("proc_sysvipc.5", "DESCRIPTION", "/proc/sysvipc/")],
    covers = ["notes:tools.ipcs-m"],
    needs = [SYSV, IPCNS, program("ipcs")],
)]
fn ipcs_shows_times() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, 1)?;
    let not_set = || -> TestResult<usize> {
        let printed = output(&["ipcs", "-m", "-t"])?.printed;
        let id = segment.id().to_string();
        let row = printed.lines().find(|line| line.split_whitespace().next() == Some(&id)).unwrap_or_default();
        Ok(row.matches("Not set").count())
    };
    let (never, record) = (not_set()?, segment.record()?);
    assert_eq!((never, record.atime, record.dtime), (2, 0, 0));
    assert_eq!(segment.attach()?.detach(), Ok(()));
    let (used, record) = (not_set()?, segment.record()?);
    assert_eq!((used, record.status.attachments), (0, 0));
    assert!(record.ctime <= record.atime && record.atime <= record.dtime, "{record:?}");
    Ok(())
}
