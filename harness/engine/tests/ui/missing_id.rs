/// A statement.
#[harness::test(cite = [man("pipe.7", "PIPE_BUF")], covers = [])]
fn spec() {}

fn main() {}
