//! Asking what a path may be used for.

use super::{At, PathRequest, at};
use crate::error::{Operation, Worded};
use crate::storage::Mode;

/// Asks whether this process may use a path in certain ways, following symbolic links. What leads out of an open
/// directory may not be used.
pub fn access(at: impl Into<At>, mode: Mode) -> impl PathRequest<Reply = bool> {
    at::on(Operation::Access, at, move |names, path| match names.access(path, mode) {
        Ok(()) => Ok(true),
        // Not the kernel's refusal: this storage cannot tell.
        Err(error) if Worded::errno_of(&error).is_none() => Err(error),
        Err(_) => Ok(false),
    })
}
