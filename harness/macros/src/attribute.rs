//! What stands between the brackets of `#[harness::test(...)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitFloat, LitInt, LitStr, Result, Token, bracketed, parenthesized};

/// The attribute's arguments, checked one by one.
pub struct Attribute {
    pub id: LitStr,
    pub cite: LitStr,
    pub covers: Vec<LitStr>,
    /// Expressions of type `harness::Need`.
    pub needs: Vec<TokenStream>,
    /// Words of layers; empty when the layer is no case.
    pub layers: Vec<Ident>,
}

/// The arguments of a need, as they are written.
enum Argument {
    None,
    Count,
    Version,
    Text,
}

/// The words of `harness::Need`; a test in harness holds that the two agree.
const NEEDS: [(&str, Argument); 21] = [
    ("cap_sys_resource", Argument::None),
    ("cpus", Argument::Count),
    ("dev_shm", Argument::None),
    ("disposable", Argument::None),
    ("ipcns", Argument::None),
    ("mounts", Argument::None),
    ("mqueue", Argument::None),
    ("netns", Argument::None),
    ("no_pipe_hard_limit", Argument::None),
    ("nofile", Argument::Count),
    ("own_uid", Argument::None),
    ("pidns", Argument::None),
    ("pipe_hard_limit", Argument::None),
    ("program", Argument::Text),
    ("protected_fifos", Argument::None),
    ("pty", Argument::None),
    ("reboot", Argument::None),
    ("root", Argument::None),
    ("second_uid", Argument::None),
    ("since", Argument::Version),
    ("sysv", Argument::None),
];

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
                "cite" if input.peek(syn::token::Bracket) => {
                    let words: Vec<_> = list::<Citation>(input)?.into_iter().map(|citation| citation.0).collect();
                    once(&key, &mut cite, LitStr::new(&words.join("; "), key.span()))?;
                }
                "cite" => once(&key, &mut cite, input.parse::<LitStr>()?)?,
                "covers" => once(&key, &mut covers, list::<LitStr>(input)?)?,
                "needs" => once(&key, &mut needs, list::<NeedExpression>(input)?)?,
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
                "a spec quotes what it checks: write `cite = \"POSIX.1-2024 read(); pipe(7), I/O on pipes and FIFOs\"`",
            )
        })?;
        let covers = covers.ok_or_else(|| {
            missing("a spec names the clauses that it covers: write `covers = [\"behaviours:pipe.read-eof\"]`, or `covers = []`")
        })?;
        check_id(&id)?;
        if cite.value().trim().is_empty() {
            return Err(Error::new(
                cite.span(),
                "the citation is empty: name the function or manual page, and its section",
            ));
        }
        let layers = layers.unwrap_or_default();
        for layer in &layers {
            if !LAYERS.contains(&layer.to_string().as_str()) {
                return Err(Error::new(layer.span(), format!("unknown layer `{layer}`: write libc, nix or raw")));
            }
        }
        let needs = needs.unwrap_or_default().into_iter().map(|need| need.0).collect();
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

fn in_parentheses<T: Parse>(input: ParseStream) -> Result<T> {
    let content;
    parenthesized!(content in input);
    content.parse()
}

/// `posix("read.3p", "ERRORS", "EAGAIN")`, `man("pipe.7", "PIPE_BUF")`, `kernel("fs/pipe.c", "pipe_read", "6.18")`.
struct Citation(String);

impl Parse for Citation {
    fn parse(input: ParseStream) -> Result<Self> {
        let kind: Ident = input.parse()?;
        let content;
        parenthesized!(content in input);
        let parts = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
        let parts: Vec<_> = parts.iter().map(LitStr::value).collect();
        let kind_word = kind.to_string();
        match (kind_word.as_str(), parts.as_slice()) {
            ("posix" | "posix_2024" | "man", [page, heading @ ..]) if heading.len() <= 2 => {
                let title = if kind == "man" { "" } else { "POSIX " };
                Ok(Self(format!("{title}{page}, {}", heading.join(": "))))
            }
            ("kernel", [file, function, version]) => Ok(Self(format!("Linux {version} {file}, {function}()"))),
            _ => Err(Error::new(
                kind.span(),
                "write posix(page, heading, item), man(page, heading, item) or kernel(file, function, version)",
            )),
        }
    }
}

struct NeedExpression(TokenStream);

impl Parse for NeedExpression {
    fn parse(input: ParseStream) -> Result<Self> {
        let word: Ident = input.parse()?;
        let Some((_, argument)) = NEEDS.iter().find(|(known, _)| word == known) else {
            let words = NEEDS.map(|(known, argument)| match argument {
                Argument::None => known.to_owned(),
                Argument::Count => format!("{known}(2)"),
                Argument::Version => format!("{known}(5.14)"),
                Argument::Text => format!("{known}(\"sh\")"),
            });
            return Err(Error::new(word.span(), format!("unknown need `{word}`: write one of {}", words.join(", "))));
        };
        let variant = Ident::new(&camel(&word.to_string()), word.span());
        let arguments = match argument {
            Argument::None => quote!(),
            Argument::Count => {
                let count: LitInt = in_parentheses(input)?;
                quote!((#count))
            }
            Argument::Version => {
                // As written: 5.10 is not 5.1.
                let version: LitFloat = in_parentheses(input)
                    .map_err(|error| Error::new(error.span(), format!("a version is written `{word}(5.14)`")))?;
                let (major, minor) = version.base10_digits().split_once('.').unwrap_or_default();
                let number = |digits: &str| digits.parse::<u32>().map_err(|error| Error::new(version.span(), error));
                let (major, minor) = (number(major)?, number(minor)?);
                quote!((#major, #minor))
            }
            Argument::Text => {
                let text: LitStr = in_parentheses(input)?;
                quote!((#text))
            }
        };
        Ok(Self(quote!(::harness::Need::#variant #arguments)))
    }
}

/// `own_uid` is written `OwnUid` in Rust, `libc` is `Libc`.
pub fn camel(word: &str) -> String {
    word.split('_').map(|part| part[..1].to_ascii_uppercase() + &part[1..]).collect()
}
