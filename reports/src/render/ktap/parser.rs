//! A strict reader of two-level KTAP, for tests: what ktap.rst calls strongly recommended is required here.

/// A result line with the subtests above it.
#[derive(Debug, PartialEq)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) subtests: Vec<Self>,
}

/// Result and directive together.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Pass,
    Fail,
    Skip,
    Timeout,
    Error,
}

/// Reads a whole document: version, plan, results numbered from 1, as many as planned, and nothing unknown.
pub(crate) fn parse(ktap: &str) -> Result<Vec<Test>, String> {
    let lines: Vec<_> = ktap.split_terminator('\n').collect();
    let mut rest = lines.as_slice();
    let tests = level(&mut rest, "")?;
    if rest.is_empty() { Ok(tests) } else { Err(format!("after the last result: {rest:?}")) }
}

fn level(rest: &mut &[&str], indent: &str) -> Result<Vec<Test>, String> {
    let mut take = || -> Result<&str, String> {
        let (line, tail) = rest.split_first().ok_or("cut off")?;
        *rest = tail;
        line.strip_prefix(indent).ok_or(format!("indentation: {line:?}"))
    };
    if take()? != "KTAP version 1" {
        return Err("no version line".into());
    }
    let plan = take()?;
    let planned: usize = plan.strip_prefix("1..").and_then(|n| n.parse().ok()).ok_or(format!("plan: {plan:?}"))?;

    let mut tests = Vec::new();
    let mut subtests = Vec::new();
    while tests.len() < planned || rest.first().is_some_and(|line| line.starts_with(&format!("{indent}#"))) {
        let deeper = format!("{indent}  ");
        if rest.first().is_some_and(|line| line.starts_with(&deeper)) {
            subtests = level(rest, &deeper)?;
            continue;
        }
        let (line, tail) = rest.split_first().ok_or(format!("{planned} planned, {} seen", tests.len()))?;
        *rest = tail;
        let line = line.strip_prefix(indent).ok_or(format!("indentation: {line:?}"))?;
        if !line.starts_with("# ") {
            let test = result(line, tests.len() + 1, std::mem::take(&mut subtests))?;
            tests.push(test);
        }
    }
    Ok(tests)
}

fn result(line: &str, number: usize, subtests: Vec<Test>) -> Result<Test, String> {
    let bad = |why: &str| format!("{why}: {line:?}");
    let (passed, after) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
        (Some(after), _) => (true, after),
        (_, Some(after)) => (false, after),
        _ => return Err(bad("neither result nor diagnostic")),
    };
    let after = after.strip_prefix(&format!("{number} ")).ok_or(bad("number"))?;
    let (name, directive) = match after.split_once(" # ") {
        Some((name, directive)) => (name, directive.split(' ').next()),
        None => (after, None),
    };
    if name.contains('#') {
        return Err(bad("a hash sign in the description"));
    }
    let outcome = match (passed, directive) {
        (true, None) => Outcome::Pass,
        (false, None) => Outcome::Fail,
        (true, Some("SKIP")) => Outcome::Skip,
        (false, Some("TIMEOUT")) => Outcome::Timeout,
        (false, Some("ERROR")) => Outcome::Error,
        _ => return Err(bad("directive")),
    };
    let failed = |outcome: &Outcome| !matches!(outcome, Outcome::Pass | Outcome::Skip);
    if !subtests.is_empty() && failed(&outcome) != subtests.iter().any(|test| failed(&test.outcome)) {
        return Err(bad("a parent fails if and only if a subtest does"));
    }
    Ok(Test { name: name.into(), outcome, subtests })
}
