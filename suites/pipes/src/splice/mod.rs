//! splice(2), tee(2) and vmsplice(2): moving data within the kernel.

mod blocking;
mod descriptors;
mod ends;
mod isolation;
mod moving;
mod no_effect;
mod offsets;
mod teeing;
mod vmsplicing;

use kit::prelude::*;

/// A full pipe and the data in it.
fn full_pipe(flags: i32) -> TestResult<(Fd, Fd, Bytes)> {
    use calls::for_layers::libc_nix_raw::pipe2;
    let (reader, writer) = pipe2(flags)?;
    let held = fill(&writer)?;
    Ok((reader, writer, held))
}
