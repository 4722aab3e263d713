//! From a function to the function and its entries in the registry.

use crate::attribute::{Attribute, camel};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute as RustAttribute, Error, Expr, ExprLit, Ident, ItemFn, Lit, Meta, Result};

pub fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Attribute { id, cite, covers, needs, layers } = syn::parse2(attribute)?;
    let function: ItemFn = syn::parse2(item)?;
    let name = &function.sig.ident;
    if let Some(argument) = function.sig.inputs.first() {
        return Err(Error::new_spanned(
            argument,
            "a spec takes no arguments: write a table with #[rstest] above this attribute and named cases, `#[case::full(...)]`",
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
    let id = match case(name)? {
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
                    cite: #cite,
                    covers: &[#(#covers),*],
                    needs: &[#(#needs),*],
                    layer: #layer,
                    file: ::core::file!(),
                    line: ::core::line!(),
                    body: || ::harness::judge::Judged::into_scene(#name()),
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

/// The case name, when rstest generated the function: `case_2_nonblocking` is the case `nonblocking`.
fn case(name: &Ident) -> Result<Option<String>> {
    let text = name.to_string();
    let Some(rest) = text.strip_prefix("case_") else { return Ok(None) };
    let (number, case) = rest.split_once('_').unwrap_or((rest, ""));
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return Ok(None);
    }
    if case.is_empty() {
        return Err(Error::new_spanned(name, "a case has a name, it is the end of its id: write `#[case::full(...)]`"));
    }
    Ok(Some(case.replace('_', "-")))
}
