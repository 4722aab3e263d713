//! Known deviations of Linux: where the kernel breaks what its own pages say.

use crate::gate::baseline::KernelRange;
use record::id::IdPattern;
use record::{Environment, KnownDeviation, Records, SpecRecord, Verdict};
use serde::Deserialize;
use std::sync::OnceLock;

/// The list of `known-deviations.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviations {
    #[serde(default)]
    deviation: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    kernel: KernelRange,
    reason: String,
    reported: String,
}

impl Deviations {
    /// The built-in list.
    pub fn ours() -> &'static Self {
        static OURS: OnceLock<Deviations> = OnceLock::new();
        OURS.get_or_init(|| Self::parse(include_str!("../known-deviations.toml")).expect("a test parses the file"))
    }

    /// Parses a list. An error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let list: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        match list.deviation.iter().find(|entry| entry.reason.is_empty() || !entry.reported.starts_with("https://")) {
            Some(entry) => Err(format!("{}: an entry needs a reason and the https:// address of the report", entry.id)),
            None => Ok(list),
        }
    }

    /// The ids that the list names.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.deviation.iter().map(|entry| entry.id.as_str())
    }

    /// Marks the records of a run that deviate as is known of its kernel.
    pub fn mark_all(&self, records: &mut Records) {
        let here = &records.run.environment;
        records.specs.iter_mut().for_each(|record| self.mark(record, here));
    }

    /// Marks a record if its deviation is known of this kernel.
    pub fn mark(&self, record: &mut SpecRecord, here: &Environment) {
        if record.verdict != Verdict::Deviates {
            return;
        }
        let is_about =
            |entry: &&Entry| entry.kernel.holds(&here.kernel) && IdPattern::new(&entry.id).matches(&record.id);
        record.known = self
            .deviation
            .iter()
            .find(is_about)
            .map(|entry| KnownDeviation { reason: entry.reason.clone(), reported: entry.reported.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documented::Documented;
    use crate::gate::Exit;
    use crate::render::{page::plain, terminal};
    use crate::{Judged, judged, sample};

    const LIST: &str = r#"
        [[deviation]]
        id = "fifo.open-nonblock-write"
        kernel = ">=6.10, <7.0"
        reason = "fifo_open() forgets the error."
        reported = "https://lore.kernel.org/r/1"
    "#;

    fn marked(kernel: &str) -> Records {
        let mut records = sample::records();
        records.run.environment.kernel = kernel.into();
        records.specs.retain(|spec| matches!(spec.verdict, Verdict::Conforms | Verdict::Deviates));
        records.run.selected = records.specs.len();
        Deviations::parse(LIST).expect("a list").mark_all(&mut records);
        records
    }

    #[test]
    fn our_list_can_be_read() {
        assert_eq!(Deviations::ours().ids().filter(|id| id.is_empty()).count(), 0);
    }

    #[test]
    fn a_known_deviation_does_not_fail_a_run_and_others_do() {
        let (known, other) = (marked("Linux 6.18.44"), marked("Linux 7.2.0"));
        assert_eq!((Exit::of(&known), Exit::of(&other)), (Exit::Passed, Exit::Failed));
        assert_eq!(judged(&known).iter().filter(|spec| Judged::fails(spec)).count(), 0);
        let text =
            plain(&terminal::run(&known, &Documented::default(), Exit::of(&known), terminal::OnRequest::default()));
        assert!(text.contains("Known deviations of Linux\n"), "{text}");
        assert!(text.contains("fifo_open() forgets the error."), "{text}");
        assert!(text.contains("reported: https://lore.kernel.org/r/1"), "{text}");
        assert!(!text.contains("× 1"), "{text}");
    }

    #[test]
    fn a_list_gives_reasons_and_addresses() {
        for wrong in [LIST.replace("https://", "somewhere "), LIST.replace("fifo_open() forgets the error.", "")] {
            let message = Deviations::parse(&wrong).expect_err("it is refused");
            assert!(message.contains("needs a reason"), "{message}");
        }
        assert!(Deviations::parse(&LIST.replace(">=6.10", "6.10")).is_err(), "a range is written with signs");
    }
}
