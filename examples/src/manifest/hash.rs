//! The SHA-256 of one file, read in chunks.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use folio::{File, Metadata};
use sha2::{Digest, Sha256};

/// Bytes read and hashed at a time. Hashing them takes well under a millisecond, so that the executor's other
/// tasks, and Ctrl-C, do not wait long.
pub(super) const CHUNK_BYTES: usize = 256 * 1024;

/// What came of one file.
#[derive(Debug)]
pub(super) enum Hashed {
    /// The hash of all its bytes.
    Whole([u8; 32]),
    /// It is the list that is being written, or has stopped being a regular file since the walk saw it.
    Passed,
    /// The user asked to stop before its end.
    Stopped,
}

/// Which file this is, whatever name it was reached by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Identity {
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// Reads `path` to its end, unless it is `list`; `read` hears of each chunk's length in bytes.
pub(super) async fn hash(
    path: &Path,
    list: Identity,
    chunk: &mut [u8],
    stopping: &AtomicBool,
    read: impl Fn(u64),
) -> folio::Result<Hashed> {
    let file = File::open(path).await?;
    let metadata = file.metadata().await?;
    if !metadata.is_file() || Identity::of(&metadata) == list {
        return Ok(Hashed::Passed);
    }
    let mut hasher = Sha256::new();
    while !stopping.load(Ordering::Relaxed) {
        let len = file.read(chunk).await?;
        if len == 0 {
            return Ok(Hashed::Whole(hasher.finalize().into()));
        }
        hasher.update(&chunk[..len]);
        read(len as u64);
    }
    Ok(Hashed::Stopped)
}
