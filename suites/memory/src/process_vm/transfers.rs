//! process_vm_readv and process_vm_writev between a process and its child.

use super::{other_holder, text};
use crate::mapped::{Mapped, lettered, unmapped, with};
use calls::remote_memory::remote;
use kit::needs::CHILD_ACCESS;
use kit::prelude::*;
use libc::{MAP_PRIVATE, PROT_READ};
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// process_vm_readv returns how many bytes it read, and they are those of the other process: what this one has at the same addresses
/// is left.
#[harness::test(
    id = "process-vm.read",
    cite = [man("process_vm_readv.2", "DESCRIPTION"), man("process_vm_readv.2", "RETURN VALUE")],
    covers = ["behaviours:procvm.returns-bytes"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn process_vm_readv_reads_from_the_other_process() -> TestResult {
    let memory = Mapped::anonymous(3, MAP_PRIVATE)?;
    memory.write(0, &lettered(3).0);
    let child = other_holder(&memory, &text(3))?;
    let mut copy = vec![0; memory.length()];
    let of_child = [remote(memory.start(), memory.length())];
    assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut copy)], &of_child), Ok(memory.length()));
    assert_eq!((Bytes(copy), memory.read()), (text(3), lettered(3)));
    Ok(())
}

/// process_vm_writev returns how many bytes it wrote, and the other process has them; this one has what it had at the same addresses.
#[harness::test(
    id = "process-vm.write",
    cite = [man("process_vm_readv.2", "DESCRIPTION"), man("process_vm_readv.2", "RETURN VALUE")],
    covers = ["behaviours:procvm.returns-bytes"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn process_vm_writev_writes_to_the_other_process() -> TestResult {
    let (memory, written) = (Mapped::anonymous(3, MAP_PRIVATE)?, Latch::new()?);
    memory.write(0, &lettered(3).0);
    let child = fork(|| {
        written.wait_for(1);
        assert_eq!(memory.read(), text(3));
    })?;
    let of_child = [remote(memory.start(), memory.length())];
    // SAFETY: nobody borrows from the range.
    let result = unsafe { process_vm_writev(child.pid(), &[IoSlice::new(&text(3).0)], &of_child) };
    assert_eq!((result, memory.read()), (Ok(memory.length()), lettered(3)));
    written.arrive();
    child.join()
}

/// A process may read and write its own memory.
#[harness::test(
    id = "process-vm.own",
    cite = [man("ptrace.2", "Ptrace access mode checking"), man("process_vm_readv.2", "DESCRIPTION")],
    covers = ["behaviours:procvm.self-allowed"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn a_process_has_access_to_itself() -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    let (own, all) = (own_pid(), [remote(memory.start(), memory.length())]);
    // SAFETY: nobody borrows from the range.
    assert_eq!(unsafe { process_vm_writev(own, &[IoSlice::new(&text(2).0)], &all) }, Ok(memory.length()));
    let mut copy = vec![0; memory.length()];
    assert_eq!(process_vm_readv(own, &mut [IoSliceMut::new(&mut copy)], &all), Ok(memory.length()));
    assert_eq!((Bytes(copy), memory.read()), (text(2), text(2)));
    Ok(())
}

/// The elements of both vectors are worked in their order, each completely before the next; their lengths need not be the same.
#[harness::test(
    id = "process-vm.order",
    cite = [man("process_vm_readv.2", "DESCRIPTION")],
    covers = ["behaviours:procvm.order-local-remote"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn elements_are_worked_in_order() -> TestResult {
    let (memory, page, written) = (Mapped::anonymous(3, MAP_PRIVATE)?, page_size(), Latch::new()?);
    memory.write(0, &text(3).0);
    let Bytes(bytes) = text(3);
    // The last element lies in the second.
    let pieces = [(2 * page, 100), (5, page + 20), (page - 3, 6)];
    let total = page + 126;
    let expected: Vec<u8> = pieces.iter().flat_map(|(at, count)| bytes[*at..at + count].to_vec()).collect();
    let new: Vec<u8> = (0..total).map(|at| (at % 241) as u8 + 7).collect();
    let child = fork(|| {
        written.wait_for(1);
        let (mut changed, mut rest) = (text(3), &new[..]);
        for (at, count) in pieces {
            changed = with(changed, at, &rest[..count]);
            rest = &rest[count..];
        }
        assert_eq!(memory.read(), changed);
    })?;
    let of_child = pieces.map(|(at, count)| remote(memory.start() + at, count));
    let (mut first, mut second, mut third) = (vec![0; 7], vec![0; page], vec![0; total - page - 7]);
    let mut local = [&mut first, &mut second, &mut third].map(|buffer| IoSliceMut::new(buffer));
    assert_eq!(process_vm_readv(child.pid(), &mut local, &of_child), Ok(total));
    assert_eq!(Bytes([first, second, third].concat()), Bytes(expected));
    let local = [IoSlice::new(&new[..50]), IoSlice::new(&new[50..])];
    // SAFETY: nobody borrows from the range.
    assert_eq!(unsafe { process_vm_writev(child.pid(), &local, &of_child) }, Ok(total));
    written.arrive();
    child.join()
}

/// Where a later element of the remote vector is not mapped, the elements before it are transferred, and no more; where the first is
/// not, the call fails with EFAULT.
#[harness::test(
    id = "process-vm.partial",
    cite = [man("process_vm_readv.2", "RETURN VALUE"), man("process_vm_readv.2", "ERRORS", "EFAULT")],
    covers = [
        "behaviours:procvm.partial-at-element", "errors:process-vm.process_vm_readv.EFAULT.2",
        "errors:process-vm.process_vm_writev.EFAULT.2",
    ],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn what_is_not_mapped_ends_a_transfer() -> TestResult {
    let (memory, page, written) = (Mapped::anonymous(4, MAP_PRIVATE)?, page_size(), Latch::new()?);
    memory.write(0, &lettered(4).0);
    memory.unmap(page, page)?;
    let child = fork(|| -> TestResult {
        written.wait_for(1);
        assert_eq!(memory.loads()?, [Ok(b'x'), unmapped(page), Ok(b'c'), Ok(b'd')]);
        Ok(())
    })?;
    let elements = [0, 1, 2].map(|number| remote(memory.start() + number * page, page));
    let mut copy = vec![b'-'; 3 * page];
    assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut copy)], &elements), Ok(page));
    assert_eq!(Bytes(copy), Bytes([vec![b'a'; page], vec![b'-'; 2 * page]].concat()));
    assert_errno!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut [0; 9])], &elements[1..]), EFAULT);
    let new = vec![b'x'; 3 * page];
    // SAFETY: nobody borrows from the range.
    let write = |elements: &[_]| unsafe { process_vm_writev(child.pid(), &[IoSlice::new(&new)], elements) };
    assert_eq!(write(&elements), Ok(page));
    assert_errno!(write(&elements[1..]), EFAULT);
    written.arrive();
    child.join()
}

/// An element of the remote vector that reaches a page that is not mapped is transferred up to there.
#[harness::test(
    id = "process-vm.partial-element",
    cite = [kernel("mm/process_vm_access.c", "process_vm_rw_single_vec", "6.18")],
    covers = ["behaviours:procvm.partial-at-element"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn an_element_is_transferred_up_to_what_is_not_mapped() -> TestResult {
    let (memory, page) = (Mapped::anonymous(4, MAP_PRIVATE)?, page_size());
    memory.write(0, &text(4).0);
    memory.unmap(2 * page, page)?;
    let child = holder(|| Ok(()))?;
    let (mut copy, element) = (vec![b'-'; 3 * page], remote(memory.start() + 5, 3 * page));
    assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut copy)], &[element]), Ok(2 * page - 5));
    let read = [&text(4).0[5..2 * page], &vec![b'-'; page + 5]].concat();
    assert_eq!(Bytes(copy), Bytes(read));
    Ok(())
}

/// process_vm_writev to memory that the other process may only read fails with EFAULT and leaves it; it can be read.
#[harness::test(
    id = "process-vm.read-only",
    cite = [man("process_vm_readv.2", "ERRORS", "EFAULT")],
    covers = ["behaviours:procvm.write-respects-protection", "errors:process-vm.process_vm_writev.EFAULT.2"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn protected_memory_is_not_written() -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    let child = holder(|| {
        memory.write(0, &text(2).0);
        Ok(memory.protect(0, memory.length(), PROT_READ)?)
    })?;
    let all = [remote(memory.start(), memory.length())];
    // SAFETY: nobody borrows from the range.
    assert_errno!(unsafe { process_vm_writev(child.pid(), &[IoSlice::new(&lettered(2).0)], &all) }, EFAULT);
    let mut copy = vec![0; memory.length()];
    assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut copy)], &all), Ok(memory.length()));
    assert_eq!(Bytes(copy), text(2));
    Ok(())
}

/// Without elements in either vector, or without bytes, nothing is transferred and the result is 0.
#[harness::test(
    id = "process-vm.nothing",
    cite = [man("process_vm_readv.2", "DESCRIPTION"), man("process_vm_readv.2", "RETURN VALUE")],
    covers = ["behaviours:procvm.zero-iov-ok"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn nothing_is_transferred_to_nowhere() -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    let child = other_holder(&memory, &text(2))?;
    let (mut copy, all) = (vec![b'-'; memory.length()], [remote(memory.start(), memory.length())]);
    assert_eq!(process_vm_readv(child.pid(), &mut [], &all), Ok(0));
    assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut copy)], &[]), Ok(0));
    assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut [])], &all), Ok(0));
    // SAFETY: nobody borrows from the range.
    let write = |local: &[_], remote: &[_]| unsafe { process_vm_writev(child.pid(), local, remote) };
    assert_eq!((write(&[], &all), write(&[IoSlice::new(b"xyz")], &[])), (Ok(0), Ok(0)));
    assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut copy)], &all), Ok(memory.length()));
    assert_eq!(Bytes(copy), text(2));
    Ok(())
}

/// The other process runs on while its memory is read, and what is read is not atomic: each byte is one that it has had.
#[harness::test(
    id = "process-vm.running",
    cite = [man("process_vm_readv.2", "DESCRIPTION"), man("process_vm_readv.2", "NOTES")],
    covers = ["behaviours:procvm.copies-without-stop", "behaviours:procvm.not-atomic"],
    needs = [CHILD_ACCESS],
    layers = [libc, nix, raw],
)]
fn the_other_process_runs_on() -> TestResult {
    let (rounds, ended) = (Shared::new(AtomicU64::new(0))?, Shared::new(AtomicBool::new(false))?);
    let memory = Mapped::anonymous(3, MAP_PRIVATE)?;
    memory.write(0, &vec![b'a'; memory.length()]);
    let child = fork(|| {
        for byte in [b'b', b'a'].into_iter().cycle() {
            memory.write(0, &vec![byte; memory.length()]);
            rounds.fetch_add(1, Relaxed);
            if ended.load(Relaxed) {
                return;
            }
        }
    })?;
    memory.write(0, &vec![b'-'; memory.length()]);
    let all = [remote(memory.start(), memory.length())];
    for _ in 0..20 {
        let before = rounds.load(Relaxed);
        let mut copy = vec![0; memory.length()];
        assert_eq!(process_vm_readv(child.pid(), &mut [IoSliceMut::new(&mut copy)], &all), Ok(memory.length()));
        assert!(copy.iter().all(|byte| matches!(byte, b'a' | b'b')), "{:?}", Bytes(copy));
        // It has not been stopped.
        while rounds.load(Relaxed) == before && !child.has_ended() {}
    }
    ended.store(true, Relaxed);
    child.join()
}
