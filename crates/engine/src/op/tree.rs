//! Operations on directories: making, removing, listing.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::durable::Parent;
use super::pages::Pages;
use super::{At, NO_PERMISSIONS, PathOp, PathRequest, Subject, at};
use crate::error::Operation;
use crate::limits::CREATES_MAX;
use crate::storage::{Entry, FileType, Links, Listed, Names};

pub use crate::limits::ENTRIES_BATCH_MAX;

/// How a directory is to be created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Creation {
    /// Whether missing parents are created too; a directory that exists is then no error.
    pub recursive: bool,
    /// The permission bits before the umask; `None` means `0o777`.
    pub mode: Option<u32>,
    /// Whether it survives a power cut.
    pub durable: bool,
}

/// Creates a directory.
pub fn create_dir(at: impl Into<At>, how: Creation) -> impl PathRequest<Reply = ()> {
    let Creation { recursive, mode, durable } = how;
    at::on(Operation::CreateDir, at, move |names, path| match (recursive, durable) {
        (true, false) => create_dirs(names, path, mode).map(drop),
        (false, false) => names.create_dir(path, mode),
        (true, true) => {
            let created = create_dirs(names, path, mode)?;
            sync_way(names, path, created)
        }
        (false, true) => {
            let parent = Parent::of(names, path)?;
            names.create_dir(path, mode)?;
            parent.sync()
        }
    })
    .later(move |storage, at| async move {
        match mode {
            None => storage.create_dir(at.path(), recursive).await,
            Some(_) => Err(io::Error::new(io::ErrorKind::Unsupported, NO_PERMISSIONS)),
        }
    })
}

/// Syncs every directory that names a part of the path, from the top: those that exist too, since the process that made
/// one of them may have died before syncing it. Where this user may not read, another user made what was there before; the
/// name of what was `created` now has to be durable there too.
fn sync_way(names: &dyn Names, path: &Path, created: Option<&Path>) -> io::Result<()> {
    let mut above: Vec<&Path> = path.ancestors().filter(|part| part.file_name().is_some()).collect();
    above.reverse();
    let is_created = |part: &Path| created.is_some_and(|created| part.starts_with(created));
    for part in above {
        match Parent::of(names, part) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !is_created(part) => {}
            parent => parent?.sync()?,
        }
    }
    Ok(())
}

/// Makes the names in a directory survive a power cut.
pub fn sync_dir(at: impl Into<At>) -> impl PathRequest<Reply = ()> {
    at::on(Operation::SyncAll, at, |names, path| {
        let opened = names.open_dir(path, Links::Follow)?;
        opened.sync()
    })
}

/// Tries the whole path first, since most parents exist; then creates missing parents from the top. Returns the first part
/// that it has created.
pub(super) fn create_dirs<'a>(
    names: &dyn Names,
    path: &'a Path,
    mode: Option<u32>,
) -> io::Result<Option<&'a Path>> {
    // Like std: an empty path means the working directory, which exists.
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let mut created = None;
    let mut missing = vec![path];
    for _ in 0..CREATES_MAX {
        let Some(next) = missing.last() else { return Ok(created) };
        match names.create_dir(next, mode) {
            Ok(()) => {
                created.get_or_insert(*next);
                missing.pop();
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => match next.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => missing.push(parent),
                Some(_) | None => return Err(error),
            },
            Err(error) => {
                let there = names.metadata(next, Links::Follow).is_ok_and(|metadata| metadata.is_dir());
                if !there {
                    return Err(error);
                }
                missing.pop();
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "its parents are removed while they are made"))
}

/// Removes a directory, or with `recursive` everything in it too; symbolic links are removed, never followed.
pub fn remove_dir(at: impl Into<At>, recursive: bool) -> impl PathRequest<Reply = ()> {
    at::on(Operation::RemoveDir, at, move |names, path| names.remove_dir(path, recursive))
        .later(move |storage, at| async move { storage.remove_dir(at.path(), recursive).await })
}

/// Fetches the next entries of a directory, from where the batch before stopped; `None` opens the listing.
pub fn read_dir(path: PathBuf, from: Option<OpenListing>) -> impl PathRequest<Reply = DirBatch> {
    PathOp::new(Operation::ReadDir, Listing { path, from }, |storage, Listing { path, from }| {
        let listing = match from {
            Some(listing) => listing,
            None => OpenListing::new(Box::new(storage.read_dir(&path)?.map(|entry| entry.map(listed)))),
        };
        let (entries, next) = listing.batch(ENTRIES_BATCH_MAX)?;
        Ok(DirBatch { entries, next })
    })
    .later(|storage, Listing { path, from }| async move {
        let listing = match from {
            Some(listing) => listing,
            None => OpenListing::later(storage.list(&path).await?),
        };
        let entry = |one: Listed| listed(Entry::new(&path, one));
        let (entries, next) = listing.batch_later(ENTRIES_BATCH_MAX, entry).await?;
        Ok(DirBatch { entries, next })
    })
}

/// A directory, and where its listing goes on.
struct Listing {
    path: PathBuf,
    from: Option<OpenListing>,
}

impl Subject for Listing {
    fn path(&self) -> &Path {
        &self.path
    }
}

fn listed(entry: Entry) -> ListedEntry {
    let file_type = entry.file_type();
    ListedEntry { entry, file_type }
}

/// Lists the names in a directory, all of them in one job.
pub fn list_names(path: PathBuf) -> impl PathRequest<Reply = Vec<OsString>> {
    PathOp::new(Operation::ReadDir, path, |storage, path| {
        storage.read_dir(&path)?.map(|entry| Ok(entry?.file_name())).collect()
    })
    .later(|storage, path| async move {
        let (mut listing, mut names) = (storage.list(&path).await?, Vec::new());
        loop {
            let listed = listing.more().await?;
            if listed.is_empty() {
                return Ok(names);
            }
            names.extend(listed.into_iter().map(|one| one.name));
        }
    })
}

/// A listing between two batches. It holds the directory's descriptor.
pub type OpenListing = Pages<ListedEntry>;

/// Some entries, in the directory's order.
#[derive(Debug)]
pub struct DirBatch {
    /// At most [`ENTRIES_BATCH_MAX`] entries; `.` and `..` are left out.
    pub entries: Vec<ListedEntry>,
    /// How to go on; `None` at the end.
    pub next: Option<OpenListing>,
}

/// One entry with the information that the directory itself keeps about it.
#[derive(Debug)]
pub struct ListedEntry {
    /// The entry; its methods block.
    pub entry: Entry,
    /// The type, if the directory keeps it or a call of the worker found it.
    pub file_type: Option<FileType>,
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES_BATCH_MAX, ListedEntry, OpenListing, listed, read_dir};
    use crate::op::PathRequest;
    use crate::storage::{Storage, os::Os};
    use std::collections::BTreeSet;
    use std::{fs, io};

    #[test]
    fn batches_hold_every_entry_once_and_never_more_than_the_limit() {
        fn check(count: usize) {
            let dir = tempfile::tempdir().expect("temp dir");
            for i in 0..count {
                fs::write(dir.path().join(i.to_string()), b"").expect("write");
            }
            let (os, mut from, mut names, mut listed) = (Os::new(), None, BTreeSet::new(), 0);
            loop {
                let batch = read_dir(dir.path().into(), from).execute(&os).expect("batch");
                assert!(batch.entries.len() <= ENTRIES_BATCH_MAX);
                listed += batch.entries.len();
                for ListedEntry { entry, file_type } in batch.entries {
                    assert!(file_type.is_some_and(|t| t.is_file()));
                    names.insert(entry.file_name());
                }
                let Some(next) = batch.next else { break };
                from = Some(next);
            }
            assert_eq!((listed, names.len()), (count, count));
        }
        for count in [0, 1, ENTRIES_BATCH_MAX - 1, ENTRIES_BATCH_MAX, ENTRIES_BATCH_MAX + 1, 300] {
            check(count);
        }
    }

    #[test]
    fn failure_in_the_middle_comes_after_the_entries_before_it() {
        let dir = tempfile::tempdir().expect("temp dir");
        fs::write(dir.path().join("file"), b"").expect("write");
        let entries = Os::new().read_dir(dir.path()).expect("list");
        let broken = entries.chain([Err(io::Error::from_raw_os_error(5))]);
        let listing = OpenListing::new(Box::new(broken.map(|entry| entry.map(listed))));
        let (entries, next) = listing.batch(ENTRIES_BATCH_MAX).expect("the error comes later");
        assert_eq!(entries.len(), 1);
        let request = read_dir(dir.path().into(), next);
        let error = request.execute(&Os::new()).expect_err("reported now");
        assert_eq!(error.raw_os_error(), Some(5));
    }
}
