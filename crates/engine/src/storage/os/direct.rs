//! Direct I/O (`O_DIRECT`): transfers between device and buffer that bypass the page cache. The kernel requires an
//! alignment of offset, length and the buffer's address.
//!
//! The caller chooses offset and length. A buffer whose address is not aligned is copied through an aligned *window*.

use std::fs::File;
use std::io::{self, IoSlice};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::OFlags;

use super::platform::{DIRECT, open_file};
use super::stat::end_of;
use crate::limits::{DIRECT_ALIGN_BYTES, PIECE_BYTES};
use crate::storage::errno;

/// Whether a descriptor does direct I/O, and with which alignment.
#[derive(Debug)]
pub(super) struct Direct {
    /// The descriptor's flag when it was last read. Carries no data, so Relaxed is enough.
    on: AtomicBool,
    /// Found once, and only for files that need it.
    alignment: OnceLock<Alignment>,
}

/// The alignment of addresses, and that of offsets and lengths, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Alignment {
    memory: usize,
    offset: usize,
}

impl Direct {
    /// From the flags of the opening.
    pub(super) fn of(custom_flags: i32) -> Self {
        let on = OFlags::from_bits_retain(custom_flags as u32).intersects(DIRECT);
        Direct { on: AtomicBool::new(on), alignment: OnceLock::new() }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Reads the descriptor's own flag, which all code with access to the descriptor may change at any time.
    pub(super) fn look(&self, file: &File) -> bool {
        let on = rustix::fs::fcntl_getfl(file).is_ok_and(|flags| flags.intersects(DIRECT));
        self.on.store(on, Ordering::Relaxed);
        on
    }

    /// Reads at most `buf.len()` bytes by `call`, into `buf` itself or through a window. `end` returns the file's length.
    pub(super) fn read(
        &self,
        file: &File,
        buf: &mut [u8],
        offset: u64,
        end: impl FnOnce() -> io::Result<u64>,
        call: impl Fn(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if !self.is_on() {
            let result = call(buf);
            if !self.is_news(file, &result) {
                return result;
            }
        }
        let alignment = self.alignment(file);
        let result = if alignment.holds(buf) {
            call(buf)
        } else {
            let mut window = Window::new(buf.len().min(PIECE_BYTES), alignment.memory);
            let count = call(window.room());
            count.inspect(|count| buf[..*count].copy_from_slice(&window.room()[..*count]))
        };
        match result {
            // The end of a file within a block is not an aligned offset.
            Err(error) if is_invalid(&error) && offset >= end()? => Ok(0),
            result => result.map_err(|error| alignment.explain(error, offset, buf.len())),
        }
    }

    /// Writes a prefix of `bufs` at `offset` by `call`, or through a window.
    pub(super) fn write(
        &self,
        file: &File,
        bufs: &[IoSlice<'_>],
        offset: u64,
        call: impl Fn(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.put(file, bufs, PIECE_BYTES, || offset, call)
    }

    /// Appends whole buffers by one `call`: a record that is written by two may end up in two places.
    pub(super) fn append(
        &self,
        file: &File,
        bufs: &[IoSlice<'_>],
        call: impl Fn(&[IoSlice<'_>]) -> io::Result<(usize, u64)>,
    ) -> io::Result<(usize, u64)> {
        self.put(file, bufs, usize::MAX, || end_of(file).unwrap_or(0), call)
    }

    /// `offset` returns the target offset, for the error.
    fn put<T>(
        &self,
        file: &File,
        bufs: &[IoSlice<'_>],
        window_bytes_max: usize,
        offset: impl FnOnce() -> u64,
        call: impl Fn(&[IoSlice<'_>]) -> io::Result<T>,
    ) -> io::Result<T> {
        if !self.is_on() {
            let result = call(bufs);
            if !self.is_news(file, &result) {
                return result;
            }
        }
        let alignment = self.alignment(file);
        let bufs = alignment.prefix(bufs);
        let len = bufs.iter().map(|buf| buf.len()).sum();
        let result = if bufs.iter().all(|buf| alignment.holds(buf)) {
            call(bufs)
        } else {
            let mut window = Window::new(usize::min(len, window_bytes_max), alignment.memory);
            window.fill(bufs);
            call(&[IoSlice::new(window.room())])
        };
        result.map_err(|error| alignment.explain(error, offset(), len))
    }

    /// Whether the call failed because the descriptor now does direct I/O.
    fn is_news<T>(&self, file: &File, result: &io::Result<T>) -> bool {
        matches!(result, Err(error) if is_invalid(error)) && self.look(file)
    }

    fn alignment(&self, file: &File) -> Alignment {
        *self.alignment.get_or_init(|| Alignment::of(file))
    }
}

impl Alignment {
    /// The kernel's alignment, if it reports one, else the block size.
    fn of(file: &File) -> Self {
        match open_file::direct_alignment(file) {
            Some((memory, offset)) => Alignment { memory, offset },
            None => {
                let block = rustix::fs::fstat(file).map_or(0, |stat| stat.st_blksize as usize);
                let block = block.min(DIRECT_ALIGN_BYTES);
                let offset = if block.is_power_of_two() { block } else { DIRECT_ALIGN_BYTES };
                Alignment { memory: DIRECT_ALIGN_BYTES, offset }
            }
        }
    }

    fn holds(self, buf: &[u8]) -> bool {
        buf.as_ptr().addr().is_multiple_of(self.memory)
    }

    /// The buffers for one call: either aligned ones, or a single other one, so that its failure affects no other
    /// buffer. At most as many as fit in one window, unless the first alone is longer.
    fn prefix<'a, 'b>(self, bufs: &'a [IoSlice<'b>]) -> &'a [IoSlice<'b>] {
        let mut bytes = 0;
        let fits = |buf: &&IoSlice<'_>| {
            bytes += buf.len();
            bytes <= PIECE_BYTES && buf.len().is_multiple_of(self.offset)
        };
        let count = bufs.iter().take_while(fits).count();
        &bufs[..count.max(1).min(bufs.len())]
    }

    /// Replaces the kernel's `EINVAL` for a wrong alignment by an error that names the alignment.
    fn explain(self, error: io::Error, offset: u64, len: usize) -> io::Error {
        let suits = offset.is_multiple_of(self.offset as u64) && len.is_multiple_of(self.offset);
        if is_invalid(&error) && !suits { errno::misaligned(self.offset) } else { error }
    }
}

fn is_invalid(error: &io::Error) -> bool {
    error.raw_os_error() == Some(errno::INVALID)
}

/// An aligned buffer.
struct Window {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Window {
    fn new(len: usize, align: usize) -> Self {
        let bytes = vec![0; len + align];
        let address = bytes.as_ptr().addr();
        Window { bytes, start: address.next_multiple_of(align) - address, len }
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.len]
    }

    fn fill(&mut self, bufs: &[IoSlice<'_>]) {
        let mut room = self.room();
        for buf in bufs {
            let (now, later) = room.split_at_mut(buf.len().min(room.len()));
            now.copy_from_slice(&buf[..now.len()]);
            room = later;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_takes_whole_buffers_that_suit_or_one_that_does_not() {
        fn check(lens: &[usize], expected: usize) {
            let bytes = vec![0; 2 * PIECE_BYTES];
            let bufs: Vec<IoSlice<'_>> = lens.iter().map(|len| IoSlice::new(&bytes[..*len])).collect();
            assert_eq!(Alignment { memory: 4, offset: 512 }.prefix(&bufs).len(), expected, "{lens:?}");
        }
        check(&[], 0);
        check(&[512, 1024], 2);
        check(&[100, 512], 1);
        check(&[512, 100, 512], 1);
        check(&[2 * PIECE_BYTES, 512], 1);
        check(&[PIECE_BYTES - 512, 512, 512], 2);
    }

    #[test]
    fn a_window_lies_right_whatever_its_length() {
        for align in [1, 4, 512, 4096] {
            for len in [0, 1, 511, 512, 100_000] {
                let mut window = Window::new(len, align);
                assert_eq!(window.room().len(), len);
                assert!(Alignment { memory: align, offset: 512 }.holds(window.room()), "{align} {len}");
            }
        }
    }
}
