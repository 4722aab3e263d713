//! `report.json`: the whole run as one object, with the numbers of the other reports.

use crate::claims::{Finding, NotedClaim, findings};
use crate::exit::Exit;
use crate::judged::judged;
use crate::summary::Summary;
use record::{EndRecord, Line, Records, RunRecord, SpecRecord};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The version of the report format. It grows when an old reader would misunderstand a new report.
pub const FORMAT: u32 = 1;

/// A run of ipcspec: what was asked, on which machine, what was found.
#[derive(Serialize, JsonSchema)]
pub struct Report<'a> {
    /// The version of the report format.
    format: u32,
    /// What was asked for, and the environment where it ran.
    run: &'a RunRecord,
    /// The exit code of the run.
    exit: u8,
    /// The numbers.
    summary: Summary,
    /// Claims of the founding notes that conforming specs refute or qualify.
    claims: Vec<Finding>,
    /// Who is at fault for a spec that fails, where its layers tell.
    at_fault: BTreeMap<String, String>,
    /// The records of the judged specs, in the order in which they ended.
    specs: &'a [SpecRecord],
    /// How the run ended.
    end: &'a EndRecord,
}

/// The report as JSON.
pub fn render(records: &Records, claims: &[NotedClaim]) -> String {
    let report = Report {
        format: FORMAT,
        run: &records.run,
        exit: Exit::of(records).code(),
        summary: Summary::of(records),
        claims: findings(records, claims),
        at_fault: judged(records)
            .iter()
            .filter_map(|spec| Some((spec.record().id.clone(), spec.at_fault()?)))
            .collect(),
        specs: &records.specs,
        end: &records.end,
    };
    serde_json::to_string_pretty(&report).expect("every map of a report has text for keys") + "\n"
}

/// The JSON Schema of a report: `schema/report.schema.json`.
pub fn schema() -> Value {
    schema_of::<Report>()
}

/// The JSON Schema of one line of a record file: `schema/record.schema.json`.
pub fn record_schema() -> Value {
    schema_of::<Line>()
}

/// Schemas describe what is written: a field that is always there is required.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use std::path::Path;

    /// Compares a published schema with what the types say.
    fn assert_current(file: &str, published: &str, schema: &Value) {
        let current = serde_json::to_string_pretty(schema).unwrap() + "\n";
        if std::env::var_os("IPCSPEC_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(file), current).unwrap();
        } else {
            assert!(
                published == current,
                "reports/schema/{file} is not what the types say. If the change is meant, think of the format's \
                 version, then rewrite it: IPCSPEC_BLESS=1 cargo test -p reports schema"
            );
        }
    }

    #[test]
    fn published_schemas_are_current() {
        assert_current("report.schema.json", include_str!("../schema/report.schema.json"), &schema());
        assert_current("record.schema.json", include_str!("../schema/record.schema.json"), &record_schema());
        let comparison = crate::compare::schema();
        assert_current("comparison.schema.json", include_str!("../schema/comparison.schema.json"), &comparison);
        let audit = crate::audit::json::schema();
        assert_current("audit.schema.json", include_str!("../schema/audit.schema.json"), &audit);
    }

    #[test]
    fn a_report_is_valid_by_its_schema() {
        let report: Value = serde_json::from_str(&render(&sample::records(), &sample::claims())).unwrap();
        jsonschema::validate(&schema(), &report).unwrap();
        assert_eq!(report["summary"]["verdicts"]["conforms"], 2);
        assert_eq!(report["exit"], 1);
        assert_eq!(report["claims"][0]["outcome"], "refuted");
        assert_eq!(report["run"]["environment"]["sysctls"]["fs.pipe-max-size"], "1048576");
    }

    #[test]
    fn record_lines_are_valid_by_their_schema() {
        let Records { run, specs, end } = sample::records();
        let mut lines = vec![Line::Run(Box::new(run)), Line::End(end)];
        lines.extend(specs.into_iter().map(|spec| Line::Spec(Box::new(spec))));
        let validator = jsonschema::validator_for(&record_schema()).unwrap();
        for line in lines {
            let mut value = serde_json::to_value(&line).unwrap();
            validator.validate(&value).unwrap();
            value["kind"] = "other".into();
            assert!(!validator.is_valid(&value), "a schema that takes anything proves nothing");
        }
    }
}
