//! Mappings of an object: who has them, and what ends them.

use super::{assert_opened, of_length, other_text, size, text};
use harness::raw::{Argument as _, arguments};
use kit::fault::{Fault, read_at, write_at};
use kit::memory::Mapping;
use kit::posix::SharedMemory;
use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start, start_after};
use libc::{MAP_PRIVATE, MAP_SHARED, O_RDONLY, O_RDWR, PROT_READ, PROT_WRITE};
use linkme::distributed_slice;
use nix::sys::signal::Signal::SIGKILL;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

/// mmap(2) of the object, where the kernel likes.
fn map(fd: &Fd, protection: i32, flags: i32) -> Result<usize> {
    let call = [0, size(), protection.register(), flags.register(), fd.number().register(), 0];
    // SAFETY: a new mapping touches no memory that exists.
    unsafe { syscall("mmap", Sysno::mmap, arguments(call)) }.map(|address| address as usize)
}

/// An object that was opened with O_RDONLY can be mapped for reading, and privately for writing, but not for writing to it: that fails
/// with EACCES. A store through a mapping for reading causes SIGSEGV, and one through a private mapping does not reach the object.
#[harness::test(
    id = "posix-shm.read-only",
    cite = [man("shm_open.3", "DESCRIPTION", "O_RDONLY"), man("mmap.2", "ERRORS", "EACCES"), posix("mmap.3p", "ERRORS", "EACCES")],
    covers = ["behaviours:pshm.rdonly-no-write-map"],
    layers = [libc, nix, raw],
)]
fn an_object_opened_for_reading_is_not_written() -> TestResult {
    let memory = SharedMemory::new();
    let writer = Mapping::new(&memory.create(size())?, size())?;
    writer.write(&text().0);
    let fd = assert_ok!(shm_open(memory.name(), O_RDONLY, 0));
    assert_opened(&fd, O_RDONLY);
    for protection in [PROT_READ | PROT_WRITE, PROT_WRITE] {
        assert_errno!(map(&fd, protection, MAP_SHARED), EACCES);
    }
    let (reader, private) = (map(&fd, PROT_READ, MAP_SHARED)?, map(&fd, PROT_READ | PROT_WRITE, MAP_PRIVATE)?);
    let last = 2 * page_size() + 6;
    let (loaded, stored, kept) = (read_at(reader + last)?, write_at(reader + last, 7)?, write_at(private + last, 7)?);
    assert_eq!((loaded, stored, kept), (Ok(text().0[last]), Err(Fault::denied(reader + last)), Ok(7)));
    assert_eq!(Bytes(writer.read()), text());
    writer.write(&other_text().0);
    let loaded = read_at(reader + last)?;
    assert_eq!(loaded, Ok(other_text().0[last]));
    Ok(())
}

/// A mapping stays usable, and shared, when the descriptors of the object are closed, and when its name is gone too.
#[harness::test(
    id = "posix-shm.closed",
    cite = [posix("close.3p", "DESCRIPTION"), man("shm_open.3", "DESCRIPTION"), posix("shm_unlink.3p", "DESCRIPTION")],
    covers = ["behaviours:pshm.close-keeps-mapping", "behaviours:pshm.unlink-keeps-mappings"],
    layers = [libc, nix, raw],
)]
fn mappings_stay_when_descriptors_are_closed() -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(size())?;
    let (one, other) = (Mapping::new(&fd, size())?, Mapping::new(&fd, size())?);
    one.write(&text().0);
    drop(fd);
    assert_eq!(Bytes(other.read()), text());
    other.write(&other_text().0);
    let again = assert_ok!(shm_open(memory.name(), O_RDWR, 0));
    assert_opened(&again, O_RDWR);
    assert_eq!(Bytes(Mapping::new(&again, size())?.read()), other_text());
    drop(again);
    assert_eq!(shm_unlink(memory.name()), Ok(()));
    assert_errno!(shm_open(memory.name(), O_RDWR, 0), ENOENT);
    one.write(&text().0);
    assert_eq!(Bytes(other.read()), text());
    fork(|| other.write(&other_text().0))?.join()?;
    assert_eq!(Bytes(one.read()), other_text());
    Ok(())
}

#[rstest]
#[case::exit(false)]
#[case::kill(true)]
/// A child has the mappings of its parent, at the same addresses, and shares them: each finds what the other has stored. They are gone
/// with it, by exit or by SIGKILL, and the parent's stay.
#[harness::test(
    id = "posix-shm.inherited",
    cite = [posix("fork.3p", "DESCRIPTION"), man("mmap.2", "DESCRIPTION"), posix("_Exit.3p", "Consequences of Process Termination")],
    covers = ["behaviours:pshm.fork-inherits-map", "behaviours:pshm.exit-unmaps", "behaviours:pshm.shared-writes"],
)]
fn a_child_has_the_mappings(#[case] kill: bool) -> TestResult {
    let (memory, turn) = (SharedMemory::new(), Latch::new()?);
    let fd = memory.create(size())?;
    let mapping = Mapping::new(&fd, size())?;
    mapping.write(&text().0);
    let child = fork(|| {
        assert_eq!(Bytes(mapping.read()), text());
        mapping.write(&other_text().0);
        turn.wait_for(1);
        assert_eq!(Bytes(mapping.read()), text());
        turn.wait_for(2);
    })?;
    child.wait_until_blocked_in(calls::FUTEX)?;
    assert_eq!(Bytes(mapping.read()), other_text());
    mapping.write(&text().0);
    turn.arrive();
    child.wait_until_blocked_in(calls::FUTEX)?;
    if kill {
        let ended = child.kill()?;
        assert_eq!(ended, Ended::Killed { by: Signal(SIGKILL as i32), core: false });
    } else {
        turn.arrive();
        child.join()?;
    }
    assert_eq!((Bytes(mapping.read()), node_of(&fd)), (text(), Ok(of_length(size()))));
    Ok(())
}

/// Two processes that have nothing in common but the name, each with a mapping of its own, share the object: what one stores, on the first
/// page and on the last, the other finds.
#[harness::test(
    id = "posix-shm.shared-by-name",
    cite = [man("shm_open.3", "DESCRIPTION"), posix("shm_open.3p", "DESCRIPTION"), man("shm_overview.7", "DESCRIPTION")],
    covers = ["behaviours:pshm.shared-writes"],
    layers = [libc, nix, raw],
)]
fn unrelated_processes_share_an_object() -> TestResult {
    let memory = SharedMemory::new();
    let mapping = Mapping::new(&memory.create(size())?, size())?;
    mapping.write(&text().0);
    start(&ANSWERS, &[memory.name().into()])?.join()?;
    assert_eq!(Bytes(mapping.read()), other_text());
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static ANSWERS: Program = Program {
    name: "that answers in shared memory",
    body: |arguments| {
        use calls::for_layers::libc_nix_raw::shm_open;
        let fd = assert_ok!(shm_open(name(arguments)?, O_RDWR, 0));
        assert_opened(&fd, O_RDWR);
        let mapping = Mapping::new(&fd, size())?;
        assert_eq!(Bytes(mapping.read()), text());
        mapping.write(&other_text().0);
        Ok(())
    },
};

/// execve takes the mappings of an object, and the descriptor that shm_open has returned, from the process; the object and its contents
/// stay.
#[harness::test(
    id = "posix-shm.exec",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "Effect on process attributes"), man("shm_open.3", "DESCRIPTION")],
    covers = ["behaviours:pshm.exec-unmaps", "behaviours:pshm.cloexec-set"],
    layers = [libc, nix, raw],
)]
fn execve_unmaps_the_object() -> TestResult {
    let memory = SharedMemory::new();
    let file = Path::new("/dev/shm").join(&memory.name()[1..]);
    let program = start_after(&LOOKS, || {
        let fd = assert_ok!(shm_open(memory.name(), libc::O_CREAT | O_RDWR, 0o600));
        assert_eq!(node_of(&fd), Ok(of_length(0)));
        ftruncate(&fd, size() as i64)?;
        assert_opened(&fd, O_RDWR);
        assert_eq!(node_of(&fd), Ok(of_length(size())));
        let mapping = Mapping::new(&fd, size())?;
        mapping.write(&text().0);
        let before = uses_of(&file)?;
        assert_eq!(before, [1, 1]);
        std::mem::forget((fd, mapping));
        Ok(vec![memory.name().into()])
    })?;
    program.join()
}

/// How many descriptors this process has of a file, and how many mappings.
fn uses_of(file: &Path) -> TestResult<[usize; 2]> {
    let targets = fs::read_dir("/proc/self/fd")?.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let descriptors = targets.filter(|target| target == file).count();
    let maps = fs::read_to_string("/proc/self/maps")?;
    let mappings = maps.lines().filter(|line| file.to_str().is_some_and(|file| line.ends_with(file))).count();
    Ok([descriptors, mappings])
}

fn name(arguments: &[OsString]) -> TestResult<&str> {
    arguments.first().map(OsString::as_os_str).and_then(OsStr::to_str).ok_or_else(|| Stop::broken("no name"))
}

#[distributed_slice(PROGRAMS)]
static LOOKS: Program = Program {
    name: "that looks at shared memory after an exec",
    body: |arguments| {
        use calls::for_layers::libc_nix_raw::shm_open;
        let name = name(arguments)?;
        let left = uses_of(&Path::new("/dev/shm").join(&name[1..]))?;
        assert_eq!(left, [0, 0]);
        let fd = assert_ok!(shm_open(name, O_RDWR, 0));
        assert_opened(&fd, O_RDWR);
        assert_eq!(Bytes(Mapping::new(&fd, size())?.read()), text());
        Ok(())
    },
};
