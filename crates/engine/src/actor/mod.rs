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
pub(crate) mod buffered;
pub(crate) mod clock;
mod closing;
mod debt;
mod descriptors;
mod exit;
pub(crate) mod file;
pub(crate) mod handle;
mod job;
mod letters;
mod lives;
mod locking;
pub(crate) mod locks;
mod long;
pub mod messages;
pub(crate) mod opening;
mod parting;
pub(crate) mod path;
pub(crate) mod patience;
mod polled;
pub(crate) mod queued;
pub(crate) mod registry;
pub(crate) mod services;
pub(crate) mod stream;
pub(crate) mod supervisor;
mod whole;

pub use handle::{FileHandle, Rejected};
pub use polled::Polled;
pub use stream::StreamHandle;
