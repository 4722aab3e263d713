//! Open file descriptions.

use calls::comparing::KCMP_FILE;
use kit::passing::{pass, receive};
use kit::prelude::*;
use libc::{O_CLOEXEC, O_RDONLY};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

/// Whether two descriptors, of two processes, refer to one open file description.
fn is_same(one: (i32, &Fd), other: (i32, &Fd)) -> Result<bool> {
    let numbers = [one.1.number(), other.1.number()].map(|number| number as usize);
    calls::for_layers::raw::kcmp(one.0, other.0, KCMP_FILE, numbers[0], numbers[1]).map(|order| order == 0)
}

/// Descriptors that dup, fork or SCM_RIGHTS have made of one another refer to one open file description: KCMP_FILE gives 0.
#[harness::test(
    id = "kcmp.duplicates",
    cite = [man("kcmp.2", "DESCRIPTION", "KCMP_FILE")],
    covers = ["behaviours:kcmp.file-duplicates"],
    layers = [raw],
)]
fn duplicates_have_one_description() -> TestResult {
    let own = own_pid();
    let (reader, writer) = pipe()?;
    let duplicate = Fd::from(reader.lend(|reader| nix::unistd::dup(reader))?);
    assert_eq!(is_same((own, &reader), (own, &reader)), Ok(true));
    assert_eq!(is_same((own, &reader), (own, &duplicate)), Ok(true));
    let (left, right) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::empty())?;
    let (left, right) = (Fd::from(left), Fd::from(right));
    pass(&left, &reader)?;
    let passed = receive(&right)?;
    assert_eq!(is_same((own, &passed), (own, &reader)), Ok(true));
    let child = holder(|| Ok(()))?;
    for end in [&reader, &writer, &passed] {
        assert_eq!(is_same((child.pid(), end), (own, end)), Ok(true));
    }
    assert_eq!(is_same((child.pid(), &reader), (own, &writer)), Ok(false));
    Ok(())
}

/// A file that is opened twice has two open file descriptions, as have the two ends of a pipe and the same number in processes that
/// have opened it apart.
#[harness::test(
    id = "kcmp.opened-anew",
    cite = [man("kcmp.2", "DESCRIPTION", "KCMP_FILE")],
    covers = ["behaviours:kcmp.file-opened-anew"],
    layers = [raw],
)]
fn what_is_opened_anew_is_another_description() -> TestResult {
    let own = own_pid();
    let (reader, writer) = pipe()?;
    assert_eq!(is_same((own, &reader), (own, &writer)), Ok(false));
    let path = format!("/proc/self/fd/{}", reader.number());
    let anew = open(&path, O_RDONLY | O_CLOEXEC)?;
    assert_eq!(is_same((own, &reader), (own, &anew)), Ok(false));
    let child = holder(|| {
        let again = open(&path, O_RDONLY | O_CLOEXEC)?;
        // Whichever number it has, it takes the place of the other.
        // SAFETY: both are open, and this process uses neither.
        Ok(Errno::result(unsafe { libc::dup2(again.number(), anew.number()) })?)
    })?;
    assert_eq!(is_same((child.pid(), &anew), (own, &anew)), Ok(false));
    assert_eq!(is_same((child.pid(), &reader), (own, &reader)), Ok(true));
    Ok(())
}

/// Different descriptions are ordered: where kcmp gives 1 one way it gives 2 the other way, and of any three each is comparable to
/// the others without a circle.
#[harness::test(
    id = "kcmp.order",
    cite = [man("kcmp.2", "RETURN VALUE")],
    covers = ["behaviours:kcmp.order"],
    layers = [raw],
)]
fn descriptions_are_ordered() -> TestResult {
    let own = own_pid();
    let pipes = [pipe()?, pipe()?, pipe()?];
    let ends: Vec<usize> =
        pipes.iter().flat_map(|(reader, writer)| [reader, writer]).map(|end| end.number() as usize).collect();
    let mut smaller = Vec::new();
    for one in &ends {
        let mut count = 0;
        for other in ends.iter().filter(|other| *other != one) {
            let order = assert_ok!(kcmp(own, own, KCMP_FILE, *one, *other));
            assert!(matches!(order, 1 | 2), "{order}");
            assert_eq!(kcmp(own, own, KCMP_FILE, *other, *one), Ok(3 - order));
            count += i32::from(order == 1);
        }
        smaller.push(count);
    }
    // In a total order each is smaller than another number of the others.
    smaller.sort_unstable();
    assert_eq!(smaller, [0, 1, 2, 3, 4, 5]);
    Ok(())
}
