//! The actors: one per open file, and the supervisor of the engine. The only room that names kameo.
//!
//! ```text
//!   handle ── in place ──▶ storage                            nobody is waiting: no message, no hop
//!     │ else, with a permit
//!     ├── nothing in the way ──▶ lane ──▶ worker ──┐          the turn lent to the caller
//!     └── post ──▶ file actor ──▶ lane ──▶ worker ──┤          something before it is not done
//!     ◀────────────────── answer ──────────────────┘
//! ```

mod envelopes;
pub(crate) mod file;
mod incarnations;
pub mod messages;
pub(crate) mod supervisor;

pub(crate) use envelopes::Envelope;
pub(crate) use incarnations::Incarnations;
