//! The port's calls on names, from wherever their paths begin.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folio_engine::storage::{IfTaken, Kind, Links, Listed, Metadata, OpenRequest, Opened, Stamps, XattrMode};

use super::Disk;
use super::attributes::Attributes;
use super::changes::Naming;
use super::node::{DirNode, FileNode, Node, Place};
use super::opening::OpenNode;
use super::tree::{Foot, Found, errno, file, walk};
use crate::errno::{EEXIST, EINVAL, EISDIR, ENODATA, ENOENT, ENOTDIR, ENOTEMPTY, EOPNOTSUPP, EPERM, EXDEV};
use crate::faults::{Call, Refusal};
use crate::lock::lock;

/// Permission bits of a new file, before the umask, where the request names none.
const FILE_MODE: u32 = 0o666;

/// Permission bits of a new directory, before the umask, where the request names none.
const DIR_MODE: u32 = 0o777;

/// Permission bits of a symbolic link, which Linux gives to all and asks of none.
const LINK_MODE: u32 = 0o777;

/// A path, and where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) foot: &'a Foot,
    pub(super) path: &'a Path,
}

impl At<'_> {
    pub(super) fn shown(&self) -> PathBuf {
        self.foot.path.join(self.path)
    }

    /// What the path leads to. The caller holds the turn.
    fn walk(&self, links: Links) -> io::Result<Found> {
        walk(self.foot, self.path, links)
    }
}

impl Disk {
    pub(super) fn find(&self, at: At<'_>, links: Links) -> io::Result<Node> {
        let _turn = lock(&self.shared.names_turn);
        at.walk(links)?.existing()
    }

    pub(super) fn open_at(&self, at: At<'_>, request: &OpenRequest) -> io::Result<Opened> {
        let _entered = self.enter(Call::Open, &at.shown())?;
        self.opened(at, request)
    }

    pub(super) fn attributes_at(&self, at: At<'_>, links: Links) -> io::Result<Metadata> {
        let _turn = lock(&self.shared.names_turn);
        let found = at.walk(links)?;
        let device = self.mount_of(&found.path).device;
        Ok(found.existing()?.metadata(device))
    }

    pub(super) fn canonical(&self, at: At<'_>) -> io::Result<PathBuf> {
        let _entered = self.enter(Call::Canonicalize, &at.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let found = at.walk(Links::Follow)?;
        let path = found.path.clone();
        found.existing().map(|_| path)
    }

    pub(super) fn create_dir_at(&self, at: At<'_>, mode: Option<u32>) -> io::Result<()> {
        let _entered = self.enter(Call::CreateDir, &at.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let found = at.walk(Links::NotLast)?;
        if found.node.is_some() {
            return Err(errno(EEXIST));
        }
        let dir = self.new_dir(Attributes::new(mode.unwrap_or(DIR_MODE)));
        self.give_name(found, Node::Dir(dir))
    }

    pub(super) fn remove_dir_at(&self, at: At<'_>, recursive: bool) -> io::Result<()> {
        let _entered = self.enter(Call::RemoveDir, &at.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let found = at.walk(Links::NotLast)?;
        let name = found.name()?;
        match &found.node {
            None => Err(errno(ENOENT)),
            Some(Node::File(_) | Node::Link(_)) => Err(errno(ENOTDIR)),
            Some(Node::Dir(dir)) if !recursive && !dir.is_empty() => Err(errno(ENOTEMPTY)),
            Some(Node::Dir(dir)) => {
                self.empty(dir);
                self.name(vec![Naming { dir: found.dir, name, node: None }]);
                Ok(())
            }
        }
    }

    pub(super) fn remove_file_at(&self, at: At<'_>) -> io::Result<()> {
        let _entered = self.enter(Call::RemoveFile, &at.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let found = at.walk(Links::NotLast)?;
        match &found.node {
            None => Err(errno(ENOENT)),
            Some(Node::Dir(_)) => Err(errno(EISDIR)),
            Some(Node::File(_) | Node::Link(_)) => {
                let name = found.name()?;
                self.name(vec![Naming { dir: found.dir, name, node: None }]);
                Ok(())
            }
        }
    }

    pub(super) fn rename_at(&self, from: At<'_>, to: At<'_>, if_taken: IfTaken) -> io::Result<()> {
        let _entered = self.enter(Call::Rename, &from.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let (from, to) = (from.walk(Links::NotLast)?, to.walk(Links::NotLast)?);
        self.check_one_mount(&from, &to)?;
        let node = from.node.clone().ok_or_else(|| errno(ENOENT))?;
        let (from_name, to_name) = (from.name()?, to.name()?);
        match (if_taken, &to.node) {
            (IfTaken::Refuse, Some(_)) => return Err(errno(EEXIST)),
            // Two names of one file: POSIX says that nothing happens, and both stay.
            (_, Some(other)) if other.inode() == node.inode() => return Ok(()),
            (IfTaken::Exchange, None) => return Err(errno(ENOENT)),
            (IfTaken::Exchange, Some(other)) => {
                if to.path.starts_with(&from.path) || from.path.starts_with(&to.path) {
                    return Err(errno(EINVAL));
                }
                let other = other.clone();
                self.name(vec![
                    Naming { dir: from.dir, name: from_name, node: Some(other) },
                    Naming { dir: to.dir, name: to_name, node: Some(node) },
                ]);
                return Ok(());
            }
            (IfTaken::Refuse, None) | (IfTaken::Replace, _) => {}
        }
        if to.path.starts_with(&from.path) {
            return Err(errno(EINVAL));
        }
        check_replaceable(&node, to.node.as_ref())?;
        self.name(vec![
            Naming { dir: from.dir, name: from_name, node: None },
            Naming { dir: to.dir, name: to_name, node: Some(node) },
        ]);
        Ok(())
    }

    pub(super) fn hard_link_at(&self, original: At<'_>, link: At<'_>) -> io::Result<()> {
        let _entered = self.enter(Call::HardLink, &original.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let (original, link) = (original.walk(Links::NotLast)?, link.walk(Links::NotLast)?);
        self.check_one_mount(&original, &link)?;
        match original.existing()? {
            _ if link.node.is_some() => Err(errno(EEXIST)),
            Node::Dir(_) => Err(errno(EPERM)),
            node @ (Node::File(_) | Node::Link(_)) => self.give_name(link, node),
        }
    }

    pub(super) fn symlink_at(&self, original: &Path, link: At<'_>) -> io::Result<()> {
        let _entered = self.enter(Call::Symlink, &link.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let found = link.walk(Links::NotLast)?;
        if found.node.is_some() {
            return Err(errno(EEXIST));
        }
        if original.as_os_str().is_empty() {
            return Err(errno(ENOENT));
        }
        let link = self.new_link(Attributes::unmasked(LINK_MODE), original.to_owned());
        self.give_name(found, Node::Link(link))
    }

    pub(super) fn read_link_at(&self, at: At<'_>) -> io::Result<PathBuf> {
        let _entered = self.enter(Call::ReadLink, &at.shown())?;
        match self.find(at, Links::NotLast)? {
            Node::Link(link) => Ok(link.target().clone()),
            Node::File(_) | Node::Dir(_) => Err(errno(EINVAL)),
        }
    }

    pub(super) fn copy_at(&self, from: At<'_>, to: At<'_>) -> io::Result<u64> {
        let _entered = self.enter(Call::Copy, &from.shown())?;
        // The error of `std::fs::copy` from something that is no file.
        let source = file(self.find(from, Links::Follow)?).map_err(|_| errno(EINVAL))?;
        let request = OpenRequest::default().write(true).create(true).truncate(true);
        let bytes = source.bytes();
        let target = file(self.node_for(to, &request)?.0)?;
        self.write(&target, Place::At(0), &bytes);
        let permissions = lock(Node::File(source).attributes()).permissions();
        self.permit(&Node::File(target), &permissions)?;
        drop(self.enter(Call::Close, &to.shown())?);
        Ok(bytes.len() as u64)
    }

    pub(super) fn permit(&self, node: &Node, permissions: &Permissions) -> io::Result<()> {
        self.change_traits(node, |attributes| {
            attributes.set_permissions(permissions);
            Ok(())
        })
    }

    pub(super) fn set_times_at(&self, at: At<'_>, times: &Stamps, links: Links) -> io::Result<()> {
        let _entered = self.enter(Call::SetTimes, &at.shown())?;
        let node = self.find(at, links)?;
        lock(node.attributes()).set_times(times);
        Ok(())
    }

    pub(super) fn xattr_at(&self, at: At<'_>, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        let _entered = self.enter(Call::Xattr, &at.shown())?;
        let node = self.find(at, links)?;
        let attributes = lock(node.attributes());
        Ok(attributes.extended.get(name).cloned())
    }

    pub(super) fn xattrs_at(&self, at: At<'_>, links: Links) -> io::Result<Vec<OsString>> {
        let _entered = self.enter(Call::Xattr, &at.shown())?;
        let node = self.find(at, links)?;
        let attributes = lock(node.attributes());
        Ok(attributes.extended.keys().cloned().collect())
    }

    pub(super) fn set_xattr_at(
        &self,
        at: At<'_>,
        name: &OsStr,
        value: &[u8],
        mode: XattrMode,
        links: Links,
    ) -> io::Result<()> {
        let _entered = self.enter(Call::Xattr, &at.shown())?;
        self.change_traits(&self.find(at, links)?, |attributes| {
            match (mode, attributes.extended.contains_key(name)) {
                (XattrMode::Create, true) => return Err(errno(EEXIST)),
                (XattrMode::Replace, false) => return Err(errno(ENODATA)),
                _ => {}
            }
            attributes.extended.insert(name.to_owned(), value.to_owned());
            Ok(())
        })
    }

    /// What is in a directory now.
    pub(super) fn listed(&self, dir: &DirNode) -> Vec<Listed> {
        let names = lock(dir.names());
        let listed = |(name, node): (&_, &Node)| {
            let name: &OsStr = name;
            Listed { name: name.to_owned(), kind: Some(node.kind()), ino: node.inode() }
        };
        names.iter().map(|(name, node)| listed((name.as_os_str(), node))).collect()
    }

    pub(super) fn opened(&self, at: At<'_>, request: &OpenRequest) -> io::Result<Opened> {
        let (node, path) = self.node_for(at, request)?;
        Ok(self.opened_node(node, path, request))
    }

    /// A file without a name, whose openings go by the directory's path.
    pub(super) fn open_unnamed_in(&self, at: At<'_>, mode: u32) -> Option<io::Result<Opened>> {
        let _entered = match self.enter(Call::OpenUnnamed, &at.shown()) {
            Ok(entered) => entered,
            Err(Refusal::WouldBlock | Refusal::Errno(EOPNOTSUPP)) => return None,
            Err(refusal) => return Some(Err(refusal.into())),
        };
        match self.find(at, Links::Follow) {
            Ok(Node::Dir(_)) => {}
            Ok(Node::File(_) | Node::Link(_)) | Err(_) => return None,
        }
        let file = self.new_file(Attributes::new(mode), Arc::default());
        let request = OpenRequest::default().read(true).write(true);
        Some(Ok(self.opened_node(Node::File(file), at.shown(), &request)))
    }

    pub(super) fn link_node(&self, node: &Arc<FileNode>, link: At<'_>) -> io::Result<()> {
        let _entered = self.enter(Call::HardLink, &link.shown())?;
        let _turn = lock(&self.shared.names_turn);
        let found = link.walk(Links::NotLast)?;
        if found.node.is_some() {
            return Err(errno(EEXIST));
        }
        self.give_name(found, Node::File(Arc::clone(node)))
    }

    fn opened_node(&self, node: Node, path: PathBuf, request: &OpenRequest) -> Opened {
        let len = match &node {
            Node::File(file) => file.len(),
            Node::Dir(_) | Node::Link(_) => 0,
        };
        let (mount, inode) = (self.mount_of(&path), node.inode());
        let file = Box::new(OpenNode::new(self, path, node, request));
        let mut opened = Opened::plain(file, mount.device, inode, len);
        opened.remote = mount.remote;
        opened
    }

    /// Finds or makes what an open names, in one step against other calls on names; with the way to it.
    fn node_for(&self, at: At<'_>, request: &OpenRequest) -> io::Result<(Node, PathBuf)> {
        let _turn = lock(&self.shared.names_turn);
        let changes = may_change(request);
        let links = if request.create_new { Links::NotLast } else { Links::Follow };
        let found = at.walk(links)?;
        let path = found.path.clone();
        match &found.node {
            Some(_) if request.create_new => Err(errno(EEXIST)),
            Some(Node::Dir(_)) if changes => Err(errno(EISDIR)),
            Some(Node::File(file)) => {
                if request.truncate {
                    self.set_len(file, |_| 0);
                }
                Ok((Node::File(Arc::clone(file)), path))
            }
            Some(node @ (Node::Dir(_) | Node::Link(_))) => Ok((node.clone(), path)),
            None if request.create || request.create_new => {
                let mode = request.mode.unwrap_or(FILE_MODE);
                let file = self.new_file(Attributes::new(mode), Arc::default());
                self.give_name(found, Node::File(Arc::clone(&file)))?;
                Ok((Node::File(file), path))
            }
            None => Err(errno(ENOENT)),
        }
    }

    fn give_name(&self, found: Found, node: Node) -> io::Result<()> {
        let name = found.name()?;
        self.name(vec![Naming { dir: found.dir, name, node: Some(node) }]);
        Ok(())
    }

    /// Removes everything in a directory, name by name: a power cut may come between any two.
    fn empty(&self, dir: &Arc<DirNode>) {
        for Listed { name, kind, .. } in self.listed(dir) {
            if let (Some(Kind::Dir), Some(Node::Dir(below))) = (kind, dir.get(&name)) {
                self.empty(&below);
            }
            self.name(vec![Naming { dir: Arc::clone(dir), name, node: None }]);
        }
    }

    fn check_one_mount(&self, from: &Found, to: &Found) -> io::Result<()> {
        let device = |found: &Found| self.mount_of(&found.path).device;
        if device(from) == device(to) { Ok(()) } else { Err(errno(EXDEV)) }
    }
}

pub(super) fn may_change(request: &OpenRequest) -> bool {
    request.write || request.append || request.truncate || request.create || request.create_new
}

fn check_replaceable(node: &Node, replaced: Option<&Node>) -> io::Result<()> {
    match (node, replaced) {
        (Node::File(_) | Node::Link(_), Some(Node::Dir(_))) => Err(errno(EISDIR)),
        (Node::Dir(_), Some(Node::File(_) | Node::Link(_))) => Err(errno(ENOTDIR)),
        (Node::Dir(_), Some(Node::Dir(dir))) if !dir.is_empty() => Err(errno(ENOTEMPTY)),
        (Node::Dir(_), Some(Node::Dir(_)))
        | (Node::File(_) | Node::Link(_), Some(Node::File(_) | Node::Link(_)))
        | (_, None) => Ok(()),
    }
}
