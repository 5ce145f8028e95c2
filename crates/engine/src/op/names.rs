//! Operations on names: rename, links, FIFOs, removal of files, resolution.

use std::path::PathBuf;

use super::{PathOp, PathRequest};
use crate::error::Operation;

/// Renames, replacing what `to` named.
pub fn rename(from: PathBuf, to: PathBuf) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Rename, (from, to), |storage, (from, to)| storage.rename(&from, &to))
}

/// Renames to a name that is free.
pub fn rename_noclobber(from: PathBuf, to: PathBuf) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::Rename, (from, to), |storage, (from, to)| storage.rename_noclobber(&from, &to))
}

/// Gives the file at `original` a second name.
pub fn hard_link(original: PathBuf, link: PathBuf) -> impl PathRequest<Reply = ()> {
    let ends = (original, link);
    PathOp::new(Operation::HardLink, ends, |storage, (original, link)| storage.hard_link(&original, &link))
}

/// Creates a symbolic link that contains `original`, which need not exist.
pub fn symlink(original: PathBuf, link: PathBuf) -> impl PathRequest<Reply = ()> {
    let ends = (original, link);
    PathOp::new(Operation::Symlink, ends, |storage, (original, link)| storage.symlink(&original, &link))
}

/// Creates a FIFO; `mode` is its permission bits before the umask.
pub fn make_fifo(path: PathBuf, mode: u32) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::MakeFifo, path, move |storage, path| storage.make_fifo(&path, mode))
}

/// Removes the name of a file.
pub fn remove_file(path: PathBuf) -> impl PathRequest<Reply = ()> {
    PathOp::new(Operation::RemoveFile, path, |storage, path| storage.remove_file(&path))
}

/// Reads what a symbolic link contains.
pub fn read_link(path: PathBuf) -> impl PathRequest<Reply = PathBuf> {
    PathOp::new(Operation::ReadLink, path, |storage, path| storage.read_link(&path))
}

/// Resolves a path to its absolute form without symbolic links. A relative one starts from the working directory at
/// the moment it is carried out.
pub fn canonicalize(path: PathBuf) -> impl PathRequest<Reply = PathBuf> {
    PathOp::new(Operation::Canonicalize, path, |storage, path| storage.canonicalize(&path))
}
