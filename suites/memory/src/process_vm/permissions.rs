//! Who has access to whose memory: ptrace(2), Ptrace access mode checking.

use super::{text, undumpable};
use crate::mapped::Mapped;
use crate::needs::YAMA_DESCENDANTS;
use calls::for_layers::libc_nix_raw as by;
use calls::remote_memory::remote;
use kit::needs::CHILD_ACCESS;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::MAP_PRIVATE;
use std::io::{IoSlice, IoSliceMut};

/// A transfer of the first bytes of some memory of a process.
type Transfer = fn(i32, &Mapped) -> Result<usize>;

const READ: Transfer =
    |pid, memory| by::process_vm_readv(pid, &mut [IoSliceMut::new(&mut [0; 9])], &[remote(memory.start(), 9)]);
const WRITE: Transfer = |pid, memory| {
    // SAFETY: nobody borrows from the range.
    unsafe { by::process_vm_writev(pid, &[IoSlice::new(b"elsewhere")], &[remote(memory.start(), 9)]) }
};

#[harness::errors(
    family = "not-permitted",
    rows = [
        ("process-vm.not-permitted/read", "errors:process-vm.process_vm_readv.EPERM", READ),
        ("process-vm.not-permitted/write", "errors:process-vm.process_vm_writev.EPERM", WRITE),
    ],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn the_caller_may_not_trace_the_process(transfer: Transfer) -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    memory.write(0, &text(2).0);
    let caller = fork(|| -> TestResult {
        drop_capabilities()?;
        let (hidden, open) = (undumpable()?, holder(|| Ok(()))?);
        assert_errno!(transfer(hidden.pid(), &memory), EPERM);
        assert_eq!(memory.read(), text(2));
        transfer(open.pid(), &memory)?;
        Ok(())
    })?;
    caller.join()
}

/// Without privilege a process has access to the memory of its dumpable child, and none to that of one that is not dumpable: what it
/// asked to read is not written here, nor what it asked to write there.
#[harness::test(
    id = "process-vm.permission",
    cite = [man("process_vm_readv.2", "DESCRIPTION"), man("ptrace.2", "Ptrace access mode checking")],
    covers = ["behaviours:procvm.ptrace-permission", "errors:process-vm.process_vm_readv.EPERM"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn permission_to_trace_governs_access() -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    let caller = fork(|| -> TestResult {
        drop_capabilities()?;
        let (all, asked) = ([remote(memory.start(), memory.length())], Latch::new()?);
        let target = fork(|| -> TestResult {
            nix::sys::prctl::set_dumpable(false)?;
            asked.wait_for(1);
            assert_eq!(memory.read(), Bytes::of(0, memory.length()));
            Ok(())
        })?;
        target.wait_until_blocked_in(calls::FUTEX)?;
        let mut copy = vec![b'-'; memory.length()];
        assert_errno!(process_vm_readv(target.pid(), &mut [IoSliceMut::new(&mut copy)], &all), EPERM);
        // SAFETY: nobody borrows from the range.
        assert_errno!(unsafe { process_vm_writev(target.pid(), &[IoSlice::new(&text(2).0)], &all) }, EPERM);
        assert_eq!(Bytes(copy), Bytes::of(b'-', memory.length()));
        asked.arrive();
        target.join()
    })?;
    caller.join()
}

/// With kernel.yama.ptrace_scope 1 an unprivileged process has access to the memory of its descendants alone: not to that of its
/// parent or its sibling.
#[harness::test(
    id = "process-vm.yama",
    cite = [man("ptrace.2", "/proc/sys/kernel/yama/ptrace_scope")],
    covers = ["behaviours:procvm.yama-restrict"],
    needs = [YAMA_DESCENDANTS, CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn yama_restricts_access_to_descendants() -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    let (parent, sibling) = (own_pid(), holder(|| Ok(()))?);
    let caller = fork(|| -> TestResult {
        drop_capabilities()?;
        let child = holder(|| Ok(()))?;
        let read = |pid| process_vm_readv(pid, &mut [IoSliceMut::new(&mut [0; 9])], &[remote(memory.start(), 9)]);
        assert_errno!(read(parent), EPERM);
        assert_errno!(read(sibling.pid()), EPERM);
        assert_eq!(read(child.pid()), Ok(9));
        Ok(())
    })?;
    caller.join()
}
