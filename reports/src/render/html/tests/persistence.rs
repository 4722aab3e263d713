//! How long objects live.

use super::*;
use crate::documented::{Fate, Persistence};

/// A pipe, whose specs pass, fail, and were not run.
pub(super) fn table() -> Persistence {
    let fate = |word: &str, specs: &[&str], reason: &str| Fate {
        word: word.into(),
        specs: specs.iter().map(ToString::to_string).collect(),
        reason: reason.into(),
    };
    let fates = vec![
        fate("goes", &["pipe.read-eof"], ""),
        fate("stays", &["fifo.open-nonblock-write", "pipe.never-run"], ""),
        fate("none", &[], "it has no name"),
    ];
    let ends = ["end of the last process", "execve", "unmount"].map(Into::into).into();
    Persistence { ends, objects: vec![("pipe".into(), fates)] }
}

#[test]
fn persistence_is_a_table_with_the_verdicts_of_its_specs() {
    let page = page(&[Column::of(&sample::records())], &documented());
    let table = between(&page, "id=\"persistence\"", "</section>");
    assert_in_order(
        table,
        &[
            ">end of the last process<",
            ">unmount<",
            ">pipe<td>goes <small><span class=\"C\">C</span> <a href=\"#pipe.read-eof",
            "<td>stays <small><span class=\"D\">D</span> <a href=\"#fifo.open-nonblock-write\"",
            "<small>pipe.never-run</small>",
            "<td>– <small>it has no name</small>",
        ],
    );
}
