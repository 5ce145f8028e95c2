//! An error that returns the payload.

use std::fmt;

use bytes::Bytes;

use crate::error::Error;

/// An operation that was refused or failed, with its payload if no byte of it was written.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// The reason.
    pub error: Error,
    /// The payload, if the operation was refused before it began.
    pub payload: Option<Bytes>,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Rejected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Error {
        rejected.error
    }
}

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Rejected { error, payload: None }
    }
}
