/// A statement.
#[harness::test(id = "pipe.eof", cite = [man("pipe.7", "PIPE_BUF")], covers = [], needs = [ROT])]
fn spec() {}

fn main() {}
