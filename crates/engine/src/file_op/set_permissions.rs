//! The permissions of an open file.

use crate::error::Operation;
use crate::file::{Footprint, Span};
use crate::file_op::op::{BatchResult, Execute, FileOp, Host, Profile, Start, done, one_by_one};
use std::fs::Permissions;

/// Changes the permissions.
#[derive(Debug)]
pub(crate) struct SetPermissions(pub(crate) Permissions);

impl FileOp for SetPermissions {
    fn profile(&self, _cursor: u64, _room: u64) -> Profile {
        Profile {
            operation: Operation::SetPermissions,
            footprint: Footprint { span: Span::Read(0..0), cursor: false },
            offset: None,
            needs_trust: false,
        }
    }

    fn is_quick(&self) -> bool {
        true
    }
}

impl Execute for SetPermissions {
    fn run(batch: Vec<Self>, host: &dyn Host, _start: Start) -> BatchResult {
        one_by_one(batch, host, |op| host.file().set_permissions(op.0).map(done))
    }
}
