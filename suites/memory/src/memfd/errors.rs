//! Errors of calls on memory files, but for those of seals.

use super::sealable;
use crate::mapped::{held, lettered};
use kit::disposition::ignore;
use kit::limits::limit;
use kit::prelude::*;
use libc::{F_SEAL_SHRINK, SEEK_SET};
use nix::sys::resource::Resource::RLIMIT_FSIZE;
use nix::sys::signal::Signal::SIGXFSZ;

#[rstest]
#[case::never_open(NOT_OPEN)]
#[case::negative(-1)]
/// F_ADD_SEALS and F_GET_SEALS fail with EBADF for a descriptor that is not open.
#[harness::test(
    id = "memfd.seals-bad-descriptor",
    cite = [man("fcntl.2", "ERRORS", "EBADF")],
    covers = ["errors:memfd.fcntl(F_ADD_SEALS).EBADF", "errors:memfd.fcntl(F_GET_SEALS).EBADF"],
    layers = [libc, raw],
)]
fn the_descriptor_is_not_open(#[case] number: i32) -> TestResult {
    assert_errno!(add_seals(number, F_SEAL_SHRINK), EBADF);
    assert_errno!(get_seals(number), EBADF);
    Ok(())
}

/// F_ADD_SEALS and F_GET_SEALS fail with EINVAL for a pipe, a socket and a file of /proc, which cannot be sealed.
#[harness::test(
    id = "memfd.seals-unsupported",
    cite = [man("fcntl.2", "File Sealing"), man("fcntl.2", "ERRORS", "EINVAL")],
    covers = ["errors:memfd.fcntl(F_ADD_SEALS).EINVAL.2", "errors:memfd.fcntl(F_GET_SEALS).EINVAL"],
    layers = [libc, nix, raw],
)]
fn what_is_no_memory_file_has_no_seals() -> TestResult {
    let (_reader, writer) = pipe()?;
    let socket = Fd::from(std::os::fd::OwnedFd::from(std::os::unix::net::UnixDatagram::unbound()?));
    let of_proc = open("/proc/self/comm", libc::O_RDWR)?;
    for object in [&writer, &socket, &of_proc] {
        assert_errno!(get_seals(object), EINVAL);
        assert_errno!(add_seals(object, F_SEAL_SHRINK), EINVAL);
    }
    Ok(())
}

/// F_ADD_SEALS fails with EINVAL for an undefined seal, beside a defined one as well, and adds none.
#[harness::test(
    id = "memfd.seals-undefined",
    cite = [man("fcntl.2", "ERRORS", "EINVAL")],
    covers = ["errors:memfd.fcntl(F_ADD_SEALS).EINVAL"],
    layers = [libc, nix, raw],
)]
fn an_undefined_seal_is_refused() -> TestResult {
    const UNDEFINED: i32 = 1 << 20;
    let file = sealable(2)?;
    assert_errno!(add_seals(&file, UNDEFINED), EINVAL);
    assert_errno!(add_seals(&file, UNDEFINED | F_SEAL_SHRINK), EINVAL);
    assert_eq!(get_seals(&file), Ok(0));
    assert_eq!((ftruncate(&file, 1), held(&file, 1)), (Ok(()), Ok("a".into())));
    Ok(())
}

/// ftruncate fails with EINVAL for a negative length, and leaves the file.
#[harness::test(
    id = "memfd.truncate-negative",
    cite = [posix("ftruncate.3p", "ERRORS", "EINVAL"), man("truncate.2", "ERRORS", "EINVAL")],
    covers = ["errors:memfd.ftruncate.EINVAL"],
    layers = [libc, nix, raw],
)]
fn a_length_is_not_negative() -> TestResult {
    let file = sealable(2)?;
    for length in [-1, i64::MIN] {
        assert_errno!(ftruncate(&file, length), EINVAL);
    }
    assert_eq!(held(&file, 2 * page_size()), Ok(lettered(2)));
    Ok(())
}

/// A write that begins at RLIMIT_FSIZE or beyond fails with EFBIG where SIGXFSZ is ignored; one that crosses it writes the bytes up to
/// it.
#[harness::test(
    id = "memfd.write-beyond-limit",
    cite = [posix("write.3p", "ERRORS", "EFBIG"), man("write.2", "ERRORS", "EFBIG")],
    covers = ["errors:memfd.write.EFBIG"],
    layers = [libc, nix, raw],
)]
fn a_write_beyond_the_file_size_limit_fails() -> TestResult {
    let (file, page) = (sealable(1)?, page_size());
    let child = fork(|| -> TestResult {
        ignore(SIGXFSZ)?;
        limit(RLIMIT_FSIZE, 2 * page as u64)?;
        assert_eq!(write(&file, &vec![b'b'; page + 1]), Ok(page));
        assert_errno!(write(&file, b"c"), EFBIG);
        lseek(&file, 3 * page as i64, SEEK_SET)?;
        assert_errno!(write(&file, b"c"), EFBIG);
        assert_eq!(held(&file, 2 * page), Ok(lettered(2)));
        Ok(())
    })?;
    child.join()
}
