//! process_madvise.

use super::text;
use crate::mapped::Mapped;
use crate::needs::PROCESS_MADVISE;
use calls::remote_memory::remote;
use harness::raw::{Argument as _, arguments};
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{MADV_COLD, MAP_PRIVATE};

/// process_madvise returns how many bytes were advised, in the elements before one that is not mapped, and leaves what they hold.
#[harness::test(
    id = "process-vm.advice",
    cite = [man("process_madvise.2", "RETURN VALUE"), man("process_madvise.2", "DESCRIPTION")],
    covers = ["behaviours:procvm.advise-bytes"],
    needs = [PROCESS_MADVISE],
    layers = [raw],
)]
fn process_madvise_returns_the_bytes() -> TestResult {
    let (memory, page, own) = (Mapped::anonymous(5, MAP_PRIVATE)?, page_size(), pidfd_open(own_pid(), 0)?);
    memory.write(0, &text(5).0);
    let elements = [(0, 1), (2, 2), (1, 1)].map(|(first, pages)| remote(memory.start() + first * page, pages * page));
    assert_eq!(process_madvise(&own, &elements, MADV_COLD, 0), Ok(4 * page));
    assert_eq!(memory.read(), text(5));
    memory.unmap(2 * page, 2 * page)?;
    assert_eq!(process_madvise(&own, &elements, MADV_COLD, 0), Ok(page));
    assert_eq!(memory.piece(0, 2 * page), Bytes(text(5).0[..2 * page].to_vec()));
    Ok(())
}

/// process_madvise fails with EBADF for a descriptor that is not open and for one of no process, with EINVAL for a flag and for more
/// elements than IOV_MAX, and with EFAULT if the vector is outside the address space.
#[harness::test(
    id = "process-vm.advice-invalid",
    cite = [
        man("process_madvise.2", "ERRORS", "EINVAL"), man("process_madvise.2", "ERRORS", "EBADF"),
        man("process_madvise.2", "ERRORS", "EFAULT"),
    ],
    covers = [
        "errors:process-vm.process_madvise.EBADF", "errors:process-vm.process_madvise.EINVAL",
        "errors:process-vm.process_madvise.EINVAL.3", "errors:process-vm.process_madvise.EFAULT",
    ],
    needs = [PROCESS_MADVISE],
    layers = [raw],
)]
fn process_madvise_refuses_invalid_arguments() -> TestResult {
    const IOV_MAX: usize = 1024;
    let (memory, own) = (Mapped::anonymous(2, MAP_PRIVATE)?, pidfd_open(own_pid(), 0)?);
    memory.write(0, &text(2).0);
    let element = remote(memory.start(), memory.length());
    let (reader, _writer) = pipe()?;
    assert_errno!(process_madvise(NOT_OPEN, &[element], MADV_COLD, 0), EBADF);
    assert_errno!(process_madvise(&reader, &[element], MADV_COLD, 0), EBADF);
    assert_errno!(process_madvise(&own, &[element], MADV_COLD, 1), EINVAL);
    assert_errno!(process_madvise(&own, &vec![element; IOV_MAX + 1], MADV_COLD, 0), EINVAL);
    let call = arguments([own.number().register(), BAD_ADDRESS, 1, MADV_COLD.register()]);
    // SAFETY: the kernel can read no such address.
    assert_errno!(unsafe { syscall("process_madvise", Sysno::process_madvise, call) }, EFAULT);
    assert_eq!(memory.read(), text(2));
    Ok(())
}

/// process_madvise fails with EINVAL if the sum of the lengths is no ssize_t.
#[harness::test(
    id = "process-vm.advice-too-long",
    cite = [man("process_madvise.2", "ERRORS", "EINVAL")],
    covers = ["errors:process-vm.process_madvise.EINVAL.2"],
    needs = [PROCESS_MADVISE],
    layers = [raw],
)]
fn process_madvise_refuses_too_many_bytes() -> TestResult {
    let (memory, own) = (Mapped::anonymous(2, MAP_PRIVATE)?, pidfd_open(own_pid(), 0)?);
    let long = remote(memory.start(), isize::MAX as usize + 1);
    assert_errno!(process_madvise(&own, &[long], MADV_COLD, 0), EINVAL);
    Ok(())
}

/// process_madvise about another process fails with EPERM for an unprivileged process, and with ESRCH once that has been waited for.
#[harness::test(
    id = "process-vm.advice-of-others",
    cite = [man("process_madvise.2", "ERRORS", "EPERM"), man("process_madvise.2", "ERRORS", "ESRCH")],
    covers = ["errors:process-vm.process_madvise.EPERM", "errors:process-vm.process_madvise.ESRCH"],
    needs = [PROCESS_MADVISE, kit::needs::CHILD_ACCESS],
    layers = [raw],
)]
fn process_madvise_wants_a_privilege_and_a_process() -> TestResult {
    let memory = Mapped::anonymous(2, MAP_PRIVATE)?;
    memory.write(0, &text(2).0);
    let caller = fork(|| -> TestResult {
        drop_capabilities()?;
        let (child, element) = (holder(|| Ok(()))?, remote(memory.start(), memory.length()));
        let other = pidfd_open(child.pid(), 0)?;
        assert_errno!(process_madvise(&other, &[element], MADV_COLD, 0), EPERM);
        child.kill()?;
        assert_errno!(process_madvise(&other, &[element], MADV_COLD, 0), ESRCH);
        Ok(())
    })?;
    caller.join()
}
