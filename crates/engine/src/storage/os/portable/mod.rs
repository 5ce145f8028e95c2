//! The functions of `linux/`, by calls of all systems. No call is made in place, since no portable call reports that it
//! would block; what no portable call can do is refused as unsupported.

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

use std::sync::Arc;

use rustix::fs::{AtFlags, OFlags};
use rustix::net::SendFlags;

use crate::storage::MountWatch;
use devices::Devices;

pub(super) const IN_PLACE: bool = false;

/// A directory is opened for reading, which needs read permission.
pub(super) const PATH: OFlags = OFlags::empty();

/// Bypasses the page cache; Apple's systems have no flag for it.
#[cfg(not(target_vendor = "apple"))]
pub(super) const DIRECT: OFlags = OFlags::DIRECT;
#[cfg(target_vendor = "apple")]
pub(super) const DIRECT: OFlags = OFlags::empty();

/// Creates a file.
pub(super) const CREATES: OFlags = OFlags::CREATE;

/// Checks the effective user instead of the real one; on Android they are the same.
#[cfg(not(target_os = "android"))]
pub(super) const EFFECTIVE: AtFlags = AtFlags::EACCESS;
#[cfg(target_os = "android")]
pub(super) const EFFECTIVE: AtFlags = AtFlags::empty();

/// Apple's systems have no flag for it; Rust's start-up code makes such a call fail instead.
#[cfg(target_vendor = "apple")]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::empty();
#[cfg(not(target_vendor = "apple"))]
pub(super) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;

/// Mounts matter to calls in place only.
pub(super) fn watch_mounts(_: &Arc<Devices>) -> Option<Box<dyn MountWatch>> {
    None
}
