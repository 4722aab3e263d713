/// A statement.
#[harness::test(id = "pipe.eof", cite = [man("pipe.7", "PIPE_BUF")], covers = [], layers = [libc, musl])]
fn spec() {}

fn main() {}
