//! Secret memory: memfd_secret(2).

use crate::limits::limit_locks;
use crate::mapped::{Mapped, beyond, lettered};
use crate::needs::{MEMLOCK, SECRETMEM};
use harness::raw::{Argument as _, arguments};
use kit::limits::limit;
use kit::prelude::*;
use libc::{FD_CLOEXEC, MAP_SHARED, O_CLOEXEC};
use nix::sys::resource::Resource::RLIMIT_NOFILE;

/// A file of secret memory begins empty, gets its size by ftruncate, and is shared by its mappings, of a child as well.
#[harness::test(
    id = "memfd.secret-shared",
    cite = [man("memfd_secret.2", "DESCRIPTION")],
    covers = ["behaviours:secret.fork-shares", "behaviours:secret.initial-size-zero"],
    needs = [SECRETMEM, MEMLOCK],
    layers = [raw],
)]
fn secret_memory_is_shared_by_its_mappings() -> TestResult {
    let file = assert_ok!(memfd_secret(0));
    let (empty, page) = (Mapped::of(&file, 2, MAP_SHARED)?, page_size());
    assert_eq!(empty.loads()?, [beyond(0), beyond(page)]);
    ftruncate(&file, 2 * page as i64)?;
    assert_eq!(empty.read(), Bytes::of(0, 2 * page));
    fork(|| assert_ok!(Mapped::of(&file, 2, MAP_SHARED)).write(0, &lettered(2).0))?.join()?;
    fork(|| assert_eq!(empty.read(), lettered(2)))?.join()?;
    assert_eq!(empty.read(), lettered(2));
    Ok(())
}

/// A system call cannot be given a pointer into secret memory: write fails with EFAULT and writes nothing.
#[harness::test(
    id = "memfd.secret-system-call",
    cite = [man("memfd_secret.2", "DESCRIPTION"), man("memfd_secret.2", "NOTES")],
    covers = ["behaviours:secret.not-by-kernel"],
    needs = [SECRETMEM, MEMLOCK],
    layers = [raw],
)]
fn the_kernel_does_not_reach_secret_memory() -> TestResult {
    let (file, page) = (memfd_secret(0)?, page_size());
    ftruncate(&file, 2 * page as i64)?;
    let secret = Mapped::of(&file, 2, MAP_SHARED)?;
    secret.write(0, &lettered(2).0);
    let own = std::process::id().register();
    let mut copy = vec![0; page];
    let here = libc::iovec { iov_base: copy.as_mut_ptr().cast(), iov_len: page };
    let there = libc::iovec { iov_base: std::ptr::with_exposed_provenance_mut(secret.start()), iov_len: page };
    let call = arguments([own, (&raw const here).register(), 1, (&raw const there).register(), 1]);
    // SAFETY: writes to the copy at most, which outlives the call.
    assert_errno!(unsafe { syscall("process_vm_readv", Sysno::process_vm_readv, call) }, EFAULT);
    assert_eq!((Bytes(copy), secret.read()), (Bytes::of(0, page), lettered(2)));
    Ok(())
}

/// Secret memory obeys RLIMIT_MEMLOCK without CAP_IPC_LOCK: of four pages under a limit of three, at least one is not had. mmap
/// fails with EAGAIN, or, where the kernel counts pages as they are touched, an access ends with SIGBUS.
#[harness::test(
    id = "memfd.secret-limit",
    cite = [man("memfd_secret.2", "DESCRIPTION"), man("mmap.2", "ERRORS", "EAGAIN")],
    covers = ["behaviours:secret.memlock-limit"],
    needs = [SECRETMEM, MEMLOCK],
    layers = [raw],
)]
fn secret_memory_is_limited_as_locked_memory() -> TestResult {
    let (free, limited) = (memfd_secret(0)?, memfd_secret(0)?);
    [&free, &limited].iter().try_for_each(|file| ftruncate(file, 4 * page_size() as i64))?;
    assert_eq!(assert_ok!(Mapped::of(&free, 4, MAP_SHARED)).stores(b'x')?, [Ok(b'x'); 4]);
    let child = fork(|| -> TestResult {
        limit_locks(3 * page_size())?;
        match Mapped::of(&limited, 4, MAP_SHARED) {
            // Linux 6.12.117 counts so, in secretmem_fault: all pages of the user, so that others of its processes may leave fewer.
            Ok(mapping) => {
                let outcomes = mapping.stores(b'x')?;
                assert!((0..4).any(|page| outcomes[page] == beyond(page * page_size())), "all are had: {outcomes:?}");
            }
            refused => {
                assert_errno!(refused, EAGAIN);
                assert_eq!(assert_ok!(Mapped::of(&limited, 3, MAP_SHARED)).stores(b'x')?, [Ok(b'x'); 3]);
            }
        }
        Ok(())
    })?;
    child.join()
}

/// O_CLOEXEC sets the close-on-exec flag of a descriptor of secret memory; FD_CLOEXEC is an undefined flag.
#[harness::test(
    id = "memfd.secret-cloexec",
    cite = [kernel("mm/secretmem.c", "memfd_secret", "6.18")],
    covers = ["behaviours:secret.cloexec-flag"],
    needs = [SECRETMEM],
    layers = [raw],
)]
fn a_flag_sets_close_on_exec() -> TestResult {
    let (with, without) = (assert_ok!(memfd_secret(O_CLOEXEC)), assert_ok!(memfd_secret(0)));
    assert_eq!((get_descriptor_flags(&with), get_descriptor_flags(&without)), (Ok(FD_CLOEXEC), Ok(0)));
    assert_errno!(memfd_secret(FD_CLOEXEC), EINVAL);
    Ok(())
}

/// memfd_secret fails with EINVAL for an undefined flag, and with EMFILE if there is no descriptor left.
#[harness::test(
    id = "memfd.secret-errors",
    cite = [man("memfd_secret.2", "ERRORS", "EINVAL"), man("memfd_secret.2", "ERRORS", "EMFILE")],
    covers = ["errors:memfd.memfd_secret.EINVAL", "errors:memfd.memfd_secret.EMFILE"],
    needs = [SECRETMEM],
    layers = [raw],
)]
fn memfd_secret_refuses_flags_and_needs_a_descriptor() -> TestResult {
    const UNDEFINED: i32 = 0x100;
    assert_errno!(memfd_secret(UNDEFINED), EINVAL);
    assert_errno!(memfd_secret(O_CLOEXEC | UNDEFINED), EINVAL);
    let file = memfd_secret(0)?;
    limit(RLIMIT_NOFILE, file.number() as u64 + 1)?;
    assert_errno!(memfd_secret(0), EMFILE);
    file.close();
    drop(assert_ok!(memfd_secret(0)));
    Ok(())
}
