//! sem_open: new semaphores, and those that exist.

use harness::need::{SECOND_ID, SECOND_UID};
use kit::needs::DEV_SHM;
use kit::posix::NamedSemaphore;
use kit::prelude::*;
use libc::{O_CREAT, O_EXCL};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{setegid, seteuid};

/// What is at the file of a semaphore, without its size.
fn owner_and_mode(name: &NamedSemaphore) -> Result<((u32, u32), String)> {
    node_at(name.file()).map(|node| (node.owner, node.kind))
}

#[rstest]
#[case::for_its_owner(0o600, 0o077, "-0600")]
#[case::for_all(0o666, 0, "-0666")]
#[case::reduced(0o666, 0o026, "-0640")]
#[case::for_nobody(0o666, 0o777, "-0000")]
/// sem_open with O_CREAT makes a semaphore with the value that it is given; its file in /dev/shm belongs to the effective user and group
/// of the creator, and has the mode without the bits of the umask.
#[harness::test(
    id = "posix-sem.created",
    cite = [posix("sem_open.3p", "DESCRIPTION", "O_CREAT"), man("sem_open.3", "DESCRIPTION"), man("sem_overview.7", "Accessing named semaphores via the filesystem")],
    covers = [
        "behaviours:psem.creat-initial", "behaviours:psem.umask-applies", "behaviours:psem.creat-owner",
        "behaviours:psem.file-dev-shm",
    ],
    needs = [DEV_SHM],
)]
fn a_new_semaphore_has_value_and_mode(#[case] mode: u32, #[case] mask: u32, #[case] found: &str) -> TestResult {
    for value in [0, 3, 2_147_483_647] {
        let name = NamedSemaphore::new();
        umask(Mode::from_bits_retain(mask));
        let semaphore = sem_open(name.name(), O_CREAT | O_EXCL, mode, value)?;
        umask(Mode::empty());
        assert_eq!(sem_getvalue(&semaphore), Ok(value as i32));
        assert_eq!(owner_and_mode(&name), Ok((Node::new("").owner, found.into())));
    }
    Ok(())
}

/// A new semaphore belongs to the effective user and group of its creator, not to the real ones.
#[harness::test(
    id = "posix-sem.owner",
    cite = [posix("sem_open.3p", "DESCRIPTION", "O_CREAT"), man("sem_open.3", "DESCRIPTION")],
    covers = ["behaviours:psem.creat-owner"],
    needs = [DEV_SHM, SECOND_UID],
)]
fn a_new_semaphore_belongs_to_the_effective_ids() -> TestResult {
    let name = NamedSemaphore::new();
    let creator = fork(|| -> TestResult {
        setegid(SECOND_ID.into())?;
        seteuid(SECOND_ID.into())?;
        drop(sem_open(name.name(), O_CREAT | O_EXCL, 0o600, 1)?);
        Ok(())
    })?;
    creator.join()?;
    assert_eq!(owner_and_mode(&name), Ok(((SECOND_ID, SECOND_ID), "-0600".into())));
    Ok(())
}

/// sem_open opens a semaphore that exists, with O_CREAT or without, and ignores mode and value: it is the same, with the value and the
/// mode that it has.
#[harness::test(
    id = "posix-sem.open-existing",
    cite = [posix("sem_open.3p", "DESCRIPTION", "O_CREAT"), man("sem_open.3", "DESCRIPTION")],
    covers = ["behaviours:psem.existing-ignores-value", "behaviours:psem.creat-initial"],
    needs = [DEV_SHM],
)]
fn opening_ignores_mode_and_value() -> TestResult {
    let name = NamedSemaphore::new();
    let first = name.create(3)?;
    let before = object_at(name.file())?;
    for (flags, mode, value) in [(O_CREAT, 0o666, 7), (0, 0, 0), (O_CREAT, 0, 0)] {
        let child = fork(|| -> TestResult {
            let own = sem_open(name.name(), flags, mode, value)?;
            assert_eq!(sem_getvalue(&own), Ok(3));
            assert_eq!(sem_post(&own), Ok(()));
            Ok(())
        })?;
        child.join()?;
        assert_eq!((sem_getvalue(&first), sem_trywait(&first)), (Ok(4), Ok(())));
    }
    assert_eq!(object_at(name.file()), Ok(before));
    Ok(())
}

/// sem_open of the same name gives the same address again in a process that has the semaphore open, and each sem_close closes one of
/// them.
#[harness::test(
    id = "posix-sem.same-address",
    cite = [posix("sem_open.3p", "DESCRIPTION")],
    covers = ["behaviours:psem.same-address-twice"],
    needs = [DEV_SHM],
)]
fn a_process_has_one_address_of_a_semaphore() -> TestResult {
    let (name, another) = (NamedSemaphore::new(), NamedSemaphore::new());
    let [first, other] = [name.create(2)?, another.create(2)?];
    let second = sem_open(name.name(), 0, 0, 0)?;
    let third = sem_open(name.name(), O_CREAT, 0o600, 9)?;
    assert_eq!([second.address(), third.address()], [first.address(); 2]);
    assert_ne!(other.address(), first.address());
    assert_eq!((sem_close(second), sem_close(first)), (Ok(()), Ok(())));
    assert_eq!((sem_wait(&third), sem_getvalue(&third)), (Ok(()), Ok(1)));
    Ok(())
}

/// A child that fork makes has the named semaphores that its parent has open, and they are the same: what one posts the other takes.
#[harness::test(
    id = "posix-sem.fork",
    cite = [posix("fork.3p", "DESCRIPTION"), man("sem_init.3", "DESCRIPTION")],
    covers = ["behaviours:psem.fork-inherits", "behaviours:psem.cross-process-wake"],
    needs = [DEV_SHM],
)]
fn a_child_has_its_parents_semaphores() -> TestResult {
    let name = NamedSemaphore::new();
    let semaphore = name.create(0)?;
    let child = fork(|| {
        assert_eq!(sem_wait(&semaphore), Ok(()));
        assert_eq!([(); 2].map(|()| sem_post(&semaphore)), [Ok(()), Ok(())]);
    })?;
    child.assert_blocked_in(calls::SEM_WAIT);
    assert_eq!(sem_post(&semaphore), Ok(()));
    child.join()?;
    assert_eq!((sem_wait(&semaphore), sem_getvalue(&semaphore)), (Ok(()), Ok(1)));
    Ok(())
}
