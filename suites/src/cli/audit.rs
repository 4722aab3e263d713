//! `ipcspec audit`.

use super::Refusal;
use super::select::Filters;
use clap::Args;
use fixtures::clauses::Catalogue;
use harness::Errno;
use harness::audit::campaign;
use harness::audit::findings::Outcome;
use harness::ladder::Machine;
use harness::runner::Pace;
use reports::Exit;
use std::collections::BTreeMap;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[arg(long)]
    jobs: Option<usize>,
}

/// The errors that the catalogue lists for a call, each once.
fn documented(call: &str) -> Vec<Errno> {
    let mut errors = Vec::new();
    for row in Catalogue::load().errors.iter().filter(|row| row.call == call) {
        if let Some(error) = errno(row.recorded_errno())
            && !errors.contains(&error)
        {
            errors.push(error);
        }
    }
    errors
}

fn errno(name: &str) -> Option<Errno> {
    (1..200).map(Errno::from_raw).find(|errno| format!("{errno:?}") == name)
}

pub fn audit(arguments: &Arguments) -> Result<Exit, Refusal> {
    let specs = arguments.filters.specs()?;
    let could_not = |error: harness::ladder::CannotRun| Refusal::could_not(error.to_string());
    let machine = Machine::probe(specs.iter().copied()).map_err(could_not)?;
    let pace = Pace { jobs: arguments.jobs.unwrap_or(8), timeout_scale: 1.0 };
    let t = std::time::Instant::now();
    let plans = campaign::plan(&specs, &machine, pace, documented, |_| ()).map_err(could_not)?.unwrap();
    eprintln!("planned in {:?}: {} sabotages", t.elapsed(), plans.iter().map(|p| p.sabotages.len()).sum::<usize>());
    eprintln!(
        "left out {:?}",
        plans.iter().filter_map(|p| p.left_out.as_ref().map(|l| (p.spec.id, l))).collect::<Vec<_>>()
    );
    if std::env::var_os("PLAN").is_some() {
        let mut by = BTreeMap::<(String, bool), usize>::new();
        for p in &plans {
            for (s, j) in &p.sabotages {
                *by.entry((s.call.clone(), j.is_some())).or_default() += 1;
                if specs.len() < 10 {
                    eprintln!("{} {} {j:?}", p.spec.id, s.name());
                }
            }
        }
        eprintln!("{by:#?}");
        return Ok(Exit::Holds);
    }
    let t = std::time::Instant::now();
    let audited = campaign::try_all(plans, &machine, pace, |_| ()).map_err(could_not)?.unwrap();
    eprintln!("tried in {:?}", t.elapsed());
    let mut table = BTreeMap::<(String, bool), [usize; 4]>::new();
    for a in &audited {
        if a.is_vacuous() {
            println!("VACUOUS {}", a.id);
        }
        for t in &a.tried {
            let row = table.entry((a.mechanism.clone(), t.judged.is_some())).or_default();
            row[0] += 1;
            row[match t.outcome() {
                Outcome::Noticed => 1,
                Outcome::Missed => 2,
                Outcome::NotMade => 3,
            }] += 1;
            if t.outcome() != Outcome::Noticed {
                println!(
                    "{:?} {} {} {}",
                    t.outcome(),
                    a.id,
                    t.sabotage,
                    t.judged.as_ref().map_or("scene".into(), ToString::to_string)
                );
            }
            if std::env::var_os("SLOW").is_some() {
                println!("TIME {} {} {} {:?}", t.wall_us, a.id, t.sabotage, t.verdict);
            }
        }
    }
    println!("{table:?}");
    Ok(Exit::Holds)
}
