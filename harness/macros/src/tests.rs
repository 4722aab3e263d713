//! The messages that a writer of specs meets, checked without a compiler at hand; `harness/tests/ui` shows them in place.

use crate::expand::{self, Place};
use quote::quote;

fn refusal(attribute: proc_macro2::TokenStream, item: proc_macro2::TokenStream) -> String {
    expand::test(attribute, item, Place::Elsewhere).expect_err("it is refused").to_string()
}

fn good_item() -> proc_macro2::TokenStream {
    quote! {
        /// A statement.
        fn spec() {}
    }
}

#[test]
fn what_is_missing_is_named() {
    assert!(refusal(quote!(cite = [man("pipe.7", "PIPE_BUF")], covers = []), good_item()).contains("a spec has an id"));
    assert!(refusal(quote!(id = "a.b", covers = []), good_item()).contains("a spec quotes what it checks"));
    assert!(refusal(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")]), good_item()).contains("names the clauses"));
    assert!(refusal(quote!(id = "a.b", cite = [], covers = []), good_item()).contains("the citation is empty"));
    let bare = quote!(
        fn spec() {}
    );
    assert!(
        refusal(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = []), bare)
            .contains("a spec has a statement")
    );
}

#[test]
fn what_is_unknown_is_named_with_what_is_known() {
    for cite in [quote!(man("pipe.7")), quote!(book("a", "b")), quote!(kernel("fs/pipe.c", "pipe_write"))] {
        let message = refusal(quote!(id = "a.b", cite = [#cite], covers = []), good_item());
        assert!(message.contains("a citation is `posix(page, heading, item)`"), "{cite}: {message}");
    }
    let layer =
        refusal(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = [], layers = [musl]), good_item());
    assert!(layer.contains("unknown layer `musl`: write libc, nix or raw"), "{layer}");
    let key = refusal(quote!(name = "x"), good_item());
    assert!(key.contains("unknown key `name`"), "{key}");
    assert!(refusal(quote!(id = "a.b", id = "a.c"), good_item()).contains("`id` is given twice"));
}

#[test]
fn ids_have_one_form() {
    for id in ["pipe", "pipe.", "Pipe.eof", "pipe.read_eof", "pipe.a.b", ".eof", "pipe.1eof", "pipe.a/b"] {
        let message = refusal(quote!(id = #id, cite = [man("pipe.7", "PIPE_BUF")], covers = []), good_item());
        assert!(message.contains("is not an id"), "{id}: {message}");
    }
}

#[test]
fn functions_take_no_arguments_and_cases_have_names() {
    let arguments = quote! {
        /// A statement.
        fn spec(size: usize) {}
    };
    assert!(
        refusal(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = []), arguments).contains("#[rstest]")
    );
    let unnamed = quote! {
        /// A statement.
        fn case_1() {}
    };
    let refusal = expand::case(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = []), unnamed)
        .expect_err("it is refused");
    assert!(refusal.to_string().contains("a case has a name"));
}

#[test]
fn between_rstest_and_the_cases_the_attribute_is_refused() {
    let first = quote! {
        /// A statement.
        fn case_1_full() {}
    };
    let attribute = quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = []);
    let refusal = expand::test(attribute, first, Place::AboveItsCase).expect_err("it is refused").to_string();
    assert!(refusal.contains("above `#[rstest]`, or behind the last case"), "{refusal}");
}

#[test]
fn a_table_gets_statement_and_attribute_behind_its_cases() {
    let table = quote! {
        /// A statement.
        #[rstest::rstest]
        #[case::full(1)]
        #[case::empty(2)]
        #[file_serial(key)]
        fn spec(#[case] size: usize) {}
    };
    let code =
        expand::test(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = []), table, Place::Elsewhere)
            .expect("it expands")
            .to_string();
    let parts = ["rstest", "full", "empty", "A statement", ":: harness :: cases :: test", "file_serial", "fn spec"];
    let places = parts.map(|part| code.find(part).unwrap_or_else(|| panic!("{part} in {code}")));
    assert!(places.is_sorted(), "{code}");
}

#[test]
fn cases_and_layers_end_the_id() {
    let item = quote! {
        /// A statement
        /// on two lines.
        ///
        /// More.
        fn case_2_write_full() {}
    };
    let attribute = quote!(
        id = "a.b",
        cite = [man("pipe.7", "PIPE_BUF")],
        covers = [],
        needs = [program("sh")],
        layers = [libc, raw]
    );
    let code = expand::case(attribute, item).expect("it expands").to_string();
    for part in
        ["\"a.b/write-full/libc\"", "\"a.b/write-full/raw\"", "\"A statement on two lines.\"", "program (\"sh\")"]
    {
        assert!(code.contains(part), "{part} in {code}");
    }
}

#[test]
fn the_calls_of_all_layers_are_in_scope() {
    let expanded = |attribute| expand::test(attribute, good_item(), Place::Elsewhere).expect("it expands").to_string();
    let without_layers = expanded(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = []));
    assert!(without_layers.contains(":: calls :: for_layers :: libc :: *"), "{without_layers}");
    // In one order, however they are written.
    let layers = expanded(quote!(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = [], layers = [raw, libc]));
    assert!(layers.contains(":: calls :: for_layers :: libc_raw :: *"), "{layers}");
}

#[test]
fn the_body_of_a_table_has_the_calls_and_its_parameters_come_first() {
    let table = quote! {
        #[case::write(1)]
        /// A statement.
        #[harness::test(id = "a.b", cite = [man("pipe.7", "PIPE_BUF")], covers = [], layers = [libc, nix, raw])]
        fn spec(#[case] mut write: usize) {}
    };
    let code = expand::table(&quote!(), table).expect("it expands").to_string();
    assert!(code.contains("# [:: rstest :: rstest ()]"), "{code}");
    assert!(code.contains("for_layers :: libc_nix_raw :: *"), "{code}");
    assert!(code.contains("fn spec (mut write : usize)") && code.contains("(write)"), "{code}");
    // What is no table of specs is rstest's alone.
    let other = expand::table(
        &quote!(),
        quote!(
            fn other(#[case] size: usize) {}
        ),
    )
    .expect("it expands")
    .to_string();
    assert!(!other.contains("for_layers"), "{other}");
}
