//! Flags of splice, tee and vmsplice that have no effect: they are permitted, and change nothing.

use kit::memory::Pages;
use kit::prelude::*;
use libc::{SPLICE_F_GIFT, SPLICE_F_MORE, SPLICE_F_MOVE};

#[rstest]
#[case::no_flag(0)]
#[case::move_pages(SPLICE_F_MOVE)]
#[case::more(SPLICE_F_MORE)]
#[case::gifted(SPLICE_F_GIFT)]
#[case::all(SPLICE_F_MOVE | SPLICE_F_MORE | SPLICE_F_GIFT)]
/// splice and tee between pipes move and copy the same bytes with SPLICE_F_MOVE, SPLICE_F_MORE and SPLICE_F_GIFT as
/// without.
#[harness::test(
    id = "splice.flag-no-effect",
    cite = [
        man("splice.2", "DESCRIPTION", "SPLICE_F_MOVE"),
        man("splice.2", "DESCRIPTION", "SPLICE_F_GIFT"),
        man("tee.2", "DESCRIPTION", "SPLICE_F_MOVE"),
        man("tee.2", "DESCRIPTION", "SPLICE_F_MORE"),
    ],
    covers = ["behaviours:splice.flags-without-effect"],
    layers = [libc, nix, raw],
)]
fn hints_change_nothing(#[case] flags: u32) -> TestResult {
    let ((reader, writer), (copy, to_copy), (target, to_target)) = (pipe()?, pipe()?, pipe()?);
    write_all(&writer, b"abcdef")?;
    assert_eq!(tee(&reader, &to_copy, 4, flags), Ok(4));
    assert_eq!(splice(&reader, None, &to_target, None, 5, flags), Ok(5));
    assert_eq!(read_bytes(&copy, 9), Ok("abcd".into()));
    assert_eq!(read_bytes(&target, 9), Ok("abcde".into()));
    assert_eq!(read_bytes(&reader, 9), Ok("f".into()));
    Ok(())
}

#[rstest]
#[case::move_pages(SPLICE_F_MOVE)]
#[case::more(SPLICE_F_MORE)]
/// vmsplice puts the same bytes into a pipe with SPLICE_F_MOVE and SPLICE_F_MORE as without.
#[harness::test(
    id = "splice.vmsplice-flag-no-effect",
    cite = [man("vmsplice.2", "DESCRIPTION", "SPLICE_F_MOVE"), man("vmsplice.2", "DESCRIPTION", "SPLICE_F_MORE")],
    covers = ["behaviours:splice.flags-without-effect"],
    layers = [libc, nix, raw],
)]
fn hints_of_vmsplice_change_nothing(#[case] flags: u32) -> TestResult {
    let pages = Pages::holding(b"abcdef")?;
    let (reader, writer) = pipe()?;
    assert_eq!(vmsplice(&writer, &[pages.source()], flags), Ok(6));
    assert_eq!(read_bytes(&reader, 9), Ok("abcdef".into()));
    Ok(())
}
