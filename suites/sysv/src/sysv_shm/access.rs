//! What a process may do with the memory of an attachment: the signals that end it otherwise.

use super::{set_mode, size, text};
use crate::needs::EXECUTABLE_MEMORY;
use calls::sysv::SegmentStatus;
use kit::fault::{self, Fault, read_at, write_at};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::sysv::{Attachment, Segment};
use libc::{IPC_PRIVATE, SHM_EXEC, SHM_RDONLY};

/// A store through an attachment that was made with SHM_RDONLY causes SIGSEGV with the address, on the first page and on the last, and
/// changes nothing; loads find what is stored through another attachment.
#[harness::test(
    id = "sysv-shm.read-only",
    cite = [man("shmop.2", "DESCRIPTION", "SHM_RDONLY"), posix("shmat.3p", "DESCRIPTION"), man("sigaction.2", "The si_code field")],
    covers = ["behaviours:sysvshm.rdonly-write-faults", "notes:shm.shmat-returns-address"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_store_through_a_read_only_attachment_faults() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let (reader, writer) = (assert_ok!(Attachment::new(segment.id(), SHM_RDONLY)), segment.attach()?);
    writer.write(&text().0);
    for at in [0, 2 * page_size() + 6] {
        let (first, byte) = (reader.address() + at, text().0[at]);
        let (stored, loaded) = (write_at(first, !byte)?, read_at(first)?);
        assert_eq!((stored, loaded), (Err(Fault::denied(first)), Ok(byte)));
    }
    assert_eq!((Bytes(reader.read()), Bytes(writer.read())), (text(), text()));
    let stored = write_at(writer.address(), 7)?;
    assert_eq!((stored, reader.read()[0]), (Ok(7), 7));
    Ok(())
}

/// A load from where a segment was attached causes SIGSEGV with the address once shmdt has detached it; the segment and its contents
/// stay.
#[harness::test(
    id = "sysv-shm.access-after-detach",
    cite = [posix("shmdt.3p", "DESCRIPTION"), man("shmop.2", "shmdt()")],
    covers = ["behaviours:sysvshm.detach-unmaps", "notes:shm.shmdt-ends-access"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_load_after_shmdt_faults() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let attachment = segment.attach()?;
    attachment.write(&text().0);
    for at in [0, size() - 1] {
        let place = attachment.address() + at;
        // The child of the access detaches its own attachment.
        let loaded = fault::access(|| {
            assert_eq!(attachment.detach(), Ok(()));
            // SAFETY: the signal ends the child.
            unsafe { std::ptr::with_exposed_provenance::<u8>(place).read_volatile() }
        })?;
        assert_eq!(loaded, Err(Fault::unmapped(place)));
    }
    assert_eq!(Bytes(attachment.read()), text());
    let attachments = segment.status().map(|status| status.attachments);
    assert_eq!(attachments, Ok(1));
    Ok(())
}

/// An instruction that returns from a function.
#[cfg(target_arch = "x86_64")]
const RETURN: [u8; 1] = [0xc3];
#[cfg(target_arch = "aarch64")]
const RETURN: [u8; 4] = [0xc0, 0x03, 0x5f, 0xd6];

/// Calls the function at the address, which was written there just now.
fn call_at(address: usize) -> TestResult<fault::Outcome> {
    fault::access(|| {
        // SAFETY: makes the processor fetch its instructions anew; see the architecture's manual, "IC IVAU".
        #[cfg(target_arch = "aarch64")]
        unsafe {
            std::arch::asm!("dc cvau, {0}", "dsb ish", "ic ivau, {0}", "dsb ish", "isb", in(reg) address);
        }
        let code = std::ptr::with_exposed_provenance::<u8>(address);
        // SAFETY: an instruction that returns is there; where it cannot be executed the signal ends the child.
        let function = unsafe { std::mem::transmute::<*const u8, extern "C" fn()>(code) };
        function();
        0
    })
}

/// Instructions in a segment can be executed through an attachment that was made with SHM_EXEC; through another one that causes SIGSEGV
/// with the address.
#[harness::test(
    id = "sysv-shm.shm-exec",
    cite = [man("shmop.2", "DESCRIPTION", "SHM_EXEC")],
    covers = ["behaviours:sysvshm.exec-flag"],
    needs = [SYSV, EXECUTABLE_MEMORY],
    layers = [libc, raw],
)]
fn shm_exec_lets_instructions_be_executed() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    set_mode(&segment, 0o700)?;
    let plain = segment.attach()?;
    plain.write(&RETURN);
    for flags in [SHM_EXEC, SHM_EXEC | SHM_RDONLY] {
        let executable = assert_ok!(Attachment::new(segment.id(), flags));
        let called = call_at(executable.address())?;
        let (last, denied) = (executable.address() + size() - 1, flags & SHM_RDONLY != 0);
        let stored = write_at(last, 7)?;
        assert_eq!((called, stored), (Ok(0), if denied { Err(Fault::denied(last)) } else { Ok(7) }));
    }
    let called = call_at(plain.address())?;
    assert_eq!(called, Err(Fault::denied(plain.address())));
    Ok(())
}

/// shmat with SHM_EXEC fails with EACCES for a process, without privileges, to which the mode of the segment does not give execute
/// permission, and succeeds for one to which it does.
#[harness::test(
    id = "sysv-shm.shm-exec-denied",
    cite = [man("shmop.2", "DESCRIPTION", "SHM_EXEC"), man("shmop.2", "ERRORS", "EACCES")],
    covers = ["behaviours:sysvshm.exec-permission", "errors:sysv-shm.shmat.EACCES"],
    needs = [SYSV, EXECUTABLE_MEMORY],
    layers = [libc, raw],
)]
fn shm_exec_needs_execute_permission() -> TestResult {
    let segment = Segment::new(IPC_PRIVATE, size())?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        for mode in [0o600, 0o677] {
            set_mode(&segment, mode)?;
            assert_errno!(shmat(segment.id(), 0, SHM_EXEC), EACCES);
            assert_errno!(shmat(segment.id(), 0, SHM_EXEC | SHM_RDONLY), EACCES);
        }
        set_mode(&segment, 0o500)?;
        assert_errno!(shmat(segment.id(), 0, SHM_EXEC), EACCES);
        let attachment = assert_ok!(Attachment::new(segment.id(), SHM_EXEC | SHM_RDONLY));
        let attached = SegmentStatus { attachments: 1, last: own_pid(), ..segment.status()? };
        assert_eq!(segment.status(), Ok(attached));
        assert_eq!(Bytes(attachment.read()), Bytes::of(0, size()));
        Ok(())
    })?;
    child.join()
}
