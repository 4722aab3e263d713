//! Which specs a command is about.

use super::CliError;
use super::renamed::{removed, renames};
use clap::Args;
use engine::runner::selection::{NothingMatches, Selection};
use harness::registry::specs;
use harness::{Layer, Level, Spec};
use record::Shard;
use record::id::{IdPattern, family, from_flat};

/// Filters. A spec must match all of them.
#[derive(Debug, Args)]
pub struct Filters {
    /// Ids or globs: `pipe.read-eof`, 'pipe.*', '*/raw'. An id without cases selects all of them.
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Only specs of this mechanism: pipe, fifo, splice, ... Can be repeated.
    #[arg(long, value_name = "NAME")]
    mechanism: Vec<String>,
    /// Only specs with this need: `second_uid`, `program(sh)`, ... Can be repeated.
    #[arg(long, value_name = "NEED")]
    need: Vec<String>,
    /// Only specs of this level: posix (POSIX requires it), linux (the man-pages promise it) or kernel (only its source shows
    /// it). Can be repeated.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Vec<Level>,
    /// Only specs of this layer: libc, nix or raw. Can be repeated.
    #[arg(long, value_name = "LAYER", value_parser = layer)]
    layer: Vec<Layer>,
}

fn layer(word: &str) -> Result<Layer, String> {
    Layer::parse(word).ok_or_else(|| "not a layer: libc, nix or raw".into())
}

fn level(word: &str) -> Result<Level, String> {
    word.parse().map_err(|_| "not a level: posix, linux or kernel".into())
}

/// The part of these specs that a command was asked for.
pub fn shard_of(shard: Option<Shard>, specs: Vec<&'static Spec>) -> Result<Vec<&'static Spec>, CliError> {
    let Some(shard) = shard else { return Ok(specs) };
    let specs = shard.of(specs);
    if specs.is_empty() {
        return Err(CliError::nothing_selected("this shard is empty: there are fewer specs than shards"));
    }
    Ok(specs)
}

impl Filters {
    /// The same filters as arguments.
    pub fn words(&self) -> Vec<String> {
        let layers: Vec<_> = self.layer.iter().map(|layer| layer.word().to_owned()).collect();
        let levels: Vec<_> = self.level.iter().map(ToString::to_string).collect();
        let options =
            [("--mechanism", &self.mechanism), ("--need", &self.need), ("--level", &levels), ("--layer", &layers)];
        let options = options.into_iter().flat_map(|(option, values)| values.iter().map(move |value| (option, value)));
        self.ids.iter().cloned().chain(options.map(|(option, value)| format!("{option}={value}"))).collect()
    }

    /// The selected specs, at least one. An error names the filter that matches nothing.
    pub fn specs(&self) -> Result<Vec<&'static Spec>, CliError> {
        let selection = Selection {
            ids: self.ids.iter().map(|id| with_slashes(id)).collect(),
            mechanisms: self.mechanism.clone(),
            needs: self.need.clone(),
            levels: self.level.clone(),
            layers: self.layer.clone(),
        };
        let selected = selection.specs().map_err(|NothingMatches { what, pattern }| {
            if what == "id" {
                unknown(&pattern)
            } else {
                CliError::nothing_selected(format!("no spec has the {what} `{pattern}`"))
            }
        })?;
        if selected.is_empty() {
            return Err(CliError::nothing_selected("no spec matches all of these filters"));
        }
        Ok(selected)
    }
}

/// The id, if it is written without slashes: see `--ids flat`.
fn with_slashes(id: &str) -> String {
    let names_any = |id: &str| specs().iter().any(|spec| IdPattern::new(id).matches(spec.id));
    let slashed = from_flat(id);
    if !names_any(id) && names_any(&slashed) { slashed } else { id.to_owned() }
}

/// The error for an id or a glob that names no spec: it was renamed, removed or mistyped.
pub fn unknown(id: &str) -> CliError {
    if specs().iter().any(|spec| spec.mechanism() == id) {
        let message = format!("`{id}` is a mechanism: write '{id}.*', or --mechanism {id}");
        return CliError::nothing_selected(message);
    }
    CliError::nothing_selected(match (renames().hint(id).or_else(|| removed(id)), similar(id)) {
        (Some(hint), _) => hint,
        (None, Some(best)) => format!("unknown id `{id}`; did you mean `{best}`?"),
        (None, None) => format!("unknown id `{id}`; `ipcspec list` lists all ids"),
    })
}

/// What a mistyped id may have meant.
fn similar(typed: &str) -> Option<&'static str> {
    let mut families: Vec<_> = specs().iter().map(|spec| family(spec.id)).collect();
    families.dedup();
    let closeness = |id: &str| strsim::jaro_winkler(typed, id);
    families.retain(|id| closeness(id) > 0.85);
    families.into_iter().max_by(|one, other| closeness(one).total_cmp(&closeness(other)))
}
