//! What stands between the brackets of `#[harness::test(...)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitStr, Result, Token, bracketed, parenthesized};

/// The attribute's arguments, checked one by one.
pub struct Attribute {
    pub id: LitStr,
    /// Expressions of type `harness::Citation`, at least one.
    pub cite: Vec<TokenStream>,
    pub covers: Vec<LitStr>,
    /// Expressions of type `harness::Need`: constants, and calls of const functions.
    pub needs: Vec<Expr>,
    /// Words of layers; empty when the layer is no case.
    pub layers: Vec<Ident>,
}

/// The layers, in the order in which sets of them are named.
pub const LAYERS: [&str; 3] = ["libc", "nix", "raw"];

impl Parse for Attribute {
    fn parse(input: ParseStream) -> Result<Self> {
        let (mut id, mut cite, mut covers, mut needs, mut layers) = (None, None, None, None, None);
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "id" => once(&key, &mut id, input.parse::<LitStr>()?)?,
                "cite" => once(&key, &mut cite, list::<Citation>(input)?)?,
                "covers" => once(&key, &mut covers, list::<LitStr>(input)?)?,
                "needs" => once(&key, &mut needs, list::<Expr>(input)?)?,
                "layers" => once(&key, &mut layers, list::<Ident>(input)?)?,
                other => {
                    let message = format!("unknown key `{other}`: write id, cite, covers, needs or layers");
                    return Err(Error::new(key.span(), message));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what: &str| Error::new(Span::call_site(), what);
        let id = id.ok_or_else(|| missing("a spec has an id: write `id = \"mechanism.behaviour\"`"))?;
        let cite = cite.ok_or_else(|| {
            missing(
                "a spec quotes what it checks: write `cite = [posix(\"read.3p\", \"RETURN VALUE\"), man(\"pipe.7\", \"PIPE_BUF\")]`",
            )
        })?;
        let covers = covers.ok_or_else(|| {
            missing("a spec names the clauses that it covers: write `covers = [\"behaviours:pipe.read-eof\"]`, or `covers = []`")
        })?;
        check_id(&id)?;
        if cite.is_empty() {
            return Err(missing(
                "the citation is empty: name at least one text, first the one that carries the whole statement",
            ));
        }
        let cite = cite.into_iter().map(|citation| citation.0).collect();
        let layers = layers.unwrap_or_default();
        for layer in &layers {
            if !LAYERS.contains(&layer.to_string().as_str()) {
                return Err(Error::new(layer.span(), format!("unknown layer `{layer}`: write libc, nix or raw")));
            }
        }
        let needs = needs.unwrap_or_default();
        Ok(Self { id, cite, covers, needs, layers })
    }
}

fn once<T>(key: &Ident, slot: &mut Option<T>, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(key.span(), format!("`{key}` is given twice"))),
    }
}

fn list<T: Parse>(input: ParseStream) -> Result<Vec<T>> {
    let content;
    bracketed!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

/// `mechanism.behaviour` in lower case with hyphens: what can stand in a nextest filter, a glob and a file name.
fn check_id(id: &LitStr) -> Result<()> {
    let text = id.value();
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    match text.split('.').collect::<Vec<_>>()[..] {
        [mechanism, behaviour] if part(mechanism) && part(behaviour) => Ok(()),
        _ => Err(Error::new(
            id.span(),
            format!(
                "`{text}` is not an id: write \"mechanism.behaviour\" in lower case with hyphens, like \"pipe.read-eof\""
            ),
        )),
    }
}

/// `posix("read.3p", "ERRORS", "EAGAIN")`, `man("pipe.7", "PIPE_BUF")`, `kernel("fs/pipe.c", "pipe_read", "6.18")`.
struct Citation(TokenStream);

const CITATIONS: &str = "a citation is `posix(page, heading, item)` or `man(page, heading, item)`, the item where there is one, or \
                         `kernel(file, function, version)`";

impl Parse for Citation {
    fn parse(input: ParseStream) -> Result<Self> {
        let kind: Ident = input.parse()?;
        let content;
        parenthesized!(content in input);
        let parts: Vec<_> = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?.into_iter().collect();
        let optional = |item: Option<&LitStr>| match item {
            Some(item) => quote!(::core::option::Option::Some(#item)),
            None => quote!(::core::option::Option::None),
        };
        let expression = match (kind.to_string().as_str(), parts.as_slice()) {
            (posix @ ("posix" | "posix_2024"), [page, heading, item @ ..]) if item.len() <= 1 => {
                let (edition, item) = (if posix == "posix" { 2017_u16 } else { 2024 }, optional(item.first()));
                quote!(::harness::Citation::posix(#edition, #page, #heading, #item))
            }
            ("man", [page, heading, item @ ..]) if item.len() <= 1 => {
                let item = optional(item.first());
                quote!(::harness::Citation::man(#page, #heading, #item))
            }
            ("kernel", [file, function, version]) => quote!(::harness::Citation::kernel(#file, #function, #version)),
            _ => return Err(Error::new(kind.span(), CITATIONS)),
        };
        Ok(Self(expression))
    }
}

/// `libc` is written `Libc` in Rust.
pub fn camel(word: &str) -> String {
    word.split('_').map(|part| part[..1].to_ascii_uppercase() + &part[1..]).collect()
}
