//! Which layer is at fault for a deviation: the kernel, or a library above it.

use record::Layer;
use record::Verdict;

/// The verdicts on one spec through each layer, in the order of [`Layer::ALL`]; none for layers that it does not have.
pub type ByLayer = [Option<Verdict>; Layer::ALL.len()];

/// The layer at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum Fault {
    /// The system call itself fails.
    #[strum(to_string = "kernel")]
    Kernel,
    /// The system call conforms, and the C library's function does not.
    #[strum(to_string = "C library")]
    CLibrary,
    /// The system call and the C library's function conform, and nix's does not.
    #[strum(to_string = "nix")]
    Nix,
}

/// The layer at fault, if a layer fails. None without a verdict on the system call itself and one to compare it with, or if
/// one of them says nothing about the system.
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
        // nix calls the C library's function, so that one must be known to conform.
        [Some(false), Some(false), Some(true)] => Some(Fault::Nix),
        _ => None,
    }
}

/// In words: `C library: raw conforms, libc deviates`.
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
