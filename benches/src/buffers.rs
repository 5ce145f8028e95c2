//! The buffers that laps read into, the same for every contender.
//!
//! Where in a page a buffer begins changes the speed of the kernel's copy (by a fifth for 1 MiB where it was
//! measured). Were each lap to allocate its own, the allocator would have a say in the ratios.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// One buffer for each task and length, kept over all laps.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    idle: Mutex<HashMap<(u64, usize), Vec<u8>>>,
}

impl Buffers {
    /// Lends the buffer of `len` bytes that belongs to `task`.
    pub(crate) fn take(&self, task: u64, len: usize) -> Vec<u8> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.remove(&(task, len)).unwrap_or_else(|| vec![0; len])
    }

    /// Takes a lent buffer back. One that an error kept from coming back is made anew.
    pub(crate) fn give_back(&self, task: u64, buffer: Vec<u8>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.insert((task, buffer.len()), buffer);
    }
}
