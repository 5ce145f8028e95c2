//! A file that stays in memory until it is larger than a limit.

mod lines;
mod poll;
#[cfg(feature = "text")]
mod text;

use std::fmt;
use std::future::Future;
use std::io::SeekFrom;
use std::os::fd::RawFd;
use std::path::Path;
use std::pin::Pin;

use bytes::Bytes;
use folio_engine::LINE_LIMIT_BYTES;

use super::template::name_setters;
use super::unnamed::{TemporaryFile, TemporaryFileBuilder};
use crate::engine::Engine;
use crate::limits::{HOLE_BYTES_MAX, LINE_BYTES_PER_UNIT, LINE_OVERHEAD_BYTES, SPOOL_BYTES};
use crate::{Buffering, Error, File, Operation, Result};
use folio_engine::budget::Unpaid;
use folio_engine::{Current, Engine as Core};

/// A file in memory that becomes a [`TemporaryFile`] before it grows beyond its limit.
///
/// While it is in memory, operations wait for nothing but their task's next turn, where a turn has taken long enough.
/// Python differs in two ways: it rolls over after the
/// write that exceeds the limit, and a limit of 0 means no limit.
///
/// [`build_text`](SpooledTemporaryFileBuilder::build_text) makes one for text: a
/// [`TextFile<SpooledTemporaryFile>`](crate::text::TextFile).
///
/// # Cancellation
///
/// If a call is dropped while the file rolls over, the contents stay in memory and nothing is left on disk.
pub struct SpooledTemporaryFile {
    contents: Contents,
    max_size: u64,
    /// The most bytes of a line, without its line ending.
    line_limit: usize,
    disk: TemporaryFileBuilder,
    /// `None` is the current engine at the time of the rollover.
    engine: Option<Core>,
    /// A rollover that a poll has begun.
    rollover: Option<Rollover>,
    /// Of the bytes that were read and written in memory.
    unpaid: Unpaid,
}

/// Writes the contents to a new file on disk.
type Rollover = Pin<Box<dyn Future<Output = Result<File>> + Send + Sync>>;

/// Where the contents are.
enum Contents {
    /// In memory, with a cursor that may be past the end.
    Memory(Vec<u8>, u64),
    /// In a file, which has the cursor.
    Disk(File),
    /// The file is closed and the contents are gone.
    Closed,
}

impl SpooledTemporaryFile {
    /// Returns an empty file that keeps at most `max_size` bytes in memory. Does no I/O.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// use std::io::SeekFrom;
    ///
    /// let mut body = folio::tempfile::SpooledTemporaryFile::new(64 * 1024);
    /// body.write_all(b"small, so it stays in memory").await?;
    /// body.seek(SeekFrom::Start(0)).await?;
    /// let text = body.read_to_end().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(max_size: u64) -> SpooledTemporaryFile {
        SpooledTemporaryFile::builder().max_size(max_size).build()
    }

    /// Returns a builder whose file keeps at most 1 MiB in memory.
    pub fn builder() -> SpooledTemporaryFileBuilder {
        let disk = TemporaryFile::builder();
        SpooledTemporaryFileBuilder { max_size: SPOOL_BYTES, line_limit: LINE_LIMIT_BYTES, disk }
    }

    /// Returns the file on disk, if it has rolled over.
    pub fn file(&self) -> Option<&File> {
        match &self.contents {
            Contents::Memory(..) | Contents::Closed => None,
            Contents::Disk(file) => Some(file),
        }
    }

    /// Returns the name of the file on disk in messages, if it has rolled over. It is no path to the file.
    pub fn name(&self) -> Option<&Path> {
        self.file().map(File::path)
    }

    /// Returns whether the file has been closed.
    pub fn closed(&self) -> bool {
        matches!(self.contents, Contents::Closed)
    }

    /// Returns whether the contents are on disk.
    pub fn is_rolled_over(&self) -> bool {
        self.file().is_some()
    }

    /// Moves the contents and the cursor to disk. A second call does nothing.
    ///
    /// # Errors
    ///
    /// Any error of creating or writing the file; the contents then stay in memory.
    ///
    /// ```
    /// # async fn example(mut body: folio::tempfile::SpooledTemporaryFile) -> folio::Result<()> {
    /// body.rollover().await?;
    /// let file = body.file().expect("it has rolled over");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rollover(&mut self) -> Result<()> {
        self.check_open(Operation::Open)?;
        if let Some(to_disk) = self.to_disk() {
            self.contents = Contents::Disk(to_disk.await?);
        }
        Ok(())
    }

    /// Returns the number of the descriptor. Rolls over first, because contents in memory have none.
    ///
    /// # Errors
    ///
    /// Those of [`rollover`](SpooledTemporaryFile::rollover).
    ///
    /// ```
    /// # async fn example(mut body: folio::tempfile::SpooledTemporaryFile) -> folio::Result<()> {
    /// let descriptor = body.fileno().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn fileno(&mut self) -> Result<RawFd> {
        self.rollover().await?;
        let descriptor = self.file().and_then(File::descriptor);
        descriptor.ok_or_else(|| Error::unsupported(Operation::Metadata, "fileno"))
    }

    /// Writes out the [write buffer](SpooledTemporaryFileBuilder::buffering) of the file on disk, if there is one.
    ///
    /// # Errors
    ///
    /// If it is closed; those of [`File::flush`].
    ///
    /// # Cancellation
    ///
    /// Like [`File::flush`].
    pub async fn flush(&self) -> Result<()> {
        self.check_open(Operation::Flush)?;
        match self.file() {
            Some(file) => file.flush().await,
            None => Ok(()),
        }
    }

    /// Closes the file, also for clones of its [`file`](SpooledTemporaryFile::file), and frees the contents. A second
    /// call does nothing.
    ///
    /// # Errors
    ///
    /// Those of [`File::close_all`]. It is closed even after a failure.
    ///
    /// # Cancellation
    ///
    /// It is closed; for the file on disk, like [`File::close_all`].
    pub async fn close(&mut self) -> Result<()> {
        match std::mem::replace(self.contents_mut(), Contents::Closed) {
            Contents::Disk(file) => file.close_all().await,
            Contents::Memory(..) | Contents::Closed => Ok(()),
        }
    }

    /// Reads at the cursor into `buf`; returns the number of bytes read, 0 at the end.
    ///
    /// # Errors
    ///
    /// Those of [`File::read`].
    ///
    /// # Cancellation
    ///
    /// No byte is lost.
    pub async fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        self.unpaid.pay().await;
        let count = match self.contents_mut() {
            Contents::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor);
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                *cursor += count as u64;
                count
            }
            Contents::Disk(file) => return file.read(buf).await,
            Contents::Closed => return Err(Error::closed(Operation::Read)),
        };
        self.unpaid.add(count + LINE_OVERHEAD_BYTES);
        Ok(count)
    }

    /// Reads from the cursor to the end.
    ///
    /// # Errors
    ///
    /// Those of [`File::read`].
    ///
    /// # Cancellation
    ///
    /// In memory, nothing is lost. On disk, the bytes read so far are lost and the cursor is past them.
    pub async fn read_to_end(&mut self) -> Result<Vec<u8>> {
        self.unpaid.pay().await;
        let rest = match self.contents_mut() {
            Contents::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor).to_vec();
                *cursor += rest.len() as u64;
                rest
            }
            Contents::Disk(file) => return file.read_to_end_limited(usize::MAX).await,
            Contents::Closed => return Err(Error::closed(Operation::Read)),
        };
        self.unpaid.add(rest.len() + LINE_OVERHEAD_BYTES);
        Ok(rest)
    }

    /// Writes a prefix of `buf` at the cursor and returns its length. Rolls over first if `buf` does not fit in memory.
    ///
    /// # Errors
    ///
    /// Those of [`rollover`](SpooledTemporaryFile::rollover) and of [`File::write`].
    ///
    /// # Cancellation
    ///
    /// Before the rollover is complete, nothing is written; after that, like [`File::write`].
    pub async fn write(&mut self, buf: &[u8]) -> Result<usize> {
        self.make_room(buf.len()).await?;
        match self.contents_mut() {
            Contents::Memory(bytes, cursor) => put(bytes, cursor, buf),
            Contents::Disk(file) => return file.write(buf).await,
            Contents::Closed => return Err(Error::closed(Operation::Write)),
        }
        self.unpaid.add(buf.len() + LINE_OVERHEAD_BYTES);
        Ok(buf.len())
    }

    /// Writes all of `buf` at the cursor. Rolls over first if it does not fit in memory.
    ///
    /// # Errors
    ///
    /// Like [`write`](SpooledTemporaryFile::write).
    ///
    /// # Cancellation
    ///
    /// Like [`write`](SpooledTemporaryFile::write).
    pub async fn write_all(&mut self, buf: &[u8]) -> Result<()> {
        self.make_room(buf.len()).await?;
        match self.contents_mut() {
            Contents::Memory(bytes, cursor) => put(bytes, cursor, buf),
            Contents::Disk(file) => return file.write_all(buf).await,
            Contents::Closed => return Err(Error::closed(Operation::Write)),
        }
        self.unpaid.add(buf.len() + LINE_OVERHEAD_BYTES);
        Ok(())
    }

    /// Moves the cursor, also past the end; returns its position in bytes from the start.
    ///
    /// # Errors
    ///
    /// If the position would be before the start.
    ///
    /// # Cancellation
    ///
    /// Like [`File::seek`].
    pub async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        match self.contents_mut() {
            Contents::Memory(bytes, cursor) => move_cursor(bytes, cursor, to),
            Contents::Disk(file) => file.seek(to).await,
            Contents::Closed => Err(Error::closed(Operation::Seek)),
        }
    }

    /// Returns the position of the cursor in bytes from the start.
    ///
    /// # Errors
    ///
    /// If it is closed.
    pub async fn stream_position(&self) -> Result<u64> {
        match &self.contents {
            Contents::Memory(_, cursor) => Ok(*cursor),
            Contents::Disk(file) => file.stream_position().await,
            Contents::Closed => Err(Error::closed(Operation::Seek)),
        }
    }

    /// Truncates the contents or extends them with zeros. Rolls over first if `len` is above the limit. The cursor stays.
    ///
    /// # Errors
    ///
    /// Those of [`rollover`](SpooledTemporaryFile::rollover) and of [`File::set_len`].
    ///
    /// # Cancellation
    ///
    /// Before the rollover is complete, nothing is changed; after that, like [`File::set_len`].
    pub async fn set_len(&mut self, len: u64) -> Result<()> {
        if len > self.max_size || self.would_leave_hole(len) {
            self.rollover().await?;
        }
        match self.contents_mut() {
            Contents::Memory(bytes, _) => {
                bytes.resize(in_memory(len), 0);
                Ok(())
            }
            Contents::Disk(file) => file.set_len(len).await,
            Contents::Closed => Err(Error::closed(Operation::SetLen)),
        }
    }

    /// Rolls over if a write of `len` bytes at the cursor would end beyond the limit.
    async fn make_room(&mut self, len: usize) -> Result<()> {
        self.unpaid.pay().await;
        if self.would_overflow(len) { self.rollover().await } else { Ok(()) }
    }

    fn would_overflow(&self, len: usize) -> bool {
        match &self.contents {
            Contents::Memory(_, cursor) => {
                len > 0
                    && (cursor.saturating_add(len as u64) > self.max_size || self.would_leave_hole(*cursor))
            }
            Contents::Disk(_) | Contents::Closed => false,
        }
    }

    /// Whether growing to `end` would leave a hole that is too large to fill with zeros in memory.
    fn would_leave_hole(&self, end: u64) -> bool {
        match &self.contents {
            Contents::Memory(bytes, _) => end.saturating_sub(bytes.len() as u64) > HOLE_BYTES_MAX,
            Contents::Disk(_) | Contents::Closed => false,
        }
    }

    /// The contents, for a caller that may change them: a rollover that has begun is dropped, since it has a copy.
    fn contents_mut(&mut self) -> &mut Contents {
        self.rollover = None;
        &mut self.contents
    }

    /// Begins a rollover; `None` if the contents are not in memory.
    fn to_disk(&self) -> Option<Rollover> {
        let Contents::Memory(bytes, cursor) = &self.contents else { return None };
        // A copy, because a caller that drops the rollover must find the contents in memory.
        let (bytes, cursor) = (Bytes::copy_from_slice(bytes), *cursor);
        let (disk, engine) = (self.disk.clone(), self.engine.clone());
        Some(Box::pin(async move {
            let engine = engine.map_or_else(Core::current, |engine| Ok(Current::Scoped(engine)))?;
            let file = disk.create_in(&engine).await?.into_file();
            if !bytes.is_empty() {
                file.write_bytes_at(bytes, 0).await?;
            }
            file.seek(SeekFrom::Start(cursor)).await?;
            Ok(file)
        }))
    }

    fn check_open(&self, operation: Operation) -> Result<()> {
        if self.closed() { Err(Error::closed(operation)) } else { Ok(()) }
    }
}

/// Moves the cursor, also past the end but not before the start; returns its position.
fn move_cursor(bytes: &[u8], cursor: &mut u64, to: SeekFrom) -> Result<u64> {
    let target = match to {
        SeekFrom::Start(offset) => i64::try_from(offset).ok().map(|_| offset),
        SeekFrom::End(by) => (bytes.len() as u64).checked_add_signed(by),
        SeekFrom::Current(by) => cursor.checked_add_signed(by),
    };
    let refuse = || Error::invalid(Operation::Seek, "the position is before the start or too large");
    *cursor = target.ok_or_else(refuse)?;
    Ok(*cursor)
}

/// The bytes from the cursor to the end; empty if the cursor is past the end.
fn rest_of(bytes: &[u8], cursor: u64) -> &[u8] {
    usize::try_from(cursor).ok().and_then(|cursor| bytes.get(cursor..)).unwrap_or_default()
}

/// Overwrites and extends; a gap between the end and the cursor is filled with zeros.
fn put(bytes: &mut Vec<u8>, cursor: &mut u64, buf: &[u8]) {
    if buf.is_empty() {
        return;
    }
    let start = in_memory(*cursor);
    let end = start + buf.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[start..end].copy_from_slice(buf);
    *cursor = end as u64;
}

/// Converts a position that was checked against the limit, which the builder keeps addressable.
fn in_memory(position: u64) -> usize {
    usize::try_from(position).expect("the limit of what is kept in memory is addressable")
}

/// Options to make a [`SpooledTemporaryFile`] with.
///
/// ```
/// let spool = folio::tempfile::SpooledTemporaryFile::builder().max_size(4096).in_dir("/var/tmp").build();
/// assert!(!spool.is_rolled_over());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SpooledTemporaryFileBuilder {
    max_size: u64,
    line_limit: usize,
    disk: TemporaryFileBuilder,
}

name_setters!(SpooledTemporaryFileBuilder, disk.template);

impl SpooledTemporaryFileBuilder {
    /// Sets how many bytes are kept in memory; with 0, the first byte goes to disk.
    pub fn max_size(&mut self, bytes: u64) -> &mut Self {
        self.max_size = bytes.min(isize::MAX as u64);
        self
    }

    /// Sets how many bytes a line may have, without its line ending; 64 MiB unless set.
    pub fn line_limit(&mut self, bytes: usize) -> &mut Self {
        self.line_limit = bytes;
        self
    }

    /// Sets the size of the write buffer of the file on disk; unbuffered unless set. See
    /// [`OpenOptions::buffering`](crate::OpenOptions::buffering).
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        self.disk.buffering(buffering);
        self
    }

    /// Returns an empty file that rolls over on the current engine. Does no I/O.
    pub fn build(&self) -> SpooledTemporaryFile {
        let SpooledTemporaryFileBuilder { max_size, line_limit, disk } = self.clone();
        let (contents, rollover) = (Contents::Memory(Vec::new(), 0), None);
        let unpaid = Unpaid::new(LINE_BYTES_PER_UNIT);
        SpooledTemporaryFile { contents, max_size, line_limit, disk, engine: None, rollover, unpaid }
    }

    /// Returns an empty file that rolls over on `engine`. Does no I/O.
    pub fn build_on(&self, engine: &Engine) -> SpooledTemporaryFile {
        let spool = self.build();
        SpooledTemporaryFile { engine: Some(engine.core().clone()), ..spool }
    }
}

impl fmt::Debug for SpooledTemporaryFile {
    /// Leaves out the contents, which may be long and confidential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SpooledTemporaryFile");
        match &self.contents {
            Contents::Memory(bytes, _) => shown.field("bytes_in_memory", &bytes.len()),
            Contents::Disk(file) => shown.field("path", &file.path()),
            Contents::Closed => shown.field("closed", &true),
        };
        shown.finish_non_exhaustive()
    }
}
