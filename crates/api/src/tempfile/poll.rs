//! tokio's `AsyncRead`, `AsyncWrite` and `AsyncSeek` for temporary files, by those of the open file.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::{NamedTemporaryFile, TemporaryFile};

macro_rules! traits_of_the_file {
    ($($of:ty),*) => {$(
        impl AsyncRead for $of {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                Pin::new(&mut self.file).poll_read(cx, buf)
            }
        }

        impl AsyncWrite for $of {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.file).poll_write(cx, bytes)
            }

            fn poll_write_vectored(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bytes: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                Pin::new(&mut self.file).poll_write_vectored(cx, bytes)
            }

            fn is_write_vectored(&self) -> bool {
                self.file.is_write_vectored()
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.file).poll_flush(cx)
            }

            fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Pin::new(&mut self.file).poll_shutdown(cx)
            }
        }

        impl AsyncSeek for $of {
            fn start_seek(mut self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
                Pin::new(&mut self.file).start_seek(to)
            }

            fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
                Pin::new(&mut self.file).poll_complete(cx)
            }
        }
    )*};
}

traits_of_the_file!(NamedTemporaryFile, TemporaryFile);
