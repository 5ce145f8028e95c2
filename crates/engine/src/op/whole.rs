//! Whole files: read all, write all, copy.

use std::io::{self, ErrorKind, IoSlice};
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::replace::{Draft, Drafts, Replacing, Wanted};
use super::{At, PathOp, PathRequest, Subject};
use crate::budget;
use crate::error::Operation;
use crate::limits::{FIRST_ROOM_BYTES, FIRST_ROOM_BYTES_MAX, IN_PLACE_BYTES_MAX, WHOLE_BYTES_UNCOUNTED};
use crate::storage::{AsyncFile, Links, Nature, OpenRequest, Opened, StorageFile};

/// The outcome of a request about a whole file.
#[derive(Debug)]
pub enum Whole<T> {
    /// The request is complete.
    Done(T),
    /// The file is a stream and has to be driven by readiness. It must not be opened again: a FIFO's peer would take
    /// the second opening for another reader or writer.
    Stream(Opened),
}

/// The outcome of reading a whole file.
#[derive(Debug)]
pub enum ReadWhole {
    /// The contents of the file.
    Contents(Vec<u8>),
    /// The file has so many bytes, which have to be admitted first: see [`read_admitted`].
    Long(u64, Reopen),
}

/// How a long file is opened once its bytes are admitted: again, since a descriptor may not be held while the permit is waited
/// for. On a storage whose calls answer later there is none, and an opening is a request.
#[derive(Clone, Debug, Default)]
pub struct Reopen {
    opened: Option<(Arc<dyn AsyncFile>, u64)>,
}

/// Reads a whole file of at most `limit` bytes; `None` for as many as memory holds. For a long file only the length is
/// returned.
pub fn read(at: impl Into<At>, limit: Option<u64>) -> impl PathRequest<Reply = Whole<ReadWhole>> {
    PathOp::new(Operation::Read, at.into(), move |storage, at: At| {
        let (names, path) = at.names(storage);
        let opened = names.open(path, &reading())?;
        let expected = limit.map_or(opened.len, |limit| limit.min(opened.len));
        if expected > WHOLE_BYTES_UNCOUNTED && !waits_for_peers(&opened) {
            return Ok(Whole::Done(ReadWhole::Long(expected, Reopen::default())));
        }
        read_opened(opened, limit)
    })
    .later(move |storage, at: At| async move {
        let opened = storage.open(at.path(), &reading()).await?;
        let Some(file) = opened.file.asynchronous() else { return Err(ErrorKind::Unsupported.into()) };
        let expected = limit.map_or(opened.len, |limit| limit.min(opened.len));
        if expected > WHOLE_BYTES_UNCOUNTED {
            let reopen = Reopen { opened: Some((file.clone(), opened.len)) };
            return Ok(Whole::Done(ReadWhole::Long(expected, reopen)));
        }
        read_later(&**file, opened.len, limit).await
    })
    .in_place(move |storage, at| {
        let opened = match storage.open_cached(at.of_process()?, &reading())? {
            Ok(opened) => opened,
            Err(error) => return Some(Err(error)),
        };
        if waits_for_peers(&opened) {
            return Some(Ok(Whole::Stream(opened)));
        }
        Some(read_small_now(&opened, limit)?.map(|bytes| Whole::Done(ReadWhole::Contents(bytes))))
    })
    .again()
}

/// Reads a file as [`read`] does, however long, and counts for `bytes` while it waits and runs. No descriptor is
/// held meanwhile: as many as wait for bytes would take all there are.
pub fn read_admitted(
    at: impl Into<At>,
    limit: Option<u64>,
    bytes: u64,
    reopen: Reopen,
) -> impl PathRequest<Reply = Whole<ReadWhole>> {
    PathOp::new(Operation::Read, at.into(), move |storage, at: At| {
        let (names, path) = at.names(storage);
        read_opened(names.open(path, &reading())?, limit)
    })
    .later(move |_, _| async move {
        let Some((file, len)) = reopen.opened else { return Err(ErrorKind::Unsupported.into()) };
        read_later(&*file, len, limit).await
    })
    .again()
    .holding(usize::try_from(bytes).unwrap_or(usize::MAX))
}

/// The request that opens a file to be read as a whole.
pub(crate) fn reading() -> OpenRequest {
    OpenRequest { read: true, ..OpenRequest::default() }
}

/// The request that opens a file to be written as a whole.
pub(crate) fn writing() -> OpenRequest {
    OpenRequest { write: true, create: true, truncate: true, ..OpenRequest::default() }
}

fn read_opened(opened: Opened, limit: Option<u64>) -> io::Result<Whole<ReadWhole>> {
    if waits_for_peers(&opened) {
        return Ok(Whole::Stream(opened));
    }
    read_to_end(&*opened.file, opened.len, limit).map(|bytes| Whole::Done(ReadWhole::Contents(bytes)))
}

/// What came of opening a file to write it as a whole: it can be written, or it is a stream.
pub(crate) type Begun = Result<Overwrite, Opened>;

/// Opens a file empty, to be written as a whole.
pub(crate) fn overwrite(at: At) -> impl PathRequest<Reply = Begun> {
    PathOp::new(Operation::Write, at, |storage, at: At| {
        let (names, path) = at.names(storage);
        names.open(path, &writing()).map(Overwrite::begin)
    })
    .later(|storage, at| async move { storage.open(at.path(), &writing()).await.map(Overwrite::begin) })
    .again()
}

/// Creates the draft of a file that is to be replaced as a whole.
pub(crate) fn replace(at: At, drafts: Drafts, how: Replacing) -> impl PathRequest<Reply = Begun> {
    PathOp::new(Operation::Replace, Wanted { at, drafts, how }, |storage, Wanted { at, drafts, how }| {
        let path = at.names(storage).1.to_owned();
        let (opened, draft) = Draft::begin(at, &path, drafts, how)?;
        Ok(Ok(Overwrite { file: opened.file, written: 0, draft: Some(draft) }))
    })
    .later(|storage, Wanted { at, how, .. }| async move {
        how.check_later()?;
        storage.replace(at.path(), how.refuses_taken).await.map(Overwrite::begin)
    })
    .again()
}

/// A file that is being written as a whole. Without a draft this is not atomic: a crash can leave any part of it.
pub(crate) struct Overwrite {
    file: Box<dyn StorageFile>,
    written: usize,
    /// What takes the name at the end.
    draft: Option<Draft>,
}

impl Overwrite {
    /// Begins with a file that was opened empty. Returns a stream as `Err`: it has to be driven by readiness.
    pub(crate) fn begin(opened: Opened) -> Result<Overwrite, Opened> {
        if waits_for_peers(&opened) {
            return Err(opened);
        }
        Ok(Overwrite { file: opened.file, written: 0, draft: None })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.file.write_on(&[IoSlice::new(rest)], self.written as u64) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count;
                    rest = &rest[count..];
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes like [`write`](Overwrite::write), on a storage whose calls answer later.
    pub(crate) async fn write_later(&mut self, bytes: Bytes) -> io::Result<()> {
        let Some(file) = self.file.asynchronous() else { return Err(ErrorKind::Unsupported.into()) };
        let len = bytes.len();
        file.write_at(bytes, self.written as u64).await?;
        self.written += len;
        Ok(())
    }

    /// Closes like [`close`](Overwrite::close), on a storage whose calls answer later.
    pub(crate) async fn close_later(self) -> io::Result<()> {
        match self.file.asynchronous() {
            Some(file) => file.close().await,
            None => Err(ErrorKind::Unsupported.into()),
        }
    }

    /// Discards what was written, on a storage whose calls answer later. That this fails too is less than what went wrong
    /// before.
    pub(crate) async fn abandon_later(self) {
        if let Some(file) = self.file.asynchronous() {
            drop(file.abandon().await);
        }
    }

    /// The number of bytes written so far.
    pub(crate) fn len(&self) -> usize {
        self.written
    }

    /// Closes the file; an error may report that earlier writes were lost. A draft takes its name.
    pub(crate) fn close(self) -> io::Result<()> {
        match self.draft {
            Some(draft) => draft.finish(&*self.file),
            None => self.file.close(),
        }
    }

    /// Leaves it as it is. A draft is removed.
    pub(crate) fn give_up(mut self) {
        if let Some(draft) = &mut self.draft {
            draft.abandon();
        }
    }
}

/// Whether reads or writes may wait for a peer, which could hold a worker for ever.
fn waits_for_peers(opened: &Opened) -> bool {
    match opened.nature {
        Nature::Plain | Nature::Memory | Nature::Object { .. } => false,
        Nature::Stream => true,
    }
}

fn too_long(limit: u64) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("longer than the limit of {limit} bytes"))
}

/// Reads a small file by non-blocking calls; `None` if one of them would have to wait.
fn read_small_now(opened: &Opened, limit: Option<u64>) -> Option<io::Result<Vec<u8>>> {
    let len = usize::try_from(opened.len).ok()?;
    if len > IN_PLACE_BYTES_MAX || opened.remote {
        return None;
    }
    // One byte more than expected, to notice a file that has grown.
    let mut bytes = vec![0; len + 1];
    let mut filled = 0;
    // The file is complete at the length that it had when it was opened. A length of 0 says nothing (`/proc`), so then
    // the read has to reach the end.
    while filled < len || len == 0 {
        match opened.file.read_now(&mut bytes[filled..], filled as u64)? {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) => return Some(Err(error)),
        }
        if filled == bytes.len() {
            return None;
        }
    }
    bytes.truncate(filled);
    // Zeroed before it was filled.
    budget::charge_bytes(2 * filled);
    match limit {
        Some(limit) if filled as u64 > limit => Some(Err(too_long(limit))),
        Some(_) | None => Some(Ok(bytes)),
    }
}

/// Reads a whole file of a storage whose calls answer later: as long as it was when it was opened, since another call that
/// finds the end would take as long as the first.
async fn read_later(file: &dyn AsyncFile, len: u64, limit: Option<u64>) -> io::Result<Whole<ReadWhole>> {
    if let Some(limit) = limit.filter(|limit| len > *limit) {
        return Err(too_long(limit));
    }
    let len = usize::try_from(len).map_err(|_| ErrorKind::OutOfMemory)?;
    let mut bytes = Vec::new();
    while bytes.len() < len {
        let piece = file.read_at(len - bytes.len(), bytes.len() as u64).await?;
        match piece.is_empty() {
            true => break,
            false if bytes.is_empty() => bytes = piece.into(),
            false => bytes.extend_from_slice(&piece),
        }
    }
    Ok(Whole::Done(ReadWhole::Contents(bytes)))
}

/// Reads until a read returns 0; `len_hint` only sizes the first buffer.
fn read_to_end(file: &dyn StorageFile, len_hint: u64, limit: Option<u64>) -> io::Result<Vec<u8>> {
    // One byte past the limit shows that a file is longer than the limit.
    let room_max = limit.map_or(u64::MAX, |limit| limit.saturating_add(1));
    let expected = if len_hint == 0 { FIRST_ROOM_BYTES } else { len_hint.saturating_add(1) };
    // `vec!` gets zeroed pages from the system without touching them; growing has to write the zeros.
    let mut bytes = vec![0; expected.min(FIRST_ROOM_BYTES_MAX).min(room_max) as usize];
    let mut filled = 0;
    loop {
        if filled == bytes.len() {
            if filled as u64 == room_max {
                return Err(too_long(room_max - 1));
            }
            grow(&mut bytes, room_max)?;
        }
        match file.read_on(&mut bytes[filled..], filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Doubles the buffer, up to `room_max`; running out of memory is an error and not an abort.
fn grow(bytes: &mut Vec<u8>, room_max: u64) -> io::Result<()> {
    let doubled = bytes.len().max(1).saturating_mul(2);
    let room = usize::try_from(room_max).map_or(doubled, |max| doubled.min(max));
    bytes.try_reserve_exact(room - bytes.len()).map_err(|_| ErrorKind::OutOfMemory)?;
    bytes.resize(room, 0);
    Ok(())
}

/// Why a source cannot be copied, in std's words.
pub(crate) const NOT_REGULAR: &str =
    "the source path is neither a regular file nor a symlink to a regular file";

/// The outcome of a request to copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// This number of bytes was copied.
    Whole(u64),
    /// Nothing was copied: the target is a stream, whose peer may never read.
    ToStream,
}

/// Copies contents and permissions to a file that is created or overwritten; replies with the bytes copied.
pub fn copy(from: PathBuf, to: PathBuf) -> impl PathRequest<Reply = Copied> {
    PathOp::new(Operation::Copy, (from, to), |storage, (from, to)| {
        // Checked before the opening: a FIFO's reader would take an opening for a writer that comes and goes.
        let target = storage.metadata(&to, Links::Follow).map(|target| target.file_type());
        if target.is_ok_and(|kind| kind.is_fifo() || kind.is_socket() || kind.is_char_device()) {
            return Ok(Copied::ToStream);
        }
        storage.copy(&from, storage, &to).map(Copied::Whole)
    })
    .later(|storage, (from, to)| async move { storage.copy(&from, &to).await.map(Copied::Whole) })
    .again()
}

#[cfg(test)]
mod tests {
    use super::{IN_PLACE_BYTES_MAX, Overwrite, PathRequest, ReadWhole, Whole, read, writing};
    use crate::storage::{Links, Names, Storage, os::Os};
    use std::fs;
    use std::io;
    use std::io::ErrorKind;
    use std::path::{Path, PathBuf};

    fn done(whole: Whole<ReadWhole>) -> Vec<u8> {
        match whole {
            Whole::Done(ReadWhole::Contents(bytes)) => bytes,
            Whole::Done(ReadWhole::Long(len, _)) => unreachable!("{len} bytes are not long"),
            Whole::Stream(opened) => unreachable!("it is no stream: {opened:?}"),
        }
    }

    fn write(os: &Os, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let opened = os.open(path, &writing())?;
        let mut whole = Overwrite::begin(opened).map_err(|_| ErrorKind::Unsupported)?;
        whole.write(bytes)?;
        whole.close()
    }

    #[test]
    fn whole_files_come_back_and_limits_are_exact() {
        let dir = tempfile::tempdir().expect("temp dir");
        let os = Os::new();
        let _watch = os.watch_mounts();
        os.metadata(dir.path(), Links::Follow).expect("learn the device");
        let path = dir.path().join("file");
        let check = |len: usize| {
            let contents: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            write(&os, &path, &contents).expect("write");
            for limit in [None, Some(len as u64), Some(len as u64 + 1), Some(u64::MAX)] {
                let request = read(path.clone(), limit);
                if let Some(now) = request.in_place(&os) {
                    assert!(len <= IN_PLACE_BYTES_MAX, "{len} in place");
                    assert!(now.map(done).expect("read in place") == contents, "{len} {limit:?} in place");
                }
                assert!(request.execute(&os).map(done).expect("read") == contents, "{len} {limit:?}");
            }
            for limit in [0, len as u64 / 2, (len as u64).saturating_sub(1)] {
                let request = read(path.clone(), Some(limit));
                let expected = (len as u64 > limit).then_some(ErrorKind::FileTooLarge);
                if let Some(now) = request.in_place(&os) {
                    assert_eq!(now.err().map(|e| e.kind()), expected, "{len} {limit} in place");
                }
                assert_eq!(request.execute(&os).err().map(|e| e.kind()), expected, "{len} {limit}");
            }
        };
        [0, 1, 4_095, 4_096, 65_536, 65_537, 1_000_000].into_iter().for_each(check);
    }

    #[test]
    fn small_file_in_memory_is_read_in_place() {
        let dir = tempfile::tempdir().expect("temp dir");
        let os = Os::new();
        let _watch = os.watch_mounts();
        let path = dir.path().join("file");
        fs::write(&path, b"contents").expect("write");
        let request = read(path, None);
        assert!(request.in_place(&os).is_none(), "the device is not known yet");
        request.again().expect("it opens a file first").execute(&os).expect("read");
        assert_eq!(
            request.in_place(&os).map(|r| r.map(done).expect("read")).as_deref(),
            Os::IN_PLACE.then_some(&b"contents"[..])
        );
    }

    #[test]
    fn file_without_a_length_is_read_whole() {
        let os = Os::new();
        let _watch = os.watch_mounts();
        let check = |path: &str| {
            let request = read(PathBuf::from(path), None);
            let expected = fs::read(path).expect("std reads it");
            assert!(!expected.is_empty());
            if let Some(now) = request.in_place(&os) {
                assert!(now.map(done).expect("read") == expected, "{path} in place");
            }
            assert!(request.execute(&os).map(done).expect("read") == expected, "{path}");
        };
        check("/proc/cpuinfo");
        check("/proc/filesystems");
        check("/proc/kallsyms");
        check("/sys/kernel/mm/transparent_hugepage/enabled");
    }

    #[test]
    fn endless_device_meets_the_limit() {
        let request = read(PathBuf::from("/dev/zero"), Some(100_000));
        assert_eq!(request.execute(&Os::new()).map(done).map_err(|e| e.kind()), Err(ErrorKind::FileTooLarge));
    }

    #[test]
    fn sparse_file_longer_than_memory_is_refused_by_its_limit() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("sparse");
        fs::File::create(&path).expect("create").set_len(1 << 42).expect("set_len");
        let request = read(path, Some(1_000));
        assert_eq!(request.execute(&Os::new()).map(done).map_err(|e| e.kind()), Err(ErrorKind::FileTooLarge));
    }

    #[test]
    fn refusals_keep_their_reason() {
        let os = Os::new();
        let dir = tempfile::tempdir().expect("temp dir");
        let read_error = |path: &Path| read(PathBuf::from(path), None).execute(&os).err();
        let write = |path: &Path| write(&os, path, b"x").err();
        let errno = |e: Option<std::io::Error>| e.and_then(|e| e.raw_os_error());
        assert_eq!(errno(read_error(dir.path())), Some(21), "EISDIR");
        assert_eq!(errno(write(dir.path())), Some(21), "EISDIR");
        assert_eq!(errno(read_error(&dir.path().join("missing"))), Some(2), "ENOENT");
        assert_eq!(errno(write(Path::new("/dev/full"))), Some(28), "ENOSPC");
        let fifo = dir.path().join("fifo");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).expect("mkfifo");
        let fifo = read(fifo, None).execute(&os).expect("opened");
        assert!(matches!(fifo, Whole::Stream(_)), "nobody knows when it ends");
    }
}
