//! splice(2), tee(2), vmsplice(2): moving bytes inside the kernel.

mod blocking;
mod descriptors;
mod ends;
mod moving;
mod offsets;
mod teeing;
mod vmsplicing;

use fixtures::prelude::*;

/// An open regular file that holds these bytes and has no name.
fn file_of(content: &[u8], flags: i32) -> Scene<Fd> {
    let name = Name::file("file")?;
    std::fs::write(&name, content)?;
    Ok(open(&name, flags)?)
}

/// All that a small file holds, wherever its offset is.
fn content(file: &Fd) -> Result<Bytes> {
    let mut buffer = vec![0; page_size()];
    let count = pread(file, &mut buffer, 0)?;
    buffer.resize(count, 0);
    Ok(Bytes(buffer))
}

/// A pipe that is full, and what it holds.
fn full_pipe(flags: i32) -> Scene<(Fd, Fd, Bytes)> {
    let (reader, writer) = pipe2(flags)?;
    let held = fill(&writer)?;
    Ok((reader, writer, held))
}

/// The number of a descriptor that is no longer open.
fn closed() -> Scene<i32> {
    let (reader, _writer) = pipe()?;
    Ok(reader.number())
}
