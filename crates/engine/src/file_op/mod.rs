//! Operations on an open file: each is one type in one file that carries its whole behaviour.
//!
//! To add one, write a file with a type that implements [`FileOp`] and [`Execute`], and add it to the list below.

mod advise;
mod allocate;
mod append;
mod close;
mod copy_range;
mod duplicate;
pub(crate) mod lent;
#[cfg(all(test, folio_loom))]
mod lent_loom;
mod lock;
mod metadata;
mod op;
mod payload;
mod read;
mod read_until;
mod receive;
mod run;
pub(crate) mod seek;
mod set_len;
mod set_permissions;
mod set_times;
mod settle;
mod sync;
mod write;
#[cfg(test)]
mod write_tests;

use std::ops::Deref;

use crate::file::{Footprint, Merge, Ordered};

pub(crate) use advise::Advise;
pub(crate) use allocate::Allocate;
pub(crate) use append::{Append, append_all, append_later};
pub(crate) use close::Close;
pub(crate) use copy_range::CopyRange;
pub(crate) use duplicate::Duplicate;
pub(crate) use lent::WriteLent;
pub(crate) use lock::{AcquiredLock, Lock};
pub(crate) use metadata::Metadata;
pub(crate) use op::{
    Answer, BatchResult, Ending, Execute, Failed, Failure, Far, FileOp, Host, Offset, Peeked, RunLater, Start,
};
pub(crate) use payload::{Payload, Written};
pub(crate) use read::Read;
pub(crate) use read_until::ReadUntil;
pub(crate) use receive::Receive;
pub(crate) use run::Run;
pub(crate) use seek::Seek;
pub(crate) use set_len::{SetLen, SetLenToCursor};
pub(crate) use set_permissions::SetPermissions;
pub(crate) use set_times::SetTimes;
pub(crate) use settle::Settle;
pub(crate) use sync::Sync;
pub(crate) use write::{Write, write_all, write_later};

/// Makes the enum of all operations, and its dispatch.
macro_rules! ops {
    ($($op:ident)*) => {
        /// One operation on one open file.
        #[derive(Debug)]
        pub(crate) enum Op {
            $($op($op),)*
        }

        impl Deref for Op {
            type Target = dyn FileOp + 'static;

            fn deref(&self) -> &(dyn FileOp + 'static) {
                match self {
                    $(Op::$op(op) => op,)*
                }
            }
        }

        impl Op {
            /// Carries out a batch, which is of one kind.
            pub(crate) fn run(batch: Vec<Op>, host: &dyn Host, start: Start) -> BatchResult {
                match batch.first() {
                    None => BatchResult::default(),
                    $(Some(Op::$op(_)) => {
                        let only = |op| if let Op::$op(op) = op { Some(op) } else { None };
                        $op::run(batch.into_iter().filter_map(only).collect(), host, start)
                    })*
                }
            }

            /// Carries out a batch on a storage whose calls answer later.
            pub(crate) fn run_later<'a>(batch: Vec<Op>, far: Far<'a>) -> RunLater<'a> {
                match batch.first() {
                    None => Box::pin(std::future::ready(BatchResult::default())),
                    $(Some(Op::$op(_)) => {
                        let only = |op| if let Op::$op(op) = op { Some(op) } else { None };
                        $op::run_later(batch.into_iter().filter_map(only).collect(), far)
                    })*
                }
            }
        }

        $(impl From<$op> for Op {
            fn from(op: $op) -> Op {
                Op::$op(op)
            }
        })*
    };
}

ops! {
    Advise Allocate Append Close CopyRange Duplicate Lock Metadata Read Receive Run Seek SetLen SetLenToCursor SetPermissions SetTimes
    Settle Sync Write WriteLent
}

impl Ordered for Op {
    fn footprint(&self, cursor: u64, room: u64) -> Footprint {
        (**self).footprint(cursor, room)
    }

    fn merge(&self) -> Merge {
        (**self).merge()
    }

    fn bytes(&self) -> u64 {
        (**self).bytes()
    }
}
