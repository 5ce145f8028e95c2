//! What a directory has to tell on a walk: read from it by the thousand names, held in memory in between.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::footing::{Footing, is_deep};
use crate::exclusive::Exclusive;
use crate::storage::{FileType, Kind, Links, Lister, Storage};

/// What a directory still has to tell.
pub(super) struct Rest {
    /// What has been read of it and not told: sorted, or all there is if the descriptor is closed.
    pub(super) found: VecDeque<io::Result<Found>>,
    /// The directory's descriptor, as long as there may be more.
    listing: Option<Exclusive<Box<dyn Lister>>>,
}

/// An entry as its directory tells it.
pub(super) struct Found {
    /// In a deep directory the name alone, until it is told: a thousand paths of any length would be held.
    pub(super) path: PathBuf,
    /// `None` where the file system does not keep it in the directory.
    pub(super) kind: Option<Kind>,
    pub(super) ino: u64,
}

impl Found {
    /// Its type, which takes a call where the directory does not keep it.
    pub(super) fn file_type(&self, footing: &mut Footing, storage: &dyn Storage) -> io::Result<FileType> {
        match self.kind {
            Some(kind) => Ok(kind.into()),
            None => {
                footing.metadata(&self.path, Links::NotLast, storage).map(|metadata| metadata.file_type())
            }
        }
    }

    /// With its whole path.
    pub(super) fn told_of(self, directory: &Path) -> Found {
        if is_deep(directory) { Found { path: directory.join(&self.path), ..self } } else { self }
    }

    /// As it is held.
    pub(super) fn held_of(self, directory: &Path) -> Found {
        match self.path.file_name() {
            Some(name) if is_deep(directory) => Found { path: name.into(), ..self },
            Some(_) | None => self,
        }
    }
}

impl Rest {
    /// Of a directory that has been opened; that it could not be is all that it has to tell then.
    pub(super) fn of(opened: io::Result<Box<dyn Lister>>) -> Rest {
        match opened {
            Ok(listing) => Rest { found: VecDeque::new(), listing: Some(Exclusive::new(listing)) },
            Err(error) => Rest { found: VecDeque::from([Err(error)]), listing: None },
        }
    }

    /// Of a directory that has told all.
    pub(super) fn nothing() -> Rest {
        Rest { found: VecDeque::new(), listing: None }
    }

    /// The next entry of `directory`, read with others if none is left in memory.
    pub(super) fn next(&mut self, directory: &Path) -> Option<io::Result<Found>> {
        while self.found.is_empty() && self.listing.is_some() {
            self.read(directory);
        }
        self.found.pop_front().map(|found| found.map(|found| found.told_of(directory)))
    }

    /// Reads what is left into memory, which closes the descriptor.
    pub(super) fn hold(&mut self, directory: &Path) {
        while self.listing.is_some() {
            self.read(directory);
        }
    }

    /// Reads up to so many entries into memory, and no more than one call's worth beyond.
    pub(super) fn hold_some(&mut self, directory: &Path, entries: usize) {
        while self.listing.is_some() && self.found.len() < entries {
            self.read(directory);
        }
    }

    fn read(&mut self, directory: &Path) {
        let Rest { found, listing: Some(listing) } = self else { return };
        let above = if is_deep(directory) { Path::new("") } else { directory };
        let each = &mut |name: &OsStr, kind, ino| {
            let mut path = PathBuf::with_capacity(above.as_os_str().len() + 1 + name.len());
            path.push(above);
            path.push(name);
            found.push_back(Ok(Found { path, kind, ino }));
        };
        match listing.get_mut().more(each) {
            Ok(true) => {}
            Ok(false) => self.listing = None,
            Err(error) => {
                found.push_back(Err(error));
                self.listing = None;
            }
        }
    }

    /// Errors first, as they have no name.
    pub(super) fn sort(&mut self) {
        let name = |found: &Found| found.path.file_name().map(OsStr::to_owned);
        self.found.make_contiguous().sort_by_cached_key(|found| found.as_ref().ok().map(name));
    }
}
