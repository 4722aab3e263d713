//! Shards or layers of one run, merged into that run.

use record::{EndRecord, Environment, Records, RunRecord, Shard};
use std::collections::{BTreeMap, HashMap};

/// A part, with a name for error messages.
#[derive(Clone, Debug)]
pub struct Part {
    /// The name of its file.
    pub name: String,
    /// What it judged.
    pub records: Records,
}

/// Merges the parts: selections are added up, and the time spans from the first start to the last end. An error is a
/// sentence that names the parts that do not belong together.
pub fn merge(parts: Vec<Part>) -> Result<Records, String> {
    let [first, others @ ..] = &parts[..] else { return Err("nothing to merge".into()) };
    others.iter().try_for_each(|other| assert_of_one_run(first, other))?;
    assert_apart(&parts)?;
    assert_no_hole(&parts)?;
    let run = RunRecord {
        run: parts.iter().map(|part| part.records.run.run.as_str()).collect::<Vec<_>>().join("+"),
        started: parts.iter().map(|part| part.records.run.started).min().unwrap_or_default(),
        selection: selections(&parts),
        shard: None,
        selected: parts.iter().fold(0, |sum, part| part.records.run.selected.saturating_add(sum)),
        ..first.records.run.clone()
    };
    let end = EndRecord {
        specs: parts.iter().map(|part| part.records.specs.len()).sum(),
        interrupted: parts.iter().any(|part| part.records.end.interrupted),
        wall_us: span_us(&parts, run.started),
        kernel_log: parts.iter().flat_map(|part| part.records.end.kernel_log.clone()).collect(),
        grown: parts.iter().flat_map(|part| part.records.end.grown.clone()).collect(),
    };
    Ok(Records { run, specs: parts.into_iter().flat_map(|part| part.records.specs).collect(), end })
}

/// The filters of all parts, each once.
fn selections(parts: &[Part]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in parts.iter().flat_map(|part| &part.records.run.selection) {
        if !words.contains(word) {
            words.push(word.clone());
        }
    }
    words
}

/// Parts may have run one after another on one machine, or side by side on several.
fn span_us(parts: &[Part], started: u64) -> u64 {
    let end = |Part { records: Records { run, end, .. }, .. }: &Part| {
        (run.started - started).saturating_mul(1_000_000).saturating_add(end.wall_us)
    };
    parts.iter().map(end).max().unwrap_or_default()
}

/// What must be the same, so that it does not matter which part judged a spec.
fn assert_of_one_run(one: &Part, other: &Part) -> Result<(), String> {
    let same = |of: fn(&RunRecord) -> String| [one, other].map(|part| of(&part.records.run));
    let facts = [
        ("version of ipcspec", same(|run| run.version.clone())),
        ("kernel", same(|run| run.environment.kernel.clone())),
        ("build of the kernel", same(|run| run.environment.build.clone())),
        ("machine", same(|run| run.environment.arch.clone())),
        ("C library", same(|run| run.environment.libc.clone())),
        ("preloaded library", same(|run| run.environment.preloaded.clone().unwrap_or_else(|| "none".into()))),
        ("file system of --directory", same(|run| file_system(&run.environment).into())),
        ("isolation", same(|run| run.environment.isolation.clone())),
        ("user id", same(|run| run.environment.euid.to_string())),
        ("target", same(|run| run.target.clone().unwrap_or_else(|| "local".into()))),
        ("number of repetitions", same(|run| run.repeat.to_string())),
        ("seed", same(|run| run.seed.map_or("none".into(), |seed| seed.to_string()))),
    ];
    match facts.iter().find(|(_, [one, other])| one != other) {
        None => Ok(()),
        Some((fact, [this, that])) => Err(format!(
            "{} and {} are not parts of one run: the {fact} is {this} in one and {that} in the other; `ipcspec compare` \
             shows what differs",
            one.name, other.name
        )),
    }
}

fn file_system(environment: &Environment) -> &str {
    environment.directory.as_ref().map_or("none", |directory| &directory.file_system)
}

fn assert_apart(parts: &[Part]) -> Result<(), String> {
    let mut judged = HashMap::new();
    for part in parts {
        for spec in &part.records.specs {
            if let Some(other) = judged.insert((&spec.id, spec.attempt), &part.name) {
                return Err(format!("{other} and {} overlap: both judge {}", part.name, spec.id));
            }
        }
    }
    Ok(())
}

/// Of each selection that was run in shards there must be all of them: a run with a hole would pass for a whole one.
fn assert_no_hole(parts: &[Part]) -> Result<(), String> {
    let mut selections: BTreeMap<&[String], BTreeMap<Option<Shard>, &str>> = BTreeMap::new();
    for Part { name, records: Records { run, .. } } in parts {
        selections.entry(&run.selection).or_default().insert(run.shard, name);
    }
    for (selection, shards) in selections {
        let [Some(Shard { total, .. }), ..] = shards.keys().rev().copied().collect::<Vec<_>>()[..] else { continue };
        let of = if selection.is_empty() { String::new() } else { format!(" of `{}`", selection.join(" ")) };
        if let Some((other, name)) = shards.iter().find(|(shard, _)| shard.is_none_or(|shard| shard.total != total)) {
            let is = other.map_or("no shard".into(), |shard| format!("shard {shard}"));
            return Err(format!("{name} is {is}{of}, and other parts are shards of {total}"));
        }
        if let Some(part) = (1..=total).find(|part| !shards.contains_key(&Some(Shard { part: *part, total }))) {
            return Err(format!("shard {part}/{total}{of} is missing"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Exit;
    use crate::sample;
    use record::Directory;

    /// The sample in two parts: what `pick` takes, and the rest.
    fn halves(pick: fn(usize) -> bool) -> Vec<Part> {
        let half = |name: &str, first: bool| {
            let mut records = sample::records();
            let mut index = 0..;
            records.specs.retain(|_| pick(index.next().unwrap_or_default()) == first);
            (records.run.selected, records.end.specs) = (records.specs.len(), records.specs.len());
            records.run.run = name.into();
            Part { name: name.into(), records }
        };
        vec![half("one", true), half("two", false)]
    }

    #[test]
    fn parts_become_the_whole() {
        let mut parts = halves(|index| index < 3);
        parts[1].records.run.started += 2;
        parts[1].records.end.wall_us = 1_000_000;
        let merged = merge(parts).unwrap();
        let whole = sample::records();
        assert_eq!(merged.specs, whole.specs);
        assert_eq!((merged.run.selected, merged.end.specs), (7, 7));
        assert_eq!(merged.run.run, "one+two");
        assert_eq!(merged.run.started, whole.run.started);
        assert_eq!(merged.end.wall_us, 31_214_000, "the first part took longest");

        let mut parts = halves(|index| index % 2 == 0);
        parts[0].records.run.started += 40;
        parts[0].records.end.wall_us = 1_000_000;
        let merged = merge(parts).unwrap();
        assert_eq!(merged.end.wall_us, 41_000_000, "from the first start to the last end");
        assert_eq!(Exit::of(&merged), Exit::of(&whole));
    }

    #[test]
    fn a_part_that_is_not_whole_leaves_no_whole() {
        let mut parts = halves(|index| index < 3);
        parts[1].records.end.interrupted = true;
        assert!(merge(parts).unwrap().end.interrupted);
        let mut parts = halves(|index| index < 3);
        parts[1].records.run.selected += 1;
        let merged = merge(parts).unwrap();
        assert_eq!((merged.run.selected, merged.specs.len()), (8, 7));
    }

    #[test]
    fn what_is_not_of_one_run_is_refused_in_a_sentence() {
        type Change = fn(&mut RunRecord);
        let changes: [(Change, &str); 12] = [
            (|run| run.version = "0.2.0".into(), "the version of ipcspec is 0.1.0 in one and 0.2.0 in the other"),
            (|run| run.environment.kernel = "Linux 6.1".into(), "the kernel is Linux 6.18.44 in one and Linux 6.1"),
            (|run| run.environment.build = "#2 SMP".into(), "the build of the kernel is #1 SMP in one and #2 SMP"),
            (|run| run.environment.arch = "aarch64".into(), "the machine is x86_64 in one and aarch64"),
            (|run| run.environment.libc = "musl".into(), "the C library is glibc 2.36 in one and musl"),
            (|run| run.environment.preloaded = Some("x.so".into()), "the preloaded library is none in one and x.so"),
            (
                |run| {
                    let file_system = "ext4".into();
                    run.environment.directory = Some(Directory { path: "/srv".into(), file_system });
                },
                "the file system of --directory is none in one and ext4",
            ),
            (|run| run.environment.isolation = "none".into(), "the isolation is userns in one and none"),
            (|run| run.environment.euid = 0, "the user id is 1000 in one and 0"),
            (|run| run.target = Some("uml".into()), "the target is local in one and uml"),
            (|run| run.repeat = 2, "the number of repetitions is 1 in one and 2"),
            (|run| run.seed = Some(7), "the seed is none in one and 7"),
        ];
        for (change, words) in changes {
            let mut parts = halves(|index| index < 3);
            change(&mut parts[1].records.run);
            let sentence = merge(parts).unwrap_err();
            assert!(sentence.starts_with("one and two are not parts of one run: "), "{sentence}");
            assert!(sentence.contains(words), "{words:?} is not in {sentence:?}");
        }
    }

    #[test]
    fn parts_that_overlap_are_refused() {
        let mut parts = halves(|index| index < 3);
        let twice = parts[0].records.specs[2].clone();
        parts[1].records.specs.push(twice);
        assert_eq!(merge(parts).unwrap_err(), "one and two overlap: both judge fifo.open-nonblock-write/raw");
    }

    #[test]
    fn a_missing_shard_is_named() {
        let shard = |shard: &str| Some(shard.parse().unwrap());
        let merged = |shards: [Option<Shard>; 2], selection: &str| {
            let mut parts = halves(|index| index < 3);
            for (part, shard) in parts.iter_mut().zip(shards) {
                part.records.run.shard = shard;
                part.records.run.selection = selection.split_whitespace().map(String::from).collect();
            }
            merge(parts).map(|records| records.run.shard)
        };
        assert_eq!(merged([shard("1/2"), shard("2/2")], ""), Ok(None));
        assert_eq!(merged([None, None], ""), Ok(None), "layers, for instance");
        for (shards, selection, words) in [
            ([shard("1/3"), shard("2/3")], "", "shard 3/3 is missing"),
            ([shard("3/3"), shard("2/3")], "pipe.* --layer=raw", "shard 1/3 of `pipe.* --layer=raw` is missing"),
            ([shard("1/2"), shard("2/3")], "", "one is shard 1/2, and other parts are shards of 3"),
            ([shard("1/2"), None], "", "two is no shard, and other parts are shards of 2"),
        ] {
            assert_eq!(merged(shards, selection), Err(words.to_owned()));
        }
    }

    #[test]
    fn each_selection_has_all_of_its_shards() {
        let mut parts = halves(|index| index < 3);
        parts[0].records.run.selection = vec!["--layer=libc".into()];
        parts[1].records.run.selection = vec!["--layer=raw".into()];
        parts[1].records.run.shard = Some("1/2".parse().unwrap());
        assert_eq!(merge(parts).unwrap_err(), "shard 2/2 of `--layer=raw` is missing");
    }
}
