//! The range of ids that a user has in subuid(5) and subgid(5), divided among sandboxes.
//!
//! newuidmap(1) and newgidmap(1) map it into a user namespace, which this process enters; its own ids are there as they were. The
//! namespaces of sandboxes are below that one, so this process may map ids of the range into them itself: the two programs run
//! once, and not for each sandbox.

use super::{fork_into, wait_for_child};
use harness::process_state;
use nix::sched::{CloneFlags, setns};
use nix::unistd::{Pid, getegid, geteuid, pause};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// So many pairs of user ids, and of groups, from these on.
#[derive(Debug)]
pub struct Range {
    user: u32,
    group: u32,
    pairs: u32,
    /// The pair that is tried next: one that was used lately comes last, since the kernel frees what it counts late.
    next: AtomicU32,
}

/// A pair of ids, which no other sandbox has: also none of another run. The name of a socket says so, and ends with this process.
#[derive(Debug)]
pub struct Claim {
    user: u32,
    group: u32,
    _name: UnixDatagram,
}

impl Range {
    /// That of the user who runs this. An error says what there is instead.
    pub fn find() -> Result<Self, String> {
        let (uid, passwd) = (geteuid().to_string(), fs::read_to_string("/etc/passwd").unwrap_or_default());
        let owners = [Some(uid.as_str()), name_of(&uid, &passwd)];
        let range_in = |file: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            largest(&text, &owners).ok_or_else(|| format!("uid {uid} has no range in {file}"))
        };
        let ((user, users), (group, groups)) = (range_in("/etc/subuid")?, range_in("/etc/subgid")?);
        // Two runs begin in different places.
        let next = AtomicU32::new(std::process::id());
        Ok(Self { user, group, pairs: users.min(groups) / 2, next })
    }

    /// Makes this process one that may map ids of the range. An error says why it may not; nothing has changed then.
    pub fn enter(self) -> Result<Self, String> {
        let runner = std::process::id().cast_signed();
        let holder = fork_into(libc::CLONE_NEWUSER).map_err(|error| format!("clone: {error}"))?;
        let Some(holder) = holder else { hold(runner) };
        let namespace = |error| format!("/proc/{holder}/ns/user: {error}");
        let entered = map_into(holder, "newuidmap", geteuid().as_raw(), self.user, self.pairs)
            .and_then(|()| map_into(holder, "newgidmap", getegid().as_raw(), self.group, self.pairs))
            .and_then(|()| File::open(format!("/proc/{holder}/ns/user")).map_err(namespace))
            .and_then(|opened| setns(opened, CloneFlags::CLONE_NEWUSER).map_err(|error| format!("setns: {error}")));
        wait_for_child(holder, Duration::ZERO);
        entered.map(|()| self)
    }

    /// How many there are.
    pub fn pairs(&self) -> usize {
        self.pairs as usize
    }

    /// A pair that no sandbox has.
    pub fn claim(&self) -> io::Result<Claim> {
        for _ in 0..self.pairs {
            let pair = 2 * (self.next.fetch_add(1, Ordering::Relaxed) % self.pairs);
            let (user, group) = (self.user + pair, self.group + pair);
            let name = SocketAddr::from_abstract_name(format!("ipcspec-ids-{user}"))?;
            match UnixDatagram::bind_addr(&name) {
                Ok(_name) => return Ok(Claim { user, group, _name }),
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(ErrorKind::ResourceBusy, "other sandboxes have all ids of the range in /etc/subuid"))
    }
}

impl Claim {
    /// The first user id and the first group.
    pub fn ids(&self) -> (u32, u32) {
        (self.user, self.group)
    }
}

/// Keeps a user namespace for its parent, until that kills it.
fn hold(runner: i32) -> ! {
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
    while process_state::parent() == Some(runner) {
        pause();
    }
    // SAFETY: ends the process without running what its ancestors registered.
    unsafe { libc::_exit(0) }
}

/// The program maps this id of ours, and so many pairs, each id to itself.
fn map_into(holder: Pid, program: &str, own: u32, first: u32, pairs: u32) -> Result<(), String> {
    let mut command = Command::new(program);
    command.arg(holder.to_string());
    for (first, count) in [(own, 1), (first, 2 * pairs)] {
        command.args([first, first, count].map(|number| number.to_string()));
    }
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!("{program} is not installed")),
        Err(error) => Err(format!("{program}: {error}")),
    }
}

/// passwd(5)
fn name_of<'a>(uid: &str, passwd: &'a str) -> Option<&'a str> {
    passwd.lines().find(|line| line.split(':').nth(2) == Some(uid))?.split(':').next()
}

fn largest(text: &str, owners: &[Option<&str>]) -> Option<(u32, u32)> {
    let range = |line: &str| {
        let (owner, range) = line.split_once(':')?;
        let (first, count) = range.split_once(':')?;
        let range: (u32, u32) = (first.parse().ok()?, count.trim().parse().ok()?);
        (owners.contains(&Some(owner)) && range.1 >= 2 && range.0.checked_add(range.1).is_some()).then_some(range)
    };
    text.lines().filter_map(range).max_by_key(|(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_range_of_the_user_is_found_by_name_or_number() {
        let text = "alice:100000:65536\nbob:165536:10\n1000:231072:70000\n\nbob:1:2:3\nbob:4294967290:90\nbob:7:1";
        assert_eq!(largest(text, &[Some("1000"), Some("alice")]), Some((231_072, 70_000)));
        assert_eq!(largest(text, &[Some("1001"), Some("bob")]), Some((165_536, 10)));
        assert_eq!(largest(text, &[Some("1002"), None]), None);
        assert_eq!(name_of("1000", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"), Some("alice"));
    }

    #[test]
    fn no_pair_is_claimed_twice_at_once() {
        let range = || Range { user: 0xfff0_0000, group: 0, pairs: 3, next: AtomicU32::new(7) };
        let (one, other) = (range(), range());
        let claims = [one.claim(), other.claim(), one.claim()].map(Result::unwrap);
        let mut pairs = claims.each_ref().map(|claim| claim.ids().0 - 0xfff0_0000);
        pairs.sort_unstable();
        assert_eq!(pairs, [0, 2, 4]);
        assert_eq!(other.claim().unwrap_err().kind(), ErrorKind::ResourceBusy);
        drop(claims);
        assert!(other.claim().is_ok());
    }
}
