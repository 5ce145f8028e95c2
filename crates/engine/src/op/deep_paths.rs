//! Paths of any length: the kernel looks up 4,095 bytes of one, and what is below a deeper directory from there.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::limits::{FOOTHOLD_BYTES, FOOTHOLDS_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX};
use crate::storage::{Foothold, Links, Lister, Metadata, Storage};

/// Whether the kernel may refuse what is in a directory for the length of its path.
pub(super) fn is_deep(directory: &Path) -> bool {
    directory.as_os_str().len() + 1 + NAME_BYTES_MAX >= PATH_BYTES_MAX
}

/// Directories of which one leads to the next and the last near to where one looks. Empty as long as paths are short.
#[derive(Default)]
pub(super) struct Footing {
    held: Vec<Held>,
    /// The path that all that is held is on.
    path: Vec<u8>,
}

struct Held {
    /// Bytes of the path that lead to it.
    len: usize,
    foothold: Box<dyn Foothold>,
}

impl Footing {
    /// Starts a listing.
    pub(super) fn list(&mut self, path: &Path, storage: &dyn Storage) -> io::Result<Box<dyn Lister>> {
        match self.reach(path, storage)? {
            Some((foothold, rest)) => foothold.list(rest),
            None => storage.list(path),
        }
    }

    /// The attributes of what `path` names.
    pub(super) fn metadata(
        &mut self,
        path: &Path,
        links: Links,
        storage: &dyn Storage,
    ) -> io::Result<Metadata> {
        match self.reach(path, storage)? {
            Some((foothold, rest)) => foothold.metadata(rest, links),
            None => storage.metadata(path, links),
        }
    }

    /// Where to look from, and the way from there; `None` if the path is not too long.
    fn reach<'a>(
        &mut self,
        path: &'a Path,
        storage: &dyn Storage,
    ) -> io::Result<Option<(&dyn Foothold, &'a Path)>> {
        let bytes = path.as_os_str().as_bytes();
        if bytes.len() < PATH_BYTES_MAX {
            self.held.clear();
            return Ok(None);
        }
        self.leave(bytes);
        loop {
            let rest = rest(bytes, self.held.last().map_or(0, |held| held.len));
            if rest.len() < 2 * FOOTHOLD_BYTES {
                break;
            }
            // A name that is longer than any may be is for the storage to refuse.
            let step = rest[..FOOTHOLD_BYTES].iter().rposition(|byte| *byte == b'/').filter(|step| *step > 0);
            let Some(step) = step else { break };
            let way = Path::new(OsStr::from_bytes(&rest[..=step]));
            let foothold = match self.held.last() {
                Some(held) => held.foothold.foothold(way),
                None => storage.foothold(way),
            };
            let len = bytes.len() - rest.len() + step;
            self.path.clear();
            self.path.extend_from_slice(&bytes[..len]);
            self.held.push(Held { len, foothold: foothold? });
            if self.held.len() > FOOTHOLDS_MAX {
                self.held.remove(0);
            }
        }
        Ok(self.held.last().map(|held| {
            let rest = rest(bytes, held.len);
            (&*held.foothold, Path::new(OsStr::from_bytes(rest)))
        }))
    }

    /// Lets go what the path does not lead through.
    fn leave(&mut self, path: &[u8]) {
        let common = if path.starts_with(&self.path) {
            self.path.len()
        } else {
            self.path.iter().zip(path).take_while(|(one, other)| one == other).count()
        };
        self.held.retain(|held| held.len <= common && path.get(held.len) == Some(&b'/'));
    }
}

/// What comes behind so many bytes of a path, without the slashes between them: a path of its own is relative.
fn rest(path: &[u8], len: usize) -> &[u8] {
    let slashes = if len == 0 { 0 } else { path[len..].iter().take_while(|byte| **byte == b'/').count() };
    &path[len + slashes..]
}
