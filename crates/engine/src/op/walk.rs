//! Walking a tree of directories, many entries and several directories in one job.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod later;

use self::later::Ahead;
use super::deep_paths::{DeepPaths, is_deep};
use super::dir_stream::{DirStream, Found};
use super::prefetch::{Prefetch, prefetch_listings};
use super::{PathOp, PathRequest, Subject};
use crate::error::{Error, Operation, Result};
use crate::limits::{PATH_BYTES_MAX, WALK_BATCH_BYTES_MAX};
use crate::storage::{FileType, Links, Metadata, Storage, errno};

pub use crate::limits::{WALK_BATCH_MAX, WALK_BATCH_MIN, WALK_OPEN_MAX, WALK_STEPS_MAX};

/// Which entries a walk reports, and in which order.
#[derive(Clone)]
pub struct WalkRules {
    /// Whether the walk enters symbolic links to directories.
    pub follow_links: bool,
    /// Whether followed links that are broken or circular are reported as links instead of as errors.
    pub keep_broken_links: bool,
    /// Whether the walk enters a root that is a symbolic link, even if it follows no other links.
    pub follow_root_links: bool,
    /// Whether directories on another file system than the root's are reported but not entered.
    pub same_file_system: bool,
    /// Entries of a smaller depth are not reported, though the walk enters them; the root has depth 0.
    pub min_depth: usize,
    /// Directories of this depth are not entered.
    pub max_depth: usize,
    /// The order of the entries of each directory.
    pub order: WalkOrder,
    /// Whether a directory is reported after its contents.
    pub contents_first: bool,
    /// Returns `false` for entries to skip: the walk neither reports nor enters them. Not called for the root.
    pub filter: Option<Filter>,
}

/// The order of the entries of one directory.
#[derive(Clone, Default)]
pub enum WalkOrder {
    /// The order of the directory itself.
    #[default]
    AsListed,
    /// By name, byte by byte.
    ByName,
    /// By a function, which workers call.
    By(Compare),
}

/// See [`WalkOrder::By`]. Entries are as their directory lists them: links have not been followed yet.
pub type Compare = Arc<dyn Fn(&WalkEntry, &WalkEntry) -> Ordering + Send + Sync>;

/// See [`WalkRules::filter`]. Called by workers.
pub type Filter = Arc<dyn Fn(&WalkEntry) -> bool + Send + Sync>;

impl Default for WalkRules {
    fn default() -> Self {
        WalkRules {
            follow_links: false,
            keep_broken_links: false,
            follow_root_links: true,
            same_file_system: false,
            min_depth: 0,
            max_depth: usize::MAX,
            order: WalkOrder::AsListed,
            contents_first: false,
            filter: None,
        }
    }
}

impl fmt::Debug for WalkRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalkRules")
            .field("follow_links", &self.follow_links)
            .field("keep_broken_links", &self.keep_broken_links)
            .field("follow_root_links", &self.follow_root_links)
            .field("same_file_system", &self.same_file_system)
            .field("min_depth", &self.min_depth)
            .field("max_depth", &self.max_depth)
            .field("order", &self.order)
            .field("contents_first", &self.contents_first)
            .field("filter", &self.filter.is_some())
            .finish()
    }
}

impl fmt::Debug for WalkOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WalkOrder::AsListed => "AsListed",
            WalkOrder::ByName => "ByName",
            WalkOrder::By(_) => "By",
        })
    }
}

/// One file, directory or other thing that a walk reports.
#[derive(Clone, Debug)]
pub struct WalkEntry {
    path: PathBuf,
    depth: usize,
    file_type: FileType,
    ino: u64,
    path_is_symlink: bool,
    /// Whether its contents come next on the walk.
    is_entered: bool,
}

impl WalkEntry {
    /// Returns the path: the root's, joined with the relative path of the entry.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path, consuming the entry.
    pub fn into_path(self) -> PathBuf {
        self.path
    }

    /// Returns the last part of the path, or the whole path of a root such as `/` or `..`, which has no last part.
    pub fn file_name(&self) -> &OsStr {
        self.path.file_name().unwrap_or(self.path.as_os_str())
    }

    /// Returns the depth below the root; the root itself has depth 0.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Returns its type without a system call: for a symbolic link, the link's own unless the walk follows links.
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// Returns its inode number; for a followed link, that of the target.
    pub fn ino(&self) -> u64 {
        self.ino
    }

    /// Returns whether the path itself is a symbolic link, followed or not.
    pub fn path_is_symlink(&self) -> bool {
        self.path_is_symlink
    }

    /// Whether the walk has entered it, so that its contents come next.
    #[doc(hidden)]
    pub fn is_entered(&self) -> bool {
        self.is_entered
    }

    /// Asks for its attributes, however long its path is; for a followed link, for those of the target.
    pub(crate) fn stat(&self) -> impl PathRequest<Reply = Metadata> + use<> {
        let is_followed = self.path_is_symlink && !self.file_type.is_symlink();
        let links = if is_followed { Links::Follow } else { Links::NotLast };
        PathOp::new(Operation::Metadata, self.path.clone(), move |storage, path| {
            DeepPaths::default().metadata(&path, links, storage)
        })
        .later(|storage, path| async move { storage.metadata(&path).await })
        .in_place(move |storage, path| {
            let is_short = path.as_os_str().len() < PATH_BYTES_MAX;
            is_short.then(|| storage.metadata_cached(path, links)).flatten()
        })
    }
}

/// Goes on with a walk until a batch is full.
pub fn go_on(walk: OpenWalk) -> impl PathRequest<Reply = WalkBatch> {
    PathOp::new(Operation::ReadDir, walk, |storage, walk: OpenWalk| Ok(walk.go_on(storage)))
        .later(|storage, walk| async move { Ok(walk.go_on_later(storage).await) })
}

/// The results of one job, in order. A batch may be empty although the walk goes on.
#[derive(Debug)]
pub struct WalkBatch {
    /// Entries, and errors that did not end the walk; each error names its path.
    pub met: Vec<Result<WalkEntry>>,
    /// The rest of the walk; `None` at the end.
    pub next: Option<OpenWalk>,
}

/// A walk between two batches. It holds at most [`WALK_OPEN_MAX`] descriptors, plus a few where paths are too long for the
/// kernel.
pub struct OpenWalk {
    root: PathBuf,
    rules: WalkRules,
    stage: Stage,
    /// The size of the next batch, in entries and errors.
    batch: usize,
    /// The directories that the walk is in, each inside the one before.
    levels: Vec<Level>,
    /// The path of the innermost level; the other levels' paths are its prefixes. Separate paths would take memory
    /// quadratic in the depth.
    here: Vec<u8>,
    /// The length of all paths in the batch, in bytes.
    batch_bytes: usize,
    deep_paths: DeepPaths,
    /// The parents of the root, found when the first link is followed.
    above: Option<Vec<Above>>,
    /// The file system that the walk must stay on; `None` if there is no such rule.
    device: Option<u64>,
    /// The listings of a second worker. `None` with a filter or a single file system: those rules decide which
    /// directories may be touched at all.
    prefetch: Option<Arc<Prefetch>>,
    /// Listings under way, on a storage whose calls answer later.
    ahead: HashMap<PathBuf, Ahead>,
}

/// The progress of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Fresh,
    /// The root has been examined.
    UnderWay,
}

struct Level {
    /// The length of this directory's path, in bytes.
    len: usize,
    file_type: FileType,
    ino: u64,
    path_is_symlink: bool,
    /// Device and inode, once a link has been followed below it.
    identity: Option<(u64, u64)>,
    rest: DirStream,
}

/// A parent of the root, direct or indirect.
struct Above {
    path: PathBuf,
    identity: (u64, u64),
}

fn path_of(here: &[u8], len: usize) -> &Path {
    Path::new(OsStr::from_bytes(&here[..len]))
}

impl OpenWalk {
    /// Makes a walk of `root` without any system call.
    pub fn new(root: PathBuf, rules: WalkRules) -> Self {
        let touches_all = rules.filter.is_none() && !rules.same_file_system;
        let prefetch = touches_all.then(|| Arc::new(Prefetch::new(rules.max_depth)));
        OpenWalk {
            root,
            rules,
            stage: Stage::Fresh,
            batch: WALK_BATCH_MIN,
            levels: Vec::new(),
            here: Vec::new(),
            batch_bytes: 0,
            deep_paths: DeepPaths::default(),
            above: None,
            device: None,
            prefetch,
            ahead: HashMap::new(),
        }
    }

    /// A request for a second worker: list directories that the walk will enter.
    pub fn aside(&self) -> Option<impl PathRequest<Reply = ()> + use<>> {
        let prefetch = self.prefetch.as_ref().filter(|prefetch| prefetch.is_useful())?;
        Some(prefetch_listings(self.root.clone(), prefetch.clone()))
    }

    /// Skips the rest of `directory`, if the walk is still inside it.
    pub fn skip(&mut self, directory: &Path) {
        let len = directory.as_os_str().len();
        let Ok(index) = self.levels.binary_search_by_key(&len, |level| level.len) else { return };
        if path_of(&self.here, len) != directory {
            return;
        }
        self.levels.truncate(index + 1);
        self.here.truncate(len);
        // The level itself stays, since the directory may be reported after its contents.
        self.levels[index].rest = DirStream::nothing();
        if let Some(prefetch) = &self.prefetch {
            prefetch.forget(directory);
        }
        self.ahead.retain(|path, _| !path.starts_with(directory));
    }

    /// Handles the next entry, or the end of a directory; `false` at the end of the walk.
    fn step(&mut self, storage: &dyn Storage, met: &mut Vec<Result<WalkEntry>>) -> bool {
        let entered = if self.stage == Stage::Fresh {
            self.stage = Stage::UnderWay;
            let root = storage.metadata(&self.root, Links::NotLast);
            self.begin(root, storage, met)
        } else {
            let depth = self.levels.len();
            let Some(level) = self.levels.last_mut() else { return false };
            let directory = path_of(&self.here, level.len);
            if level.rest.found.is_empty() {
                level.rest.hold_some(directory, 1);
                if let Some(prefetch) = &self.prefetch {
                    prefetch.plan(directory, &level.rest, depth);
                }
            }
            self.next(storage, met)
        };
        if let Some(directory) = entered {
            let listing = self.listing_of(&directory, storage);
            self.enter(directory, listing, storage, met);
        }
        true
    }

    /// Handles the next entry of those in memory, or the end of the directory; returns a directory to enter.
    fn next(&mut self, storage: &dyn Storage, met: &mut Vec<Result<WalkEntry>>) -> Option<WalkEntry> {
        let depth = self.levels.len();
        let level = self.levels.last_mut()?;
        let directory = path_of(&self.here, level.len);
        match level.rest.next(directory) {
            Some(Ok(found)) => return self.visit(found, storage, met),
            Some(Err(error)) => met.push(Err(failed(directory, depth - 1, error))),
            None => self.leave(met),
        }
        None
    }

    fn leave(&mut self, met: &mut Vec<Result<WalkEntry>>) {
        let Some(Level { len, file_type, ino, path_is_symlink, .. }) = self.levels.pop() else { return };
        if self.rules.contents_first {
            let (path, depth) = (path_of(&self.here, len).to_owned(), self.levels.len());
            let is_entered = false;
            self.report(WalkEntry { path, depth, file_type, ino, path_is_symlink, is_entered }, met);
        }
        self.here.truncate(self.levels.last().map_or(0, |level| level.len));
    }

    /// Examines the root. A root that is a symbolic link is entered: the caller means its target. Returns a directory to
    /// enter.
    fn begin(
        &mut self,
        root: io::Result<Metadata>,
        storage: &dyn Storage,
        met: &mut Vec<Result<WalkEntry>>,
    ) -> Option<WalkEntry> {
        let metadata = match root {
            Ok(metadata) => metadata,
            Err(error) => {
                met.push(Err(failed(&self.root, 0, error)));
                return None;
            }
        };
        let mut root = WalkEntry {
            path: self.root.clone(),
            depth: 0,
            file_type: metadata.file_type(),
            ino: metadata.ino(),
            path_is_symlink: metadata.is_symlink(),
            is_entered: false,
        };
        let target =
            if metadata.is_symlink() { storage.metadata(&self.root, Links::Follow) } else { Ok(metadata) };
        match target {
            Ok(target) => {
                if self.rules.follow_links {
                    (root.file_type, root.ino) = (target.file_type(), target.ino());
                }
                self.device = self.rules.same_file_system.then(|| target.dev());
                let is_followed = !root.file_type.is_symlink() || self.rules.follow_root_links;
                return self.meet(root, target.is_dir() && is_followed, storage, met);
            }
            Err(error) if self.rules.follow_links && !self.rules.keep_broken_links => {
                met.push(Err(failed(&self.root, 0, error)));
            }
            Err(_) => self.report(root, met),
        }
        None
    }

    /// Returns a directory to enter.
    fn visit(
        &mut self,
        found: Found,
        storage: &dyn Storage,
        met: &mut Vec<Result<WalkEntry>>,
    ) -> Option<WalkEntry> {
        let depth = self.levels.len();
        let file_type = match found.file_type(&mut self.deep_paths, storage) {
            Ok(file_type) => file_type,
            Err(error) => {
                met.push(Err(failed(&found.path, depth, error)));
                return None;
            }
        };
        let Found { path, ino, .. } = found;
        let path_is_symlink = file_type.is_symlink();
        let mut entry = WalkEntry { path, depth, file_type, ino, path_is_symlink, is_entered: false };
        if self.rules.follow_links && path_is_symlink {
            match self.target(&entry.path, storage) {
                Ok(target) => (entry.file_type, entry.ino) = (target.file_type(), target.ino()),
                Err(_) if self.rules.keep_broken_links => {}
                Err(error) => {
                    met.push(Err(error));
                    return None;
                }
            }
        }
        if self.rules.filter.as_ref().is_some_and(|wanted| !wanted(&entry)) {
            return None;
        }
        let is_dir = entry.file_type.is_dir();
        self.meet(entry, is_dir, storage, met)
    }

    /// The attributes of a link's target. A link back to a directory that the walk is inside of is an error: following
    /// it would never end.
    fn target(&mut self, link: &Path, storage: &dyn Storage) -> Result<Metadata> {
        let depth = self.levels.len();
        let target = self
            .deep_paths
            .metadata(link, Links::Follow, storage)
            .map_err(|error| failed(link, depth, error))?;
        if !target.is_dir() {
            return Ok(target);
        }
        match self.inside_of((target.dev(), target.ino()), storage) {
            Some(ancestor) => {
                let circle = failed(link, depth, errno::error(errno::LINKS_IN_A_CIRCLE));
                Err(circle.with_loop_ancestor(ancestor))
            }
            None => Ok(target),
        }
    }

    /// The path by which the walk is inside this directory, if it is; the innermost if there are several.
    fn inside_of(&mut self, identity: (u64, u64), storage: &dyn Storage) -> Option<PathBuf> {
        let OpenWalk { levels, here, deep_paths, .. } = self;
        for level in levels.iter_mut().rev() {
            let path = path_of(here, level.len);
            if level.identity.is_none() {
                level.identity =
                    deep_paths.metadata(path, Links::Follow, storage).ok().as_ref().map(identity_of);
            }
            if level.identity == Some(identity) {
                return Some(path.to_owned());
            }
        }
        let root = &self.root;
        let above = self.above.get_or_insert_with(|| Above::all(root, storage));
        above.iter().find(|above| above.identity == identity).map(|above| above.path.clone())
    }

    /// Whether a directory is on the walk's file system.
    fn is_on_device(&mut self, directory: &WalkEntry, storage: &dyn Storage) -> Result<bool> {
        let Some(device) = self.device.filter(|_| directory.depth > 0) else { return Ok(true) };
        let asked = self.deep_paths.metadata(&directory.path, Links::Follow, storage);
        asked
            .map(|metadata| metadata.dev() == device)
            .map_err(|error| failed(&directory.path, directory.depth, error))
    }

    /// Reports what is not entered; returns a directory to enter.
    fn meet(
        &mut self,
        entry: WalkEntry,
        is_dir: bool,
        storage: &dyn Storage,
        met: &mut Vec<Result<WalkEntry>>,
    ) -> Option<WalkEntry> {
        if !is_dir {
            self.report(entry, met);
        } else if entry.depth >= self.rules.max_depth {
            // Such a directory counts as empty.
            let is_entered = !self.rules.contents_first;
            self.report(WalkEntry { is_entered, ..entry }, met);
        } else {
            match self.is_on_device(&entry, storage) {
                Ok(true) => return Some(entry),
                Ok(false) => self.report(entry, met),
                Err(error) => met.push(Err(error)),
            }
        }
        None
    }

    fn listing_of(&mut self, WalkEntry { path, .. }: &WalkEntry, storage: &dyn Storage) -> DirStream {
        match self.prefetch.as_ref().filter(|_| !is_deep(path)) {
            Some(prefetch) => prefetch.take(path, &mut self.deep_paths, storage),
            None => DirStream::of(self.deep_paths.list(path, storage)),
        }
    }

    /// Enters a directory whose listing has begun.
    fn enter(
        &mut self,
        entry: WalkEntry,
        mut rest: DirStream,
        storage: &dyn Storage,
        met: &mut Vec<Result<WalkEntry>>,
    ) {
        let WalkEntry { path, depth, file_type, ino, path_is_symlink, .. } = &entry;
        if !matches!(self.rules.order, WalkOrder::AsListed) {
            let planned = !rest.found.is_empty();
            rest.hold(path);
            self.put_in_order(&mut rest, path, depth + 1, storage);
            if let Some(prefetch) = self.prefetch.as_ref().filter(|_| !planned) {
                prefetch.plan(path, &rest, depth + 1);
            }
        }
        let (len, identity) = (path.as_os_str().len(), None);
        let (file_type, ino, path_is_symlink) = (*file_type, *ino, *path_is_symlink);
        self.here.clear();
        self.here.extend_from_slice(path.as_os_str().as_bytes());
        self.levels.push(Level { len, file_type, ino, path_is_symlink, identity, rest });
        // One at a time is enough, since each call of this function adds one level.
        if let Some(oldest) = self.levels.len().checked_sub(WALK_OPEN_MAX + 1) {
            let Level { len, rest, .. } = &mut self.levels[oldest];
            rest.hold(path_of(&self.here, *len));
        }
        if !self.rules.contents_first {
            self.report(WalkEntry { is_entered: true, ..entry }, met);
        }
    }

    /// Sorts the entries; errors come first.
    fn put_in_order(&mut self, rest: &mut DirStream, directory: &Path, depth: usize, storage: &dyn Storage) {
        let compare = match &self.rules.order {
            WalkOrder::AsListed => return,
            WalkOrder::ByName => return rest.sort(),
            WalkOrder::By(compare) => compare.clone(),
        };
        let (mut failed, mut entries) = (VecDeque::new(), Vec::with_capacity(rest.found.len()));
        for found in rest.found.drain(..) {
            let found = found.map(|found| found.with_whole_path(directory));
            match found.and_then(|found| Ok((found.file_type(&mut self.deep_paths, storage)?, found))) {
                Ok((file_type, Found { path, kind, ino })) => {
                    let path_is_symlink = file_type.is_symlink();
                    let is_entered = false;
                    let entry = WalkEntry { path, depth, file_type, ino, path_is_symlink, is_entered };
                    entries.push((entry, kind));
                }
                Err(error) => failed.push_back(Err(error)),
            }
        }
        entries.sort_by(|(one, _), (other, _)| compare(one, other));
        let found = entries.into_iter().map(|(WalkEntry { path, ino, .. }, kind)| {
            Ok(Found { path, kind, ino }.with_buffered_path(directory))
        });
        failed.extend(found);
        rest.found = failed;
    }

    fn report(&mut self, entry: WalkEntry, met: &mut Vec<Result<WalkEntry>>) {
        if entry.depth >= self.rules.min_depth {
            self.batch_bytes += entry.path.as_os_str().len();
            met.push(Ok(entry));
        }
    }
}

impl OpenWalk {
    /// Walks until a batch is full.
    pub(super) fn go_on(mut self, storage: &dyn Storage) -> WalkBatch {
        let mut met = Vec::with_capacity(self.batch);
        self.batch_bytes = 0;
        for _ in 0..WALK_STEPS_MAX {
            if self.is_full(&met) {
                break;
            }
            if !self.step(storage, &mut met) {
                return WalkBatch { met, next: None };
            }
        }
        self.grow_batch();
        WalkBatch { met, next: Some(self) }
    }

    fn is_full(&self, met: &[Result<WalkEntry>]) -> bool {
        met.len() >= self.batch || self.batch_bytes >= WALK_BATCH_BYTES_MAX
    }

    fn grow_batch(&mut self) {
        self.batch = (self.batch * 2).min(WALK_BATCH_MAX);
    }
}

impl Subject for OpenWalk {
    fn path(&self) -> &Path {
        &self.root
    }
}

impl Above {
    /// All parents of the root, except those without readable attributes: no link can be followed there either.
    fn all(root: &Path, storage: &dyn Storage) -> Vec<Above> {
        let Ok(root) = storage.canonicalize(root) else { return Vec::new() };
        let above = root.ancestors().skip(1).filter_map(|path| {
            let identity = identity_of(&storage.metadata(path, Links::Follow).ok()?);
            Some(Above { path: path.to_owned(), identity })
        });
        above.collect()
    }
}

fn identity_of(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn failed(path: &Path, depth: usize, error: io::Error) -> Error {
    Error::io(Operation::ReadDir, error).at_path(path).at_depth(depth)
}

impl fmt::Debug for OpenWalk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenWalk")
            .field("root", &self.root)
            .field("rules", &self.rules)
            .field("stage", &self.stage)
            .field("levels", &self.levels.len())
            .finish()
    }
}
