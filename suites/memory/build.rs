//! rstest puts the modules of its cases under `cfg(test)`. The specs live in a library that the `ipcspec` binary links, and
//! which is never built as a test, so the library says that it is one.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cfg=test");
}
