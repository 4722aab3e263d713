//! shm_open and shm_unlink: new objects and those that there are.

use super::{assert_opened, of_length, size, text};
use harness::need::{SECOND_ID, SECOND_UID};
use kit::fault::{Fault, read_at};
use kit::memory::Mapping;
use kit::posix::SharedMemory;
use kit::prelude::*;
use libc::{O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{setegid, seteuid};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[rstest]
#[case::mode_0600(0o600, 0, "-0600")]
#[case::mode_0777(0o777, 0o027, "-0750")]
#[case::mode_0666(0o666, 0o077, "-0600")]
#[case::mode_0444(0o444, 0o222, "-0444")]
/// shm_open with O_CREAT makes an object of length 0 that belongs to the effective user and group, with the permission bits of the mode
/// that the file mode creation mask leaves; the descriptor has FD_CLOEXEC, and is for writing whatever the mode. The object is the
/// file of this name in /dev/shm.
#[harness::test(
    id = "posix-shm.new",
    cite = [man("shm_open.3", "DESCRIPTION", "O_CREAT"), posix("shm_open.3p", "DESCRIPTION", "O_CREAT"), man("shm_overview.7", "Accessing shared memory objects via the filesystem")],
    covers = [
        "behaviours:pshm.mode-umask", "behaviours:pshm.new-length-zero", "behaviours:pshm.cloexec-set",
        "behaviours:pshm.fstat-fields", "behaviours:pshm.file-dev-shm", "behaviours:pshm.owner-effective",
    ],
    layers = [libc, nix, raw],
)]
fn a_new_object_has_what_was_asked_for(#[case] mode: u32, #[case] mask: u32, #[case] kind: &str) -> TestResult {
    let (memory, new) = (SharedMemory::new(), Node::new(kind));
    umask(Mode::from_bits_truncate(mask));
    let fd = assert_ok!(shm_open(memory.name(), O_CREAT | O_EXCL | O_RDWR, mode));
    assert_opened(&fd, O_RDWR);
    let opened = object_of(&fd);
    assert_eq!(opened.as_ref().map(|(node, _)| node), Ok(&new));
    assert_eq!(object_at(Path::new("/dev/shm").join(&memory.name()[1..])), opened);
    assert_eq!(ftruncate(&fd, size() as i64), Ok(()));
    assert_eq!(node_of(&fd), Ok(Node { size: size() as i64, ..new }));
    Ok(())
}

/// A new object belongs to the effective user and group of the caller, not to the real ones.
#[harness::test(
    id = "posix-shm.effective-owner",
    cite = [man("shm_open.3", "DESCRIPTION", "O_CREAT"), posix("shm_open.3p", "DESCRIPTION", "O_CREAT")],
    covers = ["behaviours:pshm.owner-effective"],
    needs = [SECOND_UID],
    layers = [libc, nix, raw],
)]
fn a_new_object_belongs_to_the_effective_ids() -> TestResult {
    let memory = SharedMemory::new();
    let child = fork(|| -> TestResult {
        setegid(SECOND_ID.into())?;
        seteuid(SECOND_ID.into())?;
        let fd = assert_ok!(shm_open(memory.name(), O_CREAT | O_EXCL | O_RDWR, 0o600));
        assert_eq!(node_of(&fd), Ok(Node { owner: (SECOND_ID, SECOND_ID), ..Node::new("-0600") }));
        Ok(())
    })?;
    child.join()
}

/// The descriptor that shm_open returns has the lowest number that is free, for a new object and for one that there is.
#[harness::test(
    id = "posix-shm.lowest-descriptor",
    cite = [posix("shm_open.3p", "DESCRIPTION"), man("shm_open.3", "DESCRIPTION")],
    covers = ["behaviours:pshm.lowest-fd"],
    layers = [libc, nix, raw],
)]
fn the_lowest_free_descriptor_is_returned() -> TestResult {
    let (memory, other) = (SharedMemory::new(), SharedMemory::new());
    let [first, second, third] = [memory.create(0)?, dup(0)?, dup(0)?];
    let numbers = [first.number(), second.number(), third.number()];
    drop((first, second));
    let opened = assert_ok!(shm_open(memory.name(), O_RDWR, 0));
    let created = assert_ok!(shm_open(other.name(), O_CREAT | O_RDWR, 0o600));
    let next = assert_ok!(shm_open(other.name(), O_RDONLY, 0));
    assert_eq!([opened.number(), created.number()], numbers[..2]);
    assert_opened(&opened, O_RDWR);
    assert_opened(&created, O_RDWR);
    assert_opened(&next, O_RDONLY);
    assert_eq!([node_of(&opened), node_of(&created)], [Ok(of_length(0)), Ok(of_length(0))]);
    assert!(next.number() > numbers[2], "{} is below {numbers:?}", next.number());
    Ok(())
}

/// Of four processes that create one object with O_CREAT and O_EXCL at once, one succeeds and three fail with EEXIST, each time.
#[harness::test(
    id = "posix-shm.exclusive-is-atomic",
    cite = [posix("shm_open.3p", "DESCRIPTION", "O_EXCL"), man("shm_open.3", "DESCRIPTION", "O_EXCL")],
    covers = ["behaviours:pshm.excl-atomic", "errors:posix-shm.shm_open.EEXIST"],
    layers = [libc, nix, raw],
)]
fn one_process_of_many_creates_the_object() -> TestResult {
    const ROUNDS: u32 = 16;
    const PROCESSES: u32 = 4;
    let (names, ready) = ([(); ROUNDS as usize].map(|()| SharedMemory::new()), Latch::new()?);
    let created = Shared::new([const { AtomicU32::new(0) }; ROUNDS as usize])?;
    let race = || {
        for (round, (memory, created)) in (1..).zip(names.iter().zip(created.iter())) {
            ready.arrive();
            ready.wait_for(round * PROCESSES);
            match shm_open(memory.name(), O_CREAT | O_EXCL | O_RDWR, 0o600) {
                Ok(_) => created.fetch_add(1, Relaxed),
                failed => {
                    assert_errno!(failed, EEXIST);
                    0
                }
            };
        }
    };
    let children = [fork(race)?, fork(race)?, fork(race)?, fork(race)?];
    children.into_iter().try_for_each(Child::join)?;
    assert_eq!(created.each_ref().map(|count| count.load(Relaxed)), [1; ROUNDS as usize]);
    Ok(())
}

/// shm_open with O_CREAT alone opens an object that there is, and leaves its length, its contents, its owner and its permissions.
#[harness::test(
    id = "posix-shm.create-existing",
    cite = [posix("shm_open.3p", "DESCRIPTION", "O_CREAT"), man("shm_open.3", "DESCRIPTION", "O_CREAT")],
    covers = ["behaviours:pshm.fstat-fields"],
    layers = [libc, nix, raw],
)]
fn o_creat_opens_what_there_is() -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(size())?;
    Mapping::new(&fd, size())?.write(&text().0);
    let before = object_of(&fd)?;
    for flags in [O_RDWR, O_RDWR | O_CREAT] {
        let opened = assert_ok!(shm_open(memory.name(), flags, 0o644));
        assert_opened(&opened, O_RDWR);
        assert_eq!(object_of(&opened), Ok(before.clone()));
        assert_eq!(Bytes(Mapping::new(&opened, size())?.read()), text());
    }
    Ok(())
}

#[rstest]
#[case::for_writing(O_RDWR)]
#[case::with_o_creat(O_RDWR | O_CREAT)]
/// shm_open with O_TRUNC makes the length of an object that there is 0 and leaves its owner and permissions: what was in it is gone, also
/// for who has it mapped.
#[harness::test(
    id = "posix-shm.truncated",
    cite = [posix("shm_open.3p", "DESCRIPTION", "O_TRUNC"), man("shm_open.3", "DESCRIPTION", "O_TRUNC"), man("mmap.2", "ERRORS", "SIGBUS")],
    covers = ["behaviours:pshm.trunc-empties"],
    layers = [libc, nix, raw],
)]
fn o_trunc_empties_the_object(#[case] flags: i32) -> TestResult {
    let memory = SharedMemory::new();
    empties(&memory, shm_open, flags)
}

/// shm_open with O_RDONLY and O_TRUNC makes the length of an object that there is 0.
#[harness::test(
    id = "posix-shm.truncated-read-only",
    cite = [man("shm_open.3", "VERSIONS")],
    covers = ["behaviours:pshm.rdonly-trunc"],
    layers = [libc, nix, raw],
)]
fn o_trunc_empties_what_is_opened_for_reading() -> TestResult {
    let memory = SharedMemory::new();
    empties(&memory, shm_open, O_RDONLY)
}

type Open = fn(&str, i32, u32) -> Result<Fd>;

fn empties(memory: &SharedMemory, open: Open, flags: i32) -> TestResult {
    let fd = memory.create(size())?;
    let mapping = Mapping::new(&fd, size())?;
    mapping.write(&text().0);
    let (before, identity) = object_of(&fd)?;
    let opened = assert_ok!(open(memory.name(), flags | O_TRUNC, 0o644));
    assert_opened(&opened, flags);
    assert_eq!(object_of(&opened), Ok((Node { size: 0, ..before.clone() }, identity)));
    let loaded = read_at(mapping.address())?;
    assert_eq!(loaded, Err(Fault::beyond_the_end(mapping.address())));
    calls::for_layers::libc_nix_raw::ftruncate(&fd, size() as i64)?;
    assert_eq!((node_of(&opened), Bytes(mapping.read())), (Ok(before), Bytes::of(0, size())));
    Ok(())
}

/// shm_unlink takes the name away: shm_open fails with ENOENT, and with O_CREAT makes another object, of length 0, which has nothing to do
/// with the former one.
#[harness::test(
    id = "posix-shm.unlinked-name",
    cite = [posix("shm_unlink.3p", "DESCRIPTION"), man("shm_open.3", "DESCRIPTION")],
    covers = ["behaviours:pshm.unlink-name-gone", "behaviours:pshm.unlink-recreate-new", "errors:posix-shm.shm_open.ENOENT"],
    layers = [libc, nix, raw],
)]
fn an_unlinked_name_is_free() -> TestResult {
    let memory = SharedMemory::new();
    let former = memory.create(size())?;
    let mapping = Mapping::new(&former, size())?;
    mapping.write(&text().0);
    assert_eq!(shm_unlink(memory.name()), Ok(()));
    for flags in [O_RDONLY, O_RDWR, O_RDWR | O_TRUNC] {
        assert_errno!(shm_open(memory.name(), flags, 0o600), ENOENT);
    }
    let new = assert_ok!(shm_open(memory.name(), O_RDWR | O_CREAT, 0o640));
    let ((node, identity), (left, former_identity)) = (object_of(&new)?, object_of(&former)?);
    assert_opened(&new, O_RDWR);
    assert_eq!(node, Node::new("-0640"));
    assert_eq!(left, Node { links: 0, size: size() as i64, ..Node::new("-0600") });
    assert_ne!(identity, former_identity);
    assert_eq!(Bytes(mapping.read()), text());
    Ok(())
}

/// A name may have 255 characters after its slash.
#[harness::test(
    id = "posix-shm.long-name",
    cite = [man("shm_open.3", "DESCRIPTION")],
    covers = ["behaviours:pshm.name-255"],
    layers = [libc, nix, raw],
)]
fn a_name_has_up_to_255_characters() -> TestResult {
    let memory = SharedMemory::of_length(255);
    let created = assert_ok!(shm_open(memory.name(), O_CREAT | O_EXCL | O_RDWR, 0o600));
    let opened = assert_ok!(shm_open(memory.name(), O_RDWR, 0));
    assert_opened(&created, O_RDWR);
    assert_opened(&opened, O_RDWR);
    assert_eq!((memory.name().len(), node_of(&created)), (256, Ok(of_length(0))));
    assert_eq!(object_of(&opened), object_of(&created));
    assert_eq!(shm_unlink(memory.name()), Ok(()));
    assert_errno!(shm_open(memory.name(), O_RDWR, 0), ENOENT);
    Ok(())
}
