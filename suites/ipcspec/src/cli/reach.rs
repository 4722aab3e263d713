//! `ipcspec audit --reach`: which calls the audit mutates, and what of them. The page docs/src/audit-reach.md is what it prints.

use engine::mutation::calls;
use harness::call::{CallDescription, Given, Parameter, Returns, Where};

/// What comes before the table.
const HEAD: &str = "\
# What the audit reaches

This page is what `ipcspec audit --reach` prints. It follows from the call descriptions in `fixtures/calls`. A call that
is not in the table is left alone: those of the C library and of Rust for themselves (memory, threads, clocks), and
those that create and end processes. What is done to each part, and what no mutation does, is in [The
audit](audit.md#what-it-cannot-do).
";

/// The page.
pub fn page() -> String {
    let mut described: Vec<_> = calls::all().collect();
    described.sort_by_key(|call| call.name());
    let changed: usize = described.iter().map(|call| call.flags.len() + call.parameters.len()).sum();
    let mut page = format!(
        "{HEAD}\n{} system calls and operations; {changed} of their arguments are changed.\n\n\
         | call | returns | writes | reads | flags | other arguments |\n| :-- | :-- | :-- | :-- | :-- | :-- |\n",
        described.len()
    );
    for call in described {
        let reads = if call.takes.is_some() { "bytes" } else { "" };
        page += &format!(
            "| {} | {} | {} | {reads} | {} | {} |\n",
            call.name(),
            returns(call),
            writes(call),
            flags(call),
            parameters(call)
        );
    }
    page
}

fn returns(call: &CallDescription) -> &'static str {
    match call.returns {
        Returns::Nothing => "",
        Returns::Bytes(_) => "a count",
        Returns::Descriptor => "a descriptor",
        Returns::Number => "a number",
        Returns::Opaque => "a result that is not changed",
    }
}

fn writes(call: &CallDescription) -> String {
    let name = |given: &Given| match given {
        Given::Bytes(_) => "bytes",
        Given::Field(name, _) | Given::Identity(name, _) => name,
        Given::WaitStatus(_) => "a wait status",
    };
    call.gives.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn flags(call: &CallDescription) -> String {
    call.flags.iter().flat_map(|(_, flags)| flags.iter().map(|flag| flag.name)).collect::<Vec<_>>().join(", ")
}

fn parameters(call: &CallDescription) -> String {
    let name = |parameter: &Parameter| match parameter {
        Parameter::Choice(_, values) => {
            format!("one of {}", values.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" "))
        }
        Parameter::Access(_) => "access mode".into(),
        Parameter::Mode(_) => "mode".into(),
        Parameter::Size(_) => "size".into(),
        Parameter::Pages(_) => "pages".into(),
        Parameter::Offset(Where::Argument(_)) => "offset".into(),
        Parameter::Offset(Where::Memory(..)) => "offset in memory".into(),
        Parameter::Elements(..) => "iovec array".into(),
        Parameter::Timeout(_) | Parameter::Milliseconds(_) => "timeout".into(),
        Parameter::SignalNumber(_) => "signal".into(),
        Parameter::Signals(_) => "signal set".into(),
        Parameter::Process(_) => "process".into(),
        Parameter::Value(name, _) => (*name).into(),
    };
    call.parameters.iter().map(name).collect::<Vec<_>>().join(", ")
}
