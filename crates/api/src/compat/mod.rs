//! Faces of other libraries: what was written for them compiles here with another import.
//!
//! [`fs`] is `tokio::fs`, type for type. It carries everything out by [`crate::fs`] and [`crate::File`], which do and
//! say more; a program moves from the one to the other file by file, since both work on the same engine.

pub mod fs;
