//! Records of a run that goes on. The runner forks for every spec, and fork copies the page tables of what it keeps, so
//! records wait in a file until the last spec has ended.

use nix::sys::memfd::{MFdFlags, memfd_create};
use record::SpecRecord;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};

/// Records, in a file without a name.
#[derive(Debug)]
pub struct Spool {
    file: BufWriter<File>,
    records: usize,
}

impl Spool {
    /// An empty spool. memfd_create(2)
    pub fn new() -> io::Result<Self> {
        let file = memfd_create("ipcspec-records", MFdFlags::MFD_CLOEXEC)?;
        Ok(Self { file: BufWriter::new(file.into()), records: 0 })
    }

    /// Appends a record.
    pub fn push(&mut self, record: &SpecRecord) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, record)?;
        self.file.write_all(b"\n")?;
        self.records += 1;
        Ok(())
    }

    /// All records, in the order in which they were appended.
    pub fn into_records(self) -> io::Result<Vec<SpecRecord>> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut records = Vec::with_capacity(self.records);
        for record in serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter() {
            records.push(record?);
        }
        Ok(records)
    }
}
