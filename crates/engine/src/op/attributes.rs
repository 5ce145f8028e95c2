//! Operations on attributes: asking for them, changing permissions, owner and times, existence.
//!
//! `follow` says whether a symbolic link at the end of the path is followed.

use std::fs::{FileTimes, Permissions};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::storage::{Entry, Metadata, Stamps};

/// Asks for attributes.
pub fn metadata(path: PathBuf, follow: bool) -> impl PathRequest<Reply = Metadata> {
    PathOp::new(Operation::Metadata, path, move |storage, path| match follow {
        true => storage.metadata(&path),
        false => storage.symlink_metadata(&path),
    })
    .in_place(move |storage, path| match follow {
        true => storage.metadata_cached(path),
        false => storage.symlink_metadata_cached(path),
    })
}

/// Asks for the attributes of a listed entry itself, through the directory it was listed from.
///
/// Unlike [`metadata`], it finds the entry even after the directory was renamed.
pub fn entry_metadata(entry: Arc<Entry>) -> impl PathRequest<Reply = Metadata> {
    PathOp::new(Operation::Metadata, entry.path(), move |storage, _| entry.metadata(storage))
}

/// Asks whether a path names something, following symbolic links.
pub fn exists(path: PathBuf) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Metadata, path, |storage, path| found(storage.metadata(&path)))
        .in_place(|storage, path| storage.metadata_cached(path).map(found))
}

/// Only "not found" means no: a path that may not be looked at could be there.
fn found(metadata: io::Result<Metadata>) -> io::Result<bool> {
    match metadata {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Changes the permissions of what a path names, following symbolic links.
pub fn set_permissions(path: PathBuf, permissions: Permissions) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::SetPermissions, path, |storage, path| storage.set_permissions(&path, permissions))
}

/// Changes owner and group; `None` leaves one as it is.
pub fn set_owner(
    path: PathBuf,
    uid: Option<u32>,
    gid: Option<u32>,
    follow: bool,
) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::SetOwner, path, move |storage, path| storage.set_owner(&path, uid, gid, follow))
}

/// Changes the times of the last reading and the last change.
pub fn set_times(path: PathBuf, times: Stamps, follow: bool) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::SetTimes, path, move |storage, path| storage.set_times(&path, &times, follow))
}

/// Changes times in std's words.
pub fn set_file_times(path: PathBuf, times: FileTimes, follow: bool) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::SetTimes, path, move |storage, path| storage.set_file_times(&path, times, follow))
}

#[cfg(test)]
mod tests {
    use super::{PathRequest, exists, metadata};
    use crate::storage::Storage;
    use crate::storage::os::Os;
    use std::{fs, io};

    #[test]
    fn existence_in_place_and_by_a_worker_agree() {
        let dir = tempfile::tempdir().expect("temp dir");
        let os = Os::new();
        fs::write(dir.path().join("file"), b"x").expect("write");
        std::os::unix::fs::symlink("missing", dir.path().join("dangling")).expect("symlink");
        os.metadata(dir.path()).expect("learn the device");
        let check = |name: &str, expected: Result<bool, io::ErrorKind>| {
            let request = exists(dir.path().join(name));
            if let Some(answer) = request.in_place(&os) {
                assert_eq!(answer.map_err(|e| e.kind()), expected, "{name} in place");
            }
            assert_eq!(request.execute(&os).map_err(|e| e.kind()), expected, "{name}");
        };
        check("file", Ok(true));
        check("missing", Ok(false));
        check("dangling", Ok(false));
        check("file/below", Err(io::ErrorKind::NotADirectory));
        let request = metadata(dir.path().join("dangling"), false);
        if let Some(answer) = request.in_place(&os) {
            assert!(answer.expect("lstat in place").is_symlink());
        }
        assert!(request.execute(&os).expect("lstat").is_symlink());
    }
}
