//! What a check stands on.

use std::path::PathBuf;

use folio::{Error, Result};
use opendal::Operator;

use super::Outcome;

/// A folder of the store for one check alone, and the store without folio between.
pub(super) struct Ground {
    store: Operator,
    dir: String,
}

impl Ground {
    pub(super) fn new(store: Operator, number: usize) -> Ground {
        Ground { store, dir: format!("c{number}") }
    }

    /// The path of a name in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/{}/{name}", self.dir))
    }

    /// What the store itself has under this name.
    pub(super) async fn stored(&self, name: &str) -> Option<Vec<u8>> {
        match self.store.read(&format!("{}/{name}", self.dir)).await {
            Ok(bytes) => Some(bytes.to_vec()),
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => None,
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

/// Demands an error of this kind. A refusal stays one.
pub(super) fn fails<T>(result: Result<T>, kind: std::io::ErrorKind) -> Result<()> {
    match result {
        Ok(_) => panic!("it must fail with {kind:?}"),
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) if error.is_unsupported() => Err(error),
        Err(error) => panic!("it must fail with {kind:?}: {error}"),
    }
}

/// Demands that what failed is a refusal, and hands it on.
pub(super) fn refusal<T>(result: Result<T>) -> Result<Outcome> {
    match result {
        Ok(_) => Ok(Outcome::Yes),
        Err(error) => Err(error),
    }
}

/// A failure that leaves it to the caller what it means.
pub(super) fn is_missing(error: &Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

/// Bytes in which each place can be told from the others.
pub(super) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 251 + at % 251) as u8).collect()
}
