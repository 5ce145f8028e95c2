//! What a directory has to tell on a walk: read from it by the thousand names, held in memory in between.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::exclusive::Exclusive;
use crate::storage::{Kind, Lister, Storage};

/// What a directory still has to tell.
pub(super) struct Rest {
    /// What has been read of it and not told: sorted, or all there is if the descriptor is closed.
    pub(super) found: VecDeque<io::Result<Found>>,
    /// The directory's descriptor, as long as there may be more.
    listing: Option<Exclusive<Box<dyn Lister>>>,
}

/// An entry as its directory tells it.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// `None` where the file system does not keep it in the directory.
    pub(super) kind: Option<Kind>,
    pub(super) ino: u64,
}

impl Rest {
    /// Opens a directory; that it cannot be opened is all that it has to tell then.
    pub(super) fn of(directory: &Path, storage: &dyn Storage) -> Rest {
        match storage.list(directory) {
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
        self.found.pop_front()
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
        let each = &mut |name: &OsStr, kind, ino| {
            let mut path = PathBuf::with_capacity(directory.as_os_str().len() + 1 + name.len());
            path.push(directory);
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
