//! Errors of process_vm_readv and process_vm_writev that an argument causes: through the kernel, for vectors that no library lets
//! through. None transfers a byte.

use super::{other_holder, text};
use crate::mapped::{Mapped, lettered};
use calls::for_layers::libc_nix_raw as by;
use calls::remote_memory::remote;
use harness::raw::{Argument as _, arguments};
use kit::needs::CHILD_ACCESS;
use kit::prelude::*;
use libc::{MAP_PRIVATE, iovec};
use std::io::IoSliceMut;
use std::ptr::with_exposed_provenance_mut;

/// A transfer by the system call.
#[derive(Clone, Copy)]
struct Transfer(&'static str, Sysno);

const READ: Transfer = Transfer("process_vm_readv", Sysno::process_vm_readv);
const WRITE: Transfer = Transfer("process_vm_writev", Sysno::process_vm_writev);

/// Both vectors, each as its address and the number of its elements, and the flags.
struct Asked {
    local: (usize, usize),
    remote: (usize, usize),
    flags: usize,
}

impl Transfer {
    fn of(self, pid: i32, asked: &Asked) -> Result<i64> {
        let Asked { local, remote, flags } = *asked;
        let call = arguments([pid.register(), local.0, local.1, remote.0, remote.1, flags]);
        // SAFETY: the vectors are those of specs, whose elements are in memory that nobody borrows, or outside the address space.
        unsafe { syscall(self.0, self.1, call) }
    }
}

fn element(start: usize, length: usize) -> iovec {
    iovec { iov_base: with_exposed_provenance_mut(start), iov_len: length }
}

fn vector(elements: &[iovec]) -> (usize, usize) {
    (elements.as_ptr().expose_provenance(), elements.len())
}

/// This process's memory and that of a child, of two pages each.
struct Setup {
    own: Mapped,
    memory: Mapped,
    child: Child,
}

impl Setup {
    fn new() -> TestResult<Self> {
        let (own, memory) = (Mapped::anonymous(2, MAP_PRIVATE)?, Mapped::anonymous(2, MAP_PRIVATE)?);
        own.write(0, &lettered(2).0);
        let child = other_holder(&memory, &text(2))?;
        Ok(Self { own, memory, child })
    }

    /// One element each, without flags.
    fn good(&self) -> ([iovec; 1], [iovec; 1]) {
        [&self.own, &self.memory].map(|memory| [element(memory.start(), memory.length())]).into()
    }

    /// Neither process has bytes of the other.
    fn assert_untouched(&self) {
        let (mut copy, all) = (vec![0; self.memory.length()], [remote(self.memory.start(), self.memory.length())]);
        let read = by::process_vm_readv(self.child.pid(), &mut [IoSliceMut::new(&mut copy)], &all);
        assert_eq!((read, Bytes(copy)), (Ok(self.memory.length()), text(2)));
        assert_eq!((self.own.read(), self.memory.read()), (lettered(2), Bytes::of(0, self.memory.length())));
    }
}

#[harness::errors(
    family = "invalid-flag",
    rows = [
        ("process-vm.flags/read", "errors:process-vm.process_vm_readv.EINVAL.2", READ),
        ("process-vm.flags/write", "errors:process-vm.process_vm_writev.EINVAL.2", WRITE),
    ],
    needs = [CHILD_ACCESS],
)]
fn there_are_no_flags(transfer: Transfer) -> TestResult {
    let setup = Setup::new()?;
    let (local, remote) = setup.good();
    for flags in [1, 1 << 31] {
        assert_errno!(
            transfer.of(setup.child.pid(), &Asked { local: vector(&local), remote: vector(&remote), flags }),
            EINVAL
        );
    }
    setup.assert_untouched();
    Ok(())
}

#[harness::errors(
    family = "iovec-count",
    rows = [
        ("process-vm.too-many-elements/read", "errors:process-vm.process_vm_readv.EINVAL.3", READ),
        ("process-vm.too-many-elements/write", "errors:process-vm.process_vm_writev.EINVAL.3", WRITE),
    ],
    needs = [CHILD_ACCESS],
)]
fn a_vector_has_more_elements_than_iov_max(transfer: Transfer) -> TestResult {
    const IOV_MAX: usize = 1024;
    let setup = Setup::new()?;
    let [own, other] = [&setup.own, &setup.memory].map(|memory| vec![element(memory.start(), 1); IOV_MAX + 1]);
    let (most_own, most_other) = (&own[..IOV_MAX], &other[..IOV_MAX]);
    for (local, remote) in [(&own[..], most_other), (most_own, &other[..])] {
        let asked = Asked { local: vector(local), remote: vector(remote), flags: 0 };
        assert_errno!(transfer.of(setup.child.pid(), &asked), EINVAL);
    }
    setup.assert_untouched();
    let asked = Asked { local: vector(most_own), remote: vector(most_other), flags: 0 };
    transfer.of(setup.child.pid(), &asked)?;
    Ok(())
}

#[harness::errors(
    family = "iovec-length",
    rows = [
        ("process-vm.too-many-bytes/read", "errors:process-vm.process_vm_readv.EINVAL", READ),
        ("process-vm.too-many-bytes/write", "errors:process-vm.process_vm_writev.EINVAL", WRITE),
    ],
    needs = [CHILD_ACCESS],
)]
fn a_length_is_no_ssize_t(transfer: Transfer) -> TestResult {
    const TOO_LONG: usize = isize::MAX as usize + 1;
    let setup = Setup::new()?;
    let (local, remote) = setup.good();
    let long = [&setup.own, &setup.memory].map(|memory| [element(memory.start(), TOO_LONG)]);
    for (local, remote) in [(&long[0], &remote), (&local, &long[1])] {
        let asked = Asked { local: vector(local), remote: vector(remote), flags: 0 };
        assert_errno!(transfer.of(setup.child.pid(), &asked), EINVAL);
    }
    setup.assert_untouched();
    Ok(())
}

#[harness::errors(
    family = "bad-address",
    rows = [
        ("process-vm.bad-local/read", "errors:process-vm.process_vm_readv.EFAULT", READ),
        ("process-vm.bad-local/write", "errors:process-vm.process_vm_writev.EFAULT", WRITE),
    ],
    needs = [CHILD_ACCESS],
)]
fn the_local_memory_is_outside_the_address_space(transfer: Transfer) -> TestResult {
    let setup = Setup::new()?;
    let (_, remote) = setup.good();
    let local = [element(BAD_ADDRESS, 9)];
    let asked = Asked { local: vector(&local), remote: vector(&remote), flags: 0 };
    assert_errno!(transfer.of(setup.child.pid(), &asked), EFAULT);
    let asked = Asked { local: (BAD_ADDRESS, 1), remote: vector(&remote), flags: 0 };
    assert_errno!(transfer.of(setup.child.pid(), &asked), EFAULT);
    setup.assert_untouched();
    Ok(())
}

#[harness::errors(
    family = "bad-address",
    rows = [
        ("process-vm.bad-remote/read", "errors:process-vm.process_vm_readv.EFAULT.2", READ),
        ("process-vm.bad-remote/write", "errors:process-vm.process_vm_writev.EFAULT.2", WRITE),
    ],
    needs = [CHILD_ACCESS],
)]
fn the_remote_memory_is_outside_the_address_space(transfer: Transfer) -> TestResult {
    let setup = Setup::new()?;
    let (local, _) = setup.good();
    for (start, length) in [(BAD_ADDRESS, 9), (0, 9)] {
        let asked = Asked { local: vector(&local), remote: vector(&[element(start, length)]), flags: 0 };
        assert_errno!(transfer.of(setup.child.pid(), &asked), EFAULT);
    }
    setup.assert_untouched();
    Ok(())
}

#[harness::errors(
    family = "no-such-process",
    rows = [
        ("process-vm.no-process/read", "errors:process-vm.process_vm_readv.ESRCH", READ),
        ("process-vm.no-process/write", "errors:process-vm.process_vm_writev.ESRCH", WRITE),
    ],
    needs = [CHILD_ACCESS],
)]
fn there_is_no_such_process(transfer: Transfer) -> TestResult {
    let setup = Setup::new()?;
    let (local, remote) = setup.good();
    for pid in [i32::MAX, -1] {
        assert_errno!(transfer.of(pid, &Asked { local: vector(&local), remote: vector(&remote), flags: 0 }), ESRCH);
    }
    setup.assert_untouched();
    Ok(())
}
