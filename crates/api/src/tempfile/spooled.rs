//! A file that stays in memory until it is too large for that.

use std::io::SeekFrom;
use std::path::Path;

use super::unnamed::{TemporaryFile, TemporaryFileBuilder};
use crate::{Current, Engine, Error, File, Operation, Result};

/// Bytes kept in memory unless told otherwise: most uploads and intermediate results never reach the disk,
/// and a thousand of them at a time stay within a gigabyte.
const MAX_SIZE_BYTES: u64 = 1024 * 1024;

/// A file in memory that becomes a [`TemporaryFile`] before it would grow beyond its limit.
///
/// In memory, operations touch nothing but memory and are done with the first poll. Python differs in two
/// things: it rolls over after the write that exceeds the limit, and its limit of 0 means none.
///
/// # Cancellation
///
/// Dropped while it rolls over, the contents are still in memory and nothing is left on disk.
#[derive(Debug)]
pub struct SpooledTemporaryFile {
    place: Place,
    max_size: u64,
    disk: TemporaryFileBuilder,
    /// `None` is the default one, not started before it is needed.
    engine: Option<Engine>,
}

/// Where the contents are.
#[derive(Debug)]
enum Place {
    /// In memory, with a cursor that may stand behind the end.
    Memory(Vec<u8>, u64),
    /// In a file, whose cursor is the one.
    Disk(File),
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
        SpooledTemporaryFileBuilder { max_size: MAX_SIZE_BYTES, disk }
    }

    /// Returns the file on disk, once there is one.
    pub fn file(&self) -> Option<&File> {
        match &self.place {
            Place::Memory(..) => None,
            Place::Disk(file) => Some(file),
        }
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
        let Place::Memory(bytes, cursor) = &self.place else { return Ok(()) };
        let engine = match &self.engine {
            Some(engine) => Current::Scoped(engine.clone()),
            None => Engine::current()?,
        };
        let file = self.disk.create_on(&engine).await?.into_file();
        if !bytes.is_empty() {
            // A copy, because whoever drops this future must find the contents where they were.
            file.write_all_at(bytes, 0).await?;
        }
        file.seek(SeekFrom::Start(*cursor)).await?;
        self.place = Place::Disk(file);
        Ok(())
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
        match &mut self.place {
            Place::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor);
                let count = rest.len().min(buf.len());
                buf[..count].copy_from_slice(&rest[..count]);
                *cursor += count as u64;
                Ok(count)
            }
            Place::Disk(file) => file.read(buf).await,
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
        match &mut self.place {
            Place::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor).to_vec();
                *cursor += rest.len() as u64;
                Ok(rest)
            }
            Place::Disk(file) => file.read_to_end_limited(usize::MAX).await,
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
        match &mut self.place {
            Place::Memory(bytes, cursor) => {
                put(bytes, cursor, buf);
                Ok(buf.len())
            }
            Place::Disk(file) => file.write(buf).await,
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
        match &mut self.place {
            Place::Memory(bytes, cursor) => {
                put(bytes, cursor, buf);
                Ok(())
            }
            Place::Disk(file) => file.write_all(buf).await,
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
        match &mut self.place {
            Place::Memory(bytes, cursor) => {
                let target = match to {
                    SeekFrom::Start(offset) => i64::try_from(offset).ok().map(|_| offset),
                    SeekFrom::End(by) => (bytes.len() as u64).checked_add_signed(by),
                    SeekFrom::Current(by) => cursor.checked_add_signed(by),
                };
                *cursor = target.ok_or_else(|| {
                    Error::invalid(Operation::Seek, "the position is before the start or too large")
                })?;
                Ok(*cursor)
            }
            Place::Disk(file) => file.seek(to).await,
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
        if len > self.max_size {
            self.rollover().await?;
        }
        match &mut self.place {
            Place::Memory(bytes, _) => {
                bytes.resize(in_memory(len), 0);
                Ok(())
            }
            Place::Disk(file) => file.set_len(len).await,
        }
    }

    /// Rolls over if a write of `len` bytes at the cursor would end beyond the limit.
    async fn make_room(&mut self, len: usize) -> Result<()> {
        match &self.place {
            Place::Memory(_, cursor) if len > 0 && cursor.saturating_add(len as u64) > self.max_size => {
                self.rollover().await
            }
            Place::Memory(..) | Place::Disk(_) => Ok(()),
        }
    }
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
    disk: TemporaryFileBuilder,
}

impl SpooledTemporaryFileBuilder {
    /// Sets how many bytes are kept in memory at the most; with 0 the first byte goes to disk.
    pub fn max_size(&mut self, bytes: u64) -> &mut Self {
        self.max_size = bytes.min(isize::MAX as u64);
        self
    }

    /// Sets the directory whose file system takes what does not fit.
    pub fn in_dir(&mut self, dir: impl AsRef<Path>) -> &mut Self {
        self.disk.in_dir(dir);
        self
    }

    /// Returns an empty one that rolls over on the default engine; nothing is touched.
    pub fn build(&self) -> SpooledTemporaryFile {
        let SpooledTemporaryFileBuilder { max_size, disk } = self.clone();
        SpooledTemporaryFile { place: Place::Memory(Vec::new(), 0), max_size, disk, engine: None }
    }

    /// Returns an empty one that rolls over on `engine`; nothing is touched.
    pub fn build_on(&self, engine: &Engine) -> SpooledTemporaryFile {
        let spool = self.build();
        SpooledTemporaryFile { engine: Some(engine.clone()), ..spool }
    }
}
