//! The file of bytes below a file of text.

use std::sync::{Arc, Mutex};

use folio_engine::LINE_LIMIT_BYTES;

use super::{BinaryFile, Descriptor, Held, Inner, Name};
use crate::text::TextFile;
use crate::{Buffering, OpenMode, Operation, Result};

impl TextFile {
    /// Returns the file of bytes below, Python's `file.buffer`: the same file with the same cursor, for its bytes.
    ///
    /// Its cursor is behind the text that was read ahead, as CPython's is; [`seek`](TextFile::seek) to where the reader
    /// is, by `Current(0)`, puts it there. What is written goes behind the text that was written before. Once either is
    /// closed, every call on the other fails as one on a closed file does.
    ///
    /// # Errors
    ///
    /// If the file is closed.
    ///
    /// ```
    /// # async fn example() -> folio::Result<()> {
    /// let mut notes = folio::open("notes.txt", "w").await?.text()?;
    /// notes.write("text\n").await?;
    /// notes.buffer()?.write(b"\xff\xfe").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn buffer(&self) -> Result<BinaryFile> {
        self.check_open(Operation::Metadata)?;
        let bytes = self.mode().replace('t', "") + "b";
        let inner = Inner {
            held: Mutex::new(Held::Open(self.file().clone())),
            path: self.name().into(),
            name: Name::Path(self.name().into()),
            mode: OpenMode::parse(&bytes).expect("a mode for text is one for bytes too"),
            buffering: Buffering::Default,
            descriptor: Descriptor::Owned,
        };
        Ok(BinaryFile { inner: Arc::new(inner), line_limit: LINE_LIMIT_BYTES })
    }
}
