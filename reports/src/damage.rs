//! Record files that are damaged, mixed or forged: damaged data gives no verdict, and nothing panics on hostile data.

use crate::documented::Documented;
use crate::gate::baseline::{Baseline, UpdateOptions, updated};
use crate::gate::compare::{Named, compare};
use crate::gate::merge::{Part, merge};
use crate::gate::{self, Exit, Scope};
use crate::render::html::{self, Column};
use crate::render::{Format, github, json, markdown, terminal};
use crate::{sample, text};
use fastrand::Rng;
use record::id::Form;
use record::{FORMAT, Records};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use strum::VariantArray;

fn whole() -> Vec<u8> {
    let mut file = Vec::new();
    sample::records().write(&mut file).unwrap();
    file
}

/// One sentence that a terminal can show.
#[track_caller]
fn assert_sentence(words: &str, context: &dyn Fn() -> String) {
    let shown = text::sentence(words);
    assert!(!shown.is_empty() && !shown.contains(char::is_control), "{shown:?}, {}", context());
}

/// Every answer that can be made from these records, beside those of the sample.
fn answer_everything(records: &Records, context: &dyn Fn() -> String) {
    let sample = sample::records();
    let errors = vec![sample::documented_error("read")];
    let documented = Documented { claims: sample::claims(), errors, ..Documented::default() };
    let claims = &documented.claims;
    for format in Format::VARIANTS {
        format.render(records, &documented, Form::Flat);
    }
    let columns = [("sample", &sample), ("mutant", records)].map(|(name, records)| Column {
        name: name.into(),
        records,
        gate: None,
    });
    html::page(&columns, &documented);
    terminal::run(records, &documented, Exit::of(records), terminal::OnRequest { claims: true, slowest: 10 });
    github::run(records);
    markdown::run(records, claims);

    let suite: BTreeSet<_> = records.specs.iter().chain(&sample.specs).map(|spec| spec.id.as_str()).collect();
    let own: BTreeSet<_> = records.specs.iter().map(|spec| spec.id.as_str()).collect();
    let options = UpdateOptions { reason: "So.".into(), pin: vec!["*".into()] };
    match updated(&Baseline::default(), records, &own, &options) {
        Err(words) => assert_sentence(&words, context),
        Ok(baseline) => {
            let baseline = Baseline::read(&baseline.write()).unwrap_or_else(|error| panic!("{error}, {}", context()));
            let outcome = gate::gate(records, &baseline, &Scope { suite, wanted: own }).unwrap();
            assert_eq!(outcome.findings, [], "{}", context());
            terminal::gate(&outcome, records, outcome.exit());
            github::gate(&outcome, records);
            markdown::gate(&outcome, records);
        }
    }
    let runs = [("sample", &sample), ("mutant", records), ("sample again", &sample)];
    let comparison = compare(&runs.map(|(name, records)| Named { name, records }), 2.0);
    terminal::compare(&comparison);
    markdown::compare(&comparison);
    json::compare(&comparison);
    let part = |name: &str, records: &Records| Part { name: name.into(), records: records.clone() };
    let mut apart = sample.clone();
    apart.specs.iter_mut().for_each(|spec| spec.id += " of another part");
    for other in [&sample, &apart] {
        if let Err(words) = merge(vec![part("other", other), part("mutant", records)]) {
            assert_sentence(&words, context);
        }
    }
}

/// Damage as disks, consoles and hands do it.
fn damage(mut file: Vec<u8>, random: &mut Rng) -> Vec<u8> {
    let at = random.usize(..file.len());
    let mut lines: Vec<_> = file.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let [one, other] = [(); 2].map(|()| random.usize(..lines.len()));
    match random.u8(..10) {
        0 => file.truncate(at.max(1)),
        1 => file[at] ^= 1 << random.u8(..8),
        2 => drop(file.splice(at..(at + random.usize(1..200)).min(file.len()), *b"x")),
        3 => drop(file.splice(at..at, (0..random.usize(1..50)).map(|_| random.u8(..)).collect::<Vec<_>>())),
        4 => drop(file.splice(at..at, *b"\n[   12.345678] a line of the kernel\n")),
        5 => drop(file.splice(at.., file[random.usize(..file.len())..].to_vec())),
        6 => {
            let text = String::from_utf8_lossy(&file);
            let newer = format!("\"format\":{}", random.u64(u64::from(FORMAT) + 1..));
            return text.replacen(&format!("\"format\":{FORMAT}"), &newer, 1).into_bytes();
        }
        kind => {
            match kind {
                7 => lines.insert(one, lines[other].clone()),
                8 => lines.swap(one, other),
                _ if lines.len() > 1 => drop(lines.remove(one)),
                _ => {}
            }
            return lines.concat();
        }
    }
    file
}

#[test]
fn damaged_records_give_no_verdict() {
    let (whole, records) = (whole(), sample::records());
    let mut refused = 0;
    for seed in 0..9_000 {
        let mut random = Rng::with_seed(seed);
        let mut file = whole.clone();
        for _ in 0..random.usize(1..4) {
            file = damage(file, &mut random);
        }
        match Records::read(&file[..]) {
            // A later change may have undone an earlier one.
            Ok(read) => assert_eq!(read, records, "seed {seed}"),
            Err(error) => {
                refused += 1;
                assert_sentence(&error.to_string(), &|| format!("seed {seed}"));
            }
        }
    }
    assert!(refused > 8_500, "{refused} of 9000 were damaged");
}

/// A place in a value, and something else put there.
fn pervert(value: &mut Value, random: &mut Rng) {
    match value {
        Value::Object(map) if !map.is_empty() && random.u8(..20) > 0 => {
            let key = random.choice(map.keys()).unwrap().clone();
            pervert(&mut map[&key], random);
        }
        Value::Array(items) if !items.is_empty() && random.u8(..20) > 0 => {
            let index = random.usize(..items.len());
            match random.u8(..6) {
                0 => drop(items.remove(index)),
                1 => items.push(items[index].clone()),
                _ => pervert(&mut items[index], random),
            }
        }
        Value::String(_) if random.u8(..9) > 0 => {
            let hostile = [
                "",
                "\u{1b}[2J\u{7}",
                "]]></x>",
                "a\nok 1 - b",
                "\u{202e}\u{ffff}",
                "pipe.*",
                "::error::x",
                "deviates",
            ];
            *value = random.choice(hostile).unwrap().repeat(random.usize(1..=3)).into();
        }
        Value::Number(_) if random.u8(..9) > 0 => {
            *value =
                random.choice([json!(0), json!(1), json!(u64::MAX), json!(u32::MAX), json!(-1), json!(1e300)]).unwrap();
        }
        value => {
            let deep = (0..200).fold(json!(0), |inner, _| json!([inner]));
            *value = random
                .choice([json!(null), json!({}), json!([]), json!("skipped"), json!(7), json!(true), deep])
                .unwrap();
        }
    }
}

/// A forged file: well formed and sealed, with arbitrary contents.
fn forged(random: &mut Rng) -> Vec<u8> {
    let text = String::from_utf8(whole()).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.pop();
    for _ in 0..random.usize(1..=2) {
        let line = random.usize(..lines.len());
        pervert(&mut lines[line], random);
    }
    let mut file: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let digest: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    file += &json!({ "kind": "seal", "sha256": digest }).to_string();
    file.into_bytes()
}

#[test]
fn forged_records_break_nothing() {
    let mut answered = 0;
    for seed in 0..1_000 {
        let context = || format!("seed {seed}");
        match Records::read(&forged(&mut Rng::with_seed(seed))[..]) {
            Ok(records) => {
                answered += 1;
                answer_everything(&records, &context);
            }
            Err(error) => assert_sentence(&error.to_string(), &context),
        }
    }
    assert!(answered > 200, "{answered} of 1000 were records");
}
