//! Names that no object has, because they are too long: nothing is left that had to be removed.

/// A name of so many bytes, the slash not counted.
pub fn too_long(bytes: usize) -> String {
    format!("/{:x<bytes$}", "ipcspec-too-long-")
}
