//! What a new file takes over from the one it replaces.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::how::Replacing;
use super::target::present;
use crate::storage::{Links, Metadata, Names, StorageFile, errno};

/// Permission bits that are kept: a write takes the set-ID bits away, and new contents are no less than that.
const KEPT_BITS: u32 = 0o1777;

/// All permission bits.
const ALL_BITS: u32 = 0o7777;

/// Attributes that vouch for contents, or lend rights to them, and that are therefore lost with the old ones.
const OF_CONTENTS: [&str; 3] = ["security.capability", "security.ima", "security.evm"];

/// Gives `file` the attributes that it is to have before it has the name.
pub(super) fn dress(
    names: &dyn Names,
    target: &Path,
    file: &dyn StorageFile,
    how: &Replacing,
) -> io::Result<()> {
    if how.keeps_mode || how.keeps_owner || how.keeps_xattrs {
        // Read now: a user who may no longer read the old contents must not be able to read the new.
        if let Some(old) = present(names, target)?.filter(Metadata::is_file) {
            take_over(names, target, &old, file, how)?;
        }
    }
    // After the owner, whose change takes the set-ID bits away.
    match how.mode {
        Some(mode) => file.set_permissions(Permissions::from_mode(mode & ALL_BITS)),
        None => Ok(()),
    }
}

fn take_over(
    names: &dyn Names,
    target: &Path,
    old: &Metadata,
    file: &dyn StorageFile,
    how: &Replacing,
) -> io::Result<()> {
    if how.keeps_owner {
        keep_owner(old, file)?;
    }
    if how.keeps_xattrs {
        keep_xattrs(names, target, file)?;
    }
    if how.keeps_mode && how.mode.is_none() {
        file.set_permissions(Permissions::from_mode(old.mode() & KEPT_BITS))?;
    }
    Ok(())
}

fn keep_owner(old: &Metadata, file: &dyn StorageFile) -> io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    if !lenient(file.set_owner(Some(old.uid()), Some(old.gid())))? {
        // Of the groups one is in each can be given.
        lenient(file.set_owner(None, Some(old.gid())))?;
    }
    Ok(())
}

fn keep_xattrs(names: &dyn Names, target: &Path, file: &dyn StorageFile) -> io::Result<()> {
    let kept = match names.xattrs(target, Links::NotLast) {
        Err(error) if is_to_be_left(&error) => return Ok(()),
        kept => kept?,
    };
    for name in kept.iter().filter(|name| !is_of_contents(name)) {
        let value = match names.xattr(target, name, Links::NotLast) {
            Err(error) if is_to_be_left(&error) => continue,
            value => value?,
        };
        if let Some(value) = value {
            lenient(file.set_xattr(name, &value))?;
        }
    }
    Ok(())
}

fn is_of_contents(name: &OsStr) -> bool {
    OF_CONTENTS.iter().any(|of_contents| name == *of_contents)
}

/// `false` for what there is no place for, or no right to.
fn lenient(outcome: io::Result<()>) -> io::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if is_to_be_left(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_to_be_left(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), PermissionDenied | Unsupported | InvalidInput)
        || error.raw_os_error() == Some(errno::NOT_SUPPORTED)
}
