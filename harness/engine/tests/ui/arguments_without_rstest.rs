/// A statement.
#[harness::test(id = "pipe.eof", cite = [man("pipe.7", "PIPE_BUF")], covers = [])]
fn spec(size: usize) {}

fn main() {}
