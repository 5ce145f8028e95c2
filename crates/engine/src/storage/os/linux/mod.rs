//! Code by system calls of Linux's own. `portable/` has the same functions for all other systems.

pub(super) mod cached;
pub(super) mod confined;
pub(super) mod devices;
pub(super) mod found;
mod mounts;
pub(super) mod names;
pub(super) mod open_file;
mod remote;
pub(super) mod space;
#[cfg(test)]
mod tests;

use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{AtFlags, OFlags};
use rustix::net::SendFlags;

use crate::storage::MountWatch;
use devices::Devices;
use mounts::MountTable;

pub(super) const IN_PLACE: bool = true;

/// Opens a directory by its path alone: that takes no right to read it.
pub(super) const PATH: OFlags = OFlags::PATH;

/// Bypasses the page cache.
pub(super) const DIRECT: OFlags = OFlags::DIRECT;

/// Creates a file; either bit does.
pub(super) const CREATES: OFlags = OFlags::CREATE.union(OFlags::TMPFILE.difference(OFlags::DIRECTORY));

/// Checks the effective user instead of the real one.
pub(super) const EFFECTIVE: AtFlags = AtFlags::EACCESS;

/// Makes a write to a socket without a reader fail instead of ending the process.
pub(super) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;

/// Watches what is mounted; `None` without `/proc`.
pub(super) fn watch_mounts(devices: &Arc<Devices>) -> Option<Box<dyn MountWatch>> {
    MountTable::watch(devices).map(|table| Box::new(table) as Box<dyn MountWatch>)
}

/// Names an open descriptor for calls that take paths only.
fn in_proc(descriptor: &impl AsRawFd) -> PathBuf {
    format!("/proc/self/fd/{}", descriptor.as_raw_fd()).into()
}
