//! `ipcspec report`.

use super::{CliError, documented::documented, store};
use clap::Args;
use record::Records;
use reports::Exit;
use reports::render::html::{self, Column};
use reports::render::{Format, beside};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Records of a run, or of several for a matrix.
    #[arg(value_name = "RECORDS", default_value = store::DEFAULT)]
    records: Vec<PathBuf>,
    /// Write the report to FILE [default: beside the records, as `run` names it; matrix.html here for several runs].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn report(arguments: &Arguments) -> Result<Exit, CliError> {
    let files = &arguments.records;
    let out = arguments.out.clone().unwrap_or_else(|| match &files[..] {
        [one] => beside(one, Format::Html.file_name()),
        _ => "matrix.html".into(),
    });
    if files.iter().any(|file| store::is_same(file, &out)) {
        return Err(store::unwritable(&out, &std::io::Error::other("it has the records")));
    }
    let names = names(files)?;
    let runs: Vec<Records> = files.iter().map(|file| store::read(file)).collect::<Result<_, _>>()?;
    let page = match &runs[..] {
        [one] => html::page(&[Column::of(one)], &documented()),
        several => {
            let columns = names.into_iter().zip(several).map(|(name, records)| Column { name, records, gate: None });
            html::page(&columns.collect::<Vec<_>>(), &documented())
        }
    };
    store::replace(&out, &page)?;
    let _ = writeln!(std::io::stderr(), "report written to {}", out.display());
    Ok(Exit::Passed)
}

/// The shortest distinct names of the files: `gvisor.jsonl`, or else `gvisor/records.jsonl`, is `gvisor`.
fn names(files: &[PathBuf]) -> Result<Vec<String>, CliError> {
    let namings: [fn(&Path) -> Option<&OsStr>; 3] =
        [Path::file_stem, |file| file.parent()?.file_name(), |file| Some(file.as_os_str())];
    let distinct = namings.into_iter().find(|naming| {
        let names: HashSet<_> = files.iter().map(|file| naming(file)).collect();
        names.len() == files.len() && !names.contains(&None)
    });
    let naming = distinct.ok_or_else(|| CliError::could_not_run("a record file is given twice"))?;
    Ok(files.iter().filter_map(|file| naming(file)).map(|name| name.to_string_lossy().into_owned()).collect())
}
