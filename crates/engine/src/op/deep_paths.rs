//! Paths of any length: the kernel looks up at most 4,095 bytes at once, so longer paths start from an open directory.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::limits::{DEEP_DIR_STEP_BYTES, DEEP_DIRS_MAX, NAME_BYTES_MAX, PATH_BYTES_MAX};
use crate::storage::{DeepDir, Links, Lister, Metadata, Storage};

/// Whether paths of entries of this directory may be too long for the kernel.
pub(super) fn is_deep(directory: &Path) -> bool {
    directory.as_os_str().len() + 1 + NAME_BYTES_MAX >= PATH_BYTES_MAX
}

/// A chain of open directories, each below the one before, the last near the current path. Empty while paths are short.
#[derive(Default)]
pub(super) struct DeepPaths {
    held: Vec<Held>,
    /// The path of the last directory in the chain.
    path: Vec<u8>,
}

struct Held {
    /// The length of its path, in bytes.
    len: usize,
    deep_dir: Box<dyn DeepDir>,
}

impl DeepPaths {
    pub(super) fn list(&mut self, path: &Path, storage: &dyn Storage) -> io::Result<Box<dyn Lister>> {
        match self.reach(path, storage)? {
            Some((deep_dir, rest)) => deep_dir.list(rest),
            None => storage.list(path),
        }
    }

    pub(super) fn metadata(
        &mut self,
        path: &Path,
        links: Links,
        storage: &dyn Storage,
    ) -> io::Result<Metadata> {
        match self.reach(path, storage)? {
            Some((deep_dir, rest)) => deep_dir.metadata(rest, links),
            None => storage.metadata(path, links),
        }
    }

    /// Returns the directory to start from and the rest of the path; `None` if the path is short enough.
    fn reach<'a>(
        &mut self,
        path: &'a Path,
        storage: &dyn Storage,
    ) -> io::Result<Option<(&dyn DeepDir, &'a Path)>> {
        let bytes = path.as_os_str().as_bytes();
        if bytes.len() < PATH_BYTES_MAX {
            self.held.clear();
            return Ok(None);
        }
        self.leave(bytes);
        loop {
            let rest = rest(bytes, self.held.last().map_or(0, |held| held.len));
            if rest.len() < 2 * DEEP_DIR_STEP_BYTES {
                break;
            }
            // The storage refuses a name that is too long.
            let step =
                rest[..DEEP_DIR_STEP_BYTES].iter().rposition(|byte| *byte == b'/').filter(|step| *step > 0);
            let Some(step) = step else { break };
            let way = Path::new(OsStr::from_bytes(&rest[..=step]));
            let deep_dir = match self.held.last() {
                Some(held) => held.deep_dir.deep_dir(way),
                None => storage.deep_dir(way),
            };
            let len = bytes.len() - rest.len() + step;
            self.path.clear();
            self.path.extend_from_slice(&bytes[..len]);
            self.held.push(Held { len, deep_dir: deep_dir? });
            if self.held.len() > DEEP_DIRS_MAX {
                self.held.remove(0);
            }
        }
        Ok(self.held.last().map(|held| {
            let rest = rest(bytes, held.len);
            (&*held.deep_dir, Path::new(OsStr::from_bytes(rest)))
        }))
    }

    /// Closes directories that are not on `path`.
    fn leave(&mut self, path: &[u8]) {
        let common = if path.starts_with(&self.path) {
            self.path.len()
        } else {
            self.path.iter().zip(path).take_while(|(one, other)| one == other).count()
        };
        self.held.retain(|held| held.len <= common && path.get(held.len) == Some(&b'/'));
    }
}

/// The path after its first `len` bytes, without leading slashes, which would make it absolute.
fn rest(path: &[u8], len: usize) -> &[u8] {
    let slashes = if len == 0 { 0 } else { path[len..].iter().take_while(|byte| **byte == b'/').count() };
    &path[len + slashes..]
}
