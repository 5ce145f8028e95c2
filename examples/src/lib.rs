//! What the larger examples are made of. The small ones stand alone in `examples/`.

mod engine;
pub mod manifest;
pub mod write_ahead_log;

pub use engine::engine_on;
