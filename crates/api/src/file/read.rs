//! Reading, into the caller's buffer or into new bytes, at the cursor or at an offset.

use std::io::IoSliceMut;

use bytes::{Bytes, BytesMut};
use folio_engine::{Handle, budget};

use crate::limits::{CHUNK_BYTES, SCATTERED_BYTES_MAX};
use crate::{Error, File, Operation, Result};

/// Reading. A read may be short, and 0 bytes mean the end of the file. Bytes in the page cache are read in place, at most
/// 768 KiB per call. Otherwise a worker reads at most 1 MiB per call for a buffer of the caller's, which is all the
/// memory that such a read takes.
impl File {
    /// Reads at the cursor into `buf` and moves the cursor; returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// If the file is not open for reading, or the device fails.
    ///
    /// # Cancellation
    ///
    /// No byte is lost: the cursor moves only past bytes that this returns. (If another clone has read further
    /// meanwhile, the next read at the cursor first returns the bytes that this call had read.)
    pub async fn read(&self, buf: &mut [u8]) -> Result<usize> {
        self.settle_cursor().await;
        match &self.handle {
            Handle::Plain(file) => file.read(buf).await,
            Handle::Stream(stream) => stream.read(buf).await,
        }
    }

    /// Reads at `offset` bytes from the start into `buf`; returns the number of bytes read. The cursor stays.
    ///
    /// # Errors
    ///
    /// Like [`read`](File::read); `ESPIPE` for a stream.
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// let mut page = [0; 4096];
    /// let count = file.read_at(&mut page, 7 * 4096).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_at(&self, buf: &mut [u8], offset: u64) -> Result<usize> {
        self.plain(Operation::Read)?.read_at(buf, offset).await
    }

    /// Fills `buf` from the cursor on; returns its length. It takes several reads, and another clone may read in between.
    ///
    /// # Errors
    ///
    /// If the file ends before, with the number of bytes read as [`bytes_done`](Error::bytes_done); like
    /// [`read`](File::read).
    ///
    /// # Cancellation
    ///
    /// The bytes read so far are lost and the cursor is past them.
    pub async fn read_exact(&self, buf: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            filled += match self.read(&mut buf[filled..]).await? {
                0 => return Err(self.eof(filled)),
                count => count,
            };
        }
        Ok(filled)
    }

    /// Fills `buf` from `offset` on.
    ///
    /// # Errors
    ///
    /// If the file ends before, with the number of bytes read as [`bytes_done`](Error::bytes_done); like
    /// [`read_at`](File::read_at).
    pub async fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        let mut filled = 0;
        while filled < buf.len() {
            let at = offset.saturating_add(filled as u64);
            filled += match self.read_at(&mut buf[filled..], at).await? {
                0 => return Err(self.eof(filled).at_offset(offset)),
                count => count,
            };
        }
        Ok(())
    }

    /// Reads up to `len` bytes at the cursor; returns at most 768 KiB from the page cache, and none at the end of the file.
    /// [`read_full`](File::read_full) reads all of them.
    ///
    /// It is one read, like [`read`](File::read), so it may be short, and beyond 4 MiB it always is. `len` may be any
    /// number; it takes memory only for what one read returns.
    ///
    /// # Errors
    ///
    /// Like [`read`](File::read).
    ///
    /// # Cancellation
    ///
    /// Like [`read`](File::read): no byte is lost.
    pub async fn read_bytes(&self, len: usize) -> Result<Bytes> {
        self.settle_cursor().await;
        match &self.handle {
            Handle::Plain(file) => file.read_bytes(len, None).await,
            Handle::Stream(stream) => {
                let mut room = vec![0; len.min(CHUNK_BYTES)];
                let count = stream.read(&mut room).await?;
                room.truncate(count);
                Ok(room.into())
            }
        }
    }

    /// Reads up to `len` bytes at `offset`, like [`read_bytes`](File::read_bytes).
    /// [`read_exact_bytes_at`](File::read_exact_bytes_at) reads all of them.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](File::read_at).
    pub async fn read_bytes_at(&self, offset: u64, len: usize) -> Result<Bytes> {
        self.plain(Operation::Read)?.read_bytes(len, Some(offset)).await
    }

    /// Reads exactly `len` bytes at `offset`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file ends before, with the number of bytes read as [`bytes_done`](Error::bytes_done); like
    /// [`read_at`](File::read_at).
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// let header = file.read_exact_bytes_at(0, 64).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_exact_bytes_at(&self, offset: u64, len: usize) -> Result<Bytes> {
        let first = self.read_bytes_at(offset, len).await?;
        if first.len() == len {
            return Ok(first);
        }
        let mut all = BytesMut::from(first);
        while all.len() < len {
            let at = offset.saturating_add(all.len() as u64);
            let more = self.read_bytes_at(at, len - all.len()).await?;
            if more.is_empty() {
                return Err(self.eof(all.len()).at_offset(offset));
            }
            all.extend_from_slice(&more);
        }
        Ok(all.freeze())
    }

    /// Reads from the cursor up to and including the first `delimiter`, at most `limit` bytes, as one operation: two
    /// readers never get parts of the same line. (A line of more than 64 MiB takes several operations.)
    ///
    /// The bytes end without a delimiter if the limit or the end of the file comes first; they are empty at the end of the
    /// file.
    ///
    /// # Errors
    ///
    /// Like [`read`](File::read); the cursor stays then.
    ///
    /// # Cancellation
    ///
    /// Like [`read`](File::read): no byte is lost. A stream keeps the bytes received so far for the next read.
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// let line = file.read_until(b'\n', 64 * 1024).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_until(&self, delimiter: u8, limit: usize) -> Result<Bytes> {
        self.settle_cursor().await;
        match &self.handle {
            Handle::Plain(file) => file.read_until(delimiter, limit).await,
            Handle::Stream(stream) => stream.read_until(delimiter, limit).await,
        }
    }

    /// Reads a line from the cursor, with its line ending, as one operation: two readers never get parts of the same line.
    /// The last line of the file may have no line ending; at the end of the file, the line is empty.
    ///
    /// # Errors
    ///
    /// [`is_too_long`](crate::Error::is_too_long) for a line of more than `limit` bytes, without its line ending; like
    /// [`read`](File::read). The cursor stays then.
    ///
    /// # Cancellation
    ///
    /// Like [`read_until`](File::read_until).
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// match file.read_line(8 * 1024).await {
    ///     Err(error) if error.is_too_long() => println!("a line of more than 8 KiB"),
    ///     line => println!("{}", line?.escape_ascii()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_line(&self, limit: usize) -> Result<Bytes> {
        self.settle_cursor().await;
        match &self.handle {
            Handle::Plain(file) => file.read_line(b'\n', limit).await,
            Handle::Stream(stream) => stream.read_line(b'\n', limit).await,
        }
    }

    /// Reads `len` bytes from the cursor as one operation, fewer only at the end of the file.
    ///
    /// ([`read_exact`](File::read_exact) fills the caller's buffer instead, and takes several operations.)
    ///
    /// # Errors
    ///
    /// Like [`read`](File::read); the cursor stays then.
    ///
    /// # Cancellation
    ///
    /// Like [`read_until`](File::read_until): no byte is lost.
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// let record = file.read_full(512).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_full(&self, len: usize) -> Result<Bytes> {
        self.settle_cursor().await;
        match &self.handle {
            Handle::Plain(file) => file.read_full(len).await,
            Handle::Stream(stream) => stream.read_full(len).await,
        }
    }

    /// Returns the bytes that [`read_bytes`](File::read_bytes) would return, without moving the cursor; empty at the end of
    /// the file.
    ///
    /// # Errors
    ///
    /// Like [`read`](File::read).
    ///
    /// ```
    /// # async fn example(file: folio::File) -> folio::Result<()> {
    /// let is_gzip = file.peek(2).await?.starts_with(&[0x1f, 0x8b]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&self, len: usize) -> Result<Bytes> {
        self.settle_cursor().await;
        match &self.handle {
            Handle::Plain(file) => file.peek(len).await,
            Handle::Stream(stream) => stream.peek(len).await,
        }
    }

    /// Reads at the cursor into several buffers in order; returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// Like [`read`](File::read).
    ///
    /// # Cancellation
    ///
    /// Like [`read`](File::read): no byte is lost.
    pub async fn read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let bytes = self.read_bytes(room_of(bufs)).await?;
        Ok(scatter(&bytes, bufs))
    }

    /// Reads at `offset` into several buffers in order; returns the number of bytes read.
    ///
    /// # Errors
    ///
    /// Like [`read_at`](File::read_at).
    pub async fn read_vectored_at(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let bytes = self.read_bytes_at(offset, room_of(bufs)).await?;
        Ok(scatter(&bytes, bufs))
    }

    /// Reads from the cursor to the end of the file, at most `limit` bytes.
    ///
    /// (`AsyncReadExt::read_to_end` has no limit.)
    ///
    /// # Errors
    ///
    /// [`is_too_long`](crate::Error::is_too_long) if there are more bytes; it takes no more memory than `limit` even then.
    /// Like [`read`](File::read).
    ///
    /// # Cancellation
    ///
    /// The bytes read so far are lost and the cursor is past them.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let file = folio::File::open("/dev/zero").await?;
    /// assert!(file.read_to_end_limited(1 << 20).await.unwrap_err().is_too_long());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_end_limited(&self, limit: usize) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            // One byte beyond the limit shows that the file is longer.
            let want = CHUNK_BYTES.min((limit - all.len()).saturating_add(1));
            let chunk = self.read_bytes(want).await?;
            if chunk.is_empty() {
                return Ok(all);
            }
            if all.len() + chunk.len() > limit {
                return Err(Error::too_long(Operation::Read, limit as u64).at_path(self.path()));
            }
            // Copied once more, into memory that the system may have to prepare.
            budget::charge_bytes(chunk.len());
            all.extend_from_slice(&chunk);
        }
    }

    fn eof(&self, bytes_done: usize) -> Error {
        Error::unexpected_eof(Operation::Read).at_path(self.path()).after_bytes(bytes_done as u64)
    }
}

/// How many bytes to read for several buffers, which are filled by copying.
fn room_of(bufs: &[IoSliceMut<'_>]) -> usize {
    let room = bufs.iter().fold(0, |room: usize, buf| room.saturating_add(buf.len()));
    room.min(SCATTERED_BYTES_MAX)
}

fn scatter(bytes: &[u8], bufs: &mut [IoSliceMut<'_>]) -> usize {
    let mut rest = bytes;
    for buf in bufs {
        let (now, later) = rest.split_at(rest.len().min(buf.len()));
        buf[..now.len()].copy_from_slice(now);
        rest = later;
    }
    bytes.len()
}
