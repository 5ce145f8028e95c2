//! Operations on names: rename, links, FIFOs, removal of files, resolution.

use std::path::PathBuf;

use super::{At, PathOp, PathRequest, at};
use crate::error::Operation;

/// Renames, replacing the file at `to`.
pub fn rename(from: impl Into<At>, to: impl Into<At>) -> impl PathRequest<Reply = ()> {
    at::between(Operation::Rename, from, to, |names, from, target, to| names.rename(from, target, to))
}

/// Renames to a name that is free.
pub fn rename_noclobber(from: PathBuf, to: PathBuf) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Rename, (from, to), |storage, (from, to)| storage.rename_noclobber(&from, &to))
}

/// Gives the file at `original` a second name.
pub fn hard_link(original: impl Into<At>, link: impl Into<At>) -> impl PathRequest<Reply = ()> {
    at::between(Operation::HardLink, original, link, |names, original, target, link| {
        names.hard_link(original, target, link)
    })
}

/// Creates a symbolic link that contains `original`, which need not exist.
pub fn symlink(original: PathBuf, link: PathBuf) -> impl PathRequest<Reply = ()> {
    let ends = (original, link);
    PathOp::new(Operation::Symlink, ends, |storage, (original, link)| storage.symlink(&original, &link))
}

/// Creates a FIFO; `mode` is its permission bits before the umask.
pub fn make_fifo(at: impl Into<At>, mode: u32) -> impl PathRequest<Reply = ()> {
    at::on(Operation::MakeFifo, at, move |names, path| names.make_fifo(path, mode))
}

/// Removes the name of a file.
pub fn remove_file(at: impl Into<At>) -> impl PathRequest<Reply = ()> {
    at::on(Operation::RemoveFile, at, |names, path| names.remove_file(path))
}

/// Reads what a symbolic link contains.
pub fn read_link(at: impl Into<At>) -> impl PathRequest<Reply = PathBuf> {
    at::on(Operation::ReadLink, at, |names, path| names.read_link(path))
}

/// Resolves a path to its form without symbolic links: absolute, or relative to the open directory. A relative path of the
/// process starts from the working directory at the moment it is carried out.
pub fn canonicalize(at: impl Into<At>) -> impl PathRequest<Reply = PathBuf> {
    at::on(Operation::Canonicalize, at, |names, path| names.canonicalize(path))
}
