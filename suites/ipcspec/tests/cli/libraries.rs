//! A library that is at fault is named, and not the kernel: shown on libraries that are broken on purpose.

use crate::command::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Specs that ask pipe2() for O_NONBLOCK by every layer.
const ASKED: &str = "pipe.creation-flags/nonblock";

/// A C library whose pipe2() loses O_NONBLOCK, as far as it stands before the real one.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int pipe2(int ends[2], int flags) {
    return syscall(SYS_pipe2, ends, flags & ~O_NONBLOCK);
}
"#;

/// Builds the shim above.
fn shim(directory: &Path) -> PathBuf {
    library_of(directory, SHIM)
}

/// Builds `shim.so` of this source with the machine's C compiler.
pub fn library_of(directory: &Path, text: &str) -> PathBuf {
    let (source, library) = (directory.join("shim.c"), directory.join("shim.so"));
    fs::write(&source, text).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}

#[track_caller]
fn assert_at_fault(answer: &Answer, id: &str, words: &str) {
    let failure = answer.out.split("\n× ").find(|failure| failure.contains(&format!(": {id} deviates")));
    let failure = failure.unwrap_or_else(|| panic!("{id} is not in\n{}{}", answer.out, answer.err));
    assert!(failure.contains(&format!("   at fault: {words}\n")), "{words:?} is not in\n{failure}");
}

#[test]
#[cfg_attr(target_feature = "crt-static", ignore = "a static binary preloads nothing")]
fn a_c_library_that_loses_a_flag_is_at_fault() {
    let directory = TempDir::new().unwrap();
    let library = shim(directory.path()).canonicalize().unwrap();
    let run = ask_in(directory.path(), &["run", ASKED, "--preload", "shim.so", "--records", "r.jsonl"]);
    assert_eq!(run.code, Some(FAILED), "{}{}", run.out, run.err);
    let words = "preloaded library: raw conforms, libc deviates, nix deviates";
    assert_at_fault(&run, &format!("{ASKED}/libc"), words);
    // nix stands on the C library.
    assert!(run.out.contains(&format!("      alike: {ASKED}/{{libc,nix}}\n")), "{}", run.out);
    assert!(!run.out.contains("/raw deviates"), "{}", run.out);
    let again = format!("  reproduce: ipcspec run {ASKED}/libc --preload {}\n", library.display());
    assert!(run.out.contains(&again), "{}", run.out);
    let report = json(&fs::read_to_string(directory.path().join("r.report.json")).unwrap());
    assert_eq!(
        report["at_fault"][format!("{ASKED}/libc")],
        "preloaded library: raw conforms, libc deviates, nix deviates"
    );
    assert_eq!(report["run"]["environment"]["preloaded"], library.to_str().unwrap());

    let two = ["run", ASKED, "--layer", "libc", "--layer", "raw", "--preload", "shim.so"];
    assert_at_fault(
        &ask_in(directory.path(), &two),
        &format!("{ASKED}/libc"),
        "preloaded library: raw conforms, libc deviates",
    );
    assert_eq!(ask_in(directory.path(), &["run", ASKED]).code, Some(PASSED), "without the shim");
}

#[test]
#[cfg_attr(target_feature = "crt-static", ignore = "a static binary preloads nothing")]
fn a_failure_is_traced_where_there_is_strace() {
    let directory = TempDir::new().unwrap();
    shim(directory.path());
    let asked = format!("{ASKED}/libc");
    let traced = || {
        let mut command = ipcspec();
        command.current_dir(directory.path()).args([
            "run",
            &asked,
            "--preload",
            "shim.so",
            "--trace",
            "--records",
            "r.jsonl",
        ]);
        command
    };
    let run = answer(&mut traced());
    assert_eq!(run.code, Some(FAILED), "{}{}", run.out, run.err);
    if Command::new("strace").arg("-V").output().is_ok() {
        let report = json(&fs::read_to_string(directory.path().join("r.report.json")).unwrap());
        let calls: Vec<_> =
            report["specs"][0]["trace"].as_array().unwrap().iter().map(|call| call.as_str().unwrap()).collect();
        assert!(calls[0].starts_with("pipe2(") && calls[0].ends_with(", 0) = 0"), "{calls:?}");
        let failed = calls.iter().position(|call| *call == "--- here the assertion fails ---").unwrap();
        assert!(calls[failed - 1].contains("F_GETFL"), "{calls:?}");
        assert!(run.out.contains("\n      trace: | pipe2("), "{}", run.out);
    }

    let run = answer(traced().env("PATH", directory.path()));
    assert_eq!(run.code, Some(FAILED), "{}{}", run.out, run.err);
    assert!(run.err.contains(&format!("no trace of {asked}: strace is not installed\n")), "{}", run.err);
}

/// LD_PRELOAD separates libraries by spaces and colons.
#[test]
#[cfg_attr(target_feature = "crt-static", ignore = "a static binary preloads nothing")]
fn a_library_may_have_any_name() {
    let directory = TempDir::new().unwrap();
    let library = directory.path().join("a b:c.so");
    fs::rename(shim(directory.path()), &library).unwrap();
    let asked = format!("{ASKED}/libc");
    let run = ask_in(directory.path(), &["run", &asked, "--preload", "a b:c.so", "--records", "r.jsonl"]);
    assert_eq!(run.code, Some(FAILED), "{}{}", run.out, run.err);
    assert!(run.out.contains(&format!(": {asked} deviates")), "{}", run.out);
    let report = json(&fs::read_to_string(directory.path().join("r.report.json")).unwrap());
    assert_eq!(report["run"]["environment"]["preloaded"], library.canonicalize().unwrap().to_str().unwrap());
}

#[test]
#[cfg_attr(target_feature = "crt-static", ignore = "a static binary preloads nothing")]
fn what_cannot_be_preloaded_is_refused() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("text.so"), "no library").unwrap();
    let run = |library: &str| ask_in(directory.path(), &["run", SPEC, "--preload", library]);
    assert_refused(&run("nowhere.so"), COULD_NOT_RUN, "cannot preload nowhere.so: No such file");
    // The linker itself says more, before ours.
    let answer = run("text.so");
    assert_eq!(answer.code, Some(COULD_NOT_RUN));
    let ours = answer.err.lines().last().unwrap();
    assert!(ours.starts_with("ipcspec: cannot preload text.so: the dynamic linker did not load it"), "{ours}");
}

/// A C library without packet mode.
const REFUSES_PACKETS: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int pipe2(int ends[2], int flags) {
    if (flags & O_DIRECT) {
        errno = EINVAL;
        return -1;
    }
    return syscall(SYS_pipe2, ends, flags);
}
"#;

#[test]
#[cfg_attr(target_feature = "crt-static", ignore = "a static binary preloads nothing")]
fn a_call_that_is_refused_to_setups_is_one_entry_with_its_flags_and_the_layer_at_fault() {
    let directory = TempDir::new().unwrap();
    library_of(directory.path(), REFUSES_PACKETS);
    let packets = ["pipe.packet-short-read", "pipe.packet-large-write", "pipe.read-eof"];
    let run = ask_in(directory.path(), &[&["run"][..], &packets, &["--preload", "shim.so", "--no-records"]].concat());
    assert_eq!(run.code, Some(FAILED), "{}{}", run.out, run.err);
    assert_eq!(run.out.matches("\n× ").count(), 1, "{}", run.out);
    for part in [
        "× 1: pipe.packet-large-write/libc broken, and 3 more specs alike\n",
        "   at fault: preloaded library: raw conforms, libc broken, nix broken\n",
        "     failed: pipe2(O_NONBLOCK|O_DIRECT) is refused with EINVAL\n",
        "      alike: pipe.packet-large-write/{libc,nix} pipe.packet-short-read/{libc,nix}\n",
        "5 conforms, 0 deviates, 4 broken",
    ] {
        assert!(run.out.contains(part), "{part:?} is not in\n{}", run.out);
    }
}

/// Copies a directory.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap();
    assert!(copied.success(), "{} is copied", from.display());
}

/// Builds ipcspec from a copy of the workspace, in which nix is a copy whose pipe2() loses O_NONBLOCK. Dependencies are
/// built once and kept in the workspace's own target directory.
fn ipcspec_with_a_broken_nix(directory: &Path) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let cargo = |arguments: &[&str], place: &Path| {
        let output = Command::new(env!("CARGO")).args(arguments).current_dir(place).output().unwrap();
        assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let metadata = json(&cargo(&["metadata", "--format-version", "1", "--locked"], workspace));
    let packages = metadata["packages"].as_array().unwrap();
    let nix = packages.iter().find(|package| package["name"] == "nix").expect("the workspace stands on nix");
    let nix = Path::new(nix["manifest_path"].as_str().unwrap()).parent().unwrap();
    copy(nix, &directory.join("nix"));
    let (file, whole, losing) = (
        directory.join("nix/src/unistd.rs"),
        "libc::pipe2(fds.as_mut_ptr().cast(), flags.bits())",
        "flags.bits() & !libc::O_NONBLOCK)",
    );
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches(whole).count(), 1, "nix has another pipe2(): break it in another way");
    fs::write(&file, text.replace(whole, &whole.replace("flags.bits())", losing))).unwrap();

    for part in fs::read_dir(workspace).unwrap().map(Result::unwrap) {
        let name = part.file_name();
        if name != "target" && name != ".git" {
            copy(&part.path(), &directory.join(name));
        }
    }
    let manifest = directory.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text + "\n[patch.crates-io]\nnix = { path = \"nix\" }\n").unwrap();
    let target = workspace.join("target/broken-nix");
    cargo(&["build", "--package", "ipcspec", "--target-dir", target.to_str().unwrap()], directory);
    target.join("debug/ipcspec")
}

#[test]
#[ignore = "it builds ipcspec: scripts/test runs it"]
fn a_nix_that_loses_a_flag_is_at_fault() {
    let directory = TempDir::new().unwrap();
    let broken = ipcspec_with_a_broken_nix(directory.path());
    let run = answer(Command::new(broken).current_dir(directory.path()).args(["run", ASKED]));
    assert_eq!(run.code, Some(FAILED), "{}{}", run.out, run.err);
    assert_at_fault(&run, &format!("{ASKED}/nix"), "nix: raw conforms, libc conforms, nix deviates");
    assert!(run.out.ends_with("3 specs: 2 conforms, 1 deviates, 0 broken, 0 timeout, 0 skipped, 0 flaky; exit 1\n"));
}
