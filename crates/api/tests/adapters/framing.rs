//! Sinks that write frames to a file: they hold back what is not taken, add to it and come again.

use std::io;

use futures::{SinkExt, StreamExt};
use tokio_util::codec::{BytesCodec, Framed, FramedRead, FramedWrite, LinesCodec, LinesCodecError};

use crate::source::Source;
use crate::writing::Way;

/// Frames between two flushes.
const BATCH: usize = 100;

pub(crate) const WAYS: [(&str, Way); 5] = [
    ("forward, bytes", |from, to| {
        Box::pin(async move {
            let frames =
                FramedRead::new(from, BytesCodec::new()).map(|frame| frame.map(bytes::BytesMut::freeze));
            frames.forward(FramedWrite::new(to, BytesCodec::new())).await
        })
    }),
    ("forward, lines", |from, to| {
        Box::pin(
            async move { lines(from).forward(FramedWrite::new(to, LinesCodec::new())).await.map_err(plain) },
        )
    }),
    ("send_all", |from, to| {
        Box::pin(async move {
            let mut sink = FramedWrite::new(to, LinesCodec::new());
            sink.send_all(&mut lines(from)).await.map_err(plain)?;
            SinkExt::<String>::close(&mut sink).await.map_err(plain)
        })
    }),
    ("feed and flush", |from, to| {
        Box::pin(async move {
            let (mut lines, mut sink) = (lines(from), FramedWrite::with_capacity(to, LinesCodec::new(), 100));
            let mut count = 0;
            while let Some(line) = lines.next().await {
                sink.feed(line.map_err(plain)?).await.map_err(plain)?;
                count += 1;
                if count % BATCH == 0 {
                    SinkExt::<String>::flush(&mut sink).await.map_err(plain)?;
                }
            }
            SinkExt::<String>::flush(&mut sink).await.map_err(plain)
        })
    }),
    ("Framed", |from, to| {
        Box::pin(async move {
            let (mut sink, mut stream) = Framed::new(tokio::io::join(from, to), LinesCodec::new()).split();
            let mut count = 0;
            while let Some(line) = stream.next().await {
                sink.feed(line.map_err(plain)?).await.map_err(plain)?;
                count += 1;
                if count % BATCH == 0 {
                    SinkExt::<String>::flush(&mut sink).await.map_err(plain)?;
                }
            }
            SinkExt::<String>::close(&mut sink).await.map_err(plain)
        })
    }),
];

fn lines(from: Source) -> FramedRead<Source, LinesCodec> {
    FramedRead::new(from, LinesCodec::new())
}

fn plain(error: LinesCodecError) -> io::Error {
    match error {
        LinesCodecError::Io(error) => error,
        LinesCodecError::MaxLineLengthExceeded => io::Error::other(error),
    }
}
