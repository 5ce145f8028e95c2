//! Operations on extended attributes: names with values that a file system keeps beside a file.
//!
//! `follow` says whether a symbolic link at the end of the path is followed.

use std::ffi::OsString;
use std::path::PathBuf;

use bytes::Bytes;

use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::storage::XattrMode;

/// Asks for a value.
pub fn get(path: PathBuf, name: OsString, follow: bool) -> impl PathRequest<Reply = Option<Vec<u8>>> {
    PathOp::new(Operation::GetXattr, path, move |storage, path| storage.xattr(&path, &name, follow))
}

/// Sets a value; `mode` says whether it may, must or must not be there before.
pub fn set(
    path: PathBuf,
    name: OsString,
    value: Bytes,
    mode: XattrMode,
    follow: bool,
) -> impl PathRequest<Reply = ()> {
    let bytes = value.len();
    PathOp::new(Operation::SetXattr, path, move |storage, path| {
        storage.set_xattr(&path, &name, &value, mode, follow)
    })
    .holding(bytes)
}

/// Asks for all names.
pub fn list(path: PathBuf, follow: bool) -> impl PathRequest<Reply = Vec<OsString>> {
    PathOp::new(Operation::ListXattr, path, move |storage, path| storage.xattrs(&path, follow))
}

/// Removes a value and its name.
pub fn remove(path: PathBuf, name: OsString, follow: bool) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::RemoveXattr, path, move |storage, path| storage.remove_xattr(&path, &name, follow))
}
