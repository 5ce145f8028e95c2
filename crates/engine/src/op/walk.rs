//! Walking a tree of directories, many entries and several directories in one job.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod ahead;
mod entry;
mod rules;

pub use self::entry::WalkEntry;
pub use self::rules::{Compare, Filter, WalkOrder, WalkRules};

use self::ahead::{Ahead, list};
use super::deep_paths::{DeepPaths, is_deep};
use super::dir_stream::{DirStream, Found};
use super::prefetch::{Prefetch, prefetch_listings};
use super::{PathOp, PathRequest, Subject};
use crate::error::{Error, Operation, Result};
use crate::limits::{LISTINGS_LATER_MAX, LISTINGS_LATER_SEEN_MAX, WALK_BATCH_BYTES_MAX};
use crate::storage::{AsyncStorage, Asynchronous, FileType, Kind, Links, Metadata, Storage, errno};

pub use crate::limits::{WALK_BATCH_MAX, WALK_BATCH_MIN, WALK_OPEN_MAX, WALK_STEPS_MAX};

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

/// The same walk on a storage whose calls answer later, with the listings of the next directories begun ahead.
impl OpenWalk {
    /// Walks until a batch is full.
    async fn go_on_later(mut self, storage: Arc<dyn AsyncStorage>) -> WalkBatch {
        let mut met = Vec::with_capacity(self.batch);
        self.batch_bytes = 0;
        for _ in 0..WALK_STEPS_MAX {
            if self.is_full(&met) {
                break;
            }
            if !self.step_later(&storage, &mut met).await {
                return WalkBatch { met, next: None };
            }
        }
        self.grow_batch();
        WalkBatch { met, next: Some(self) }
    }

    /// Handles the next entry, or the end of a directory; `false` at the end of the walk.
    async fn step_later(
        &mut self,
        storage: &Arc<dyn AsyncStorage>,
        met: &mut Vec<Result<WalkEntry>>,
    ) -> bool {
        // Such a storage has one device and no links, so that the walk asks it for nothing but listings.
        let asks_nothing = Asynchronous::of(storage.clone());
        let entered = if self.stage == Stage::Fresh {
            self.stage = Stage::UnderWay;
            self.prefetch = None;
            self.rules.same_file_system = false;
            let root = storage.metadata(&self.root).await;
            self.begin(root, &asks_nothing, met)
        } else {
            let Some(level) = self.levels.last_mut() else { return false };
            if level.rest.found.is_empty() {
                level.rest.hold_some_later(path_of(&self.here, level.len), 1).await;
                self.list_ahead(storage);
            }
            self.next(&asks_nothing, met)
        };
        if let Some(directory) = entered {
            let listing = self.listing_later(directory.path(), storage).await;
            self.enter(directory, listing, &asks_nothing, met);
            self.list_ahead(storage);
        }
        true
    }

    async fn listing_later(&mut self, path: &Path, storage: &Arc<dyn AsyncStorage>) -> DirStream {
        let listed = match self.ahead.remove(path) {
            Some(ahead) => ahead.listing().await,
            None => None,
        };
        let entries = if matches!(self.rules.order, WalkOrder::AsListed) { 1 } else { usize::MAX };
        match listed {
            Some(listing) => listing,
            None => list(path, &**storage, entries).await,
        }
    }

    /// Begins to list the directories that come next, if the walk enters whatever it meets.
    fn list_ahead(&mut self, storage: &Arc<dyn AsyncStorage>) {
        let depth = self.levels.len();
        let Some(level) = self.levels.last().filter(|_| depth < self.rules.max_depth) else { return };
        if self.rules.filter.is_some() {
            return;
        }
        let directory = path_of(&self.here, level.len);
        let seen = level.rest.found.iter().take(LISTINGS_LATER_SEEN_MAX).flatten();
        for found in seen.filter(|found| found.kind == Some(Kind::Dir)) {
            if self.ahead.len() >= LISTINGS_LATER_MAX {
                return;
            }
            let path = found.whole_path(directory);
            self.ahead.entry(path).or_insert_with_key(|path| Ahead::begin(path.clone(), storage.clone()));
        }
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
