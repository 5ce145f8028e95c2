//! The actors: one per open file, and the supervisor of the engine. The only room that names kameo.
//!
//! ```text
//!   handle ── in place ──▶ storage                            nobody is waiting: no message, no hop
//!     │ else, with a permit
//!     ├── nothing in the way ──▶ lane ──▶ worker ──┐          the turn lent to the caller
//!     └── post ──▶ file actor ──▶ lane ──▶ worker ──┤          something before it is not done
//!     ◀────────────────── answer ──────────────────┘
//! ```

mod ahead;
mod buffered;
pub(crate) mod clock;
mod closing;
mod debt;
mod descriptor_wait;
mod descriptors;
mod desk;
mod errands;
mod exit;
pub(crate) mod file;
mod flow;
pub(crate) mod handle;
mod inbox;
mod inode;
mod job;
mod last_words;
mod leaving;
mod letters;
mod lives;
mod locking;
pub(crate) mod locks;
mod long;
pub mod messages;
pub(crate) mod opening;
mod outcome;
mod panics;
mod parting;
pub(crate) mod path;
pub(crate) mod patience;
mod polled;
pub(crate) mod queued;
mod registered;
pub(crate) mod registry;
pub(crate) mod services;
pub(crate) mod stream;
pub(crate) mod supervisor;
mod unwritten;
mod waiters;
mod whole;

pub use handle::{FileHandle, Rejected};
pub use polled::Polled;
pub use stream::StreamHandle;
