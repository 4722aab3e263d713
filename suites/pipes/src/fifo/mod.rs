//! fifo(7): FIFOs, pipes that have a name.

use harness::need::Need;
use harness::registry::NEEDS;
use kit::needs::UNIX_FILES;
use linkme::distributed_slice;

mod access;
mod bystanders;
mod calls;
mod flow;
mod interrupted;
mod lifetime;
mod limits;
mod making;
mod making_errors;
mod mknod_errors;
mod no_effect;
mod nonblocking;
mod one_pipe;
mod opening;
mod opening_errors;
mod persistence;
mod pipe_rules;
mod read_write;
mod times;

#[distributed_slice(NEEDS)]
static NEEDED: (&str, Need) = ("fifo", UNIX_FILES);
