//! Places that lack what others have: every skip names its need.

use super::command::ipcspec;
use super::{Run, assert_nothing_false, end_of, has, is_root, read};
use record::{Records, Verdict};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

#[test]
#[ignore = "scripts/hostile runs it"]
fn few_descriptors() {
    for limit in ["16", "64"] {
        let shell = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        Run::within(&["sh", "-c", &shell], &[]).assert_nothing_false(0);
    }
}

/// Too small a file for the records: said, and nothing is judged wrong.
#[test]
#[ignore = "scripts/hostile runs it"]
fn small_files() {
    // In blocks of 512 bytes (ulimit(1p)): 16 MiB are enough for the records.
    Run::within(&["sh", "-c", "ulimit -f 32768; exec \"$0\" \"$@\""], &[]).assert_nothing_false(0);
    let mut small = Run::within(&["sh", "-c", "ulimit -f 8; exec \"$0\" \"$@\""], &[]);
    let output = small.command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("File too large"));
}

/// A process of this user that holds pipes; ended when it is dropped.
struct Holder(Child);

impl Holder {
    fn new(directory: &TempDir, uid: u32) -> Self {
        use std::os::unix::process::CommandExt;
        const SOURCE: &str = r#"
            #include <sys/resource.h>
            #include <unistd.h>
            int main(void) {
                struct rlimit files = {4096, 4096};
                int ends[2], pipes = 0;
                setrlimit(RLIMIT_NOFILE, &files);
                while (pipes < 1100 && pipe(ends) == 0) pipes++;
                write(1, pipes == 1100 ? "y" : "n", 1);
                pause();
            }"#;
        let (source, program) = (directory.path().join("hold.c"), directory.path().join("hold"));
        std::fs::write(&source, SOURCE).unwrap();
        assert!(Command::new("cc").arg("-w").arg("-o").arg(&program).arg(&source).status().unwrap().success());
        let mut child = Command::new(&program).uid(uid).gid(uid).stdout(Stdio::piped()).spawn().unwrap();
        let mut answer = [0];
        child.stdout.as_mut().unwrap().read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"y", "it holds 1100 pipes");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const AS_NOBODY: [&str; 6] = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

#[test]
#[ignore = "scripts/hostile runs it"]
fn beside_eleven_hundred_pipes_of_the_same_user() {
    if !is_root() || !has(&["setpriv", "cc"]) {
        return;
    }
    let directory = TempDir::new().unwrap();
    std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let _holder = Holder::new(&directory, 65534);
    Run::within(&AS_NOBODY, &[]).assert_nothing_false(0);
}

const NO_CAPABILITIES: &str = "exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all \"$0\" \"$@\"";

#[test]
#[ignore = "scripts/hostile runs it"]
fn without_user_namespaces() {
    if !is_root() || !has(&["setpriv", "unshare"]) {
        return;
    }
    let shell = format!("echo 0 > /proc/sys/user/max_user_namespaces; {NO_CAPABILITIES}");
    for uid in ["65534", "0"] {
        let maps = [format!("--map-user={uid}"), format!("--map-group={uid}")];
        let unshare = ["unshare", "-U", "--keep-caps", &maps[0], &maps[1], "sh", "-c", &shell];
        let program: Vec<_> = AS_NOBODY.into_iter().chain(unshare).collect();
        let records = Run::within(&program, &[]).assert_nothing_false(0);
        assert_eq!(records.run.environment.isolation, "none");
    }
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn under_strace() {
    if !has(&["strace"]) {
        return;
    }
    // A part: each call costs two stops.
    for shard in ["1/12", "7/12"] {
        Run::within(&["strace", "-f", "-o", "/dev/null"], &["--shard", shard]).assert_nothing_false(0);
    }
    Run::within(&["strace", "-f", "-o", "/dev/null"], &["--mechanism", "signal"]).assert_nothing_false(0);
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn without_dev() {
    if !is_root() || !has(&["unshare"]) {
        return;
    }
    let shell = "mount -t tmpfs none /dev && exec \"$0\" \"$@\"";
    Run::within(&["unshare", "--mount", "sh", "-c", shell], &[]).assert_nothing_false(0);
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn without_proc() {
    if !is_root() || !has(&["unshare"]) {
        return;
    }
    let shell = "mount -t tmpfs none /proc && exec \"$0\" \"$@\"";
    let output = Run::within(&["unshare", "--mount", "sh", "-c", shell], &[]).command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("/proc is not mounted"), "{words}");
}

/// Machines whose owner has changed what specs of pipes count on, or who lets nobody look at another process (Yama).
const TUNED: &str = r#"
[generous]
kind = "qemu"
kernel = "debian-6.12"
append = "sysctl.fs.pipe-max-size=2097152 sysctl.fs.pipe-user-pages-soft=0 sysctl.fs.protected_fifos=1 sysctl.kernel.shm_rmid_forced=1"

[mean]
kind = "qemu"
kernel = "debian-6.12"
append = "sysctl.fs.pipe-max-size=4096 sysctl.fs.pipe-user-pages-soft=64 sysctl.fs.pipe-user-pages-hard=256 sysctl.kernel.msgmnb=4096 sysctl.kernel.msgmax=4096 sysctl.kernel.shmmni=64 sysctl.fs.mqueue.msg_max=5"

[secretive]
kind = "qemu"
kernel = "debian-6.12"
append = "sysctl.kernel.yama.ptrace_scope=3"
"#;

#[test]
#[ignore = "scripts/hostile runs it"]
fn tuned_machines() {
    let directory = TempDir::new().unwrap();
    let list = directory.path().join("targets.toml");
    std::fs::write(&list, TUNED).unwrap();
    let targets = engine::remote::list::all(Some(&list)).unwrap();
    if let Some(Err(why)) = targets.first().map(|target| target.is_ready()) {
        eprintln!("not run: {why}; scripts/kernels fetches kernels");
        return;
    }
    let mut matrix = ipcspec();
    matrix.arg("matrix").arg("--targets").arg(&list).arg("--directory").arg(directory.path());
    let output = matrix.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", end_of(&output.stderr));
    for target in &targets {
        eprintln!("{}", target.name);
        assert_nothing_false(&read(&directory.path().join(format!("{}.jsonl", target.name))));
    }
    assert_eq!(output.status.code(), Some(0), "{}", end_of(&output.stderr));
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn on_a_tmpfs() {
    runs_on(&["unshare"], "mount -t tmpfs none mounted", &[]);
}

#[test]
#[ignore = "scripts/hostile runs it"]
fn on_ext4() {
    runs_on(&["mkfs.ext4"], "truncate -s 200M disk && mkfs.ext4 -q disk && mount -o loop disk mounted", &[]);
}

/// A write to a FIFO is not seen in its times: Linux 6.18 fs/overlayfs/inode.c, ovl_getattr().
#[test]
#[ignore = "scripts/hostile runs it"]
fn on_an_overlay() {
    let layers = "mkdir layers && mount -t tmpfs none layers && mkdir layers/lower layers/upper layers/work";
    let options = "lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work";
    runs_on(
        &["unshare"],
        &format!("{layers} && mount -t overlay -o {options} none mounted"),
        &["fifo.write-moves-mtime/libc", "fifo.write-moves-mtime/nix", "fifo.write-moves-mtime/raw"],
    );
}

/// It has no FIFOs, no links and no owners.
#[test]
#[ignore = "scripts/hostile runs it"]
fn on_fat() {
    runs_on(&["mkfs.vfat"], "truncate -s 64M disk && mkfs.vfat disk && mount -o loop,umask=0 disk mounted", &[]);
}

/// Runs as root, as another user, and without namespaces, with scratch directories on a file system that the shell mounts.
#[track_caller]
fn runs_on(programs: &[&str], mount: &str, deviating: &[&str]) {
    if !is_root() || !has(programs) || !has(&["setpriv", "unshare"]) {
        return;
    }
    const CANNOT_MOUNT: i32 = 77;
    let as_nobody = AS_NOBODY.join(" ");
    let without = format!("echo 0 > /proc/sys/user/max_user_namespaces; {NO_CAPABILITIES}");
    let no_namespaces =
        format!("{as_nobody} unshare -U --keep-caps --map-user=65534 --map-group=65534 sh -c '{without}'");
    for user in ["", &as_nobody, &no_namespaces] {
        let shell = format!(
            r#"mkdir mounted && {mount} || exit {CANNOT_MOUNT}; mkdir -p -m 777 mounted/chosen
            {user} "$0" "$@"; code=$?; rmdir mounted/chosen && exit $code"#
        );
        let mut run = Run::within(&["unshare", "--mount", "sh", "-c", &shell], &["--directory", "mounted/chosen"]);
        let output = run.command.output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(CANNOT_MOUNT) => return eprintln!("not run: {words}"),
            code => assert!(matches!(code, Some(0 | 1)), "{words}"),
        }
        let mut records = run.records();
        let directory = records.run.environment.directory.clone().unwrap();
        eprintln!("{directory}, isolation {}", records.run.environment.isolation);
        records.specs.retain(|spec| !(spec.verdict == Verdict::Deviates && deviating.contains(&spec.id.as_str())));
        assert_nothing_false(&records);
    }
}

/// Runs as nobody who has this range of ids.
fn with_range(range: &str) -> Run {
    let shell = format!(
        r#"echo 65534:{range} > range; mount --bind range /etc/subuid; mount --bind range /etc/subgid
        exec {} "$0" "$@""#,
        AS_NOBODY.join(" ")
    );
    Run::within(&["unshare", "--mount", "sh", "-ec", &shell], &[])
}

const RANGES: [&str; 4] = ["newuidmap", "newgidmap", "setpriv", "unshare"];

fn misses(records: &Records, need: &str) -> bool {
    records.specs.iter().flat_map(|spec| &spec.missing).any(|missing| missing.need == need)
}

/// Also two at once, and where not every sandbox of a run can have ids at once.
#[test]
#[ignore = "scripts/hostile runs it"]
fn with_a_range_of_ids() {
    if !is_root() || !has(&RANGES) {
        return;
    }
    let (mut beside, run) = (with_range("300000:65536"), with_range("300000:65536"));
    let mut other = beside.start();
    let all = run.assert_nothing_false(0);
    assert!(other.wait().unwrap().success());
    for records in [all, beside.records(), with_range("300000:5").assert_nothing_false(0)] {
        assert!(!misses(&records, "own_uid") && !misses(&records, "second_uid"));
        assert_nothing_false(&records);
    }
}

/// The programs refuse ids that the user has already.
#[test]
#[ignore = "scripts/hostile runs it"]
fn with_a_range_that_cannot_be_had() {
    if !is_root() || !has(&RANGES) {
        return;
    }
    let records = with_range("65530:50").assert_nothing_false(0);
    let why: Vec<_> = records.specs.iter().flat_map(|spec| &spec.missing).map(|missing| &missing.found).collect();
    assert!(misses(&records, "own_uid") && misses(&records, "second_uid"));
    assert!(why.iter().any(|found| found.contains("newuidmap failed")), "{why:?}");
}
