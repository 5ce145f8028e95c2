//! FIFOs, sockets, terminals: driven by readiness, never by a worker.

mod handle;
mod read_ahead;

pub use handle::StreamHandle;
pub(crate) use read_ahead::ReadAhead;
