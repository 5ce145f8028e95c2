//! Undelivered bytes of a file that cannot be read twice: their read was cancelled.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The next reads take these bytes before they read from the file.
#[derive(Debug, Default)]
pub(super) struct Returned {
    /// By the offset where they were read.
    bytes: Mutex<BTreeMap<u64, Vec<u8>>>,
}

impl Returned {
    pub(super) fn keep(&self, bytes: &[u8], offset: u64) {
        if !bytes.is_empty() {
            self.lock().insert(offset, bytes.to_vec());
        }
    }

    /// Reads returned bytes from `offset` on; `None` if there are none.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> Option<usize> {
        let mut returned = self.lock();
        let mut bytes = returned.remove(&offset)?;
        let count = bytes.len().min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        let rest = bytes.split_off(count);
        if !rest.is_empty() {
            returned.insert(offset + count as u64, rest);
        }
        Some(count)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<u8>>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
