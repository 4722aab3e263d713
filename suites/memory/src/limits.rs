//! How much a process of a spec may lock.

use harness::TestResult;
use kit::limits::limit;
use kit::privilege::drop_capabilities;
use nix::sys::resource::Resource;

/// How many bytes this process may lock, without a privilege to lock more.
pub fn limit_locks(bytes: usize) -> TestResult {
    drop_capabilities()?;
    limit(Resource::RLIMIT_MEMLOCK, bytes as u64)
}
