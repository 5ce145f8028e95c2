//! Where bytes come from: in pieces, with nothing in between, as from a socket; or from a socket.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::runtime::peers;

/// Sizes of pieces, in bytes: the smallest, records, packets, pages, buffers.
pub(crate) const PIECES: [usize; 6] = [1, 100, 1_024, 1_400, 4_096, 65_536];

/// Anything to read from.
pub(crate) type Source = Box<dyn AsyncRead + Send + Unpin>;

/// Gives a piece at a time and is pending in between.
pub(crate) struct Paced {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
    pause: usize,
}

impl Paced {
    pub(crate) fn new(bytes: Vec<u8>, piece: usize) -> Paced {
        Paced { bytes, at: 0, piece, pause: 1 }
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pause > 0 {
            self.pause -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        // Pieces come right behind one another, or after one look in vain, or after several.
        self.pause = [0, 1, 3][self.at / self.piece.max(1) % 3];
        let end = self.bytes.len().min(self.at + self.piece.min(buf.remaining()));
        buf.put_slice(&self.bytes[self.at..end]);
        self.at = end;
        Poll::Ready(Ok(()))
    }
}

/// Takes little at a time and is pending in between, like a socket whose peer is slow.
#[derive(Default)]
pub(crate) struct Slow {
    pub(crate) taken: Vec<u8>,
    ready: bool,
}

impl AsyncWrite for Slow {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.ready = !self.ready;
        if !self.ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let taken = buf.len().min(1_000);
        self.taken.extend_from_slice(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The address of a peer of one connection.
pub(crate) fn serve<F>(peer: impl FnOnce(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    peers().spawn(async move {
        let (stream, _) = TcpListener::from_std(listener).unwrap().accept().await.unwrap();
        peer(stream).await;
    });
    address
}

/// A socket whose peer sends `bytes` in such pieces.
pub(crate) async fn socket(bytes: Vec<u8>, piece: usize) -> TcpStream {
    let address = serve(move |mut stream| async move {
        stream.set_nodelay(true).unwrap();
        for piece in bytes.chunks(piece) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    TcpStream::connect(address).await.unwrap()
}
