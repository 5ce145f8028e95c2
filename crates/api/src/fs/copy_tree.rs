//! Copying whole trees.

use std::fs::Permissions;
use std::path::{Path, PathBuf};

use super::{DirBuilder, canonicalize, checked, copy, metadata, read_link, set_permissions};
use super::{symlink, symlink_metadata, walk};
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
