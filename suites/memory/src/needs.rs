//! Needs of these specs.

use harness::need::{Need, met};
use harness::raw::{Argument as _, Sysno, arguments};
use kit::memory::page_size;
use kit::needs::{ask, setting};

/// A process may lock a few pages of memory. mlock(2), Limits and permissions.
pub const MEMLOCK: Need = Need::new(
    "memlock",
    |_| {
        let pages = 8 * page_size();
        let memory = anonymous(pages, libc::MAP_SHARED)?;
        // SAFETY: the contents stay what they are.
        unsafe { ask(Sysno::mlock, arguments([memory, pages])) }.map(drop)
    },
    "Raise ulimit -l to 64 pages.",
);

/// A process may lock all that it has mapped. mlockall(2)
pub const MEMLOCK_ALL: Need = Need::new(
    "memlock_all",
    // SAFETY: takes a number alone.
    |_| unsafe { ask(Sysno::mlockall, arguments([libc::MCL_CURRENT.register()])) }.map(drop),
    "Raise ulimit -l, or run as root.",
);

/// A process has few enough mappings at most to reach the limit. proc_sys_vm(5)
pub const MAPPING_LIMIT: Need = Need::new(
    "mapping_limit",
    |_| {
        let limit = setting("vm/max_map_count")?;
        met(limit <= 1 << 17, || format!("vm.max_map_count is {limit}"))
    },
    "Lower vm.max_map_count to its default, 65530.",
)
// Under a tracer the tens of thousands of calls take too long.
.excluding_tracers();

/// madvise(2) knows MADV_POPULATE_READ.
pub const POPULATE: Need = Need::new(
    "populate",
    |_| {
        let memory = anonymous(page_size(), libc::MAP_SHARED)?;
        let call = arguments([memory, page_size(), libc::MADV_POPULATE_READ.register()]);
        // SAFETY: the contents stay what they are.
        unsafe { ask(Sysno::madvise, call) }.map(drop)
    },
    "Use Linux 5.14 or later.",
)
.since(5, 14);

/// Files of secret memory. memfd_secret(2)
pub const SECRETMEM: Need = Need::new(
    "secretmem",
    // SAFETY: takes a number alone.
    |_| unsafe { ask(Sysno::memfd_secret, [0; 6]) }.map(drop),
    "Use Linux 5.14 or later, with secretmem.enable=1 on the kernel's command line.",
)
.since(5, 14);

/// memfd_create(2) knows MFD_EXEC and MFD_NOEXEC_SEAL.
pub const MEMFD_EXEC: Need =
    Need::new("memfd_exec", |_| memfd(libc::MFD_NOEXEC_SEAL).map(drop), "Use Linux 6.3 or later.").since(6, 3);

/// A huge page is free for a file. proc_sys_vm(5), nr_hugepages
pub const HUGE_PAGE_FILE: Need = Need::new(
    "huge_page_file",
    |_| {
        let file = memfd(libc::MFD_HUGETLB)?;
        let size = huge_page_size()?;
        let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
        // SAFETY: a new mapping touches no memory that exists.
        unsafe { ask(Sysno::mmap, [0, size, libc::PROT_READ as usize, flags as usize, file, 0]) }.map(drop)
    },
    "Give vm.nr_hugepages a value above 0.",
);

/// The size of a huge page, which /proc/meminfo tells. proc_meminfo(5)
pub fn huge_page_size() -> Result<usize, String> {
    let text = harness::raw::read_file(c"/proc/meminfo").map_err(|error| format!("/proc/meminfo: {error}"))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let size = text.lines().find_map(|line| line.strip_prefix("Hugepagesize:")?.trim().strip_suffix(" kB"));
    let size = size.ok_or("/proc/meminfo has no Hugepagesize")?;
    size.parse::<usize>().map(|size| size * 1024).map_err(|error| error.to_string())
}

/// process_madvise(2).
pub const PROCESS_MADVISE: Need = Need::new(
    "process_madvise",
    |_| {
        // SAFETY: takes numbers alone.
        let pidfd = unsafe { ask(Sysno::pidfd_open, arguments([std::process::id().register()])) }?;
        // SAFETY: no elements are read.
        unsafe { ask(Sysno::process_madvise, [pidfd, 0, 0, libc::MADV_COLD as usize, 0, 0]) }.map(drop)
    },
    "Use Linux 5.10 or later with CONFIG_ADVISE_SYSCALLS.",
);

/// pkey_mprotect(2).
pub const PROTECTION_KEY_CALLS: Need = Need::new(
    "protection_key_calls",
    |_| {
        const NO_KEY: usize = usize::MAX;
        let memory = anonymous(page_size(), libc::MAP_SHARED)?;
        // SAFETY: nobody uses the memory.
        unsafe { ask(Sysno::pkey_mprotect, arguments([memory, page_size(), 0, NO_KEY])) }.map(drop)
    },
    "Use a kernel with protection keys.",
);

fn anonymous(length: usize, flags: i32) -> Result<usize, String> {
    let flags = (flags | libc::MAP_ANONYMOUS) as usize;
    // SAFETY: a new mapping touches no memory that exists.
    unsafe { ask(Sysno::mmap, [0, length, (libc::PROT_READ | libc::PROT_WRITE) as usize, flags, usize::MAX, 0]) }
}

/// A descriptor, which is closed when the process of the probe ends.
fn memfd(flags: u32) -> Result<usize, String> {
    // SAFETY: the name ends in NUL and outlives the call.
    unsafe { ask(Sysno::memfd_create, arguments([c"probe".as_ptr().register(), flags.register()])) }
}

/// Yama lets a process trace its descendants alone. ptrace(2)
pub const YAMA_DESCENDANTS: Need = Need::new(
    "yama_descendants",
    |_| {
        let scope = setting("kernel/yama/ptrace_scope")?;
        met(scope == 1, || format!("kernel.yama.ptrace_scope is {scope}"))
    },
    "Use a kernel with Yama, and set kernel.yama.ptrace_scope to 1.",
);
