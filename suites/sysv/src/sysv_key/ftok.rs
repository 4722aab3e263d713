//! ftok: keys that are made of files.

use kit::prelude::*;
use kit::privilege::drop_capabilities;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A project whose low byte is not 0.
const PROJECT: i32 = 0x41;

/// The key that ftok(3), NOTES, describes: 8 bits of the project, 8 of the device, 16 of the inode.
fn composed(path: &Path, project: i32) -> TestResult<i32> {
    let stat = lstat(path)?;
    Ok((project & 0xff) << 24 | (stat.st_dev as i32 & 0xff) << 16 | (stat.st_ino as i32 & 0xffff))
}

/// ftok returns the same key for one file and project each time, by whatever pathname: relative, through a symbolic link, or by another
/// hard link.
#[harness::test(
    id = "sysv-key.same-file",
    cite = [posix("ftok.3p", "DESCRIPTION"), man("ftok.3", "DESCRIPTION")],
    covers = ["behaviours:ftok.same-file-same-key", "behaviours:ftok.different-names-same-file"],
    needs = [kit::needs::UNIX_FILES],
    layers = [libc],
)]
fn a_file_has_one_key() -> TestResult {
    let file = Name::file("file")?;
    let (link, other) = (Name::symlink("symbolic", "file")?, Name::free("hard"));
    std::fs::hard_link(&file, &other)?;
    let key = assert_ok!(ftok(&file, PROJECT));
    for path in [&*file, Path::new("./file"), &link, &other] {
        assert_eq!(ftok(path, PROJECT), Ok(key));
    }
    Ok(())
}

/// Only the low 8 bits of the project count: values that have these in common give the same key, and others another.
#[harness::test(
    id = "sysv-key.low-8-bits",
    cite = [man("ftok.3", "DESCRIPTION"), posix("ftok.3p", "DESCRIPTION")],
    covers = ["behaviours:ftok.low-8-bits", "behaviours:ftok.different-proj-differs"],
    layers = [libc],
)]
fn the_low_8_bits_of_the_project_count() -> TestResult {
    let file = Name::file("file")?;
    let key = assert_ok!(ftok(&file, PROJECT));
    for project in [PROJECT + 0x100, PROJECT | 0x7fff_ff00, PROJECT | i32::MIN] {
        assert_eq!(ftok(&file, project), Ok(key));
    }
    for project in [1, PROJECT + 1, 0xff] {
        let other = assert_ok!(ftok(&file, project));
        assert_ne!(other, key);
    }
    Ok(())
}

/// On Linux the key has the low byte of the project in its highest byte, the low byte of the device number below it, and the low 16 bits
/// of the inode number below that; so the keys of two files are the same when these bits are.
#[harness::test(
    id = "sysv-key.composition",
    cite = [man("ftok.3", "NOTES")],
    covers = ["behaviours:ftok.linux-composition"],
    layers = [libc],
)]
fn a_key_has_bits_of_inode_device_and_project() -> TestResult {
    let files = [Name::file("one")?, Name::file("other")?, Name::directory("directory", 0o700)?];
    for file in &files {
        for project in [1, PROJECT, 0x80, 0xff] {
            assert_eq!(ftok(file, project), Ok(composed(file, project)?));
        }
    }
    Ok(())
}

/// ftok needs search permission for the directories of the path and none for the file itself.
#[harness::test(
    id = "sysv-key.accessible",
    cite = [man("ftok.3", "RETURN VALUE"), posix("ftok.3p", "ERRORS", "EACCES")],
    covers = ["behaviours:ftok.must-be-accessible", "errors:sysv-key.ftok.EACCES"],
    needs = [kit::needs::UNIX_FILES],
    layers = [libc],
)]
fn the_path_is_searched_and_the_file_is_not_opened() -> TestResult {
    let directory = Name::directory_with("directory", ["file"])?;
    let file = directory.join("file");
    let key = composed(&file, PROJECT)?;
    let child = fork(|| -> TestResult {
        drop_capabilities()?;
        std::fs::set_permissions(&file, Permissions::from_mode(0o000))?;
        assert_eq!(ftok(&file, PROJECT), Ok(key));
        directory.set_permissions(0o600)?;
        assert_errno!(ftok(&file, PROJECT), EACCES);
        directory.set_permissions(0o100)?;
        assert_eq!(ftok(&file, PROJECT), Ok(key));
        Ok(())
    })?;
    child.join()
}

#[harness::errors(
    family = "path-missing",
    rows = [("sysv-key.ftok-enoent", "errors:sysv-key.ftok.ENOENT", "nothing")],
    layers = [libc],
)]
fn a_missing_file_has_no_key(name: &str) -> TestResult {
    let nothing = Name::free(name);
    let dangling = Name::symlink("dangling", &nothing)?;
    assert_errno!(ftok(&nothing, PROJECT), ENOENT);
    assert_errno!(ftok(&dangling, PROJECT), ENOENT);
    assert_errno!(ftok("", PROJECT), ENOENT);
    assert_errno!(nothing.node(), ENOENT);
    Ok(())
}

#[harness::errors(
    family = "path-not-a-directory",
    rows = [("sysv-key.ftok-enotdir", "errors:sysv-key.ftok.ENOTDIR", "below")],
    layers = [libc],
)]
fn nothing_is_below_a_file(below: &str) -> TestResult {
    let file = Name::file("file")?;
    assert_errno!(ftok(file.join(below), PROJECT), ENOTDIR);
    Ok(())
}

#[harness::errors(
    family = "path-loop",
    rows = [("sysv-key.ftok-eloop", "errors:sysv-key.ftok.ELOOP", "back")],
    layers = [libc],
)]
fn a_loop_of_symbolic_links_has_no_key(back: &str) -> TestResult {
    let _back = Name::symlink(back, "forth")?;
    let forth = Name::symlink("forth", back)?;
    assert_errno!(ftok(&forth, PROJECT), ELOOP);
    Ok(())
}

#[harness::errors(
    family = "path-name-too-long",
    rows = [("sysv-key.ftok-enametoolong", "errors:sysv-key.ftok.ENAMETOOLONG", "file")],
    layers = [libc],
)]
fn a_path_can_be_too_long(name: &str) -> TestResult {
    let file = Name::file(name)?;
    let key = composed(&file, PROJECT)?;
    // With the NUL at its end the longest path has PATH_MAX bytes.
    let longest = format!("./{}{name}", "/".repeat(libc::PATH_MAX as usize - 3 - name.len()));
    assert_eq!(ftok(&longest, PROJECT), Ok(key));
    assert_errno!(ftok(format!("/{longest}"), PROJECT), ENAMETOOLONG);
    assert_errno!(ftok("n".repeat(libc::PATH_MAX as usize / 2), PROJECT), ENAMETOOLONG);
    Ok(())
}
