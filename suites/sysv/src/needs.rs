//! What specs of System V IPC require of the machine.

use harness::event_log::Object;
use harness::need::{Need, Probe, met};
use harness::raw::{Argument as _, Sysno, arguments, syscall};
use harness::{Errno, raw};
use kit::memory::page_size;
use kit::needs::{ask, setting, with_object};

/// msgrcv has MSG_COPY. msgop(2).
pub const MSG_COPIES: Need =
    Need::new("msg_copies", |_| has_msg_copy(), "Use a kernel with CONFIG_CHECKPOINT_RESTORE.");

/// Asks an empty queue: where the flag is known there is no such message.
fn has_msg_copy() -> Probe {
    let new = arguments([libc::IPC_PRIVATE.register(), (libc::IPC_CREAT | 0o600).register()]);
    with_object(Object::SysvQueue, Sysno::msgget, new, |queue| {
        let mut message = [0_u64; 2];
        let flags = calls::sysv::MSG_COPY | libc::IPC_NOWAIT;
        let copy = [queue, message.as_mut_ptr().register(), size_of::<u64>(), 0, flags.register(), 0];
        // SAFETY: writes a type and a text of as many bytes as there are, if anything.
        let copied = unsafe { syscall(Sysno::msgrcv, copy) };
        met(copied != Err(Errno::ENOSYS), || "msgrcv with MSG_COPY fails with ENOSYS".into())
    })
}

/// Memory that processes share may be written and executed. mmap(2).
pub const EXECUTABLE_MEMORY: Need = Need::new(
    "executable_memory",
    |_| maps(libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC),
    "Use a security module's policy that lets programs execute what they have written, as SELinux does with execmem.",
);

/// Maps a page of shared memory that has no name.
fn maps(protection: i32) -> Probe {
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    let page = [0, 1, protection.register(), flags.register(), (-1_i32).register(), 0];
    // SAFETY: a new mapping touches no memory that exists.
    unsafe { ask(Sysno::mmap, page) }.map(drop)
}

/// A user may lock a few pages without privileges. getrlimit(2), RLIMIT_MEMLOCK.
pub const LOCKABLE_MEMORY: Need = Need::new(
    "lockable_memory",
    |_| may_lock(),
    "Raise ulimit -l, or unlock memory that processes of the same user have locked.",
);

/// As much as specs lock at once, and as their children do, without capabilities.
fn may_lock() -> Probe {
    const PAGES: usize = 8;
    kit::privilege::drop_capabilities().map_err(|error| format!("capset: {error:?}"))?;
    segment_with(PAGES * page_size(), 0, |segment| {
        let lock = arguments([segment, libc::SHM_LOCK.register(), 0]);
        // SAFETY: touches no memory.
        unsafe { ask(Sysno::shmctl, lock) }.map(drop)
    })
}

/// The kernel has huge pages. shmget(2), SHM_HUGETLB.
pub const HUGE_PAGES: Need = Need::new(
    "huge_pages",
    |_| setting("vm/nr_hugepages").map(drop),
    "Use a kernel with CONFIG_HUGETLBFS, on a machine that has huge pages.",
);

/// A huge page is free. shmget(2), SHM_HUGETLB.
pub const FREE_HUGE_PAGES: Need =
    Need::new("free_huge_pages", |_| segment_with(1, libc::SHM_HUGETLB, |_| Ok(())), "Raise vm.nr_hugepages.");

/// Memory is overcommitted by heuristic. proc_sys_vm(5).
pub const OVERCOMMIT_BY_HEURISTIC: Need = Need::new(
    "overcommit_by_heuristic",
    |_| {
        let overcommit = setting("vm/overcommit_memory")?;
        met(overcommit == 0, || format!("vm.overcommit_memory is {overcommit}"))
    },
    "Set vm.overcommit_memory back to 0.",
);

/// One access makes one page of shared memory present, and not a huge page. tmpfs(5), huge.
pub const SMALL_SHARED_PAGES: Need = Need::new(
    "small_shared_pages",
    |_| {
        // Where there is no such file, there are no huge pages without SHM_HUGETLB.
        let setting = raw::read_file(c"/sys/kernel/mm/transparent_hugepage/shmem_enabled").unwrap_or_default();
        let chosen = String::from_utf8_lossy(&setting).split(['[', ']']).nth(1).unwrap_or("never").to_string();
        met(!["always", "force"].contains(&&*chosen), || format!("shmem_enabled is {chosen}"))
    },
    "Set /sys/kernel/mm/transparent_hugepage/shmem_enabled back to never.",
);

/// A process may enter the strict mode of seccomp. seccomp(2).
pub const STRICT_SECCOMP: Need = Need::new(
    "strict_seccomp",
    |_| {
        // SAFETY: asks for a number.
        let mode = unsafe { ask(Sysno::prctl, arguments([libc::PR_GET_SECCOMP.register()])) }?;
        met(mode == 0, || "a filter is in force".into())
    },
    "Use a kernel with CONFIG_SECCOMP, and run without a seccomp filter.",
);

/// The manual page signal(7).
pub const SIGNAL_PAGE: Need = Need::new(
    "signal_page",
    |_| {
        let places = ["/usr/share/man/man7/signal.7.gz", "/usr/share/man/man7/signal.7"];
        met(places.iter().any(|place| std::path::Path::new(place).exists()), || "no signal.7 in /usr/share/man".into())
    },
    "Install the Linux man-pages.",
);

/// Makes a segment with these flags, does something with it, and removes it.
fn segment_with(size: usize, flags: i32, ask_of_it: impl FnOnce(usize) -> Probe) -> Probe {
    let new = arguments([libc::IPC_PRIVATE.register(), size, (flags | libc::IPC_CREAT | 0o600).register()]);
    with_object(Object::SysvSegment, Sysno::shmget, new, ask_of_it)
}
