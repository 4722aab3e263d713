//! Limits on what pipes may hold: /proc/sys/fs/pipe-*.

use super::{fill_descriptors, pages};
use kit::prelude::*;
use kit::privilege::drop_capabilities;
use kit::setting::{change, number};

/// Without CAP_SYS_RESOURCE the capacity can be set to fs.pipe-max-size, and to no more: F_SETPIPE_SZ fails with EPERM.
#[harness::test(
    id = "pipe.max-size",
    cite = "pipe(7), /proc/sys/fs/pipe-max-size; fcntl(2), F_SETPIPE_SZ",
    covers = ["behaviours:pipe.max-size-caps-unprivileged", "errors:pipe.fcntl(F_SETPIPE_SZ).EPERM"],
    layers = [libc, nix, raw],
)]
fn capacity_ends_at_pipe_max_size() -> Scene {
    let largest = number("fs/pipe-max-size")? as i32;
    let child = fork(|| -> Scene {
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

/// With CAP_SYS_RESOURCE the capacity can be set to more than fs.pipe-max-size.
#[harness::test(
    id = "pipe.max-size-with-capability",
    cite = "pipe(7), /proc/sys/fs/pipe-max-size; capabilities(7), CAP_SYS_RESOURCE",
    covers = ["behaviours:pipe.max-size-cap-bypass"],
    needs = [cap_sys_resource],
    layers = [libc, nix, raw],
)]
fn the_capability_lifts_pipe_max_size() -> Scene {
    let beyond = 2 * number("fs/pipe-max-size")? as i32;
    let (reader, writer) = pipe()?;
    assert_eq!(set_capacity(&writer, beyond), Ok(beyond));
    assert_eq!(get_capacity(&reader), Ok(beyond));
    Ok(())
}

/// fs.pipe-max-size is 1 MiB, unless the machine was set up otherwise.
#[harness::test(
    id = "pipe.max-size-default",
    cite = "pipe(7), /proc/sys/fs/pipe-max-size",
    covers = ["behaviours:pipe.max-size-default"],
)]
fn pipe_max_size_starts_at_1_mib() -> Scene {
    let size = number("fs/pipe-max-size")?;
    observe("fs.pipe-max-size in bytes", size);
    assert_eq!(size, 1 << 20);
    Ok(())
}

/// fs.pipe-user-pages-soft is 16384 pages, unless the machine was set up otherwise.
#[harness::test(
    id = "pipe.user-pages-soft-default",
    cite = "pipe(7), /proc/sys/fs/pipe-user-pages-soft",
    covers = ["behaviours:pipe.user-pages-soft-default"],
)]
fn pipe_user_pages_soft_starts_at_16384() -> Scene {
    let pages = number("fs/pipe-user-pages-soft")?;
    observe("fs.pipe-user-pages-soft in pages", pages);
    assert_eq!(pages, 16384);
    Ok(())
}

/// Once a user's pipes have the pages of fs.pipe-user-pages-soft, new pipes get two pages instead of 16.
#[harness::test(
    id = "pipe.user-pages-soft-shrinks",
    cite = "pipe(7), /proc/sys/fs/pipe-user-pages-soft; Linux 5.14 fs/pipe.c, PIPE_MIN_DEF_BUFFERS",
    covers = ["behaviours:pipe.user-pages-soft-shrinks"],
    needs = [own_uid],
)]
fn past_the_soft_limit_new_pipes_are_small() -> Scene {
    unprivileged(|| {
        let full = use_up(number("fs/pipe-user-pages-soft")?)?;
        let (reader, writer) = pipe()?;
        assert_eq!(get_capacity(&reader), Ok(pages(2)));
        observe("capacity of a new pipe past the soft limit in bytes", get_capacity(&writer)?);
        drop((full, reader, writer));
        let (reader, _writer) = pipe()?;
        assert_eq!(get_capacity(&reader), Ok(pages(16)));
        Ok(())
    })
}

/// A pipe does not grow past the pages that its user may have: F_SETPIPE_SZ fails with EPERM, until other pipes are
/// closed.
#[harness::test(
    id = "pipe.user-pages-grow",
    cite = "fcntl(2), F_SETPIPE_SZ; pipe(7), /proc/sys/fs/pipe-user-pages-soft",
    covers = ["errors:pipe.fcntl(F_SETPIPE_SZ).EPERM.2"],
    needs = [own_uid],
    layers = [libc, nix, raw],
)]
fn past_the_soft_limit_pipes_do_not_grow() -> Scene {
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

/// A user whose pipes have more pages than the soft limit can still make a pipe smaller.
#[harness::test(
    id = "pipe.user-pages-shrink",
    cite = "pipe(7), BUGS",
    covers = ["behaviours:pipe.shrink-always-allowed"],
    needs = [own_uid],
    layers = [libc, nix, raw],
)]
fn past_the_soft_limit_pipes_can_shrink() -> Scene {
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

/// With fs.pipe-user-pages-hard at 0, which is its default, there is no hard limit: past the soft one a user can make
/// pipes until the descriptors run out.
#[harness::test(
    id = "pipe.user-pages-hard-zero",
    cite = "pipe(7), /proc/sys/fs/pipe-user-pages-hard",
    covers = ["behaviours:pipe.user-pages-zero-unlimited"],
    needs = [own_uid, no_pipe_hard_limit],
)]
fn a_hard_limit_of_0_is_none() -> Scene {
    unprivileged(|| {
        let soft = number("fs/pipe-user-pages-soft")?;
        let mut made = use_up(soft)?;
        assert_errno!(fill_descriptors(&mut made), EMFILE);
        let held: i32 = made.iter().map(|(reader, _)| get_capacity(reader)).sum::<Result<i32>>()?;
        assert!(held as usize > soft * page_size(), "{held} bytes are more than {soft} pages");
        observe("pages of one user's pipes", held as usize / page_size());
        Ok(())
    })
}

/// With fs.pipe-user-pages-soft at 0 there is no soft limit, where with 1 new pipes are small.
#[harness::test(
    id = "pipe.user-pages-soft-zero",
    cite = "pipe(7), /proc/sys/fs/pipe-user-pages-soft",
    covers = ["behaviours:pipe.user-pages-zero-unlimited"],
    needs = [expendable],
)]
fn a_soft_limit_of_0_is_none() -> Scene {
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

/// A user whose pipes have the pages of fs.pipe-user-pages-hard can make no more: pipe() and pipe2() fail with ENFILE.
#[harness::test(
    id = "pipe.user-pages-hard",
    cite = "pipe(7), /proc/sys/fs/pipe-user-pages-hard; pipe(2): ENFILE",
    covers = [
        "behaviours:pipe.user-pages-hard-denies",
        "errors:pipe.pipe.ENFILE.2",
        "errors:pipe.pipe2.ENFILE.2",
    ],
    needs = [pipe_hard_limit, own_uid],
)]
fn at_the_hard_limit_there_are_no_new_pipes() -> Scene {
    unprivileged(|| {
        let limits = [number("fs/pipe-user-pages-soft")?, number("fs/pipe-user-pages-hard")?];
        let mut made = use_up(limits.into_iter().filter(|limit| *limit != 0).min().unwrap_or_default())?;
        let refused = fill_descriptors(&mut made);
        if refused.is_err_and(|error| error.errno == Errno::EMFILE) {
            return Err(Stop::broken("the hard limit is so far above the soft one that descriptors run out before"));
        }
        assert_errno!(refused, ENFILE);
        assert_errno!(pipe2(0), ENFILE);
        made.pop();
        drop(assert_ok!(pipe()));
        Ok(())
    })
}

/// A process without CAP_SYS_RESOURCE gets no more than fs.pipe-max-size as the capacity of a new pipe.
#[harness::test(
    id = "pipe.max-size-ceils-default",
    cite = "pipe(7), /proc/sys/fs/pipe-max-size; Linux fs/pipe.c, alloc_pipe_info()",
    covers = ["behaviours:pipe.max-size-ceils-default"],
    needs = [expendable],
)]
fn pipe_max_size_is_the_ceiling_of_new_pipes() -> Scene {
    let _changed = change("fs/pipe-max-size", page_size())?;
    let (reader, _writer) = pipe()?;
    assert_eq!(get_capacity(&reader), Ok(pages(16)), "with the capability");
    unprivileged(|| {
        let (reader, _writer) = pipe()?;
        assert_eq!(get_capacity(&reader), Ok(pages(1)), "without the capability");
        Ok(())
    })
}

/// Values written to fs.pipe-max-size are rounded up to a power-of-two number of pages, at least one.
#[harness::test(
    id = "pipe.max-size-rounds",
    cite = "pipe(7), /proc/sys/fs/pipe-max-size; Linux 4.16 fs/pipe.c, round_pipe_size()",
    covers = ["behaviours:pipe.max-size-rounds", "behaviours:pipe.max-size-min"],
    needs = [expendable],
)]
fn pipe_max_size_is_rounded_up() -> Scene {
    let page = page_size();
    for (written, kept) in [(1, page), (page + 1, 2 * page), (5 * page, 8 * page), (16 * page, 16 * page)] {
        let _changed = change("fs/pipe-max-size", written)?;
        assert_eq!(number("fs/pipe-max-size")?, kept, "what became of {written}");
    }
    Ok(())
}

/// The limits are for processes without CAP_SYS_RESOURCE and CAP_SYS_ADMIN.
fn unprivileged(body: impl FnOnce() -> Scene) -> Scene {
    fork(|| -> Scene {
        drop_capabilities()?;
        body()
    })?
    .join()
}

/// Makes pipes whose pages are as many as the limit of their user says, but for less than a new pipe takes.
fn use_up(limit: usize) -> Scene<Vec<(Fd, Fd)>> {
    const NEW: usize = 16;
    if limit == 0 {
        return Err(Stop::broken("there is no limit to use up"));
    }
    let largest = number("fs/pipe-max-size")? / page_size();
    let (mut left, mut made) = (limit, Vec::new());
    while left >= NEW {
        let (reader, writer) = pipe()?;
        let size = largest.min(1 << left.ilog2());
        set_capacity(&writer, pages(size))?;
        left -= size;
        made.push((reader, writer));
    }
    Ok(made)
}
