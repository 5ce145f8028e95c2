//! Checking access to a path.

use super::{At, PathRequest, at};
use crate::error::{Operation, Worded};
use crate::storage::Mode;

/// Asks whether this process may use a path in the ways of `mode`, following symbolic links. The answer is `false` for a
/// path that leads out of an open directory.
pub fn access(at: impl Into<At>, mode: Mode) -> impl PathRequest<Reply = bool> {
    at::on(Operation::Access, at, move |names, path| match names.access(path, mode) {
        Ok(()) => Ok(true),
        // Without an errno, the storage cannot answer the question.
        Err(error) if Worded::errno_of(&error).is_none() => Err(error),
        Err(_) => Ok(false),
    })
}
