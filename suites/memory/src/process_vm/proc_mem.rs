//! /proc/PID/mem.

use super::{other_holder, text, undumpable};
use crate::mapped::{Mapped, lettered, with};
use kit::needs::CHILD_ACCESS;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{MAP_PRIVATE, O_RDONLY, O_RDWR, O_WRONLY, SEEK_SET};

/// read at an address of /proc/PID/mem gives what the process has there, over pages, and moves the offset.
#[harness::test(
    id = "process-vm.proc-read",
    cite = [man("proc_pid_mem.5", "DESCRIPTION")],
    covers = ["behaviours:procmem.read"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn proc_mem_is_read_at_an_address() -> TestResult {
    let memory = Mapped::anonymous(3, MAP_PRIVATE)?;
    memory.write(0, &lettered(3).0);
    let child = other_holder(&memory, &text(3))?;
    let file = assert_ok!(open(format!("/proc/{}/mem", child.pid()), O_RDONLY));
    let start = memory.start() as i64;
    assert_eq!(lseek(&file, start, SEEK_SET), Ok(start));
    assert_eq!(read_bytes(&file, 2 * page_size()), Ok(Bytes(text(3).0[..2 * page_size()].to_vec())));
    assert_eq!(read_bytes(&file, page_size()), Ok(Bytes(text(3).0[2 * page_size()..].to_vec())));
    let mut piece = [0; 9];
    assert_eq!(pread(&file, &mut piece, start + page_size() as i64 - 4), Ok(9));
    assert_eq!(piece[..], text(3).0[page_size() - 4..page_size() + 5]);
    Ok(())
}

/// A process reads its own memory through /proc/self/mem.
#[harness::test(
    id = "process-vm.proc-own",
    cite = [man("proc_pid_mem.5", "DESCRIPTION")],
    covers = ["behaviours:procmem.own"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn proc_self_mem_is_the_own_memory() -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    memory.write(0, &text(2).0);
    let file = assert_ok!(open("/proc/self/mem", O_RDONLY));
    let mut copy = vec![0; memory.length()];
    assert_eq!((pread(&file, &mut copy, memory.start() as i64), Bytes(copy)), (Ok(memory.length()), text(2)));
    Ok(())
}

/// write at an address of /proc/PID/mem changes what the process has there, and nothing of the writer's.
#[harness::test(
    id = "process-vm.proc-write",
    cite = [kernel("fs/proc/base.c", "mem_rw", "6.18")],
    covers = ["behaviours:procmem.write"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn proc_mem_is_written_at_an_address() -> TestResult {
    let (memory, written) = (Mapped::anonymous(4, MAP_PRIVATE)?, Latch::new()?);
    memory.write(0, &lettered(4).0);
    let child = fork(|| {
        written.wait_for(1);
        assert_eq!(memory.read(), with(lettered(4), 0, &text(3).0));
    })?;
    let file = assert_ok!(open(format!("/proc/{}/mem", child.pid()), O_WRONLY));
    assert_eq!(lseek(&file, memory.start() as i64, SEEK_SET), Ok(memory.start() as i64));
    assert_eq!(write(&file, &text(3).0), Ok(3 * page_size()));
    assert_eq!(memory.read(), lettered(4));
    written.arrive();
    child.join()
}

/// A read of /proc/PID/mem at an address that is not mapped fails with EIO; one that reaches it gives what is before it.
#[harness::test(
    id = "process-vm.proc-unmapped",
    cite = [kernel("fs/proc/base.c", "mem_rw", "6.18")],
    covers = ["behaviours:procmem.unmapped"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn what_is_not_mapped_is_not_read() -> TestResult {
    let (memory, page) = (Mapped::anonymous(3, MAP_PRIVATE)?, page_size());
    memory.write(0, &lettered(3).0);
    memory.unmap(page, page)?;
    let child = holder(|| Ok(()))?;
    let file = open(format!("/proc/{}/mem", child.pid()), O_RDONLY)?;
    let mut copy = vec![b'-'; 2 * page];
    assert_errno!(pread(&file, &mut copy, (memory.start() + page) as i64), EIO);
    assert_eq!(pread(&file, &mut copy, memory.start() as i64), Ok(page));
    assert_eq!(Bytes(copy), Bytes([vec![b'a'; page], vec![b'-'; page]].concat()));
    Ok(())
}

/// Without privilege /proc/PID/mem of a process that is not dumpable cannot be opened, and that of a dumpable child can.
#[harness::test(
    id = "process-vm.proc-permission",
    cite = [man("proc_pid_mem.5", "DESCRIPTION"), man("ptrace.2", "Ptrace access mode checking")],
    covers = ["behaviours:procmem.permission"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn permission_to_trace_governs_opening() -> TestResult {
    let caller = fork(|| -> TestResult {
        drop_capabilities()?;
        let (hidden, visible) = (undumpable()?, holder(|| Ok(()))?);
        for flags in [O_RDONLY, O_RDWR] {
            assert_errno!(open(format!("/proc/{}/mem", hidden.pid()), flags), EACCES);
            drop(open(format!("/proc/{}/mem", visible.pid()), flags)?);
        }
        Ok(())
    })?;
    caller.join()
}
