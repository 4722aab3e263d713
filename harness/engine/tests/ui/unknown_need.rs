/// A statement.
#[harness::test(id = "pipe.eof", cite = "pipe(7)", covers = [], needs = [rot])]
fn spec() {}

fn main() {}
