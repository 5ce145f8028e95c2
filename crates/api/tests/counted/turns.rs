//! What a task does with files before others of its thread get their turn. tokio gives it 128 units, and what each of them
//! pays for is in both `limits.rs` (docs/decisions/0055).

use std::future::{Future, poll_fn};
use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use folio::tempfile::SpooledTemporaryFile;
use folio::text::{Encoding, Options};
use folio::{Buffering, Dir, Engine, File, OpenOptions, fs};
use folio_testkit::Disk;
use folio_testkit::polling::at_once;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::yield_now;

/// Units of a turn.
const UNITS: u64 = 128;
/// Bytes that a unit pays for: copied, and as lines, each of which counts for some more.
const BYTES_PER_UNIT: u64 = 16 * 1024;
const LINE_BYTES_PER_UNIT: u64 = 2 * 1024;
const LINE_OVERHEAD_BYTES: u64 = 32;
/// Entries that a unit pays for.
const ENTRIES_PER_UNIT: u64 = 8;
/// Bytes of the longest read in place.
const IN_PLACE_BYTES_MAX: u64 = 768 * 1024;

/// What a task has done so far.
#[derive(Clone, Default)]
struct Done(Arc<AtomicU64>);

impl Done {
    fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs `work` as a task; returns the most that was done in one poll of it, after which others get their turn.
fn most_in_a_turn<W: Future<Output = ()> + Send + 'static>(work: impl FnOnce(Done) -> W) -> u64 {
    let done = Done::default();
    let mut work = Box::pin(work(done.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system gives a runtime").block_on(async move {
        let mut most = 0;
        let turns = tokio::spawn(poll_fn(move |cx| {
            let before = done.so_far();
            let polled = work.as_mut().poll(cx);
            most = most.max(done.so_far() - before);
            polled.map(|()| most)
        }));
        let most = turns.await.expect("it does not panic");
        assert!(most > 0, "nothing was done");
        most
    })
}

/// Like [`most_in_a_turn`], which must be at most this.
#[track_caller]
fn check<W: Future<Output = ()> + Send + 'static>(what: &str, limit: u64, work: impl FnOnce(Done) -> W) {
    let most = most_in_a_turn(work);
    assert!(most <= limit, "{what}: {most} in one turn, at most {limit} are allowed");
}

/// A disk with one file, and an engine on it.
fn disk_with(path: &str, bytes: Vec<u8>) -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put(path, bytes);
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().expect("the engine starts");
    (disk, engine)
}

fn open(engine: &Engine) -> impl Future<Output = File> + Send + 'static {
    let engine = engine.clone();
    async move {
        let mut options = OpenOptions::new();
        options.read(true).write(true).open_on(&engine, "/file").await.expect("it was put there")
    }
}

/// What a turn may take of lines: the last of them may be begun with the last unit.
const LINES_LIMIT: u64 = UNITS * LINE_BYTES_PER_UNIT + 4 * 1024;

/// What a line counts for.
fn cost(len: usize) -> u64 {
    len as u64 + LINE_OVERHEAD_BYTES
}

#[test]
fn lines_of_a_text_let_others_go_on() {
    let usual = "forty letters or so, as in many a log file\n".repeat(20_000);
    let short = "\n".repeat(50_000);
    let long = format!("{}\n", "x".repeat(4_000)).repeat(200);
    for text in [usual, short, long] {
        let (_disk, engine) = disk_with("/file", text.into_bytes());
        let open = || {
            let engine = engine.clone();
            async move { Options::new().read(true).open_on(&engine, "/file").await.expect("it was put there") }
        };
        let file = open();
        check("a stream of lines", LINES_LIMIT, |done| async move {
            let mut lines = file.await.lines();
            while let Some(line) = StreamExt::next(&mut lines).await {
                done.add(cost(line.expect("it is UTF-8").len()));
            }
        });
        let file = open();
        check("lines one by one", LINES_LIMIT, |done| async move {
            let mut file = file.await;
            while let Some(line) = file.next_line().await.expect("it is UTF-8") {
                done.add(cost(line.len()));
            }
        });
        let file = open();
        check("parts of lines", LINES_LIMIT, |done| async move {
            let mut file = file.await;
            loop {
                let part = file.readline(Some(20)).await.expect("it is UTF-8");
                if part.is_empty() {
                    break;
                }
                done.add(cost(part.len()));
            }
        });
    }
}

#[test]
fn text_that_is_converted_lets_others_go_on() {
    let (mut bytes, line) = (Vec::new(), [0xd6, 0xd0, 0xce, 0xc4, b'\n']);
    bytes.extend(std::iter::repeat_n(line, 100_000).flatten());
    let (_disk, engine) = disk_with("/file", bytes);
    check("converted text", 2 * UNITS * LINE_BYTES_PER_UNIT, |done| async move {
        let mut options = Options::new();
        options.read(true).encoding(Encoding::for_name("gb18030").expect("the library has it"));
        let mut file = options.open_on(&engine, "/file").await.expect("it was put there");
        loop {
            let text = file.read(1_000).await.expect("it is GB 18030");
            if text.is_empty() {
                break;
            }
            // Two bytes a character, and a byte a line.
            done.add(text.len() as u64 / 3 * 2);
        }
    });
}

#[test]
fn reads_in_place_let_others_go_on() {
    let (_disk, engine) = disk_with("/file", vec![7; 16 << 20]);
    let limit = UNITS * BYTES_PER_UNIT + IN_PLACE_BYTES_MAX;
    for len in [4 * 1024, 64 * 1024, 1 << 20] {
        let file = open(&engine);
        check("reads at the cursor", limit, |done| async move {
            let (file, mut buf) = (file.await, vec![0; len]);
            loop {
                let count = file.read(&mut buf).await.expect("the disk reads");
                if count == 0 {
                    break;
                }
                done.add(count as u64);
            }
        });
        let file = open(&engine);
        check("reads by tokio's trait", limit, |done| async move {
            let (mut file, mut buf) = (file.await, vec![0; len]);
            loop {
                let count = AsyncReadExt::read(&mut file, &mut buf).await.expect("the disk reads");
                if count == 0 {
                    break;
                }
                done.add(count as u64);
            }
        });
        let file = open(&engine);
        check("bytes at offsets", limit, |done| async move {
            let file = file.await;
            for index in 0..200 {
                let offset = (index * len) as u64 % (8 << 20);
                done.add(file.read_bytes_at(offset, len).await.expect("the disk reads").len() as u64);
            }
        });
    }
    let file = open(&engine);
    check("lines of bytes", UNITS, |done| async move {
        let file = file.await;
        for _ in 0..2_000 {
            file.read_until(b'\n', 10).await.expect("the disk reads");
            done.add(1);
        }
    });
}

#[test]
fn whole_files_let_others_go_on() {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    let path = dir.path().join("file");
    std::fs::write(&path, vec![7; 700_000]).expect("the temporary directory takes files");
    let limit = UNITS * BYTES_PER_UNIT + IN_PLACE_BYTES_MAX;
    let read = path.clone();
    check("whole files", limit, |done| async move {
        for _ in 0..50 {
            done.add(fs::read(&read).await.expect("it reads").len() as u64);
        }
    });
    check("attributes", UNITS, |done| async move {
        for _ in 0..2_000 {
            fs::metadata(&path).await.expect("it is there");
            done.add(1);
        }
    });
}

/// A tree with so many files in its one directory, and its root.
fn tree(files: usize) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("the system has room for temporary files");
    for index in 0..files {
        std::fs::write(dir.path().join(format!("file-{index}")), "").expect("the directory takes files");
    }
    let root = dir.path().to_owned();
    (dir, root)
}

#[test]
fn entries_of_directories_let_others_go_on() {
    let (_dir, root) = tree(3_000);
    let limit = (UNITS + 1) * ENTRIES_PER_UNIT;
    let walked = root.clone();
    check("entries of a walk", limit, |done| async move {
        let mut walk = fs::walk(walked);
        while let Some(entry) = walk.next().await {
            entry.expect("it is there");
            done.add(1);
        }
    });
    let searched = root.clone();
    check("paths of a search", UNITS, |done| async move {
        let mut glob = fs::rglob(searched, "file-*").expect("it is a pattern");
        while let Some(path) = glob.next().await {
            path.expect("it is there");
            done.add(1);
        }
    });
    let listed = root.clone();
    check("entries of a listing", limit, |done| async move {
        let mut listing = fs::read_dir(listed).await.expect("it is there");
        while listing.next_entry().await.expect("it is there").is_some() {
            done.add(1);
        }
    });
    check("names in an open directory", limit, |done| async move {
        let dir = Dir::open(root).await.expect("it is there");
        let mut names = dir.entries();
        while let Some(name) = names.next().await {
            name.expect("it is there");
            done.add(1);
        }
    });
}

/// However fast a worker answers a caller that looks out for it.
#[test]
fn writes_let_others_go_on() {
    let (_disk, engine) = disk_with("/file", Vec::new());
    let file = open(&engine);
    check("appends", UNITS, |done| async move {
        let file = file.await;
        for _ in 0..2_000 {
            file.append_bytes(&b"record"[..]).await.expect("the disk takes it");
            done.add(1);
        }
    });
    for len in [1, 512, 64 * 1024] {
        let engine = engine.clone();
        // One more is accepted without a unit, and pays for it afterwards.
        let limit = (UNITS + 1).min(UNITS * BYTES_PER_UNIT / len + 2);
        check("buffered writes", limit, |done| async move {
            let mut options = OpenOptions::new();
            options.write(true).buffering(Buffering::Default);
            let file = options.open_on(&engine, "/file").await.expect("it was put there");
            let bytes = bytes::Bytes::from(vec![7; usize::try_from(len).expect("it is small")]);
            for _ in 0..500 {
                file.write_all(&bytes).await.expect("the disk takes it");
                done.add(1);
                file.write_bytes(bytes.clone()).await.expect("the disk takes it");
                done.add(1);
            }
        });
    }
}

#[test]
fn a_file_in_memory_lets_others_go_on() {
    let spool = |bytes: usize| async move {
        let mut spool = SpooledTemporaryFile::new(16 << 20);
        spool.write_all(&b"a line\n".repeat(bytes / 7)).await.expect("memory takes it");
        spool.seek(SeekFrom::Start(0)).await.expect("it has a beginning");
        spool
    };
    check("lines in memory", LINES_LIMIT, |done| async move {
        let mut spool = spool(1 << 20).await;
        loop {
            let line = spool.readline(None).await.expect("it is in memory");
            if line.is_empty() {
                break;
            }
            done.add(cost(line.len()));
        }
    });
    check("reads and writes in memory", LINES_LIMIT, |done| async move {
        let mut spool = spool(1 << 20).await;
        let mut buf = [0; 100];
        for _ in 0..5_000 {
            done.add(cost(spool.read(&mut buf).await.expect("it is in memory")));
            spool.write_all(&buf[..10]).await.expect("it is in memory");
            done.add(cost(10));
        }
    });
    check("reads and writes in memory by tokio's traits", LINES_LIMIT, |done| async move {
        let mut spool = spool(1 << 20).await;
        let mut buf = [0; 100];
        for _ in 0..5_000 {
            let count = AsyncReadExt::read(&mut spool, &mut buf).await.expect("it is in memory");
            done.add(cost(count));
            AsyncWriteExt::write_all(&mut spool, &buf[..10]).await.expect("it is in memory");
            done.add(cost(10));
        }
    });
}

/// The other side: a turn that is spent is not cut short, or changing tasks would cost more than the work.
#[test]
fn a_turn_is_used_up() {
    let text = "forty letters or so, as in many a log file\n".repeat(40_000);
    let most = most_in_a_turn(|done| async move {
        let mut spool = SpooledTemporaryFile::new(16 << 20);
        spool.write_all(text.as_bytes()).await.expect("memory takes it");
        spool.seek(SeekFrom::Start(0)).await.expect("it has a beginning");
        while !spool.readline(None).await.expect("it is in memory").is_empty() {
            done.add(cost(43));
        }
    });
    assert!(most > UNITS * LINE_BYTES_PER_UNIT / 2, "{most} in one turn");
}

/// Takes steps of a single poll each until one returns `None`, so that a step that waits for its turn is dropped there.
/// Returns the answers, and how many steps were dropped.
async fn in_single_polls<T>(mut step: impl AsyncFnMut() -> Option<T>) -> (Vec<T>, u64) {
    let (mut all, mut dropped) = (Vec::new(), 0);
    loop {
        match at_once(step()) {
            Some(Some(one)) => all.push(one),
            Some(None) => return (all, dropped),
            None => {
                dropped += 1;
                yield_now().await;
            }
        }
    }
}

/// A wait for the next turn comes before anything is taken.
#[tokio::test]
async fn a_step_that_is_dropped_while_it_waits_for_its_turn_loses_nothing() {
    let text: String = (0..20_000).map(|index| format!("line {index}\n")).collect();
    let (_disk, engine) = disk_with("/file", text.clone().into_bytes());

    let mut lines =
        Options::new().read(true).open_on(&engine, "/file").await.expect("it was put there").lines();
    let (read, dropped) = in_single_polls(async || lines.next().await).await;
    let read: Vec<String> = read.into_iter().map(|line| line.expect("it is UTF-8")).collect();
    assert!(
        read.iter().eq(text.lines().collect::<Vec<_>>().iter()) && dropped > 0,
        "lines, {dropped} dropped"
    );

    let file = open(&engine).await;
    let read = async || {
        Some(file.read_bytes(1_000).await.expect("the disk reads")).filter(|bytes| !bytes.is_empty())
    };
    let (read, dropped) = in_single_polls(read).await;
    assert!(read.concat() == text.as_bytes() && dropped > 0, "bytes, {dropped} dropped");

    let mut file = open(&engine).await;
    let mut buf = [0; 1_000];
    let read = async || match AsyncReadExt::read(&mut file, &mut buf).await.expect("the disk reads") {
        0 => None,
        count => Some(buf[..count].to_vec()),
    };
    let (read, dropped) = in_single_polls(read).await;
    assert!(read.concat() == text.as_bytes() && dropped > 0, "by tokio's trait, {dropped} dropped");

    let mut spool = SpooledTemporaryFile::new(16 << 20);
    spool.write_all(text.as_bytes()).await.expect("memory takes it");
    spool.seek(SeekFrom::Start(0)).await.expect("it has a beginning");
    let read =
        async || Some(spool.readline(None).await.expect("it is in memory")).filter(|line| !line.is_empty());
    let (read, dropped) = in_single_polls(read).await;
    assert!(read.concat() == text.as_bytes() && dropped > 0, "in memory, {dropped} dropped");
}

/// Other executors give no budget, and nothing waits for one.
#[test]
fn outside_of_tokio_a_step_never_waits_for_a_turn() {
    let (_disk, engine) = disk_with("/file", b"a line\n".repeat(20_000));
    let file = futures::executor::block_on(open(&engine));
    let mut read = 0;
    while read < 140_000 {
        read += at_once(file.read_bytes(100)).expect("it is done in place").expect("the disk reads").len();
    }
    let mut spool = SpooledTemporaryFile::new(1 << 20);
    for _ in 0..20_000 {
        at_once(spool.write_all(b"a line\n")).expect("it is in memory").expect("memory takes it");
    }
}
