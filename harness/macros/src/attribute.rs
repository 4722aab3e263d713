//! What stands between the brackets of `#[harness::test(...)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitStr, Result, Token, bracketed, parenthesized};

/// The arguments of `#[harness::test]`, checked one by one.
pub struct Attribute {
    pub subject: Subject,
    /// Expressions of type `harness::Citation`, at least one.
    pub cite: Vec<TokenStream>,
    /// Expressions of type `harness::Need`: constants, and calls of const functions.
    pub needs: Vec<Expr>,
    /// Words of layers; empty when the layer is no case.
    pub layers: Vec<Ident>,
}

/// What a function is a spec of.
pub enum Subject {
    /// One thing.
    One { id: LitStr, covers: Vec<LitStr> },
    /// Several things for which one rule holds: a row each.
    Rows(Vec<Row>),
}

/// `("fifo.eof", ["behaviours:fifo.eof"], FIFO)`.
pub struct Row {
    pub id: LitStr,
    pub covers: Vec<LitStr>,
    pub argument: Expr,
}

/// The arguments of `#[harness::errors]`.
pub struct Errors {
    pub family: LitStr,
    pub rows: Vec<ErrorRow>,
    /// Clauses that each row shows beside its own.
    pub covers: Vec<LitStr>,
    pub needs: Vec<Expr>,
    pub layers: Vec<Ident>,
}

/// `("fifo.make-enotdir/mkfifo", "errors:fifo.mkfifo.ENOTDIR", MKFIFO)`.
pub struct ErrorRow {
    pub id: LitStr,
    pub clause: LitStr,
    pub argument: Expr,
}

/// The layers, in the order in which sets of them are named.
pub const LAYERS: [&str; 3] = ["libc", "nix", "raw"];

impl Parse for Attribute {
    fn parse(input: ParseStream) -> Result<Self> {
        let (mut id, mut covers, mut rows) = (None, None, None);
        let (mut cite, mut needs, mut layers) = (None, None, None);
        each_key(input, |key, input| match key.to_string().as_str() {
            "id" => once(key, &mut id, input.parse::<LitStr>()?),
            "covers" => once(key, &mut covers, list::<LitStr>(input)?),
            "rows" => once(key, &mut rows, list::<Row>(input)?),
            "cite" => once(key, &mut cite, list::<Citation>(input)?),
            "needs" => once(key, &mut needs, list::<Expr>(input)?),
            "layers" => once(key, &mut layers, list::<Ident>(input)?),
            other => Err(Error::new(
                key.span(),
                format!("unknown key `{other}`: write id, cite, covers, rows, needs or layers"),
            )),
        })?;
        let subject = match (id, covers, rows) {
            (None, None, Some(rows)) => Subject::Rows(rows),
            (_, _, Some(_)) => {
                return Err(missing("`rows` have the ids and the clauses: write no `id` and no `covers`"));
            }
            (None, ..) => return Err(missing("a spec has an id: write `id = \"mechanism.behaviour\"`")),
            (Some(_), None, _) => {
                return Err(missing(
                    "a spec names the clauses that it covers: write `covers = [\"behaviours:pipe.read-eof\"]`, or `covers = []`",
                ));
            }
            (Some(id), Some(covers), None) => {
                check_id(&id)?;
                Subject::One { id, covers }
            }
        };
        let cite = cite.ok_or_else(|| {
            missing(
                "a spec quotes what it checks: write `cite = [posix(\"read.3p\", \"RETURN VALUE\"), man(\"pipe.7\", \"PIPE_BUF\")]`",
            )
        })?;
        if cite.is_empty() {
            return Err(missing(
                "the citation is empty: name at least one text, first the one that carries the whole statement",
            ));
        }
        Ok(Self {
            subject,
            cite: cite.into_iter().map(|citation| citation.0).collect(),
            needs: needs.unwrap_or_default(),
            layers: known_layers(layers)?,
        })
    }
}

impl Parse for Errors {
    fn parse(input: ParseStream) -> Result<Self> {
        let (mut family, mut rows, mut covers, mut needs, mut layers) = (None, None, None, None, None);
        each_key(input, |key, input| match key.to_string().as_str() {
            "family" => once(key, &mut family, input.parse::<LitStr>()?),
            "rows" => once(key, &mut rows, list::<ErrorRow>(input)?),
            "covers" => once(key, &mut covers, list::<LitStr>(input)?),
            "needs" => once(key, &mut needs, list::<Expr>(input)?),
            "layers" => once(key, &mut layers, list::<Ident>(input)?),
            other => Err(Error::new(
                key.span(),
                format!("unknown key `{other}`: write family, rows, covers, needs or layers"),
            )),
        })?;
        Ok(Self {
            family: family.ok_or_else(|| missing("write `family = \"...\"`, as in the column of the catalogue"))?,
            rows: rows.ok_or_else(|| missing("write `rows = [(\"id\", \"errors:clause\", VALUE)]`"))?,
            covers: covers.unwrap_or_default(),
            needs: needs.unwrap_or_default(),
            layers: known_layers(layers)?,
        })
    }
}

impl Parse for Row {
    fn parse(input: ParseStream) -> Result<Self> {
        let content;
        parenthesized!(content in input);
        let id: LitStr = content.parse()?;
        check_row_id(&id)?;
        content.parse::<Token![,]>()?;
        let covers = list(&content)?;
        content.parse::<Token![,]>()?;
        Ok(Self { id, covers, argument: last(&content)? })
    }
}

impl Parse for ErrorRow {
    fn parse(input: ParseStream) -> Result<Self> {
        let content;
        parenthesized!(content in input);
        let id: LitStr = content.parse()?;
        check_row_id(&id)?;
        content.parse::<Token![,]>()?;
        let clause = content.parse()?;
        content.parse::<Token![,]>()?;
        Ok(Self { id, clause, argument: last(&content)? })
    }
}

/// An expression, perhaps with a comma behind it.
fn last(input: ParseStream) -> Result<Expr> {
    let expression = input.parse()?;
    input.parse::<Option<Token![,]>>()?;
    Ok(expression)
}

/// `key = value, ...`
fn each_key(input: ParseStream, mut take: impl FnMut(&Ident, ParseStream) -> Result<()>) -> Result<()> {
    while !input.is_empty() {
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        take(&key, input)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

fn missing(what: &str) -> Error {
    Error::new(Span::call_site(), what)
}

fn known_layers(layers: Option<Vec<Ident>>) -> Result<Vec<Ident>> {
    let layers = layers.unwrap_or_default();
    match layers.iter().find(|layer| !LAYERS.contains(&layer.to_string().as_str())) {
        Some(layer) => Err(Error::new(layer.span(), format!("unknown layer `{layer}`: write libc, nix or raw"))),
        None => Ok(layers),
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
    if is_id(&id.value()) { Ok(()) } else { Err(not_an_id(id)) }
}

/// The id of a row may end in a case: `fifo.make-enotdir/mkfifo`.
fn check_row_id(id: &LitStr) -> Result<()> {
    let text = id.value();
    let (head, case) = text.split_once('/').unwrap_or((&text, "case"));
    if is_id(head) && is_word(case) { Ok(()) } else { Err(not_an_id(id)) }
}

fn is_word(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_lowercase())
        && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_id(text: &str) -> bool {
    text.split_once('.').is_some_and(|(mechanism, behaviour)| is_word(mechanism) && is_word(behaviour))
}

fn not_an_id(id: &LitStr) -> Error {
    let text = id.value();
    let message = format!(
        "`{text}` is not an id: write \"mechanism.behaviour\" in lower case with hyphens, like \"pipe.read-eof\""
    );
    Error::new(id.span(), message)
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
