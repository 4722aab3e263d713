//! Mappings between processes, and what the end of a process does to them.

use crate::mapped::{Mapped, held, lettered, lettered_file};
use calls::for_layers::libc_nix_raw as by;
use harness::process_state;
use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start, start_after};
use libc::{MAP_ANONYMOUS, MAP_SHARED, O_RDWR};
use linkme::distributed_slice;
use std::ffi::OsString;

/// Other contents of the file.
fn answer() -> Bytes {
    Bytes(lettered(3).0.into_iter().rev().collect())
}

/// Processes that have nothing in common map the same file, at addresses of their own, and each sees what the other stores.
#[harness::test(
    id = "mmap.unrelated",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "The flags argument", "MAP_SHARED")],
    covers = ["behaviours:mmap.shared-visible", "notes:mmap.unrelated-via-file"],
    layers = [libc, nix, raw],
)]
fn unrelated_processes_share_a_file() -> TestResult {
    let name = Name::file("mapped")?;
    std::fs::write(&name, vec![0; 3 * page_size()])?;
    let mapping = Mapped::of(open(&name, O_RDWR)?, 3, MAP_SHARED)?;
    mapping.write(0, &lettered(3).0);
    start(&ANSWERS, &[OsString::from(&*name)])?.join()?;
    assert_eq!(mapping.read(), answer());
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static ANSWERS: Program = Program {
    name: "that answers in a mapped file",
    body: |arguments| {
        let name = arguments.first().ok_or_else(|| Stop::broken("no file"))?;
        let file = by::open(name, O_RDWR)?;
        let mapping = assert_ok!(Mapped::of(&file, 3, MAP_SHARED));
        assert_eq!(mapping.read(), lettered(3));
        mapping.write(0, &answer().0);
        Ok(())
    },
};

#[rstest]
#[case::shared(MAP_SHARED)]
#[case::private(libc::MAP_PRIVATE)]
/// execve removes all mappings, shared ones as well: the new program finds nothing of them at their addresses.
#[harness::test(
    id = "mmap.exec-removes",
    cite = [posix("exec.3p", "DESCRIPTION"), man("execve.2", "DESCRIPTION")],
    covers = ["behaviours:mmap.exec-removes"],
)]
fn execve_removes_mappings(#[case] flags: i32) -> TestResult {
    let memory = Mapped::anonymous(3, MAP_ANONYMOUS | flags)?;
    memory.write(0, &lettered(3).0);
    start_after(&FINDS_NOTHING, || Ok(vec![memory.start().to_string().into()]))?.join()?;
    assert_eq!(memory.read(), lettered(3));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static FINDS_NOTHING: Program = Program {
    name: "that finds no mapping",
    body: |arguments| {
        let start = arguments.first().and_then(|start| start.to_str()).ok_or_else(|| Stop::broken("no address"))?;
        let memory = Mapped::at(start.parse()?, 3 * page_size());
        for (page, letter) in (0..).zip(*b"abc") {
            // Something of the new program may be there, by chance: it does not hold what was there.
            let found: Vec<_> = (0..16).map(|at| memory.load(page * page_size() + at)).collect::<TestResult<_>>()?;
            assert_ne!(found, [Ok(letter); 16]);
        }
        Ok(())
    },
};

#[rstest]
#[case::exit(|| exit(0))]
#[case::sigkill(kill_self)]
/// When a process ends, by exit or by SIGKILL, its mapping goes with it; what it stored stays in the file and in the mappings of
/// other processes.
#[harness::test(
    id = "mmap.process-ends",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "munmap()")],
    covers = ["notes:mmap.gone-after-exit", "notes:mmap.data-survives-crash"],
    layers = [libc, nix, raw],
)]
fn what_a_process_stored_outlives_it(#[case] end: fn() -> TestResult) -> TestResult {
    let file = lettered_file(3)?;
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    let child = fork(|| -> TestResult {
        let own = assert_ok!(Mapped::of(&file, 3, MAP_SHARED));
        own.write(0, &answer().0);
        end()
    })?;
    child.wait_until_zombie();
    let maps = std::fs::read(format!("/proc/{}/maps", child.pid()))?;
    assert_eq!(Bytes(maps), Bytes::from(""));
    child.wait()?;
    assert_eq!((mapping.read(), held(&file, 3 * page_size())), (answer(), Ok(answer())));
    evidence("the file after SIGKILL, without msync", format!("{:?}", held(&file, 3 * page_size())?));
    Ok(())
}

/// A reader of a mapping does not wait for a writer: it finds what was there before, where a reader of a pipe blocks.
#[harness::test(
    id = "mmap.no-waiting",
    cite = [posix("mmap.3p", "DESCRIPTION"), man("mmap.2", "DESCRIPTION")],
    covers = ["notes:mmap.non-blocking"],
    layers = [libc, nix, raw],
)]
fn a_reader_of_a_mapping_does_not_wait() -> TestResult {
    let (mapping, (reader, writer)) = (Mapped::of(lettered_file(3)?, 3, MAP_SHARED)?, pipe()?);
    let of_mapping = fork(|| assert_eq!(mapping.read(), lettered(3)))?;
    let of_pipe = fork(|| {
        writer.close();
        assert_eq!(read_bytes(&reader, 1), Ok(Bytes::from("x")));
    })?;
    of_mapping.join()?;
    of_pipe.assert_blocked_in(calls::READ);
    assert_eq!(process_state::state(of_pipe.pid()), Some('S'));
    write_all(&writer, b"x")?;
    of_pipe.join()
}

/// A mapping needs no file on a disk: a memory file, which has no name, is shared as well.
#[harness::test(
    id = "mmap.without-disk",
    cite = [man("memfd_create.2", "DESCRIPTION"), man("mmap.2", "The flags argument", "MAP_SHARED")],
    covers = ["notes:mmap.needs-disk-file"],
    layers = [libc, nix, raw],
)]
fn a_mapping_needs_no_file_on_a_disk() -> TestResult {
    let memory = assert_ok!(memfd_create(c"memory", 0));
    assert_eq!(ftruncate(&memory, 3 * page_size() as i64), Ok(()));
    let mapping = assert_ok!(Mapped::of(&memory, 3, MAP_SHARED));
    let child = fork(|| mapping.write(0, &lettered(3).0))?;
    child.join()?;
    assert_eq!((mapping.read(), held(&memory, 3 * page_size())), (lettered(3), Ok(lettered(3))));
    let links = fstat(&memory)?.st_nlink;
    evidence("names of a file that two processes share", links);
    assert_eq!(links, 0);
    Ok(())
}
