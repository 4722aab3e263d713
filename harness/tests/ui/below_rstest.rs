// What rstest makes of `#[case::full(1)]` where it stands above our attribute.

/// A statement.
#[harness::test(id = "pipe.eof", cite = "pipe(7)", covers = [])]
fn case_1_full() {}

fn main() {}
