//! An object of the program's own as a file: anything that is `Read`, `Write` or `Seek`.
//!
//! The engine passes offsets, while an object has one position of its own. An object that can seek is moved whenever its
//! position is not the offset; one that cannot gives or takes its bytes in their order. Such an object cannot be read
//! twice, so the bytes of a cancelled read are kept for the next one.

use std::any::{Any, type_name};
use std::fmt;
use std::fs::{FileTimes, Permissions};
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::returned::Returned;
use super::{LockKind, Metadata, StorageFile, errno};

/// The function that ends an object when its file is closed.
type Ending<T> = Box<dyn FnOnce(T) -> io::Result<()> + Send>;

/// The methods of an object that are used.
type ReadBy<T> = fn(&mut T, &mut [u8]) -> io::Result<usize>;
type WriteBy<T> = fn(&mut T, &[IoSlice<'_>]) -> io::Result<usize>;
type SeekBy<T> = fn(&mut T, SeekFrom) -> io::Result<u64>;

/// A program's object, with the methods that may be used.
pub struct Wrapped<T> {
    seat: Mutex<Seat<T>>,
    read: Option<ReadBy<T>>,
    write: Option<WriteBy<T>>,
    flush: Option<fn(&mut T) -> io::Result<()>>,
    seek: Option<SeekBy<T>>,
    /// Outside of the mutex, which a worker holds while the object blocks: returning bytes must not wait for that.
    returned: Returned,
}

/// The object and its position, for one operation at a time.
struct Seat<T> {
    object: Place<T>,
    /// The position: from the start, or for an object that cannot seek from where it was wrapped. `None` if it is unknown,
    /// after a failed call of an object that can seek.
    at: Option<u64>,
}

enum Place<T> {
    Here {
        object: T,
        ending: Option<Ending<T>>,
    },
    /// The file was closed, or the program has taken it back.
    Gone,
}

impl<T: Read + Send + 'static> Wrapped<T> {
    /// Wraps an object that is read in order.
    pub fn reader(object: T) -> Self {
        Wrapped { read: Some(T::read), ..Wrapped::new(object) }
    }
}

impl<T: Write + Send + 'static> Wrapped<T> {
    /// Wraps an object that is written in order.
    pub fn writer(object: T) -> Self {
        Wrapped { write: Some(T::write_vectored), flush: Some(T::flush), ..Wrapped::new(object) }
    }
}

impl<T: Read + Seek + Send + 'static> Wrapped<T> {
    /// Wraps an object that is read at any offset.
    pub fn read_seek(object: T) -> Self {
        Wrapped { seek: Some(T::seek), ..Wrapped::reader(object) }
    }
}

impl<T: Write + Seek + Send + 'static> Wrapped<T> {
    /// Wraps an object that is written at any offset.
    pub fn write_seek(object: T) -> Self {
        Wrapped { seek: Some(T::seek), ..Wrapped::writer(object) }
    }
}

impl<T: Read + Write + Seek + Send + 'static> Wrapped<T> {
    /// Wraps an object that is read and written at any offset.
    pub fn read_write_seek(object: T) -> Self {
        Wrapped { read: Some(T::read), ..Wrapped::write_seek(object) }
    }
}

impl<T> Wrapped<T> {
    fn new(object: T) -> Self {
        let seat = Seat { object: Place::Here { object, ending: None }, at: Some(0) };
        Wrapped {
            seat: Mutex::new(seat),
            read: None,
            write: None,
            flush: None,
            seek: None,
            returned: Returned::default(),
        }
    }

    /// Sets the function to call when the file is closed, in place of a flush.
    ///
    /// # Errors
    ///
    /// None here: closing returns what `ending` returns.
    #[must_use]
    pub fn on_close(self, ending: impl FnOnce(T) -> io::Result<()> + Send + 'static) -> Self {
        if let Place::Here { ending: place, .. } = &mut self.seat().object {
            *place = Some(Box::new(ending));
        }
        self
    }

    /// Returns whether it may be read.
    pub fn can_read(&self) -> bool {
        self.read.is_some()
    }

    /// Returns whether it may be written.
    pub fn can_write(&self) -> bool {
        self.write.is_some()
    }

    /// Returns whether it can seek.
    pub fn can_seek(&self) -> bool {
        self.seek.is_some()
    }

    /// Returns the position of an object that can seek; 0 for one that cannot. May block.
    ///
    /// # Errors
    ///
    /// The object's.
    pub fn locate(&self) -> io::Result<u64> {
        let Some(seek) = self.seek else { return Ok(0) };
        let mut seat = self.seat();
        let at = seek(seat.object()?, SeekFrom::Current(0))?;
        seat.at = Some(at);
        Ok(at)
    }

    /// Takes the object out; every later operation fails.
    pub fn take(&self) -> Option<T> {
        match std::mem::replace(&mut self.seat().object, Place::Gone) {
            Place::Here { object, .. } => Some(object),
            Place::Gone => None,
        }
    }

    /// A poisoned mutex is fine: `at` is `None` while a call runs that may panic.
    fn seat(&self) -> MutexGuard<'_, Seat<T>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one call at `offset`, which may move the object by at most `room` bytes.
    fn step(
        &self,
        offset: u64,
        room: usize,
        call: impl FnOnce(&mut T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut seat = self.seat();
        if seat.at != Some(offset) {
            let seek = self.seek.ok_or_else(|| errno::error(errno::NO_POSITION))?;
            seat.put(offset, seek)?;
        }
        if self.seek.is_some() {
            seat.at = None;
        }
        let count = call(seat.object()?)?;
        if count > room {
            return Err(io::Error::other("the object claims more bytes than it was asked for"));
        }
        seat.at = Some(offset + count as u64);
        Ok(count)
    }
}

impl<T> Seat<T> {
    fn object(&mut self) -> io::Result<&mut T> {
        match &mut self.object {
            Place::Here { object, .. } => Ok(object),
            Place::Gone => Err(io::Error::other("the wrapped object was taken back")),
        }
    }

    fn put(&mut self, offset: u64, seek: SeekBy<T>) -> io::Result<()> {
        self.at = None;
        let reached = seek(self.object()?, SeekFrom::Start(offset))?;
        self.at = Some(reached);
        if reached == offset { Ok(()) } else { Err(errno::error(errno::INVALID)) }
    }

    fn end(&mut self, seek: SeekBy<T>) -> io::Result<u64> {
        self.at = None;
        let end = seek(self.object()?, SeekFrom::End(0))?;
        self.at = Some(end);
        Ok(end)
    }
}

impl<T: Send + 'static> StorageFile for Wrapped<T> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.read.ok_or_else(|| errno::error(errno::NOT_OPEN_FOR))?;
        if let Some(count) = self.returned.read(buf, offset) {
            return Ok(count);
        }
        self.step(offset, buf.len(), |object| {
            loop {
                match read(object, buf) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => return result,
                }
            }
        })
    }

    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let write = self.write.ok_or_else(|| errno::error(errno::NOT_OPEN_FOR))?;
        self.step(offset, total(bufs), |object| write(object, bufs))
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        let end = self.len()?;
        Ok((self.write_at(bufs, end)?, end))
    }

    fn sync(&self, _all: bool) -> io::Result<()> {
        match self.flush {
            Some(flush) => flush(self.seat().object()?),
            None => Ok(()),
        }
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        unsupported()
    }

    /// For an object that cannot seek, the length is the number of bytes so far.
    fn len(&self) -> io::Result<u64> {
        let mut seat = self.seat();
        match self.seek {
            Some(seek) => seat.end(seek),
            None => Ok(seat.at.unwrap_or(0)),
        }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        unsupported()
    }

    fn set_permissions(&self, _permissions: Permissions) -> io::Result<()> {
        unsupported()
    }

    fn set_times(&self, _times: FileTimes) -> io::Result<()> {
        unsupported()
    }

    fn try_lock(&self, _kind: LockKind) -> io::Result<bool> {
        unsupported()
    }

    fn unlock(&self) -> io::Result<()> {
        unsupported()
    }

    /// Also ends and drops the object before this returns.
    fn close(&self) -> io::Result<()> {
        let place = std::mem::replace(&mut self.seat().object, Place::Gone);
        match place {
            Place::Here { object, ending: Some(ending) } => ending(object),
            Place::Here { mut object, ending: None } => self.flush.map_or(Ok(()), |flush| flush(&mut object)),
            Place::Gone => Ok(()),
        }
    }

    /// Only drops the object, whose contents are incomplete.
    fn abandon(&self) -> io::Result<()> {
        let place = std::mem::replace(&mut self.seat().object, Place::Gone);
        drop(place);
        Ok(())
    }

    fn read_returned(&self, buf: &mut [u8], offset: u64) -> Option<usize> {
        self.returned.read(buf, offset)
    }

    fn take_back(&self, bytes: &[u8], offset: u64) {
        if self.seek.is_none() {
            self.returned.keep(bytes, offset);
        }
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// The result of methods that only files of a file system have.
fn unsupported<A>() -> io::Result<A> {
    Err(io::ErrorKind::Unsupported.into())
}

fn total(bufs: &[IoSlice<'_>]) -> usize {
    bufs.iter().map(|buf| buf.len()).sum()
}

impl<T> fmt::Debug for Wrapped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrapped").field("object", &type_name::<T>()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, IoSlice, SeekFrom};

    use super::Wrapped;
    use crate::storage::StorageFile;

    /// A cursor that counts its seeks and misbehaves when `nonsense` is set.
    struct Watched {
        inner: Cursor<Vec<u8>>,
        seeks: usize,
        nonsense: bool,
    }

    impl Watched {
        fn new(bytes: &[u8]) -> Self {
            Watched { inner: Cursor::new(bytes.to_vec()), seeks: 0, nonsense: false }
        }
    }

    impl std::io::Read for Watched {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            assert!(!self.nonsense, "nonsense");
            self.inner.read(buf)
        }
    }

    impl std::io::Write for Watched {
        fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
            if self.nonsense { Ok(buf.len() + 1) } else { self.inner.write(buf) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl std::io::Seek for Watched {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.seeks += 1;
            self.inner.seek(to)
        }
    }

    fn seeks(file: &Wrapped<Watched>) -> usize {
        file.seat().object().unwrap().seeks
    }

    #[test]
    fn an_object_is_moved_only_where_it_does_not_stand() {
        let file = Wrapped::read_write_seek(Watched::new(b"0123456789"));
        let mut buf = [0; 4];
        for (offset, bytes, expected) in [(0, b"0123", 0), (4, b"4567", 0), (2, b"2345", 1), (6, b"6789", 1)]
        {
            assert_eq!(file.read_at(&mut buf, offset).unwrap(), 4);
            assert_eq!((&buf, seeks(&file)), (bytes, expected), "at {offset}");
        }
        assert_eq!(file.write_at(&[IoSlice::new(b"ab")], 10).unwrap(), 2);
        assert_eq!(seeks(&file), 1);
        assert_eq!(file.append(&[IoSlice::new(b"cd")]).unwrap(), (2, 12));
        assert_eq!(file.len().unwrap(), 14);
        assert_eq!(file.read_at(&mut buf, 10).unwrap(), 4);
        assert_eq!(&buf, b"abcd");
    }

    #[test]
    fn after_a_failure_half_way_it_is_put_where_it_is_wanted() {
        let file = Wrapped::read_write_seek(Watched::new(b"0123456789"));
        let mut buf = [0; 2];
        file.read_at(&mut buf, 0).unwrap();
        file.seat().object().unwrap().nonsense = true;
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| file.read_at(&mut buf, 2)));
        assert!(panicked.is_err());
        assert!(file.write_at(&[IoSlice::new(b"x")], 2).unwrap_err().to_string().contains("claims"));
        file.seat().object().unwrap().nonsense = false;
        let before = seeks(&file);
        let mut buf = [0; 2];
        file.read_at(&mut buf, 2).unwrap();
        assert_eq!((&buf, seeks(&file)), (b"23", before + 1));
    }

    #[test]
    fn without_seek_bytes_come_in_their_order_and_what_was_given_back_comes_again() {
        let file = Wrapped::reader(&b"0123456789"[..]);
        let mut buf = [0; 4];
        assert_eq!(file.read_at(&mut buf, 1).unwrap_err().raw_os_error(), Some(29));
        assert_eq!(file.read_at(&mut buf, 0).unwrap(), 4);
        assert_eq!(file.read_at(&mut buf, 4).unwrap(), 4);
        file.take_back(b"0123", 0);
        let mut small = [0; 3];
        assert_eq!((file.read_at(&mut small, 0).unwrap(), &small), (3, b"012"));
        assert_eq!((file.read_at(&mut small, 3).unwrap(), small[0]), (1, b'3'));
        assert_eq!((file.read_at(&mut small, 8).unwrap(), &small[..2]), (2, &b"89"[..]));
        assert_eq!(file.read_at(&mut small, 10).unwrap(), 0);
    }

    #[test]
    fn closing_ends_the_object_once() {
        let ended = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = ended.clone();
        let file = Wrapped::writer(Vec::new()).on_close(move |bytes: Vec<u8>| {
            count.fetch_add(bytes.len(), std::sync::atomic::Ordering::Relaxed);
            Err(std::io::ErrorKind::StorageFull.into())
        });
        file.append(&[IoSlice::new(b"12"), IoSlice::new(b"345")]).unwrap();
        assert_eq!(file.close().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(ended.load(std::sync::atomic::Ordering::Relaxed), 5);
        file.close().unwrap();
        assert!(file.take().is_none());
        assert!(file.append(&[IoSlice::new(b"6")]).is_err());
    }
}
