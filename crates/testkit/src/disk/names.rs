//! The simulated disk as a storage: calls on names.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folio_engine::storage::{
    Entry, Identity, IfTaken, Links, Listed, Listing, Metadata, Mode, Mover, Names, OpenRequest, Opened,
    Stamps, Storage, StorageDir, XattrMode,
};

use super::directory::SimulatedDir;
use super::moving::Moving;
use super::node::{DirNode, FileNode, Node, Place};
use super::opening::{OpenNode, declined};
use super::tree::{errno, file, joined, parts};
use super::{Disk, PIECE_BYTES};
use crate::errno::{EEXIST, EINVAL, EISDIR, ENODATA, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EXDEV};
use crate::faults::Call;
use crate::lock::lock;

/// Permission bits of a new file, before the umask, where the request names none.
const FILE_MODE: u32 = 0o666;

/// Permission bits of a new directory, before the umask, where the request names none.
const DIR_MODE: u32 = 0o777;

impl Names for Disk {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        let _entered = self.enter(Call::Open, path)?;
        self.opened(path, request)
    }

    fn metadata(&self, path: &Path, _links: Links) -> io::Result<Metadata> {
        let _entered = self.enter(Call::Metadata, path)?;
        self.attributes(path)
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        Ok(Identity::of(&self.attributes(path)?))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let _entered = self.enter(Call::Canonicalize, path)?;
        self.find(path)?;
        Ok(joined(&parts(path)?))
    }

    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let _entered = self.enter(Call::CreateDir, path)?;
        let _turn = lock(&self.shared.names_turn);
        self.make_dir(path, mode)
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        let _entered = self.enter(Call::RemoveDir, path)?;
        let _turn = lock(&self.shared.names_turn);
        let (parent, name) = self.parent(path)?;
        match parent.get(&name) {
            None => Err(errno(ENOENT)),
            Some(Node::File(_)) => Err(errno(ENOTDIR)),
            Some(Node::Dir(dir)) if !recursive && !dir.is_empty() => Err(errno(ENOTEMPTY)),
            Some(Node::Dir(_)) => {
                parent.unset(&name);
                Ok(())
            }
        }
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let _entered = self.enter(Call::RemoveFile, path)?;
        let _turn = lock(&self.shared.names_turn);
        let (parent, name) = self.parent(path)?;
        match parent.get(&name) {
            None => Err(errno(ENOENT)),
            Some(Node::Dir(_)) => Err(errno(EISDIR)),
            Some(Node::File(_)) => {
                parent.unset(&name);
                Ok(())
            }
        }
    }

    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
        self.rename_with(from, target, to, IfTaken::Replace)
    }

    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        let _entered = self.enter(Call::Rename, from)?;
        self.check_same(target)?;
        let _turn = lock(&self.shared.names_turn);
        self.check_one_mount(from, to)?;
        let (from_dir, from_name) = self.parent(from)?;
        let node = from_dir.get(&from_name).ok_or_else(|| errno(ENOENT))?;
        let (to_dir, to_name) = self.parent(to)?;
        let replaced = to_dir.get(&to_name);
        match (if_taken, &replaced) {
            (IfTaken::Refuse, Some(_)) => return Err(errno(EEXIST)),
            (IfTaken::Exchange, None) => return Err(errno(ENOENT)),
            (IfTaken::Exchange, Some(_)) if is_inside(&parts(from)?, &parts(to)?) => {
                return Err(errno(EINVAL));
            }
            (IfTaken::Exchange, Some(other)) => {
                from_dir.set(from_name, other.clone());
                to_dir.set(to_name, node);
                return Ok(());
            }
            (IfTaken::Refuse, None) | (IfTaken::Replace, _) => {}
        }
        // Two names of one file: POSIX says that nothing happens, and both stay.
        if replaced.as_ref().is_some_and(|replaced| replaced.inode() == node.inode()) {
            return Ok(());
        }
        if parts(to)?.starts_with(&parts(from)?) {
            return Err(errno(EINVAL));
        }
        check_replaceable(&node, replaced.as_ref())?;
        from_dir.unset(&from_name);
        to_dir.set(to_name, node);
        Ok(())
    }

    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
        let _entered = self.enter(Call::HardLink, original)?;
        self.check_same(target)?;
        let _turn = lock(&self.shared.names_turn);
        self.check_one_mount(original, link)?;
        let node = self.walk(&parts(original)?)?;
        let (dir, name) = self.parent(link)?;
        match node {
            _ if dir.get(&name).is_some() => Err(errno(EEXIST)),
            Node::Dir(_) => Err(errno(EPERM)),
            Node::File(_) => {
                dir.set(name, node);
                Ok(())
            }
        }
    }

    fn symlink(&self, _original: &Path, link: &Path) -> io::Result<()> {
        let _entered = self.enter(Call::Symlink, link)?;
        Err(unsupported("symbolic links"))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let _entered = self.enter(Call::ReadLink, path)?;
        Err(unsupported("symbolic links"))
    }

    fn copy(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<u64> {
        let _entered = self.enter(Call::Copy, from)?;
        self.check_same(target)?;
        let source = file(self.find(from)?).map_err(|_| not_a_file())?;
        let request = OpenRequest::default().write(true).create(true).truncate(true);
        let bytes = source.contents();
        let target = file(self.node_for(to, &request)?)?;
        target.write(Place::At(0), &bytes, PIECE_BYTES);
        Node::File(target).set_permissions(&source.permissions());
        drop(self.enter(Call::Close, to)?);
        Ok(bytes.len() as u64)
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        let _entered = self.enter(Call::SetPermissions, path)?;
        self.find(path)?.set_permissions(&permissions);
        Ok(())
    }

    fn open_dir(&self, path: &Path, _links: Links) -> io::Result<Box<dyn StorageDir>> {
        let _entered = self.enter(Call::OpenDir, path)?;
        Ok(Box::new(SimulatedDir::open(self, path)?))
    }

    /// Permissions are not enforced, so whatever is there may be used.
    fn access(&self, path: &Path, _mode: Mode) -> io::Result<()> {
        let _entered = self.enter(Call::Access, path)?;
        self.find(path).map(drop)
    }

    fn set_owner(&self, path: &Path, uid: Option<u32>, gid: Option<u32>, _links: Links) -> io::Result<()> {
        let _entered = self.enter(Call::SetOwner, path)?;
        lock(self.find(path)?.attributes()).set_owner(uid, gid);
        Ok(())
    }

    fn set_times(&self, path: &Path, times: &Stamps, _links: Links) -> io::Result<()> {
        let _entered = self.enter(Call::SetTimes, path)?;
        lock(self.find(path)?.attributes()).set_times(times);
        Ok(())
    }

    fn xattr(&self, path: &Path, name: &OsStr, _links: Links) -> io::Result<Option<Vec<u8>>> {
        let _entered = self.enter(Call::Xattr, path)?;
        let node = self.find(path)?;
        let attributes = lock(node.attributes());
        Ok(attributes.extended.get(name).cloned())
    }

    fn set_xattr(
        &self,
        path: &Path,
        name: &OsStr,
        value: &[u8],
        mode: XattrMode,
        _links: Links,
    ) -> io::Result<()> {
        let _entered = self.enter(Call::Xattr, path)?;
        let node = self.find(path)?;
        let extended = &mut lock(node.attributes()).extended;
        match (mode, extended.contains_key(name)) {
            (XattrMode::Create, true) => return Err(errno(EEXIST)),
            (XattrMode::Replace, false) => return Err(errno(ENODATA)),
            _ => {}
        }
        extended.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    fn xattrs(&self, path: &Path, _links: Links) -> io::Result<Vec<OsString>> {
        let _entered = self.enter(Call::Xattr, path)?;
        let node = self.find(path)?;
        let attributes = lock(node.attributes());
        Ok(attributes.extended.keys().cloned().collect())
    }

    fn remove_xattr(&self, path: &Path, name: &OsStr, _links: Links) -> io::Result<()> {
        let _entered = self.enter(Call::Xattr, path)?;
        let node = self.find(path)?;
        let removed = lock(node.attributes()).extended.remove(name);
        removed.map(drop).ok_or_else(|| errno(ENODATA))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Storage for Disk {
    fn open_cached(&self, path: &Path, request: &OpenRequest) -> Option<io::Result<Opened>> {
        match self.enter(Call::OpenCached, path) {
            Ok(_) if may_change(request) => None,
            Ok(_) => Some(self.opened(path, request)),
            Err(refusal) => declined(refusal),
        }
    }

    fn metadata_cached(&self, path: &Path, _links: Links) -> Option<io::Result<Metadata>> {
        match self.enter(Call::MetadataCached, path) {
            Ok(_) => Some(self.attributes(path)),
            Err(refusal) => declined(refusal),
        }
    }

    fn read_dir(&self, path: &Path) -> io::Result<Listing> {
        let _entered = self.enter(Call::ReadDir, path)?;
        let directory = path.to_owned();
        Ok(Box::new(self.listed(path)?.into_iter().map(move |listed| Ok(Entry::new(&directory, listed)))))
    }

    fn mover(&self, from: &Path, to: &Path) -> io::Result<Option<Box<dyn Mover>>> {
        Ok(Some(Box::new(Moving::begin(self, from, to)?)))
    }
}

impl Disk {
    fn attributes(&self, path: &Path) -> io::Result<Metadata> {
        let node = self.find(path)?;
        Ok(node.metadata(self.mount_of(&joined(&parts(path)?)).device))
    }

    /// What is in a directory now.
    pub(super) fn listed(&self, path: &Path) -> io::Result<Vec<Listed>> {
        let Node::Dir(dir) = self.find(path)? else { return Err(errno(ENOTDIR)) };
        let names = lock(dir.names());
        let listed = names.now.iter().map(|(name, node)| Listed {
            name: name.clone(),
            kind: Some(node.kind()),
            ino: node.inode(),
        });
        Ok(listed.collect())
    }

    pub(super) fn opened(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        let node = self.node_for(path, request)?;
        let len = match &node {
            Node::File(file) => file.len(),
            Node::Dir(_) => 0,
        };
        let path = joined(&parts(path)?);
        let mount = self.mount_of(&path);
        let inode = node.inode();
        let file = Box::new(OpenNode::new(self, path, node, request));
        let mut opened = Opened::plain(file, mount.device, inode, len);
        opened.remote = mount.remote;
        Ok(opened)
    }

    /// Finds or makes what an open names, in one step against other calls on names.
    fn node_for(&self, path: &Path, request: &OpenRequest) -> io::Result<Node> {
        let _turn = lock(&self.shared.names_turn);
        let changes = may_change(request);
        match self.walk(&parts(path)?) {
            Ok(_) if request.create_new => Err(errno(EEXIST)),
            Ok(Node::Dir(_)) if changes => Err(errno(EISDIR)),
            Ok(Node::File(file)) => {
                if request.truncate {
                    file.set_len(0);
                }
                Ok(Node::File(file))
            }
            Ok(Node::Dir(dir)) => Ok(Node::Dir(dir)),
            Err(error) if error.raw_os_error() == Some(ENOENT) && (request.create || request.create_new) => {
                let (dir, name) = self.parent(path)?;
                let file = FileNode::new(self.next_inode(), request.mode.unwrap_or(FILE_MODE));
                dir.set(name, Node::File(Arc::clone(&file)));
                Ok(Node::File(file))
            }
            Err(error) => Err(error),
        }
    }

    fn make_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let (parent, name) = match self.parent(path) {
            Ok(found) => found,
            Err(_) if parts(path)?.is_empty() => return Err(errno(EEXIST)),
            Err(error) => return Err(error),
        };
        if parent.get(&name).is_some() {
            return Err(errno(EEXIST));
        }
        parent.set(name, Node::Dir(DirNode::new(self.next_inode(), mode.unwrap_or(DIR_MODE))));
        Ok(())
    }

    fn check_same(&self, target: &dyn Names) -> io::Result<()> {
        let other = target.as_any().downcast_ref::<Disk>();
        let is_same = other.is_some_and(|other| Arc::ptr_eq(&other.shared, &self.shared));
        if is_same { Ok(()) } else { Err(errno(EXDEV)) }
    }

    fn check_one_mount(&self, from: &Path, to: &Path) -> io::Result<()> {
        let device = |path: &Path| parts(path).map(|parts| self.mount_of(&joined(&parts)).device);
        if device(from)? == device(to)? { Ok(()) } else { Err(errno(EXDEV)) }
    }
}

fn may_change(request: &OpenRequest) -> bool {
    request.write || request.append || request.truncate || request.create || request.create_new
}

/// Whether one is a directory that the other lies in.
fn is_inside(one: &[OsString], other: &[OsString]) -> bool {
    one != other && (one.starts_with(other) || other.starts_with(one))
}

fn check_replaceable(node: &Node, replaced: Option<&Node>) -> io::Result<()> {
    match (node, replaced) {
        (Node::File(_), Some(Node::Dir(_))) => Err(errno(EISDIR)),
        (Node::Dir(_), Some(Node::File(_))) => Err(errno(ENOTDIR)),
        (Node::Dir(_), Some(Node::Dir(dir))) if !dir.is_empty() => Err(errno(ENOTEMPTY)),
        (Node::Dir(_), Some(Node::Dir(_))) | (Node::File(_), Some(Node::File(_))) | (_, None) => Ok(()),
    }
}

/// The error of `std::fs::copy` from something that is no file.
fn not_a_file() -> io::Error {
    errno(EINVAL)
}

fn unsupported(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("the simulated disk has no {what}"))
}
