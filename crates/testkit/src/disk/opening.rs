//! An open file or directory of the simulated disk.

use std::any::Any;
use std::ffi::OsStr;
use std::fs::{FileTimes, Permissions};
use std::io::{self, IoSlice};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use folio_engine::storage::{Advice, Allocation, LockKind, Metadata, OpenRequest, StorageFile};

use super::node::{FileNode, Node, Place};
use super::tree::errno;
use super::{Disk, Entered, FILE_BYTES_MAX};
use crate::errno::{EBADF, EFBIG, EINVAL, EISDIR};
use crate::faults::{Call, Refusal};
use crate::lock::lock;

/// One opening: what `open` gives, with its access and its lock.
#[derive(Debug)]
pub(super) struct OpenNode {
    disk: Disk,
    path: PathBuf,
    node: Node,
    access: Access,
    id: u64,
    closed: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct Access {
    read: bool,
    write: bool,
    append: bool,
}

impl OpenNode {
    pub(super) fn new(disk: &Disk, path: PathBuf, node: Node, request: &OpenRequest) -> OpenNode {
        let access = Access { read: request.read, write: request.write, append: request.append };
        disk.shared.open_files.fetch_add(1, Relaxed);
        let id = disk.shared.next_opening.fetch_add(1, Relaxed);
        OpenNode { disk: disk.clone(), path, node, access, id, closed: AtomicBool::new(false) }
    }

    fn enter(&self, call: Call) -> Result<Entered<'_>, Refusal> {
        assert!(!self.closed.load(Relaxed), "{call:?} was asked of {:?} after its close", self.path);
        self.disk.enter(call, &self.path)
    }

    /// Gives up what the opening holds, once.
    fn let_go(&self) {
        if self.closed.swap(true, Relaxed) {
            return;
        }
        if let Node::File(file) = &self.node {
            lock(file.locks()).unlock(self.id);
        }
        self.disk.shared.open_files.fetch_sub(1, Relaxed);
    }

    fn piece_bytes(&self) -> usize {
        self.disk.shared.piece_bytes.load(Relaxed)
    }

    fn readable(&self) -> io::Result<&FileNode> {
        if self.access.read { self.file() } else { Err(errno(EBADF)) }
    }

    fn writable(&self) -> io::Result<&FileNode> {
        if self.access.write || self.access.append { self.file() } else { Err(errno(EBADF)) }
    }

    fn file(&self) -> io::Result<&FileNode> {
        match &self.node {
            Node::File(file) => Ok(file),
            Node::Dir(_) => Err(errno(EISDIR)),
            Node::Link(_) => Err(errno(EBADF)),
        }
    }

    fn read(&self, entered: &Entered<'_>, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let file = self.readable()?;
        if offset > i64::MAX as u64 {
            return Err(errno(EINVAL));
        }
        let len = buf.len().min(entered.allowance.bytes_max);
        Ok(file.read(&mut buf[..len], offset, self.piece_bytes()))
    }

    fn write(&self, call: Call, bufs: &[IoSlice<'_>], place: Place) -> io::Result<(usize, u64)> {
        let entered = self.enter(call)?;
        let file = self.writable()?;
        let bytes = gathered(bufs, entered.allowance.bytes_max);
        check_end(file, place, bytes.len())?;
        let start = self.disk.write(file, place, &bytes);
        match entered.allowance.torn {
            Some(torn) => Err(errno(torn)),
            None => Ok((bytes.len(), start)),
        }
    }
}

impl StorageFile for OpenNode {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let entered = self.enter(Call::ReadAt)?;
        self.read(&entered, buf, offset)
    }

    fn read_now(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        match self.enter(Call::ReadNow) {
            Ok(entered) => Some(self.read(&entered, buf, offset)),
            Err(refusal) => declined(refusal),
        }
    }

    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let place = if self.access.append { Place::End } else { Place::At(offset) };
        self.write(Call::WriteAt, bufs, place).map(|(count, _)| count)
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        self.write(Call::Append, bufs, Place::End)
    }

    /// Makes durable what was there when the call began, and not what came while it waited at a gate: an
    /// engine must not count on more.
    fn sync(&self, all: bool) -> io::Result<()> {
        let begin = self.disk.begin_sync();
        let entered = self.enter(Call::Sync);
        self.disk.end_sync(self.node.inode(), begin, all, entered.is_ok());
        Ok(entered.map(drop)?)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let _entered = self.enter(Call::SetLen)?;
        // Not `EBADF`: `ftruncate` has an errno of its own for a descriptor that is not open for writing.
        let file = self.writable().map_err(|_| errno(EINVAL))?;
        match len {
            0..=FILE_BYTES_MAX => self.disk.set_len(file, |_| len as usize),
            _ if len > i64::MAX as u64 => return Err(errno(EINVAL)),
            _ => return Err(errno(EFBIG)),
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        let _entered = self.enter(Call::Len)?;
        match &self.node {
            Node::File(file) => Ok(file.len()),
            Node::Dir(_) | Node::Link(_) => Ok(0),
        }
    }

    fn metadata(&self) -> io::Result<Metadata> {
        let _entered = self.enter(Call::FileMetadata)?;
        Ok(self.node.metadata(self.disk.mount_of(&self.path).device))
    }

    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        let _entered = self.enter(Call::SetPermissions)?;
        self.disk.permit(&self.node, &permissions)
    }

    fn set_owner(&self, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        let _entered = self.enter(Call::SetOwner)?;
        self.disk.change_traits(&self.node, |attributes| {
            attributes.set_owner(uid, gid);
            Ok(())
        })
    }

    fn set_xattr(&self, name: &OsStr, value: &[u8]) -> io::Result<()> {
        let _entered = self.enter(Call::Xattr)?;
        self.disk.change_traits(&self.node, |attributes| {
            attributes.extended.insert(name.to_owned(), value.to_owned());
            Ok(())
        })
    }

    fn set_times(&self, times: FileTimes) -> io::Result<()> {
        let _entered = self.enter(Call::SetTimes)?;
        lock(self.node.attributes()).set_file_times(times)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        let _entered = self.enter(Call::Lock)?;
        Ok(lock(self.file()?.locks()).try_lock(self.id, kind))
    }

    fn unlock(&self) -> io::Result<()> {
        let _entered = self.enter(Call::Unlock)?;
        lock(self.file()?.locks()).unlock(self.id);
        Ok(())
    }

    /// A second one counts as another opening, with a lock of its own.
    fn duplicate(&self) -> io::Result<Box<dyn StorageFile>> {
        let _entered = self.enter(Call::Duplicate)?;
        let Access { read, write, append } = self.access;
        let request = OpenRequest::default().read(read).write(write).append(append);
        Ok(Box::new(OpenNode::new(&self.disk, self.path.clone(), self.node.clone(), &request)))
    }

    fn receive(&self, from: &dyn StorageFile, offset: u64, count: u64, at: u64) -> io::Result<u64> {
        let entered = self.enter(Call::Receive)?;
        let file = self.writable()?;
        if self.access.append {
            return Err(errno(EINVAL));
        }
        let rest = from.len()?.saturating_sub(offset).min(count).min(entered.allowance.bytes_max as u64);
        let mut bytes = vec![0; rest as usize];
        let read = from.read_at(&mut bytes, offset)?;
        check_end(file, Place::At(at), read)?;
        self.disk.write(file, Place::At(at), &bytes[..read]);
        Ok(read as u64)
    }

    /// Space is never short, so that reserving it only makes the file longer.
    fn allocate(&self, how: Allocation, offset: u64, len: u64) -> io::Result<()> {
        let _entered = self.enter(Call::Allocate)?;
        let file = self.writable()?;
        let end = offset.checked_add(len).filter(|_| len > 0).ok_or_else(|| errno(EINVAL))?;
        let zeros = |end: u64| vec![0; end.saturating_sub(offset) as usize];
        match how {
            _ if end > FILE_BYTES_MAX => return Err(errno(EFBIG)),
            Allocation::KeepSize => {}
            Allocation::Extend => self.disk.set_len(file, |len| len.max(end as usize)),
            Allocation::PunchHole => {
                self.disk.write(file, Place::At(offset), &zeros(end.min(file.len())));
            }
            Allocation::ZeroRange => {
                self.disk.write(file, Place::At(offset), &zeros(end));
            }
            _ => return Err(io::ErrorKind::Unsupported.into()),
        }
        Ok(())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn advise(&self, _advice: Advice, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        if self.closed.load(Relaxed) {
            return Ok(());
        }
        let entered = self.enter(Call::Close);
        self.let_go();
        Ok(entered.map(drop)?)
    }
}

impl Drop for OpenNode {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// The file of an opening of a simulated disk, to be given a name.
pub(super) fn unnamed(file: &dyn StorageFile) -> io::Result<&Arc<FileNode>> {
    match file.as_any().and_then(|file| file.downcast_ref::<OpenNode>()).map(|opening| &opening.node) {
        Some(Node::File(file)) => Ok(file),
        Some(Node::Dir(_) | Node::Link(_)) | None => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Turns a refusal into the answer of a call that must not block.
pub(super) fn declined<T>(refusal: Refusal) -> Option<io::Result<T>> {
    match refusal {
        Refusal::WouldBlock => None,
        Refusal::Errno(_) => Some(Err(refusal.into())),
    }
}

fn gathered(bufs: &[IoSlice<'_>], bytes_max: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for buf in bufs {
        let room = bytes_max - bytes.len();
        bytes.extend_from_slice(&buf[..buf.len().min(room)]);
    }
    bytes
}

fn check_end(file: &FileNode, place: Place, len: usize) -> io::Result<()> {
    let start = match place {
        Place::At(offset) => offset,
        Place::End => file.len(),
    };
    if start > i64::MAX as u64 {
        return Err(errno(EINVAL));
    }
    if len > 0 && start.saturating_add(len as u64) > FILE_BYTES_MAX { Err(errno(EFBIG)) } else { Ok(()) }
}
