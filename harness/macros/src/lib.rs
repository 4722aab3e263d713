//! `#[harness::test]`: turns a function into a spec and enters it into the registry.

mod attribute;
mod expand;
#[cfg(test)]
mod tests;

use expand::Place;
use proc_macro::{Delimiter, Span, TokenStream, TokenTree};

/// Enters a function into the registry of specs.
///
/// ```text
/// /// A read on an empty pipe returns 0 once its last write end is closed.
/// #[harness::test(
///     id = "pipe.read-eof",                      // mechanism.behaviour, fixed for ever
///     cite = [posix("read.3p", "DESCRIPTION"), man("pipe.7", "I/O on pipes and FIFOs")],
///     covers = ["notes:pipe.read-eof-after-writers-close"],
///     needs = [SECOND_UID, program("sh")],       // optional
///     layers = [libc, nix, raw],                 // optional: one case for each
/// )]
/// fn read_returns_0_after_the_last_writer_closes() -> TestResult { ... }
/// ```
///
/// The first paragraph of the doc comment is the statement. The function takes no arguments; a table is written
/// with `#[rstest]` and named cases, whose names become the ends of the ids; this attribute stands above `#[rstest]`, or behind
/// the last case with its doc comment. What is missing or unknown does not compile.
///
/// A rule that holds for several things, a pipe and a FIFO, is one function with one argument, and `rows` in the place of `id` and
/// `covers`: `rows = [("pipe.eof", ["behaviours:pipe.eof"], PIPE), ("fifo.eof", ["behaviours:fifo.eof"], FIFO)]`. Each row is a
/// spec of its own mechanism.
///
/// In scope in the body are the calls that all of the layers have, from `calls::for_layers`; a spec without layers goes through
/// the C library. One that a layer lacks does not compile.
#[proc_macro_attribute]
pub fn test(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let place = if stands_above_its_case(&item) { Place::AboveItsCase } else { Place::Elsewhere };
    expand::test(attribute.into(), item.into(), place).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Enters a table of documented errors into the registry: a function with one argument, the call, and a row for each call.
///
/// ```text
/// #[harness::errors(
///     family = "path-not-a-directory",           // as in the catalogue
///     rows = [
///         ("fifo.make-enotdir/mkfifo", "errors:fifo.mkfifo.ENOTDIR", MKFIFO),
///         ("fifo.make-enotdir/mknod", "errors:fifo.mknod.ENOTDIR", MKNOD),
///     ],
///     layers = [libc, nix, raw],                 // optional, and so are needs
/// )]
/// fn a_file_is_not_a_directory(call: OnPath) -> TestResult { ... }
/// ```
///
/// The statement and the citation of a row are those of its clause. A clause that the catalogue lacks, or that is of another
/// family, does not compile.
#[proc_macro_attribute]
pub fn errors(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::errors(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// A table of specs: `#[rstest]` of the crate rstest, with the calls in scope that [`macro@test`] brings. Its cases and values are
/// written as there.
#[proc_macro_attribute]
pub fn rstest(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::table(&arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// What [`macro@test`] makes of itself behind the cases of a table, for rstest to hand on to each.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn test_of_case(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand::case(attribute.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Whether rstest made this function from a case that is written between this attribute and the function: it holds the case's
/// values, which keep their places in the source.
fn stands_above_its_case(item: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let name = tokens.iter().skip_while(|token| token.to_string() != "fn").nth(1);
    let between = |token: &TokenTree| {
        let line = token.span().line();
        Span::call_site().line() < line && name.is_some_and(|name| line < name.span().line())
    };
    match tokens.last() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => any(body.stream(), &between),
        _ => false,
    }
}

fn any(tokens: TokenStream, holds: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => any(group.stream(), holds),
        _ => holds(&token),
    })
}
