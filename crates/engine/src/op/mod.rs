//! Requests about paths: what is asked, how it is carried out, what is answered.
//!
//! One family, one file of functions, each of which makes a [`PathOp`].

pub mod access;
mod ahead;
#[cfg(all(test, folio_loom))]
mod ahead_loom;
mod at;
pub mod attributes;
pub mod closure;
pub mod copy_tree;
pub mod dir;
mod durable;
pub mod filesystem;
mod footing;
mod listed;
pub mod names;
pub(crate) mod open;
mod path_op;
pub mod prune;
pub mod relocate;
pub mod replace;
pub mod resolve;
pub mod tree;
pub mod usage;
pub mod walk;
pub mod whole;
pub mod xattr;

pub use at::At;
pub(crate) use path_op::identify;
pub use path_op::{PathOp, PathRequest, Subject};
