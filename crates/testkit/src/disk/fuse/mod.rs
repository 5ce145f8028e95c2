//! The disk behind a real mount: the kernel asks it by FUSE, so that its faults come through real system calls.

mod answers;
mod attributes;
mod cache;
mod inodes;
mod server;

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use fuser::{BackgroundSession, Config, MountOption, Session};
use rustix::mount::{UnmountFlags, unmount};

use super::Disk;
use crate::skip::skip;
pub use cache::FuseCache;
use server::Server;

/// A [`Disk`] that the kernel has mounted, for as long as this lives.
///
/// Every request of the kernel's is a call that the disk's plan knows: a look-up is a `Metadata`, what a `close` sends is a
/// `Close`. One thread answers them, so that a request at a closed [`Gate`](crate::Gate) stops the whole file system, and all
/// of it goes on when the gate is opened.
///
/// Extended attributes and files without names are `EOPNOTSUPP` there; `flock` stays in the kernel. Drop it before the gates
/// of its plan and after the files that are open on it.
///
/// ```no_run
/// use folio_testkit::{Call, Disk, FuseCache, FuseMount, errno::EIO};
///
/// let disk = Disk::new();
/// let point = std::path::Path::new("/mnt/point");
/// let Some(mount) = FuseMount::new(&disk, point, FuseCache::Through) else { return };
/// let fault = disk.plan().on(Call::Sync).fail(EIO);
/// let file = std::fs::File::create(mount.path().join("file")).expect("the disk takes files");
/// assert_eq!(file.sync_all().expect_err("the disk is broken").raw_os_error(), Some(EIO));
/// assert_eq!(fault.fired(), 1);
/// ```
#[derive(Debug)]
pub struct FuseMount {
    point: PathBuf,
    _session: BackgroundSession,
}

impl FuseMount {
    /// Mounts a disk on an empty directory. `None`, [loudly](crate::skip), where this process may not.
    pub fn new(disk: &Disk, point: &Path, cache: FuseCache) -> Option<FuseMount> {
        let refused = |why: String| {
            skip("a disk mounted by FUSE", &why);
            None
        };
        if let Err(error) = OpenOptions::new().read(true).write(true).open("/dev/fuse") {
            return refused(format!("/dev/fuse cannot be opened: {error}"));
        }
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("folio-testkit".to_owned())];
        let session = Session::new(Server::new(disk, cache), point, &config).and_then(Session::spawn);
        match session {
            Ok(session) => Some(FuseMount { point: point.to_owned(), _session: session }),
            Err(error) => refused(format!("this process may not mount: {error}")),
        }
    }

    /// Returns where it is mounted.
    pub fn path(&self) -> &Path {
        &self.point
    }

    /// Ends the file system as the death of its process does: every request under way fails, and every later one on what is
    /// still open, with `ENOTCONN` or `ECONNABORTED`. If nothing is open on it, it is unmounted.
    pub fn abort(&self) {
        self.unmount(UnmountFlags::FORCE);
    }

    /// The error is nobody's: force that meets open files has done its work and still says `EBUSY`, and what is unmounted already is
    /// where it should be.
    fn unmount(&self, how: UnmountFlags) {
        unmount(&self.point, how).ok();
    }
}

impl Drop for FuseMount {
    fn drop(&mut self) {
        // By force, since a call that waits for this process's own answer would outlive even its kill; lazily, since an engine
        // may not have closed everything yet.
        self.unmount(UnmountFlags::FORCE | UnmountFlags::DETACH);
    }
}
