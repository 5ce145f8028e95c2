//! Files that have no positions are read and written in their order, as with std; streams are read, written and
//! copied whole, and waiting for them holds no worker.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::fs;
use std::future::Future;
use std::io::{PipeReader, PipeWriter, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use folio::text::Options;
use folio::{Dir, Engine, File, os};
use folio_testkit::wait::{eventually, soon};
use rustix::event::EventfdFlags;
use rustix::fs::inotify;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::task::JoinHandle;

/// Bytes that no pipe holds unless told otherwise.
const MUCH: usize = 1 << 20;

/// The process has one name and one of everything else, which several tests change.
static PROCESS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A name for one end of a pipe, as a shell makes it for `tool <(command)`.
fn name_of(descriptor: &impl AsRawFd) -> PathBuf {
    format!("/dev/fd/{}", descriptor.as_raw_fd()).into()
}

/// A way to have a path hold some text.
type Way =
    (&'static str, fn(PathBuf, &'static str) -> std::pin::Pin<Box<dyn Future<Output = folio::Result<()>>>>);

/// Every way to write a file of which some are no place for offsets.
const WAYS: [Way; 10] = [
    ("fs::write", |path, text| Box::pin(async move { folio::fs::write(path, text).await })),
    ("fs::write_bytes", |path, text| Box::pin(async move { folio::fs::write_bytes(path, text).await })),
    ("write_all", |path, text| {
        Box::pin(async move { writing(&path).await?.write_all(text.as_bytes()).await })
    }),
    ("write", |path, text| {
        Box::pin(async move { writing(&path).await?.write(text.as_bytes()).await.map(|_| ()) })
    }),
    ("write_bytes", |path, text| Box::pin(async move { writing(&path).await?.write_bytes(text).await })),
    ("append", |path, text| {
        Box::pin(
            async move { File::options().append(true).open(path).await?.write_all(text.as_bytes()).await },
        )
    }),
    ("buffered", |path, text| {
        Box::pin(async move {
            let file = File::options().write(true).buffering(100).open(path).await?;
            file.write_all(text.as_bytes()).await?;
            file.flush().await
        })
    }),
    ("AsyncWrite", |path, text| {
        Box::pin(async move {
            let mut file = writing(&path).await?;
            tokio::io::AsyncWriteExt::write_all(&mut file, text.as_bytes()).await.unwrap();
            tokio::io::AsyncWriteExt::flush(&mut file).await.unwrap();
            Ok(())
        })
    }),
    ("Dir::write", |path, text| {
        Box::pin(async move {
            Dir::open(path.parent().unwrap()).await?.write(path.file_name().unwrap(), text).await
        })
    }),
    ("sendfile", |path, text| {
        Box::pin(async move {
            let source = tempfile::NamedTempFile::new().unwrap();
            fs::write(source.path(), text).unwrap();
            let target = writing(&path).await?;
            os::sendfile(&target, &File::open(source.path()).await?, 0, u64::from(u32::MAX)).await.map(|_| ())
        })
    }),
];

async fn writing(path: &Path) -> folio::Result<File> {
    File::options().write(true).open(path).await
}

#[tokio::test]
async fn files_of_records_that_cannot_be_written_at_an_offset_take_what_std_writes() {
    let _mine = PROCESS.lock().await;
    for path in ["/proc/self/comm", "/proc/self/coredump_filter", "/proc/self/oom_score_adj"] {
        let before = fs::read_to_string(path).unwrap();
        for (way, write) in WAYS {
            // The names and numbers of what each of these files holds are as short as this.
            let text = if path.ends_with("comm") { "renamed" } else { "0x33" };
            let text = if path.ends_with("adj") { "1" } else { text };
            soon(way, write(path.into(), text)).await.unwrap_or_else(|error| panic!("{way}: {error}"));
            let after = fs::read_to_string(path).unwrap();
            assert!(after.trim_end().ends_with(text.trim_start_matches("0x")), "{path} {way}: {after}");
            fs::write(path, before.trim_end()).unwrap();
        }
    }
}

#[tokio::test]
async fn an_offset_is_refused_where_there_is_none() {
    let _mine = PROCESS.lock().await;
    let file = writing("/proc/self/comm".as_ref()).await.unwrap();
    let error = file.write_all_at(b"x", 0).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(29), "{error}");
    file.write_all(b"renamed").await.unwrap();
    let error = file.write_all_at(b"x", 0).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(29), "{error}");
    assert_eq!(fs::read_to_string("/proc/self/comm").unwrap().trim_end(), "renamed");
}

#[tokio::test]
async fn each_write_is_one_request_to_the_kernel() {
    let _mine = PROCESS.lock().await;
    // Two names in one request would be one name.
    let file = writing("/proc/self/comm".as_ref()).await.unwrap();
    let writes: Vec<_> = ["one", "two", "three"].map(|name| file.write_all(name.as_bytes())).into();
    for write in writes {
        write.await.unwrap();
    }
    assert_eq!(fs::read_to_string("/proc/self/comm").unwrap().trim_end(), "three");
    let (one, two) = tokio::join!(file.write_all(b"first"), file.write_all(b"second"));
    one.unwrap();
    two.unwrap();
    let name = fs::read_to_string("/proc/self/comm").unwrap();
    assert!(["first", "second"].contains(&name.trim_end()), "{name}");
}

#[tokio::test]
async fn what_a_program_may_not_write_says_why() {
    // Whether there is such a device, who runs this, and what it takes is the same question to both.
    for path in ["/dev/loop-control", "/proc/pressure/cpu", "/proc/irq/default_smp_affinity", "/proc/version"]
    {
        let expected = fs::File::options().write(true).open(path).and_then(|mut file| file.write_all(b"x"));
        let expected = expected.map_err(|error| error.raw_os_error());
        for (way, write) in WAYS.into_iter().filter(|(way, _)| *way != "sendfile" && *way != "AsyncWrite") {
            let written = soon(way, write(path.into(), "x")).await;
            assert_eq!(written.map_err(|error| error.raw_os_error()), expected, "{path} by {way}");
        }
    }
}

/// Counters and timers of the kernel, which have something to tell now.
fn ready() -> [(&'static str, OwnedFd); 3] {
    let count = rustix::event::eventfd(3, EventfdFlags::empty()).unwrap();
    let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::empty()).unwrap();
    let soon = Timespec { tv_sec: 0, tv_nsec: 1 };
    let never = Timespec { tv_sec: 0, tv_nsec: 0 };
    let once = Itimerspec { it_interval: never, it_value: soon };
    rustix::time::timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once).unwrap();
    let room = tempfile::tempdir().unwrap();
    let watch = inotify::init(inotify::CreateFlags::empty()).unwrap();
    inotify::add_watch(&watch, room.path(), inotify::WatchFlags::CREATE).unwrap();
    fs::write(room.path().join("new"), "").unwrap();
    [("eventfd", count), ("timerfd", timer), ("inotify", watch)]
}

#[tokio::test]
async fn what_the_kernel_counts_and_tells_is_read_in_its_order() {
    for (name, descriptor) in ready() {
        let mut buf = [0; 64];
        let count = soon(name, File::from_std(descriptor.into()).read(&mut buf)).await.unwrap();
        match name {
            "eventfd" => assert_eq!((count, buf[0]), (8, 3)),
            "timerfd" => assert_eq!((count, buf[0]), (8, 1)),
            _ => assert!(count >= 16, "{count}"),
        }
    }
    for (name, descriptor) in ready() {
        let mut file = File::from_std(descriptor.into());
        let mut buf = [0; 64];
        let count = soon(name, tokio::io::AsyncReadExt::read(&mut file, &mut buf)).await.unwrap();
        assert!(count >= 8, "{name}: {count}");
    }
}

#[tokio::test]
async fn who_waits_for_a_counter_holds_no_worker() {
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let count = || rustix::event::eventfd(0, EventfdFlags::empty()).unwrap();
    engine
        .scope(async {
            let idle: Vec<File> = (0..10).map(|_| File::from_std(count().into())).collect();
            let waiting: Vec<_> = idle
                .iter()
                .map(|file| {
                    let file = file.clone();
                    tokio::spawn(async move { file.read_bytes(8).await })
                })
                .collect();
            soon("a write beside them", folio::fs::read_to_string("/proc/self/status")).await.unwrap();
            let room = tempfile::tempdir().unwrap();
            soon("a write beside them", folio::fs::write(room.path().join("file"), "x")).await.unwrap();
            for file in &idle {
                soon("adding to it", file.write_all(&7_u64.to_ne_bytes())).await.unwrap();
            }
            for read in waiting {
                let read = soon("a read that waits", read).await.unwrap().unwrap();
                assert_eq!(&*read, &7_u64.to_ne_bytes());
            }
        })
        .await;
}

#[tokio::test]
async fn a_device_that_never_says_it_has_room_is_written() {
    if fs::File::options().write(true).open("/dev/kmsg").is_err() {
        return;
    }
    for (way, write) in WAYS {
        soon(way, write("/dev/kmsg".into(), "<7>a test of a file library\n"))
            .await
            .unwrap_or_else(|error| panic!("{way}: {error}"));
    }
}

/// Gives `bytes` to a pipe piece by piece, so that its reader has to wait.
fn giver(pipe: PipeWriter, bytes: Vec<u8>) -> JoinHandle<()> {
    let mut pipe = pipe::Sender::from_owned_fd(pipe.into()).unwrap();
    tokio::spawn(async move {
        for piece in bytes.chunks(100_000) {
            pipe.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    })
}

fn taker(pipe: PipeReader) -> JoinHandle<Vec<u8>> {
    let mut pipe = pipe::Receiver::from_owned_fd(pipe.into()).unwrap();
    tokio::spawn(async move {
        let mut all = Vec::new();
        pipe.read_to_end(&mut all).await.unwrap();
        all
    })
}

fn pattern() -> Vec<u8> {
    (0..MUCH).map(|index| b'a' + (index % 23) as u8).collect()
}

#[tokio::test]
async fn a_pipe_is_read_whole() {
    for way in 0..8 {
        let (reader, writer) = std::io::pipe().unwrap();
        let (path, expected) = (name_of(&reader), pattern());
        let given = giver(writer, expected.clone());
        let read = async {
            match way {
                0 => folio::fs::read(&path).await.unwrap(),
                1 => folio::fs::read_to_string(&path).await.unwrap().into_bytes(),
                2 => folio::fs::read_limited(&path, MUCH as u64).await.unwrap(),
                3 => {
                    folio::open(&path, "rb").await.unwrap().binary().unwrap().read(None).await.unwrap().into()
                }
                4 => {
                    folio::open(&path, "rb").await.unwrap().binary().unwrap().readall().await.unwrap().into()
                }
                5 => {
                    let mut text = Options::new().python_mode("r").open(&path).await.unwrap();
                    text.read_to_string().await.unwrap().into_bytes()
                }
                6 => File::open(&path).await.unwrap().read_to_end_limited(usize::MAX).await.unwrap(),
                _ => File::open(&path).await.unwrap().read_full(usize::MAX).await.unwrap().into(),
            }
        };
        let all = soon("reading a pipe", read).await;
        assert!(all == expected, "{way}: {} bytes", all.len());
        given.await.unwrap();
    }
}

#[tokio::test]
async fn a_pipe_that_gives_more_than_the_limit_is_too_long() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"0123456789").unwrap();
    let error = soon("reading", folio::fs::read_limited(name_of(&reader), 9)).await.unwrap_err();
    assert!(error.is_too_long(), "{error}");
}

#[tokio::test]
async fn a_pipe_is_written_whole() {
    let text: &'static str = String::from_utf8(pattern()).unwrap().leak();
    for (way, write) in WAYS.into_iter().filter(|(way, _)| !matches!(*way, "write" | "Dir::write")) {
        let (reader, writer) = std::io::pipe().unwrap();
        let path = name_of(&writer);
        let taken = taker(reader);
        soon(way, write(path, text)).await.unwrap_or_else(|error| panic!("{way}: {error}"));
        drop(writer);
        assert!(soon(way, taken).await.unwrap() == text.as_bytes(), "{way}");
    }
}

#[tokio::test]
async fn a_file_is_copied_into_a_pipe_whose_reader_is_slow() {
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let room = tempfile::tempdir().unwrap();
    let source = room.path().join("source");
    fs::write(&source, pattern()).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let target = name_of(&writer);
    let copied = tokio::spawn({
        let (engine, source) = (engine.clone(), source.clone());
        async move { engine.scope(folio::fs::copy(source, target)).await }
    });
    // Nobody reads yet, so the pipe is full before the only worker is asked for something else.
    eventually("the pipe is full", || rustix::io::ioctl_fionread(&reader).unwrap() >= 65_536).await;
    let beside = engine.scope(folio::fs::write(room.path().join("beside"), "x"));
    soon("a write beside the copy", beside).await.unwrap();
    let taken = taker(reader);
    assert_eq!(soon("the copy", copied).await.unwrap().unwrap(), MUCH as u64);
    drop(writer);
    assert!(soon("the reader", taken).await.unwrap() == pattern());
}

#[tokio::test]
async fn what_is_copied_is_a_file() {
    let room = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    for target in [name_of(&writer), room.path().join("new"), "/dev/null".into()] {
        let error = soon("a copy", folio::fs::copy(name_of(&reader), target)).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
    fs::write(room.path().join("file"), "0123").unwrap();
    let copied = folio::fs::copy(room.path().join("file"), "/dev/null").await.unwrap();
    assert_eq!(copied, 4);
    let generated = folio::fs::copy("/proc/self/status", name_of(&writer)).await.unwrap();
    assert!(generated > 0);
}

#[tokio::test]
async fn a_fifo_waits_for_its_peer_and_no_worker_with_it() {
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let room = tempfile::tempdir().unwrap();
    let dir = engine.scope(Dir::open(room.path())).await.unwrap();
    for below in [false, true] {
        let fifo = room.path().join(format!("fifo {below}"));
        os::mkfifo(&fifo, 0o600).await.unwrap();
        let (path, dir) = (fifo.clone(), dir.clone());
        let name = fifo.file_name().unwrap().to_owned();
        let read = tokio::spawn({
            let (engine, path, dir, name) = (engine.clone(), path.clone(), dir.clone(), name.clone());
            let read = async move { if below { dir.read(name).await } else { folio::fs::read(path).await } };
            async move { engine.scope(read).await }
        });
        engine.scope(folio::fs::write(room.path().join("beside"), "x")).await.unwrap();
        let write = tokio::spawn({
            let engine = engine.clone();
            let text = "through a fifo";
            let write = async move {
                if below { dir.write(name, text).await } else { folio::fs::write(path, text).await }
            };
            async move { engine.scope(write).await }
        });
        soon("the write", write).await.unwrap().unwrap();
        assert_eq!(soon("the read", read).await.unwrap().unwrap(), b"through a fifo", "{below}");
    }
}

#[tokio::test]
async fn a_fifo_that_nobody_reads_yet_is_written_when_somebody_does() {
    let room = tempfile::tempdir().unwrap();
    let fifo = room.path().join("fifo");
    os::mkfifo(&fifo, 0o600).await.unwrap();
    let write = tokio::spawn({
        let fifo = fifo.clone();
        async move { folio::fs::write(fifo, "late").await }
    });
    let mut reader = pipe::OpenOptions::new().open_receiver(&fifo).unwrap();
    let mut all = Vec::new();
    soon("the reader", reader.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all, b"late");
    soon("the write", write).await.unwrap().unwrap();
}
