//! `ipcspec doctor`.

use super::{CliError, print};
use engine::remote::list;
use engine::runner::machine::Machine;
use harness::registry::specs;
use record::Missing;
use reports::Exit;
use std::collections::BTreeMap;
use std::fmt::Write;

pub fn doctor() -> Result<Exit, CliError> {
    let broken = engine::trusted::check()?;
    let machine =
        Machine::probe(specs().iter().copied()).map_err(|error| CliError::could_not_run(error.to_string()))?;
    let here = engine::environment::look(machine.isolation.word(), machine.refused.clone());
    let mut text = String::new();
    let _ = writeln!(text, "system\n  {} {}, {}\n  {}", here.kernel, here.arch, here.libc, here.build);
    let _ = writeln!(text, "  {} processors, uid {}", here.cpus, here.euid);
    if let Some(container) = &here.container {
        let _ = writeln!(text, "  in a container: {container}");
    }
    if let Some(modules) = &here.lsm {
        let _ = writeln!(text, "  security modules: {modules}");
    }
    let _ = writeln!(text, "what a run stands on");
    match &broken[..] {
        [] => _ = writeln!(text, "  works"),
        broken => broken.iter().for_each(|what| _ = writeln!(text, "  broken: {what}")),
    }
    let _ = writeln!(text, "isolation\n  {}: {}", here.isolation, machine.isolation.meaning());
    for (isolation, reason) in &here.refused {
        let _ = writeln!(text, "  {isolation}: not available: {reason}");
    }
    write_needs(&mut text, &machine);
    for (heading, values) in [("limits (soft/hard)", &here.rlimits), ("settings", &here.sysctls)] {
        let _ = writeln!(text, "{heading}");
        for (name, value) in values {
            let _ = writeln!(text, "  {name} = {value}");
        }
    }
    write_targets(&mut text)?;
    print(&text)?;
    Ok(Exit::Passed)
}

/// Which targets are ready, and what the others lack.
fn write_targets(text: &mut String) -> Result<(), CliError> {
    let _ = writeln!(text, "targets");
    for target in list::all(None).map_err(CliError::could_not_run)? {
        let words = target.is_ready().err().map_or("ready".into(), |missing| missing.to_string());
        let _ = writeln!(text, "  {}: {words}", target.name);
    }
    Ok(())
}

/// Every need of a spec, how many specs have it, and the remedy if it is not met.
fn write_needs(text: &mut String, machine: &Machine) {
    let mut needs: BTreeMap<String, (usize, Option<Missing>)> = BTreeMap::new();
    for spec in specs() {
        let missing = machine.place(spec).err().unwrap_or_default();
        for need in spec.needs().map(ToString::to_string) {
            let lack = missing.iter().find(|missing| missing.need == need).cloned();
            let entry = needs.entry(need).or_default();
            entry.0 += 1;
            entry.1 = lack.or(entry.1.take());
        }
    }
    let _ = writeln!(text, "needs");
    for (need, (count, lack)) in needs {
        let needed = format!("needed by {count} {}", if count == 1 { "spec" } else { "specs" });
        let _ = match lack {
            None => writeln!(text, "  {need}: available ({needed})"),
            Some(Missing { found, remedy, .. }) => {
                writeln!(text, "  {need}: missing ({needed}): {found}\n      {remedy}")
            }
        };
    }
}
