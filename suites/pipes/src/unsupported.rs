//! Calls that take a descriptor, and that pipes, FIFOs and sockets do not support: a table for each family of conditions.

use kit::channel::{Channel, FIFO, PIPE, SOCKET_PAIR};
use kit::file::file_of;
use kit::needs::UNIX_FILES;
use kit::prelude::*;
use libc::{SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET};

/// On which channels, and what is asked of them.
type Asked = (&'static [Channel], fn(&Ends) -> Result<()>);

/// A channel, and a regular file that holds bytes.
struct Ends {
    reader: Fd,
    writer: Fd,
    file: Fd,
}

const PIPES: &[Channel] = &[PIPE, FIFO];
const ALL: &[Channel] = &[PIPE, FIFO, SOCKET_PAIR];

/// Asks each of the channels, in which bytes wait to be read, and asserts that they still do.
fn ask((channels, call): Asked, check: fn(Result<()>)) -> TestResult {
    for channel in channels {
        let (reader, writer) = channel.open()?;
        let ends = Ends { reader, writer, file: file_of(b"abcdef", libc::O_RDWR)? };
        write_all(&ends.writer, b"abc")?;
        check(call(&ends));
        assert_eq!(read_bytes(&ends.reader, 9), Ok("abc".into()));
    }
    Ok(())
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("pipe.unsupported/fsync", "errors:pipe.fsync.EINVAL", (ALL, |on| fsync(&on.writer))),
        ("pipe.unsupported/fsync-read-end", "errors:pipe.fsync.EINVAL", (ALL, |on| fsync(&on.reader))),
        ("pipe.unsupported/fdatasync", "errors:pipe.fdatasync.EINVAL", (ALL, |on| fdatasync(&on.writer))),
        ("pipe.unsupported/fdatasync-read-end", "errors:pipe.fdatasync.EINVAL", (ALL, |on| fdatasync(&on.reader))),
        ("pipe.unsupported/ftruncate", "errors:pipe.ftruncate.EINVAL", (ALL, |on| ftruncate(&on.writer, 0))),
        ("pipe.unsupported/sendfile", "errors:pipe.sendfile.EINVAL", (ALL, |on| {
            sendfile(&on.file, &on.reader, None, 1).map(drop)
        })),
        ("pipe.unsupported/copy-file-range-from", "errors:pipe.copy_file_range.EINVAL", (ALL, |on| {
            copy_file_range(&on.reader, &on.file, 1).map(drop)
        })),
        ("pipe.unsupported/copy-file-range-into", "errors:pipe.copy_file_range.EINVAL", (ALL, |on| {
            copy_file_range(&on.file, &on.writer, 1).map(drop)
        })),
    ],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn the_type_is_not_supported(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, EINVAL))
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("pipe.unsupported-by-linux/readahead", "errors:pipe.readahead.EINVAL", (ALL, |on| readahead(&on.reader, 1))),
    ],
    needs = [UNIX_FILES],
    layers = [libc, raw],
)]
fn the_type_is_not_supported_by_linux(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, EINVAL))
}

#[harness::errors(
    family = "not-seekable",
    rows = [
        (
            "pipe.not-seekable/lseek-set", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.reader, 0, SEEK_SET).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-set-write-end", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.writer, 0, SEEK_SET).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-cur", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.reader, 0, SEEK_CUR).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-cur-write-end", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.writer, 0, SEEK_CUR).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-end", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.reader, 0, SEEK_END).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-end-write-end", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.writer, 0, SEEK_END).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-data", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.reader, 0, SEEK_DATA).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-data-write-end", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.writer, 0, SEEK_DATA).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-hole", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.reader, 0, SEEK_HOLE).map(drop)),
        ),
        (
            "pipe.not-seekable/lseek-hole-write-end", "errors:pipe.lseek.ESPIPE",
            (ALL, |on| lseek(&on.writer, 0, SEEK_HOLE).map(drop)),
        ),
        (
            "pipe.not-seekable/pread", "errors:pipe.pread.ESPIPE",
            (ALL, |on| pread(&on.reader, &mut [0; 1], 0).map(drop)),
        ),
        ("pipe.not-seekable/pwrite", "errors:pipe.pwrite.ESPIPE", (ALL, |on| pwrite(&on.writer, b"x", 0).map(drop))),
        ("pipe.not-seekable/fallocate", "errors:pipe.fallocate.ESPIPE", (PIPES, |on| fallocate(&on.writer, 0, 0, 1))),
        (
            "pipe.not-seekable/posix-fadvise", "errors:pipe.posix_fadvise.ESPIPE",
            (PIPES, |on| posix_fadvise(&on.reader)),
        ),
        ("pipe.not-seekable/sendfile", "errors:pipe.sendfile.ESPIPE", (PIPES, |on| {
            sendfile(&on.file, &on.reader, Some(&mut 0), 1).map(drop)
        })),
    ],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn there_is_no_offset(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, ESPIPE))
}

#[harness::errors(
    family = "not-seekable",
    rows = [
        ("pipe.not-seekable-by-linux/sync-file-range", "errors:pipe.sync_file_range.ESPIPE", (ALL, |on| {
            sync_file_range(&on.writer)
        })),
    ],
    needs = [UNIX_FILES],
    layers = [libc, raw],
)]
fn there_is_no_range(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, ESPIPE))
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("pipe.not-a-directory/fchdir", "errors:pipe.fchdir.ENOTDIR", (ALL, |on| fchdir(&on.reader))),
        ("pipe.not-a-directory/fchdir-write-end", "errors:pipe.fchdir.ENOTDIR", (ALL, |on| fchdir(&on.writer))),
    ],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn it_is_no_directory(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, ENOTDIR))
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("pipe.no-entries/getdents", "errors:pipe.getdents.ENOTDIR", (ALL, |on| {
            getdents(&on.reader, &mut [0; 512]).map(drop)
        })),
    ],
    needs = [UNIX_FILES],
    layers = [raw],
)]
fn it_has_no_entries(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, ENOTDIR))
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("pipe.not-mappable/mmap", "errors:mmap.mmap.ENODEV", (ALL, |on| {
            mmap(0, 1, libc::PROT_READ, libc::MAP_SHARED, &on.reader, 0).map(drop)
        })),
    ],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn it_cannot_be_mapped(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, ENODEV))
}

#[harness::errors(
    family = "wrong-type",
    rows = [
        ("pipe.not-a-terminal/tcgetattr", "errors:pipe.tcgetattr.ENOTTY", (ALL, |on| tcgetattr(&on.reader))),
        ("pipe.not-a-terminal/tcgetattr-write-end", "errors:pipe.tcgetattr.ENOTTY", (ALL, |on| tcgetattr(&on.writer))),
    ],
    needs = [UNIX_FILES],
    layers = [libc, nix, raw],
)]
fn it_is_no_terminal(asked: Asked) -> TestResult {
    ask(asked, |result| assert_errno!(result, ENOTTY))
}
