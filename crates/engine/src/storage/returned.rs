//! Bytes that were read from what cannot be read twice, and that nobody saw.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// They are asked for again before anything behind them.
#[derive(Debug, Default)]
pub(super) struct Returned {
    /// By the position they were read at.
    bytes: Mutex<BTreeMap<u64, Vec<u8>>>,
}

impl Returned {
    pub(super) fn keep(&self, bytes: &[u8], offset: u64) {
        if !bytes.is_empty() {
            self.lock().insert(offset, bytes.to_vec());
        }
    }

    /// Reads again what was given back from `offset` on; `None` if nothing was.
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
