//! splice(2), tee(2), vmsplice(2): moving bytes inside the kernel.

mod blocking;
mod descriptors;
mod ends;
mod moving;
mod offsets;
mod teeing;
mod vmsplicing;

use kit::prelude::*;

/// A pipe that is full, and what it holds.
fn full_pipe(flags: i32) -> Scene<(Fd, Fd, Bytes)> {
    let (reader, writer) = pipe2(flags)?;
    let held = fill(&writer)?;
    Ok((reader, writer, held))
}
