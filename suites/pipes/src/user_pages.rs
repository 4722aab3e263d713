//! The pages of all pipes of a user, which fs.pipe-user-pages-soft and fs.pipe-user-pages-hard limit: pipe(7), /proc files.

use kit::prelude::*;
use kit::setting::number;
use std::iter;

/// The capacity of a new pipe, in pages.
pub const NEW_PIPE: usize = 16;

/// The capacities, in pages, of the fewest pipes that leave a user fewer pages below the limit than a new pipe takes. None has more
/// than `largest`.
pub fn shares(limit: usize, largest: usize) -> impl Iterator<Item = usize> {
    let mut left = limit;
    iter::from_fn(move || {
        let share = (left >= NEW_PIPE).then(|| largest.min(1 << left.ilog2()))?;
        left -= share;
        Some(share)
    })
}

/// Creates pipes until fewer pages remain below the limit than a new pipe takes.
pub fn use_up(limit: usize) -> TestResult<Vec<(Fd, Fd)>> {
    use calls::for_layers::libc_nix_raw::{pipe, set_capacity};
    let largest = number("fs/pipe-max-size")? / page_size();
    let mut pipes = Vec::new();
    for share in shares(limit, largest) {
        let (reader, writer) = pipe()?;
        set_capacity(&writer, (share * page_size()) as i32)?;
        pipes.push((reader, writer));
    }
    Ok(pipes)
}

/// Uses up the lower of the two limits: past it, each new pipe takes few pages.
pub fn use_up_lower_limit() -> TestResult<Vec<(Fd, Fd)>> {
    let limits = [number("fs/pipe-user-pages-soft")?, number("fs/pipe-user-pages-hard")?];
    use_up(limits.into_iter().filter(|limit| *limit != 0).min().unwrap_or_default())
}

/// Creates pipes until pipe() fails, and returns its error.
pub fn fill_descriptors(pipes: &mut Vec<(Fd, Fd)>) -> Result<()> {
    use calls::for_layers::libc_nix_raw::pipe;
    loop {
        pipes.push(pipe()?);
    }
}
