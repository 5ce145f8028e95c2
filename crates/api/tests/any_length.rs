//! Any number is a length and an offset: nothing aborts, panics or hangs for it, whoever chose it.
//!
//! Every function that takes one, with numbers from 0 to the largest, on a file in the page cache, on one that has
//! left it, and on a tmpfs, where no read is answered in place.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::fs;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::path::{Path, PathBuf};

use folio::actor::{ReadAt, SetLen, WriteAt};
use folio::os::{Advice, Allocation};
use folio::tempfile::SpooledTemporaryFile;
use folio::text::{Options, TextFile};
use folio::{Buffering, Engine, Error, File, os, wrap};
use folio_testkit::wait::PATIENCE;
use futures_core::Stream;
use tokio::io::AsyncReadExt;

/// Both halves of every width a number may be squeezed into, and their edges.
const NUMBERS: [u64; 10] = [
    0,
    1,
    1 << 31,
    u32::MAX as u64,
    1 << 40,
    i64::MAX as u64 - 1,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

const CONTENTS: &[u8] = b"ab\ncd\n";

/// Bytes that one read may answer.
const READ_BYTES_MAX: u64 = 4 << 20;

/// Where the file is when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    Warm,
    Cold,
    Tmpfs,
}

const GROUNDS: [Ground; 3] = [Ground::Warm, Ground::Cold, Ground::Tmpfs];

/// A directory for the files of one test.
struct Room {
    dir: tempfile::TempDir,
    ground: Ground,
}

impl Room {
    fn new(ground: Ground) -> Room {
        let dir = match ground {
            Ground::Warm | Ground::Cold => tempfile::tempdir(),
            Ground::Tmpfs => tempfile::tempdir_in("/dev/shm"),
        };
        Room { dir: dir.unwrap(), ground }
    }

    /// A fresh file: one that failed before has something to report.
    async fn path(&self) -> PathBuf {
        let path = self.dir.path().join("file");
        drop(fs::remove_file(&path));
        fs::write(&path, CONTENTS).unwrap();
        self.chill(&path).await;
        path
    }

    async fn chill(&self, path: &Path) {
        if self.ground == Ground::Cold {
            let file = File::open(path).await.unwrap();
            file.sync_all().await.unwrap();
            file.fadvise(Advice::DontNeed, 0, 0).await.unwrap();
        }
    }

    async fn file(&self) -> File {
        File::options().read(true).write(true).open(self.path().await).await.unwrap()
    }

    async fn text(&self) -> TextFile {
        Options::new().python_mode("r+").open(self.path().await).await.unwrap()
    }
}

/// An answer, or a refusal that says what is wrong; it never cost a worker its job.
fn calm<T, E: Into<Error>>(what: &str, number: u64, result: Result<T, E>) -> Option<T> {
    match result.map_err(Into::into) {
        Ok(answer) => Some(answer),
        Err(error) => {
            assert!(!error.is_panicked() && !error.is_closed(), "{what}({number}): {error}");
            None
        }
    }
}

/// What a read of `len` bytes from `offset` on has to give.
fn part(len: u64, offset: u64) -> &'static [u8] {
    let rest = usize::try_from(offset).ok().and_then(|offset| CONTENTS.get(offset..)).unwrap_or_default();
    &rest[..rest.len().min(usize::try_from(len).unwrap_or(usize::MAX))]
}

fn line(len: u64) -> &'static [u8] {
    let part = part(len, 0);
    &part[..part.len().min(3)]
}

/// Runs `case` for every number on every ground, on an engine of its own: what is asked to be that long is admitted
/// alone, and messages of other tests would be refused meanwhile.
async fn check(mut case: impl AsyncFnMut(&Room, u64)) {
    let engine = Engine::builder().start().unwrap();
    for ground in GROUNDS {
        let room = Room::new(ground);
        for number in NUMBERS {
            let run = tokio::time::timeout(PATIENCE, engine.scope(case(&room, number)));
            run.await.unwrap_or_else(|_| panic!("{ground:?}, {number}: it hangs"));
        }
    }
}

#[tokio::test]
async fn any_length_of_a_read_answers_what_there_is() {
    check(async |room, number| {
        let len = number as usize;
        let got = async |what: &str, read: folio::Result<bytes::Bytes>, expected: &[u8]| {
            let read = read.unwrap_or_else(|error| panic!("{what}({number}) {:?}: {error}", room.ground));
            assert_eq!(read, expected, "{what}({number}) {:?}", room.ground);
        };
        got("read_bytes", room.file().await.read_bytes(len).await, part(number, 0)).await;
        got("read_bytes_at", room.file().await.read_bytes_at(0, len).await, part(number, 0)).await;
        got("read_bytes_at", room.file().await.read_bytes_at(2, len).await, part(number, 2)).await;
        got("read_full", room.file().await.read_full(len).await, part(number, 0)).await;
        got("peek", room.file().await.peek(len).await, part(number, 0)).await;
        got("read_until", room.file().await.read_until(b'\n', len).await, line(number)).await;
        got("read_until", room.file().await.read_until(b'x', len).await, part(number, 0)).await;
        let asked = ReadAt { offset: 0, len };
        let told = room.file().await.actor().unwrap().ask(asked).await.unwrap();
        assert_eq!(told, part(number, 0), "ReadAt({number})");
        let all = room.file().await.read_to_end_limited(len).await;
        assert_eq!(all.is_ok(), len >= CONTENTS.len(), "read_to_end_limited({number})");
        let all = folio::fs::read_limited(room.path().await, number).await;
        assert_eq!(all.is_ok(), len >= CONTENTS.len(), "fs::read_limited({number})");
        let mut ranged = Vec::new();
        room.file().await.reader(..number).read_to_end(&mut ranged).await.unwrap();
        assert_eq!(ranged, part(number, 0), "reader(..{number})");
    })
    .await;
}

#[tokio::test]
async fn any_length_is_one_for_binary_and_text_files_too() {
    check(async |room, number| {
        let len = number as usize;
        let open = async |mode: &str| folio::open(room.path().await, mode).await.unwrap().binary().unwrap();
        assert_eq!(open("rb").await.read(Some(len)).await.unwrap(), part(number, 0));
        assert_eq!(open("rb").await.read1(Some(len)).await.unwrap(), part(number, 0));
        assert_eq!(open("rb").await.readline(Some(len)).await.unwrap(), line(number));
        assert!(!open("rb").await.readlines(Some(len)).await.unwrap().is_empty());
        let mut lines = open("rb").await.lines().line_limit(len);
        let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut lines).poll_next(cx));
        calm("line_limit", number, next.await.transpose());
        assert_eq!(room.text().await.read(len).await.unwrap().as_bytes(), part(number, 0));
        assert_eq!(room.text().await.readline(Some(len)).await.unwrap().as_bytes(), line(number));
        assert!(!room.text().await.readlines(Some(len)).await.unwrap().is_empty());
        let limited = Options::new().python_mode("r").line_limit(len).open(room.path().await).await;
        calm("line_limit", number, limited.unwrap().next_line().await);
    })
    .await;
}

#[tokio::test]
async fn any_offset_of_a_read_answers_what_is_there() {
    check(async |room, number| {
        let file = room.file().await;
        let at = |what: &str, read: Option<Vec<u8>>| {
            // The kernel refuses a read that would end beyond the largest offset, even of nothing.
            let refused = number > i64::MAX as u64 - READ_BYTES_MAX;
            assert!(read.as_deref().is_none_or(|read| read == part(u64::MAX, number)), "{what}({number})");
            assert!(read.is_some() || refused, "{what}({number}) is refused");
        };
        let bytes = calm("read_bytes_at", number, file.read_bytes_at(number, 10).await);
        at("read_bytes_at", bytes.map(Vec::from));
        let bytes = calm("read_bytes_at", number, file.read_bytes_at(number, usize::MAX).await);
        at("read_bytes_at", bytes.map(Vec::from));
        let told = file.actor().unwrap().ask(ReadAt { offset: number, len: usize::MAX }).await;
        at("ReadAt", told.ok().map(Vec::from));
        let mut room_made = [0; 10];
        let count = calm("read_at", number, file.read_at(&mut room_made, number).await);
        at("read_at", count.map(|count| room_made[..count].to_vec()));
        calm("read_exact_at", number, file.read_exact_at(&mut room_made, number).await);
        let halves = room_made.split_at_mut(5);
        let bufs = &mut [IoSliceMut::new(halves.0), IoSliceMut::new(halves.1)];
        calm("read_vectored_at", number, file.read_vectored_at(bufs, number).await);
        let mut behind = Vec::new();
        let count = file.reader(number..).read_to_end(&mut behind).await.ok();
        at("reader", count.map(|_| behind.clone()));
        let count = calm("Reader::read", number, file.reader(number..=number).read(&mut room_made).await);
        assert!(count.is_none_or(|count| count <= 1), "a range of one byte");
    })
    .await;
}

#[tokio::test]
async fn any_offset_of_a_write_is_obeyed_or_refused() {
    check(async |room, number| {
        for which in 0..7 {
            let path = room.path().await;
            let file = File::options().read(true).write(true).open(&path).await.unwrap();
            let written = match which {
                0 => calm("write_at", number, file.write_at(b"X", number).await).is_some(),
                1 => calm("write_all_at", number, file.write_all_at(b"X", number).await).is_some(),
                2 => calm("write_bytes_at", number, file.write_bytes_at("X", number).await).is_some(),
                3 => calm("try_write_bytes_at", number, file.try_write_bytes_at("X", number).await).is_some(),
                4 => {
                    let bufs = [IoSlice::new(b""), IoSlice::new(b"X")];
                    calm("write_vectored_at", number, file.write_vectored_at(&bufs, number).await).is_some()
                }
                5 => {
                    let told = WriteAt { bytes: "X".into(), offset: number };
                    file.actor().unwrap().ask(told).await.is_ok()
                }
                _ => match file.seek(SeekFrom::Start(number)).await {
                    Ok(reached) => {
                        assert_eq!(reached, number);
                        calm("write_all", number, file.write_all(b"X").await).is_some()
                    }
                    Err(_) => false,
                },
            };
            let len = fs::metadata(&path).unwrap().len();
            let expected =
                if written { (number + 1).max(CONTENTS.len() as u64) } else { CONTENTS.len() as u64 };
            assert_eq!(len, expected, "{which}: {number} {:?}", room.ground);
        }
    })
    .await;
}

#[tokio::test]
async fn any_length_that_a_file_cannot_have_is_refused() {
    check(async |room, number| {
        for which in 0..5 {
            let path = room.path().await;
            let set = match which {
                0 => calm("set_len", number, room_file(&path).await.set_len(number).await).is_some(),
                1 => room_file(&path).await.actor().unwrap().ask(SetLen { len: number }).await.is_ok(),
                2 => {
                    let file = folio::open(&path, "r+b").await.unwrap().binary().unwrap();
                    calm("truncate", number, file.truncate(Some(number)).await).is_some()
                }
                3 => {
                    let mut file = folio::open(&path, "r+").await.unwrap().text().unwrap();
                    calm("truncate", number, file.truncate(Some(number)).await).is_some()
                }
                _ => {
                    let file = folio::open(&path, "r+b").await.unwrap().binary().unwrap();
                    let put = file.seek(SeekFrom::Start(number)).await.is_ok();
                    put && calm("truncate at the cursor", number, file.truncate(None).await).is_some()
                }
            };
            let len = fs::metadata(&path).unwrap().len();
            assert_eq!(len, if set { number } else { CONTENTS.len() as u64 }, "{which}: {number}");
        }
    })
    .await;
}

async fn room_file(path: &Path) -> File {
    File::options().read(true).write(true).open(path).await.unwrap()
}

#[tokio::test]
async fn any_range_is_one_to_advise_to_give_back_and_to_send() {
    check(async |room, number| {
        let file = room.file().await;
        calm("fadvise", number, file.fadvise(Advice::WillNeed, 0, number).await);
        calm("fadvise", number, file.fadvise(Advice::WillNeed, number, number).await);
        // Not of the first length: most disks could hold that, and would.
        calm("fallocate", number, file.fallocate(Allocation::PunchHole, number, 1).await);
        calm("fallocate", number, room.file().await.fallocate(Allocation::PunchHole, 0, number).await);
        calm("fallocate", number, room.file().await.fallocate(Allocation::Extend, number, 1).await);
        let target = File::create(room.dir.path().join("target")).await.unwrap();
        let sent = calm("sendfile", number, os::sendfile(&target, &room.file().await, 0, number).await);
        assert!(sent.is_none_or(|sent| sent == part(number, 0).len() as u64), "{number}: {sent:?}");
        calm("sendfile", number, os::sendfile(&target, &room.file().await, number, 10).await);
        calm("seek", number, target.seek(SeekFrom::Start(number)).await);
        calm("sendfile", number, os::sendfile(&target, &room.file().await, 0, 10).await);
        let by = number as i64;
        calm("seek", number, room.file().await.seek(SeekFrom::End(by)).await);
        calm("seek", number, room.file().await.seek(SeekFrom::Current(by)).await);
        calm("text seek", number, room.text().await.seek(SeekFrom::Start(number)).await);
    })
    .await;
}

#[tokio::test]
async fn any_length_and_offset_is_one_for_objects_and_streams() {
    for number in NUMBERS {
        let len = number as usize;
        let seekable = async || wrap::read_seek(std::io::Cursor::new(CONTENTS)).open().await.unwrap();
        let ordered = async || wrap::reader(CONTENTS).open().await.unwrap();
        assert_eq!(seekable().await.read_bytes(len).await.unwrap(), part(number, 0));
        assert_eq!(seekable().await.read_full(len).await.unwrap(), part(number, 0));
        assert_eq!(seekable().await.peek(len).await.unwrap(), part(number, 0));
        calm("wrap", number, seekable().await.read_bytes_at(number, len).await);
        assert_eq!(ordered().await.read_bytes(len).await.unwrap(), part(number, 0));
        assert_eq!(ordered().await.read_full(len).await.unwrap(), part(number, 0));
        let looked = ordered().await;
        assert_eq!(looked.peek(len).await.unwrap(), part(number, 0));
        assert_eq!(looked.read_full(usize::MAX).await.unwrap(), CONTENTS);
        let piped = || {
            let (reader, mut writer) = std::io::pipe().unwrap();
            std::io::Write::write_all(&mut writer, CONTENTS).unwrap();
            File::from_std(std::os::fd::OwnedFd::from(reader).into())
        };
        assert_eq!(piped().read_bytes(len).await.unwrap(), part(number, 0));
        assert_eq!(piped().read_full(len).await.unwrap(), part(number, 0));
        assert_eq!(piped().peek(len).await.unwrap(), part(number, 0));
        assert_eq!(piped().read_until(b'\n', len).await.unwrap(), line(number));
        assert!(piped().read_bytes_at(number, len).await.is_err());
    }
}

#[tokio::test]
async fn any_length_is_one_for_spooled_files_and_buffers() {
    for number in NUMBERS {
        let len = number as usize;
        let mut spool = SpooledTemporaryFile::new(u64::MAX);
        calm("set_len", number, spool.set_len(number).await);
        let mut spool = SpooledTemporaryFile::new(number);
        spool.write_all(CONTENTS).await.unwrap();
        spool.seek(SeekFrom::Start(0)).await.unwrap();
        assert_eq!(spool.readline(Some(len)).await.unwrap(), line(number));
        assert!(!spool.readlines(Some(len)).await.unwrap().is_empty());
        if spool.seek(SeekFrom::Start(number)).await.is_ok() {
            calm("write", number, spool.write_all(b"X").await);
        }
        let mut spool = SpooledTemporaryFile::new(u64::MAX);
        if spool.seek(SeekFrom::Start(number)).await.is_ok() {
            calm("write", number, spool.write_all(b"X").await);
        }
        let room = Room::new(Ground::Warm);
        let path = room.path().await;
        let buffered =
            File::options().write(true).buffering(Buffering::Bytes(len)).open(&path).await.unwrap();
        buffered.write_all(b"X").await.unwrap();
        buffered.close().await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"Xb\ncd\n");
    }
}

#[tokio::test]
async fn a_file_that_is_really_that_long_is_read_in_pieces_or_refused() {
    for ground in GROUNDS {
        let room = Room::new(ground);
        let path = room.path().await;
        let file = room_file(&path).await;
        file.set_len(1 << 43).await.unwrap();
        let once = file.read_bytes_at(0, usize::MAX).await.unwrap();
        assert!(once.len() as u64 <= READ_BYTES_MAX && once.starts_with(CONTENTS), "{}", once.len());
        let refused = folio::fs::read_limited(&path, 1 << 20).await.unwrap_err();
        assert!(refused.is_too_long(), "{refused}");
    }
}
