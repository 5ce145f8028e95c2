//! Asking what a path may be used for.

use std::path::PathBuf;

use super::{PathOp, PathRequest};
use crate::error::Operation;
use crate::storage::Mode;

/// Asks whether this process may use a path in certain ways, following symbolic links.
pub fn access(path: PathBuf, mode: Mode) -> impl PathRequest<Reply = bool> {
    PathOp::new(Operation::Access, path, move |storage, path| match storage.access(&path, mode) {
        Ok(()) => Ok(true),
        // Not the kernel's refusal: this storage cannot tell.
        Err(error) if error.raw_os_error().is_none() => Err(error),
        Err(_) => Ok(false),
    })
}
