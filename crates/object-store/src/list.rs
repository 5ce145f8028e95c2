//! Listing objects: all below a prefix, or one level of them.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};

use folio_engine::op::{PathOp, PathRequest, Subject};
use folio_engine::storage::{Identity, Kind, Links, Metadata, Storage};
use folio_engine::{Engine, Operation};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, Result};

use crate::error::{Refused, of_call, of_engine};
use crate::limits::LISTED_MAX;
use crate::meta;
use crate::names::{Root, is_staging, location};

/// Lists the objects below a prefix, those after an offset if there is one.
pub(crate) fn list(
    engine: Result<Engine>,
    root: &Root,
    prefix: Option<&Path>,
    offset: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let engine = match engine {
        Ok(engine) => engine,
        Err(error) => return stream::iter([Err(error)]).boxed(),
    };
    let prefix = prefix.cloned().unwrap_or_default();
    let walk = Walk {
        path: root.of_prefix(&prefix),
        begin: Some(prefix),
        levels: Vec::new(),
        offset: offset.cloned(),
    };
    let batches = stream::unfold(Some((engine, walk)), async |walking| {
        let (engine, walk) = walking?;
        match engine.call(batch(walk)).await {
            Ok((found, rest)) => Some((found, rest.map(|walk| (engine, walk)))),
            Err(error) => Some((vec![Err(of_engine(error))], None)),
        }
    });
    batches.flat_map(stream::iter).boxed()
}

/// Lists one level.
pub(crate) async fn one_level(engine: Engine, root: &Root, prefix: Option<&Path>) -> Result<ListResult> {
    let prefix = prefix.cloned().unwrap_or_default();
    engine.call(level(root.of_prefix(&prefix), prefix)).await.map_err(of_engine)?
}

fn level(path: PathBuf, prefix: Path) -> impl PathRequest<Reply = Result<ListResult>> {
    PathOp::new(Operation::ReadDir, path, move |storage: &dyn Storage, path: PathBuf| {
        Ok(Level::begin(storage, path, prefix).and_then(|level| level.objects(storage)))
    })
}

/// A walk through the files below a prefix, between two requests. No descriptor is open then.
struct Walk {
    /// Where it began.
    path: PathBuf,
    /// The prefix, as long as nothing was listed.
    begin: Option<Path>,
    /// The directories on the way to where it is, from the top.
    levels: Vec<Level>,
    offset: Option<Path>,
}

impl Subject for Walk {
    fn path(&self) -> &FilePath {
        &self.path
    }

    fn identities(&self, storage: &dyn Storage) -> Vec<Identity> {
        storage.identity(&self.path).into_iter().collect()
    }
}

/// Objects that a walk has found, and the rest of the walk if there is more. An error is the end.
type Batch = (Vec<Result<ObjectMeta>>, Option<Walk>);

fn batch(walk: Walk) -> impl PathRequest<Reply = Batch> {
    PathOp::new(Operation::ReadDir, walk, |storage, mut walk: Walk| {
        let mut found = Vec::new();
        match walk.more(storage, &mut found) {
            Ok(()) => {
                let rest = (!walk.levels.is_empty()).then_some(walk);
                Ok((found, rest))
            }
            Err(error) => {
                found.push(Err(error));
                Ok((found, None))
            }
        }
    })
}

impl Walk {
    /// Goes on for as many entries as one request may look at.
    fn more(&mut self, storage: &dyn Storage, found: &mut Vec<Result<ObjectMeta>>) -> Result<()> {
        if let Some(prefix) = self.begin.take() {
            self.levels.push(Level::begin(storage, self.path.clone(), prefix)?);
        }
        for _ in 0..LISTED_MAX {
            let Some(level) = self.levels.last_mut() else { return Ok(()) };
            let Some(entry) = level.entries.pop_front() else {
                self.levels.pop();
                continue;
            };
            self.visit(storage, entry, found)?;
        }
        Ok(())
    }

    fn visit(
        &mut self,
        storage: &dyn Storage,
        entry: Entry,
        found: &mut Vec<Result<ObjectMeta>>,
    ) -> Result<()> {
        let level = self.levels.last().expect("the entry came from it");
        let path = level.path.join(&entry.name);
        let Some(seen) = Seen::of(storage, &self.levels, &path, entry.kind)? else { return Ok(()) };
        match seen.kind {
            Some(Kind::Dir) => {
                let prefix = location(&level.prefix, &entry.name)?;
                let below = Level::begin(storage, path, prefix)?;
                self.levels.push(below);
            }
            Some(Kind::File) => {
                let location = location(&level.prefix, &entry.name)?;
                let is_before = self.offset.as_ref().is_some_and(|offset| location <= *offset);
                if is_before || is_hidden(&location) {
                    return Ok(());
                }
                found.extend(seen.attributes(storage, &path)?.map(|seen| Ok(meta::of_file(&seen, location))));
            }
            // Devices, FIFOs and sockets are no objects.
            Some(_) | None => {}
        }
        Ok(())
    }
}

/// One directory and what is left of its entries.
struct Level {
    path: PathBuf,
    prefix: Path,
    entries: VecDeque<Entry>,
}

struct Entry {
    name: OsString,
    kind: Option<Kind>,
}

impl Level {
    /// Reads the names in a directory. One that is missing, or no directory, has none.
    fn begin(storage: &dyn Storage, path: PathBuf, prefix: Path) -> Result<Level> {
        let entries = match names(storage, &path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => VecDeque::new(),
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                match storage.metadata(&path, Links::Follow) {
                    Ok(_) => VecDeque::new(),
                    Err(_) => return Err(of_call(&path, error)),
                }
            }
            Err(error) => return Err(of_call(&path, error)),
        };
        Ok(Level { path, prefix, entries })
    }

    /// What is in it: objects, and the prefixes of those further down.
    fn objects(mut self, storage: &dyn Storage) -> Result<ListResult> {
        let (mut prefixes, mut objects) = (BTreeSet::new(), Vec::new());
        let entries = std::mem::take(&mut self.entries);
        let level = [self];
        for entry in entries {
            let [Level { path, prefix, .. }] = &level;
            let path = path.join(&entry.name);
            let Some(seen) = Seen::of(storage, &level, &path, entry.kind)? else { continue };
            let location = location(prefix, &entry.name)?;
            if seen.kind == Some(Kind::Dir) {
                prefixes.insert(location);
            } else if !is_hidden(&location) {
                objects.extend(seen.attributes(storage, &path)?.map(|seen| meta::of_file(&seen, location)));
            }
        }
        let common_prefixes = prefixes.into_iter().collect();
        Ok(ListResult { common_prefixes, objects, extensions: Default::default() })
    }
}

fn names(storage: &dyn Storage, path: &FilePath) -> io::Result<VecDeque<Entry>> {
    let mut lister = storage.list(path)?;
    let mut entries = VecDeque::new();
    while lister.more(&mut |name, kind, _| entries.push_back(Entry { name: name.to_owned(), kind }))? {}
    Ok(entries)
}

fn is_hidden(location: &Path) -> bool {
    location.filename().is_none_or(is_staging)
}

/// What a name leads to, links followed.
struct Seen {
    kind: Option<Kind>,
    /// As far as they had to be asked for.
    attributes: Option<Metadata>,
}

impl Seen {
    /// `None` if a link leads nowhere, or the name is gone.
    fn of(
        storage: &dyn Storage,
        above: &[Level],
        path: &FilePath,
        kind: Option<Kind>,
    ) -> Result<Option<Seen>> {
        if let Some(kind) = kind.filter(|kind| *kind != Kind::Symlink) {
            return Ok(Some(Seen { kind: Some(kind), attributes: None }));
        }
        let Some(attributes) = present(storage, path)? else { return Ok(None) };
        let kind = attributes.file_type().kind();
        if kind == Some(Kind::Dir) {
            leads_in_no_circle(storage, above, path, Identity::of(&attributes))?;
        }
        Ok(Some(Seen { kind, attributes: Some(attributes) }))
    }

    /// `None` if the name is gone by now.
    fn attributes(self, storage: &dyn Storage, path: &FilePath) -> Result<Option<Metadata>> {
        self.attributes.map_or_else(|| present(storage, path), |known| Ok(Some(known)))
    }
}

fn present(storage: &dyn Storage, path: &FilePath) -> Result<Option<Metadata>> {
    match storage.metadata(path, Links::Follow) {
        Ok(attributes) => Ok(Some(attributes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(of_call(path, error)),
    }
}

fn leads_in_no_circle(
    storage: &dyn Storage,
    above: &[Level],
    path: &FilePath,
    target: Identity,
) -> Result<()> {
    let is_target = |level: &Level| storage.identity(&level.path).is_ok_and(|identity| identity == target);
    match above.iter().any(is_target) {
        true => Err(Refused::Circle(path.to_owned()).into()),
        false => Ok(()),
    }
}
