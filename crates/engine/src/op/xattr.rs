//! Operations on extended attributes.

use std::ffi::OsString;

use bytes::Bytes;

use super::{At, PathOp, PathRequest, at};
use crate::error::Operation;
use crate::storage::{Links, XattrMode};

/// Asks for a value.
pub fn get(at: impl Into<At>, name: OsString, links: Links) -> impl PathRequest<Reply = Option<Vec<u8>>> {
    at::on(Operation::GetXattr, at, move |names, path| names.xattr(path, &name, links))
}

/// Sets a value; `mode` says whether the attribute may, must or must not exist before.
pub fn set(
    at: impl Into<At>,
    name: OsString,
    value: Bytes,
    mode: XattrMode,
    links: Links,
) -> impl PathRequest<Reply = ()> {
    let bytes = value.len();
    PathOp::new(Operation::SetXattr, at.into(), move |storage, at: At| {
        let (names, path) = at.names(storage);
        names.set_xattr(path, &name, &value, mode, links)
    })
    .holding(bytes)
}

/// Asks for all names.
pub fn list(at: impl Into<At>, links: Links) -> impl PathRequest<Reply = Vec<OsString>> {
    at::on(Operation::ListXattr, at, move |names, path| names.xattrs(path, links))
}

/// Removes a value and its name.
pub fn remove(at: impl Into<At>, name: OsString, links: Links) -> impl PathRequest<Reply = ()> {
    at::on(Operation::RemoveXattr, at, move |names, path| names.remove_xattr(path, &name, links))
}
