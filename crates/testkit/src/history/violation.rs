//! A history without a linearization, shown by the point that no order gets past.

use std::fmt;

use super::entry::Entry;
use crate::model::{FileModel, ModelOp, Outcome};

/// Operations shown before the place where the search got stuck.
const SHOWN_BEFORE: usize = 6;

/// Bytes shown of an operation or of the file.
const SHOWN_BYTES: usize = 32;

/// How a check of a history failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// No order of the operations explains their outcomes.
    NotLinearizable,
    /// The search was given up; shorten the history or cancel less.
    Undecided,
}

/// Tells where a history stops making sense: the longest order that works, and what cannot follow it.
#[derive(Clone, Debug)]
pub struct Violation {
    kind: ViolationKind,
    state: FileModel,
    ordered: usize,
    before: Vec<Entry>,
    stuck: Vec<Entry>,
}

/// The point of the search with the fewest operations left.
#[derive(Clone)]
pub(super) struct Furthest<'a> {
    pub(super) completed_left: usize,
    pub(super) state: FileModel,
    pub(super) order: Vec<&'a Entry>,
    pub(super) next: Vec<&'a Entry>,
}

impl Violation {
    pub(super) fn new(kind: ViolationKind, furthest: Furthest<'_>) -> Violation {
        let shown = furthest.order.len().saturating_sub(SHOWN_BEFORE);
        Violation {
            kind,
            ordered: furthest.order.len(),
            before: furthest.order[shown..].iter().map(|entry| (*entry).clone()).collect(),
            stuck: furthest.next.into_iter().cloned().collect(),
            state: furthest.state,
        }
    }

    /// Returns how the check failed.
    pub fn kind(&self) -> ViolationKind {
        self.kind
    }

    /// Returns the operations of which none can come next with its outcome and leave an order for the rest.
    pub fn stuck(&self) -> &[Entry] {
        &self.stuck
    }
}

impl std::error::Error for Violation {}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ViolationKind::NotLinearizable => writeln!(f, "the history is not linearizable")?,
            ViolationKind::Undecided => writeln!(f, "the history was too hard to decide")?,
        }
        writeln!(f, "the longest order that works has {} operations and ends with", self.ordered)?;
        self.before.iter().try_for_each(|entry| writeln!(f, "  {}", line(entry)))?;
        writeln!(
            f,
            "then the file has {} bytes and the cursors are {:?}",
            self.state.bytes().len(),
            self.state.cursors()
        )?;
        writeln!(f, "and none of these can come next so that all fit:")?;
        self.stuck.iter().try_for_each(|entry| self.explain(f, entry))
    }
}

impl Violation {
    fn explain(&self, f: &mut fmt::Formatter<'_>, entry: &Entry) -> fmt::Result {
        write!(f, "  {}", line(entry))?;
        let state = self.state.through(entry.opening);
        let fits = entry.returned.as_ref().is_none_or(|(_, got)| state.after(&entry.op, got).is_some());
        if fits {
            return writeln!(f);
        }
        writeln!(f, ", but the file would give {}", outcome(&state.clone().run(&entry.op)))
    }
}

fn line(entry: &Entry) -> String {
    let (until, got) = match &entry.returned {
        Some((at, got)) => (at.to_string(), outcome(got)),
        None => ("?".to_owned(), "unknown".to_owned()),
    };
    let through = match entry.opening {
        0 => String::new(),
        opening => format!(" through opening {opening}"),
    };
    let Entry { client, called, .. } = entry;
    format!("client {client}{through} [{called}..{until}] {} -> {got}", op(&entry.op))
}

fn op(op: &ModelOp) -> String {
    match op {
        ModelOp::WriteAt { offset, bytes } => format!("WriteAt {{ offset: {offset}, {} }}", shown(bytes)),
        ModelOp::Write { bytes } => format!("Write {{ {} }}", shown(bytes)),
        ModelOp::Append { bytes } => format!("Append {{ {} }}", shown(bytes)),
        ModelOp::ReadAt { .. }
        | ModelOp::Read { .. }
        | ModelOp::ReadUntil { .. }
        | ModelOp::Seek(_)
        | ModelOp::SetLen(_)
        | ModelOp::Len
        | ModelOp::Sync => format!("{op:?}"),
    }
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Bytes(bytes) => shown(bytes),
        Outcome::Written(_) | Outcome::Offset(_) | Outcome::Len(_) | Outcome::Done | Outcome::Failed => {
            format!("{outcome:?}")
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    let dots = if bytes.len() > SHOWN_BYTES { "…" } else { "" };
    let head = bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii();
    format!("{} bytes \"{head}\"{dots}", bytes.len())
}
