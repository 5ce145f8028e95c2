//! Replacing a file: the new contents are written beside it, under a name of their own, and then take its name.
//!
//! ```text
//!   begin ── a draft beside the target, locked ── written ── finish: attributes · sync · rename · sync of the directory
//!                │                                                │ whatever fails before the rename
//!                └── dropped ────────────▶ removed ◀──────────────┘
//! ```
//!
//! The lock says that the writer of a draft lives. A process that is killed leaves the draft without it, for
//! [`sweep`] to remove.

mod attributes;
mod draft;
mod how;
mod later;
mod request;
mod sweep;
mod target;

pub use draft::{Draft, Drafts, Litter};
pub use how::{Durability, Replacing};
pub(crate) use request::{Wanted, publish};
pub use request::{begin, commit, discard, remove};
pub use sweep::sweep;
