//! The actors: one per open file, and the supervisor of the engine. The only room that names kameo.
//!
//! ```text
//!   handle ── in place ──▶ storage                            nobody is waiting: no message, no hop
//!     │ else, with a permit
//!     ├── nothing in the way ──▶ lane ──▶ worker ──┐          the turn lent to the caller
//!     └── Submit ──▶ file actor ──▶ lane ──▶ worker┤          something before it is not done
//!     ◀────────────────── answer ──────────────────┘
//! ```

mod ahead;
pub(crate) mod buffered;
mod closing;
mod descriptors;
mod exit;
pub(crate) mod file;
pub(crate) mod handle;
mod job;
mod locking;
pub(crate) mod locks;
pub mod messages;
pub(crate) mod opening;
mod parting;
pub(crate) mod path;
pub(crate) mod patience;
pub(crate) mod queued;
pub(crate) mod registry;
pub(crate) mod services;
pub(crate) mod stream;
pub(crate) mod supervisor;

pub use handle::{FileHandle, Rejected};
pub use stream::StreamHandle;
