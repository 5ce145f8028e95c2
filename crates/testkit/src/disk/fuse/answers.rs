//! What the disk makes of each request, by its own calls.

use std::ffi::OsStr;
use std::fs::Permissions;
use std::io::{self, IoSlice};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use folio_engine::storage::{
    Allocation, IfTaken, Kind, Links, Listed, OpenRequest, Stamp, Stamps, StorageFile,
};
use fuser::FileAttr;

use super::super::Disk;
use super::super::calls::At;
use super::super::node::Node;
use super::super::opening::OpenNode;
use super::super::tree::{Foot, errno, file};
use super::attributes::file_attr;
use super::inodes::{Inodes, Known};
use crate::errno::{EINVAL, EOPNOTSUPP};
use crate::faults::Call;
use crate::lock::lock;

/// The flags of `fallocate`: the length stays, a hole is made, zeros are made.
const KEEP_SIZE: i32 = 0x1;
const PUNCH_HOLE: i32 = 0x2;
const ZERO_RANGE: i32 = 0x10;

/// What `setattr` may change.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) mode: Option<u32>,
    pub(super) owner: (Option<u32>, Option<u32>),
    pub(super) len: Option<u64>,
    pub(super) times: Stamps,
}

/// The disk, and what the kernel knows of it.
#[derive(Debug)]
pub(super) struct Answers {
    disk: Disk,
    inodes: Mutex<Inodes>,
}

impl Answers {
    pub(super) fn new(disk: &Disk) -> Answers {
        Answers { disk: disk.clone(), inodes: Mutex::new(Inodes::new(&disk.shared.foot.dir)) }
    }

    fn known(&self, number: u64) -> io::Result<Known> {
        lock(&self.inodes).get(number)
    }

    fn foot(&self, number: u64) -> io::Result<Foot> {
        lock(&self.inodes).foot(number)
    }

    pub(super) fn opening(&self, number: u64) -> io::Result<Arc<OpenNode>> {
        lock(&self.inodes).opening(number)
    }

    fn described(&self, known: &Known) -> FileAttr {
        let device = self.disk.mount_of(&known.path).device;
        file_attr(known.node.kind(), &known.node.metadata(device))
    }

    /// Remembers what has this name, and describes it.
    fn entry(&self, foot: &Foot, name: &OsStr) -> io::Result<FileAttr> {
        let node = self.disk.find(At { foot, path: Path::new(name) }, Links::NotLast)?;
        let known = Known { node: node.clone(), path: foot.path.join(name) };
        lock(&self.inodes).learn(node, &known.path);
        Ok(self.described(&known))
    }

    pub(super) fn lookup(&self, parent: u64, name: &OsStr) -> io::Result<FileAttr> {
        let foot = self.foot(parent)?;
        let _entered = self.disk.enter(Call::Metadata, &foot.path.join(name))?;
        self.entry(&foot, name)
    }

    pub(super) fn attributes(&self, number: u64) -> io::Result<FileAttr> {
        let known = self.known(number)?;
        let _entered = self.disk.enter(Call::FileMetadata, &known.path)?;
        Ok(self.described(&known))
    }

    pub(super) fn change(&self, number: u64, changes: &Changes) -> io::Result<FileAttr> {
        let known = self.known(number)?;
        if let Some(mode) = changes.mode {
            let _entered = self.disk.enter(Call::SetPermissions, &known.path)?;
            self.disk.permit(&known.node, &Permissions::from_mode(mode))?;
        }
        if changes.owner != (None, None) {
            let _entered = self.disk.enter(Call::SetOwner, &known.path)?;
            self.disk.change_traits(&known.node, |attributes| {
                attributes.set_owner(changes.owner.0, changes.owner.1);
                Ok(())
            })?;
        }
        if let Some(len) = changes.len {
            let request = OpenRequest::default().write(true);
            OpenNode::new(&self.disk, known.path.clone(), known.node.clone(), &request).set_len(len)?;
        }
        if (changes.times.accessed, changes.times.modified) != (Stamp::Keep, Stamp::Keep) {
            let _entered = self.disk.enter(Call::SetTimes, &known.path)?;
            lock(known.node.attributes()).set_times(&changes.times);
        }
        Ok(self.described(&known))
    }

    pub(super) fn read_link(&self, number: u64) -> io::Result<PathBuf> {
        let known = self.known(number)?;
        let _entered = self.disk.enter(Call::ReadLink, &known.path)?;
        match known.node {
            Node::Link(link) => Ok(link.target().clone()),
            Node::File(_) | Node::Dir(_) => Err(errno(EINVAL)),
        }
    }

    /// Makes a file, and opens it in the same step.
    pub(super) fn create(&self, parent: u64, name: &OsStr, mode: u32) -> io::Result<(FileAttr, u64)> {
        let foot = self.foot(parent)?;
        let request = OpenRequest::default().write(true).create_new(true).mode(Some(mode));
        drop(self.disk.open_at(At { foot: &foot, path: Path::new(name) }, &request)?);
        let attr = self.entry(&foot, name)?;
        Ok((attr, self.opened(&self.known(attr.ino.0)?)))
    }

    pub(super) fn open(&self, number: u64) -> io::Result<u64> {
        let known = self.known(number)?;
        let _entered = self.disk.enter(Call::Open, &known.path)?;
        Ok(self.opened(&known))
    }

    /// The kernel checks the access of a descriptor itself, and with a cache to write to it reads by one for writing.
    fn opened(&self, known: &Known) -> u64 {
        let request = OpenRequest::default().read(true).write(true);
        let opening = OpenNode::new(&self.disk, known.path.clone(), known.node.clone(), &request);
        lock(&self.inodes).open(opening)
    }

    pub(super) fn close(&self, opening: u64) {
        lock(&self.inodes).close(opening);
    }

    /// What one `close` of one descriptor asks; the opening stays.
    pub(super) fn flush(&self, number: u64) -> io::Result<()> {
        Ok(self.disk.enter(Call::Close, &self.known(number)?.path).map(drop)?)
    }

    pub(super) fn read(&self, opening: u64, offset: u64, len: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len as usize];
        let count = self.opening(opening)?.read_at(&mut bytes, offset)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    pub(super) fn write(&self, opening: u64, offset: u64, bytes: &[u8]) -> io::Result<u32> {
        let count = self.opening(opening)?.write_at(&[IoSlice::new(bytes)], offset)?;
        Ok(count as u32)
    }

    pub(super) fn allocate(&self, opening: u64, offset: u64, len: u64, mode: i32) -> io::Result<()> {
        let how = match mode {
            0 => Allocation::Extend,
            KEEP_SIZE => Allocation::KeepSize,
            _ if mode == PUNCH_HOLE | KEEP_SIZE => Allocation::PunchHole,
            ZERO_RANGE => Allocation::ZeroRange,
            _ => return Err(errno(EOPNOTSUPP)),
        };
        self.opening(opening)?.allocate(how, offset, len)
    }

    /// What a directory holds, each with its number and kind.
    pub(super) fn list(&self, number: u64) -> io::Result<Vec<(u64, Kind, std::ffi::OsString)>> {
        let foot = self.foot(number)?;
        let _entered = self.disk.enter(Call::ReadDir, &foot.path)?;
        let listed = |Listed { name, kind, ino }| (ino, kind.unwrap_or(Kind::File), name);
        Ok(self.disk.listed(&foot.dir).into_iter().map(listed).collect())
    }

    pub(super) fn sync_dir(&self, number: u64) -> io::Result<()> {
        let foot = self.foot(number)?;
        let begin = self.disk.begin_sync();
        let entered = self.disk.enter(Call::Sync, &foot.path);
        self.disk.end_sync(foot.dir.inode(), begin, true, entered.is_ok());
        Ok(entered.map(drop)?)
    }

    pub(super) fn open_dir(&self, number: u64) -> io::Result<()> {
        Ok(self.disk.enter(Call::OpenDir, &self.known(number)?.path).map(drop)?)
    }

    pub(super) fn access(&self, number: u64) -> io::Result<()> {
        Ok(self.disk.enter(Call::Access, &self.known(number)?.path).map(drop)?)
    }

    pub(super) fn create_dir(&self, parent: u64, name: &OsStr, mode: u32) -> io::Result<FileAttr> {
        let foot = self.foot(parent)?;
        self.disk.create_dir_at(At { foot: &foot, path: Path::new(name) }, Some(mode))?;
        self.entry(&foot, name)
    }

    pub(super) fn remove(&self, parent: u64, name: &OsStr, kind: Kind) -> io::Result<()> {
        let foot = self.foot(parent)?;
        let at = At { foot: &foot, path: Path::new(name) };
        if kind == Kind::Dir { self.disk.remove_dir_at(at, false) } else { self.disk.remove_file_at(at) }
    }

    pub(super) fn symlink(&self, parent: u64, name: &OsStr, target: &Path) -> io::Result<FileAttr> {
        let foot = self.foot(parent)?;
        self.disk.symlink_at(target, At { foot: &foot, path: Path::new(name) })?;
        self.entry(&foot, name)
    }

    pub(super) fn link(&self, number: u64, parent: u64, name: &OsStr) -> io::Result<FileAttr> {
        let foot = self.foot(parent)?;
        let linked = file(self.known(number)?.node)?;
        self.disk.link_node(&linked, At { foot: &foot, path: Path::new(name) })?;
        self.entry(&foot, name)
    }

    pub(super) fn rename(&self, from: (u64, &OsStr), to: (u64, &OsStr), if_taken: IfTaken) -> io::Result<()> {
        // By paths from the root, since a confined foot does not know whether the other is below it.
        let path = |(parent, name): (u64, &OsStr)| Ok::<_, io::Error>(self.foot(parent)?.path.join(name));
        let (from, to) = (path(from)?, path(to)?);
        let foot = &self.disk.shared.foot;
        self.disk.rename_at(At { foot, path: &from }, At { foot, path: &to }, if_taken)
    }
}
