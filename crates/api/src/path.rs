//! Questions about paths, as CPython's `os.path` (and `aiofiles.ospath`) has them, under std's names.
//!
//! What the kernel knows from memory is answered in place. `exists` and the `is_*` functions say no whenever
//! the answer cannot be had, as both std and CPython do: [`fs::try_exists`](crate::fs::try_exists) and
//! [`fs::metadata`](crate::fs::metadata) tell why.
//!
//! ```
//! use folio::path;
//!
//! # async fn example() -> folio::Result<()> {
//! if path::is_file("settings.toml").await {
//!     println!("{} bytes", path::len("settings.toml").await?);
//! }
//! # Ok(())
//! # }
//! ```

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use folio_engine::Engine;
use folio_engine::op::filesystem::{IsMount, IsSame};

use crate::fs::{checked, metadata, symlink_metadata};
use crate::{Error, File, Operation, Result};

/// Returns whether a path names something, following symbolic links: a dangling link is a no.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() {
/// let there = folio::path::exists("settings.toml").await;
/// # }
/// ```
pub async fn exists(path: impl AsRef<Path>) -> bool {
    metadata(path).await.is_ok()
}

/// Returns whether a path names a regular file, following symbolic links.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() {
/// let file = folio::path::is_file("settings.toml").await;
/// # }
/// ```
pub async fn is_file(path: impl AsRef<Path>) -> bool {
    metadata(path).await.is_ok_and(|metadata| metadata.is_file())
}

/// Returns whether a path names a directory, following symbolic links.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() {
/// let dir = folio::path::is_dir("src").await;
/// # }
/// ```
pub async fn is_dir(path: impl AsRef<Path>) -> bool {
    metadata(path).await.is_ok_and(|metadata| metadata.is_dir())
}

/// Returns whether a path itself is a symbolic link, dangling or not.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() {
/// let link = folio::path::is_symlink("current").await;
/// # }
/// ```
pub async fn is_symlink(path: impl AsRef<Path>) -> bool {
    symlink_metadata(path).await.is_ok_and(|metadata| metadata.is_symlink())
}

/// Returns whether a file system is mounted on a path. A symbolic link is a no, wherever it leads.
///
/// A directory of the same file system mounted once more (a bind mount) is not recognised, as with CPython.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() {
/// assert!(folio::path::is_mount("/").await);
/// # }
/// ```
pub async fn is_mount(path: impl AsRef<Path>) -> bool {
    let Ok(path) = checked::path(Operation::Metadata, path) else { return false };
    let Ok(engine) = Engine::current() else { return false };
    engine.call(IsMount { path }).await.unwrap_or(false)
}

/// Returns the length in bytes of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing, or a directory on the way may not be searched.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let bytes = folio::path::len("data.bin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn len(path: impl AsRef<Path>) -> Result<u64> {
    Ok(metadata(path).await?.len())
}

/// Returns when what a path names was last read, as far as the mount keeps track; follows symbolic links.
///
/// # Errors
///
/// Like [`len`].
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let when = folio::path::accessed("data.bin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn accessed(path: impl AsRef<Path>) -> Result<SystemTime> {
    let told = metadata(path).await?;
    Ok(moment(told.atime(), told.atime_nsec()))
}

/// Returns when the contents of what a path names last changed; follows symbolic links.
///
/// # Errors
///
/// Like [`len`].
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let age = folio::path::modified("data.bin").await?.elapsed();
/// # Ok(())
/// # }
/// ```
pub async fn modified(path: impl AsRef<Path>) -> Result<SystemTime> {
    let told = metadata(path).await?;
    Ok(moment(told.mtime(), told.mtime_nsec()))
}

/// Returns when contents or attributes of what a path names last changed (`ctime`); follows symbolic links.
///
/// It is not the time of creation, for all that CPython's `getctime` may make one think.
///
/// # Errors
///
/// Like [`len`].
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let when = folio::path::changed("data.bin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn changed(path: impl AsRef<Path>) -> Result<SystemTime> {
    let told = metadata(path).await?;
    Ok(moment(told.ctime(), told.ctime_nsec()))
}

/// Seconds count down before 1970, nanoseconds always up.
fn moment(seconds: i64, nanoseconds: i64) -> SystemTime {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let base = if seconds < 0 { SystemTime::UNIX_EPOCH - whole } else { SystemTime::UNIX_EPOCH + whole };
    base + Duration::from_nanos(nanoseconds.unsigned_abs())
}

/// Returns whether two paths name the same file or directory, following symbolic links.
///
/// # Errors
///
/// If one of them is missing, or a directory on the way may not be searched. The error names both.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let same = folio::path::is_same_file("current", "release-7").await?;
/// # Ok(())
/// # }
/// ```
pub async fn is_same_file(one: impl AsRef<Path>, other: impl AsRef<Path>) -> Result<bool> {
    let path = checked::path(Operation::Metadata, one)?;
    let other = checked::path(Operation::Metadata, other)?;
    Engine::current()?.call(IsSame { path, other }).await
}

/// Returns whether two handles are on the same file, opened together or not.
///
/// # Errors
///
/// Whatever `fstat` returns.
///
/// # Cancellation
///
/// Nothing is changed in any case.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let one = folio::File::open("current").await?;
/// let other = folio::File::open("release-7").await?;
/// let same = folio::path::is_same_open_file(&one, &other).await?;
/// # Ok(())
/// # }
/// ```
pub async fn is_same_open_file(one: &File, other: &File) -> Result<bool> {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    Ok(identity(one.metadata().await?) == identity(other.metadata().await?))
}

/// Returns the absolute form of a path by its text alone: `.` and `..` are taken out, symbolic links are not
/// looked at, and nothing needs to exist. The empty path is the working directory.
///
/// Not asynchronous, because the working directory is known without the disk. Where a link could precede a
/// `..`, [`canonicalize`](crate::fs::canonicalize) is right and this is not.
///
/// # Errors
///
/// A NUL in the path; a working directory that was removed.
///
/// ```
/// # fn example() -> folio::Result<()> {
/// assert_eq!(folio::path::absolute("/a/./b/../c")?, std::path::Path::new("/a/c"));
/// # Ok(())
/// # }
/// ```
pub fn absolute(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = checked::path(Operation::Canonicalize, path)?;
    let mut absolute = PathBuf::new();
    if path.is_relative() {
        let unknown = |error| Error::io(Operation::Canonicalize, error).at_path(path.as_path());
        absolute = std::env::current_dir().map_err(unknown)?;
    }
    for component in path.components() {
        match component {
            Component::RootDir | Component::Prefix(_) => absolute.push("/"),
            Component::CurDir => {}
            // Above the root is the root.
            Component::ParentDir => drop(absolute.pop()),
            Component::Normal(name) => absolute.push(name),
        }
    }
    Ok(absolute)
}
