// As rstest compiles tables in tests only, this is what it makes of the first case: its value keeps its line.

macro_rules! first_case {
    ($(#[$attribute:meta])* case $value:literal fn $name:ident) => {
        $(#[$attribute])*
        fn $name() {
            let _size = $value;
        }
    };
}

first_case! {
    /// A statement.
    #[harness::test(id = "pipe.eof", cite = [man("pipe.7", "PIPE_BUF")], covers = [])]
    case 1
    fn case_1_full
}

fn main() {}
