//! Adapters that lead into a file.

use std::io;

use tokio::io::{
    AsyncReadExt, AsyncWriteExt, BufReader, BufStream, BufWriter, copy, copy_bidirectional, copy_buf, empty,
    join, sink, split,
};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};
use tokio_util::io::{InspectWriter, ReaderStream, StreamReader};

use crate::runtime::{Carrier, Work};
use crate::source::{PIECES, Paced, Source, socket};
use crate::target::{Kind, Target};
use crate::{LINES, Room, assert_same, framing, pattern, pattern_in_pieces_of};

/// Takes everything from a source to a target and flushes it.
pub(crate) type Way = fn(Source, Target) -> Work<io::Result<()>>;

pub(crate) const WAYS: [(&str, Way); 12] = [
    ("copy", |mut from, mut to| {
        Box::pin(async move {
            copy(&mut from, &mut to).await?;
            to.flush().await
        })
    }),
    ("copy_buf", |from, mut to| {
        Box::pin(async move {
            copy_buf(&mut BufReader::new(from), &mut to).await?;
            to.shutdown().await
        })
    }),
    ("BufWriter", |mut from, to| {
        Box::pin(async move {
            let mut to = BufWriter::with_capacity(3_000, to);
            copy(&mut from, &mut to).await?;
            to.shutdown().await
        })
    }),
    ("BufStream", |mut from, to| {
        Box::pin(async move {
            let mut to = BufStream::new(join(empty(), to));
            copy(&mut from, &mut to).await?;
            to.flush().await
        })
    }),
    ("split", |mut from, to| {
        Box::pin(async move {
            let (_reads, mut writes) = split(join(empty(), to));
            copy(&mut from, &mut writes).await?;
            writes.shutdown().await
        })
    }),
    ("copy_bidirectional", |from, to| {
        Box::pin(async move {
            let (mut near, mut far) = (join(from, sink()), join(empty(), to));
            copy_bidirectional(&mut near, &mut far).await.map(drop)
        })
    }),
    ("InspectWriter", |mut from, to| {
        Box::pin(async move {
            let mut inspected = 0;
            let mut to = InspectWriter::new(to, |bytes| inspected += bytes.len() as u64);
            let copied = copy(&mut from, &mut to).await?;
            to.flush().await?;
            drop(to);
            assert_eq!(inspected, copied, "an inspector sees what is written once");
            Ok(())
        })
    }),
    ("compat", |from, to| {
        Box::pin(async move {
            let mut to = to.compat_write();
            futures::io::copy(from.compat(), &mut to).await?;
            futures::AsyncWriteExt::close(&mut to).await
        })
    }),
    ("StreamReader", |from, mut to| {
        Box::pin(async move {
            let mut from = StreamReader::new(ReaderStream::new(from));
            copy_buf(&mut from, &mut to).await?;
            to.flush().await
        })
    }),
    ("duplex", |mut from, mut to| {
        Box::pin(async move {
            let (mut near, mut far) = tokio::io::duplex(1_000);
            let feed = async move {
                copy(&mut from, &mut near).await?;
                near.shutdown().await
            };
            let drain = async move {
                copy(&mut far, &mut to).await?;
                to.flush().await
            };
            tokio::try_join!(feed, drain).map(drop)
        })
    }),
    ("write_all", |mut from, mut to| {
        Box::pin(async move {
            let mut piece = [0; 2_000];
            while let count @ 1.. = from.read(&mut piece).await? {
                to.write_all(&piece[..count]).await?;
            }
            to.flush().await
        })
    }),
    ("write_all_buf", |mut from, mut to| {
        Box::pin(async move {
            let mut piece = bytes::BytesMut::with_capacity(2_000);
            while from.read_buf(&mut piece).await? > 0 {
                let half = piece.len() / 2;
                let rest = piece.split_off(half);
                to.write_all_buf(&mut bytes::Buf::chain(piece, rest)).await?;
                piece = bytes::BytesMut::with_capacity(2_000);
            }
            to.flush().await
        })
    }),
];

fn check(name: &str, way: Way, kind: Kind, carrier: Carrier, wanted: Vec<u8>, piece: Option<usize>) {
    let sent = wanted.clone();
    let arrived = carrier.carry(move || {
        Box::pin(async move {
            let room = Room::on_disk();
            let (target, arrived) = kind.open(&room).await;
            let source: Source = match piece {
                Some(piece) => Box::new(Paced::new(sent, piece)),
                None => Box::new(socket(sent, 1_400).await),
            };
            way(source, target).await.unwrap();
            arrived
        })
    });
    assert_same(&format!("{name} into {kind:?}, pieces {piece:?}, {carrier:?}"), &arrived(), &wanted);
}

/// Every way into every kind of file by every size of piece, the carriers in turn.
fn check_all(ways: &[(&str, Way)], kinds: &[Kind]) {
    for (w, (name, way)) in ways.iter().enumerate() {
        for (k, kind) in kinds.iter().enumerate() {
            for (p, piece) in PIECES.into_iter().enumerate() {
                let wanted = pattern_in_pieces_of(piece);
                check(name, *way, *kind, Carrier::nth(w + k + p), wanted, Some(piece));
            }
        }
    }
}

#[test]
fn what_an_adapter_takes_is_what_a_file_holds() {
    check_all(&WAYS, &[Kind::Plain, Kind::InMemory, Kind::Appending]);
}

#[test]
fn what_an_adapter_takes_is_what_a_buffered_file_holds() {
    check_all(&WAYS, &[Kind::Buffered, Kind::SmallBuffer]);
}

#[test]
fn what_an_adapter_takes_is_what_a_slow_disk_holds() {
    check_all(&WAYS, &[Kind::SlowDisk]);
}

#[test]
fn what_an_adapter_takes_is_what_a_fifo_gives() {
    check_all(&WAYS, &[Kind::Fifo]);
}

#[test]
fn what_an_adapter_takes_is_what_a_temporary_file_holds() {
    check_all(&WAYS, &[Kind::Spooled, Kind::Named]);
}

#[test]
fn what_an_adapter_takes_is_what_a_wrapped_object_gets() {
    check_all(&WAYS, &[Kind::Wrapped]);
}

#[test]
fn what_a_sink_takes_is_what_a_file_holds() {
    check_all(&framing::WAYS, &Kind::ALL);
}

#[test]
fn a_download_is_what_was_sent() {
    let ways = WAYS.iter().chain(&framing::WAYS);
    for (w, (name, way)) in ways.enumerate() {
        for (k, kind) in Kind::ALL.into_iter().enumerate() {
            check(name, *way, kind, Carrier::nth(w + k), pattern(LINES), None);
        }
    }
}
