//! Removing what dead processes have left of files they were replacing.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::draft::is_draft;
use crate::error::{InTheWay, Operation};
use crate::op::{At, PathRequest, at};
use crate::storage::os::NOFOLLOW;
use crate::storage::{Identity, Kind, Links, LockKind, Metadata, Nature, OpenRequest, Opened, StorageDir};

/// Removes the drafts in a directory whose writers are dead; replies with their number. One that cannot be
/// examined stays: another user owns it, or the file system has no locks.
pub fn sweep(directory: impl Into<At>) -> impl PathRequest<Reply = u64> {
    at::on(Operation::SweepReplacements, directory, |names, path| {
        let dir = names.open_dir(path, Links::Follow)?;
        let (mut removed, mut failed) = (0, None);
        for listed in dir.names()? {
            let listed = listed?;
            let may_be = matches!(listed.kind, None | Some(Kind::File));
            if !may_be || !is_draft(listed.name.as_bytes()) {
                continue;
            }
            match remove_if_dead(&*dir, &listed.name) {
                Ok(true) => removed += 1,
                Ok(false) => {}
                // The others are not spared for it.
                Err(error) => drop(failed.get_or_insert(InTheWay::error(listed.name.into(), error))),
            }
        }
        failed.map_or(Ok(removed), Err)
    })
}

/// Removes one draft, unless its writer lives.
fn remove_if_dead(dir: &dyn StorageDir, name: &OsStr) -> io::Result<bool> {
    let name = Path::new(name);
    // For writing too, without which NFS gives no lock that excludes others.
    let request = OpenRequest::default().read(true).write(true);
    let request = OpenRequest { custom_flags: NOFOLLOW, ..request };
    let opened = match dir.open(name, &request) {
        Err(error) if is_none_of_ours(&error) => return Ok(false),
        opened => opened?,
    };
    if opened.nature != Nature::Plain || !matches!(opened.file.try_lock(LockKind::Exclusive), Ok(true)) {
        return Ok(false);
    }
    // Its writer may have let go just now by giving it the name it was made for.
    match dir.metadata(name, Links::NotLast) {
        Ok(named) if is_same(&named, &opened) => {}
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    // The lock is held until then: a writer that has only just created it finds that it came too late.
    match dir.remove_file(name) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true),
    }
}

fn is_same(named: &Metadata, opened: &Opened) -> bool {
    Identity::of(named) == Identity { device: opened.device, inode: opened.inode }
}

/// Whether it is gone by now, belongs to another user, or is no file.
fn is_none_of_ours(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory)
        || error.raw_os_error() == Some(crate::storage::os::LOOP)
}
