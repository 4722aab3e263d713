//! The `ipcspec` command.
use harness::runner::{Event, Pace};
use suites as _;

fn main() {
    fixtures::unrelated::run_if_asked();
    let specs = harness::registry::specs();
    let m = harness::ladder::Machine::probe(specs.iter().copied()).unwrap();
    println!("{m:?}");
    let order = harness::selection::order(specs, std::env::args().nth(1).map_or(1, |n| n.parse().unwrap()), None);
    let r = harness::runner::run(order, &m, Pace { jobs: Pace::default_jobs(), timeout_scale: 1.0 }, |e| {
        if let Event::Judged(r) = e {
            println!("{} {} {}us cpu {}us {:?}", r.id, r.verdict, r.wall_us, r.cpu_us, r.failures);
        }
        Ok(())
    });
    println!("{r:?}");
}
