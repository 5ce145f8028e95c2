//! Whole files, including streams: those are read to their end, written and copied piece by piece and by
//! readiness, so that a slow peer holds no worker.

use std::io::{self, ErrorKind, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{Engine, Handle, waits_for_reader};
use crate::error::{Error, Operation, Result};
use crate::file_op::lent::Contents;
use crate::limits::READ_AHEAD_BYTES;
use crate::op::dir::OpenDir;
use crate::op::whole::{
    Copied, NOT_REGULAR, ReadWhole, Whole, copy, overwrite, read, read_admitted, reading, writing,
};
use crate::op::{At, Subject};
use crate::storage::OpenRequest;

/// Functions on whole files.
impl Engine {
    /// Reads a file from its beginning to its end, or a stream until every peer has closed; fails if there are
    /// more than `limit` bytes.
    ///
    /// # Errors
    ///
    /// Those of opening and reading, and [`Error::is_too_long`].
    ///
    /// # Cancellation
    ///
    /// No file is changed; bytes taken from a stream are lost.
    pub async fn read_whole(&self, path: PathBuf, limit: Option<u64>) -> Result<Vec<u8>> {
        let name: Arc<Path> = path.as_path().into();
        let mut whole = self.call(read(path, limit)).await?;
        if let Whole::Done(ReadWhole::Long(len, reopen)) = whole {
            whole = Box::pin(self.call(read_admitted(name.to_path_buf(), limit, len, reopen))).await?;
        }
        self.read_on(whole, name, limit).await
    }

    /// Like [`read_whole`](Engine::read_whole), for a file below an open directory.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancellation
    ///
    /// As there.
    pub async fn read_whole_below(&self, dir: &OpenDir, name: PathBuf) -> Result<Vec<u8>> {
        let path = dir.path().join(&name).into();
        let mut whole = self.call(read(dir.at(name.clone()), None)).await?;
        if let Whole::Done(ReadWhole::Long(len, reopen)) = whole {
            whole = Box::pin(self.call(read_admitted(dir.at(name), None, len, reopen))).await?;
        }
        self.read_on(whole, path, None).await
    }

    async fn read_on(&self, whole: Whole<ReadWhole>, path: Arc<Path>, limit: Option<u64>) -> Result<Vec<u8>> {
        match whole {
            Whole::Done(ReadWhole::Contents(bytes)) => Ok(bytes),
            Whole::Done(ReadWhole::Long(..)) => unreachable!("an admitted read does not ask for its length"),
            Whole::Stream(opened) => {
                let stream = self.register(opened, &reading(), path)?;
                Box::pin(read_to_end(&stream, limit)).await
            }
        }
    }

    /// Replaces the contents of a file with `contents`, copied piece by piece if they are borrowed. A stream gets them
    /// once it has a reader. A `path` below a directory is looked up there.
    ///
    /// # Errors
    ///
    /// Those of opening, writing and closing; [`bytes_done`](Error::bytes_done) is the number of bytes written.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: it completes with a copy of the remaining bytes.
    pub async fn write_whole(
        &self,
        path: &Path,
        below: Option<&OpenDir>,
        contents: Contents<'_>,
    ) -> Result<()> {
        let at = match below {
            None => At::from(path.to_owned()),
            Some(dir) => dir.at(path.to_owned()),
        };
        let name: Arc<Path> = at.path().into();
        let open = overwrite(at);
        let stream =
            match Box::pin(self.inner.context.write_whole(open, contents.clone(), self.priority)).await {
                Err(error) if waits_for_reader(&error, &writing()) => match below {
                    None => Box::pin(self.open(path, writing())).await?,
                    Some(dir) => Box::pin(self.open_below(dir, path, writing())).await?,
                },
                written => match written? {
                    Whole::Done(()) => return Ok(()),
                    Whole::Stream(opened) => self.register(opened, &writing(), name)?,
                },
            };
        Box::pin(write_all(stream, contents)).await
    }

    /// Copies contents and permissions of a file; a stream gets the contents. Returns the number of bytes
    /// copied.
    ///
    /// # Errors
    ///
    /// Those of opening, reading and writing; with [`ErrorKind::InvalidInput`] if `from` is no regular file.
    ///
    /// # Cancellation
    ///
    /// Before it begins: nothing happens. Afterwards: it completes; a stream gets no more bytes.
    pub async fn copy_whole(&self, from: PathBuf, to: PathBuf) -> Result<u64> {
        match self.call(copy(from.clone(), to.clone())).await? {
            Copied::Whole(bytes) => Ok(bytes),
            Copied::ToStream => Box::pin(self.copy_to_stream(&from, &to)).await,
        }
    }

    async fn copy_to_stream(&self, from: &Path, to: &Path) -> Result<u64> {
        let source = self.open(from, reading()).await?;
        let is_file = match &source {
            Handle::Plain(file) => file.metadata().await?.is_file(),
            Handle::Stream(_) => false,
        };
        if !is_file {
            let error = Error::io(Operation::Copy, io::Error::new(ErrorKind::InvalidInput, NOT_REGULAR));
            return Err(error.at_path(from).with_target(to));
        }
        let target = self.open(to, OpenRequest { create: false, truncate: false, ..writing() }).await?;
        let mut copied = 0;
        loop {
            let piece = source.read_piece().await?;
            if piece.is_empty() {
                return Ok(copied);
            }
            copied += piece.len() as u64;
            target.write_piece(piece).await?;
        }
    }
}

impl Handle {
    /// Reads the next bytes; empty at the end.
    async fn read_piece(&self) -> Result<Bytes> {
        match self {
            Handle::Plain(file) => file.read_bytes(READ_AHEAD_BYTES, None).await,
            Handle::Stream(stream) => {
                let mut room = vec![0; READ_AHEAD_BYTES];
                let count = stream.read(&mut room).await?;
                room.truncate(count);
                Ok(room.into())
            }
        }
    }

    async fn write_piece(&self, bytes: Bytes) -> Result<()> {
        match self {
            Handle::Plain(file) => file.write_bytes(bytes, None, true).await.map(|_| ()),
            Handle::Stream(stream) => stream.write_all(bytes).await,
        }
    }

    fn path(&self) -> &Path {
        match self {
            Handle::Plain(file) => file.path(),
            Handle::Stream(stream) => stream.path(),
        }
    }
}

async fn read_to_end(stream: &Handle, limit: Option<u64>) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let piece = stream.read_piece().await?;
        if piece.is_empty() {
            return Ok(all);
        }
        if let Some(limit) = limit.filter(|limit| (all.len() + piece.len()) as u64 > *limit) {
            return Err(Error::too_long(Operation::Read, limit).at_path(stream.path()));
        }
        all.extend_from_slice(&piece);
    }
}

async fn write_all(opened: Handle, contents: Contents<'_>) -> Result<()> {
    match (&opened, contents) {
        (_, Contents::Owned(bytes)) => opened.write_piece(bytes).await?,
        (Handle::Plain(file), Contents::Borrowed(bytes)) => drop(file.write(bytes, None, true).await?),
        (Handle::Stream(stream), Contents::Borrowed(bytes)) => {
            stream.write(&[IoSlice::new(bytes)], true).await?;
        }
    }
    match opened {
        Handle::Plain(file) => file.close().await,
        Handle::Stream(_) => Ok(()),
    }
}
