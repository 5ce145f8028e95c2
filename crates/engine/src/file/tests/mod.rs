//! The order and the cursor of one file, stepped by hand.

mod conflicts;
mod cursor;
#[cfg(not(folio_loom))]
pub(super) mod leaving;
mod merging;
mod simulation;

use std::ops::Range;

use super::{Footprint, Merge, Ordered, Span};

/// An operation with the footprint of its kind, at the cursor or not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    id: usize,
    kind: Kind,
}

/// All kinds of footprints.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Read(Range<u64>),
    Write(Range<u64>),
    Append { len: u64, cursor: bool },
    Sync,
    Exclusive,
    CursorRead(u64),
    CursorWrite(u64),
    Seek(u64),
}

impl Kind {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        let (span, cursor) = match self {
            Kind::Read(range) => (Span::Read(range.clone()), false),
            Kind::Write(range) => (Span::Write(range.clone()), false),
            Kind::Append { cursor, .. } => (Span::Append, *cursor),
            Kind::Sync => (Span::Sync, false),
            Kind::Exclusive => (Span::Exclusive, true),
            Kind::CursorRead(len) => (Span::Read(cursor..cursor + room.min(*len)), true),
            Kind::CursorWrite(len) => (Span::Write(cursor..cursor + len), true),
            Kind::Seek(_) => (Span::Read(0..0), true),
        };
        Footprint { span, cursor }
    }

    fn merge(&self) -> Merge {
        match self {
            Kind::Write(_) | Kind::CursorWrite(_) => Merge::Write,
            Kind::Append { .. } => Merge::Append,
            Kind::Sync => Merge::Sync,
            Kind::Read(_) | Kind::Exclusive | Kind::CursorRead(_) | Kind::Seek(_) => Merge::Alone,
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Kind::Write(range) => range.end - range.start,
            Kind::Append { len, .. } | Kind::CursorWrite(len) => *len,
            Kind::Read(_) | Kind::Sync | Kind::Exclusive | Kind::CursorRead(_) | Kind::Seek(_) => 0,
        }
    }
}

impl Ordered for Item {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        self.kind.footprint(cursor, room)
    }

    fn merge(&self) -> Merge {
        self.kind.merge()
    }

    fn bytes(&self) -> u64 {
        self.kind.bytes()
    }
}

/// Numbers the operations in order of arrival.
fn items(kinds: impl IntoIterator<Item = Kind>) -> Vec<Item> {
    kinds.into_iter().enumerate().map(|(id, kind)| Item { id, kind }).collect()
}
