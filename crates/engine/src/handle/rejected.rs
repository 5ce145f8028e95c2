//! A refusal that gives the payload back.

use std::fmt;

use bytes::Bytes;

use crate::error::Error;

/// An operation that was refused or failed, with the payload if no byte of it was taken.
#[derive(Debug)]
pub struct Rejected {
    /// Why.
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
