//! What a history consists of.

use crate::model::{FileModel, ModelOp, Outcome};

/// One operation in a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who asked.
    pub client: usize,
    /// Through which opening of the file, each with a cursor of its own.
    pub opening: usize,
    /// For what.
    pub op: ModelOp,
    /// When, by the recorder's counter.
    pub called: u64,
    /// When it returned and what, or `None` if that is unknown: cancelled, or still running.
    pub returned: Option<(u64, Outcome)>,
}

/// A file's first state and the operations on it.
#[derive(Clone, Debug)]
pub struct History {
    /// The state before any operation.
    pub start: FileModel,
    /// The operations, in any order.
    pub entries: Vec<Entry>,
}
