//! From a function to the function and its entries in the registry.

use crate::attribute::{Attribute, camel};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute as RustAttribute, Error, Expr, ExprLit, Ident, ItemFn, Lit, Meta, Result};

/// Where the attribute stands in a table.
pub enum Place {
    /// Above the case that this function was made from: rstest then gives it to the first case alone.
    AboveItsCase,
    /// Above `#[rstest]`, behind the last case, or in no table.
    Elsewhere,
}

/// A spec, a table of specs, or a case of a table.
pub fn test(attribute: TokenStream, item: TokenStream, place: Place) -> Result<TokenStream> {
    let checked: Attribute = syn::parse2(attribute.clone())?;
    let function: ItemFn = syn::parse2(item)?;
    if function.attrs.iter().any(is_rstest) {
        return Ok(behind_the_cases(&attribute, function));
    }
    if !function.sig.ident.to_string().starts_with("case_") {
        return spec(checked, &function, None);
    }
    if matches!(place, Place::AboveItsCase) {
        return Err(Error::new_spanned(
            &function.sig.ident,
            "write `#[harness::test(...)]` above `#[rstest]`, or behind the last case: between them, only the first case becomes a spec",
        ));
    }
    case(attribute, quote!(#function))
}

/// One case of a table.
pub fn case(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let function: ItemFn = syn::parse2(item)?;
    let name = &function.sig.ident;
    let case = case_name(name).ok_or_else(|| {
        Error::new_spanned(name, "a case has a name, it is the end of its id: write `#[case::full(...)]`")
    })?;
    spec(syn::parse2(attribute)?, &function, Some(case))
}

fn is_rstest(attribute: &RustAttribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "rstest")
}

/// rstest gives what stands before a case to that case alone, and what stands behind the last case to all: there we go, with
/// the statement.
fn behind_the_cases(attribute: &TokenStream, mut function: ItemFn) -> TokenStream {
    let is_case =
        |attribute: &RustAttribute| attribute.path().segments.first().is_some_and(|first| first.ident == "case");
    let (statement, mut attributes): (Vec<_>, Vec<_>) =
        std::mem::take(&mut function.attrs).into_iter().partition(|attribute| attribute.path().is_ident("doc"));
    let last = attributes.iter().rposition(|attribute| is_case(attribute) || is_rstest(attribute));
    let behind = attributes.split_off(last.map_or(0, |last| last + 1));
    quote! {
        #(#attributes)*
        #(#statement)*
        #[::harness::cases::test(#attribute)]
        #(#behind)*
        #function
    }
}

fn spec(attribute: Attribute, function: &ItemFn, case: Option<String>) -> Result<TokenStream> {
    let Attribute { id, cite, covers, needs, layers } = attribute;
    let name = &function.sig.ident;
    if let Some(argument) = function.sig.inputs.first() {
        return Err(Error::new_spanned(
            argument,
            "a spec takes no arguments: write a table with `#[rstest]` below this attribute and named cases, `#[case::full(...)]`",
        ));
    }
    if function.sig.asyncness.is_some() {
        return Err(Error::new_spanned(&function.sig, "a spec is not async: it runs in a process with one thread"));
    }
    let statement = statement(&function.attrs).ok_or_else(|| {
        Error::new_spanned(
            name,
            "a spec has a statement: write a doc comment above it, one sentence that ends with a full stop",
        )
    })?;
    let id = match case {
        Some(case) => format!("{}/{case}", id.value()),
        None => id.value(),
    };
    let entries = if layers.is_empty() {
        vec![(id, quote!(::core::option::Option::None))]
    } else {
        let layered = |word: &Ident| {
            let variant = Ident::new(&camel(&word.to_string()), word.span());
            (format!("{id}/{word}"), quote!(::core::option::Option::Some(::harness::Layer::#variant)))
        };
        layers.iter().map(layered).collect()
    };
    let entries = entries.into_iter().map(|(id, layer)| {
        quote! {
            const _: () = {
                #[::harness::linkme::distributed_slice(::harness::registry::SPECS)]
                #[linkme(crate = ::harness::linkme)]
                static SPEC: ::harness::Spec = ::harness::Spec {
                    id: #id,
                    statement: #statement,
                    cite: &[#(#cite),*],
                    covers: &[#(#covers),*],
                    needs: &[#(#needs),*],
                    layer: #layer,
                    file: ::core::file!(),
                    line: ::core::line!(),
                    body: || ::harness::judge::Judged::into_result(#name()),
                };
            };
        }
    });
    Ok(quote! {
        #function
        #(#entries)*
    })
}

/// The first paragraph of the doc comment, on one line, when it is a sentence.
fn statement(attributes: &[RustAttribute]) -> Option<String> {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    let paragraph: Vec<String> = lines.map(|line| line.trim().to_owned()).take_while(|line| !line.is_empty()).collect();
    let sentence = paragraph.join(" ");
    sentence.ends_with('.').then_some(sentence)
}

/// The case name, when rstest generated the function: `case_2_not_blocking` is the case `not-blocking`, `case_2` has none.
fn case_name(name: &Ident) -> Option<String> {
    let text = name.to_string();
    let (number, case) = text.strip_prefix("case_")?.split_once('_')?;
    (!case.is_empty() && number.chars().all(|c| c.is_ascii_digit())).then(|| case.replace('_', "-"))
}
