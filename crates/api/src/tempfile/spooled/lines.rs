//! Lines of bytes in a spooled file, under Python's names.

use std::io::SeekFrom;

use super::{Contents, SpooledTemporaryFile, rest_of};
use crate::limits::{LINE_OVERHEAD_BYTES, SPOOL_LOOK_BYTES};
use crate::{Error, Operation, Result};

impl SpooledTemporaryFile {
    /// Returns the bytes up to and including the next `\n`, at most `limit` of them if a limit is given; empty at the
    /// end.
    ///
    /// # Errors
    ///
    /// If it is closed; if no limit is given, [`is_too_long`](crate::Error::is_too_long) for a line longer than the
    /// [line limit](super::SpooledTemporaryFileBuilder::line_limit), and the cursor stays; those of
    /// [`File::read_at`](crate::File::read_at).
    ///
    /// # Cancellation
    ///
    /// Nothing is lost: the cursor moves last.
    ///
    /// ```
    /// # async fn example(mut body: folio::tempfile::SpooledTemporaryFile) -> folio::Result<()> {
    /// let header = body.readline(Some(1024)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readline(&mut self, limit: Option<usize>) -> Result<Vec<u8>> {
        let line_limit = self.line_limit;
        // One byte more than the limit shows that the line goes on.
        let most = limit.unwrap_or(line_limit.saturating_add(1));
        let too_long = |line: &[u8]| limit.is_none() && line.len() > line_limit && !line.ends_with(b"\n");
        let refused = || Error::too_long(Operation::Read, line_limit as u64);
        self.unpaid.pay().await;
        let file = match self.contents_mut() {
            Contents::Memory(bytes, cursor) => {
                let rest = rest_of(bytes, *cursor);
                let line = &rest[..line_len(rest).unwrap_or(rest.len()).min(most)];
                if too_long(line) {
                    return Err(refused());
                }
                *cursor += line.len() as u64;
                let line = line.to_vec();
                self.unpaid.add(line.len() + LINE_OVERHEAD_BYTES);
                return Ok(line);
            }
            Contents::Disk(file) => file,
            Contents::Closed => return Err(Error::closed(Operation::Read)),
        };
        let start = file.stream_position().await?;
        let mut line = Vec::new();
        while line.len() < most {
            let wanted = SPOOL_LOOK_BYTES.min(most - line.len());
            let bytes = file.read_bytes_at(start + line.len() as u64, wanted).await?;
            let end = line_len(&bytes);
            line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            if end.is_some() || bytes.is_empty() {
                break;
            }
        }
        if too_long(&line) {
            return Err(refused().at_path(file.path()));
        }
        file.seek(SeekFrom::Start(start + line.len() as u64)).await?;
        Ok(line)
    }

    /// Returns the remaining lines with their line endings. With a `hint`, it stops once the lines have that many bytes
    /// together; a hint of 0 means all lines.
    ///
    /// # Errors
    ///
    /// Like [`readline`](SpooledTemporaryFile::readline); the lines read before the failure are lost.
    ///
    /// # Cancellation
    ///
    /// The lines read so far are lost.
    pub async fn readlines(&mut self, hint: Option<usize>) -> Result<Vec<Vec<u8>>> {
        let hint = hint.filter(|hint| *hint > 0).unwrap_or(usize::MAX);
        let (mut lines, mut len) = (Vec::new(), 0);
        while len < hint {
            let line = self.readline(None).await?;
            if line.is_empty() {
                break;
            }
            len += line.len();
            lines.push(line);
        }
        Ok(lines)
    }

    /// Writes several lines in order, without adding line endings.
    ///
    /// # Errors
    ///
    /// Like [`write`](SpooledTemporaryFile::write); the lines before the failure have been written.
    ///
    /// # Cancellation
    ///
    /// Some of the lines may have been written.
    ///
    /// ```
    /// # async fn example(mut body: folio::tempfile::SpooledTemporaryFile) -> folio::Result<()> {
    /// body.writelines(["one\n", "two\n"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writelines<L: AsRef<[u8]>>(&mut self, lines: impl IntoIterator<Item = L>) -> Result<()> {
        self.check_open(Operation::Write)?;
        for line in lines {
            self.write_all(line.as_ref()).await?;
        }
        Ok(())
    }
}

/// The length of the first line with its line ending, if it has one.
fn line_len(bytes: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', bytes).map(|end| end + 1)
}
