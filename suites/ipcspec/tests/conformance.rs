//! Every spec as a test, for nextest and `cargo test`.

use suites as _;

fn main() -> std::process::ExitCode {
    kit::unrelated::run_if_asked();
    engine::libtest::main(reports::render::failure::text)
}
