//! What is known of an object.

use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

use folio_engine::storage::Metadata;
use object_store::ObjectMeta;
use object_store::path::Path;

/// What object_store calls the attributes of a file.
pub(crate) fn of_file(metadata: &Metadata, location: Path) -> ObjectMeta {
    ObjectMeta {
        location,
        last_modified: metadata.modified().unwrap_or(UNIX_EPOCH).into(),
        size: metadata.len(),
        e_tag: Some(e_tag(metadata)),
        version: None,
    }
}

/// `LocalFileSystem`'s, so that a tag stays the same when a program changes from one to the other: inode, microseconds
/// since the epoch, and length.
pub(crate) fn e_tag(metadata: &Metadata) -> String {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let micros = since.unwrap_or_default().as_micros();
    format!("\"{:x}-{micros:x}-{:x}\"", metadata.ino(), metadata.len())
}
