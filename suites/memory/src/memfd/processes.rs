//! Memory files between processes.

use crate::mapped::{Mapped, held, letter, lettered};
use calls::for_layers::libc_nix_raw as by;
use kit::passing::{Listener, connect, pass, receive};
use kit::prelude::*;
use kit::unrelated::{PROGRAMS, Program, start, start_after};
use libc::{MAP_SHARED, MFD_CLOEXEC, SEEK_CUR};
use linkme::distributed_slice;
use std::ffi::OsString;

/// A child of fork has the same memory file with the same offset: what each writes, the other has.
#[harness::test(
    id = "memfd.fork-shares",
    cite = [man("memfd_create.2", "DESCRIPTION"), posix("fork.3p", "DESCRIPTION")],
    covers = ["behaviours:memfd.fork-shares"],
    layers = [libc, nix, raw],
)]
fn a_child_shares_file_and_offset() -> TestResult {
    let file = memfd_create(c"file", 0)?;
    assert_eq!(write(&file, &lettered(2).0), Ok(2 * page_size()));
    let child = fork(|| {
        assert_eq!(held(&file, 2 * page_size()), Ok(lettered(2)));
        assert_eq!(write(&file, &vec![letter(2); page_size()]), Ok(page_size()));
    })?;
    child.join()?;
    assert_eq!(lseek(&file, 0, SEEK_CUR), Ok(3 * page_size() as i64));
    assert_eq!(held(&file, 3 * page_size()), Ok(lettered(3)));
    Ok(())
}

/// A memory file stays open across execve, with its bytes, unless its descriptor is close-on-exec.
#[harness::test(
    id = "memfd.exec-keeps",
    cite = [man("memfd_create.2", "DESCRIPTION"), posix("exec.3p", "DESCRIPTION")],
    covers = ["behaviours:memfd.exec-keeps-fd", "behaviours:memfd.cloexec-flag"],
    layers = [libc, raw],
)]
fn a_memory_file_stays_open_across_execve() -> TestResult {
    let (kept, closed) = (assert_ok!(memfd_create(c"kept", 0)), assert_ok!(memfd_create(c"closed", MFD_CLOEXEC)));
    write_all(&kept, &lettered(3).0)?;
    let numbers = [&kept, &closed].map(|file| OsString::from(file.number().to_string()));
    start_after(&FINDS_ONE, || Ok(numbers.to_vec()))?.join()?;
    assert_eq!(held(&kept, 4 * page_size()), Ok(lettered(4)));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static FINDS_ONE: Program = Program {
    name: "that finds a memory file",
    body: |arguments| {
        let numbers: Vec<i32> = arguments.iter().filter_map(|number| number.to_str()?.parse().ok()).collect();
        let [kept, closed] = numbers[..] else { return Err(Stop::broken("two descriptors were given")) };
        assert_errno!(by::get_flags(closed), EBADF);
        assert_eq!(held(kept, 3 * page_size()), Ok(lettered(3)));
        assert_eq!(by::write(kept, &vec![letter(3); page_size()]), Ok(page_size()));
        Ok(())
    },
};

/// A process that is not related gets a memory file by SCM_RIGHTS, and shares its pages: each sees what the other stores.
#[harness::test(
    id = "memfd.passed",
    cite = [man("memfd_create.2", "NOTES"), man("unix.7", "Ancillary messages", "SCM_RIGHTS")],
    covers = ["behaviours:memfd.scm-rights-shares"],
    needs = [kit::needs::UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn a_memory_file_is_shared_by_passing_it() -> TestResult {
    let file = memfd_create(c"file", 0)?;
    write_all(&file, &lettered(3).0)?;
    let mapping = Mapped::of(&file, 3, MAP_SHARED)?;
    let listener = Listener::new("socket")?;
    let other = start(&STORES, &[scratch().join("socket").into()])?;
    let socket = listener.accept()?;
    pass(&socket, &file)?;
    other.join()?;
    assert_eq!(mapping.loads()?, [b'a', b'x', b'c'].map(Ok));
    assert_eq!(mapping.piece(page_size(), page_size()), Bytes::of(b'x', page_size()));
    Ok(())
}

#[distributed_slice(PROGRAMS)]
static STORES: Program = Program {
    name: "that stores into a memory file",
    body: |arguments| {
        let name = arguments.first().ok_or_else(|| Stop::broken("no socket"))?;
        let file = receive(connect(name)?)?;
        let mapping = assert_ok!(Mapped::of(&file, 3, MAP_SHARED));
        assert_eq!(mapping.read(), lettered(3));
        mapping.write(page_size(), &vec![b'x'; page_size()]);
        Ok(())
    },
};
