//! The calls that signals interrupt, with one signature, for tables: what each waits for, and what lets it complete.

mod files;
mod memory;
mod sockets;
mod sysv;
mod time;
mod waiting;

pub(super) use files::*;
pub(super) use memory::*;
pub(super) use sockets::*;
pub(super) use sysv::*;
pub(super) use time::*;
pub(super) use waiting::*;

use kit::prelude::*;

/// A call that blocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocking {
    /// What a process that waits in it is blocked in.
    pub(super) call: &'static Call,
    /// Makes what it waits for.
    pub(super) set_up: fn() -> TestResult<Waiting>,
}

/// A call that blocks on something.
pub(super) struct Waiting {
    wait: Box<dyn Fn() -> Result<()>>,
    release: Box<dyn Fn() -> TestResult>,
}

impl Waiting {
    fn new(wait: impl Fn() -> Result<()> + 'static, release: impl Fn() -> TestResult + 'static) -> TestResult<Self> {
        Ok(Self { wait: Box::new(wait), release: Box::new(release) })
    }

    /// A call that only a signal ends.
    fn for_ever(wait: impl Fn() -> Result<()> + 'static) -> TestResult<Self> {
        Self::new(wait, || Ok(()))
    }

    /// Makes the call, and asserts what it returns when it completes.
    pub(super) fn wait(&self) -> Result<()> {
        (self.wait)()
    }

    /// Lets the call complete, where anything does.
    pub(super) fn release(&self) -> TestResult {
        (self.release)()
    }
}

/// What a C function returned that gives a number on success.
fn by_libc(call: &'static Call, value: impl Into<i64>) -> Result<i64> {
    calls::returned(call.name, value.into())
}

/// Long enough that nobody sees its end.
const LONG: i64 = 1000;
