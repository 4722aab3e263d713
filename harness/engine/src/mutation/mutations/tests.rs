//! What can go wrong with calls, by their names.

use super::*;
// Brings the descriptions with it.
use ::calls as _;

fn made(call: &str, arguments: [u64; 6], result: Result<i64, i32>) -> Made {
    Made { call: call.into(), number: 2, arguments, result: Some(result), ..Made::default() }
}

fn names(made: &Made) -> Vec<String> {
    let documented = |_: &str| vec![Errno::EAGAIN, Errno::EBADF, Errno::EFAULT];
    mutations(made, std::slice::from_ref(made), 0, documented).iter().map(Mutation::name).collect()
}

#[test]
fn a_read_that_succeeded_can_go_wrong_in_these_ways() {
    assert_eq!(
        names(&made("read", [3, 4096, 9, 0, 0, 0], Ok(5))),
        [
            "read#2:not-done",
            "read#2:failed-EBADF",
            "read#2:refused-EBADF",
            "read#2:short",
            "read#2:long",
            "read#2:stale-byte",
            "read#2:stale-start",
        ]
    );
}

#[test]
fn what_a_right_kernel_could_do_is_no_mutation() {
    // All that was asked for came: there cannot be more. Nothing came: there cannot be less.
    assert!(!names(&made("read", [3, 4096, 5, 0, 0, 0], Ok(5))).contains(&"read#2:long".into()));
    let nothing = names(&made("read", [3, 4096, 5, 0, 0, 0], Ok(0)));
    assert_eq!(nothing, ["read#2:failed-EBADF", "read#2:refused-EBADF", "read#2:long"]);
    // No child had ended: there was nothing to do, and no status.
    let nobody = names(&made("waitpid", [7, 4096, libc::WNOHANG as u64, 0, 0, 0], Ok(0)));
    assert!(!nobody.contains(&"waitpid#2:not-done".into()), "{nobody:?}");
}

#[test]
fn an_error_can_be_another_or_none() {
    let refused = made("read", [3, 4096, 5, 0, 0, 0], Err(Errno::EBADF as i32));
    assert_eq!(names(&refused), ["read#2:accepted", "read#2:error-EFAULT"]);
}

#[test]
fn a_call_that_waited_can_return_at_once() {
    let waited = Made { blocked: true, ..made("read", [3, 4096, 5, 0, 0, 0], Ok(0)) };
    let kinds = names(&waited);
    for kind in ["not-done", "not-waiting-EINTR", "not-waiting-EAGAIN"] {
        assert!(kinds.contains(&format!("read#2:{kind}")), "{kinds:?}");
    }
    assert!(names(&Made { contested: true, ..waited }).contains(&"read#2:wrong-waiter".into()));
}

#[test]
fn flags_that_were_set_can_be_lost() {
    let opened = Made { flags: vec!["O_NONBLOCK".into()], ..made("open", [4096, 0, 0, 0, 0, 0], Ok(3)) };
    assert!(names(&opened).contains(&"open#2:without-O_NONBLOCK".into()));
}

#[test]
fn a_flag_that_is_not_set_can_be_added_where_an_assertion_judges() {
    let flags = |judged| Made { judged, ..made("pipe2", [4096, 0, 0, 0, 0, 0], Ok(0)) };
    let with = "pipe2#2:with-O_DIRECT".to_owned();
    assert!(!names(&flags(None)).contains(&with));
    assert!(names(&flags(Some(record::Source { file: "a.rs".into(), line: 1 }))).contains(&with));
}

#[test]
fn arguments_can_be_others() {
    let size = Made { values: vec![Some(5)], ..made("read", [3, 4096, 5, 0, 0, 0], Ok(5)) };
    assert!(names(&size).contains(&"read#2:size-less".into()));
    let mode = Made { values: vec![Some(0o620)], umask: 0o022, ..made("mknod", [4096, 0o10620, 0, 0, 0, 0], Ok(0)) };
    let modes: Vec<_> = names(&mode).into_iter().filter(|name| name.contains("-S_I")).collect();
    assert_eq!(modes, ["mknod#2:without-S_IRUSR", "mknod#2:without-S_IWUSR"], "the umask has S_IWGRP");
}

#[test]
fn memory_can_have_a_page_too_few() {
    let page = crate::mutation::arguments::page_size();
    let unmapped = |length| Made { values: vec![Some(length)], ..made("munmap", [page, length, 0, 0, 0, 0], Ok(0)) };
    let fewer = "munmap#2:page-fewer".to_owned();
    assert!(names(&unmapped(2 * page)).contains(&fewer) && names(&unmapped(page + 1)).contains(&fewer));
    assert!(!names(&unmapped(page)).contains(&fewer), "there would be none");
}

#[test]
fn a_call_that_fails_as_before_was_not_mutated() {
    let failed = Made { values: vec![Some(5)], ..made("read", [3, 4096, 5, 0, 0, 0], Err(Errno::EBADF as i32)) };
    let mutations = mutations(&failed, &[], 0, |_| vec![Errno::EBADF]);
    let size = mutations.iter().find(|mutation| &*mutation.kind == "size-less").unwrap();
    assert_eq!(size.unchanged, Some(Unchanged { returned: -i64::from(Errno::EBADF as i32), given: None }));
}

#[test]
fn a_number_that_the_kernel_chose_is_wrong_where_it_chose_another_before() {
    let stat = |number, identity| Made { number, identity, ..made("fstat", [3, 4096, 0, 0, 0, 0], Ok(0)) };
    let is_counted = |all: &[Made]| {
        let mutations = mutations(&all[0], all, 0, |_| Vec::new());
        mutations.iter().any(|mutation| &*mutation.kind == "other-st_ino" && mutation.unchanged.is_none())
    };
    assert!(!is_counted(&[stat(1, Some(7)), stat(2, Some(8)), stat(3, None)]));
    assert!(is_counted(&[stat(1, Some(7)), stat(2, Some(7))]));
}

#[test]
fn a_wait_status_can_be_another() {
    for (status, others) in [
        (7 << 8, [(8 << 8), 15]),
        (9, [15, 0]),
        (15 | 0x80, [9 | 0x80, 0]),
        (19 << 8 | 0x7f, [15 << 8 | 0x7f, 0xffff]),
        (0xffff, [19 << 8 | 0x7f, 0]),
    ] {
        assert_eq!(other_statuses(status).map(|(_, other)| other), others);
    }
}
