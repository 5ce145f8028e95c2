//! Requests about paths: one file per family, with functions that each make a [`PathOp`].

pub mod access;
mod at;
pub mod attributes;
pub mod closure;
pub mod copy_tree;
mod deep_paths;
pub mod dir;
mod dir_stream;
mod durable;
pub mod filesystem;
pub mod names;
pub(crate) mod open;
pub mod pages;
mod path_op;
mod prefetch;
#[cfg(all(test, folio_loom))]
mod prefetch_loom;
pub mod prune;
pub mod relocate;
pub mod replace;
pub mod resolve;
pub mod tree;
pub mod usage;
pub mod walk;
pub mod whole;
pub mod xattr;

/// Why permission bits are refused by a storage whose calls answer later.
const NO_PERMISSIONS: &str = "this storage keeps no permissions";

pub use at::At;
pub(crate) use path_op::identify;
pub use path_op::{PathOp, PathRequest, Subject};
