//! The kernel's requests, one by one.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use folio_engine::storage::{IfTaken, Kind, Stamps, StorageFile};
use fuser::{
    AccessFlags, BsdFileFlags, Errno, FileHandle, Filesystem, FopenFlags, Generation, INodeNo, InitFlags,
    KernelConfig, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory,
    ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

use super::super::Disk;
use super::answers::{Answers, Changes};
use super::attributes::{file_type, stamp};
use super::cache::FuseCache;

/// How long the kernel may keep names and attributes where it keeps them.
const KEPT: Duration = Duration::from_secs(3600);

/// The mode bits that are permissions.
const PERMISSIONS: u32 = 0o7777;

/// Blocks of a disk whose space is never short.
const BLOCKS: u64 = 1 << 20;
const BLOCK_BYTES: u32 = 4096;
const NAME_BYTES_MAX: u32 = 255;

/// Sends the answer by what the kind of reply has for it.
macro_rules! reply {
    ($reply:ident, $answer:expr, $value:pat => $sent:expr) => {
        match $answer {
            Ok($value) => $sent,
            Err(error) => $reply.error(Errno::from(error)),
        }
    };
}

#[derive(Debug)]
pub(super) struct Server {
    answers: Answers,
    cache: FuseCache,
}

impl Server {
    pub(super) fn new(disk: &Disk, cache: FuseCache) -> Server {
        Server { answers: Answers::new(disk), cache }
    }

    fn open_flags(&self) -> FopenFlags {
        match self.cache {
            FuseCache::Through | FuseCache::Back | FuseCache::Names => FopenFlags::empty(),
            FuseCache::None => FopenFlags::FOPEN_DIRECT_IO,
        }
    }

    /// How long the kernel may keep names and attributes: not at all where a test may change the disk.
    fn ttl(&self) -> Duration {
        match self.cache {
            FuseCache::Through | FuseCache::Back | FuseCache::None => Duration::ZERO,
            FuseCache::Names => KEPT,
        }
    }

    fn found(&self, answer: io::Result<fuser::FileAttr>, reply: ReplyEntry) {
        reply!(reply, answer, attr => reply.entry(&self.ttl(), &attr, Generation(0)))
    }
}

fn done(answer: io::Result<()>, reply: ReplyEmpty) {
    reply!(reply, answer, () => reply.ok())
}

impl Filesystem for Server {
    fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
        if self.cache == FuseCache::Back {
            let added = config.add_capabilities(InitFlags::FUSE_WRITEBACK_CACHE);
            added.map_err(|_| io::Error::from(io::ErrorKind::Unsupported))?;
        }
        Ok(())
    }

    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.found(self.answers.lookup(parent.0, name), reply);
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply!(reply, self.answers.attributes(ino.0), attr => reply.attr(&self.ttl(), &attr));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let times = Stamps { accessed: stamp(accessed), modified: stamp(modified) };
        let changes =
            Changes { mode: mode.map(|mode| mode & PERMISSIONS), owner: (uid, gid), len: size, times };
        reply!(reply, self.answers.change(ino.0, &changes), attr => reply.attr(&self.ttl(), &attr));
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        reply!(reply, self.answers.read_link(ino.0), target => reply.data(target.as_os_str().as_bytes()));
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        self.found(self.answers.create_dir(parent.0, name, mode & PERMISSIONS), reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.answers.remove(parent.0, name, Kind::File), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(self.answers.remove(parent.0, name, Kind::Dir), reply);
    }

    fn symlink(&self, _: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        self.found(self.answers.symlink(parent.0, name, target), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        to_parent: INodeNo,
        to_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let if_taken = if flags.contains(RenameFlags::RENAME_EXCHANGE) {
            IfTaken::Exchange
        } else if flags.contains(RenameFlags::RENAME_NOREPLACE) {
            IfTaken::Refuse
        } else {
            IfTaken::Replace
        };
        done(self.answers.rename((parent.0, name), (to_parent.0, to_name), if_taken), reply);
    }

    fn link(&self, _: &Request, ino: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.found(self.answers.link(ino.0, parent.0, name), reply);
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply!(reply, self.answers.open(ino.0), opening => reply.opened(FileHandle(opening), self.open_flags()));
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let flags = self.open_flags();
        reply!(reply, self.answers.create(parent.0, name, mode & PERMISSIONS), (attr, opening) => {
            reply.created(&self.ttl(), &attr, Generation(0), FileHandle(opening), flags);
        });
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        opening: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        reply!(reply, self.answers.read(opening.0, offset, size), bytes => reply.data(&bytes));
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        opening: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        reply!(reply, self.answers.write(opening.0, offset, data), count => reply.written(count));
    }

    fn flush(&self, _: &Request, ino: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        done(self.answers.flush(ino.0), reply);
    }

    fn release(
        &self,
        _: &Request,
        _: INodeNo,
        opening: FileHandle,
        _: OpenFlags,
        _: Option<LockOwner>,
        _: bool,
        reply: ReplyEmpty,
    ) {
        self.answers.close(opening.0);
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, opening: FileHandle, data_alone: bool, reply: ReplyEmpty) {
        done(self.answers.opening(opening.0).and_then(|opening| opening.sync(!data_alone)), reply);
    }

    fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply!(reply, self.answers.open_dir(ino.0), () => reply.opened(FileHandle(0), FopenFlags::empty()));
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        reply!(reply, self.answers.list(ino.0), names => {
            for (index, (number, kind, name)) in names.into_iter().enumerate().skip(offset as usize) {
                if reply.add(INodeNo(number), index as u64 + 1, file_type(kind), name) {
                    break;
                }
            }
            reply.ok();
        });
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        done(self.answers.sync_dir(ino.0), reply);
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        reply.statfs(BLOCKS, BLOCKS, BLOCKS, BLOCKS, BLOCKS, BLOCK_BYTES, NAME_BYTES_MAX, BLOCK_BYTES);
    }

    fn access(&self, _: &Request, ino: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
        done(self.answers.access(ino.0), reply);
    }

    fn fallocate(
        &self,
        _: &Request,
        _: INodeNo,
        opening: FileHandle,
        offset: u64,
        len: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        done(self.answers.allocate(opening.0, offset, len, mode), reply);
    }
}
