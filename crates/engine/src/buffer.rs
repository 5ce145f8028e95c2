//! Pooled bytes: buffers that are zeroed once, then reused by reads and by copies of borrowed writes.

use std::fmt;
use std::io::{self, IoSlice};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::budget;
use crate::limits::{DIRECT_ALIGN_BYTES, POOLED_BUFFER_BYTES_MAX, POOLED_BYTES_MAX, ROOM_BYTES_TRUSTED};

/// The free buffers of one engine.
///
/// A buffer keeps its original length, so its bytes are always initialised and a reuse never zeroes them again;
/// the number of valid bytes is stored beside it.
pub(crate) struct Buffers {
    free: Mutex<Free>,
    /// Alignment of buffers in bytes; 0 for none. Each buffer is larger by as many bytes.
    align: usize,
    /// Bytes that are kept for reuse, over all sizes.
    bytes_max: usize,
}

impl Default for Buffers {
    fn default() -> Self {
        Buffers { free: Mutex::default(), align: 0, bytes_max: POOLED_BYTES_MAX }
    }
}

/// Buffers for code outside of the engine that reads by the [port](crate::storage). Memory that the system has just given
/// costs a page fault every 4 KiB, which takes longer than copying them from the page cache. Clones are the same pool.
///
/// ```
/// use folio_engine::BufferPool;
///
/// let pool = BufferPool::new(16 * 1024 * 1024);
/// let bytes = pool.fill(5, |room| {
///     room.copy_from_slice(b"bytes");
///     Ok(())
/// })?;
/// assert_eq!(bytes, "bytes");
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct BufferPool(Arc<Buffers>);

impl BufferPool {
    /// Makes a pool that keeps at most so many bytes for reuse, in buffers of at most 1 MiB.
    pub fn new(bytes_max: usize) -> Self {
        BufferPool(Arc::new(Buffers { bytes_max, ..Buffers::default() }))
    }

    /// Returns `len` bytes that `fill` has put there; they hold arbitrary earlier bytes before. The buffer, of the next power
    /// of two, comes back once the last reference to the bytes is dropped.
    ///
    /// # Errors
    ///
    /// That of `fill`.
    pub fn fill(&self, len: usize, fill: impl FnOnce(&mut [u8]) -> io::Result<()>) -> io::Result<Bytes> {
        let mut buffer = self.0.take(len);
        fill(buffer.room(len))?;
        buffer.fill(len);
        Ok(buffer.into_bytes())
    }
}

#[derive(Default)]
struct Free {
    /// One stack per power of two, from [`SMALLEST`] up.
    classes: [Vec<Vec<u8>>; CLASSES],
    bytes: usize,
}

const SMALLEST: usize = 512;
const CLASSES: usize = (POOLED_BUFFER_BYTES_MAX / SMALLEST).ilog2() as usize + 1;

impl Buffers {
    /// A pool of buffers aligned for direct I/O.
    pub(crate) fn aligned() -> Self {
        Buffers { align: DIRECT_ALIGN_BYTES, ..Buffers::default() }
    }

    /// Returns an empty buffer with room for at least `len` bytes.
    pub(crate) fn take(self: &Arc<Self>, len: usize) -> Buffer {
        let (bytes, home) = match class_of(len) {
            Some(class) => {
                let fresh = || vec![0; (SMALLEST << class) + self.align];
                (self.reuse(class).unwrap_or_else(fresh), Some(self.clone()))
            }
            None => (vec![0; len + self.align], None),
        };
        self.window(bytes, home)
    }

    /// The aligned part of `bytes`.
    fn window(&self, bytes: Vec<u8>, home: Option<Arc<Buffers>>) -> Buffer {
        let address = bytes.as_ptr().addr();
        let start = if self.align > 0 { address.next_multiple_of(self.align) - address } else { 0 };
        Buffer { size: bytes.len() - self.align, start, bytes, filled: 0, home }
    }

    /// Returns a buffer of at least `len` bytes that begins with the first `done` bytes of `buffer`; if there
    /// is no memory, `buffer` is unchanged.
    pub(crate) fn larger(
        self: &Arc<Self>,
        buffer: &mut Buffer,
        done: usize,
        len: usize,
    ) -> io::Result<Buffer> {
        let mut larger = if len <= ROOM_BYTES_TRUSTED {
            self.take(len)
        } else {
            // `vec!` gets zeroed pages for free, but aborts the process if there is no memory.
            let mut bytes = Vec::new();
            let len = len.saturating_add(self.align);
            bytes.try_reserve_exact(len).map_err(|_| io::ErrorKind::OutOfMemory)?;
            bytes.resize(len, 0);
            self.window(bytes, None)
        };
        larger.room(done).copy_from_slice(buffer.room(done));
        Ok(larger)
    }

    /// Returns a buffer holding a copy of `source`, which the task that makes it pays for.
    pub(crate) fn copy(self: &Arc<Self>, source: &[u8]) -> Buffer {
        let mut buffer = self.take(source.len());
        buffer.push(source);
        budget::charge_bytes(source.len());
        buffer
    }

    /// Returns a buffer with a copy of the first `len` bytes of the concatenated slices, likewise.
    pub(crate) fn copy_slices(self: &Arc<Self>, slices: &[IoSlice<'_>], len: usize) -> Buffer {
        let mut buffer = self.take(len);
        for slice in slices {
            let left = len - buffer.filled;
            buffer.push(&slice[..slice.len().min(left)]);
        }
        budget::charge_bytes(len);
        buffer
    }

    fn reuse(&self, class: usize) -> Option<Vec<u8>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = free.classes[class].pop()?;
        free.bytes -= bytes.len();
        Some(bytes)
    }

    fn keep(&self, bytes: Vec<u8>) {
        let Some(class) = class_of(bytes.len() - self.align) else { return };
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.bytes + bytes.len() <= self.bytes_max {
            free.bytes += bytes.len();
            free.classes[class].push(bytes);
        }
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").finish_non_exhaustive()
    }
}

fn class_of(len: usize) -> Option<usize> {
    // A length near the maximum has no power of two above it.
    let class = || len.max(SMALLEST).next_power_of_two().ilog2() - SMALLEST.ilog2();
    (len <= POOLED_BUFFER_BYTES_MAX).then(|| class() as usize)
}

/// A buffer borrowed from the pool; dropping it returns it.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// Start of the usable bytes, aligned if required.
    start: usize,
    /// Number of usable bytes.
    size: usize,
    /// Number of valid bytes.
    filled: usize,
    home: Option<Arc<Buffers>>,
}

impl Buffer {
    /// The usable bytes, initialised, to be read into.
    pub(crate) fn room(&mut self, len: usize) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + len]
    }

    /// Marks the first `filled` bytes as valid.
    pub(crate) fn fill(&mut self, filled: usize) {
        debug_assert!(filled <= self.size);
        self.filled = filled;
    }

    /// Number of usable bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Appends bytes to the valid ones. The buffer must have room for them.
    pub(crate) fn push(&mut self, source: &[u8]) {
        let end = self.start + self.filled;
        self.bytes[end..end + source.len()].copy_from_slice(source);
        self.filled += source.len();
    }

    /// Turns the valid bytes into shared ones; few bytes are copied, so that a long-lived `Bytes` does not pin
    /// a large buffer.
    pub(crate) fn into_bytes(self) -> Bytes {
        if self.filled * 4 < self.size {
            Bytes::copy_from_slice(self.as_ref())
        } else {
            Bytes::from_owner(self)
        }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.keep(std::mem::take(&mut self.bytes));
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("filled", &self.filled).field("room", &self.size).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::Arc;

    use super::Buffers;

    #[test]
    fn room_that_nobody_has_is_an_error() {
        let buffers = Arc::new(Buffers::default());
        for len in [1 << 47, isize::MAX as usize, usize::MAX] {
            let larger = buffers.larger(&mut buffers.take(1), 1, len);
            assert_eq!(larger.map(|_| ()).map_err(|e| e.kind()), Err(ErrorKind::OutOfMemory), "{len}");
        }
    }
}
