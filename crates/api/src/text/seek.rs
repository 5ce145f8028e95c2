//! Positions in a text file: telling, seeking, cutting off.

use std::io::SeekFrom;

use super::TextFile;
use super::file::{Cursor, Mark};
use super::io::TextIo;
use super::position::Position;
use crate::{Error, Operation, Result};

/// Positions, which are those of the reader: text that was read ahead does not count.
impl<F: TextIo> TextFile<F> {
    /// Returns the position of the reader, as a number that [`seek`](TextFile::seek) takes.
    ///
    /// The number is the offset in bytes after the text that was returned; a `\r\n` counts as both bytes. There is one
    /// exception: invalid bytes may be read as several characters (`\xff` under
    /// [`Errors::BackslashReplace`](super::Errors::BackslashReplace)), and between these the number is above every
    /// offset and includes how many of them were returned.
    ///
    /// # Errors
    ///
    /// [`is_unsupported`](crate::Error::is_unsupported) for a stream.
    ///
    /// ```
    /// # async fn example(mut file: folio::text::TextFile) -> folio::Result<()> {
    /// use std::io::SeekFrom;
    ///
    /// let here = file.tell().await?;
    /// let line = file.next_line().await?;
    /// file.seek(SeekFrom::Start(here)).await?;
    /// assert_eq!(file.next_line().await?, line);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn tell(&self) -> Result<u64> {
        self.check_seekable()?;
        Ok(self.position().await?.cookie())
    }

    /// Moves the reader to the start, to a position that [`tell`](TextFile::tell) returned, or with `End(0)` to the end.
    /// `Current(0)` does not move it. Returns the new position. A write at the start writes the byte order mark anew.
    ///
    /// # Errors
    ///
    /// [`is_unsupported`](crate::Error::is_unsupported) for a stream, and for any other distance from the end or
    /// from here: how many characters that is cannot be known without reading them.
    ///
    /// # Cancellation
    ///
    /// The reader may have moved; nothing else changes.
    pub async fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.check_seekable()?;
        match to {
            SeekFrom::Start(cookie) => {
                let position = Position::from_cookie(cookie).ok_or_else(|| {
                    Error::invalid(Operation::Seek, "this position was not told").at_path(self.file.path())
                })?;
                self.move_to(position).await
            }
            SeekFrom::Current(0) => {
                let position = self.position().await?;
                self.move_to(position).await
            }
            SeekFrom::End(0) => {
                // Only the seek shows where the end is: until it has returned, the reader stays where it was.
                self.cursor = Cursor::Due(self.position().await?);
                self.ahead.clear();
                self.mark = Mark::Unknown;
                let end = self.file.seek(to).await?;
                self.cursor = Cursor::Here;
                Ok(end)
            }
            SeekFrom::Current(_) => {
                Err(self.unsupported(Operation::Seek, "can't do nonzero cur-relative seeks"))
            }
            SeekFrom::End(_) => Err(self.unsupported(Operation::Seek, "can't do nonzero end-relative seeks")),
        }
    }

    /// Cuts the file to `size` bytes, or extends it with zeros; without a size, cuts it at the reader's position.
    /// Returns the new size. The reader does not move.
    ///
    /// # Errors
    ///
    /// [`is_unsupported`](crate::Error::is_unsupported) for a stream, or if the file is not open for writing; like
    /// [`File::set_len`](crate::File::set_len).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut file = folio::text::Options::new().python_mode("r+").open("names.txt").await?;
    /// file.readline(None).await?;
    /// file.truncate(None).await?; // the first line is left
    /// # Ok(())
    /// # }
    /// ```
    pub async fn truncate(&mut self, size: Option<u64>) -> Result<u64> {
        self.check_open(Operation::SetLen)?;
        self.check_writable(Operation::SetLen)?;
        if self.is_sequential() {
            return Err(self.unsupported(Operation::SetLen, "underlying stream is not seekable"));
        }
        let position = self.position().await?;
        let size = size.unwrap_or(position.offset);
        // The text that was read ahead may be cut off.
        self.step_back();
        self.mark = Mark::Unknown;
        self.file.set_len(size).await?;
        Ok(size)
    }

    async fn move_to(&mut self, position: Position) -> Result<u64> {
        self.ahead.clear();
        self.mark = Mark::Unknown;
        self.cursor = Cursor::Due(position);
        self.file.seek(SeekFrom::Start(position.offset)).await?;
        if position.skip == 0 {
            self.cursor = Cursor::Here;
        }
        Ok(position.cookie())
    }

    async fn position(&self) -> Result<Position> {
        match self.cursor {
            Cursor::Here => Ok(Position::at(self.file.stream_position().await?)),
            Cursor::Ahead => Ok(self.ahead.position()),
            Cursor::Due(position) => Ok(position),
        }
    }

    fn check_seekable(&self) -> Result<()> {
        self.check_open(Operation::Seek)?;
        match self.is_sequential() {
            true => Err(self.unsupported(Operation::Seek, "underlying stream is not seekable")),
            false => Ok(()),
        }
    }
}
