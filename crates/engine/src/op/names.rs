//! Operations on names: rename, links, FIFOs, removal of files, resolution.

use std::path::PathBuf;

use super::durable::Parent;
use super::{At, PathOp, PathRequest, Subject, at};
use crate::error::Operation;
use crate::storage::IfTaken;

/// Renames, and does with a name that is taken what `if_taken` says. With `durable`, the names of both directories
/// survive a power cut from then on.
pub fn rename(
    from: impl Into<At>,
    to: impl Into<At>,
    if_taken: IfTaken,
    durable: bool,
) -> impl PathRequest<Reply = ()> {
    at::between(Operation::Rename, from, to, move |names, from, target, to| {
        if !durable {
            return names.rename_with(from, target, to, if_taken);
        }
        let (old, new) = (Parent::of(names, from)?, Parent::of(target, to)?);
        names.rename_with(from, target, to, if_taken)?;
        // The new name first: under both names nothing is lost.
        new.sync()?;
        old.sync()
    })
    .later(move |storage, (from, to)| async move { storage.rename(from.path(), to.path(), if_taken).await })
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

/// Removes the name of a file; with `durable`, it stays removed after a power cut.
pub fn remove_file(at: impl Into<At>, durable: bool) -> impl PathRequest<Reply = ()> {
    at::on(Operation::RemoveFile, at, move |names, path| {
        if !durable {
            return names.remove_file(path);
        }
        let parent = Parent::of(names, path)?;
        names.remove_file(path)?;
        parent.sync()
    })
    .later(|storage, at| async move { storage.remove_file(at.path()).await })
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
