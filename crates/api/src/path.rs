//! Functions of CPython's `os.path` (and `aiofiles.ospath`), under std's names.
//!
//! What the kernel has in memory is answered in place. `exists` and the `is_*` functions return `false` after any failure,
//! like std and CPython: [`fs::try_exists`](crate::fs::try_exists) and [`fs::metadata`](crate::fs::metadata) return the
//! error.
//!
//! | `aiofiles.ospath` | here |
//! |---|---|
//! | `exists`, `lexists` | [`exists`], [`lexists`] |
//! | `isfile`, `isdir`, `islink`, `ismount` | [`is_file`], [`is_dir`], [`is_symlink`], [`is_mount`] |
//! | `getsize` | [`len`] |
//! | `getatime`, `getmtime`, `getctime` | [`accessed`], [`modified`], [`changed`] |
//! | `samefile`, `sameopenfile` | [`is_same_file`], [`is_same_open_file`] |
//! | `abspath` | [`absolute`] |
//! | `realpath`, `expanduser`, `relpath` | [`realpath`], [`expanduser`], [`relpath`] |
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
//!
//! # Cancellation
//!
//! These calls change nothing, so they can be dropped at any time.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime};

use folio_engine::Engine;
use folio_engine::op::{filesystem, resolve};

use crate::checked;
use crate::fs::{metadata, symlink_metadata};
use crate::{Error, File, Metadata, Operation, Result};

/// Returns whether a path names something, following symbolic links: `false` for a dangling link.
///
/// ```
/// # async fn example() {
/// let there = folio::path::exists("settings.toml").await;
/// # }
/// ```
pub async fn exists(path: impl AsRef<Path>) -> bool {
    metadata(path).await.is_ok()
}

/// Returns whether a path names something, which may be a dangling link.
///
/// ```
/// # async fn example() {
/// let taken = folio::path::lexists("current").await;
/// # }
/// ```
pub async fn lexists(path: impl AsRef<Path>) -> bool {
    symlink_metadata(path).await.is_ok()
}

/// Returns whether a path names a regular file, following symbolic links.
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
/// ```
/// # async fn example() {
/// let link = folio::path::is_symlink("current").await;
/// # }
/// ```
pub async fn is_symlink(path: impl AsRef<Path>) -> bool {
    symlink_metadata(path).await.is_ok_and(|metadata| metadata.is_symlink())
}

/// Returns whether a file system is mounted on a path; `false` for every symbolic link.
///
/// A bind mount of a directory of the same file system is not recognised, as in CPython.
///
/// ```
/// # async fn example() {
/// assert!(folio::path::is_mount("/").await);
/// # }
/// ```
pub async fn is_mount(path: impl AsRef<Path>) -> bool {
    let Ok(path) = checked::path(Operation::Metadata, path) else { return false };
    let Ok(engine) = Engine::current() else { return false };
    engine.call(filesystem::is_mount(path)).await.unwrap_or(false)
}

/// Returns the length in bytes of what a path names, following symbolic links.
///
/// # Errors
///
/// If the path is missing, or a directory on the way may not be searched.
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

/// Returns the time of the last access to what a path names, as far as the mount records it; follows symbolic links.
///
/// # Errors
///
/// Like [`len`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let when = folio::path::accessed("data.bin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn accessed(path: impl AsRef<Path>) -> Result<SystemTime> {
    let metadata = metadata(path).await?;
    Ok(moment(metadata.atime(), metadata.atime_nsec()))
}

/// Returns the time of the last change of the contents of what a path names; follows symbolic links.
///
/// # Errors
///
/// Like [`len`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let age = folio::path::modified("data.bin").await?.elapsed();
/// # Ok(())
/// # }
/// ```
pub async fn modified(path: impl AsRef<Path>) -> Result<SystemTime> {
    let metadata = metadata(path).await?;
    Ok(moment(metadata.mtime(), metadata.mtime_nsec()))
}

/// Returns the time of the last change of contents or attributes of what a path names (`ctime`); follows symbolic links.
///
/// Despite the name of CPython's `getctime`, it is not the time of creation.
///
/// # Errors
///
/// Like [`len`].
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let when = folio::path::changed("data.bin").await?;
/// # Ok(())
/// # }
/// ```
pub async fn changed(path: impl AsRef<Path>) -> Result<SystemTime> {
    let metadata = metadata(path).await?;
    Ok(moment(metadata.ctime(), metadata.ctime_nsec()))
}

/// Before 1970, seconds are negative but nanoseconds still count up.
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
/// ```
/// # async fn example() -> folio::Result<()> {
/// let same = folio::path::is_same_file("current", "release-7").await?;
/// # Ok(())
/// # }
/// ```
pub async fn is_same_file(one: impl AsRef<Path>, other: impl AsRef<Path>) -> Result<bool> {
    let path = checked::path(Operation::Metadata, one)?;
    let other = checked::path(Operation::Metadata, other)?;
    Engine::current()?.call(filesystem::is_same_file(path, other)).await
}

/// Returns whether two handles are on the same file, even if it was opened twice.
///
/// # Errors
///
/// Any error of `fstat`.
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

/// Returns the absolute form of a path by its text alone: `.` and `..` are removed, symbolic links are not resolved, and
/// nothing needs to exist. The empty path is the working directory.
///
/// It is not async, because it needs no I/O. If a `..` may follow a symbolic link, use
/// [`canonicalize`](crate::fs::canonicalize) instead: only that is correct then.
///
/// # Errors
///
/// If the path contains a NUL; if the working directory was removed.
///
/// ```
/// # fn example() -> folio::Result<()> {
/// assert_eq!(folio::path::absolute("/a/./b/../c")?, std::path::Path::new("/a/c"));
/// # Ok(())
/// # }
/// ```
pub fn absolute(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = checked::path(Operation::Canonicalize, path)?;
    let mut absolute = if path.is_relative() { working_dir(&path)? } else { PathBuf::new() };
    for component in path.components() {
        match component {
            Component::RootDir | Component::Prefix(_) => absolute.push("/"),
            Component::CurDir => {}
            // The parent of the root is the root.
            Component::ParentDir => drop(absolute.pop()),
            Component::Normal(name) => absolute.push(name),
        }
    }
    Ok(absolute)
}

/// The working directory, for the relative `path`.
fn working_dir(path: &Path) -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| Error::io(Operation::Canonicalize, error).at_path(path))
}

/// Returns the absolute form of a path with symbolic links resolved as far as possible. Components that are missing,
/// inaccessible or part of a loop of links stay as they are.
///
/// [`fs::canonicalize`](crate::fs::canonicalize) fails instead. The empty path is the working directory.
///
/// # Errors
///
/// If the path contains a NUL; if the working directory was removed.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let target = folio::path::realpath("current/not-yet-there").await?;
/// # Ok(())
/// # }
/// ```
pub async fn realpath(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = checked::path(Operation::Canonicalize, path)?;
    let path = if path.is_relative() { working_dir(&path)?.join(path) } else { path };
    Engine::current()?.call(resolve::real_path(path)).await
}

/// Replaces a leading `~` or `~user` by a home directory. Any other path, and that of an unknown user, is returned as it is.
///
/// The home of this process's user is `HOME`, or if that is not set, its entry in `/etc/passwd`; the home of another user
/// is in `/etc/passwd`.
///
/// # Errors
///
/// If the path contains a NUL; if `/etc/passwd` cannot be read.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let settings = folio::path::expanduser("~/.config/settings.toml").await?;
/// # Ok(())
/// # }
/// ```
pub async fn expanduser(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = checked::path(Operation::Canonicalize, path)?;
    let Some(rest) = path.as_os_str().as_bytes().strip_prefix(b"~") else { return Ok(path) };
    let user_len = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let (user, rest) = rest.split_at(user_len);
    let user = (!user.is_empty()).then(|| OsStr::from_bytes(user).to_owned());
    let home = match (&user, std::env::var_os("HOME")) {
        (None, Some(home)) => Some(PathBuf::from(home)),
        (None, None) | (Some(_), _) => Engine::current()?.call(resolve::home_dir(user, path.clone())).await?,
    };
    let Some(home) = home else { return Ok(path) };
    Ok(expanded(home, rest))
}

/// Joins by text, because `join` would drop the home before a second slash, and a home of `/` must not give two slashes.
fn expanded(home: PathBuf, rest: &[u8]) -> PathBuf {
    let mut expanded = home.into_os_string().into_vec();
    while expanded.last() == Some(&b'/') {
        expanded.pop();
    }
    expanded.extend_from_slice(if expanded.is_empty() && rest.is_empty() { b"/" } else { rest });
    OsString::from_vec(expanded).into()
}

/// Returns the relative path from the directory `start` to `path`, by their texts alone, like [`absolute`].
///
/// It is not async, because it needs no I/O.
///
/// # Errors
///
/// Like [`absolute`].
///
/// ```
/// # fn example() -> folio::Result<()> {
/// assert_eq!(folio::path::relpath("/a/b/c", "/a/d")?, std::path::Path::new("../b/c"));
/// # Ok(())
/// # }
/// ```
pub fn relpath(path: impl AsRef<Path>, start: impl AsRef<Path>) -> Result<PathBuf> {
    let (path, start) = (absolute(path)?, absolute(start)?);
    let shared = path.components().zip(start.components()).take_while(|(one, other)| one == other).count();
    let up = start.components().skip(shared).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(path.components().skip(shared)).collect();
    Ok(if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative })
}

#[cfg(test)]
mod tests {
    use super::expanded;

    #[test]
    fn a_home_of_any_shape_is_followed_by_the_rest_as_it_is() {
        fn check(home: &str, rest: &str, expected: &str) {
            assert_eq!(expanded(home.into(), rest.as_bytes()).as_os_str(), expected, "{home:?} {rest:?}");
        }
        check("/here", "", "/here");
        check("/here", "/a//b/", "/here/a//b/");
        check("/here/", "/a", "/here/a");
        check("/", "/a", "/a");
        check("/", "", "/");
        check("", "", "/");
        check("", "/a", "/a");
    }
}
