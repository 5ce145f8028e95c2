//! Operations on attributes and existence.

use std::fs::{FileTimes, Permissions};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{At, PathOp, PathRequest, Subject, at};
use crate::error::Operation;
use crate::storage::{Entry, Links, Metadata, Stamps};

/// Asks for attributes.
pub fn metadata(at: impl Into<At>, links: Links) -> impl PathRequest<Reply = Metadata> {
    PathOp::new(Operation::Metadata, at.into(), move |storage, at: At| {
        let (names, path) = at.names(storage);
        names.metadata(path, links)
    })
    .later(|storage, at| async move { storage.metadata(at.path()).await })
    .in_place(move |storage, at| storage.metadata_cached(at.of_process()?, links))
}

/// Asks for the attributes of a listed entry itself, through the directory it was listed from.
///
/// Unlike [`metadata`], it finds the entry even after the directory was renamed.
pub fn entry_metadata(entry: Arc<Entry>) -> impl PathRequest<Reply = Metadata> {
    PathOp::new(Operation::Metadata, entry.path(), move |storage, _| entry.metadata(storage))
        .later(|storage, path| async move { storage.metadata(&path).await })
}

/// Asks whether a path names something, following symbolic links.
pub fn exists(at: impl Into<At>) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Metadata, at.into(), |storage, at: At| {
        let (names, path) = at.names(storage);
        found(names.metadata(path, Links::Follow))
    })
    .later(|storage, at| async move { found(storage.metadata(at.path()).await) })
    .in_place(|storage, at| storage.metadata_cached(at.of_process()?, Links::Follow).map(found))
}

/// `false` only for "not found": a path without access could exist.
fn found(metadata: io::Result<Metadata>) -> io::Result<bool> {
    match metadata {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Changes the permissions of what a path names, following symbolic links.
pub fn set_permissions(at: impl Into<At>, permissions: Permissions) -> impl PathRequest<Reply = ()> {
    at::on(Operation::SetPermissions, at, |names, path| names.set_permissions(path, permissions))
}

/// Changes owner and group; `None` leaves one as it is.
pub fn set_owner(
    at: impl Into<At>,
    uid: Option<u32>,
    gid: Option<u32>,
    links: Links,
) -> impl PathRequest<Reply = ()> {
    at::on(Operation::SetOwner, at, move |names, path| names.set_owner(path, uid, gid, links))
}

/// Changes the times of the last reading and the last change.
pub fn set_times(at: impl Into<At>, times: Stamps, links: Links) -> impl PathRequest<Reply = ()> {
    at::on(Operation::SetTimes, at, move |names, path| names.set_times(path, &times, links))
}

/// Changes times, given in std's type.
pub fn set_file_times(path: PathBuf, times: FileTimes, links: Links) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::SetTimes, path, move |storage, path| storage.set_file_times(&path, times, links))
}

#[cfg(test)]
mod tests {
    use super::{PathRequest, exists, metadata};
    use crate::storage::{Links, Names, Storage, os::Os};
    use std::{fs, io};

    #[test]
    fn existence_in_place_and_by_a_worker_agree() {
        let dir = tempfile::tempdir().expect("temp dir");
        let os = Os::new();
        let _watch = os.watch_mounts();
        fs::write(dir.path().join("file"), b"x").expect("write");
        std::os::unix::fs::symlink("missing", dir.path().join("dangling")).expect("symlink");
        os.metadata(dir.path(), Links::Follow).expect("learn the device");
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
        let request = metadata(dir.path().join("dangling"), Links::NotLast);
        if let Some(answer) = request.in_place(&os) {
            assert!(answer.expect("lstat in place").is_symlink());
        }
        assert!(request.execute(&os).expect("lstat").is_symlink());
    }
}
