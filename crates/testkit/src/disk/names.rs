//! The simulated disk as a storage: paths from its root.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folio_engine::storage::{
    Entry, Identity, IfTaken, Links, Listing, Metadata, Mode, Mover, Names, OpenRequest, Opened, Stamps,
    Storage, StorageDir, StorageFile, XattrMode,
};

use super::Disk;
use super::calls::{At, may_change};
use super::directory::SimulatedDir;
use super::moving::Moving;
use super::node::Node;
use super::opening::{declined, unnamed};
use super::tree::{Foot, errno};
use crate::errno::{ENODATA, ENOTDIR, EXDEV};
use crate::faults::Call;

impl Names for Disk {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        self.open_at(self.root(path), request)
    }

    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata> {
        let _entered = self.enter(Call::Metadata, path)?;
        self.attributes_at(self.root(path), links)
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        Ok(Identity::of(&self.attributes_at(self.root(path), Links::Follow)?))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.canonical(self.root(path))
    }

    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        self.create_dir_at(self.root(path), mode)
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        self.remove_dir_at(self.root(path), recursive)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.remove_file_at(self.root(path))
    }

    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
        self.rename_with(from, target, to, IfTaken::Replace)
    }

    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        self.check_same(target)?;
        self.rename_at(self.root(from), self.root(to), if_taken)
    }

    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
        self.check_same(target)?;
        self.hard_link_at(self.root(original), self.root(link))
    }

    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.symlink_at(original, self.root(link))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.read_link_at(self.root(path))
    }

    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        self.check_same(target)?;
        self.copy_at(self.root(from), self.root(to))
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        let _entered = self.enter(Call::SetPermissions, path)?;
        self.permit(&self.find(self.root(path), Links::Follow)?, &permissions)
    }

    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        let _entered = self.enter(Call::OpenDir, path)?;
        Ok(Box::new(SimulatedDir::open(self, self.root(path), links)?))
    }

    /// Permissions are not enforced, so whatever is there may be used.
    fn access(&self, path: &Path, _mode: Mode) -> io::Result<()> {
        let _entered = self.enter(Call::Access, path)?;
        self.find(self.root(path), Links::Follow).map(drop)
    }

    fn set_owner(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, links: Links) -> io::Result<()> {
        let _entered = self.enter(Call::SetOwner, path)?;
        self.change_traits(&self.find(self.root(path), links)?, |attributes| {
            attributes.set_owner(uid, gid);
            Ok(())
        })
    }

    fn set_times(&self, path: &Path, times: &Stamps, links: Links) -> io::Result<()> {
        self.set_times_at(self.root(path), times, links)
    }

    fn xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        self.xattr_at(self.root(path), name, links)
    }

    fn set_xattr(
        &self,
        path: &Path,
        name: &OsStr,
        value: &[u8],
        mode: XattrMode,
        links: Links,
    ) -> io::Result<()> {
        self.set_xattr_at(self.root(path), name, value, mode, links)
    }

    fn xattrs(&self, path: &Path, links: Links) -> io::Result<Vec<OsString>> {
        self.xattrs_at(self.root(path), links)
    }

    fn remove_xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<()> {
        let _entered = self.enter(Call::Xattr, path)?;
        self.change_traits(&self.find(self.root(path), links)?, |attributes| {
            attributes.extended.remove(name).map(drop).ok_or_else(|| errno(ENODATA))
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Storage for Disk {
    fn open_cached(&self, path: &Path, request: &OpenRequest) -> Option<io::Result<Opened>> {
        match self.enter(Call::OpenCached, path) {
            Ok(_) if may_change(request) => None,
            Ok(_) => Some(self.opened(self.root(path), request)),
            Err(refusal) => declined(refusal),
        }
    }

    fn device_cached(&self, path: &Path) -> Option<u64> {
        Some(self.mount_of(path).device)
    }

    fn metadata_cached(&self, path: &Path, links: Links) -> Option<io::Result<Metadata>> {
        match self.enter(Call::MetadataCached, path) {
            Ok(_) => Some(self.attributes_at(self.root(path), links)),
            Err(refusal) => declined(refusal),
        }
    }

    fn open_unnamed(&self, dir: &Path, mode: u32) -> Option<io::Result<Opened>> {
        self.open_unnamed_in(self.root(dir), mode)
    }

    fn link_unnamed(&self, file: &dyn StorageFile, link: &Path) -> io::Result<()> {
        self.link_node(unnamed(file)?, self.root(link))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Listing> {
        let _entered = self.enter(Call::ReadDir, path)?;
        let Node::Dir(dir) = self.find(self.root(path), Links::Follow)? else {
            return Err(errno(ENOTDIR));
        };
        let directory = path.to_owned();
        Ok(Box::new(self.listed(&dir).into_iter().map(move |listed| Ok(Entry::new(&directory, listed)))))
    }

    fn mover(&self, from: &Path, to: &Path) -> io::Result<Option<Box<dyn Mover>>> {
        Ok(Some(Box::new(Moving::begin(self, from, to)?)))
    }
}

impl Disk {
    pub(super) fn root<'a>(&'a self, path: &'a Path) -> At<'a> {
        let foot: &Foot = &self.shared.foot;
        At { foot, path }
    }

    fn check_same(&self, target: &dyn Names) -> io::Result<()> {
        let other = target.as_any().downcast_ref::<Disk>();
        let is_same = other.is_some_and(|other| Arc::ptr_eq(&other.shared, &self.shared));
        if is_same { Ok(()) } else { Err(errno(EXDEV)) }
    }
}
