//! Comparisons that are refused.

use calls::comparing::{KCMP_EPOLL_TFD, KCMP_FILE, KCMP_VM};
use harness::need::SECOND_UID;
use kit::prelude::*;
use kit::privilege::become_second_user;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

#[harness::errors(
    family = "closed-descriptor",
    rows = [("kcmp.not-open", "errors:kcmp.kcmp.EBADF", KCMP_FILE)],
    layers = [raw],
)]
fn a_closed_descriptor_is_not_compared(resource: i32) -> TestResult {
    let (own, (reader, _writer)) = (own_pid(), pipe()?);
    let (open, closed) = (reader.number() as usize, NOT_OPEN as usize);
    for (one, other) in [(closed, open), (open, closed), (closed, closed)] {
        assert_errno!(kcmp(own, own, resource, one, other), EBADF);
    }
    Ok(())
}

#[harness::errors(
    family = "invalid-command",
    rows = [("kcmp.invalid-type", "errors:kcmp.kcmp.EINVAL", [-1, 99])],
    layers = [raw],
)]
fn a_type_that_is_none_is_refused(types: [i32; 2]) -> TestResult {
    for resource in types {
        assert_errno!(kcmp(own_pid(), own_pid(), resource, 0, 0), EINVAL);
    }
    Ok(())
}

#[harness::errors(
    family = "no-such-process",
    rows = [("kcmp.no-such-process", "errors:kcmp.kcmp.ESRCH", KCMP_VM)],
    layers = [raw],
)]
fn a_process_that_is_gone_is_not_compared(resource: i32) -> TestResult {
    let child = holder(|| Ok(()))?;
    child.kill()?;
    for (one, other) in [(child.pid(), own_pid()), (own_pid(), child.pid()), (-1, own_pid())] {
        assert_errno!(kcmp(one, other, resource, 0, 0), ESRCH);
    }
    Ok(())
}

#[harness::errors(
    family = "not-permitted",
    rows = [("kcmp.another-user", "errors:kcmp.kcmp.EPERM", KCMP_VM)],
    needs = [SECOND_UID],
    layers = [raw],
)]
fn a_process_of_another_user_is_not_compared(resource: i32) -> TestResult {
    let other = holder(|| Ok(()))?;
    let caller = fork(|| -> TestResult {
        become_second_user()?;
        assert_errno!(kcmp(own_pid(), other.pid(), resource, 0, 0), EPERM);
        assert_errno!(kcmp(other.pid(), own_pid(), resource, 0, 0), EPERM);
        assert_eq!(kcmp(own_pid(), own_pid(), resource, 0, 0), Ok(0));
        Ok(())
    })?;
    caller.join()
}

/// KCMP_EPOLL_TFD gives 0 for the descriptor that is registered in the epoll instance, fails with ENOENT for one that is not, and with
/// EFAULT if the slot is outside the address space.
#[harness::test(
    id = "kcmp.epoll",
    cite = [man("kcmp.2", "DESCRIPTION", "KCMP_EPOLL_TFD"), man("kcmp.2", "ERRORS", "ENOENT"), man("kcmp.2", "ERRORS", "EFAULT")],
    covers = ["behaviours:kcmp.epoll", "errors:kcmp.kcmp.ENOENT", "errors:kcmp.kcmp.EFAULT"],
    layers = [raw],
)]
fn the_target_of_an_epoll_instance_is_found() -> TestResult {
    let own = own_pid();
    let ([one, two], epoll) = ([pipe()?.0, pipe()?.0], Epoll::new(EpollCreateFlags::empty())?);
    let number = std::os::fd::AsRawFd::as_raw_fd(&epoll.0) as u32;
    one.lend(|end| epoll.add(end, EpollEvent::new(EpollFlags::EPOLLIN, 0)))?;
    // struct kcmp_epoll_slot (linux/kcmp.h): the instance, the target, and its offset among those of that number.
    let slot = |target: &Fd| [number, target.number() as u32, 0, 0];
    let compared = |file: &Fd, slot: &[u32; 4]| {
        kcmp(own, own, KCMP_EPOLL_TFD, file.number() as usize, slot.as_ptr().expose_provenance())
    };
    assert_eq!(compared(&one, &slot(&one)), Ok(0));
    assert_matches!(compared(&two, &slot(&one)), Ok(1 | 2));
    assert_errno!(compared(&two, &slot(&two)), ENOENT);
    assert_errno!(kcmp(own, own, KCMP_EPOLL_TFD, one.number() as usize, BAD_ADDRESS), EFAULT);
    Ok(())
}
