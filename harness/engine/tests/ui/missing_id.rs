/// A statement.
#[harness::test(cite = "pipe(7)", covers = [])]
fn spec() {}

fn main() {}
