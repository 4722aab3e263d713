//! The list of targets, and how one is named on the command line.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A place where a run can happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name in the list; a kernel that was named by its path is called by that.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether what fails there fails a matrix.
    pub gates: bool,
    /// Ids of specs that stop this kernel as a whole, and how: they are skipped there, for else there would be no verdicts at all.
    pub stopped_by: BTreeMap<String, String>,
}

/// What kind of place, with its options.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Kind {
    /// This machine.
    Local {
        /// As this user.
        uid: Option<u32>,
        /// By another build of ipcspec.
        binary: Option<PathBuf>,
        /// In a user namespace, below which there can be so many more.
        max_user_namespaces: Option<u32>,
    },
    /// A container on this machine's kernel, with the seccomp filter that Podman has when nobody asks for another.
    Container {
        /// Refuse more.
        #[serde(default)]
        strict: bool,
    },
    /// User-mode Linux.
    Uml {
        /// Give it a disk, and boot it twice when a spec needs that.
        #[serde(default)]
        disk: bool,
        /// Another kernel than Debian's: a program.
        kernel: Option<PathBuf>,
        /// More words on its command line.
        append: Option<String>,
    },
    /// gVisor: another kernel with Linux's interface.
    Gvisor {
        /// Another runsc than the one that is installed.
        kernel: Option<PathBuf>,
    },
    /// A kernel under qemu.
    Qemu(Machine),
    /// Anything that runs a program as nice(1) does: it is given the program and its arguments.
    Command {
        /// The wrapper's words.
        command: Vec<String>,
    },
}

/// A machine under qemu.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// A bzImage.
    pub kernel: PathBuf,
    /// Give it a disk, and boot it twice when a spec needs that. The kernel must have NVMe and ext4 built in.
    #[serde(default)]
    pub disk: bool,
    /// Processors; two when it does not say.
    pub cpus: Option<u8>,
    /// qemu's -accel, when it is not to emulate.
    pub accel: Option<String>,
    /// More words on the kernel's command line.
    pub append: Option<String>,
}

/// The list that comes with the program.
const OURS: &str = include_str!("../../targets.toml");

/// Every target of a list: of this file, or of the one that comes with the program. An error is one sentence.
pub fn all(file: Option<&Path>) -> Result<Vec<Target>, String> {
    let Some(path) = file else { return parse(OURS) };
    let text = std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    parse(&text).map_err(|why| format!("{} is not a list of targets: {why}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Target>, String> {
    let entries: BTreeMap<String, toml::Table> = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count()) + 1;
        format!("line {line}: {}", error.message().replace('\n', " "))
    })?;
    let mut targets = Vec::new();
    for (name, mut entry) in entries {
        let gates = match entry.remove("gates") {
            None => true,
            Some(toml::Value::Boolean(gates)) => gates,
            Some(other) => return Err(format!("{name}: gates is true or false, and not {other}")),
        };
        let stopped_by = match entry.remove("stopped_by").map(toml::Value::try_into) {
            None => BTreeMap::new(),
            Some(Ok(specs)) => specs,
            Some(Err(_)) => return Err(format!("{name}: stopped_by is a table of ids, with a reason each")),
        };
        let kind: Kind = entry.try_into().map_err(|error| format!("{name}: {}", error.message().replace('\n', " ")))?;
        // Names become names of files.
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.starts_with('.') || !name.chars().all(plain) {
            return Err(format!("{name:?} is no name for a target: use letters, digits, and - _ . between them"));
        }
        if matches!(&kind, Kind::Command { command } if command.is_empty()) {
            return Err(format!("the command of {name} is empty"));
        }
        targets.push(Target { name, kind, gates, stopped_by });
    }
    // As they stand in the list, which is the order of columns.
    targets.sort_by_key(|target| position(text, &target.name));
    Ok(targets)
}

fn position(text: &str, name: &str) -> Option<usize> {
    [format!("[{name}]"), format!("[\"{name}\"]")].iter().filter_map(|header| text.find(header)).min()
}

/// The target of this name, or a kernel by its path: `qemu:arch/x86/boot/bzImage`.
pub fn find(targets: &[Target], name: &str) -> Result<Target, String> {
    if let Some(path) = name.strip_prefix("qemu:") {
        let kernel = std::path::absolute(path).map_err(|error| format!("{path}: {error}"))?;
        let machine = Machine { kernel, ..Machine::default() };
        let kind = Kind::Qemu(machine);
        return Ok(Target { name: name.into(), kind, gates: true, stopped_by: BTreeMap::new() });
    }
    targets.iter().find(|target| target.name == name).cloned().ok_or_else(|| {
        let names: Vec<_> = targets.iter().map(|target| target.name.as_str()).collect();
        format!("unknown target `{name}`; available: {}, and qemu:PATH for a kernel image", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_that_comes_with_the_program_is_read_in_its_order() {
        let names: Vec<_> = all(None).expect("a list").into_iter().map(|target| target.name).collect();
        let expected = "local nobody nobody-no-userns container container-strict uml gvisor gvisor-2024 \
            debian-5.10 debian-6.1 debian-6.12 debian-6.12-up debian-6.12-rt debian-newest";
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn what_is_wrong_in_a_list_is_told_with_its_place() {
        for (text, words) in [
            ("[a]\nkind = \"local\"\nuuid = 3\n", "a: unknown field `uuid`, expected one of `uid`, `binary`"),
            ("[a]\nkind = \"vax\"\n", "a: unknown variant `vax`, expected one of "),
            ("[a]\nkind = \"qemu\"\n", "a: missing field `kernel`"),
            ("[a]\nkind = \"local\"\ngates = 1\n", "a: gates is true or false, and not 1"),
            (
                "[a]\nkind = \"local\"\nstopped_by = [\"pipe.a\"]\n",
                "a: stopped_by is a table of ids, with a reason each",
            ),
            ("[a\n", "line 1: "),
            ("\n[\"../a\"]\nkind = \"local\"\n", "\"../a\" is no name for a target"),
            ("[a]\nkind = \"command\"\ncommand = []\n", "the command of a is empty"),
        ] {
            let said = parse(text).expect_err("it is refused");
            assert!(said.starts_with(words), "{said}");
        }
    }

    #[test]
    fn a_kernel_is_named_by_its_path() {
        let target = find(&[], "qemu:bzImage").expect("a target");
        assert_eq!(target.name, "qemu:bzImage");
        assert!(matches!(target.kind, Kind::Qemu(machine) if machine.kernel.is_absolute()));
        let said = find(&all(None).expect("a list"), "debian").expect_err("it is refused");
        assert!(said.starts_with("unknown target `debian`; available: local, nobody, "), "{said}");
    }
}
