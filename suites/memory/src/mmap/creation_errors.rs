//! Errors of mmap that an argument causes.

use crate::mapped::{Mapped, NO_FILE, READ_WRITE, held, lettered, lettered_file, with};
use harness::raw::arguments;
use kit::prelude::*;
use libc::{
    MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE, O_RDONLY, O_RDWR, O_WRONLY, PROT_READ, PROT_WRITE,
};

#[rstest]
#[case::write_only_private(O_WRONLY, PROT_READ, MAP_PRIVATE)]
#[case::write_only_shared(O_WRONLY, PROT_WRITE, MAP_SHARED)]
#[case::read_only_shared(O_RDONLY, PROT_READ | PROT_WRITE, MAP_SHARED)]
/// mmap of a file fails with EACCES if the descriptor is not open for reading, and for a shared mapping that may be written if it is
/// not open for writing too.
#[harness::test(
    id = "mmap.wrong-direction",
    cite = [posix("mmap.3p", "ERRORS", "EACCES"), man("mmap.2", "ERRORS", "EACCES")],
    covers = ["errors:mmap.mmap.EACCES.2", "errors:mmap.mmap.EACCES.3"],
    layers = [libc, nix, raw],
)]
fn the_descriptor_is_not_open_for_it(#[case] access: i32, #[case] protection: i32, #[case] flags: i32) -> TestResult {
    let name = Name::file("file")?;
    std::fs::write(&name, lettered(2).0)?;
    let (length, wrong, file) = (2 * page_size(), open(&name, access)?, open(&name, O_RDWR)?);
    assert_errno!(mmap(0, length, protection, flags, &wrong, 0), EACCES);
    assert_eq!(held(&file, length), Ok(lettered(2)));
    let mapping = assert_ok!(Mapped::of(&file, 2, flags));
    mapping.write(page_size(), b"xyz");
    let stored = with(lettered(2), page_size(), b"xyz");
    assert_eq!(mapping.read(), stored);
    assert_eq!(held(&file, length), Ok(if flags == MAP_SHARED { stored } else { lettered(2) }));
    Ok(())
}

#[rstest]
#[case::never_open(NOT_OPEN)]
#[case::negative(-1)]
/// mmap of a descriptor that is not open fails with EBADF; without MAP_ANONYMOUS, which disregards it.
#[harness::test(
    id = "mmap.bad-descriptor",
    cite = [posix("mmap.3p", "ERRORS", "EBADF"), man("mmap.2", "ERRORS", "EBADF")],
    covers = ["errors:mmap.mmap.EBADF"],
    layers = [libc, raw],
)]
fn the_descriptor_is_not_open(#[case] number: i32) -> TestResult {
    let length = 2 * page_size();
    for flags in [MAP_SHARED, MAP_PRIVATE] {
        assert_errno!(mmap(0, length, READ_WRITE, flags, number, 0), EBADF);
    }
    let memory = assert_ok!(Mapped::new(length, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, number, 0));
    assert_eq!(memory.read(), Bytes::of(0, length));
    Ok(())
}

/// mmap fails with EINVAL if the offset is no multiple of a page, if the length is 0, and if the address of MAP_FIXED lies within a
/// page.
#[harness::test(
    id = "mmap.invalid-range",
    cite = [man("mmap.2", "ERRORS", "EINVAL"), posix("mmap.3p", "ERRORS", "EINVAL")],
    covers = [
        "errors:mmap.mmap.EINVAL", "errors:mmap.mmap.EINVAL.2", "behaviours:mmap.offset-page-multiple",
        "notes:mmap.file-must-not-be-empty",
    ],
    layers = [libc, raw],
)]
fn mmap_refuses_an_invalid_range() -> TestResult {
    let (file, page) = (lettered_file(3)?, page_size());
    let memory = Mapped::of(&file, 3, MAP_SHARED)?;
    for offset in [1, page / 2, page + 1] {
        assert_errno!(mmap(0, page, READ_WRITE, MAP_SHARED, &file, offset as i64), EINVAL);
    }
    let of_nothing = mmap(0, 0, READ_WRITE, MAP_SHARED, &file, 0);
    evidence("mmap of length 0", format!("{:?}", of_nothing.map(|_| "an address")));
    assert_errno!(of_nothing, EINVAL);
    assert_errno!(mmap(0, 0, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS, NO_FILE, 0), EINVAL);
    assert_errno!(memory.replace(1, page, MAP_SHARED, &file), EINVAL);
    assert_eq!(memory.read(), lettered(3));
    Ok(())
}

/// mmap fails with EINVAL without any of MAP_SHARED, MAP_PRIVATE and MAP_SHARED_VALIDATE.
#[harness::test(
    id = "mmap.no-type",
    cite = [posix("mmap.3p", "ERRORS", "EINVAL"), man("mmap.2", "ERRORS", "EINVAL")],
    covers = ["errors:mmap.mmap.EINVAL.3"],
    layers = [libc, nix, raw],
)]
fn a_mapping_is_shared_or_private() -> TestResult {
    let (file, page) = (lettered_file(2)?, page_size());
    assert_errno!(mmap(0, 2 * page, READ_WRITE, 0, &file, 0), EINVAL);
    assert_errno!(mmap(0, 2 * page, READ_WRITE, MAP_ANONYMOUS, NO_FILE, 0), EINVAL);
    Ok(())
}

/// mmap with MAP_SHARED_VALIDATE and a flag that the file does not support, as MAP_SYNC of a memory file, fails with EOPNOTSUPP;
/// MAP_SHARED disregards the flag.
#[harness::test(
    id = "mmap.unsupported-flag",
    cite = [
        man("mmap.2", "The flags argument", "MAP_SHARED_VALIDATE"), man("mmap.2", "The flags argument", "MAP_SYNC"),
    ],
    covers = ["errors:mmap.mmap.EOPNOTSUPP", "behaviours:mmap.shared-validate"],
    layers = [libc, nix, raw],
)]
fn map_shared_validate_refuses_flags() -> TestResult {
    let file = memfd_create(c"file", 0)?;
    write_all(&file, &lettered(2).0)?;
    let sync = |kind| mmap(0, 2 * page_size(), READ_WRITE, kind | libc::MAP_SYNC, &file, 0);
    assert_errno!(sync(MAP_SHARED_VALIDATE), EOPNOTSUPP);
    let mapping = Mapped::at(assert_ok!(sync(MAP_SHARED)), 2 * page_size());
    assert_eq!(mapping.read(), lettered(2));
    mapping.write(page_size(), b"xyz");
    assert_eq!(held(&file, 2 * page_size()), Ok(with(lettered(2), page_size(), b"xyz")));
    Ok(())
}

/// mmap fails with ENODEV for a pipe, a socket and a directory, which cannot be mapped.
#[harness::test(
    id = "mmap.not-mappable",
    cite = [posix("mmap.3p", "ERRORS", "ENODEV"), man("mmap.2", "ERRORS", "ENODEV")],
    covers = ["errors:mmap.mmap.ENODEV"],
    layers = [libc, nix, raw],
)]
fn what_has_no_pages_is_not_mapped() -> TestResult {
    let (reader, _writer) = pipe()?;
    let socket = Fd::from(std::os::fd::OwnedFd::from(std::os::unix::net::UnixDatagram::unbound()?));
    let directory = open(scratch(), O_RDONLY | libc::O_DIRECTORY)?;
    for object in [&reader, &socket, &directory] {
        for flags in [MAP_SHARED, MAP_PRIVATE] {
            assert_errno!(mmap(0, page_size(), PROT_READ, flags, object, 0), ENODEV);
        }
    }
    Ok(())
}

/// mmap with MAP_FIXED fails with ENOMEM at an address that no process can have, and so does mincore with a length that reaches beyond
/// the address space.
#[harness::test(
    id = "mmap.beyond-address-space",
    cite = [man("mmap.2", "ERRORS", "ENOMEM"), posix("mmap.3p", "ERRORS", "ENOMEM"), man("mincore.2", "ERRORS", "ENOMEM")],
    covers = ["errors:mmap.mmap.ENOMEM.4", "errors:mmap.mincore.ENOMEM.2"],
    layers = [libc, raw],
)]
fn an_address_beyond_the_address_space_is_refused() -> TestResult {
    const LAST: usize = 1 << 62;
    let (memory, page) = (Mapped::of(lettered_file(2)?, 2, MAP_SHARED)?, page_size());
    let nowhere = Mapped::at(LAST, 2 * page);
    assert_errno!(nowhere.replace(0, 2 * page, MAP_SHARED | MAP_ANONYMOUS, NO_FILE), ENOMEM);
    let call = arguments([memory.start(), usize::MAX - 2 * page, BAD_ADDRESS]);
    // SAFETY: the kernel refuses it, and could write to no address.
    assert_errno!(unsafe { syscall("mincore", Sysno::mincore, call) }, ENOMEM);
    assert_eq!(memory.read(), lettered(2));
    Ok(())
}
