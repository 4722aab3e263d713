//! Errors come before waiting: a call with a wrong argument fails at once where a right one would block.

use kit::file::file_of;
use kit::prelude::*;
use libc::{O_APPEND, O_RDWR, UIO_MAXIOV};
use std::io::{IoSlice, IoSliceMut};

/// More iovec elements than a call takes.
const TOO_MANY: usize = UIO_MAXIOV as usize + 1;

/// readv and vmsplice from an empty pipe, and writev and vmsplice into a full one, fail with EINVAL, rather than block, for
/// more than IOV_MAX iovec elements.
#[harness::test(
    id = "pipe.iovec-count-before-waiting",
    cite = [
        kernel("lib/iov_iter.c", "import_iovec", "6.18"),
        man("readv.2", "ERRORS", "EINVAL"),
        man("vmsplice.2", "ERRORS", "EINVAL"),
    ],
    covers = [
        "behaviours:pipe.errors-before-waiting", "errors:pipe.readv.EINVAL.2", "errors:pipe.writev.EINVAL.2",
        "errors:splice.vmsplice.EINVAL",
    ],
    layers = [libc, raw],
)]
fn too_many_elements_are_refused_at_once() -> TestResult {
    let ((empty, _writer), (full, to_full)) = (pipe()?, pipe()?);
    let held = fill(&to_full)?;
    let mut buffer = [b'?'; TOO_MANY];
    let mut buffers: Vec<_> = buffer.chunks_mut(1).map(IoSliceMut::new).collect();
    assert_errno!(readv(&empty, &mut buffers), EINVAL);
    assert_errno!(vmsplice_out(&empty, &mut buffers, 0), EINVAL);
    let elements = vec![IoSlice::new(b"x"); TOO_MANY];
    assert_errno!(writev(&to_full, &elements), EINVAL);
    assert_errno!(vmsplice(&to_full, &elements, 0), EINVAL);
    assert_eq!(read_exactly(&full, held.0.len())?, held);
    assert_eq!(unread(&full), Ok(0));
    Ok(())
}

/// Positioned reads from an empty pipe and positioned writes to a full one fail with ESPIPE rather than block.
#[harness::test(
    id = "pipe.espipe-before-waiting",
    cite = [
        kernel("fs/read_write.c", "ksys_pread64", "6.18"),
        posix("read.3p", "ERRORS", "ESPIPE"),
        posix("write.3p", "ERRORS", "ESPIPE"),
    ],
    covers = [
        "behaviours:pipe.errors-before-waiting", "errors:pipe.pread.ESPIPE", "errors:pipe.pwrite.ESPIPE",
        "errors:pipe.preadv.ESPIPE", "errors:pipe.pwritev.ESPIPE",
    ],
    layers = [libc, nix, raw],
)]
fn offsets_are_refused_at_once() -> TestResult {
    let ((empty, _writer), (_full, to_full)) = (pipe()?, pipe()?);
    fill(&to_full)?;
    assert_errno!(pread(&empty, &mut [0; 1], 0), ESPIPE);
    assert_errno!(preadv(&empty, &mut [IoSliceMut::new(&mut [0; 1])], 0), ESPIPE);
    assert_errno!(pwrite(&to_full, b"x", 0), ESPIPE);
    assert_errno!(pwritev(&to_full, &[IoSlice::new(b"x")], 0), ESPIPE);
    Ok(())
}

/// read from an empty pipe and write to a full one fail with EFAULT, rather than block, if the buffer is outside the
/// address space that a process can have.
#[harness::test(
    id = "pipe.efault-before-waiting",
    cite = [kernel("fs/read_write.c", "vfs_read", "6.18"), man("read.2", "ERRORS", "EFAULT"), man("write.2", "ERRORS", "EFAULT")],
    covers = ["behaviours:pipe.errors-before-waiting", "errors:pipe.read.EFAULT", "errors:pipe.write.EFAULT"],
)]
fn bad_addresses_are_refused_at_once() -> TestResult {
    let ((empty, _writer), (_full, to_full)) = (pipe()?, pipe()?);
    fill(&to_full)?;
    let ask = |name, number, end: &Fd| {
        // SAFETY: the address is outside the address space.
        unsafe { syscall(name, number, [end.number() as usize, BAD_ADDRESS, 1, 0, 0, 0]) }
    };
    assert_errno!(ask("read", Sysno::read, &empty), EFAULT);
    assert_errno!(ask("write", Sysno::write, &to_full), EFAULT);
    Ok(())
}

/// splice and tee from an empty pipe fail, rather than block, for an unknown flag, an offset of a pipe, the same pipe
/// twice, a file opened with O_APPEND, and what is no pipe.
#[harness::test(
    id = "splice.errors-before-waiting",
    cite = [kernel("fs/splice.c", "do_splice", "6.18"), man("splice.2", "ERRORS"), man("tee.2", "ERRORS")],
    covers = [
        "behaviours:pipe.errors-before-waiting", "errors:splice.splice.EINVAL.2", "errors:splice.splice.EINVAL.5",
        "errors:splice.splice.ESPIPE", "errors:splice.tee.EINVAL", "errors:splice.tee.EINVAL.2",
    ],
    layers = [libc, nix, raw],
)]
fn splices_are_refused_at_once() -> TestResult {
    const UNKNOWN: u32 = 1 << 20;
    let ((empty, writer), (_other, to_other)) = (pipe()?, pipe()?);
    let (file, appended) = (file_of(b"abc", O_RDWR)?, file_of(b"abc", O_RDWR | O_APPEND)?);
    assert_errno!(splice(&empty, None, &to_other, None, 1, UNKNOWN), EINVAL);
    assert_errno!(splice(&empty, Some(&mut 0), &to_other, None, 1, 0), ESPIPE);
    assert_errno!(splice(&empty, None, &writer, None, 1, 0), EINVAL);
    assert_errno!(splice(&empty, None, &appended, None, 1, 0), EINVAL);
    assert_errno!(tee(&empty, &to_other, 1, UNKNOWN), EINVAL);
    assert_errno!(tee(&empty, &writer, 1, 0), EINVAL);
    assert_errno!(tee(&empty, &file, 1, 0), EINVAL);
    Ok(())
}
