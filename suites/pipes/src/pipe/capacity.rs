//! The capacity of a pipe: F_GETPIPE_SZ and F_SETPIPE_SZ.

use super::pages;
use crate::needs::PIPE_PAGES;
use kit::file::file_of;
use kit::prelude::*;
use kit::property;
use libc::O_NONBLOCK;

/// The capacity of a new pipe is 16 pages.
#[harness::test(
    id = "pipe.default-capacity",
    cite = [man("pipe.7", "Pipe capacity")],
    covers = ["behaviours:pipe.default-capacity"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_new_pipe_has_a_capacity_of_16_pages() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(get_capacity(&reader), Ok(pages(16)));
    assert_eq!(get_capacity(&writer), Ok(pages(16)));
    Ok(())
}

#[rstest]
#[case::default(16)]
#[case::one_page(1)]
#[case::four_pages(4)]
/// A pipe accepts exactly as many bytes as F_GETPIPE_SZ returns, in writes of one page each, before a nonblocking write
/// fails with EAGAIN.
#[harness::test(
    id = "pipe.capacity-is-what-fits",
    cite = [man("pipe.7", "Pipe capacity"), man("fcntl.2", "Changing the capacity of a pipe", "F_GETPIPE_SZ")],
    covers = ["behaviours:pipe.fill-then-eagain", "behaviours:pipe.getpipe-sz", "notes:pipe.capacity-limited"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_pipe_accepts_as_many_bytes_as_its_capacity(#[case] count: usize) -> TestResult {
    let (reader, writer) = pipe2(O_NONBLOCK)?;
    set_capacity(&writer, pages(count))?;
    assert_eq!(get_capacity(&reader), Ok(pages(count)));
    let Bytes(page) = Bytes::of(b'a', page_size());
    for _ in 0..count {
        assert_eq!(write(&writer, &page), Ok(page.len()));
    }
    assert_errno!(write(&writer, &page), EAGAIN);
    assert_errno!(write(&writer, b"a"), EAGAIN);
    assert_eq!(unread(&reader).map(|bytes| bytes as i32), get_capacity(&reader));
    assert_eq!(read_bytes(&reader, page.len()), Ok(Bytes(page.clone())));
    assert_eq!(write(&writer, &page), Ok(page.len()));
    assert_errno!(write(&writer, b"a"), EAGAIN);
    assert_eq!(read_bytes(&reader, pages(count + 1) as usize), Ok(Bytes::of(b'a', pages(count) as usize)));
    Ok(())
}

/// Each pipe has its own capacity: F_SETPIPE_SZ changes that of one pipe and leaves that of another unchanged.
#[harness::test(
    id = "pipe.capacity-per-pipe",
    cite = [man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ"), man("pipe.7", "Pipe capacity")],
    covers = ["notes:pipe.capacity-os-dependent"],
    needs = [PIPE_PAGES],
)]
fn each_pipe_has_its_own_capacity() -> TestResult {
    let ((_reader, writer), (_other_reader, other)) = (pipe()?, pipe()?);
    let default = get_capacity(&writer)?;
    assert_eq!(set_capacity(&writer, default / 4), Ok(default / 4));
    assert_eq!(get_capacity(&writer), Ok(default / 4));
    assert_eq!(get_capacity(&other), Ok(default));
    observe("capacity of a new pipe in bytes", default);
    observe("capacity after F_SETPIPE_SZ in bytes", get_capacity(&writer)?);
    observe("_PC_PIPE_BUF in bytes", pipe_buf_of(&writer)?);
    Ok(())
}

/// F_SETPIPE_SZ rounds the size up to a power-of-two number of pages and returns the resulting capacity.
#[harness::test(
    id = "pipe.capacity-rounds-up",
    cite = [
        kernel("fs/pipe.c", "round_pipe_size", "6.18"),
        man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ"),
    ],
    covers = ["behaviours:pipe.setpipe-sz-rounds-up"],
    needs = [PIPE_PAGES],
)]
fn a_size_is_rounded_up() -> TestResult {
    property::check(64, 1..=1_i32 << 18, is_rounded_up)
}

fn is_rounded_up(size: i32) -> TestResult {
    use calls::for_layers::libc_nix_raw::{get_capacity, pipe, set_capacity};
    let (reader, writer) = pipe()?;
    let rounded = (size as usize).max(page_size()).next_power_of_two() as i32;
    assert_eq!(set_capacity(&writer, size), Ok(rounded));
    assert_eq!(get_capacity(&reader), Ok(rounded));
    Ok(())
}

#[rstest]
#[case::zero(0, 1)]
#[case::one_byte(1, 1)]
#[case::one_page(pages(1), 1)]
#[case::one_page_plus_one_byte(pages(1) + 1, 2)]
#[case::three_pages(pages(3), 4)]
#[case::nine_pages(pages(9), 16)]
/// F_SETPIPE_SZ rounds the size up to a power-of-two number of pages, at least one, and returns the resulting capacity.
#[harness::test(
    id = "pipe.set-capacity",
    cite = [
        kernel("fs/pipe.c", "round_pipe_size", "6.18"),
        man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ"),
    ],
    covers = ["behaviours:pipe.setpipe-sz-rounds-up", "behaviours:pipe.setpipe-sz-min-page"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_size_is_rounded_up_to_at_least_one_page(#[case] size: i32, #[case] becomes: usize) -> TestResult {
    let (reader, writer) = pipe()?;
    // So that each size is a change.
    set_capacity(&writer, pages(8))?;
    assert_eq!(set_capacity(&writer, size), Ok(pages(becomes)));
    assert_eq!(get_capacity(&writer), Ok(pages(becomes)));
    assert_eq!(get_capacity(&reader), Ok(pages(becomes)));
    Ok(())
}

/// F_SETPIPE_SZ works on either end, and F_GETPIPE_SZ on the other end returns the new capacity.
#[harness::test(
    id = "pipe.capacity-at-either-end",
    cite = [
        man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ"),
        man("fcntl.2", "Changing the capacity of a pipe", "F_GETPIPE_SZ"),
    ],
    covers = ["behaviours:pipe.setpipe-sz-either-end"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn either_end_sets_the_capacity() -> TestResult {
    let (reader, writer) = pipe()?;
    assert_eq!(set_capacity(&reader, pages(2)), Ok(pages(2)));
    assert_eq!(get_capacity(&writer), Ok(pages(2)));
    assert_eq!(set_capacity(&writer, pages(8)), Ok(pages(8)));
    assert_eq!(get_capacity(&reader), Ok(pages(8)));
    Ok(())
}

#[rstest]
#[case::grown(16)]
#[case::shrunk(4)]
/// Changing the capacity of a pipe keeps the bytes in it, in order.
#[harness::test(
    id = "pipe.capacity-keeps-data",
    cite = [kernel("fs/pipe.c", "pipe_resize_ring", "6.18")],
    covers = ["behaviours:pipe.setpipe-sz-keeps-data"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_change_of_capacity_keeps_the_bytes(#[case] count: usize) -> TestResult {
    let (reader, writer) = pipe2(O_NONBLOCK)?;
    set_capacity(&writer, pages(8))?;
    let Bytes(sequence) = Bytes::sequence(9 * page_size());
    let (before, after) = sequence.split_at(7 * page_size());
    // The kernel keeps pages in a ring: the three left after six were read wrap around its end.
    for page in before.chunks(page_size()) {
        write_all(&writer, page)?;
    }
    read_exactly(&reader, 6 * page_size())?;
    for page in after.chunks(page_size()) {
        write_all(&writer, page)?;
    }
    assert_eq!(set_capacity(&writer, pages(count)), Ok(pages(count)));
    assert_eq!(get_capacity(&writer), Ok(pages(count)));
    assert_eq!(unread(&reader), Ok(3 * page_size()));
    assert_eq!(read_exactly(&reader, 3 * page_size())?, sequence[6 * page_size()..].into());
    assert_errno!(read(&reader, &mut [0; 1]), EAGAIN);
    Ok(())
}

/// F_SETPIPE_SZ to less than the data in the pipe occupies fails with EBUSY and leaves the capacity and the data
/// unchanged.
#[harness::test(
    id = "pipe.shrink-busy",
    cite = [man("fcntl.2", "ERRORS", "EBUSY"), man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ")],
    covers = ["behaviours:pipe.setpipe-shrink-busy", "errors:pipe.fcntl(F_SETPIPE_SZ).EBUSY"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_pipe_does_not_shrink_below_its_data() -> TestResult {
    let (reader, writer) = pipe()?;
    let Bytes(sequence) = Bytes::sequence(2 * page_size() + 1);
    write_all(&writer, &sequence)?;
    assert_errno!(set_capacity(&writer, pages(2)), EBUSY);
    assert_eq!(get_capacity(&writer), Ok(pages(16)));
    assert_eq!(set_capacity(&writer, pages(4)), Ok(pages(4)));
    assert_eq!(get_capacity(&writer), Ok(pages(4)));
    assert_eq!(read_bytes(&reader, pages(16) as usize), Ok(Bytes(sequence)));
    assert_eq!(set_capacity(&writer, pages(2)), Ok(pages(2)));
    assert_eq!(get_capacity(&writer), Ok(pages(2)));
    Ok(())
}

/// F_GETPIPE_SZ and F_SETPIPE_SZ fail with EBADF if the descriptor is not open, or refers to a regular file or a
/// socket.
#[harness::test(
    id = "pipe.capacity-not-a-pipe",
    cite = [kernel("fs/pipe.c", "pipe_fcntl", "6.18"), man("fcntl.2", "ERRORS", "EBADF")],
    covers = ["errors:pipe.fcntl(F_GETPIPE_SZ).EBADF", "errors:pipe.fcntl(F_SETPIPE_SZ).EBADF"],
    layers = [libc, raw],
)]
fn only_pipes_have_a_capacity() -> TestResult {
    let file = file_of(b"", libc::O_RDWR)?;
    let (socket, _peer) = stream_pair()?;
    for other in [file.number(), socket.number(), NOT_OPEN] {
        assert_errno!(get_capacity(other), EBADF);
        assert_errno!(set_capacity(other, pages(1)), EBADF);
    }
    Ok(())
}

/// F_SETPIPE_SZ to one byte more than 2 GiB fails with EINVAL and leaves the capacity unchanged.
#[harness::test(
    id = "pipe.capacity-too-large",
    cite = [kernel("fs/pipe.c", "round_pipe_size", "6.18"), kernel("fs/pipe.c", "pipe_set_size", "6.18")],
    covers = ["errors:pipe.fcntl(F_SETPIPE_SZ).EINVAL"],
    needs = [PIPE_PAGES],
)]
fn a_capacity_above_2_gib_is_refused() -> TestResult {
    let (_reader, writer) = pipe()?;
    let size = (1 << 31) + 1;
    let arguments = [writer.number() as usize, libc::F_SETPIPE_SZ as usize, size, 0, 0, 0];
    // SAFETY: F_SETPIPE_SZ takes an integer.
    assert_errno!(unsafe { syscall("fcntl(F_SETPIPE_SZ)", Sysno::fcntl, arguments) }, EINVAL);
    assert_eq!(get_capacity(&writer), Ok(pages(16)));
    Ok(())
}
