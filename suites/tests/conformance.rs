//! Every spec as a test, for nextest and `cargo test`.

use suites as _;

fn main() -> std::process::ExitCode {
    fixtures::unrelated::run_if_asked();
    harness::libtest::main(reports::failure::text)
}
