//! Where the time of a run goes.

use crate::judged::{Judged, by_mechanism};
use crate::render::page::{Page, Style};
use crate::text;
use record::Verdict;
use std::cmp::Reverse;

/// So many of the specs that took longest, the longest first, and the time that the specs of each mechanism took together.
///
/// Specs run side by side, so these times add up to more than the run took. A spec with several attempts has the time of all.
pub(super) fn write(page: &mut Page, specs: &[Judged], count: usize) {
    if count == 0 {
        return;
    }
    let mut ran: Vec<_> = specs.iter().filter(|spec| spec.verdict() != Verdict::Skipped).cloned().collect();
    if ran.is_empty() {
        return;
    }
    let mechanisms = by_mechanism(&ran).into_iter().map(|(name, specs)| {
        let wall_us = specs.iter().fold(0, |sum: u64, spec| sum.saturating_add(spec.wall_us()));
        (format!("{name}, {}", text::count(specs.len(), "spec")), wall_us)
    });
    let mut mechanisms: Vec<_> = mechanisms.collect();
    mechanisms.sort_by_key(|(_, wall_us)| Reverse(*wall_us));
    ran.sort_by_key(|spec| Reverse(spec.wall_us()));
    page.heading("Slowest specs");
    ran.iter().take(count).for_each(|spec| write_time(page, spec.wall_us(), &spec.record().id));
    page.heading("Time by mechanism");
    mechanisms.iter().for_each(|(name, wall_us)| write_time(page, *wall_us, name));
}

fn write_time(page: &mut Page, wall_us: u64, whose: &str) {
    page.line(&[(Style::Yellow, &format!("{:>11}  ", text::duration(wall_us))), (Style::Plain, whose)]);
}
