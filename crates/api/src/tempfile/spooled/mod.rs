//! A file that stays in memory until it is too large for that.

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
use crate::limits::{HOLE_BYTES_MAX, SPOOL_BYTES};
use crate::{Buffering, Error, File, Operation, Result};
use folio_engine::{Current, Engine as Core};

/// A file in memory that becomes a [`TemporaryFile`] before it would grow beyond its limit.
///
/// In memory, operations touch nothing but memory and are done with the first poll. Python differs in two
/// things: it rolls over after the write that exceeds the limit, and its limit of 0 means none.
///
/// [`build_text`](SpooledTemporaryFileBuilder::build_text) makes one for text: a
/// [`TextFile<SpooledTemporaryFile>`](crate::text::TextFile).
///
/// # Cancellation
///
/// Dropped while it rolls over, the contents are still in memory and nothing is left on disk.
pub struct SpooledTemporaryFile {
    contents: Contents,
    max_size: u64,
    /// Bytes that a line may have, without its end.
    line_limit: usize,
    disk: TemporaryFileBuilder,
    /// `None` is the default one, not started before it is needed.
    engine: Option<Core>,
    /// A rollover that a poll has begun.
    rolling: Option<ToDisk>,
}

/// The contents on their way to the disk.
type ToDisk = Pin<Box<dyn Future<Output = Result<File>> + Send + Sync>>;

/// Where the contents are.
enum Contents {
    /// In memory, with a cursor that may stand behind the end.
    Memory(Vec<u8>, u64),
    /// In a file, whose cursor is this one's.
    Disk(File),
    /// The file is closed.
    Closed,
}

impl SpooledTemporaryFile {
    /// Returns an empty one that keeps at most `max_size` bytes in memory; nothing is touched.
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

    /// Returns a builder: 1 MiB in memory at the most.
    pub fn builder() -> SpooledTemporaryFileBuilder {
        let disk = TemporaryFile::builder();
        SpooledTemporaryFileBuilder { max_size: SPOOL_BYTES, line_limit: LINE_LIMIT_BYTES, disk }
    }

    /// Returns the file on disk, once there is one.
    pub fn file(&self) -> Option<&File> {
        match &self.contents {
            Contents::Memory(..) | Contents::Closed => None,
            Contents::Disk(file) => Some(file),
        }
    }

    /// Returns what messages call the file on disk, once there is one: no path leads to it.
    pub fn name(&self) -> Option<&Path> {
        self.file().map(File::path)
    }

    /// Returns whether it has been closed.
    pub fn closed(&self) -> bool {
        matches!(self.contents, Contents::Closed)
    }

    /// Returns whether the contents have left the memory.
    pub fn is_rolled_over(&self) -> bool {
        self.file().is_some()
    }

    /// Moves the contents to disk, the cursor included; a second time does nothing.
    ///
    /// # Errors
    ///
    /// Whatever creating or writing the file returns; the contents then stay in memory.
    ///
    /// # Cancellation
    ///
    /// The contents stay in memory, and nothing is left on disk.
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

    /// Returns the number of the descriptor, after rolling over: what is in memory has none.
    ///
    /// # Errors
    ///
    /// Those of [`rollover`](SpooledTemporaryFile::rollover).
    ///
    /// # Cancellation
    ///
    /// Like [`rollover`](SpooledTemporaryFile::rollover).
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

    /// Writes out what the file on disk has buffered, if it is there and has a
    /// [buffer](SpooledTemporaryFileBuilder::buffering).
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

    /// Closes it, for clones of its [`file`](SpooledTemporaryFile::file) too, which frees the contents; the second
    /// time, does nothing.
    ///
    /// # Errors
    ///
    /// Those of [`File::close_all`]. It is closed all the same.
    ///
    /// # Cancellation
    ///
    /// It is closed, the file on disk like [`File::close_all`].
    pub async fn close(&mut self) -> Result<()> {
        match std::mem::replace(self.contents(), Contents::Closed) {
            Contents::Disk(file) => file.close_all().await,
            Contents::Memory(..) | Contents::Closed => Ok(()),
        }
    }

    /// Reads at the cursor into `buf`; returns the bytes read, 0 at the end.
    ///
    /// # Errors
    ///
    /// Those of [`File::read`].
    ///
    /// # Cancellation
    ///
    /// No byte is lost.
    pub async fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        match self.contents() {
            Contents::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor);
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                *cursor += count as u64;
                Ok(count)
            }
            Contents::Disk(file) => file.read(buf).await,
            Contents::Closed => Err(Error::closed(Operation::Read)),
        }
    }

    /// Reads from the cursor to the end.
    ///
    /// # Errors
    ///
    /// Those of [`File::read`].
    ///
    /// # Cancellation
    ///
    /// In memory: nothing to cancel. On disk: what was read so far is gone and the cursor is behind it.
    pub async fn read_to_end(&mut self) -> Result<Vec<u8>> {
        match self.contents() {
            Contents::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor).to_vec();
                *cursor += rest.len() as u64;
                Ok(rest)
            }
            Contents::Disk(file) => file.read_to_end_limited(usize::MAX).await,
            Contents::Closed => Err(Error::closed(Operation::Read)),
        }
    }

    /// Writes a prefix of `buf` at the cursor, after rolling over if it does not fit; returns its length.
    ///
    /// # Errors
    ///
    /// Those of [`rollover`](SpooledTemporaryFile::rollover) and of [`File::write`].
    ///
    /// # Cancellation
    ///
    /// Nothing is written, unless it has rolled over: then like [`File::write`].
    pub async fn write(&mut self, buf: &[u8]) -> Result<usize> {
        self.make_room(buf.len()).await?;
        match self.contents() {
            Contents::Memory(bytes, cursor) => {
                put(bytes, cursor, buf);
                Ok(buf.len())
            }
            Contents::Disk(file) => file.write(buf).await,
            Contents::Closed => Err(Error::closed(Operation::Write)),
        }
    }

    /// Writes all of `buf` at the cursor, after rolling over if it does not fit.
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
        match self.contents() {
            Contents::Memory(bytes, cursor) => {
                put(bytes, cursor, buf);
                Ok(())
            }
            Contents::Disk(file) => file.write_all(buf).await,
            Contents::Closed => Err(Error::closed(Operation::Write)),
        }
    }

    /// Moves the cursor, even behind the end; returns where it is, in bytes from the start.
    ///
    /// # Errors
    ///
    /// If it would stand before the start.
    ///
    /// # Cancellation
    ///
    /// Like [`File::seek`].
    pub async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        match self.contents() {
            Contents::Memory(bytes, cursor) => move_cursor(bytes, cursor, to),
            Contents::Disk(file) => file.seek(to).await,
            Contents::Closed => Err(Error::closed(Operation::Seek)),
        }
    }

    /// Returns where the cursor is, in bytes from the start.
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

    /// Cuts the contents or extends them with zeros, after rolling over if `len` bytes are too many for memory.
    /// The cursor stays.
    ///
    /// # Errors
    ///
    /// Those of [`rollover`](SpooledTemporaryFile::rollover) and of [`File::set_len`].
    ///
    /// # Cancellation
    ///
    /// Nothing is changed, unless it has rolled over: then like [`File::set_len`].
    pub async fn set_len(&mut self, len: u64) -> Result<()> {
        if len > self.max_size || self.would_tear(len) {
            self.rollover().await?;
        }
        match self.contents() {
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
        if self.would_overflow(len) { self.rollover().await } else { Ok(()) }
    }

    fn would_overflow(&self, len: usize) -> bool {
        match &self.contents {
            Contents::Memory(_, cursor) => {
                len > 0 && (cursor.saturating_add(len as u64) > self.max_size || self.would_tear(*cursor))
            }
            Contents::Disk(_) | Contents::Closed => false,
        }
    }

    /// Whether contents that reach up to `end` would have a hole too large for memory.
    fn would_tear(&self, end: u64) -> bool {
        match &self.contents {
            Contents::Memory(bytes, _) => end.saturating_sub(bytes.len() as u64) > HOLE_BYTES_MAX,
            Contents::Disk(_) | Contents::Closed => false,
        }
    }

    /// Where the contents are, for a caller that may change them: a rollover that was begun would miss the change.
    fn contents(&mut self) -> &mut Contents {
        self.rolling = None;
        &mut self.contents
    }

    /// Writes what is in memory to a new file, and puts its cursor where ours is; `None` if it is there already.
    fn to_disk(&self) -> Option<ToDisk> {
        let Contents::Memory(bytes, cursor) = &self.contents else { return None };
        // A copy, because a caller that gives up must find the contents where they were.
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

/// Moves the cursor, even behind the end but not before the start; returns where it is.
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

/// What is behind the cursor; nothing, where that stands behind the end.
fn rest_of(bytes: &[u8], cursor: u64) -> &[u8] {
    usize::try_from(cursor).ok().and_then(|cursor| bytes.get(cursor..)).unwrap_or_default()
}

/// Overwrites and extends; what lies between the end and the cursor becomes zeros.
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

/// A position that was checked against the limit, which the builder keeps addressable.
fn in_memory(position: u64) -> usize {
    usize::try_from(position).expect("the limit of what is kept in memory is addressable")
}

/// How a [`SpooledTemporaryFile`] is to be made.
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
    /// Sets how many bytes are kept in memory at the most; with 0 the first byte goes to disk.
    pub fn max_size(&mut self, bytes: u64) -> &mut Self {
        self.max_size = bytes.min(isize::MAX as u64);
        self
    }

    /// Sets how many bytes a line may have, without its end; 64 MiB unless set.
    pub fn line_limit(&mut self, bytes: usize) -> &mut Self {
        self.line_limit = bytes;
        self
    }

    /// Sets how much of what is written to the file on disk may be buffered; nothing is unless set. See
    /// [`OpenOptions::buffering`](crate::OpenOptions::buffering).
    pub fn buffering(&mut self, buffering: impl Into<Buffering>) -> &mut Self {
        self.disk.buffering(buffering);
        self
    }

    /// Returns an empty one that rolls over on the default engine; nothing is touched.
    pub fn build(&self) -> SpooledTemporaryFile {
        let SpooledTemporaryFileBuilder { max_size, line_limit, disk } = self.clone();
        let (contents, rolling) = (Contents::Memory(Vec::new(), 0), None);
        SpooledTemporaryFile { contents, max_size, line_limit, disk, engine: None, rolling }
    }

    /// Returns an empty one that rolls over on `engine`; nothing is touched.
    pub fn build_on(&self, engine: &Engine) -> SpooledTemporaryFile {
        let spool = self.build();
        SpooledTemporaryFile { engine: Some(engine.core().clone()), ..spool }
    }
}

impl fmt::Debug for SpooledTemporaryFile {
    /// Without the contents, which may be long and private.
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
