//! Calls on names.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use folio_engine::storage::{
    AsyncLister, AsyncStorage, Attributes, Identity, IfTaken, Kind, Later, Listed, Metadata, OpenRequest,
    Opened,
};

use tokio::sync::OwnedSemaphorePermit;

use super::file::{FarFile, Mode};
use super::{FarCall, FarStore, Object, Tree, key};
use crate::errno::{EEXIST, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY};
use crate::lock::lock;

/// Entries on one page of a listing.
const PAGE: usize = 100;

fn number(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn errno<T>(errno: i32) -> io::Result<T> {
    Err(io::Error::from_raw_os_error(errno))
}

impl Tree {
    fn is_directory(&self, key: &str) -> bool {
        key.is_empty() || self.directories.contains_key(key) || !self.below(key).is_empty()
    }

    /// The names in a directory, with their kinds.
    fn below(&self, directory: &str) -> BTreeMap<String, Kind> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let mut names = BTreeMap::new();
        for (key, kind) in self
            .directories
            .keys()
            .map(|key| (key, Kind::Dir))
            .chain(self.objects.keys().map(|key| (key, Kind::File)))
        {
            let Some(rest) = key.strip_prefix(&prefix).filter(|rest| !rest.is_empty()) else { continue };
            match rest.split_once('/') {
                Some((name, _)) => names.insert(name.to_owned(), Kind::Dir),
                None => names.insert(rest.to_owned(), kind),
            };
        }
        names
    }
}

impl FarStore {
    pub(super) fn metadata_of(&self, key: &str, len: u64, modified: SystemTime) -> Metadata {
        let mut attributes = Attributes::new(Kind::File);
        (attributes.permissions, attributes.len, attributes.modified) = (0o644, len, modified);
        (attributes.device, attributes.inode) = (self.shared.number, number(key));
        attributes.into()
    }

    fn opened(&self, key: String, mode: Mode, len: u64) -> Opened {
        let identity = Identity { device: self.shared.number, inode: number(&key) };
        Opened::asynchronous(Arc::new(FarFile::new(self.clone(), key, mode)), identity, len)
    }
}

impl AsyncStorage for FarStore {
    fn identity(&self, path: &Path) -> Identity {
        Identity { device: self.shared.number, inode: number(&key(path)) }
    }

    fn open<'a>(&'a self, path: &'a Path, request: &'a OpenRequest) -> Later<'a, Opened> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Open).await?;
            let key = key(path);
            let mut tree = self.tree();
            let found = tree.objects.get(&key).map(|object| object.bytes.len() as u64);
            if found.is_none() && tree.is_directory(&key) {
                return errno(EISDIR);
            }
            let creates = request.create || request.create_new;
            match (found, creates) {
                (Some(_), _) if request.create_new => return errno(EEXIST),
                (None, false) => return errno(ENOENT),
                (Some(_) | None, _) => {}
            }
            let (mode, len) = match (request.append, request.write) {
                (true, _) => (Mode::Append, found.unwrap_or_default()),
                (false, true) if request.truncate || found.is_none() => {
                    (Mode::Write { refuses_taken: request.create_new }, 0)
                }
                (false, true) => {
                    return Err(io::Error::new(
                        ErrorKind::Unsupported,
                        "an object cannot be changed in the middle",
                    ));
                }
                (false, false) => (Mode::Read, found.unwrap_or_default()),
            };
            if mode == Mode::Append && found.is_none() {
                tree.objects.insert(key.clone(), Object { bytes: Bytes::new(), modified: SystemTime::now() });
            }
            drop(tree);
            Ok(self.opened(key, mode, len))
        })
    }

    fn replace<'a>(&'a self, path: &'a Path, refuses_taken: bool) -> Later<'a, Opened> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Open).await?;
            let key = key(path);
            if refuses_taken && self.tree().objects.contains_key(&key) {
                return errno(EEXIST);
            }
            Ok(self.opened(key, Mode::Write { refuses_taken }, 0))
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> Later<'a, Metadata> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Metadata).await?;
            let key = key(path);
            let tree = self.tree();
            if let Some(object) = tree.objects.get(&key) {
                return Ok(self.metadata_of(&key, object.bytes.len() as u64, object.modified));
            }
            if !tree.is_directory(&key) {
                return errno(ENOENT);
            }
            let mut attributes = Attributes::new(Kind::Dir);
            (attributes.device, attributes.inode) = (self.shared.number, number(&key));
            Ok(attributes.into())
        })
    }

    fn list<'a>(&'a self, path: &'a Path) -> Later<'a, Box<dyn AsyncLister>> {
        Box::pin(async move {
            let key = key(path);
            let listings = lock(&self.shared.listings).clone();
            let room = match listings {
                Some(listings) => listings.acquire_owned().await.ok(),
                None => None,
            };
            let tree = self.tree();
            if tree.objects.contains_key(&key) {
                return errno(ENOTDIR);
            }
            if !tree.is_directory(&key) {
                return errno(ENOENT);
            }
            let listed = |(name, kind): (String, Kind)| {
                let ino = number(&if key.is_empty() { name.clone() } else { format!("{key}/{name}") });
                Listed { name: name.into(), kind: Some(kind), ino }
            };
            let mut rest: Vec<Listed> = tree.below(&key).into_iter().map(listed).collect();
            rest.reverse();
            Ok(Box::new(Pages { store: self.clone(), rest, _room: room }) as Box<dyn AsyncLister>)
        })
    }

    fn create_dir<'a>(&'a self, path: &'a Path, recursive: bool) -> Later<'a, ()> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Change).await?;
            let key = key(path);
            let mut tree = self.tree();
            if tree.objects.contains_key(&key) || (!recursive && tree.is_directory(&key)) {
                return errno(EEXIST);
            }
            let parent = key.rsplit_once('/').map_or("", |(parent, _)| parent);
            if !recursive && !tree.is_directory(parent) {
                return errno(ENOENT);
            }
            tree.directories.insert(key, ());
            Ok(())
        })
    }

    fn remove_dir<'a>(&'a self, path: &'a Path, recursive: bool) -> Later<'a, ()> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Change).await?;
            let key = key(path);
            let mut tree = self.tree();
            if tree.objects.contains_key(&key) {
                return errno(ENOTDIR);
            }
            if !tree.is_directory(&key) {
                return errno(ENOENT);
            }
            if !recursive && !tree.below(&key).is_empty() {
                return errno(ENOTEMPTY);
            }
            let prefix = format!("{key}/");
            tree.objects.retain(|one, _| !one.starts_with(&prefix));
            tree.directories.retain(|one, ()| *one != key && !one.starts_with(&prefix));
            Ok(())
        })
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> Later<'a, ()> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Change).await?;
            self.tree().objects.remove(&key(path)).map_or_else(|| errno(ENOENT), |_| Ok(()))
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path, if_taken: IfTaken) -> Later<'a, ()> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Change).await?;
            let (from, to) = (key(from), key(to));
            let mut tree = self.tree();
            match if_taken {
                IfTaken::Exchange => return Err(ErrorKind::Unsupported.into()),
                IfTaken::Refuse if tree.objects.contains_key(&to) => return errno(EEXIST),
                IfTaken::Refuse | IfTaken::Replace => {}
            }
            let Some(object) = tree.objects.remove(&from) else { return errno(ENOENT) };
            tree.objects.insert(to, object);
            Ok(())
        })
    }

    fn copy<'a>(&'a self, from: &'a Path, to: &'a Path) -> Later<'a, u64> {
        Box::pin(async move {
            self.shared.plan.pass(FarCall::Change).await?;
            let mut tree = self.tree();
            let Some(object) = tree.objects.get(&key(from)).cloned() else { return errno(ENOENT) };
            let len = object.bytes.len() as u64;
            tree.objects.insert(key(to), object);
            Ok(len)
        })
    }
}

/// A listing, page by page.
struct Pages {
    store: FarStore,
    /// The entries to come, the last of them first.
    rest: Vec<Listed>,
    /// Given back when the listing is dropped.
    _room: Option<OwnedSemaphorePermit>,
}

impl AsyncLister for Pages {
    fn more(&mut self) -> Later<'_, Vec<Listed>> {
        Box::pin(async move {
            self.store.shared.plan.pass(FarCall::List).await?;
            let from = self.rest.len().saturating_sub(PAGE);
            let mut page = self.rest.split_off(from);
            page.reverse();
            Ok(page)
        })
    }
}
