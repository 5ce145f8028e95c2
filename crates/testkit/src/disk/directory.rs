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
use super::node::Node;
use super::tree::{errno, joined, parts};
use crate::errno::{EINVAL, ENOTDIR, EXDEV};
use crate::faults::Call;

/// A directory by its path: it does not go with the directory when that is renamed.
#[derive(Debug)]
pub(super) struct SimulatedDir {
    disk: Disk,
    root: PathBuf,
}

impl SimulatedDir {
    pub(super) fn open(disk: &Disk, path: &Path) -> io::Result<SimulatedDir> {
        match disk.find(path)? {
            Node::Dir(_) => Ok(SimulatedDir { disk: disk.clone(), root: joined(&parts(path)?) }),
            Node::File(_) => Err(errno(ENOTDIR)),
        }
    }

    /// The path on the disk of what a path names below the root.
    fn below(&self, path: &Path) -> io::Result<PathBuf> {
        let mut depth = 0_usize;
        for component in path.components() {
            match component {
                Component::Normal(_) => depth += 1,
                Component::CurDir => {}
                Component::ParentDir => depth = depth.checked_sub(1).ok_or_else(|| errno(EXDEV))?,
                Component::RootDir | Component::Prefix(_) => return Err(errno(EXDEV)),
            }
        }
        Ok(self.root.join(path))
    }

    /// The same for a call about a name.
    fn name(&self, path: &Path) -> io::Result<PathBuf> {
        match path.components().next_back() {
            Some(Component::Normal(_)) => self.below(path),
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
        self.disk.open(&self.below(path)?, request)
    }

    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        self.disk.open_dir(&self.below(path)?, links)
    }

    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata> {
        self.disk.metadata(&self.below(path)?, links)
    }

    fn access(&self, path: &Path, mode: Mode) -> io::Result<()> {
        self.disk.access(&self.below(path)?, mode)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let found = self.disk.canonicalize(&self.below(path)?)?;
        let way = found.strip_prefix(&self.root).map_err(|_| errno(EXDEV))?;
        Ok(if way.as_os_str().is_empty() { PathBuf::from(".") } else { way.to_owned() })
    }

    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        self.disk.create_dir(&self.name(path)?, mode)
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        self.disk.remove_dir(&self.name(path)?, recursive)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(&self.name(path)?)
    }

    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
        let target = self.same(target)?;
        self.disk.rename(&self.name(from)?, &target.disk, &target.name(to)?)
    }

    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        let target = self.same(target)?;
        self.disk.rename_with(&self.name(from)?, &target.disk, &target.name(to)?, if_taken)
    }

    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
        let target = self.same(target)?;
        self.disk.hard_link(&self.name(original)?, &target.disk, &target.name(link)?)
    }

    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.disk.symlink(original, &self.name(link)?)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.disk.read_link(&self.name(path)?)
    }

    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        let target = self.same(target)?;
        self.disk.copy(&self.below(from)?, &target.disk, &target.below(to)?)
    }

    fn xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        self.disk.xattr(&self.below(path)?, name, links)
    }

    fn xattrs(&self, path: &Path, links: Links) -> io::Result<Vec<OsString>> {
        self.disk.xattrs(&self.below(path)?, links)
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        self.disk.set_permissions(&self.below(path)?, permissions)
    }

    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()> {
        self.disk.set_times(&self.below(path)?, times, links)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl StorageDir for SimulatedDir {
    fn names(&self) -> io::Result<NameListing> {
        let _entered = self.disk.enter(Call::ReadDir, &self.root)?;
        Ok(Box::new(self.disk.listed(&self.root)?.into_iter().map(Ok)))
    }

    fn sync(&self) -> io::Result<()> {
        let _entered = self.disk.enter(Call::Sync, &self.root)?;
        match self.disk.find(&self.root)? {
            Node::Dir(dir) => dir.settle(),
            Node::File(_) => return Err(errno(ENOTDIR)),
        }
        Ok(())
    }
}
