//! An open directory of the simulated disk.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io;
use std::path::{Component, Path, PathBuf};

use folio_engine::storage::{
    IfTaken, Links, Metadata, Mode, NameListing, Names, OpenRequest, Opened, Stamps, StorageDir,
};

use super::Disk;
use super::calls::At;
use super::node::Node;
use super::tree::{Foot, errno};
use crate::errno::{EINVAL, ENOTDIR, EXDEV};
use crate::faults::Call;

/// A directory that goes with it when it is renamed; the plan knows it by the path it was opened by.
#[derive(Debug)]
pub(super) struct SimulatedDir {
    disk: Disk,
    foot: Foot,
}

impl SimulatedDir {
    pub(super) fn open(disk: &Disk, at: At<'_>, links: Links) -> io::Result<SimulatedDir> {
        match disk.find(at, links)? {
            Node::Dir(dir) => {
                let foot = Foot { dir, path: at.shown(), confined: true };
                Ok(SimulatedDir { disk: disk.clone(), foot })
            }
            Node::File(_) | Node::Link(_) => Err(errno(ENOTDIR)),
        }
    }

    fn at<'a>(&'a self, path: &'a Path) -> At<'a> {
        At { foot: &self.foot, path }
    }

    /// The same for a call about a name.
    fn name<'a>(&'a self, path: &'a Path) -> io::Result<At<'a>> {
        match path.components().next_back() {
            Some(Component::Normal(_)) => Ok(self.at(path)),
            Some(Component::RootDir | Component::Prefix(_)) => Err(errno(EXDEV)),
            Some(Component::CurDir | Component::ParentDir) | None => Err(errno(EINVAL)),
        }
    }

    fn same<'a>(&self, target: &'a dyn Names) -> io::Result<&'a SimulatedDir> {
        target.as_any().downcast_ref().ok_or_else(|| errno(EXDEV))
    }
}

impl Names for SimulatedDir {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        self.disk.open_at(self.at(path), request)
    }

    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        let at = self.at(path);
        let _entered = self.disk.enter(Call::OpenDir, &at.shown())?;
        Ok(Box::new(SimulatedDir::open(&self.disk, at, links)?))
    }

    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata> {
        let at = self.at(path);
        let _entered = self.disk.enter(Call::Metadata, &at.shown())?;
        self.disk.attributes_at(at, links)
    }

    fn access(&self, path: &Path, _mode: Mode) -> io::Result<()> {
        let at = self.at(path);
        let _entered = self.disk.enter(Call::Access, &at.shown())?;
        self.disk.find(at, Links::Follow).map(drop)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let found = self.disk.canonical(self.at(path))?;
        let way = found.strip_prefix(&self.foot.path).map_err(|_| errno(EXDEV))?;
        Ok(if way.as_os_str().is_empty() { PathBuf::from(".") } else { way.to_owned() })
    }

    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        self.disk.create_dir_at(self.name(path)?, mode)
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        self.disk.remove_dir_at(self.name(path)?, recursive)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file_at(self.name(path)?)
    }

    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
        self.rename_with(from, target, to, IfTaken::Replace)
    }

    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        self.disk.rename_at(self.name(from)?, self.same(target)?.name(to)?, if_taken)
    }

    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
        self.disk.hard_link_at(self.name(original)?, self.same(target)?.name(link)?)
    }

    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.disk.symlink_at(original, self.name(link)?)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.disk.read_link_at(self.name(path)?)
    }

    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        self.disk.copy_at(self.at(from), self.same(target)?.at(to))
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        let at = self.at(path);
        let _entered = self.disk.enter(Call::SetPermissions, &at.shown())?;
        self.disk.permit(&self.disk.find(at, Links::Follow)?, &permissions)
    }

    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()> {
        self.disk.set_times_at(self.at(path), times, links)
    }

    fn xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        self.disk.xattr_at(self.at(path), name, links)
    }

    fn xattrs(&self, path: &Path, links: Links) -> io::Result<Vec<OsString>> {
        self.disk.xattrs_at(self.at(path), links)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl StorageDir for SimulatedDir {
    fn names(&self) -> io::Result<NameListing> {
        let _entered = self.disk.enter(Call::ReadDir, &self.foot.path)?;
        Ok(Box::new(self.disk.listed(&self.foot.dir).into_iter().map(Ok)))
    }

    fn sync(&self) -> io::Result<()> {
        let begin = self.disk.begin_sync();
        let entered = self.disk.enter(Call::Sync, &self.foot.path);
        self.disk.end_sync(self.foot.dir.inode(), begin, true, entered.is_ok());
        Ok(entered.map(drop)?)
    }
}
