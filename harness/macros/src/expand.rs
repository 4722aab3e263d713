//! From a function to the function and its entries in the registry.

use crate::attribute::{Attribute, ErrorRow, Errors, LAYERS, Subject, camel};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Attribute as RustAttribute, Error, Expr, ExprLit, FnArg, Ident, ItemFn, Lit, LitStr, Meta, Pat, Result, Visibility,
    parse_quote,
};

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
    let mut function: ItemFn = syn::parse2(item)?;
    if function.attrs.iter().any(is_rstest) {
        bring_calls_into_scope(&mut function, &checked.layers);
        return Ok(behind_the_cases(&attribute, function));
    }
    if !function.sig.ident.to_string().starts_with("case_") {
        return spec(checked, function, None);
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
    spec(syn::parse2(attribute)?, function, Some(case))
}

/// rstest's attribute for a table of specs. Where `#[harness::test]` stands behind the cases, rstest would give it the functions
/// that it makes of them, and never the one that is written.
pub fn table(arguments: &TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function: ItemFn = syn::parse2(item)?;
    let attribute = function.attrs.iter().find(|attribute| is_test(attribute));
    // What is wrong with the attribute it says itself.
    if let Some(Ok(checked)) = attribute.map(RustAttribute::parse_args::<Attribute>) {
        bring_calls_into_scope(&mut function, &checked.layers);
    }
    Ok(quote! {
        #[::rstest::rstest(#arguments)]
        #function
    })
}

fn is_test(attribute: &RustAttribute) -> bool {
    let words: Vec<_> = attribute.path().segments.iter().map(|segment| segment.ident.to_string()).collect();
    words == ["harness", "test"]
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

/// The calls that all of these layers have are in scope in the body, and no others: one that a layer lacks does not compile.
/// Parameters keep precedence over calls of the same name, since the body is that of a function inside.
fn bring_calls_into_scope(function: &mut ItemFn, layers: &[Ident]) {
    let set = set_of(layers);
    let mut inner = ItemFn { attrs: Vec::new(), vis: Visibility::Inherited, ..function.clone() };
    let mut arguments = Vec::new();
    for (outer, inner) in function.sig.inputs.iter_mut().zip(&mut inner.sig.inputs) {
        if let (FnArg::Typed(outer), FnArg::Typed(inner)) = (outer, inner) {
            inner.attrs.clear();
            if let Pat::Ident(outer) = &mut *outer.pat {
                outer.mutability = None;
                arguments.push(outer.ident.clone());
            }
        }
    }
    let name = &function.sig.ident;
    *function.block = parse_quote!({
        ({
            #[allow(unused_imports)]
            use ::calls::for_layers::#set::*;
            #inner
            #name
        })(#(#arguments),*)
    });
}

/// The module of `calls::for_layers` for these layers. Without layers, a spec goes through the C library.
fn set_of(layers: &[Ident]) -> Ident {
    let words: Vec<_> = LAYERS.into_iter().filter(|word| layers.iter().any(|layer| layer == word)).collect();
    let set = if words.is_empty() { "libc".to_owned() } else { words.join("_") };
    Ident::new(&set, Span::call_site())
}

/// One entry of the registry, but for its layers.
struct Entry {
    id: String,
    /// An expression of type `&'static str`.
    statement: TokenStream,
    /// An expression of type `&'static [Citation]`.
    cite: TokenStream,
    /// An expression of type `&'static [&'static str]`.
    covers: TokenStream,
    /// What the function is called with.
    argument: Option<Expr>,
}

fn spec(attribute: Attribute, function: ItemFn, case: Option<String>) -> Result<TokenStream> {
    let Attribute { subject, cite, needs, layers } = attribute;
    let name = &function.sig.ident;
    let statement = statement(&function.attrs).ok_or_else(|| {
        Error::new_spanned(
            name,
            "a spec has a statement: write a doc comment above it, one sentence that ends with a full stop",
        )
    })?;
    let (statement, cite) = (quote!(#statement), quote!(&[#(#cite),*]));
    let entry = |id, covers: Vec<LitStr>, argument| Entry {
        id,
        statement: statement.clone(),
        cite: cite.clone(),
        covers: quote!(&[#(#covers),*]),
        argument,
    };
    let entries = match subject {
        Subject::One { id, covers } => {
            if let Some(argument) = function.sig.inputs.first() {
                return Err(Error::new_spanned(
                    argument,
                    "a spec takes no arguments: write `rows`, or a table with `#[rstest]` below this attribute and named cases, `#[case::full(...)]`",
                ));
            }
            let id = match case {
                Some(case) => format!("{}/{case}", id.value()),
                None => id.value(),
            };
            vec![entry(id, covers, None)]
        }
        Subject::Rows(rows) => {
            takes_one_argument(&function)?;
            rows.into_iter().map(|row| entry(row.id.value(), row.covers, Some(row.argument))).collect()
        }
    };
    register(function, entries, &needs, &layers)
}

/// A table of documented errors: the statement and the citation of a row are those of its clause.
pub fn errors(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Errors { family, rows, covers: further, needs, layers } = syn::parse2(attribute)?;
    let function: ItemFn = syn::parse2(item)?;
    takes_one_argument(&function)?;
    let entries = rows.into_iter().map(|ErrorRow { id, clause, argument }| {
        let row = quote!(::catalogue::rows::error(#clause, #family));
        Entry {
            id: id.value(),
            statement: quote!(#row.statement),
            cite: quote!(#row.cite),
            covers: quote!(&[#clause, #(#further),*]),
            argument: Some(argument),
        }
    });
    register(function, entries.collect(), &needs, &layers)
}

fn takes_one_argument(function: &ItemFn) -> Result<()> {
    match function.sig.inputs.len() {
        1 => Ok(()),
        _ => Err(Error::new_spanned(&function.sig, "a spec with rows takes one argument, the value of each row")),
    }
}

/// The function, and its entries: one for each row and layer.
fn register(mut function: ItemFn, entries: Vec<Entry>, needs: &[Expr], layers: &[Ident]) -> Result<TokenStream> {
    if function.sig.asyncness.is_some() {
        return Err(Error::new_spanned(&function.sig, "a spec is not async: it runs in a process with one thread"));
    }
    bring_calls_into_scope(&mut function, layers);
    let (name, set) = (&function.sig.ident, set_of(layers));
    let layered = |id: &str| match layers {
        [] => vec![(id.to_owned(), quote!(::core::option::Option::None))],
        layers => {
            let variant = |word: &Ident| Ident::new(&camel(&word.to_string()), word.span());
            let some = |word: &Ident| {
                let variant = variant(word);
                quote!(::core::option::Option::Some(::harness::Layer::#variant))
            };
            layers.iter().map(|word| (format!("{id}/{word}"), some(word))).collect()
        }
    };
    let entries = entries.iter().flat_map(|entry| layered(&entry.id).into_iter().map(move |layered| (entry, layered)));
    let entries = entries.map(|(Entry { statement, cite, covers, argument, .. }, (id, layer))| {
        let body = match argument {
            None => quote!(#name()),
            Some(argument) => quote!({
                #[allow(unused_imports)]
                use ::calls::for_layers::#set::*;
                #name(#argument)
            }),
        };
        quote! {
            const _: () = {
                #[::harness::linkme::distributed_slice(::harness::registry::SPECS)]
                #[linkme(crate = ::harness::linkme)]
                static SPEC: ::harness::Spec = ::harness::Spec {
                    id: #id,
                    statement: #statement,
                    cite: #cite,
                    covers: #covers,
                    own_needs: &[#(#needs),*],
                    layer: #layer,
                    file: ::core::file!(),
                    line: ::core::line!(),
                    body: || ::harness::judge::Judged::into_result(#body),
                };
            };
        }
    });
    let entries: Vec<_> = entries.collect();
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
