//! One open file of the operating system.

use std::ffi::OsStr;
use std::fs::{File, FileTimes, Permissions};
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use super::descriptor::Descriptor;
use super::direct::Direct;
use super::manners::Manners;
use super::open::{asks_nonblocking, open_again};
use super::platform::devices::keeps_locks;
use super::platform::{open_file, space};
use super::receive;
use super::stat::end_of;
use super::xattr;
use crate::limits::VECTORED_BUFFERS_MAX;
use crate::storage::returned::Returned;
use crate::storage::{Advice, Allocation, LockKind, Metadata, OpenRequest, StorageFile};

/// An open descriptor, and what is known about it.
#[derive(Debug)]
pub(super) struct OsFile {
    file: Descriptor,
    /// On a network or a user-space file system, where closing may wait for a server.
    remote: bool,
    /// May have been truncated to length 0. Carries no data, so Relaxed is enough.
    cut: AtomicBool,
    /// Opened with `O_APPEND`: the kernel ignores write offsets.
    append: bool,
    /// Other code has access to the open file description and may change its flags. Never cleared; the flags themselves
    /// are read from the kernel, so Relaxed is enough.
    lent: AtomicBool,
    /// The kernel has reported that the file cannot be read at an offset. Relaxed, like `reads_now`.
    reads_in_order: AtomicBool,
    /// The same for writing: files of `/proc` can often be read at an offset but not written.
    writes_in_order: AtomicBool,
    /// Bytes that were read in order and not delivered.
    returned: Returned,
    /// The user has set `O_NONBLOCK`, so it stays on.
    keeps_nonblocking: bool,
    /// How to use a description that other processes share; `None` if it is not shared.
    manners: Option<Manners>,
    /// Whether `RWF_NOWAIT` is worth a try. Cleared once and for good; carries no data, so Relaxed is enough.
    reads_now: AtomicBool,
    /// Whether I/O bypasses the page cache.
    direct: Direct,
    /// Whether `RWF_APPEND` is worth a try; Relaxed, like `reads_now`.
    appends_at_once: AtomicBool,
    /// Held while one append uses the descriptor's position. Nothing else uses that.
    position: Mutex<()>,
}

impl OsFile {
    pub(super) fn new(file: File, request: &OpenRequest, remote: bool) -> Self {
        let direct = Direct::of(request.custom_flags);
        OsFile {
            file: Descriptor::new(file),
            remote,
            cut: AtomicBool::new(request.truncate),
            append: request.append || request.custom_flags & OFlags::APPEND.bits() as i32 != 0,
            lent: AtomicBool::new(false),
            reads_in_order: AtomicBool::new(false),
            writes_in_order: AtomicBool::new(false),
            returned: Returned::default(),
            keeps_nonblocking: asks_nonblocking(request),
            manners: None,
            // Direct I/O always needs the device, and the kernel waits for it despite the flag.
            reads_now: AtomicBool::new(!remote && !direct.is_on() && open_file::reads_now()),
            direct,
            appends_at_once: AtomicBool::new(true),
            position: Mutex::new(()),
        }
    }

    /// A stream whose description, including its flags, is shared with other processes.
    pub(super) fn shared(file: File, request: &OpenRequest) -> io::Result<Self> {
        let manners = Some(Manners::of(&file)?);
        Ok(OsFile { manners, keeps_nonblocking: true, ..OsFile::adopted(file, request, true) })
    }

    /// A file that other code has opened, and may still hold.
    pub(super) fn adopted(file: File, request: &OpenRequest, remote: bool) -> Self {
        OsFile { lent: AtomicBool::new(true), ..OsFile::new(file, request, remote) }
    }

    /// Appends by one call, which leaves the position at the end of its own bytes even if other processes append too;
    /// `None` if the file does not support that.
    fn append_at_once(&self, bufs: &[IoSlice<'_>]) -> Option<io::Result<(usize, u64)>> {
        if !self.appends_at_once.load(Ordering::Relaxed) {
            return None;
        }
        match uninterrupted(|| open_file::append(&self.file, bufs)) {
            Ok(written) => Some(self.ending_at_position(written)),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                self.appends_at_once.store(false, Ordering::Relaxed);
                None
            }
            // Not remembered: a misaligned write with `O_DIRECT` is `INVAL` too.
            Err(Errno::INVAL) => None,
            Err(error) => Some(Err(error.into())),
        }
    }

    /// Appends by the descriptor's own `O_APPEND`, or else at the current length. Another process may append between the
    /// two calls, but such a file system offers nothing better.
    fn append_by_flag_or_len(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        if self.appends() {
            let written = uninterrupted(|| rustix::io::writev(&self.file, bufs))?;
            return self.ending_at_position(written);
        }
        let end = end_of(&self.file)?;
        let written = uninterrupted(|| rustix::io::pwritev(&self.file, bufs, end))?;
        Ok((written, end))
    }

    fn ending_at_position(&self, written: usize) -> io::Result<(usize, u64)> {
        let end = match rustix::fs::tell(&self.file) {
            // The bytes are written; a file without positions has no offset to return.
            Err(Errno::SPIPE) => 0,
            position => position?,
        };
        // `/dev/null` takes bytes and does not move.
        Ok((written, end.saturating_sub(written as u64)))
    }
}

impl OsFile {
    /// Prepares for std: clears `O_NONBLOCK` unless the user has set it, since std's methods expect to wait, and sets the
    /// kernel's cursor to `position`.
    fn make_ordinary(&self, mut file: &File, position: u64) -> io::Result<()> {
        if !self.keeps_nonblocking
            && let Ok(flags) = rustix::fs::fcntl_getfl(file)
        {
            // Fails only on `O_PATH` descriptors, which cannot be read anyway.
            let _ = rustix::fs::fcntl_setfl(file, flags - OFlags::NONBLOCK);
        }
        if file.metadata()?.is_file() {
            io::Seek::seek(&mut file, io::SeekFrom::Start(position))?;
        }
        Ok(())
    }
}

impl StorageFile for OsFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.direct.read(
            &self.file,
            buf,
            offset,
            || self.len(),
            |buf| {
                loop {
                    match self.file.read_at(buf, offset) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        result => return result,
                    }
                }
            },
        )
    }

    fn read_now(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        // An offset past `i64::MAX` is refused by `read_at`; here `u64::MAX` would mean the position.
        if !self.reads_now.load(Ordering::Relaxed) || i64::try_from(offset).is_err() {
            return None;
        }
        match open_file::read_now(&self.file, buf, offset) {
            Ok(read) => Some(Ok(read)),
            Err(Errno::AGAIN | Errno::INTR) => None,
            Err(Errno::OPNOTSUPP | Errno::PERM | Errno::NOSYS | Errno::INVAL | Errno::SPIPE) => {
                self.reads_now.store(false, Ordering::Relaxed);
                None
            }
            Err(error) => Some(Err(error.into())),
        }
    }

    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        match one_call(bufs) {
            [] => Ok(0),
            bufs => self.direct.write(&self.file, bufs, offset, |bufs| {
                Ok(uninterrupted(|| rustix::io::pwritev(&self.file, bufs, offset))?)
            }),
        }
    }

    fn read_on(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if !self.reads_in_order.load(Ordering::Relaxed) {
            match self.read_at(buf, offset) {
                Err(error) if is_without_positions(&error) => {
                    self.reads_in_order.store(true, Ordering::Relaxed)
                }
                result => return result,
            }
        }
        match self.returned.read(buf, offset) {
            Some(count) => Ok(count),
            None => Ok(uninterrupted(|| rustix::io::read(&self.file, &mut *buf))?),
        }
    }

    fn write_on(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        if !self.writes_in_order.load(Ordering::Relaxed) {
            match self.write_at(bufs, offset) {
                // Nothing has been written: this error depends only on how the file was opened.
                Err(error) if is_without_positions(&error) => {
                    self.writes_in_order.store(true, Ordering::Relaxed)
                }
                result => return result,
            }
        }
        match one_call(bufs) {
            [] => Ok(0),
            // One by one: the kernel code behind the file takes each write as a request.
            [first, ..] => Ok(uninterrupted(|| rustix::io::write(&self.file, first))?),
        }
    }

    fn has_positions(&self) -> bool {
        rustix::fs::tell(&self.file) != Err(Errno::SPIPE)
    }

    fn appends(&self) -> bool {
        if !self.lent.load(Ordering::Relaxed) {
            return self.append;
        }
        rustix::fs::fcntl_getfl(&self.file).map_or(self.append, |flags| flags.contains(OFlags::APPEND))
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        let bufs = one_call(bufs);
        if bufs.is_empty() {
            return Ok((0, self.len()?));
        }
        let _position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        self.direct.append(&self.file, bufs, |bufs| match self.append_at_once(bufs) {
            Some(result) => result,
            None => self.append_by_flag_or_len(bufs),
        })
    }

    fn is_direct(&self) -> bool {
        self.direct.is_on()
    }

    fn writes_in_turn(&self) -> bool {
        !self.direct.is_on()
    }

    fn refresh_flags(&self) {
        if self.direct.look(&self.file) {
            self.reads_now.store(false, Ordering::Relaxed);
        }
    }

    /// Not std's `sync_all`, which retries after `EINTR`: the kernel reports a lost page once, so a second try would
    /// return `Ok`.
    fn sync(&self, all: bool) -> io::Result<()> {
        if all {
            open_file::sync_all(&self.file)?
        } else {
            open_file::sync_data(&self.file)?
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.cut.store(true, Ordering::Relaxed);
        self.file.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        let stat = rustix::fs::fstat(&self.file)?;
        match rustix::fs::FileType::from_raw_mode(stat.st_mode) {
            rustix::fs::FileType::BlockDevice => {
                let _position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
                end_of(&self.file)
            }
            _ => Ok(stat.st_size as u64),
        }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata().map(Metadata::from)
    }

    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.file.set_permissions(permissions)
    }

    fn set_owner(&self, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        std::os::unix::fs::fchown(&*self.file, uid, gid)
    }

    fn set_xattr(&self, name: &OsStr, value: &[u8]) -> io::Result<()> {
        xattr::set_open(self.file.as_fd(), name, value)
    }

    fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.file.set_times(times)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        let operation = match kind {
            LockKind::Shared => FlockOperation::NonBlockingLockShared,
            LockKind::Exclusive => FlockOperation::NonBlockingLockExclusive,
        };
        match uninterrupted(|| rustix::fs::flock(&self.file, operation)) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn lock(&self, kind: LockKind) -> io::Result<()> {
        let operation = match kind {
            LockKind::Shared => FlockOperation::LockShared,
            LockKind::Exclusive => FlockOperation::LockExclusive,
        };
        Ok(uninterrupted(|| rustix::fs::flock(&self.file, operation))?)
    }

    /// Only where the kernel keeps the locks itself: a server may treat them differently, and closing may wait for one.
    fn stand_in(&self) -> io::Result<Arc<dyn StorageFile>> {
        if self.remote && !keeps_locks(&self.file) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let (file, request) = open_again(&self.file)?;
        Ok(Arc::new(OsFile::new(file, &request, self.remote)))
    }

    fn unlock(&self) -> io::Result<()> {
        Ok(uninterrupted(|| rustix::fs::flock(&self.file, FlockOperation::Unlock))?)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn closes_at_once(&self) -> bool {
        !self.remote && self.file.closes_at_once(self.cut.load(Ordering::Relaxed))
    }

    fn read_stream(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self.manners {
            Some(manners) => manners.read(&self.file, buf),
            None => Ok(uninterrupted(|| rustix::io::read(&self.file, &mut *buf))?),
        }
    }

    fn write_stream(&self, buf: &[u8]) -> io::Result<usize> {
        match self.manners {
            Some(manners) => manners.write(&self.file, buf),
            None => Ok(uninterrupted(|| rustix::io::write(&self.file, buf))?),
        }
    }

    fn duplicate(&self) -> io::Result<Box<dyn StorageFile>> {
        let file = self.as_std().ok_or(Errno::BADF)?.try_clone()?;
        Ok(Box::new(OsFile::adopted(file, &OpenRequest::default(), self.remote)))
    }

    fn receive(&self, from: &dyn StorageFile, offset: u64, count: u64, at: u64) -> io::Result<u64> {
        let from = from.as_std().ok_or(io::ErrorKind::Unsupported)?;
        // With `O_APPEND` the kernel would ignore `at`.
        if self.appends() {
            return Err(Errno::INVAL.into());
        }
        receive::receive(&self.file, from, offset, count, at, &|bytes, at| {
            self.write_on(&[IoSlice::new(bytes)], at)
        })
    }

    fn read_returned(&self, buf: &mut [u8], offset: u64) -> Option<usize> {
        self.returned.read(buf, offset)
    }

    fn take_back(&self, bytes: &[u8], offset: u64) {
        if self.reads_in_order.load(Ordering::Relaxed) {
            self.returned.keep(bytes, offset);
        }
    }

    fn allocate(&self, how: Allocation, offset: u64, len: u64) -> io::Result<()> {
        space::allocate(&self.file, how, offset, len)
    }

    fn advise(&self, advice: Advice, offset: u64, len: u64) -> io::Result<()> {
        space::advise(&self.file, advice, offset, len)
    }

    fn as_std(&self) -> Option<&File> {
        self.lent.store(true, Ordering::Relaxed);
        self.file.get()
    }

    fn to_std(&self, position: u64) -> io::Result<File> {
        self.lent.store(true, Ordering::Relaxed);
        let file = self.file.try_clone()?;
        self.make_ordinary(&file, position)?;
        Ok(file)
    }

    fn into_std(self: Arc<Self>, position: u64) -> Option<File> {
        // This fails only for files without positions, which need no preparation.
        let _ = self.make_ordinary(self.file.get()?, position);
        Arc::into_inner(self)?.file.into_file()
    }
}

/// The prefix for one system call, without leading empty buffers: a call with only empty ones would return 0, which looks
/// like a full device.
fn one_call<'a, 'b>(bufs: &'a [IoSlice<'b>]) -> &'a [IoSlice<'b>] {
    let first = bufs.iter().position(|buf| !buf.is_empty()).unwrap_or(bufs.len());
    let bufs = &bufs[first..];
    &bufs[..bufs.len().min(VECTORED_BUFFERS_MAX)]
}

/// Whether a read or write failed because the file takes no offset.
fn is_without_positions(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::SPIPE)
}

fn uninterrupted<T>(call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    rustix::io::retry_on_intr(call)
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::{VECTORED_BUFFERS_MAX, one_call};

    #[test]
    fn one_call_takes_a_prefix_that_begins_with_bytes() {
        fn check(lens: &[usize], expected: usize) {
            let bytes = [0; 4];
            let bufs: Vec<IoSlice<'_>> = lens.iter().map(|len| IoSlice::new(&bytes[..*len])).collect();
            let taken = one_call(&bufs);
            assert_eq!(taken.len(), expected, "{lens:?}");
            assert!(taken.first().is_none_or(|buf| !buf.is_empty()), "{lens:?}");
        }
        check(&[], 0);
        check(&[0, 0], 0);
        check(&[0, 1, 0, 2], 3);
        check(&[1; 2 * VECTORED_BUFFERS_MAX], VECTORED_BUFFERS_MAX);
        let mut late = vec![0; 2 * VECTORED_BUFFERS_MAX];
        late.push(1);
        check(&late, 1);
    }
}
