//! Exit codes: the one table that says what a run's exit code means.

use record::{Records, Verdict};
use strum::{EnumMessage, IntoStaticStr, VariantArray};

/// How a run ends, for scripts. The codes are an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumMessage, IntoStaticStr, VariantArray)]
pub enum Exit {
    /// Every selected spec was judged and none failed.
    #[strum(to_string = "passed", message = "every selected spec conforms, or is skipped because a need is not met")]
    Passed = 0,
    /// Something failed.
    #[strum(to_string = "failed", message = "at least one spec deviates, is broken or timed out")]
    Failed = 1,
    /// There is no result.
    #[strum(
        to_string = "could not run",
        message = "invalid input, no sandbox, records that cannot be written, or an early end"
    )]
    CouldNotRun = 2,
    /// There was nothing to do.
    #[strum(to_string = "nothing selected", message = "no spec matches the filters")]
    NothingSelected = 3,
    /// Everything was skipped.
    #[strum(to_string = "nothing judged", message = "every selected spec is skipped because a need is not met")]
    NothingJudged = 4,
    /// For `git bisect run`: this commit cannot be judged.
    #[strum(to_string = "untestable", message = "with --git-bisect, instead of 2 and 3: this commit cannot be judged")]
    Untestable = 125,
}

impl Exit {
    /// The exit of a run. A failure takes precedence over an early end, and an early end over what conformed before it.
    pub fn of(records: &Records) -> Self {
        if records.specs.iter().any(|spec| spec.fails()) {
            Self::Failed
        } else if records.run.selected == 0 {
            Self::NothingSelected
        } else if shortfall(records).is_some() {
            Self::CouldNotRun
        } else if records.specs.iter().all(|spec| spec.verdict == Verdict::Skipped) {
            Self::NothingJudged
        } else {
            Self::Passed
        }
    }

    /// The code handed to the caller.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The words used in reports.
    pub fn words(self) -> &'static str {
        self.into()
    }

    /// One line of explanation.
    pub fn meaning(self) -> &'static str {
        self.get_message().unwrap_or_default()
    }

    /// The table of all codes, for help texts and documentation.
    pub fn table() -> String {
        let row = |exit: Self| format!("{:>3}  {:<16}  {}\n", exit.code(), exit.words(), exit.meaning());
        Self::VARIANTS.iter().copied().map(row).collect()
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a run is incomplete, as a sentence. A partial report must not be taken for a complete one.
pub(crate) fn shortfall(records: &Records) -> Option<String> {
    let (judged, selected) = (records.specs.len(), records.run.selected);
    let how = if records.end.interrupted { "was interrupted" } else { "ended early" };
    (records.end.interrupted || judged < selected)
        .then(|| format!("the run {how} after {judged} of {selected} attempts"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn each_code_has_its_run() {
        assert_eq!(Exit::of(&sample::records()), Exit::Failed);
        assert_eq!(Exit::of(&sample::interrupted()), Exit::Failed, "an early end does not hide a failure");

        let mut records = sample::records();
        records.specs.retain(|spec| !spec.verdict.is_failure());
        assert_eq!(Exit::of(&records), Exit::CouldNotRun, "specs are missing");
        records.run.selected = records.specs.len();
        assert_eq!(Exit::of(&records), Exit::Passed);
        records.end.interrupted = true;
        assert_eq!(Exit::of(&records), Exit::CouldNotRun);

        let mut records = sample::records();
        records.specs.clear();
        records.run.selected = 0;
        assert_eq!(Exit::of(&records), Exit::NothingSelected);
    }

    #[test]
    fn every_failing_verdict_stops_the_gate() {
        for verdict in Verdict::ALL {
            let mut records = sample::records();
            records.specs.retain(|spec| spec.verdict == verdict);
            records.run.selected = records.specs.len();
            let expected = match verdict {
                Verdict::Conforms => Exit::Passed,
                Verdict::Skipped => Exit::NothingJudged,
                _ => Exit::Failed,
            };
            assert_eq!(Exit::of(&records), expected, "{verdict}");
        }
    }

    #[test]
    fn the_table_is_readable() {
        assert_eq!(
            Exit::table(),
            "  0  passed            every selected spec conforms, or is skipped because a need is not met
  1  failed            at least one spec deviates, is broken or timed out
  2  could not run     invalid input, no sandbox, records that cannot be written, or an early end
  3  nothing selected  no spec matches the filters
  4  nothing judged    every selected spec is skipped because a need is not met
125  untestable        with --git-bisect, instead of 2 and 3: this commit cannot be judged
"
        );
    }
}
