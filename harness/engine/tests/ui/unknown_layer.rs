/// A statement.
#[harness::test(id = "pipe.eof", cite = "pipe(7)", covers = [], layers = [libc, musl])]
fn spec() {}

fn main() {}
