//! What a program calls: tokio's traits and the type's own methods behind one face.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::pin::Pin;

use folio::File;
use folio::tempfile::SpooledTemporaryFile;
use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite};

use crate::worlds::start;

/// A method of the type, apart from the traits.
#[derive(Clone, Debug)]
pub(crate) enum Method {
    Read(usize),
    ReadAt(usize, u64),
    WriteAll(Vec<u8>),
    WriteAt(Vec<u8>, u64),
    Append(Vec<u8>),
    Seek(SeekFrom),
    Position,
    SetLen(u64),
    Length,
    Sync,
    Flush,
}

impl Method {
    pub(crate) fn shown(&self) -> String {
        match self {
            Method::WriteAll(bytes) => format!("write_all of {}: {}", bytes.len(), start(bytes)),
            Method::WriteAt(bytes, at) => format!("write_all_at {at} of {}: {}", bytes.len(), start(bytes)),
            Method::Append(bytes) => format!("append of {}: {}", bytes.len(), start(bytes)),
            Method::Read(_)
            | Method::ReadAt(..)
            | Method::Seek(_)
            | Method::Position
            | Method::SetLen(_)
            | Method::Length
            | Method::Sync
            | Method::Flush => format!("{self:?}"),
        }
    }
}

/// What a method answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    Done,
    Number(u64),
    Bytes(Vec<u8>),
}

impl Answer {
    pub(crate) fn shown(&self) -> String {
        match self {
            Answer::Done | Answer::Number(_) => format!("{self:?}"),
            Answer::Bytes(bytes) => format!("{} bytes: {}", bytes.len(), start(bytes)),
        }
    }
}

pub(crate) type Calling<'a> = Pin<Box<dyn Future<Output = io::Result<Answer>> + 'a>>;
pub(crate) type Closing = Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// One handle on a file.
pub(crate) trait Handle: AsyncRead + AsyncWrite + AsyncSeek + Unpin {
    /// Calls a method.
    fn call<'a>(&'a mut self, method: &'a Method) -> Calling<'a>;

    /// Another handle on the same file and cursor.
    fn twin(&self) -> Option<Box<dyn Handle>>;

    /// Ends the file, or at least this handle.
    fn close(self: Box<Self>) -> Closing;
}

impl Handle for File {
    fn call<'a>(&'a mut self, method: &'a Method) -> Calling<'a> {
        let file = &*self;
        Box::pin(async move {
            Ok(match method {
                Method::Read(len) => Answer::Bytes(file.read_bytes(*len).await?.into()),
                Method::ReadAt(len, at) => Answer::Bytes(file.read_bytes_at(*at, *len).await?.into()),
                Method::WriteAll(bytes) => done(file.write_all(bytes).await?),
                Method::WriteAt(bytes, at) => done(file.write_all_at(bytes, *at).await?),
                Method::Append(bytes) => Answer::Number(file.append_bytes(bytes.clone()).await?),
                Method::Seek(to) => Answer::Number(file.seek(*to).await?),
                Method::Position => Answer::Number(file.stream_position().await?),
                Method::SetLen(len) => done(file.set_len(*len).await?),
                Method::Length => Answer::Number(file.metadata().await?.len()),
                Method::Sync => done(file.sync_data().await?),
                Method::Flush => done(file.flush().await?),
            })
        })
    }

    fn twin(&self) -> Option<Box<dyn Handle>> {
        Some(Box::new(self.clone()))
    }

    fn close(self: Box<Self>) -> Closing {
        Box::pin(async move { Ok(File::close(*self).await?) })
    }
}

impl Handle for SpooledTemporaryFile {
    fn call<'a>(&'a mut self, method: &'a Method) -> Calling<'a> {
        Box::pin(async move {
            Ok(match method {
                Method::Read(len) => {
                    let mut room = vec![0; *len];
                    let count = self.read(&mut room).await?;
                    room.truncate(count);
                    Answer::Bytes(room)
                }
                Method::WriteAll(bytes) => done(self.write_all(bytes).await?),
                Method::Seek(to) => Answer::Number(self.seek(*to).await?),
                Method::Position => Answer::Number(self.stream_position().await?),
                Method::SetLen(len) => done(self.set_len(*len).await?),
                Method::Flush => done(self.flush().await?),
                Method::ReadAt(..)
                | Method::WriteAt(..)
                | Method::Append(_)
                | Method::Length
                | Method::Sync => {
                    unreachable!("a spooled file has no {method:?}")
                }
            })
        })
    }

    fn twin(&self) -> Option<Box<dyn Handle>> {
        None
    }

    fn close(mut self: Box<Self>) -> Closing {
        Box::pin(async move { Ok(SpooledTemporaryFile::close(&mut self).await?) })
    }
}

fn done((): ()) -> Answer {
    Answer::Done
}
