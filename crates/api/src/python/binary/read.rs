//! Reading from a binary file.

use std::io::SeekFrom;

use bytes::{Bytes, BytesMut};
use folio_engine::{Handle, budget};

use super::{BinaryFile, BinaryLines};
use crate::limits::{CHUNK_BYTES, LINE_BYTES_PER_UNIT, PYTHON_BUFFER_BYTES, SHORT_BYTES};
use crate::{Error, File, Operation, Result};

/// Reading.
impl BinaryFile {
    /// Reads `size` bytes, fewer only at the end of the file; everything up to the end with `None`.
    ///
    /// An unbuffered file makes one system call for a `size`, and may give fewer. (So may a buffered one, if
    /// another clone's read was cancelled and gave its bytes back: those come first and alone.)
    ///
    /// # Errors
    ///
    /// Like [`File::read`].
    ///
    /// # Cancellation
    ///
    /// No byte is lost. With `None`, if the file grew or shrank meanwhile or does not say how long it is, what was
    /// read so far is.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let head = file.read(Some(512)).await?;
    /// let rest = file.read(None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&self, size: Option<usize>) -> Result<Bytes> {
        let file = self.for_reading("read")?;
        match size {
            None => read_all(&file).await,
            Some(size) if self.is_raw() => file.read_bytes(size).await,
            Some(size) => file.read_full(size).await,
        }
    }

    /// Reads at most `size` bytes by at most one system call; empty at the end of the file.
    ///
    /// # Errors
    ///
    /// Like [`File::read`].
    ///
    /// # Cancellation
    ///
    /// No byte is lost.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let whatever_is_there = file.read1(None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read1(&self, size: Option<usize>) -> Result<Bytes> {
        self.for_reading("read1")?.read_bytes(size.unwrap_or(PYTHON_BUFFER_BYTES)).await
    }

    /// Reads everything up to the end of the file.
    ///
    /// # Errors
    ///
    /// Like [`File::read`]. An unbuffered file that is open for writing only leaves the refusal to the system, as
    /// CPython does: `EBADF`.
    ///
    /// # Cancellation
    ///
    /// Like [`read`](BinaryFile::read).
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let rest = file.readall().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readall(&self) -> Result<Bytes> {
        let file = match self.is_raw() {
            true => self.held(crate::Operation::Read)?,
            false => self.for_reading("read")?,
        };
        read_all(&file).await
    }

    /// Fills `buf`, and returns how many bytes that took: fewer than its length only where
    /// [`read`](BinaryFile::read) gives fewer.
    ///
    /// # Errors
    ///
    /// Like [`File::read`].
    ///
    /// # Cancellation
    ///
    /// No byte is lost.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let mut header = [0; 64];
    /// let count = file.readinto(&mut header).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readinto(&self, buf: &mut [u8]) -> Result<usize> {
        let file = self.for_reading("read")?;
        if self.is_raw() {
            return file.read(buf).await;
        }
        let bytes = file.read_full(buf.len()).await?;
        buf[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    /// Does what [`readinto`](BinaryFile::readinto) does, if that is possible without waiting; otherwise takes nothing
    /// and returns `None`. Of an unbuffered file, the bytes are as many as if it were buffered.
    ///
    /// # Errors
    ///
    /// Like [`File::read`]; then no byte is taken.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let mut header = [0; 64];
    /// let count = match file.readinto_now(&mut header)? {
    ///     Some(count) => count,
    ///     None => file.readinto(&mut header).await?,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub fn readinto_now(&self, buf: &mut [u8]) -> Result<Option<usize>> {
        match &self.for_reading("read")?.handle {
            Handle::Plain(plain) => plain.read_full_now(buf),
            Handle::Stream(_) => Ok(None),
        }
    }

    /// Reads everything up to the end of the file into `buf`, if that is possible without waiting and there is room for all
    /// of it; otherwise takes nothing and returns `None`. [`known_len`](BinaryFile::known_len) says how much room that is.
    ///
    /// # Errors
    ///
    /// Like [`File::read`]; then no byte is taken.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let mut room = vec![0; file.known_len()? as usize];
    /// let all = match file.readall_now(&mut room)? {
    ///     Some(count) => room[..count].to_vec(),
    ///     None => file.readall().await?.to_vec(),
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub fn readall_now(&self, buf: &mut [u8]) -> Result<Option<usize>> {
        match &self.for_reading("read")?.handle {
            Handle::Plain(plain) => plain.read_rest_now(buf),
            Handle::Stream(_) => Ok(None),
        }
    }

    /// Returns the length that the file had when it was opened, or that has been seen since, without asking the system: it
    /// may have another by now. 0 for what has no length.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    pub fn known_len(&self) -> Result<u64> {
        Ok(match &self.held(Operation::Metadata)?.handle {
            Handle::Plain(plain) => plain.known_len(),
            Handle::Stream(_) => 0,
        })
    }

    /// Returns what comes next, some KiB at most, and leaves the cursor where it is; empty at the end of the file.
    ///
    /// # Errors
    ///
    /// Like [`File::read`].
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let is_gzip = file.peek().await?.starts_with(&[0x1f, 0x8b]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn peek(&self) -> Result<Bytes> {
        self.for_reading("peek")?.peek(PYTHON_BUFFER_BYTES).await
    }

    /// Sets how many bytes a line may have, without its end, for this handle and what is made of it; 64 MiB unless set.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let upload = folio::open("upload.csv", "rb").await?.binary()?.with_line_limit(64 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_line_limit(self, bytes: usize) -> BinaryFile {
        BinaryFile { line_limit: bytes, ..self }
    }

    /// Reads a line with its end, or the first `limit` bytes of it if there is a limit; empty at the end of the file.
    ///
    /// # Errors
    ///
    /// Without a limit of its own, [`is_too_long`](crate::Error::is_too_long) for a line above the
    /// [file's](BinaryFile::with_line_limit), which stays where it is. Like [`File::read`].
    ///
    /// # Cancellation
    ///
    /// No byte is lost.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// while let line @ [_, ..] = &*file.readline(None).await? {
    ///     println!("{}", line.escape_ascii());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readline(&self, limit: Option<usize>) -> Result<Bytes> {
        let file = self.for_reading("read")?;
        match limit {
            Some(limit) => file.read_until(b'\n', limit).await,
            None => file.read_line(self.line_limit).await,
        }
    }

    /// Reads all lines, with their ends. With a `hint` above 0 it stops after the line that makes them more than
    /// `hint` bytes; then each line is a step of its own.
    ///
    /// # Errors
    ///
    /// [`is_too_long`](crate::Error::is_too_long) for a line above the [limit](BinaryFile::with_line_limit): without a
    /// `hint` nothing is taken then; with one, or where nothing can be read twice, the next read begins with that
    /// line. Like [`File::read`].
    ///
    /// # Cancellation
    ///
    /// With a `hint`, the lines read so far are gone and the cursor is behind them; else like
    /// [`read`](BinaryFile::read).
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let lines = file.readlines(None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readlines(&self, hint: Option<usize>) -> Result<Vec<Bytes>> {
        let file = self.for_reading("read")?;
        match hint.filter(|hint| *hint > 0) {
            Some(hint) => self.lines_beyond(hint, &file).await,
            None => self.all_lines(&file).await,
        }
    }

    async fn lines_beyond(&self, hint: usize, file: &File) -> Result<Vec<Bytes>> {
        let (mut lines, mut total) = (Vec::new(), 0);
        while total <= hint {
            let line = file.read_line(self.line_limit).await?;
            if line.is_empty() {
                break;
            }
            total += line.len();
            lines.push(line);
        }
        Ok(lines)
    }

    /// Returns the lines with their ends as a stream; each is a step of its own, so that `tell` is exact between
    /// them and other clones may read others of them.
    ///
    /// ```
    /// # async fn example(file: folio::BinaryFile) -> folio::Result<()> {
    /// let lines: folio::BinaryLines = file.lines();
    /// # Ok(())
    /// # }
    /// ```
    pub fn lines(&self) -> BinaryLines {
        BinaryLines::new(self.clone())
    }

    async fn all_lines(&self, file: &File) -> Result<Vec<Bytes>> {
        match &file.handle {
            Handle::Stream(stream) => return Ok(split(stream.read_lines(b'\n', self.line_limit).await?)),
            // There is no way back.
            Handle::Plain(plain) if plain.is_sequential() => {
                return self.lines_beyond(usize::MAX, file).await;
            }
            Handle::Plain(_) => {}
        }
        let all = read_all(file).await?;
        let len = all.len();
        let lines = split(all);
        if lines.iter().all(|line| content_len(line) <= self.line_limit) {
            return Ok(lines);
        }
        let back = i64::try_from(len).expect("no file has more bytes");
        file.seek(SeekFrom::Current(-back)).await?;
        Err(self.at_path(Error::too_long(Operation::Read, self.line_limit as u64)))
    }
}

/// Reads to the end: in one step, if the file is as long as it says.
async fn read_all(file: &File) -> Result<Bytes> {
    if file.is_stream() {
        return file.read_full(usize::MAX).await;
    }
    let mut all = match read_short(file).await? {
        Short::Whole(whole) => return Ok(whole),
        Short::Start(start) => start,
    };
    let len = file.metadata().await?.len();
    let left = len.saturating_sub(file.stream_position().await?);
    let left = usize::try_from(left).unwrap_or(usize::MAX);
    // One byte more than there should be tells the end from a part.
    let rest = file.read_full(left.saturating_add(1).max(CHUNK_BYTES)).await?;
    let is_all = rest.len() == left;
    if is_all && all.is_empty() {
        return Ok(rest);
    }
    all.extend_from_slice(&rest);
    if is_all {
        return Ok(all.freeze());
    }
    loop {
        let more = file.read_full(CHUNK_BYTES).await?;
        if more.is_empty() {
            return Ok(all.freeze());
        }
        all.extend_from_slice(&more);
    }
}

/// What came of reading a file that was short when it was last looked at.
enum Short {
    /// It still is: that is all of it.
    Whole(Bytes),
    /// There is more behind these.
    Start(BytesMut),
}

/// Reads to the end of a file that is probably short: asking for its length would cost as much as the read.
async fn read_short(file: &File) -> Result<Short> {
    let known_len = match &file.handle {
        Handle::Plain(plain) => usize::try_from(plain.known_len()).unwrap_or(usize::MAX),
        Handle::Stream(_) => usize::MAX,
    };
    if known_len >= CHUNK_BYTES {
        return Ok(Short::Start(BytesMut::new()));
    }
    let room = (known_len + 1).max(SHORT_BYTES);
    let start = file.read_full(room).await?;
    Ok(if start.len() < room { Short::Whole(start) } else { Short::Start(start.into()) })
}

/// The length of a line without its end.
fn content_len(line: &[u8]) -> usize {
    line.strip_suffix(b"\n").unwrap_or(line).len()
}

/// Cuts bytes into lines, which share their memory.
fn split(mut bytes: Bytes) -> Vec<Bytes> {
    let mut lines = Vec::new();
    budget::charge(bytes.len() / LINE_BYTES_PER_UNIT);
    while let Some(end) = memchr::memchr(b'\n', &bytes) {
        lines.push(bytes.split_to(end + 1));
    }
    if !bytes.is_empty() {
        lines.push(bytes);
    }
    lines
}
