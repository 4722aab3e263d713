/// A statement.
#[harness::test(id = "pipe.eof", cite = "pipe(7)", covers = [])]
fn spec(size: usize) {}

fn main() {}
