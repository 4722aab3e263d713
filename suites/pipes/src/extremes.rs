//! The largest and the smallest sizes and counts.

use crate::needs::PIPE_PAGES;
use kit::file::{content, file_of};
use kit::prelude::*;
use libc::{O_RDWR, UIO_MAXIOV};
use std::io::{IoSlice, IoSliceMut};

/// SSIZE_MAX, the largest size that a call could return.
const LARGEST: usize = isize::MAX as usize;

/// splice of SSIZE_MAX bytes from a pipe that holds three moves these three, to a pipe and to a file; of a file of three
/// bytes into a pipe as well, and so does sendfile.
#[harness::test(
    id = "splice.largest-length",
    cite = [man("splice.2", "DESCRIPTION"), man("splice.2", "RETURN VALUE"), man("sendfile.2", "DESCRIPTION")],
    covers = ["behaviours:splice.short-count"],
    layers = [libc, nix, raw],
)]
fn splice_of_ssize_max_moves_what_there_is() -> TestResult {
    let ((reader, writer), (target, to_target)) = (pipe()?, pipe()?);
    write_all(&writer, b"abc")?;
    assert_eq!(splice(&reader, None, &to_target, None, LARGEST, 0), Ok(3));
    let file = file_of(b"", O_RDWR)?;
    assert_eq!(splice(&target, None, &file, None, LARGEST, 0), Ok(3));
    assert_eq!(content(&file), Ok("abc".into()));
    let mut offset = 0;
    assert_eq!(splice(&file, Some(&mut offset), &writer, None, LARGEST, 0), Ok(3));
    assert_eq!(offset, 3);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    offset = 0;
    assert_eq!(sendfile(&writer, &file, Some(&mut offset), LARGEST), Ok(3));
    assert_eq!(offset, 3);
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// tee of SSIZE_MAX bytes from a pipe that holds three copies these three.
#[harness::test(
    id = "splice.tee-largest-length",
    cite = [man("tee.2", "DESCRIPTION"), man("tee.2", "RETURN VALUE")],
    covers = ["behaviours:splice.tee-does-not-consume"],
    layers = [libc, nix, raw],
)]
fn tee_of_ssize_max_copies_what_there_is() -> TestResult {
    let ((reader, writer), (copy, to_copy)) = (pipe()?, pipe()?);
    write_all(&writer, b"abc")?;
    assert_eq!(tee(&reader, &to_copy, LARGEST, 0), Ok(3));
    assert_eq!(read_bytes(&copy, 9), Ok("abc".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}

/// splice, tee and vmsplice of no bytes return 0, rather than block, also from an empty pipe and into a full one.
#[harness::test(
    id = "splice.zero-length",
    cite = [kernel("fs/splice.c", "__do_sys_splice", "6.18"), kernel("fs/splice.c", "__do_sys_tee", "6.18")],
    covers = [],
    layers = [libc, nix, raw],
)]
fn nothing_is_moved_at_once() -> TestResult {
    let ((empty, _writer), (full, to_full)) = (pipe()?, pipe()?);
    let held = fill(&to_full)?;
    assert_eq!(splice(&empty, None, &to_full, None, 0, 0), Ok(0));
    assert_eq!(tee(&empty, &to_full, 0, 0), Ok(0));
    assert_eq!(vmsplice(&to_full, &[], 0), Ok(0));
    assert_eq!(vmsplice(&to_full, &[IoSlice::new(b"")], 0), Ok(0));
    assert_eq!(read_exactly(&full, held.0.len())?, held);
    assert_eq!(unread(&full), Ok(0));
    Ok(())
}

/// writev, vmsplice and readv take IOV_MAX iovec elements, and handle all of them in order.
#[harness::test(
    id = "pipe.iov-max",
    cite = [posix("writev.3p", "DESCRIPTION"), posix("readv.3p", "DESCRIPTION"), man("readv.2", "NOTES")],
    covers = ["behaviours:pipe.writev-gathers-in-order", "behaviours:pipe.readv-fills-in-order"],
    layers = [libc, nix, raw],
)]
fn iov_max_elements_are_handled() -> TestResult {
    let (reader, writer) = pipe()?;
    let Bytes(sent) = Bytes::sequence(UIO_MAXIOV as usize);
    let elements: Vec<_> = sent.chunks(1).map(IoSlice::new).collect();
    assert_eq!(writev(&writer, &elements), Ok(sent.len()));
    let mut received = vec![0; sent.len()];
    let mut buffers: Vec<_> = received.chunks_mut(1).map(IoSliceMut::new).collect();
    assert_eq!(readv(&reader, &mut buffers), Ok(sent.len()));
    assert_eq!(Bytes(received), Bytes(sent));
    Ok(())
}

#[rstest]
#[case::zero(0)]
#[case::one(1)]
#[case::one_page(page_size() as i32)]
/// F_SETPIPE_SZ of 0, of one byte and of one page sets the capacity to one page.
#[harness::test(
    id = "pipe.smallest-capacity",
    cite = [kernel("fs/pipe.c", "round_pipe_size", "6.18"), man("fcntl.2", "Changing the capacity of a pipe", "F_SETPIPE_SZ")],
    covers = ["behaviours:pipe.setpipe-sz-min-page"],
    layers = [libc, nix, raw],
)]
fn the_smallest_capacity_is_a_page(#[case] bytes: i32) -> TestResult {
    let page = page_size() as i32;
    let (reader, writer) = pipe()?;
    assert_eq!(set_capacity(&writer, bytes), Ok(page));
    assert_eq!(get_capacity(&reader), Ok(page));
    let held = fill(&writer)?;
    assert_eq!(unread(&reader), Ok(page_size()));
    assert_eq!(read_exactly(&reader, page_size())?, held);
    Ok(())
}

#[rstest]
#[case::minus_one(-1)]
#[case::smallest(i32::MIN + 1)]
/// F_SETPIPE_SZ of a size above 2 GiB, as a negative number is, fails with EINVAL; the capacity and the data stay.
#[harness::test(
    id = "pipe.negative-capacity",
    cite = [kernel("fs/pipe.c", "round_pipe_size", "6.18")],
    covers = ["errors:pipe.fcntl(F_SETPIPE_SZ).EINVAL"],
    needs = [PIPE_PAGES],
    layers = [libc, nix, raw],
)]
fn a_negative_capacity_is_refused(#[case] bytes: i32) -> TestResult {
    let (reader, writer) = pipe()?;
    write_all(&writer, b"abc")?;
    let before = get_capacity(&writer)?;
    assert_errno!(set_capacity(&writer, bytes), EINVAL);
    assert_eq!(get_capacity(&reader), Ok(before));
    assert_eq!(read_bytes(&reader, 9), Ok("abc".into()));
    Ok(())
}
