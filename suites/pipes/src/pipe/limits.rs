//! Limits on pipe capacity: /proc/sys/fs/pipe-*.

use super::pages;
use crate::needs::{LARGEST_PIPE, NO_PIPE_HARD_LIMIT, PIPE_HARD_LIMIT, PIPE_PAGES, PIPE_SOFT_LIMIT};
use crate::user_pages::{fill_descriptors, use_up, use_up_lower_limit};
use harness::need::{CAP_SYS_RESOURCE, DISPOSABLE, OWN_UID};
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting::{change, number};

/// Without CAP_SYS_RESOURCE, F_SETPIPE_SZ can set the capacity to fs.pipe-max-size; a larger size fails with EPERM and
/// leaves the capacity unchanged.
#[harness::test(
    id = "pipe.max-size",
    cite = [
        man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ"),
        man("pipe.7", "/proc files", "/proc/sys/fs/pipe-max-size"),
    ],
    covers = ["behaviours:pipe.max-size-caps-unprivileged", "errors:pipe.fcntl(F_SETPIPE_SZ).EPERM"],
    needs = [LARGEST_PIPE],
    layers = [libc, nix, raw],
)]
fn without_cap_sys_resource_capacity_is_limited_to_pipe_max_size() -> TestResult {
    let largest = number("fs/pipe-max-size")? as i32;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        let (_reader, writer) = pipe()?;
        let before = get_capacity(&writer)?;
        assert_errno!(set_capacity(&writer, largest + 1), EPERM);
        assert_eq!(get_capacity(&writer), Ok(before));
        assert_eq!(set_capacity(&writer, largest), Ok(largest));
        assert_eq!(get_capacity(&writer), Ok(largest));
        Ok(())
    })?;
    child.join()
}

/// With CAP_SYS_RESOURCE, F_SETPIPE_SZ can set a capacity larger than fs.pipe-max-size.
#[harness::test(
    id = "pipe.max-size-with-capability",
    cite = [
        man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ"),
        man("pipe.7", "/proc files", "/proc/sys/fs/pipe-max-size"),
    ],
    covers = ["behaviours:pipe.max-size-cap-bypass"],
    needs = [CAP_SYS_RESOURCE],
    layers = [libc, nix, raw],
)]
fn cap_sys_resource_overrides_pipe_max_size() -> TestResult {
    let beyond = 2 * number("fs/pipe-max-size")? as i32;
    let (reader, writer) = pipe()?;
    assert_eq!(set_capacity(&writer, beyond), Ok(beyond));
    assert_eq!(get_capacity(&reader), Ok(beyond));
    Ok(())
}

/// fs.pipe-max-size is a power-of-two number of bytes, at least one page, whatever it was set to.
#[harness::test(
    id = "pipe.max-size-default",
    cite = [kernel("fs/pipe.c", "round_pipe_size", "6.18"), man("pipe.7", "/proc files", "/proc/sys/fs/pipe-max-size")],
    covers = ["behaviours:pipe.max-size-default"],
)]
fn pipe_max_size_is_a_power_of_two() -> TestResult {
    let size = number("fs/pipe-max-size")?;
    assert!(size.is_power_of_two() && size >= page_size(), "fs.pipe-max-size is {size}");
    observe("fs.pipe-max-size in bytes; the default is 1048576", size);
    Ok(())
}

/// An unprivileged process can read fs.pipe-user-pages-soft, a decimal number.
#[harness::test(
    id = "pipe.user-pages-soft-default",
    cite = [kernel("fs/pipe.c", "init_pipe_fs", "6.18"), man("pipe.7", "/proc files", "/proc/sys/fs/pipe-user-pages-soft")],
    covers = ["behaviours:pipe.user-pages-soft-default"],
)]
fn pipe_user_pages_soft_can_be_read() -> TestResult {
    unprivileged(|| {
        let soft = number("fs/pipe-user-pages-soft");
        assert_matches!(soft, Ok(_));
        observe("fs.pipe-user-pages-soft in pages; the default is 16384", soft?);
        Ok(())
    })
}

/// Once an unprivileged user's pipes have used up fs.pipe-user-pages-soft, new pipes get a capacity of two pages
/// instead of 16.
#[harness::test(
    id = "pipe.user-pages-soft-reduces-capacity",
    cite = [
        kernel("fs/pipe.c", "alloc_pipe_info", "6.18"),
        man("pipe.7", "/proc files", "/proc/sys/fs/pipe-user-pages-soft"),
    ],
    covers = ["behaviours:pipe.user-pages-soft-shrinks"],
    needs = [OWN_UID, PIPE_SOFT_LIMIT],
)]
fn past_the_soft_limit_new_pipes_have_two_pages() -> TestResult {
    unprivileged(|| {
        let full = use_up(number("fs/pipe-user-pages-soft")?)?;
        let (reader, writer) = pipe()?;
        assert_eq!(get_capacity(&reader), Ok(pages(2)));
        drop((full, reader, writer));
        let (reader, _writer) = pipe()?;
        assert_eq!(get_capacity(&reader), Ok(pages(16)));
        Ok(())
    })
}

/// F_SETPIPE_SZ fails with EPERM when the larger capacity would take an unprivileged user past fs.pipe-user-pages-soft,
/// until other pipes are closed.
#[harness::test(
    id = "pipe.user-pages-grow",
    cite = [man("fcntl.2", "ERRORS", "EPERM"), man("pipe.7", "/proc files", "/proc/sys/fs/pipe-user-pages-soft")],
    covers = ["errors:pipe.fcntl(F_SETPIPE_SZ).EPERM.2"],
    needs = [OWN_UID, PIPE_SOFT_LIMIT],
    layers = [libc, nix, raw],
)]
fn past_the_soft_limit_pipes_cannot_grow() -> TestResult {
    unprivileged(|| {
        let full = use_up(number("fs/pipe-user-pages-soft")?)?;
        let (_reader, writer) = pipe()?;
        assert_errno!(set_capacity(&writer, pages(16)), EPERM);
        assert_eq!(get_capacity(&writer), Ok(pages(2)));
        drop(full);
        assert_eq!(set_capacity(&writer, pages(16)), Ok(pages(16)));
        assert_eq!(get_capacity(&writer), Ok(pages(16)));
        Ok(())
    })
}

/// An unprivileged user whose pipes have used up fs.pipe-user-pages-soft can still decrease the capacity of a pipe.
#[harness::test(
    id = "pipe.user-pages-shrink",
    cite = [man("pipe.7", "BUGS")],
    covers = ["behaviours:pipe.shrink-always-allowed"],
    needs = [OWN_UID, PIPE_SOFT_LIMIT],
    layers = [libc, nix, raw],
)]
fn past_the_soft_limit_pipes_can_shrink() -> TestResult {
    unprivileged(|| {
        let full = use_up(number("fs/pipe-user-pages-soft")?)?;
        let (_reader, beyond) = pipe()?;
        let (reader, writer) = &full[0];
        assert_errno!(set_capacity(&beyond, pages(16)), EPERM);
        assert_eq!(set_capacity(writer, pages(16)), Ok(pages(16)));
        assert_eq!(get_capacity(reader), Ok(pages(16)));
        Ok(())
    })
}

/// When fs.pipe-user-pages-hard is 0, there is no hard limit: past the soft limit an unprivileged user can create pipes
/// until the process runs out of descriptors.
#[harness::test(
    id = "pipe.user-pages-hard-zero",
    cite = [man("pipe.7", "/proc files", "/proc/sys/fs/pipe-user-pages-hard")],
    covers = ["behaviours:pipe.user-pages-zero-unlimited"],
    needs = [OWN_UID, PIPE_SOFT_LIMIT, NO_PIPE_HARD_LIMIT],
)]
fn a_hard_limit_of_0_means_no_limit() -> TestResult {
    unprivileged(|| {
        let soft = number("fs/pipe-user-pages-soft")?;
        let mut pipes = use_up(soft)?;
        assert_errno!(fill_descriptors(&mut pipes), EMFILE);
        let held: i32 = pipes.iter().map(|(reader, _)| get_capacity(reader)).sum::<Result<i32>>()?;
        assert!(held as usize > soft * page_size(), "{held} bytes are more than {soft} pages");
        observe("pages of one user's pipes", held as usize / page_size());
        Ok(())
    })
}

/// When fs.pipe-user-pages-soft is 0, there is no soft limit: a new pipe has 16 pages, where a limit of 1 leaves it
/// two.
#[harness::test(
    id = "pipe.user-pages-soft-zero",
    cite = [
        kernel("fs/pipe.c", "alloc_pipe_info", "6.18"),
        man("pipe.7", "/proc files", "/proc/sys/fs/pipe-user-pages-soft"),
    ],
    covers = ["behaviours:pipe.user-pages-zero-unlimited"],
    needs = [DISPOSABLE, PIPE_PAGES],
)]
fn a_soft_limit_of_0_means_no_limit() -> TestResult {
    for (limit, capacity) in [(1, pages(2)), (0, pages(16))] {
        let _changed = change("fs/pipe-user-pages-soft", limit)?;
        unprivileged(|| {
            let (reader, _writer) = pipe()?;
            assert_eq!(get_capacity(&reader), Ok(capacity), "the capacity with a soft limit of {limit}");
            Ok(())
        })?;
    }
    Ok(())
}

/// Once an unprivileged user's pipes have used up fs.pipe-user-pages-hard, pipe() and pipe2() fail with ENFILE until a
/// pipe is closed.
#[harness::test(
    id = "pipe.user-pages-hard",
    cite = [man("pipe.7", "/proc files", "/proc/sys/fs/pipe-user-pages-hard"), man("pipe.2", "ERRORS", "ENFILE")],
    covers = [
        "behaviours:pipe.user-pages-hard-denies",
        "errors:pipe.pipe.ENFILE.2",
        "errors:pipe.pipe2.ENFILE.2",
    ],
    needs = [PIPE_HARD_LIMIT, OWN_UID],
)]
fn at_the_hard_limit_pipe_fails_with_enfile() -> TestResult {
    unprivileged(|| {
        let mut pipes = use_up_lower_limit()?;
        assert_errno!(fill_descriptors(&mut pipes), ENFILE);
        assert_errno!(pipe2(0), ENFILE);
        pipes.pop();
        drop(assert_ok!(pipe()));
        Ok(())
    })
}

/// fs.pipe-max-size limits the capacity of new pipes of a process without CAP_SYS_RESOURCE, but not of a process that
/// has it.
#[harness::test(
    id = "pipe.max-size-limits-default-capacity",
    cite = [kernel("fs/pipe.c", "alloc_pipe_info", "6.18"), man("pipe.7", "/proc files", "/proc/sys/fs/pipe-max-size")],
    covers = ["behaviours:pipe.max-size-ceils-default"],
    needs = [DISPOSABLE],
)]
fn pipe_max_size_limits_the_default_capacity() -> TestResult {
    let _changed = change("fs/pipe-max-size", page_size())?;
    let (reader, _writer) = pipe()?;
    assert_eq!(get_capacity(&reader), Ok(pages(16)), "with the capability");
    unprivileged(|| {
        let (reader, _writer) = pipe()?;
        assert_eq!(get_capacity(&reader), Ok(pages(1)), "without the capability");
        Ok(())
    })
}

/// A value written to fs.pipe-max-size is rounded up to a power-of-two number of pages, at least one page.
#[harness::test(
    id = "pipe.max-size-rounds",
    cite = [kernel("fs/pipe.c", "round_pipe_size", "6.18"), man("pipe.7", "/proc files", "/proc/sys/fs/pipe-max-size")],
    covers = ["behaviours:pipe.max-size-rounds", "behaviours:pipe.max-size-min"],
    needs = [DISPOSABLE],
)]
fn pipe_max_size_is_rounded_up() -> TestResult {
    let page = page_size();
    for (written, kept) in [(1, page), (page + 1, 2 * page), (5 * page, 8 * page), (16 * page, 16 * page)] {
        let _changed = change("fs/pipe-max-size", written)?;
        assert_eq!(number("fs/pipe-max-size")?, kept, "the value after writing {written}");
    }
    Ok(())
}

/// Runs `body` without CAP_SYS_RESOURCE and CAP_SYS_ADMIN: the limits apply only to unprivileged processes.
fn unprivileged(body: impl FnOnce() -> TestResult) -> TestResult {
    fork(|| -> TestResult {
        drop_capabilities()?;
        body()
    })?
    .join()
}
