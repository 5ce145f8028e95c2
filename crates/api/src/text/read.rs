//! Reading from a text file: lines, characters, everything.

use super::TextFile;
use super::file::Start;
use super::io::TextIo;
use crate::limits::CHAR_BYTES_MAX;
use crate::{Error, Operation, Result};

/// Whether a line is given out with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The end stays.
    Kept,
    /// The end is removed.
    Dropped,
}

/// A line in the text that was read ahead, if there is a whole one.
pub(super) enum Found {
    /// A line.
    Line(String),
    /// There is no end of a line yet.
    Nothing,
}

/// Reading.
impl<F: TextIo> TextFile<F> {
    /// Returns the next line without its end, `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// [`is_too_long`](crate::Error::is_too_long) for a line above the
    /// [limit](super::Options::line_limit), which is not consumed: [`read`](TextFile::read) gets past
    /// it. Invalid bytes; like [`File::read`](crate::File::read).
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for the next call.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut file = folio::text::open("names.txt").await?;
    /// while let Some(name) = file.next_line().await? {
    ///     println!("{name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_line(&mut self) -> Result<Option<String>> {
        self.ahead.unpaid.pay().await;
        loop {
            if let Found::Line(line) = self.find_line(End::Dropped)? {
                return Ok(Some(line));
            }
            if !self.fill().await? {
                return self.last_line(End::Dropped);
            }
        }
    }

    /// Returns the next line with its end, but no more than `limit` characters of it if there is a limit; empty at
    /// the end of the file.
    ///
    /// # Errors
    ///
    /// Like [`next_line`](TextFile::next_line); with a limit of its own, no line is too long.
    ///
    /// # Cancellation
    ///
    /// Like [`next_line`](TextFile::next_line).
    ///
    /// ```
    /// # async fn example(mut file: folio::text::TextFile) -> folio::Result<()> {
    /// let line = file.readline(None).await?;
    /// let complete = line.ends_with('\n');
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readline(&mut self, limit: Option<usize>) -> Result<String> {
        self.check_readable()?;
        self.ahead.unpaid.pay().await;
        if let Some(limit) = limit {
            return self.part_of_line(limit).await;
        }
        loop {
            if let Found::Line(line) = self.find_line(End::Kept)? {
                return Ok(line);
            }
            if !self.fill().await? {
                return self.last_line(End::Kept).map(Option::unwrap_or_default);
            }
        }
    }

    /// Takes the next line, its end included, from what has been read ahead: `None` if that takes a read of the file.
    /// For callers that want a line without a future; [`readline`](TextFile::readline) goes on where it returns `None`.
    ///
    /// # Errors
    ///
    /// Like [`readline`](TextFile::readline).
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut file = folio::text::open("big.csv").await?;
    /// let first = file.readline(None).await?;
    /// let second = match file.line_ahead()? {
    ///     Some(line) => line.to_owned(),
    ///     None => file.readline(None).await?,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn line_ahead(&mut self) -> Result<Option<&str>> {
        self.check_readable()?;
        match self.ahead.find_end() {
            Ok((len, width)) => {
                self.check_len(len)?;
                Ok(Some(self.ahead.pass(len + width, 0)))
            }
            Err(_) => Ok(None),
        }
    }

    /// Returns the remaining lines, with their ends. With a `hint` above 0, stops after the line with which they have
    /// more than `hint` characters together.
    ///
    /// # Errors
    ///
    /// Like [`next_line`](TextFile::next_line); the lines before are lost.
    ///
    /// # Cancellation
    ///
    /// The lines read so far are lost.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let lines = folio::text::open("names.txt").await?.readlines(None).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readlines(&mut self, hint: Option<usize>) -> Result<Vec<String>> {
        let hint = hint.filter(|hint| *hint > 0);
        let (mut lines, mut chars) = (Vec::new(), 0);
        loop {
            let line = self.readline(None).await?;
            if line.is_empty() {
                return Ok(lines);
            }
            chars += if hint.is_some() { line.chars().count() } else { 0 };
            lines.push(line);
            if hint.is_some_and(|hint| chars > hint) {
                return Ok(lines);
            }
        }
    }

    /// Reads everything up to the end of the file, into memory. Meanwhile the bytes are in memory too, unless they are
    /// UTF-8 without `\r`.
    ///
    /// # Errors
    ///
    /// Invalid bytes; [`read`](TextFile::read) returns the text before them. Like
    /// [`File::read`](crate::File::read).
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for the next call.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let poem = folio::text::open("poem.txt").await?.read_to_string().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read_to_string(&mut self) -> Result<String> {
        while self.fill().await? {}
        Ok(self.ahead.take_all())
    }

    /// Reads `n_chars` characters, fewer only at the end of the file or before invalid bytes.
    ///
    /// # Errors
    ///
    /// Invalid bytes, if no text is before them; like [`File::read`](crate::File::read).
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: what was read stays for the next call.
    ///
    /// ```
    /// # async fn example(mut file: folio::text::TextFile) -> folio::Result<()> {
    /// let head = file.read(80).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn read(&mut self, n_chars: usize) -> Result<String> {
        self.check_readable()?;
        self.ahead.unpaid.pay().await;
        let (mut chars, mut len, mut ended) = (0, 0, false);
        loop {
            for c in self.ahead.rest()[len..].chars().take(n_chars - chars) {
                chars += 1;
                len += c.len_utf8();
            }
            if chars == n_chars || ended || (self.ahead.failed().is_some() && len > 0) {
                return Ok(self.ahead.take(len, 0));
            }
            // At the end of the file once more: the end decides what a `\r` before it was.
            ended = !self.fill().await?;
        }
    }

    /// Returns the next line with its end, or the first `limit` characters of it.
    async fn part_of_line(&mut self, limit: usize) -> Result<String> {
        let (mut chars, mut len, mut ended) = (0, 0, false);
        loop {
            let end = self.ahead.find_end_within(limit.saturating_mul(CHAR_BYTES_MAX), len);
            let rest = self.ahead.rest();
            let bound = end.map_or(rest.len(), |(without, width)| without + width);
            for c in rest[len..bound].chars().take(limit - chars) {
                chars += 1;
                len += c.len_utf8();
            }
            if limit == chars || end.is_some() || ended {
                return Ok(self.ahead.take(len, 0));
            }
            // At the end of the file once more: the end decides what a `\r` before it was.
            ended = !self.fill().await?;
        }
    }

    /// Takes the next line out of the text that was read ahead.
    #[inline]
    pub(super) fn find_line(&mut self, end: End) -> Result<Found> {
        match self.ahead.find_end() {
            Ok((len, width)) => {
                self.check_len(len)?;
                Ok(Found::Line(match end {
                    End::Kept => self.ahead.take(len + width, 0),
                    End::Dropped => self.ahead.take(len, width),
                }))
            }
            Err(len) => {
                self.check_len(len)?;
                Ok(Found::Nothing)
            }
        }
    }

    /// Returns the last line; the end of the file decides whether a `\r` before it was an end of line.
    pub(super) fn last_line(&mut self, end: End) -> Result<Option<String>> {
        if let Found::Line(line) = self.find_line(end)? {
            return Ok(Some(line));
        }
        let len = self.ahead.rest().len();
        self.check_len(len)?;
        Ok((len > 0).then(|| self.ahead.take(len, 0)))
    }

    fn check_len(&self, len: usize) -> Result<()> {
        if len <= self.settings.line_limit {
            return Ok(());
        }
        let limit = self.settings.line_limit as u64;
        Err(Error::too_long(Operation::Read, limit).at_path(self.file.path()))
    }

    fn check_readable(&self) -> Result<()> {
        self.check_open(Operation::Read)?;
        if self.settings.reads { Ok(()) } else { Err(self.unsupported(Operation::Read, "not readable")) }
    }

    /// Reads and decodes more; returns `false` at the end of the file.
    async fn fill(&mut self) -> Result<bool> {
        if let Some(start) = self.prepare()? {
            let started = start.make(&mut self.file).await?;
            self.started(started);
        }
        let count = self.file.read(self.ahead.buffer()).await?;
        Ok(self.ahead.accept(count))
    }

    /// Returns what has to be done before a read, or why the file cannot be read.
    pub(super) fn prepare(&self) -> Result<Option<Start>> {
        self.check_readable()?;
        match self.ahead.failed() {
            Some(failed) => Err(self.undecodable(failed.clone())),
            None => Ok(self.start()),
        }
    }
}
