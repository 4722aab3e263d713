//! Resource limits, lowered for a process of a spec.

use harness::TestResult;
use kit::privilege::drop_capabilities;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Sets the soft limit.
pub fn limit(resource: Resource, value: u64) -> TestResult {
    let (_, hard) = getrlimit(resource)?;
    Ok(setrlimit(resource, value.min(hard), hard)?)
}

/// Gives the soft limit the value of the hard one.
pub fn unlimit(resource: Resource) -> TestResult {
    let (_, hard) = getrlimit(resource)?;
    Ok(setrlimit(resource, hard, hard)?)
}

/// How many bytes this process may lock, without a privilege to lock more.
pub fn limit_locks(bytes: usize) -> TestResult {
    drop_capabilities()?;
    limit(Resource::RLIMIT_MEMLOCK, bytes as u64)
}
