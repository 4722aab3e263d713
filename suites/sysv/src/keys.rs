//! Keys of System V objects of all three kinds: msgget, semget and shmget.

use crate::objects::{Make, Object, QUEUE, SEGMENT, SEMAPHORES};
use calls::sysv::{ObjectStatus, Permissions};
use kit::needs::SYSV;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::sysv::unused_key;
use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE};

/// IPC_PRIVATE makes a new object each time, with IPC_CREAT, with IPC_EXCL or without: its key is 0, and no key finds it.
#[harness::test(
    rows = [
        ("sysv-msg.private", ["behaviours:sysvmsg.private-always-new"], QUEUE),
        ("sysv-sem.private", ["behaviours:sysvsem.private-always-new"], SEMAPHORES),
        ("sysv-shm.private", ["behaviours:sysvshm.private-always-new"], SEGMENT),
    ],
    cite = [
        posix("msgget.3p", "DESCRIPTION"),
        posix("semget.3p", "DESCRIPTION"),
        posix("shmget.3p", "DESCRIPTION"),
        man("msgget.2", "NOTES"),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn ipc_private_makes_a_new_object(make: Make) -> TestResult {
    let mut objects = vec![make(IPC_PRIVATE)?];
    let like = objects[0].status()?.undated();
    for flags in [0, IPC_CREAT, IPC_EXCL, IPC_CREAT | IPC_EXCL] {
        let object = objects[0].adopt(assert_ok!(objects[0].get(IPC_PRIVATE, flags | 0o600)), IPC_PRIVATE);
        assert_eq!(object.status().map(ObjectStatus::undated), Ok(like.clone()));
        assert!(objects.iter().all(|other| other.id() != object.id()), "the identifier is another's");
        objects.push(object);
    }
    Ok(())
}

#[harness::errors(
    family = "key-exists",
    rows = [
        ("sysv-msg.key-exists", "errors:sysv-msg.msgget.EEXIST", QUEUE),
        ("sysv-sem.key-exists", "errors:sysv-sem.semget.EEXIST", SEMAPHORES),
        ("sysv-shm.key-exists", "errors:sysv-shm.shmget.EEXIST", SEGMENT),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn ipc_excl_fails_for_a_key_in_use(make: Make) -> TestResult {
    let object = make(unused_key()?)?;
    let (key, before) = (object.key(), object.status()?);
    assert_errno!(object.get(key, IPC_CREAT | IPC_EXCL | 0o600), EEXIST);
    assert_errno!(object.get(key, IPC_CREAT | IPC_EXCL), EEXIST);
    // Each of the two flags alone finds it.
    for flags in [0, IPC_CREAT, IPC_EXCL] {
        assert_eq!(object.get(key, flags | 0o600), Ok(object.id()));
    }
    assert_eq!(object.status(), Ok(before));
    Ok(())
}

#[harness::errors(
    family = "key-missing",
    rows = [
        ("sysv-msg.key-missing", "errors:sysv-msg.msgget.ENOENT", QUEUE),
        ("sysv-sem.key-missing", "errors:sysv-sem.semget.ENOENT", SEMAPHORES),
        ("sysv-shm.key-missing", "errors:sysv-shm.shmget.ENOENT", SEGMENT),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_key_of_no_object_is_not_found(make: Make) -> TestResult {
    let (key, other) = (unused_key()?, make(IPC_PRIVATE)?);
    let like = other.status()?.undated().with_key(key);
    for flags in [0, 0o600, IPC_EXCL, IPC_EXCL | 0o600] {
        assert_errno!(other.get(key, flags), ENOENT);
    }
    let object = other.adopt(assert_ok!(other.get(key, IPC_CREAT | 0o600)), key);
    assert_eq!(object.status().map(ObjectStatus::undated), Ok(like));
    assert_eq!(other.get(key, 0), Ok(object.id()));
    object.remove()?;
    assert_errno!(other.get(key, 0), ENOENT);
    Ok(())
}

/// A key finds the object that was made with it: whoever asks with a flag or without gets the same identifier, and two keys have two
/// objects; once it is removed the key can have a new one, with another identifier.
#[harness::test(
    rows = [
        (
            "sysv-msg.key",
            [
                "behaviours:sysvmsg.key-finds-existing", "behaviours:sysvmsg.excl-fails-existing",
                "behaviours:sysvmsg.rmid-key-reusable",
            ],
            QUEUE
        ),
        ("sysv-sem.key", ["errors:sysv-sem.semget.EEXIST"], SEMAPHORES),
        ("sysv-shm.key", ["errors:sysv-shm.shmget.EEXIST"], SEGMENT),
    ],
    cite = [
        posix("msgget.3p", "DESCRIPTION"),
        posix("semget.3p", "DESCRIPTION"),
        posix("shmget.3p", "DESCRIPTION"),
        man("msgget.2", "DESCRIPTION"),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn a_key_finds_its_object(make: Make) -> TestResult {
    let objects = [make(unused_key()?)?, make(unused_key()?)?];
    let keys = objects.each_ref().map(Object::key);
    let like = objects[0].status()?.undated();
    for (object, key) in objects.iter().zip(keys) {
        for flags in [0, 0o600, IPC_CREAT | 0o600] {
            assert_eq!(objects[0].get(key, flags), Ok(object.id()));
        }
    }
    assert_ne!(objects[0].id(), objects[1].id());
    assert_errno!(objects[0].get(keys[0], IPC_CREAT | IPC_EXCL | 0o600), EEXIST);
    assert_eq!(objects[0].remove(), Ok(()));
    let new = objects[1].adopt(assert_ok!(objects[1].get(keys[0], IPC_CREAT | IPC_EXCL | 0o600)), keys[0]);
    assert!(objects.iter().all(|other| other.id() != new.id()), "the identifier is another's");
    assert_errno!(objects[0].status(), EINVAL);
    assert_eq!(new.status().map(ObjectStatus::undated), Ok(like));
    assert_eq!(objects[0].get(keys[0], 0), Ok(new.id()));
    assert_eq!(objects[0].get(keys[1], 0), Ok(objects[1].id()));
    Ok(())
}

#[harness::errors(
    family = "mode-denied",
    rows = [
        ("sysv-msg.get-eacces", "errors:sysv-msg.msgget.EACCES", QUEUE),
        ("sysv-sem.get-eacces", "errors:sysv-sem.semget.EACCES", SEMAPHORES),
        ("sysv-shm.get-eacces", "errors:sysv-shm.shmget.EACCES", SEGMENT),
    ],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn the_access_asked_for_is_checked(make: Make) -> TestResult {
    let object = make(unused_key()?)?;
    let (key, id, permissions) = (object.key(), object.id(), object.status()?.permissions);
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        object.set_permissions(Permissions { mode: 0o400, ..permissions })?;
        assert_errno!(object.get(key, 0o200), EACCES);
        assert_errno!(object.get(key, IPC_CREAT | 0o600), EACCES);
        assert_eq!(object.get(key, 0o400), Ok(id));
        object.set_permissions(Permissions { mode: 0o266, ..permissions })?;
        assert_errno!(object.get(key, 0o400), EACCES);
        assert_errno!(object.get(key, 0o044), EACCES);
        assert_eq!(object.get(key, 0o200), Ok(id));
        assert_eq!(object.get(key, 0), Ok(id));
        Ok(())
    })?;
    child.join()
}

/// Each kind of object has keys of its own: one key names a queue, a semaphore set and a segment at once, and to remove one of them
/// leaves the others.
#[harness::test(
    id = "sysv-key.each-kind",
    cite = [kernel("ipc/util.c", "ipc_findkey", "6.18"), man("msgget.2", "DESCRIPTION"), man("semget.2", "DESCRIPTION"), man("shmget.2", "DESCRIPTION")],
    covers = ["behaviours:sysvkey.each-kind"],
    needs = [SYSV],
    layers = [libc, raw],
)]
fn each_kind_has_its_own_keys() -> TestResult {
    let key = unused_key()?;
    let objects = [QUEUE(key)?, SEMAPHORES(key)?, SEGMENT(key)?];
    for object in &objects {
        assert_eq!(object.get(key, 0), Ok(object.id()));
    }
    let [first, rest @ ..] = objects;
    let before = rest.each_ref().map(Object::status);
    assert_eq!(first.remove(), Ok(()));
    assert_errno!(first.get(key, 0), ENOENT);
    assert_eq!(rest.each_ref().map(Object::status), before);
    for object in &rest {
        assert_eq!(object.get(key, 0), Ok(object.id()));
    }
    Ok(())
}
