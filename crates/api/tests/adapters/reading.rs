//! Adapters that lead out of a file.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile};
use folio::{Engine, File, wrap};
use folio_testkit::{Call, Disk};
use futures::{StreamExt, TryStreamExt};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, copy, copy_buf, join, sink, split};
use tokio_util::codec::{BytesCodec, FramedRead, LinesCodec};
use tokio_util::compat::TokioAsyncReadCompatExt;
use tokio_util::io::{InspectReader, ReaderStream, StreamReader, SyncIoBridge};

use crate::runtime::{Carrier, Work};
use crate::source::{Slow, Source};
use crate::{LINES, Room, assert_same, pattern};

/// Takes everything from a file.
type Way = fn(Source) -> Work<io::Result<Vec<u8>>>;

const WAYS: [(&str, Way); 12] = [
    ("read_to_end", |mut from| {
        Box::pin(async move {
            let mut all = Vec::new();
            from.read_to_end(&mut all).await.map(|_| all)
        })
    }),
    ("copy", |mut from| {
        Box::pin(async move {
            let mut slow = Slow::default();
            copy(&mut from, &mut slow).await.map(|_| slow.taken)
        })
    }),
    ("copy_buf", |from| {
        Box::pin(async move {
            let mut slow = Slow::default();
            copy_buf(&mut BufReader::with_capacity(777, from), &mut slow).await.map(|_| slow.taken)
        })
    }),
    ("ReaderStream", |from| {
        Box::pin(async move {
            ReaderStream::with_capacity(from, 3_000).map_ok(|piece| piece.to_vec()).try_concat().await
        })
    }),
    ("StreamReader", |from| {
        Box::pin(async move {
            let mut all = Vec::new();
            StreamReader::new(ReaderStream::new(from)).read_to_end(&mut all).await.map(|_| all)
        })
    }),
    ("lines", |from| {
        Box::pin(async move {
            let (mut lines, mut all) = (BufReader::with_capacity(50, from).lines(), Vec::new());
            while let Some(line) = lines.next_line().await? {
                all.extend_from_slice(format!("{line}\n").as_bytes());
            }
            Ok(all)
        })
    }),
    ("FramedRead, lines", |from| {
        Box::pin(async move {
            let (mut lines, mut all) = (FramedRead::new(from, LinesCodec::new()), Vec::new());
            while let Some(line) = lines.next().await {
                all.extend_from_slice(format!("{}\n", line.map_err(io::Error::other)?).as_bytes());
            }
            Ok(all)
        })
    }),
    ("FramedRead, bytes", |from| {
        Box::pin(async move {
            let frames = FramedRead::new(from, BytesCodec::new());
            frames.map_ok(|frame: BytesMut| frame.to_vec()).try_concat().await
        })
    }),
    ("split", |from| {
        Box::pin(async move {
            let (mut reads, _writes) = split(join(from, sink()));
            let mut all = Vec::new();
            reads.read_to_end(&mut all).await.map(|_| all)
        })
    }),
    ("InspectReader, take and chain", |from| {
        Box::pin(async move {
            let (mut inspected, mut all) = (0, Vec::new());
            let mut from = InspectReader::new(from, |bytes| inspected += bytes.len());
            (&mut from).take(5_000).read_to_end(&mut all).await?;
            (&mut from).chain(tokio::io::empty()).read_to_end(&mut all).await?;
            drop(from);
            assert_eq!(inspected, all.len(), "an inspector sees what is read once");
            Ok(all)
        })
    }),
    ("compat", |from| {
        Box::pin(async move {
            let mut all = Vec::new();
            futures::AsyncReadExt::read_to_end(&mut from.compat(), &mut all).await.map(|_| all)
        })
    }),
    ("SyncIoBridge", |from| {
        // Its own thread, since it blocks, and the runtime's, since it reads by that.
        let bridge = SyncIoBridge::new_with_handle(from, crate::runtime::peers().handle().clone());
        Box::pin(async move { std::thread::scope(|scope| scope.spawn(|| whole(bridge)).join().unwrap()) })
    }),
];

fn whole(mut reader: impl io::Read) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    reader.read_to_end(&mut all).map(|_| all)
}

/// Where the bytes are.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Plain,
    InMemory,
    Buffered,
    SlowDisk,
    Spooled,
    Named,
    Range,
    Wrapped,
    Fifo,
}

const ORIGINS: [Origin; 9] = [
    Origin::Plain,
    Origin::InMemory,
    Origin::Buffered,
    Origin::SlowDisk,
    Origin::Spooled,
    Origin::Named,
    Origin::Range,
    Origin::Wrapped,
    Origin::Fifo,
];

impl Origin {
    async fn open(self, bytes: Vec<u8>, room: &Room) -> Source {
        let path = room.path("origin");
        match self {
            Origin::Plain | Origin::InMemory => {
                std::fs::write(&path, bytes).unwrap();
                Box::new(File::open(path).await.unwrap())
            }
            Origin::Range => {
                std::fs::write(&path, [b"before", &bytes[..], b"after"].concat()).unwrap();
                Box::new(File::open(path).await.unwrap().reader(6..6 + bytes.len() as u64))
            }
            Origin::Buffered => {
                let mut options = File::options();
                options.read(true).write(true).create(true).truncate(true).buffering(50_000);
                let file = options.open(path).await.unwrap();
                // The last part stays in the buffer.
                file.write_all(&bytes).await.unwrap();
                file.rewind().await.unwrap();
                Box::new(file)
            }
            Origin::SlowDisk => Box::new(on_slow_disk(bytes).await),
            Origin::Spooled => {
                let mut spooled = SpooledTemporaryFile::new(5_000);
                spooled.write_all(&bytes).await.unwrap();
                spooled.seek(io::SeekFrom::Start(0)).await.unwrap();
                Box::new(spooled)
            }
            Origin::Named => {
                let named = NamedTemporaryFile::new().await.unwrap();
                std::fs::write(named.path(), bytes).unwrap();
                Box::new(named.file().clone())
            }
            Origin::Wrapped => Box::new(wrap::reader(io::Cursor::new(bytes)).open().await.unwrap()),
            Origin::Fifo => fifo(bytes, room).await,
        }
    }
}

async fn on_slow_disk(bytes: Vec<u8>) -> File {
    let disk = Disk::new();
    disk.put("/origin", bytes);
    disk.plan().on(Call::ReadNow).every(2).would_block();
    disk.plan().on(Call::ReadAt).delay(Duration::from_micros(100), 1);
    disk.plan().on(Call::ReadAt).every(3).at_most(100);
    let engine = Engine::builder().storage(Arc::new(disk)).start().unwrap();
    File::options().read(true).open_on(&engine, "/origin").await.unwrap()
}

/// The reading end of a FIFO whose writer sends packets.
async fn fifo(bytes: Vec<u8>, room: &Room) -> Source {
    let path = room.path("fifo");
    folio::os::mkfifo(&path, 0o600).await.unwrap();
    let writing = path.clone();
    crate::runtime::peers().spawn(async move {
        let mut writer = File::options().write(true).open(writing).await.unwrap();
        copy(&mut crate::source::Paced::new(bytes, 1_400), &mut writer).await.unwrap();
    });
    Box::new(File::open(path).await.unwrap())
}

#[test]
fn what_an_adapter_gives_is_what_the_file_holds() {
    for (w, (name, way)) in WAYS.iter().enumerate() {
        for (o, origin) in ORIGINS.into_iter().enumerate() {
            let carrier = Carrier::nth(w + o);
            let got = carrier.carry(move || {
                Box::pin(async move {
                    let room =
                        if let Origin::InMemory = origin { Room::in_memory() } else { Room::on_disk() };
                    way(origin.open(pattern(LINES), &room).await).await.unwrap()
                })
            });
            assert_same(&format!("{name} out of {origin:?}, {carrier:?}"), &got, &pattern(LINES));
        }
    }
}
