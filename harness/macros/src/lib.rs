//! `#[harness::test]`: turns a function into a spec and enters it into the registry.

mod attribute;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Enters a function into the registry of specs.
///
/// ```text
/// /// A read on an empty pipe returns 0 once its last write end is closed.
/// #[harness::test(
///     id = "pipe.read-eof",                      // mechanism.behaviour, fixed for ever
///     cite = "POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs",
///     covers = ["notes:pipe.read-eof-after-writers-close"],
///     needs = [since(5.14), cpus(2)],            // optional
///     layers = [libc, nix, raw],                 // optional: one case for each
/// )]
/// fn read_returns_0_after_the_last_writer_closes() -> Scene { ... }
/// ```
///
/// The first paragraph of the doc comment is the statement. The function takes no arguments; a table is written
/// with `#[rstest]` and named cases below this attribute; their names become the ends of the ids. What is missing or unknown
/// does not compile.
#[proc_macro_attribute]
pub fn test(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::test(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// What [`macro@test`] makes of itself behind the cases of a table, for rstest to hand on to each.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn test_of_case(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::case(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
