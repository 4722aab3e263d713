//! `ipcspec list`.

use super::select::Filters;
use super::{CliError, print};
use clap::Args;
use harness::{Citation, Layer, Level, Spec};
use record::id::Form;
use reports::Exit;
use serde::Serialize;
use std::fmt::Write;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    /// Write the ids with `slashes`, or `flat` as `run --ids flat` does.
    #[arg(long = "ids", value_name = "FORM", default_value = "slashes", conflicts_with = "json")]
    form: Form,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A spec as `list --json` prints it.
#[derive(Serialize)]
struct Listed {
    id: &'static str,
    mechanism: &'static str,
    statement: &'static str,
    level: Level,
    cite: &'static [Citation],
    covers: &'static [&'static str],
    needs: Vec<String>,
    layer: Option<Layer>,
    file: &'static str,
    line: u32,
}

impl From<&'static Spec> for Listed {
    fn from(spec: &'static Spec) -> Self {
        Self {
            id: spec.id,
            mechanism: spec.mechanism(),
            statement: spec.statement,
            level: spec.level(),
            cite: spec.cite,
            covers: spec.covers,
            needs: spec.needs().map(ToString::to_string).collect(),
            layer: spec.layer,
            file: spec.file,
            line: spec.line,
        }
    }
}

pub fn list(arguments: &Arguments) -> Result<Exit, CliError> {
    let specs = arguments.filters.specs()?;
    let mut text = String::new();
    if arguments.json {
        let listed: Vec<Listed> = specs.into_iter().map(Listed::from).collect();
        text = serde_json::to_string_pretty(&listed).expect("plain data") + "\n";
    } else {
        for spec in specs {
            let _ = writeln!(text, "{}\n    {}", arguments.form.of(spec.id), spec.statement);
        }
    }
    print(&text)?;
    Ok(Exit::Passed)
}
