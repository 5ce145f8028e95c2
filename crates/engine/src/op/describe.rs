//! Attributes of an open file and the space it takes: asking for them and changing them.

use std::fs::{FileTimes, Permissions};
use std::io;

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::op::Answer;
use crate::storage::{Advice, Allocation, StorageFile};

/// Asks for or changes what the file is, apart from its bytes.
#[derive(Debug)]
pub(crate) enum Describe {
    /// All attributes.
    Metadata,
    /// A new length: a barrier, since it can cut off or expose bytes anywhere.
    SetLen(u64),
    /// New permissions.
    SetPermissions(Permissions),
    /// New timestamps; a barrier, since a write after it sets them again.
    SetTimes(FileTimes),
    /// Space reserved or given back; a barrier like a new length, which it can be.
    Allocate(Allocation, u64, u64),
    /// How a range is going to be used; changes nothing that can be read.
    Advise(Advice, u64, u64),
}

impl Describe {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Describe::Metadata => Operation::Metadata,
            Describe::SetLen(_) => Operation::SetLen,
            Describe::SetPermissions(_) => Operation::SetPermissions,
            Describe::SetTimes(_) => Operation::SetTimes,
            Describe::Allocate(..) => Operation::Allocate,
            Describe::Advise(..) => Operation::Advise,
        }
    }

    pub(crate) fn changes_contents(&self) -> bool {
        match self {
            Describe::SetLen(_) | Describe::Allocate(..) => true,
            Describe::Metadata
            | Describe::SetPermissions(_)
            | Describe::SetTimes(_)
            | Describe::Advise(..) => false,
        }
    }

    pub(crate) fn footprint(&self) -> Footprint {
        let span = match self {
            Describe::Metadata => Span::LOOK,
            Describe::SetLen(_) | Describe::SetTimes(_) | Describe::Allocate(..) => Span::Exclusive,
            Describe::SetPermissions(_) | Describe::Advise(..) => Span::Read(0..0),
        };
        Footprint { span, cursor: false }
    }

    pub(crate) fn execute(self, file: &dyn StorageFile) -> io::Result<Answer> {
        match self {
            Describe::Metadata => file.metadata().map(|metadata| Answer::Metadata(Box::new(metadata))),
            Describe::SetLen(len) => file.set_len(len).map(|()| Answer::Done),
            Describe::SetPermissions(permissions) => file.set_permissions(permissions).map(|()| Answer::Done),
            Describe::SetTimes(times) => file.set_times(times).map(|()| Answer::Done),
            Describe::Allocate(how, offset, len) => file.allocate(how, offset, len).map(|()| Answer::Done),
            Describe::Advise(advice, offset, len) => file.advise(advice, offset, len).map(|()| Answer::Done),
        }
    }
}
