//! The entries of a directory on a walk: read a thousand names at a time, and buffered in memory.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::deep_paths::{DeepPaths, is_deep};
use crate::exclusive::Exclusive;
use crate::storage::{AsyncLister, FileType, Kind, Links, Listed, Lister, Storage};

/// The entries of a directory that the walk has not met yet.
pub(super) struct DirStream {
    /// Entries that have been read. If the descriptor is closed they are all that remain, perhaps sorted.
    pub(super) found: VecDeque<io::Result<Found>>,
    /// The directory's descriptor, while more entries may come.
    listing: Option<Source>,
}

/// Where more entries come from.
enum Source {
    Lister(Exclusive<Box<dyn Lister>>),
    Later(Exclusive<Box<dyn AsyncLister>>),
}

/// An entry, with the information that its directory keeps.
pub(super) struct Found {
    /// In a deep directory only the name while buffered, so that memory does not hold a thousand paths of any length.
    pub(super) path: PathBuf,
    /// `None` if the directory does not keep it.
    pub(super) kind: Option<Kind>,
    pub(super) ino: u64,
}

impl Found {
    /// The type, found by a call if the directory does not keep it.
    pub(super) fn file_type(
        &self,
        deep_paths: &mut DeepPaths,
        storage: &dyn Storage,
    ) -> io::Result<FileType> {
        match self.kind {
            Some(kind) => Ok(kind.into()),
            None => {
                deep_paths.metadata(&self.path, Links::NotLast, storage).map(|metadata| metadata.file_type())
            }
        }
    }

    /// Expands the path to the whole one.
    pub(super) fn with_whole_path(self, directory: &Path) -> Found {
        if is_deep(directory) { Found { path: self.whole_path(directory), ..self } } else { self }
    }

    /// The whole path of an entry of `directory` that is buffered.
    pub(super) fn whole_path(&self, directory: &Path) -> PathBuf {
        if is_deep(directory) { directory.join(&self.path) } else { self.path.clone() }
    }

    /// Shortens the path to its buffered form.
    pub(super) fn with_buffered_path(self, directory: &Path) -> Found {
        match self.path.file_name() {
            Some(name) if is_deep(directory) => Found { path: name.into(), ..self },
            Some(_) | None => self,
        }
    }
}

impl DirStream {
    /// Starts with a directory that has been opened. If the opening failed, the error is the only item.
    pub(super) fn of(opened: io::Result<Box<dyn Lister>>) -> DirStream {
        Self::from_source(opened.map(|listing| Source::Lister(Exclusive::new(listing))))
    }

    /// The same, on a storage whose calls answer later.
    pub(super) fn of_later(opened: io::Result<Box<dyn AsyncLister>>) -> DirStream {
        Self::from_source(opened.map(|listing| Source::Later(Exclusive::new(listing))))
    }

    fn from_source(source: io::Result<Source>) -> DirStream {
        match source {
            Ok(source) => DirStream { found: VecDeque::new(), listing: Some(source) },
            Err(error) => DirStream { found: VecDeque::from([Err(error)]), listing: None },
        }
    }

    /// A directory without further entries.
    pub(super) fn nothing() -> DirStream {
        DirStream { found: VecDeque::new(), listing: None }
    }

    /// Whether all entries are in memory.
    pub(super) fn is_whole(&self) -> bool {
        self.listing.is_none()
    }

    /// Returns the next entry of `directory`, reading more if none is buffered.
    pub(super) fn next(&mut self, directory: &Path) -> Option<io::Result<Found>> {
        while self.found.is_empty() && self.listing.is_some() {
            self.read(directory);
        }
        self.found.pop_front().map(|found| found.map(|found| found.with_whole_path(directory)))
    }

    /// Reads all remaining entries into memory, which closes the descriptor if there is one.
    pub(super) fn hold(&mut self, directory: &Path) {
        while matches!(self.listing, Some(Source::Lister(_))) {
            self.read(directory);
        }
    }

    /// Reads until at least `entries` are in memory; the last call may bring more.
    pub(super) fn hold_some(&mut self, directory: &Path, entries: usize) {
        while self.listing.is_some() && self.found.len() < entries {
            self.read(directory);
        }
    }

    fn read(&mut self, directory: &Path) {
        let DirStream { found, listing: Some(listing) } = self else { return };
        let each = &mut |name: &OsStr, kind, ino| found.push_back(Ok(found_in(directory, name, kind, ino)));
        let more = match listing {
            Source::Lister(listing) => listing.get_mut().more(each),
            Source::Later(_) => Err(io::ErrorKind::Unsupported.into()),
        };
        self.go_on(more);
    }

    /// Reads like [`hold_some`](DirStream::hold_some), on a storage whose calls answer later.
    pub(super) async fn hold_some_later(&mut self, directory: &Path, entries: usize) {
        while self.found.len() < entries {
            let DirStream { found, listing: Some(Source::Later(listing)) } = self else { return };
            let more = listing.get_mut().more().await.map(|listed| {
                let each = |Listed { name, kind, ino }| Ok(found_in(directory, &name, kind, ino));
                let more = !listed.is_empty();
                found.extend(listed.into_iter().map(each));
                more
            });
            self.go_on(more);
        }
    }

    /// Records whether more entries may come, or why none do.
    fn go_on(&mut self, more: io::Result<bool>) {
        match more {
            Ok(true) => {}
            Ok(false) => self.listing = None,
            Err(error) => {
                self.found.push_back(Err(error));
                self.listing = None;
            }
        }
    }

    /// Sorts by name; errors, which have none, come first.
    pub(super) fn sort(&mut self) {
        let name = |found: &Found| found.path.file_name().map(OsStr::to_owned);
        self.found.make_contiguous().sort_by_cached_key(|found| found.as_ref().ok().map(name));
    }
}

/// An entry as it is buffered.
fn found_in(directory: &Path, name: &OsStr, kind: Option<Kind>, ino: u64) -> Found {
    let above = if is_deep(directory) { Path::new("") } else { directory };
    let mut path = PathBuf::with_capacity(above.as_os_str().len() + 1 + name.len());
    path.push(above);
    path.push(name);
    Found { path, kind, ino }
}
