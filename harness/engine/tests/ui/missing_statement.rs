#[harness::test(id = "pipe.eof", cite = "pipe(7)", covers = [])]
fn spec() {}

fn main() {}
