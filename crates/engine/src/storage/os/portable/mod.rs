//! What `linux/` does by calls of its own, by those that all systems have. Nothing is done in place, since no common call
//! says whether it would wait; what cannot be done at all is refused as unsupported.

pub(super) mod cached;
pub(super) mod confined;
pub(super) mod devices;
pub(super) mod found;
pub(super) mod names;
pub(super) mod open_file;
#[cfg(not(any(target_vendor = "apple", target_os = "freebsd")))]
#[path = "../linux/remote.rs"]
mod remote;
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
mod remote;
pub(super) mod space;

use rustix::fs::{AtFlags, OFlags};
use rustix::net::SendFlags;

pub(super) const IN_PLACE: bool = false;

/// A directory is opened to be read, which takes the right to read it.
pub(super) const PATH: OFlags = OFlags::empty();

/// Passes the page cache by; Apple's systems have no flag for it.
#[cfg(not(target_vendor = "apple"))]
pub(super) const DIRECT: OFlags = OFlags::DIRECT;
#[cfg(target_vendor = "apple")]
pub(super) const DIRECT: OFlags = OFlags::empty();

/// Creates a file.
pub(super) const CREATES: OFlags = OFlags::CREATE;

/// Asks what the effective user may do, not the real one; on Android they are one.
#[cfg(not(target_os = "android"))]
pub(super) const EFFECTIVE: AtFlags = AtFlags::EACCESS;
#[cfg(target_os = "android")]
pub(super) const EFFECTIVE: AtFlags = AtFlags::empty();

/// Apple's systems have no flag for it; Rust's own start-up has such a call fail.
#[cfg(target_vendor = "apple")]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::empty();
#[cfg(not(target_vendor = "apple"))]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
