//! Direct I/O (`O_DIRECT`): whatever buffer a caller brings, what is aligned works everywhere, and what is not is
//! refused by a message that says how it should be.

use std::fs;
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, SeekFrom};
use std::os::fd::AsFd;
use std::pin::Pin;

use bytes::Bytes;
use folio::{Engine, Error, File, OpenOptions};
use folio_testkit::skip;
use rustix::fs::OFlags;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes that every device takes as an offset or a length.
const BLOCK: usize = 4096;

/// Blocks of the file: more than go through one window.
const BLOCKS: usize = 310;

/// How long buffers are, and by how much they lie off.
const BUFFERS: [(usize, usize); 5] = [(BLOCK, 0), (BLOCK, 1), (BLOCK, 16), (BLOCK, 512), (300 * BLOCK, 16)];

/// A directory on the disk and not in memory: beside the test's own binary.
fn room() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("the target directory takes files")
}

fn contents() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BLOCKS * BLOCK);
    (0..BLOCKS).for_each(|block| bytes.resize(bytes.len() + BLOCK, block as u8));
    bytes
}

/// How a file comes to do direct I/O.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Opened with the flag.
    Opened,
    /// Taken over from std, which had opened it with the flag.
    Adopted,
    /// Told later, by whoever has its descriptor.
    Told,
}

const WAYS: [Way; 3] = [Way::Opened, Way::Adopted, Way::Told];

impl Way {
    /// Opens `path`; `None`, loudly, where its file system has no direct I/O.
    async fn open(self, engine: &Engine, path: &std::path::Path, append: bool) -> Option<File> {
        let flag = OFlags::DIRECT.bits() as i32;
        let mut options = OpenOptions::new();
        options.read(true).write(!append).append(append).create(true);
        let opened = match self {
            Way::Opened => options.custom_flags(flag).open_on(engine, path).await,
            Way::Adopted => {
                use std::os::unix::fs::OpenOptionsExt;
                let mut options = fs::OpenOptions::new();
                options.read(true).write(!append).append(append).create(true).custom_flags(flag);
                match options.open(path) {
                    Ok(file) => Ok(engine.scope(async { File::from_std(file) }).await),
                    Err(error) => Err(Error::io(folio::Operation::Open, error)),
                }
            }
            Way::Told => {
                let file = options.open_on(engine, path).await.expect("it is made");
                let told = file.run(|file| {
                    let flags = rustix::fs::fcntl_getfl(file.as_fd())?;
                    rustix::fs::fcntl_setfl(file.as_fd(), flags | OFlags::DIRECT)
                });
                told.await
                    .expect("it runs")
                    .map(|()| file)
                    .map_err(|errno| Error::io(folio::Operation::Open, errno.into()))
            }
        };
        match opened {
            Ok(file) => Some(file),
            Err(error) => {
                skip(&format!("direct I/O ({self:?})"), &error.to_string());
                None
            }
        }
    }
}

/// Bytes whose address is a multiple of a block, and as many more as `off`.
struct Lying {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Lying {
    fn new(len: usize, off: usize) -> Lying {
        let bytes = vec![0; len + 2 * BLOCK];
        let address = bytes.as_ptr().addr();
        Lying { start: address.next_multiple_of(BLOCK) - address + off, bytes, len }
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + self.len]
    }

    fn of(source: &[u8], off: usize) -> Lying {
        let mut lying = Lying::new(source.len(), off);
        lying.room().copy_from_slice(source);
        lying
    }
}

impl AsRef<[u8]> for Lying {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len]
    }
}

type Reads = for<'a> fn(File, &'a mut [u8]) -> Pin<Box<dyn Future<Output = io::Result<usize>> + 'a>>;

macro_rules! read {
    (|$file:ident, $buf:ident| $call:expr) => {
        |$file: File, $buf: &mut [u8]| Box::pin(async move { Ok($call?) })
    };
}

/// Where reads begin.
const READ_AT: u64 = 2 * BLOCK as u64;

/// Reading from there on, by the cursor too, into what is given.
const READS: [(&str, Reads); 11] = [
    ("read_at", read!(|file, buf| file.read_at(buf, READ_AT).await)),
    ("read", read!(|file, buf| file.read(buf).await)),
    ("read_exact", read!(|file, buf| file.read_exact(buf).await)),
    ("read_exact_at", read!(|file, buf| file.read_exact_at(buf, READ_AT).await.map(|()| buf.len()))),
    ("read_bytes", read!(|file, buf| file.read_bytes(buf.len()).await.map(|bytes| take(&bytes, buf)))),
    (
        "read_bytes_at",
        read!(|file, buf| file.read_bytes_at(READ_AT, buf.len()).await.map(|bytes| take(&bytes, buf))),
    ),
    ("read_full", read!(|file, buf| file.read_full(buf.len()).await.map(|bytes| take(&bytes, buf)))),
    ("peek", read!(|file, buf| file.peek(buf.len()).await.map(|bytes| take(&bytes, buf)))),
    (
        "read_vectored",
        read!(|file, buf| {
            let (first, second) = buf.split_at_mut(100);
            file.read_vectored(&mut [IoSliceMut::new(first), IoSliceMut::new(second)]).await
        }),
    ),
    ("AsyncRead::read", |mut file, buf| Box::pin(async move { AsyncReadExt::read(&mut file, buf).await })),
    ("AsyncRead::read_exact", |mut file, buf| {
        Box::pin(async move { AsyncReadExt::read_exact(&mut file, buf).await })
    }),
];

fn take(bytes: &[u8], buf: &mut [u8]) -> usize {
    buf[..bytes.len()].copy_from_slice(bytes);
    bytes.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aligned_reads_work_from_any_buffer() {
    let (room, engine) = (room(), Engine::builder().start().expect("the engine starts"));
    let path = room.path().join("file");
    let contents = contents();
    fs::write(&path, &contents).expect("there is room");
    for way in WAYS {
        for (name, act) in READS {
            for (len, off) in BUFFERS {
                let Some(file) = way.open(&engine, &path, false).await else { return };
                file.seek(SeekFrom::Start(2 * BLOCK as u64)).await.expect("a file has a position");
                let mut buf = Lying::new(len, off);
                let what = format!("{way:?} {name} of {len} bytes {off} off");
                let hops = engine.snapshot().counters.hops;
                let count =
                    act(file.clone(), buf.room()).await.unwrap_or_else(|error| panic!("{what}: {error}"));
                // The kernel would wait for the device in the caller's own poll.
                assert!(engine.snapshot().counters.hops > hops, "{what}: in place");
                assert!(count >= BLOCK, "{what}: {count}");
                assert!(buf.as_ref()[..count] == contents[2 * BLOCK..][..count], "{what}");
                file.close().await.expect("nothing has failed");
            }
        }
    }
}

type Writes = for<'a> fn(File, &'a Lying) -> Pin<Box<dyn Future<Output = io::Result<()>> + 'a>>;

macro_rules! write {
    (|$file:ident, $bytes:ident| $call:expr) => {
        |$file: File, $bytes: &Lying| Box::pin(async move { Ok($call.map(drop)?) })
    };
}

/// Where writes begin.
const WRITE_AT: u64 = 3 * BLOCK as u64;

/// Writing there, by the cursor too.
const WRITES: [(&str, Writes); 9] = [
    ("write", write!(|file, bytes| file.write(bytes.as_ref()).await)),
    ("write_all", write!(|file, bytes| file.write_all(bytes.as_ref()).await)),
    ("write_at", write!(|file, bytes| file.write_at(bytes.as_ref(), WRITE_AT).await)),
    ("write_all_at", write!(|file, bytes| file.write_all_at(bytes.as_ref(), WRITE_AT).await)),
    ("write_bytes, all", write!(|file, bytes| file.write_bytes(shared(bytes)).await)),
    ("write_bytes_at, all", write!(|file, bytes| file.write_bytes_at(shared(bytes), WRITE_AT).await)),
    (
        "try_write_bytes_at, all",
        write!(|file, bytes| file.try_write_bytes_at(shared(bytes), WRITE_AT).await.map_err(Error::from)),
    ),
    (
        "write_vectored",
        write!(|file, bytes| {
            let (first, second) = bytes.as_ref().split_at(100);
            file.write_vectored(&[IoSlice::new(first), IoSlice::new(second)]).await
        }),
    ),
    ("AsyncWrite::write_all", |mut file, bytes| {
        Box::pin(async move {
            AsyncWriteExt::write_all(&mut file, bytes.as_ref()).await?;
            AsyncWriteExt::flush(&mut file).await
        })
    }),
];

/// The same bytes, lying as they do.
fn shared(bytes: &Lying) -> Bytes {
    let off = bytes.as_ref().as_ptr().addr() % BLOCK;
    Bytes::from_owner(Lying::of(bytes.as_ref(), off))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aligned_writes_work_from_any_buffer() {
    let (room, engine) = (room(), Engine::builder().start().expect("the engine starts"));
    let path = room.path().join("file");
    for way in WAYS {
        for (name, act) in WRITES {
            for (len, off) in BUFFERS {
                fs::write(&path, contents()).expect("there is room");
                let Some(file) = way.open(&engine, &path, false).await else { return };
                file.seek(SeekFrom::Start(3 * BLOCK as u64)).await.expect("a file has a position");
                let bytes = Lying::of(&vec![0xee; len], off);
                let what = format!("{way:?} {name} of {len} bytes {off} off");
                act(file.clone(), &bytes).await.unwrap_or_else(|error| panic!("{what}: {error}"));
                file.close().await.unwrap_or_else(|error| panic!("{what}: {error}"));
                let mut expected = contents();
                let written = fs::read(&path).expect("it is there");
                let count =
                    BLOCK * written[3 * BLOCK..].chunks(BLOCK).take_while(|is| **is == [0xee; BLOCK]).count();
                assert!(count >= BLOCK && count <= len, "{what}: {count}");
                assert!(count == len || !name.contains("all"), "{what}: {count}");
                expected[3 * BLOCK..][..count].fill(0xee);
                assert!(written == expected, "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aligned_records_are_appended_from_any_buffer_and_stay_whole() {
    let (room, engine) = (room(), Engine::builder().start().expect("the engine starts"));
    for way in WAYS {
        for append in [false, true] {
            let path = room.path().join("log");
            let _ = fs::remove_file(&path);
            let Some(file) = way.open(&engine, &path, append).await else { return };
            let records = (1..=8_usize).map(|mark| {
                let (file, len) = (file.clone(), (mark % 5 + 1) * 150 * BLOCK);
                let record = Bytes::from_owner(Lying::of(&vec![mark as u8; len], mark % 3 * 16));
                tokio::spawn(async move { (mark, len, file.append_bytes(record).await) })
            });
            let records: Vec<_> = records.collect();
            let mut ends = 0;
            let mut offsets = Vec::new();
            for record in records {
                let (mark, len, offset) = record.await.expect("it does not panic");
                offsets.push((mark, len, offset.unwrap_or_else(|error| panic!("{way:?} {append}: {error}"))));
                ends += len;
            }
            let there = fs::read(&path).expect("it is there");
            for (mark, len, offset) in offsets {
                assert!(there[offset as usize..][..len] == vec![mark as u8; len], "{way:?} {append}: torn");
            }
            assert_eq!(fs::metadata(&path).expect("it is there").len(), ends as u64);
            file.close().await.expect("nothing has failed");
        }
    }
}

/// What no device takes: an offset, or a length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_aligned_is_refused_by_name_and_fails_no_sync() {
    let (room, engine) = (room(), Engine::builder().start().expect("the engine starts"));
    let path = room.path().join("file");
    fs::write(&path, contents()).expect("there is room");
    for way in WAYS {
        let Some(file) = way.open(&engine, &path, false).await else { return };
        let mut buf = vec![0; BLOCK];
        let refusals = [
            ("read_at, offset", file.read_at(&mut buf, 7).await.map(|_| ())),
            ("read_at, length", file.read_at(&mut buf[..100], 0).await.map(|_| ())),
            ("read_bytes_at", file.read_bytes_at(0, 100).await.map(|_| ())),
            ("write_all_at, offset", file.write_all_at(&buf, 7).await),
            ("write_all_at, length", file.write_all_at(&buf[..100], 0).await),
            ("write_all", file.write_all(&buf[..100]).await),
            ("append", file.append_bytes(vec![0; 100]).await.map(|_| ())),
        ];
        for (name, refused) in refusals {
            let error = refused.expect_err(name);
            assert!(error.to_string().contains("have to be multiples of "), "{way:?} {name}: {error}");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{way:?} {name}");
        }
        file.sync_all().await.expect("no byte was touched");
        file.close().await.expect("no byte was touched");
        assert!(fs::read(&path).expect("it is there") == contents());
    }
}

/// A neighbour whose length does not suit must not have the others fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_that_is_refused_takes_nobody_along() {
    let (room, engine) = (room(), Engine::builder().workers_max(1).start().expect("the engine starts"));
    let path = room.path().join("file");
    fs::write(&path, contents()).expect("there is room");
    let Some(file) = Way::Opened.open(&engine, &path, false).await else { return };
    let block = BLOCK as u64;
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let holder = file.run(move |_| held.recv());
    let first = file.write_bytes_at(vec![1; BLOCK], 0);
    let second = file.write_bytes_at(vec![2; 100], block);
    let third = file.write_bytes_at(vec![3; BLOCK], block + 100);
    let fourth = file.write_bytes_at(vec![4; BLOCK], 2 * block);
    let last = async {
        let_go.send(()).expect("it waits");
        Ok::<(), Error>(())
    };
    let (held, first, second, third, fourth, _) = tokio::join!(holder, first, second, third, fourth, last);
    held.expect("it runs").expect("it was let go");
    first.expect("it is aligned");
    assert!(second.expect_err("its length").to_string().contains("multiples"));
    assert!(third.expect_err("its offset").to_string().contains("multiples"));
    fourth.expect("it is aligned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_file_amid_a_block_is_an_end() {
    let (room, engine) = (room(), Engine::builder().start().expect("the engine starts"));
    let path = room.path().join("file");
    let contents = vec![5; 3 * BLOCK + 100];
    fs::write(&path, &contents).expect("there is room");
    for way in WAYS {
        let Some(mut file) = way.open(&engine, &path, false).await else { return };
        let mut all = Vec::new();
        let mut buf = vec![0; 2 * BLOCK];
        loop {
            match File::read(&file, &mut buf).await.expect("it reads") {
                0 => break,
                count => all.extend_from_slice(&buf[..count]),
            }
        }
        assert!(all == contents, "{way:?}: {} bytes", all.len());
        file.rewind().await.expect("a file has a position");
        assert_eq!(file.read_full(16 * BLOCK).await.expect("it reads"), contents, "{way:?}");
        assert_eq!(AsyncReadExt::read(&mut file, &mut buf).await.expect("it is the end"), 0, "{way:?}");
    }
}
