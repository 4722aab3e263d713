//! The published JSON Schemas.

use super::audit::Report as AuditReport;
use super::compare::Document as ComparisonDocument;
use super::run::Report as RunReport;
use record::Line;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Every document for machines, with the name of its file in `schema/`.
pub fn schemas() -> [(&'static str, Value); 4] {
    [
        ("report.schema.json", schema_of::<RunReport>()),
        ("record.schema.json", schema_of::<Line>()),
        ("comparison.schema.json", schema_of::<ComparisonDocument>()),
        ("audit.schema.json", schema_of::<AuditReport>()),
    ]
}

/// Schemas describe what is written: a field that is always there is required.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::sample::{findings, spec};
    use crate::audit::{Allowances, Judgement};
    use crate::render::json::{audit, compare, run};
    use crate::sample;
    use record::Records;
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn published_schemas_are_current() {
        for (name, schema) in schemas() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
            let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("IPCSPEC_BLESS").is_some_and(|value| value == "1") {
                std::fs::write(path, current).unwrap();
            } else {
                assert!(
                    std::fs::read_to_string(path).unwrap() == current,
                    "reports/schema/{name} is not what the types say. If the change is meant, think of the format's \
                     version, then rewrite it: IPCSPEC_BLESS=1 cargo test -p ipcspec-reports schema"
                );
            }
        }
    }

    #[test]
    fn record_lines_are_valid_by_their_schema() {
        let Records { run, specs, end } = sample::records();
        let mut lines = vec![Line::Run(Box::new(run)), Line::End(end)];
        lines.extend(specs.into_iter().map(|spec| Line::Spec(Box::new(spec))));
        let validator = jsonschema::validator_for(&schema_of::<Line>()).unwrap();
        for line in lines {
            let mut value = serde_json::to_value(&line).unwrap();
            validator.validate(&value).unwrap();
            value["kind"] = "other".into();
            assert!(!validator.is_valid(&value), "a schema that takes anything proves nothing");
        }
    }

    #[test]
    fn a_report_is_valid_by_its_schema() {
        let report: Value = serde_json::from_str(&run(&sample::records(), &sample::claims())).unwrap();
        jsonschema::validate(&schema_of::<RunReport>(), &report).unwrap();
        assert_eq!(report["summary"]["verdicts"]["conforms"], 2);
        assert_eq!(report["exit"], 1);
        assert_eq!(report["claims"][0]["outcome"], "refuted");
        assert_eq!(report["run"]["environment"]["sysctls"]["fs.pipe-max-size"], "1048576");
    }

    #[test]
    fn a_comparison_is_valid_by_its_schema() {
        let runs = sample::three();
        let document: Value = serde_json::from_str(&compare(&sample::compared(&runs))).unwrap();
        jsonschema::validate(&schema_of::<ComparisonDocument>(), &document).unwrap();
        assert_eq!(document["format"], 1);
        assert_eq!(document["specs"][0]["scope"], "alone");
        assert_eq!(document["specs"][0]["change"], "newly-deviating");
        assert_eq!(document["specs"][0]["verdicts"], json!(["conforms", "deviates", "conforms"]));
        assert_eq!(document["runs"][1]["run"]["environment"]["kernel"], "Linux 6.1");
    }

    #[test]
    fn an_audit_is_valid_by_its_schema() {
        let findings = findings(vec![spec("pipe.a", &[("read#1:short", true, true), ("read#1:long", true, false)])]);
        let judgement = Judgement::of(&findings, &Allowances::parse("").unwrap(), &[]);
        let document: Value = serde_json::from_str(&audit(&judgement)).unwrap();
        jsonschema::validate(&schema_of::<AuditReport>(), &document).unwrap();
        assert_eq!(document["all"]["asserted"]["missed"], 1);
        assert_eq!(document["specs"][0]["tried"][1]["verdict"], "conforms");
        assert_eq!(document["exit"], 1);
    }
}
