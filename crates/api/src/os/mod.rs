//! Functions of CPython's `os` (and `aiofiles.os`) that neither std nor [`fs`](crate::fs) has.
//!
//! The other functions of `aiofiles.os` are in [`fs`](crate::fs) under std's names:
//!
//! | `aiofiles.os` | here |
//! |---|---|
//! | `stat`, `lstat` | [`fs::metadata`](crate::fs::metadata), [`fs::symlink_metadata`](crate::fs::symlink_metadata) |
//! | `remove`, `unlink`, `rmdir` | [`fs::remove_file`](crate::fs::remove_file), [`fs::remove_dir`](crate::fs::remove_dir) |
//! | `mkdir`, `makedirs` | [`fs::create_dir`](crate::fs::create_dir), [`fs::create_dir_all`](crate::fs::create_dir_all), [`fs::DirBuilder`](crate::fs::DirBuilder) |
//! | `rename`, `replace` | [`fs::rename`](crate::fs::rename) |
//! | `link`, `symlink`, `readlink` | [`fs::hard_link`](crate::fs::hard_link), [`fs::symlink`](crate::fs::symlink), [`fs::read_link`](crate::fs::read_link) |
//! | `scandir`, `walk`, `fwalk` | [`fs::read_dir`](crate::fs::read_dir), [`fs::walk`](crate::fs::walk()), [`fs::fwalk`](crate::fs::fwalk()) |
//! | `fstat`, `truncate`, `fsync`, `posix_fallocate`, `posix_fadvise` | methods of [`File`] |
//! | `dir_fd=` | methods of [`Dir`](crate::Dir) |
//! | `path` | [`path`](crate::path) |
//! | `shutil`: `copyfile`, `copytree`, `move`, `rmtree` | [`fs::copy`](crate::fs::copy), [`fs::copy_dir`](crate::fs::copy_dir), [`fs::move_path`](crate::fs::move_path), [`fs::remove_dir_all`](crate::fs::remove_dir_all) |
//! | `glob`: `glob`, `rglob` | [`fs::glob`](crate::fs::glob()), [`fs::rglob`](crate::fs::rglob) |
//!
//! A function whose name starts with `l` does not follow a symbolic link at the end of the path.
//!
//! ```
//! use folio::os::{self, Mode};
//!
//! # async fn example() -> folio::Result<()> {
//! if os::access("out", Mode::WRITE | Mode::EXECUTE).await? {
//!     println!("{} bytes left", os::statvfs("out").await?.available_bytes());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Cancellation
//!
//! A call that is dropped before it began does nothing; after that it finishes in the background. Functions with another
//! rule say so.

mod attributes;
mod xattr;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use folio_engine::op::usage::{self, Measured, OpenMeasure};
use folio_engine::op::{access, filesystem, names, prune, tree};
use folio_engine::{Engine, Handle};

use crate::checked;
use crate::limits::CARRIED_BYTES_MAX;
use crate::{Error, File, Operation, Result};

pub use attributes::{chmod, chown, lchown, lutime, utime};
pub use folio_engine::op::usage::DiskUsage;
pub use folio_engine::storage::{Advice, Allocation, Mode, Stamp, StatVfs, XattrMode};
pub use xattr::{getxattr, lgetxattr, listxattr, llistxattr, lremovexattr, lsetxattr, removexattr, setxattr};

/// Returns whether this process may use a path in every way of `mode`, following symbolic links.
///
/// Returns `false` if the path is missing or the kernel refuses for any other reason. Like `access(2)`, it checks the
/// real user unless [`effective`](Mode::effective) is set, and the superuser may read and write everything.
/// The answer may be outdated when it arrives: to find out whether a file can be opened, open it.
///
/// # Errors
///
/// If the path contains a NUL; if the engine has stopped.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// use folio::os::{Mode, access};
///
/// let runnable = access("run.sh", Mode::READ | Mode::EXECUTE).await?;
/// # Ok(())
/// # }
/// ```
pub async fn access(path: impl AsRef<Path>, mode: Mode) -> Result<bool> {
    let path = checked::path(Operation::Access, path)?;
    Engine::current()?.call(access::access(path, mode)).await
}

/// Returns size and limits of the file system that holds a path.
///
/// # Errors
///
/// If the path is missing, or a directory on the way may not be searched.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let space = folio::os::statvfs("/").await?;
/// println!("{} of {} bytes are free", space.available_bytes(), space.total_bytes());
/// # Ok(())
/// # }
/// ```
pub async fn statvfs(path: impl AsRef<Path>) -> Result<StatVfs> {
    let path = checked::path(Operation::StatVfs, path)?;
    Engine::current()?.call(filesystem::statvfs(path)).await
}

/// Adds up the space that a directory and everything below it takes, like `du`. The free space of a file system is
/// returned by [`statvfs`], not by this function; CPython's `shutil.disk_usage` returns the latter.
///
/// A file with several names counts once. The path is followed if it is a symbolic link, but links below it are
/// not. Entries that are removed meanwhile do not count.
///
/// # Errors
///
/// If the path is missing or a directory below it may not be read; the error names the directory.
///
/// # Cancellation
///
/// At most one job of a few thousand entries goes on.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let usage = folio::os::disk_usage("target").await?;
/// println!("{} files take {} bytes", usage.files, usage.allocated);
/// # Ok(())
/// # }
/// ```
pub async fn disk_usage(path: impl AsRef<Path>) -> Result<DiskUsage> {
    let path = checked::path(Operation::DiskUsage, path)?;
    let engine = Engine::current()?;
    let mut measure = OpenMeasure::new(path);
    loop {
        match Box::pin(engine.call(usage::go_on(measure))).await? {
            Measured::More(rest) => measure = *rest,
            Measured::All(usage) => return Ok(usage),
            Measured::Failed(error) => return Err(error),
        }
    }
}

/// Returns the working directory of this process.
///
/// It is not async, because the kernel has the answer in memory.
///
/// # Errors
///
/// If it was removed or lies outside of the root of this process.
///
/// ```
/// # fn example() -> folio::Result<()> {
/// println!("{}", folio::os::getcwd()?.display());
/// # Ok(())
/// # }
/// ```
pub fn getcwd() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| Error::io(Operation::Canonicalize, error))
}

/// Copies up to `count` bytes of `input`, from `offset` on, to the cursor of `output`; returns the number of bytes copied.
///
/// It copies fewer only if `input` ends first, or if a failure comes after some bytes, which the next call then returns.
/// It comes after earlier operations on either file, is one operation in `output`'s order and moves its cursor; `input`'s
/// cursor stays. Between plain files the kernel copies the bytes if it can. To a stream the bytes are written in pieces,
/// and other writes may come between them.
///
/// # Errors
///
/// `EINVAL` if `output` is open for appending, `input` is a stream, or a range ends beyond `i64::MAX`; `EBADF`
/// if `input` is not open for reading or `output` not for writing; any error of reading and writing.
///
/// # Cancellation
///
/// Some of the bytes may have been written to a stream.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let input = folio::File::open("data.bin").await?;
/// let output = folio::File::create("head.bin").await?;
/// let copied = folio::os::sendfile(&output, &input, 0, 4096).await?;
/// # Ok(())
/// # }
/// ```
pub async fn sendfile(output: &File, input: &File, offset: u64, count: u64) -> Result<u64> {
    let end = offset.checked_add(count).filter(|end| i64::try_from(*end).is_ok());
    if end.is_none() {
        let error = Error::invalid(Operation::SendFile, "the range ends beyond i64::MAX");
        return Err(error.at_path(output.path()));
    }
    let Handle::Plain(from) = &input.handle else {
        let error = Error::invalid(Operation::SendFile, "a stream has no offset to send from");
        return Err(error.at_path(input.path()));
    };
    match &output.handle {
        Handle::Plain(to) => to.receive(from.duplicate(Operation::SendFile).await?, offset, count).await,
        Handle::Stream(_) => send_to_stream(output, input, offset, count).await,
    }
}

async fn send_to_stream(output: &File, input: &File, offset: u64, count: u64) -> Result<u64> {
    let mut done = 0;
    while done < count {
        let len = (count - done).min(CARRIED_BYTES_MAX) as usize;
        let bytes = input.read_bytes_at(offset + done, len).await?;
        if bytes.is_empty() {
            break;
        }
        output.write_all(&bytes).await?;
        done += bytes.len() as u64;
    }
    Ok(done)
}

/// Creates the missing parents of `to`, renames `from` to `to`, then removes every parent of `from` that is now empty.
///
/// # Errors
///
/// If a parent of `to` cannot be created or the rename fails. Parents that were created before the failure stay. Failing
/// to remove a parent of `from` is not an error.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::renames("inbox/7/message", "archive/2026/message").await?;
/// # Ok(())
/// # }
/// ```
pub async fn renames(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let from = checked::path(Operation::Rename, from)?;
    let to = checked::path(Operation::Rename, to)?;
    Engine::current()?.call(prune::renames(from, to)).await
}

/// Removes an empty directory, then every parent that is now empty.
///
/// # Errors
///
/// If the directory itself is missing, not a directory, or not empty. Failing to remove a parent is not an error.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::removedirs("out/2026/07").await?;
/// # Ok(())
/// # }
/// ```
pub async fn removedirs(path: impl AsRef<Path>) -> Result<()> {
    let path = checked::path(Operation::RemoveDir, path)?;
    Engine::current()?.call(prune::remove_dirs(path)).await
}

/// Creates a FIFO with the permission bits `mode` before the umask.
///
/// # Errors
///
/// If the path exists or its parent is missing.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::os::mkfifo("control", 0o600).await?;
/// let commands = folio::File::options().read(true).open("control").await?;
/// # Ok(())
/// # }
/// ```
pub async fn mkfifo(path: impl AsRef<Path>, mode: u32) -> Result<()> {
    let path = checked::path(Operation::MakeFifo, path)?;
    Engine::current()?.call(names::make_fifo(path, mode)).await
}

/// Returns the names in a directory, in no particular order and without `.` and `..`.
///
/// All of them are in memory at once; [`read_dir`](crate::fs::read_dir) fetches them in batches.
///
/// # Errors
///
/// If the path is missing, not a directory, or may not be read.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let mut names = folio::os::listdir("src").await?;
/// names.sort();
/// # Ok(())
/// # }
/// ```
pub async fn listdir(path: impl AsRef<Path>) -> Result<Vec<OsString>> {
    let path = checked::path(Operation::ReadDir, path)?;
    Engine::current()?.call(tree::list_names(path)).await
}
