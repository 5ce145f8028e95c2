//! `folio::compat::fs` is `tokio::fs` with another name: one program text is compiled against both, and what it names,
//! what it comes to and what its errors say must be the same.

mod descriptors;
mod differences;
mod failing;
mod program;
mod signatures;
