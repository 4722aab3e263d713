//! Who may open an object: by its mode, at the time of shm_open.

use super::{assert_opened, of_length, size, text};
use harness::need::{SECOND_ID, SECOND_UID};
use harness::raw::{Argument as _, arguments};
use kit::memory::Mapping;
use kit::posix::SharedMemory;
use kit::prelude::*;
use kit::privilege::{become_second_user, drop_capabilities};
use libc::{O_CREAT, O_RDONLY, O_RDWR, O_TRUNC};

/// fchmod(2), as setup.
fn set_mode(fd: &Fd, mode: u32) -> TestResult {
    // SAFETY: takes numbers alone.
    unsafe { syscall("fchmod", Sysno::fchmod, arguments([fd.number().register(), mode.register()])) }?;
    Ok(())
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("posix-shm.open-denied/write", "errors:posix-shm.shm_open.EACCES", (0o477, O_RDWR)),
        ("posix-shm.open-denied/write-with-o-creat", "errors:posix-shm.shm_open.EACCES", (0o477, O_RDWR | O_CREAT)),
        ("posix-shm.open-denied/read", "errors:posix-shm.shm_open.EACCES", (0o277, O_RDONLY)),
        ("posix-shm.open-denied/read-and-write", "errors:posix-shm.shm_open.EACCES", (0o277, O_RDWR)),
        ("posix-shm.open-denied/truncate", "errors:posix-shm.shm_open.EACCES.2", (0o477, O_RDONLY | O_TRUNC)),
    ],
    covers = ["behaviours:pshm.chmod-fchmod"],
    layers = [libc, nix, raw],
)]
fn the_mode_denies_the_access(asked: (u32, i32)) -> TestResult {
    let ((mode, flags), memory) = (asked, SharedMemory::new());
    let fd = memory.create(size())?;
    let mapping = Mapping::new(&fd, size())?;
    mapping.write(&text().0);
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        set_mode(&fd, mode)?;
        assert_errno!(shm_open(memory.name(), flags, 0o600), EACCES);
        assert_eq!(Bytes(mapping.read()), text());
        set_mode(&fd, 0o600)?;
        let opened = assert_ok!(shm_open(memory.name(), flags, 0o600));
        assert_opened(&opened, flags);
        let left = if flags & O_TRUNC == 0 { size() } else { 0 };
        assert_eq!(node_of(&opened), Ok(of_length(left)));
        Ok(())
    })?;
    child.join()
}

/// fchmod and fchown change who may open the object: another user may once the mode lets others, or once it is the owner.
#[harness::test(
    id = "posix-shm.changed-owner",
    cite = [man("shm_overview.7", "DESCRIPTION", "fchown(2)"), man("shm_overview.7", "DESCRIPTION", "fchmod(2)")],
    covers = ["behaviours:pshm.chmod-fchmod", "errors:posix-shm.shm_open.EACCES"],
    needs = [SECOND_UID],
    layers = [libc, nix, raw],
)]
fn fchmod_and_fchown_change_access() -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(size())?;
    let as_other = |read: bool, write: bool| -> TestResult {
        let child = fork(|| -> TestResult {
            become_second_user()?;
            for (flags, allowed) in [(O_RDONLY, read), (O_RDWR, write)] {
                let opened = shm_open(memory.name(), flags, 0);
                if allowed {
                    assert_eq!(opened.and_then(object_of), object_of(&fd));
                } else {
                    assert_errno!(opened, EACCES);
                }
            }
            Ok(())
        })?;
        child.join()
    };
    as_other(false, false)?;
    set_mode(&fd, 0o604)?;
    as_other(true, false)?;
    set_mode(&fd, 0o606)?;
    as_other(true, true)?;
    set_mode(&fd, 0o600)?;
    as_other(false, false)?;
    let owner = arguments([fd.number().register(), SECOND_ID.register(), SECOND_ID.register()]);
    // SAFETY: takes numbers alone.
    let changed = unsafe { syscall("fchown", Sysno::fchown, owner) };
    assert_eq!(changed, Ok(0));
    assert_eq!(node_of(&fd), Ok(Node { owner: (SECOND_ID, SECOND_ID), ..of_length(size()) }));
    as_other(true, true)
}

/// Access is checked by shm_open, not later: who has an object open for writing, or mapped, reads, writes, maps and truncates it when its
/// mode allows nothing any more.
#[harness::test(
    id = "posix-shm.denied-after-open",
    cite = [posix("shm_open.3p", "DESCRIPTION"), man("shm_open.3", "DESCRIPTION")],
    covers = ["behaviours:pshm.perm-at-open", "errors:posix-shm.shm_open.EACCES"],
    layers = [libc, nix, raw],
)]
fn descriptors_stay_when_permissions_go() -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(size())?;
    let mapping = Mapping::new(&fd, size())?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        set_mode(&fd, 0)?;
        assert_errno!(shm_open(memory.name(), O_RDONLY, 0), EACCES);
        mapping.write(&text().0);
        assert_eq!(Bytes(Mapping::new(&fd, size())?.read()), text());
        let mut content = vec![0; size() + 1];
        assert_eq!(pread(&fd, &mut content, 0), Ok(size()));
        assert!(content[..size()] == text().0, "what was stored is there");
        assert_eq!(ftruncate(&fd, 5), Ok(()));
        assert_eq!(write(&fd, b"text"), Ok(4));
        assert_eq!(node_of(&fd), Ok(Node { size: 5, ..Node::new("-0000") }));
        Ok(())
    })?;
    child.join()?;
    let mut content = [1; 6];
    assert_eq!((pread(&fd, &mut content, 0), content), (Ok(5), *b"text\0\x01"));
    Ok(())
}
