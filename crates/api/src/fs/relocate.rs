//! Copying and moving whole trees.

use std::ffi::OsString;
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    DirBuilder, canonicalize, checked, copy, metadata, read_link, remove_dir_all, remove_file, rename,
};
use super::{set_permissions, symlink, symlink_metadata, walk};
use crate::walk::WalkEntry;
use crate::{Error, Operation, Result};

/// Permissions of a directory while it is filled: nobody else sees into a copy that is not complete.
const FILLING_MODE: u32 = 0o700;

/// `EEXIST`, as Linux has it.
const EXISTS: i32 = 17;

/// `ENOTDIR`, as Linux has it.
const NOT_A_DIRECTORY: i32 = 20;

/// `EINVAL`, as Linux has it.
const INVALID: i32 = 22;

/// Copies a directory and everything in it to a name that is free; returns the bytes of contents copied.
///
/// Permissions go with it, owners and times do not. Symbolic links are copied as links, except `from` itself.
/// Files with several names become several files.
///
/// # Errors
///
/// If `from` is not a directory (`ENOTDIR`), `to` exists (`EEXIST`) or lies inside of `from` (`EINVAL`), before
/// anything is touched; if something
/// in it cannot be read or is neither file, directory nor link. What was copied before the failure stays.
///
/// # Cancellation
///
/// What was copied before stays.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// let bytes = folio::fs::copy_dir("template", "project").await?;
/// # Ok(())
/// # }
/// ```
pub async fn copy_dir(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64> {
    let from = checked::path(Operation::Copy, from)?;
    let to = checked::path(Operation::Copy, to)?;
    refuse_what_never_ends(&from, &to).await?;
    let mut copying = Copying { from, to, open: Vec::new(), bytes: 0 };
    let mut entries = walk(&copying.from);
    while let Some(entry) = entries.next().await {
        copying.entry(entry?).await?;
    }
    copying.leave(0).await?;
    Ok(copying.bytes)
}

/// Moves a file, link or directory, to another file system if need be.
///
/// Within one file system it is [`rename`]. To another, a copy is made beside `to`, takes its name in one step,
/// and only then the original is removed; the copy is as [`copy_dir`] and [`copy`] make it.
///
/// # Errors
///
/// Those of [`rename`]; to another file system also those of copying, after which the original is untouched,
/// and those of removing the original, after which both may be there.
///
/// # Cancellation
///
/// Either name may be complete, or both; a copy that was not complete stays beside `to` with `.moving` in its
/// name.
///
/// ```
/// # async fn example() -> folio::Result<()> {
/// folio::fs::move_path("/tmp/upload", "/srv/files/upload").await?;
/// # Ok(())
/// # }
/// ```
pub async fn move_path(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    match rename(from, to).await {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
        other => return other,
    }
    let is_dir = symlink_metadata(from).await?.is_dir();
    if is_dir && is_link_with_slash(from).await? {
        // As `rename` says on one file system. What the link leads to is not what was to be moved.
        let error = Error::io(Operation::Rename, io::Error::from_raw_os_error(NOT_A_DIRECTORY));
        return Err(error.at_path(from).with_target(to));
    }
    let beside = beside(to);
    if let Err(error) = copy_any(from, &beside).await {
        clear_away(&beside).await;
        return Err(error);
    }
    if let Err(error) = rename(&beside, to).await {
        clear_away(&beside).await;
        return Err(error);
    }
    if is_dir { remove_dir_all(from).await } else { remove_file(from).await }
}

/// Whether a path names a link, and by a slash behind it asks for what that leads to.
async fn is_link_with_slash(path: &Path) -> Result<bool> {
    // The parts of a path know nothing of a slash at its end.
    let bare: PathBuf = path.components().collect();
    Ok(bare != Path::new("") && symlink_metadata(bare).await?.is_symlink())
}

/// A copy of a tree under way.
struct Copying {
    from: PathBuf,
    to: PathBuf,
    /// Directories that the walk is inside of, each with the permissions it gets when it is complete: before
    /// that it might not be allowed to be filled.
    open: Vec<(PathBuf, Permissions)>,
    bytes: u64,
}

impl Copying {
    async fn entry(&mut self, entry: WalkEntry) -> Result<()> {
        self.leave(entry.depth()).await?;
        let below = entry.path().strip_prefix(&self.from).unwrap_or(Path::new(""));
        let target = if entry.depth() == 0 { self.to.clone() } else { self.to.join(below) };
        let kind = entry.file_type();
        if kind.is_dir() || entry.depth() == 0 {
            let permissions = metadata(entry.path()).await?.permissions();
            DirBuilder::new().mode(FILLING_MODE).create(&target).await?;
            self.open.push((target, permissions));
        } else if kind.is_symlink() {
            symlink(read_link(entry.path()).await?, target).await?;
        } else if kind.is_file() {
            self.bytes += copy(entry.path(), target).await?;
        } else {
            let why = "it is neither file, directory nor symbolic link";
            return Err(Error::invalid(Operation::Copy, why).at_path(entry.path()));
        }
        Ok(())
    }

    /// Completes the directories from this depth on.
    async fn leave(&mut self, depth: usize) -> Result<()> {
        while self.open.len() > depth {
            if let Some((path, permissions)) = self.open.pop() {
                set_permissions(path, permissions).await?;
            }
        }
        Ok(())
    }
}

async fn refuse_what_never_ends(from: &Path, to: &Path) -> Result<()> {
    let refuse = |errno, why| Err(Error::refused(Operation::Copy, errno, why).at_path(from).with_target(to));
    if !metadata(from).await?.is_dir() {
        return refuse(NOT_A_DIRECTORY, "the source is not a directory");
    }
    if symlink_metadata(to).await.is_ok() {
        return refuse(EXISTS, "the target exists");
    }
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if canonicalize(parent).await?.starts_with(canonicalize(from).await?) {
        return refuse(INVALID, "the target lies inside of the source");
    }
    Ok(())
}

async fn copy_any(from: &Path, to: &Path) -> Result<()> {
    let kind = symlink_metadata(from).await?.file_type();
    if kind.is_dir() {
        copy_dir(from, to).await.map(drop)
    } else if kind.is_symlink() {
        symlink(read_link(from).await?, to).await
    } else {
        copy(from, to).await.map(drop)
    }
}

/// A name in the target's directory that nobody uses: by process and number.
fn beside(to: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = OsString::from(".");
    name.push(to.file_name().unwrap_or_default());
    name.push(format!(".{}-{}.moving", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    to.with_file_name(name)
}

/// What keeps it from going is less than what went wrong before, which the caller hears of.
async fn clear_away(path: &Path) {
    match symlink_metadata(path).await {
        Ok(metadata) if metadata.is_dir() => drop(remove_dir_all(path).await),
        Ok(_) => drop(remove_file(path).await),
        Err(_) => {}
    }
}
