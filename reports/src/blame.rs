//! Which layer is at fault for a deviation: the kernel, or a library above it.

use record::Layer;
use record::Verdict;

/// The verdicts on one spec through each layer, in the order of [`Layer::ALL`]; none for layers that it does not have.
pub type ByLayer = [Option<Verdict>; Layer::ALL.len()];

/// The layer at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
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

/// The layer at fault, if a layer fails. None without a verdict on the system call itself and one to compare it with. A
/// timeout of a single layer is no evidence against it: the others may have had more luck.
pub fn fault(verdicts: ByLayer) -> Option<Fault> {
    let [libc, nix, raw] = verdicts;
    let failing: Vec<_> = verdicts.into_iter().flatten().filter(|verdict| verdict.is_failure()).collect();
    if failing == [Verdict::Timeout] {
        return None;
    }
    let fails = |verdict: Option<Verdict>| match verdict {
        Some(Verdict::Deviates | Verdict::Timeout | Verdict::Broken) => Some(true),
        Some(Verdict::Conforms) => Some(false),
        Some(Verdict::Skipped) | None => None,
    };
    // Where the system call itself could not be judged, the spec may be at fault.
    let raw = if raw == Some(Verdict::Broken) { None } else { fails(raw) };
    match [raw, fails(libc), fails(nix)] {
        [Some(true), None, None] => None,
        [Some(true), ..] => Some(Fault::Kernel),
        [Some(false), Some(true), _] => Some(Fault::CLibrary),
        // nix calls the C library's function, so that one must be known to conform.
        [Some(false), Some(false), Some(true)] => Some(Fault::Nix),
        _ => None,
    }
}

/// In words: `C library: raw conforms, libc deviates`. A library that was preloaded is the one that answers for libc.
pub fn words(verdicts: ByLayer, preloaded: bool) -> Option<String> {
    let [libc, nix, raw] = verdicts;
    let layers = [(Layer::Raw, raw), (Layer::Libc, libc), (Layer::Nix, nix)];
    let each: Vec<_> = layers.iter().filter_map(|(layer, verdict)| Some(format!("{layer} {}", (*verdict)?))).collect();
    let who = match fault(verdicts)? {
        Fault::CLibrary if preloaded => "preloaded library".into(),
        fault => fault.to_string(),
    };
    Some(format!("{who}: {}", each.join(", ")))
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
            (Some(Timeout), Some(Timeout), conforms, Some("C library: raw conforms, libc timeout, nix timeout")),
            (Some(Timeout), Some(Timeout), Some(Timeout), Some("kernel: raw timeout, libc timeout, nix timeout")),
            // One timeout blames nobody.
            (Some(Timeout), None, conforms, None),
            (conforms, Some(Timeout), conforms, None),
            (conforms, conforms, Some(Timeout), None),
            (conforms, deviates, conforms, Some("nix: raw conforms, libc conforms, nix deviates")),
            (None, deviates, conforms, None),
            (deviates, deviates, None, None),
            (None, None, deviates, None),
            (deviates, None, Some(Broken), None),
            (deviates, None, Some(Skipped), None),
            (Some(Broken), None, conforms, Some("C library: raw conforms, libc broken")),
            (conforms, Some(Broken), conforms, Some("nix: raw conforms, libc conforms, nix broken")),
            (Some(Broken), Some(Broken), Some(Broken), None),
            (conforms, conforms, conforms, None),
            (None, None, None, None),
        ] {
            assert_eq!(words([libc, nix, raw], false).as_deref(), expected, "{libc:?}, {nix:?}, {raw:?}");
        }
    }

    #[test]
    fn a_preloaded_library_answers_for_libc() {
        let words = |libc, nix| words([Some(libc), Some(nix), Some(Conforms)], true).unwrap();
        assert_eq!(words(Deviates, Deviates), "preloaded library: raw conforms, libc deviates, nix deviates");
        assert_eq!(words(Conforms, Deviates), "nix: raw conforms, libc conforms, nix deviates");
    }
}
