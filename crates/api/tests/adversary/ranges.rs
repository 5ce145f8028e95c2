//! A reader of a range, which has a cursor of its own, beside writers to the same file.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use folio::{File, Reader};
use folio_testkit::Random;
use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use crate::handle::{Answer, Calling, Closing, Handle, Method};
use crate::subject::{Can, Subject, on_slow_disk};

/// Reads by the reader; everything else is the file's.
struct Ranged {
    reader: Reader,
    file: File,
}

/// A reader of a file on a slow disk, from somewhere on.
pub(crate) fn ranged(dice: &mut Random) -> Subject {
    on_slow_disk(File::options().read(true).write(true), dice, |file, bytes, dice| {
        let cursor = dice.within(0..bytes.len() as u64 + 2);
        let (read, positioned, write_at, set_len, length) = (true, true, true, true, true);
        let can = Can { read, positioned, write_at, set_len, length, ..Can::default() };
        (Box::new(Ranged { reader: file.reader(cursor..), file }), can, cursor)
    })
}

impl Handle for Ranged {
    fn call<'a>(&'a mut self, method: &'a Method) -> Calling<'a> {
        let Method::Read(len) = method else { return self.file.call(method) };
        let reader = &mut self.reader;
        Box::pin(async move {
            let mut room = vec![0; *len];
            let count = reader.read(&mut room).await?;
            room.truncate(count);
            Ok(Answer::Bytes(room))
        })
    }

    fn twin(&self) -> Option<Box<dyn Handle>> {
        None
    }

    fn close(self: Box<Self>) -> Closing {
        Box::new(self.file).close()
    }
}

impl AsyncRead for Ranged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl AsyncWrite for Ranged {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.file).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for Ranged {
    fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.file).start_seek(to)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.file).poll_complete(cx)
    }
}
