//! The run and its machine as names and values, for reports that have properties.

use jiff::Timestamp;
use record::RunRecord;

/// Every fact about the run and its environment that a reader can gate or compare on, most telling first.
pub(crate) fn facts(run: &RunRecord) -> Vec<(String, String)> {
    let environment = &run.environment;
    let mut facts: Vec<(String, String)> = [
        ("version", run.version.clone()),
        ("run", run.run.clone()),
        ("started", run.started.to_string()),
        ("kernel", environment.kernel.clone()),
        ("build", environment.build.clone()),
        ("arch", environment.arch.clone()),
        ("libc", environment.libc.clone()),
        ("cpus", environment.cpus.to_string()),
        ("euid", environment.euid.to_string()),
        ("isolation", environment.isolation.clone()),
    ]
    .map(|(name, value)| (name.into(), value))
    .into();
    let optional = [
        ("target", run.target.clone()),
        ("hostname", environment.hostname.clone()),
        ("lsm", environment.lsm.clone()),
        ("container", environment.container.clone()),
        ("preloaded", environment.preloaded.clone()),
        ("directory", environment.directory.as_ref().map(ToString::to_string)),
        ("seed", run.seed.map(|seed| seed.to_string())),
        ("repeat", (run.repeat > 1).then(|| run.repeat.to_string())),
    ];
    facts.extend((1..).zip(&environment.broken).map(|(number, what)| (format!("broken.{number}"), what.clone())));
    facts.extend(optional.into_iter().filter_map(|(name, value)| Some((name.into(), value?))));
    for (group, entries) in
        [("refused", &environment.refused), ("rlimit", &environment.rlimits), ("sysctl", &environment.sysctls)]
    {
        facts.extend(entries.iter().map(|(name, value)| (format!("{group}.{name}"), value.clone())));
    }
    facts
}

/// The start in UTC, or the number if it is not a valid time.
pub(crate) fn started(run: &RunRecord) -> String {
    time(run).map_or_else(|| run.started.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// The start, if the calendar has it.
pub(crate) fn time(run: &RunRecord) -> Option<Timestamp> {
    i64::try_from(run.started).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
}
