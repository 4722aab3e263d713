/// A statement.
#[harness::test(id = "pipe.eof", covers = [])]
fn spec() {}

fn main() {}
