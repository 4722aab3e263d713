//! Exit codes: the one table that says what a run's exit code means.

use record::Records;

/// How a run ends, for scripts. The codes are an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every selected spec was judged and none failed.
    Holds = 0,
    /// Something failed.
    Deviations = 1,
    /// The question was not answered.
    CouldNotRun = 2,
    /// There was no question.
    NothingSelected = 3,
    /// For `git bisect run`: this commit cannot be judged.
    Untestable = 125,
}

impl Exit {
    /// Every exit code, in order.
    pub const ALL: [Self; 5] =
        [Self::Holds, Self::Deviations, Self::CouldNotRun, Self::NothingSelected, Self::Untestable];

    /// The exit of a run. A failure outweighs an early end; an early end outweighs what conformed before it.
    pub fn of(records: &Records) -> Self {
        if records.specs.iter().any(|spec| spec.fails()) {
            Self::Deviations
        } else if records.run.selected == 0 {
            Self::NothingSelected
        } else if shortfall(records).is_some() {
            Self::CouldNotRun
        } else {
            Self::Holds
        }
    }

    /// The code handed to the caller.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The words used in reports.
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "gate holds",
            Self::Deviations => "deviations",
            Self::CouldNotRun => "could not run",
            Self::NothingSelected => "nothing selected",
            Self::Untestable => "untestable",
        }
    }

    /// One line of explanation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Holds => "every selected spec conforms or was skipped for a missing need",
            Self::Deviations => "at least one spec deviates, is broken or timed out",
            Self::CouldNotRun => "bad input, no sandbox, or an end before every selected spec was judged",
            Self::NothingSelected => "no spec matches the filter",
            Self::Untestable => "for git bisect, in the place of 2 and 3: this commit cannot be judged",
        }
    }

    /// The table of all codes, for help texts and documentation.
    pub fn table() -> String {
        let row = |exit: Self| format!("{:>3}  {:<16}  {}\n", exit.code(), exit.words(), exit.meaning());
        Self::ALL.into_iter().map(row).collect()
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// What keeps a run from being whole, as a sentence. A partial report must not pass for a whole one.
pub(crate) fn shortfall(records: &Records) -> Option<String> {
    let (judged, selected) = (records.specs.len(), records.run.selected);
    let how = if records.end.interrupted { "was interrupted" } else { "ended early" };
    (records.end.interrupted || judged < selected)
        .then(|| format!("The run {how}: {judged} of {selected} selected attempts were judged."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use record::Verdict;

    #[test]
    fn each_code_has_its_run() {
        assert_eq!(Exit::of(&sample::records()), Exit::Deviations);
        assert_eq!(Exit::of(&sample::interrupted()), Exit::Deviations, "an early end does not hide a failure");

        let mut records = sample::records();
        records.specs.retain(|spec| !spec.verdict.is_failure());
        assert_eq!(Exit::of(&records), Exit::CouldNotRun, "specs are missing");
        records.run.selected = records.specs.len();
        assert_eq!(Exit::of(&records), Exit::Holds);
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
            let expected = if verdict.is_failure() { Exit::Deviations } else { Exit::Holds };
            assert_eq!(Exit::of(&records), expected, "{verdict}");
        }
    }

    #[test]
    fn the_table_is_readable() {
        assert_eq!(
            Exit::table(),
            "  0  gate holds        every selected spec conforms or was skipped for a missing need
  1  deviations        at least one spec deviates, is broken or timed out
  2  could not run     bad input, no sandbox, or an end before every selected spec was judged
  3  nothing selected  no spec matches the filter
125  untestable        for git bisect, in the place of 2 and 3: this commit cannot be judged
"
        );
    }
}
