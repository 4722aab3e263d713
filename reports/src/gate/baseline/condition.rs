//! Conditions under which an entry of a baseline applies.

use record::RunRecord;
use semver::{Op, Version, VersionReq};
use serde::{Deserialize, Serialize};

/// Conditions on the machine of a run. All that are given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// The version of the kernel.
    pub kernel: Option<KernelRange>,
    /// The C library, with or without its version: `musl`, `glibc 2.36`.
    pub libc: Option<String>,
    /// The machine, as uname(2) names it: `x86_64`.
    pub arch: Option<String>,
    /// The isolation of the run: `userns`, `root`, `none`.
    pub isolation: Option<String>,
    /// The target; `local` is where the run was started.
    pub target: Option<String>,
}

/// Versions of the kernel: `>=5.10, <6.2`; `=6.1` is any 6.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KernelRange(VersionReq);

/// The target of a run on the machine where it was started.
const LOCAL: &str = "local";

impl Conditions {
    /// Whether all of them hold.
    pub fn hold_for(&self, run: &RunRecord) -> bool {
        let here = &run.environment;
        let is = |condition: &Option<String>, what: &str| condition.as_ref().is_none_or(|wanted| wanted == what);
        self.kernel.as_ref().is_none_or(|range| range.holds(&here.kernel))
            && (is(&self.libc, &here.libc) || is(&self.libc, first_word(&here.libc)))
            && is(&self.arch, &here.arch)
            && is(&self.isolation, &here.isolation)
            && is(&self.target, run.target.as_deref().unwrap_or(LOCAL))
    }
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

impl KernelRange {
    /// Whether the kernel, `Linux 6.12.43+deb13-amd64`, is in the range. One without a readable version is not.
    pub(crate) fn holds(&self, kernel: &str) -> bool {
        version(kernel).is_some_and(|version| self.0.matches(&version))
    }
}

/// The numbers at the start of the release. What a distribution appends has no order.
fn version(kernel: &str) -> Option<Version> {
    let release = kernel.rsplit(' ').next()?;
    let numbers = release.split(|c: char| !(c.is_ascii_digit() || c == '.')).next()?;
    let mut numbers = numbers.split('.').map(|number| number.parse().ok());
    let (major, minor) = (numbers.next()??, numbers.next()??);
    Some(Version::new(major, minor, numbers.next().flatten().unwrap_or(0)))
}

impl TryFrom<String> for KernelRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        // semver reads a version without an operator as "compatible with", which means nothing for kernels.
        let is_plain = |op| matches!(op, Op::Exact | Op::Greater | Op::GreaterEq | Op::Less | Op::LessEq);
        match VersionReq::parse(&text) {
            Ok(range) if !range.comparators.is_empty() && range.comparators.iter().all(|part| is_plain(part.op)) => {
                Ok(Self(range))
            }
            _ => Err(format!(
                "{text:?} is not a range of kernel versions: write \">=5.10, <6.2\", or \"=6.1\" for any 6.1"
            )),
        }
    }
}

impl From<KernelRange> for String {
    fn from(range: KernelRange) -> Self {
        range.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn range(text: &str) -> Result<KernelRange, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_release_is_read_whatever_is_appended() {
        for (kernel, expected) in [
            ("Linux 6.18.44", Some((6, 18, 44))),
            ("Linux 6.12.43+deb13-rt-amd64", Some((6, 12, 43))),
            ("Linux 6.19.0-rc3-00012-gdeadbeef", Some((6, 19, 0))),
            ("Linux 6.1", Some((6, 1, 0))),
            ("Linux 6.1-rc1", Some((6, 1, 0))),
            ("Linux", None),
            ("Linux 6", None),
            ("", None),
            ("Linux 99999999999999999999.1", None),
        ] {
            let expected = expected.map(|(major, minor, patch)| Version::new(major, minor, patch));
            assert_eq!(version(kernel), expected, "{kernel}");
        }
    }

    #[test]
    fn a_range_holds_for_the_versions_that_it_says() {
        for (text, inside, outside) in [
            (">=5.10, <6.2", &["5.10.0", "5.19.3", "6.1.140-cloud"][..], &["5.9.16", "6.2.0", "6.18.44"][..]),
            ("=6.1", &["6.1.0", "6.1.140"], &["6.0.9", "6.2.0", "6.12.0"]),
            (">=6.12.5", &["6.12.5", "6.12.40", "6.13.0", "7.0.0"], &["6.12.4", "6.11.9"]),
        ] {
            let range = range(text).unwrap();
            for release in inside {
                assert!(range.holds(&format!("Linux {release}")), "{release} is in {text}");
            }
            for release in outside {
                assert!(!range.holds(&format!("Linux {release}")), "{release} is not in {text}");
            }
        }
        assert!(!range("<99.0").unwrap().holds("Linux"), "an unknown version is outside every range");
    }

    #[test]
    fn a_range_says_which_way_it_goes() {
        for wrong in ["6.1", "^6.1", "~6.1", "*", "", "new", ">=6.1 <6.2"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_condition_counts() {
        let run = sample::records().run;
        let some = |text: &str| Some(text.to_owned());
        let kernel = |text: &str| Some(range(text).unwrap());
        let nothing = Conditions::default;
        for holding in [
            nothing(),
            Conditions { kernel: kernel(">=6.18"), ..nothing() },
            Conditions { libc: some("glibc"), ..nothing() },
            Conditions { libc: some("glibc 2.36"), ..nothing() },
            Conditions { arch: some("x86_64"), isolation: some("userns"), target: some("local"), ..nothing() },
        ] {
            assert!(holding.hold_for(&run), "{holding:?}");
        }
        for failing in [
            Conditions { kernel: kernel("<6.18"), ..nothing() },
            Conditions { libc: some("musl"), ..nothing() },
            Conditions { libc: some("glibc 2.3"), ..nothing() },
            Conditions { arch: some("aarch64"), ..nothing() },
            Conditions { isolation: some("none"), ..nothing() },
            Conditions { target: some("gvisor"), ..nothing() },
            Conditions { arch: some("x86_64"), isolation: some("none"), ..nothing() },
        ] {
            assert!(!failing.hold_for(&run), "{failing:?}");
        }
    }
}
