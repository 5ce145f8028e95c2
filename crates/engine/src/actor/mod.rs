//! The actors: one per open file, and the supervisor of the engine. The only room that names kameo.
//!
//! ```text
//!   handle ── in place ──▶ storage                          no operation waits: no message, no hop
//!     │ else, with a permit
//!     ├── not blocked ───────▶ lane ──▶ worker ──┐           the caller steps the state itself
//!     └── posted ──▶ actor ──▶ lane ──▶ worker ──┤           an earlier operation blocks it
//!     ◀───────────────── answer ─────────────────┘
//! ```

mod envelopes;
pub(crate) mod file;
mod incarnations;
pub mod messages;
pub(crate) mod supervisor;

pub(crate) use envelopes::Envelope;
pub(crate) use incarnations::Incarnations;
