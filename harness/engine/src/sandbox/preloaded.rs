//! Specs of which the process has a library preloaded: ld.so(8), LD_PRELOAD.
//!
//! The library is what is checked, so nothing but the spec's own process has it: not the runner, not init, not the probes of
//! needs, and not what looks for leftovers. That process starts this program anew. The event log comes with it as a descriptor, and
//! so does the library: its file may be hidden by what the sandbox mounts, or be the runner's user's to read.

use super::clean;
use super::init::{become_number, nothing_to_read};
use harness::event_log::EventLog;
use harness::judge::Stop;
use harness::place::{Here, Isolation, here, settle};
use harness::spec::{Spec, TestResult};
use harness::{Layer, inherited, label, layer, mark, registry, sign};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::execve;
use std::ffi::{CStr, CString, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const VARIABLE: &str = "LD_PRELOAD";

/// What such a process has as its own name.
const MARK: &str = "ipcspec-preloaded-spec";

/// The same of a process that only says whether the library was loaded.
const CHECK: &str = "ipcspec-preload-check";

/// The descriptors that such a process starts with.
pub(super) const LOG: i32 = 0;
pub(super) const LIBRARY: i32 = 3;

/// What becomes them.
#[derive(Debug)]
pub(super) struct Preload {
    pub log: OwnedFd,
    pub library: OwnedFd,
}

/// Where the library was found, and a copy of it that every user may read.
static PRELOADED: OnceLock<(PathBuf, OwnedFd)> = OnceLock::new();

/// What /proc/PID/maps shows of the copy.
const COPY: &CStr = c"ipcspec-library";

/// Preloads the library in each spec that this process runs. An error says why that cannot be.
pub fn preload(library: &Path) -> Result<(), String> {
    if cfg!(target_feature = "crt-static") {
        return Err("this ipcspec is statically linked; build a dynamically linked one with cargo build".into());
    }
    let path = library.canonicalize().map_err(|failure| failure.to_string())?;
    let copy = copy_of(&path).map_err(|failure| failure.to_string())?;
    // The linker warns and continues where it cannot load it.
    let mut check = Command::new("/proc/self/exe");
    check.arg0(CHECK).env(VARIABLE, format!("/proc/{}/fd/{}", std::process::id(), copy.as_raw_fd()));
    match check.status() {
        Ok(status) if status.success() => {
            PRELOADED.get_or_init(|| (path, copy));
            Ok(())
        }
        Ok(status) if status.code() == Some(NOT_LOADED) => {
            Err("the dynamic linker did not load it; is it a shared library for this machine?".into())
        }
        Ok(status) => Err(format!("a process that has it ended early: {status}")),
        Err(failure) => Err(format!("cannot run ipcspec again: {failure}")),
    }
}

fn copy_of(library: &Path) -> io::Result<OwnedFd> {
    let mut copy = File::from(memfd_create(COPY, MFdFlags::MFD_CLOEXEC)?);
    io::copy(&mut File::open(library)?, &mut copy)?;
    Ok(copy.into())
}

/// The exit code of a process that looked for the library in its memory in vain.
const NOT_LOADED: i32 = 1;

fn is_loaded() -> bool {
    let copy = COPY.to_bytes();
    std::fs::read("/proc/self/maps").is_ok_and(|maps| maps.windows(copy.len()).any(|name| name == copy))
}

/// The library that specs have preloaded: where it was found.
pub fn path() -> Option<&'static Path> {
    PRELOADED.get().map(|(path, _)| path.as_path())
}

/// The copy of it.
pub(super) fn library() -> Option<&'static OwnedFd> {
    PRELOADED.get().map(|(_, copy)| copy)
}

/// Makes this process, in which the spec is to begin, one that has the library. Returns only with an error.
pub(super) fn become_spec(spec: &Spec) -> TestResult {
    let here = here().expect("a spec runs in a sandbox");
    let words = [
        MARK.into(),
        spec.id.into(),
        here.isolation.word().into(),
        here.scratch.clone().into_os_string(),
        here.queues.clone().unwrap_or_default().into_os_string(),
        harness::seed().to_string().into(),
        sign::are_made().to_string().into(),
    ];
    let preload = OsString::from(format!("{VARIABLE}=/proc/self/fd/{LIBRARY}"));
    let variables =
        std::env::vars_os().map(|(name, value)| [name, "=".into(), value].into_iter().collect::<OsString>());
    let texts = |texts: &mut dyn Iterator<Item = OsString>| {
        texts.map(|text| CString::new(text.as_bytes())).collect::<Result<Vec<_>, _>>()
    };
    let (words, variables) = (texts(&mut words.into_iter())?, texts(&mut variables.chain([preload]))?);
    execve(c"/proc/self/exe", &words, &variables)?;
    Ok(())
}

/// Call it first in `main`: where this process is to be a spec, runs that and does not return.
pub fn run_if_asked() {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    if name == CHECK {
        std::process::exit(if is_loaded() { 0 } else { NOT_LOADED });
    }
    if name != MARK {
        return;
    }
    let mut word = || arguments.next().expect("become_spec() gives it");
    let (id, isolation, scratch, queues) = (word(), word(), word(), word());
    let (seed, signs) = (word(), word());
    // SAFETY: become_spec() left it open.
    let log = EventLog::in_file(unsafe { BorrowedFd::borrow_raw(LOG) }).expect("it is an event log");
    log.make_current();
    label::set(label::FIRST);
    let spec = registry::find(&id.to_string_lossy()).expect("become_spec() names a spec");
    let isolation = Isolation::ALL.into_iter().find(|level| isolation == level.word()).expect("it is a level");
    let queues = Some(PathBuf::from(queues)).filter(|queues| !queues.as_os_str().is_empty());
    settle(Here { isolation, scratch: scratch.into(), queues }).expect("nothing was settled before");
    layer::set_current(spec.layer.unwrap_or(Layer::Libc));
    harness::set_seed(seed.to_string_lossy().parse().expect("it is a number"));
    if signs == "true" {
        sign::make_signs();
    }
    // SAFETY: this process has one thread.
    unsafe { std::env::remove_var(VARIABLE) };
    inherited::reset_signals().expect("signals can be reset");
    clean::after_exec();
    clean::run_body(&log, || {
        // What the other specs' processes did before their body.
        mark::by_harness(|| {
            // SAFETY: nobody uses it any more.
            unsafe { inherited::close_from(LIBRARY.cast_unsigned()) };
            become_number(&nothing_to_read()?, 0)?;
            if is_loaded() { Ok(()) } else { Err(Stop::broken("the dynamic linker did not load the library")) }
        })?;
        (spec.body)()
    })
}
