//! One open file, as its callers, its actor and the workers share it.
//!
//! ```text
//!   arrive ──▶ order ──▶ batch ──▶ worker ──▶ outcome ──▶ the caller
//!                ▲                   │
//!     └── what waited ────┘         flush: chunks of the write buffer join the same order
//! ```

mod adaptive_spin;
mod batch;
mod close;
mod failures;
mod final_flush;
mod final_write_guard;
mod flow;
mod flush;
mod flush_waiters;
mod host;
mod inbox;
mod locking;
mod long_write;
mod op_info;
mod registered;

mod file;
pub(crate) mod pending;
mod state;

pub(crate) use close::everything;
pub(crate) use file::OpenFile;
pub(crate) use flush::AT_CURSOR;
pub(crate) use flush_waiters::FlushWaiters;
pub(crate) use locking::LockThread;
pub(crate) use state::FileState;
