//! Extended attributes of files and directories.

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod calls;
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
#[path = "none.rs"]
mod calls;

pub(super) use calls::{copy, get, list, remove, set, set_open};
