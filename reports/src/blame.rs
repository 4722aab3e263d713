//! Who is at fault for a deviation, as far as the layers tell: the kernel, or a library above it.

use record::Layer;
use record::Verdict;
use schemars::JsonSchema;
use serde::Serialize;

/// The verdicts on one spec by each layer, in the order of [`Layer::ALL`]; none where it was not asked by one.
pub type ByLayer = [Option<Verdict>; Layer::ALL.len()];

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The system call itself fails.
    Kernel,
    /// The system call conforms, and the C library's function does not.
    CLibrary,
    /// The system call and the C library's function conform, and nix's does not.
    Nix,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Kernel => "kernel",
            Self::CLibrary => "C library",
            Self::Nix => "nix",
        })
    }
}

/// Who is at fault where a layer fails. Nobody can be named without the verdict on the system call itself and one to
/// compare it with, or with one that says nothing of the system.
pub fn fault([libc, nix, raw]: ByLayer) -> Option<Fault> {
    let fails = |verdict| match verdict {
        Some(Verdict::Deviates | Verdict::Timeout) => Some(true),
        Some(Verdict::Conforms) => Some(false),
        Some(Verdict::Broken | Verdict::Skipped) | None => None,
    };
    match [fails(raw), fails(libc), fails(nix)] {
        [Some(true), None, None] => None,
        [Some(true), ..] => Some(Fault::Kernel),
        [Some(false), Some(true), _] => Some(Fault::CLibrary),
        // nix stands on the C library's function: that it conforms has to be seen.
        [Some(false), Some(false), Some(true)] => Some(Fault::Nix),
        _ => None,
    }
}

/// The sentence for a report: `C library: raw conforms, libc deviates`.
pub fn words(verdicts: ByLayer) -> Option<String> {
    let [libc, nix, raw] = verdicts;
    let layers = [(Layer::Raw, raw), (Layer::Libc, libc), (Layer::Nix, nix)];
    let each = layers.iter().filter_map(|(layer, verdict)| Some(format!("{layer} {}", (*verdict)?)));
    Some(format!("{}: {}", fault(verdicts)?, each.collect::<Vec<_>>().join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Broken, Conforms, Deviates, Skipped, Timeout};

    #[test]
    fn the_lowest_layer_that_fails_is_at_fault() {
        let [conforms, deviates] = [Some(Conforms), Some(Deviates)];
        for (libc, nix, raw, expected) in [
            (deviates, deviates, deviates, Some("kernel: raw deviates, libc deviates, nix deviates")),
            (conforms, conforms, deviates, Some("kernel: raw deviates, libc conforms, nix conforms")),
            (deviates, deviates, conforms, Some("C library: raw conforms, libc deviates, nix deviates")),
            (deviates, None, conforms, Some("C library: raw conforms, libc deviates")),
            (deviates, conforms, conforms, Some("C library: raw conforms, libc deviates, nix conforms")),
            (Some(Timeout), None, conforms, Some("C library: raw conforms, libc timeout")),
            (conforms, deviates, conforms, Some("nix: raw conforms, libc conforms, nix deviates")),
            (None, deviates, conforms, None),
            (deviates, deviates, None, None),
            (None, None, deviates, None),
            (deviates, None, Some(Broken), None),
            (deviates, None, Some(Skipped), None),
            (Some(Broken), None, conforms, None),
            (conforms, conforms, conforms, None),
            (None, None, None, None),
        ] {
            assert_eq!(words([libc, nix, raw]).as_deref(), expected, "{libc:?}, {nix:?}, {raw:?}");
        }
    }
}
