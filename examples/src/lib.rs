//! What the larger examples are made of. The small ones stand alone in `examples/`.

pub mod manifest;
pub mod write_ahead_log;
