//! Every spec as a test, for nextest and `cargo test`.

use record::{SpecRecord, Verdict};
use reports::deviations::Deviations;
use suites as _;

fn main() -> std::process::ExitCode {
    kit::unrelated::run_if_asked();
    engine::libtest::main(failure)
}

/// The words of a record that fails. A skip is none of a test's ends: what lacks a need was listed as ignored.
fn failure(record: &mut SpecRecord) -> Option<String> {
    if record.verdict == Verdict::Deviates {
        Deviations::ours().mark(record, &engine::environment::look("", [].into()));
    }
    (record.fails() || record.verdict == Verdict::Skipped).then(|| reports::render::failure::text(record))
}
