// What rstest makes of `#[case(1)]`, which it compiles in tests only.

/// A statement.
#[harness::cases::test(id = "pipe.eof", cite = [man("pipe.7", "PIPE_BUF")], covers = [])]
fn case_1() {}

fn main() {}
