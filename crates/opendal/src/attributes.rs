//! Attributes, as far as a store keeps any.

use std::time::{SystemTime, UNIX_EPOCH};

use folio_engine::storage::{Attributes, Identity, Kind, Metadata};

/// Stores keep no permissions: these say what everyone who can reach the store may do at most.
const FILE_PERMISSIONS: u32 = 0o644;
const DIR_PERMISSIONS: u32 = 0o755;

/// Bytes of the unit in which the space of a file is counted.
const BLOCK: u64 = 512;

/// What is known of a file.
pub(crate) fn of_file(identity: Identity, len: u64, modified: Option<SystemTime>) -> Metadata {
    let mut attributes = Attributes::new(Kind::File);
    (attributes.permissions, attributes.len) = (FILE_PERMISSIONS, len);
    attributes.blocks = len.div_ceil(BLOCK);
    filled(attributes, identity, modified)
}

/// What is known of a directory.
pub(crate) fn of_dir(identity: Identity, modified: Option<SystemTime>) -> Metadata {
    let mut attributes = Attributes::new(Kind::Dir);
    attributes.permissions = DIR_PERMISSIONS;
    filled(attributes, identity, modified)
}

fn filled(mut attributes: Attributes, identity: Identity, modified: Option<SystemTime>) -> Metadata {
    (attributes.device, attributes.inode) = (identity.device, identity.inode);
    // A store keeps one time; a file has been read and changed since then at the earliest.
    let time = modified.unwrap_or(UNIX_EPOCH);
    (attributes.modified, attributes.changed, attributes.accessed) = (time, time, time);
    attributes.into()
}

/// When it was last modified, if the store keeps that.
pub(crate) fn modified(metadata: &opendal::Metadata) -> Option<SystemTime> {
    metadata.last_modified().map(SystemTime::from)
}
