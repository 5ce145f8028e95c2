//! Interfaces of other libraries: code that was written for them compiles here with another import.
//!
//! [`fs`] is `tokio::fs`, type for type. Its functions call [`crate::fs`] and [`crate::File`], which offer more. Both
//! work on the same engine, so a program can move from one to the other step by step.

pub mod fs;
