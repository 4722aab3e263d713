//! The errors of shm_open, shm_unlink and ftruncate.

use super::{assert_opened, of_length, size, text, with_tmpfs};
use harness::need::MOUNTS;
use kit::limits::while_limited;
use kit::memory::Mapping;
use kit::posix::SharedMemory;
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use libc::{O_CREAT, O_EXCL, O_RDONLY, O_RDWR, SIGXFSZ};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::MFdFlags;
use nix::sys::resource::Resource;
use std::fs;

const NEW: i32 = O_CREAT | O_EXCL | O_RDWR;

/// A call that takes a name: shm_open, or shm_unlink.
type Named = fn(&str) -> Result<()>;

const OPEN: Named = |name| {
    let fd = calls::for_layers::libc_nix_raw::shm_open(name, O_RDWR, 0)?;
    assert_opened(&fd, O_RDWR);
    Ok(())
};
const CREATE: Named = |name| calls::for_layers::libc_nix_raw::shm_open(name, NEW, 0o600).map(drop);
const UNLINK: Named = |name| calls::for_layers::libc_nix_raw::shm_unlink(name);

#[harness::errors(
    family = "name-missing",
    rows = [
        ("posix-shm.missing/shm-open", "errors:posix-shm.shm_open.ENOENT", (OPEN, true)),
        ("posix-shm.missing/shm-unlink", "errors:posix-shm.shm_unlink.ENOENT", (UNLINK, false)),
    ],
    layers = [libc, nix, raw],
)]
fn there_is_no_object_of_the_name(asked: (Named, bool)) -> TestResult {
    let (call, leaves_it) = asked;
    let (memory, other) = (SharedMemory::new(), SharedMemory::new());
    let _there = other.create(0)?;
    assert_errno!(call(memory.name()), ENOENT);
    let _created = memory.create(0)?;
    assert_eq!(call(memory.name()), Ok(()));
    let opened = OPEN(memory.name()).map_err(|error| error.errno);
    assert_eq!((opened, OPEN(other.name())), (if leaves_it { Ok(()) } else { Err(Errno::ENOENT) }, Ok(())));
    Ok(())
}

#[harness::errors(
    family = "name-exists",
    rows = [("posix-shm.exists", "errors:posix-shm.shm_open.EEXIST", O_RDWR), ("posix-shm.exists-truncated", "errors:posix-shm.shm_open.EEXIST", O_RDWR | libc::O_TRUNC)],
    layers = [libc, nix, raw],
)]
fn there_is_an_object_of_the_name(flags: i32) -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(size())?;
    let mapping = Mapping::new(&fd, size())?;
    mapping.write(&text().0);
    let before = object_of(&fd)?;
    assert_errno!(shm_open(memory.name(), flags | O_CREAT | O_EXCL, 0o644), EEXIST);
    assert_eq!((object_of(&fd), Bytes(mapping.read())), (Ok(before), text()));
    Ok(())
}

#[harness::errors(
    family = "name-too-long",
    rows = [
        ("posix-shm.name-too-long/open", "errors:posix-shm.shm_open.ENAMETOOLONG", OPEN),
        ("posix-shm.name-too-long/create", "errors:posix-shm.shm_open.ENAMETOOLONG", CREATE),
        ("posix-shm.name-too-long/unlink", "errors:posix-shm.shm_unlink.ENAMETOOLONG", UNLINK),
    ],
    layers = [libc, nix, raw],
)]
fn the_name_is_too_long(call: Named) -> TestResult {
    let longest = SharedMemory::of_length(255);
    let longer = format!("{}x", longest.name());
    assert_errno!(call(&longer), ENAMETOOLONG);
    let _created = longest.create(0)?;
    assert_eq!(OPEN(longest.name()), Ok(()));
    Ok(())
}

/// What is in /dev/shm.
fn in_dev_shm() -> TestResult<Vec<std::ffi::OsString>> {
    let mut names =
        fs::read_dir("/dev/shm")?.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

// The C library's: the kernel knows only paths.
#[harness::errors(
    family = "name-malformed",
    rows = [
        ("posix-shm.malformed/empty", "errors:posix-shm.shm_open.EINVAL", ""),
        ("posix-shm.malformed/slash", "errors:posix-shm.shm_open.EINVAL", "/"),
        ("posix-shm.malformed/inner-slash", "errors:posix-shm.shm_open.EINVAL", "/ipcspec-inner/slash"),
        ("posix-shm.malformed/last-slash", "errors:posix-shm.shm_open.EINVAL", "/ipcspec-last/"),
    ],
    needs = [MOUNTS],
    layers = [libc, nix],
)]
fn the_name_is_malformed(name: &'static str) -> TestResult {
    let before = in_dev_shm()?;
    assert_errno!(shm_open(name, NEW, 0o600), EINVAL);
    assert_errno!(shm_open(name, O_RDONLY, 0), EINVAL);
    let after = in_dev_shm()?;
    assert_eq!(after, before);
    Ok(())
}

#[harness::errors(
    family = "descriptors-exhausted",
    rows = [
        ("posix-shm.no-descriptor/open", "errors:posix-shm.shm_open.EMFILE", O_RDWR),
        ("posix-shm.no-descriptor/create", "errors:posix-shm.shm_open.EMFILE", NEW),
    ],
    layers = [libc, nix, raw],
)]
fn all_descriptors_are_in_use(flags: i32) -> TestResult {
    let (there, new) = (SharedMemory::new(), SharedMemory::new());
    let lowest_free = there.create(0)?.number();
    let name = if flags == NEW { new.name() } else { there.name() };
    let refused = while_limited(Resource::RLIMIT_NOFILE, lowest_free as u64, || shm_open(name, flags, 0o600))?;
    assert_errno!(refused, EMFILE);
    // Nor has it made anything.
    let opened = assert_ok!(shm_open(name, flags, 0o600));
    assert_opened(&opened, O_RDWR);
    assert_eq!((opened.number(), node_of(&opened)), (lowest_free, Ok(of_length(0))));
    Ok(())
}

#[harness::errors(
    family = "no-space",
    rows = [("posix-shm.no-inode", "errors:posix-shm.shm_open.ENOSPC", "nr_inodes=2")],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn the_file_system_has_no_room_for_the_object(options: &'static str) -> TestResult {
    let (there, new) = (SharedMemory::new(), SharedMemory::new());
    // One inode is the directory's.
    with_tmpfs(options, || {
        let there_opened = there.create(size())?;
        assert_errno!(shm_open(new.name(), NEW, 0o600), ENOSPC);
        assert_errno!(shm_open(new.name(), O_RDWR, 0), ENOENT);
        assert_eq!(shm_unlink(there.name()), Ok(()));
        drop(there_opened);
        let created = assert_ok!(shm_open(new.name(), NEW, 0o600));
        assert_opened(&created, O_RDWR);
        assert_eq!(node_of(&created), Ok(of_length(0)));
        Ok(())
    })
}

#[harness::errors(
    family = "no-space",
    rows = [("posix-shm.no-page", "errors:posix-shm.write.ENOSPC", "nr_blocks=2")],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn the_file_system_is_full(options: &'static str) -> TestResult {
    let (memory, other) = (SharedMemory::new(), SharedMemory::new());
    with_tmpfs(options, || {
        let (fd, full) = (memory.create(0)?, other.create(0)?);
        let pages = vec![b'x'; 2 * page_size()];
        assert_eq!(write(&full, &pages), Ok(pages.len()));
        assert_errno!(write(&fd, b"text"), ENOSPC);
        assert_eq!([node_of(&fd), node_of(&full)], [Ok(of_length(0)), Ok(of_length(pages.len()))]);
        let mut content = vec![0; pages.len() + 1];
        assert_eq!(pread(&full, &mut content, 0), Ok(pages.len()));
        assert!(content[..pages.len()] == pages, "what was written is there");
        assert_eq!((ftruncate(&full, 0), node_of(&full)), (Ok(()), Ok(of_length(0))));
        assert_eq!(write(&fd, b"text"), Ok(4));
        let mut content = [0; 5];
        assert_eq!((pread(&fd, &mut content, 0), content), (Ok(4), *b"text\0"));
        Ok(())
    })
}

#[harness::errors(
    family = "mode-denied",
    rows = [("posix-shm.unlink-denied", "errors:posix-shm.shm_unlink.EACCES", "mode=0555")],
    needs = [MOUNTS],
    layers = [libc, nix, raw],
)]
fn the_name_may_not_be_removed(options: &'static str) -> TestResult {
    let memory = SharedMemory::new();
    with_tmpfs(options, || {
        let fd = memory.create(size())?;
        let before = object_of(&fd)?;
        let child = fork(|| -> TestResult {
            drop_capabilities()?;
            assert_errno!(shm_unlink(memory.name()), EACCES);
            Ok(())
        })?;
        child.join()?;
        let opened = assert_ok!(shm_open(memory.name(), O_RDWR, 0));
        assert_opened(&opened, O_RDWR);
        assert_eq!(object_of(&opened), Ok(before));
        assert_eq!(shm_unlink(memory.name()), Ok(()));
        assert_errno!(shm_open(memory.name(), O_RDWR, 0), ENOENT);
        Ok(())
    })
}

#[harness::errors(
    family = "closed-descriptor",
    rows = [("posix-shm.truncate-closed", "errors:posix-shm.ftruncate.EBADF", NOT_OPEN)],
    layers = [libc, raw],
)]
fn the_descriptor_is_closed(fd: i32) -> TestResult {
    assert_errno!(ftruncate(fd, 0), EBADF);
    Ok(())
}

#[harness::errors(
    family = "invalid-length",
    rows = [
        ("posix-shm.truncate-negative/minus-one", "errors:posix-shm.ftruncate.EINVAL", -1),
        ("posix-shm.truncate-negative/smallest", "errors:posix-shm.ftruncate.EINVAL", i64::MIN),
    ],
    layers = [libc, nix, raw],
)]
fn the_length_is_negative(length: i64) -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(size())?;
    assert_errno!(ftruncate(&fd, length), EINVAL);
    assert_eq!(node_of(&fd), Ok(of_length(size())));
    Ok(())
}

#[harness::errors(
    family = "wrong-type",
    rows = [("posix-shm.truncate-pipe", "errors:posix-shm.ftruncate.EINVAL.2", 5)],
    layers = [libc, nix, raw],
)]
fn the_descriptor_is_that_of_a_pipe(length: i64) -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"text")?;
    assert_errno!(ftruncate(&writer, length), EINVAL);
    let mut left = [0; 5];
    assert_eq!((read(&reader, &mut left), left), (Ok(4), *b"text\0"));
    Ok(())
}

#[harness::errors(
    family = "wrong-direction",
    rows = [
        ("posix-shm.truncate-read-only/shrink", "errors:posix-shm.ftruncate.EINVAL.3", 1),
        ("posix-shm.truncate-read-only/grow", "errors:posix-shm.ftruncate.EINVAL.3", 1 << 20),
    ],
    layers = [libc, nix, raw],
)]
fn the_descriptor_is_for_reading(length: i64) -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(size())?;
    Mapping::new(&fd, size())?.write(&text().0);
    let reader = assert_ok!(shm_open(memory.name(), O_RDONLY, 0));
    assert_opened(&reader, O_RDONLY);
    assert_errno!(ftruncate(&reader, length), EINVAL);
    assert_eq!(node_of(&fd), Ok(of_length(size())));
    assert_eq!(Bytes(Mapping::new(&fd, size())?.read()), text());
    Ok(())
}

#[harness::errors(
    family = "limit-reached",
    rows = [("posix-shm.truncate-above-limit", "errors:posix-shm.ftruncate.EFBIG", 1)],
    layers = [libc, nix, raw],
)]
fn the_length_is_above_the_limit(more: usize) -> TestResult {
    let memory = SharedMemory::new();
    let fd = memory.create(1)?;
    // The signal that comes with it would end the process.
    kit::disposition::log(SIGXFSZ, 0)?;
    let (refused, allowed) = while_limited(Resource::RLIMIT_FSIZE, size() as u64, || {
        (ftruncate(&fd, (size() + more) as i64), ftruncate(&fd, size() as i64))
    })?;
    assert_errno!(refused, EFBIG);
    assert_eq!((allowed, node_of(&fd)), (Ok(()), Ok(of_length(size()))));
    assert_eq!(kit::disposition::logged().iter().map(|info| info.signal).collect::<Vec<_>>(), [SIGXFSZ]);
    Ok(())
}

#[harness::errors(
    family = "seal-in-force",
    rows = [
        ("posix-shm.truncate-sealed/shrink", "errors:posix-shm.ftruncate.EPERM", (SealFlag::F_SEAL_SHRINK, -1, 1)),
        ("posix-shm.truncate-sealed/grow", "errors:posix-shm.ftruncate.EPERM", (SealFlag::F_SEAL_GROW, 1, -1)),
    ],
    layers = [libc, nix, raw],
)]
fn a_seal_forbids_the_change(seal: (SealFlag, i64, i64)) -> TestResult {
    let (seal, forbidden, allowed) = seal;
    let memory = nix::sys::memfd::memfd_create(c"sealed", MFdFlags::MFD_ALLOW_SEALING | MFdFlags::MFD_CLOEXEC)?;
    let length = size() as i64;
    nix::unistd::ftruncate(&memory, length)?;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(seal))?;
    let fd = Fd::from(memory);
    assert_errno!(ftruncate(&fd, length + forbidden), EPERM);
    let before = node_of(&fd)?;
    assert_eq!(before.size, length);
    assert_eq!(ftruncate(&fd, length + allowed), Ok(()));
    assert_eq!(node_of(&fd), Ok(Node { size: length + allowed, ..before }));
    Ok(())
}
