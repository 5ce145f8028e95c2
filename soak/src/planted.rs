//! A storage with a planted bug, which hands everything else on.

use std::any::Any;
use std::ffi::{OsStr, OsString};
use std::fs::{FileTimes, Permissions};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use folio::storage::{
    IfTaken, Links, Listing, LockKind, Metadata, Names, OpenRequest, Opened, Storage, StorageDir, StorageFile,
};

use crate::bug::Bug;

/// One of so many appended records is spoilt.
const SPOILT: u64 = 10;

#[derive(Debug)]
pub(crate) struct Planted {
    inner: Arc<dyn Storage>,
    bug: Bug,
}

/// Returns `inner` with the bug, if there is one.
pub(crate) fn planted(inner: Arc<dyn Storage>, bug: Option<Bug>) -> Arc<dyn Storage> {
    match bug {
        Some(bug) => Arc::new(Planted { inner, bug }),
        None => inner,
    }
}

#[derive(Debug)]
struct PlantedFile {
    inner: Box<dyn StorageFile>,
    bug: Bug,
    late: Mutex<Option<(u64, Vec<u8>)>>,
    appends: AtomicU64,
}

impl PlantedFile {
    fn new(inner: Box<dyn StorageFile>, bug: Bug) -> PlantedFile {
        PlantedFile { inner, bug, late: Mutex::default(), appends: AtomicU64::new(0) }
    }

    /// Makes the write that is late.
    fn catch_up(&self) -> io::Result<()> {
        let late = self.late.lock().expect("no holder panics").take();
        let Some((offset, bytes)) = late else { return Ok(()) };
        let mut done = 0;
        while done < bytes.len() {
            done += self.inner.write_at(&[IoSlice::new(&bytes[done..])], offset + done as u64)?;
        }
        Ok(())
    }

    fn is_spoilt(&self) -> bool {
        self.appends.fetch_add(1, Relaxed) % SPOILT == SPOILT - 1
    }
}

fn joined(bufs: &[IoSlice<'_>]) -> Vec<u8> {
    bufs.iter().flat_map(|buf| buf.iter().copied()).collect()
}

impl StorageFile for PlantedFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buf, offset)
    }

    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let bytes = joined(bufs);
        match self.bug {
            Bug::LateWrite => {
                self.catch_up()?;
                let count = bytes.len();
                *self.late.lock().expect("no holder panics") = Some((offset, bytes));
                Ok(count)
            }
            Bug::SwallowedError => Ok(self.inner.write_at(bufs, offset).unwrap_or(bytes.len())),
            Bug::LyingSync | Bug::DoubledRecord | Bug::TornRecord | Bug::LostRecord => {
                self.inner.write_at(bufs, offset)
            }
        }
    }

    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        self.catch_up()?;
        let bytes = joined(bufs);
        match self.bug {
            Bug::DoubledRecord if self.is_spoilt() => {
                self.inner.append(bufs)?;
                self.inner.append(bufs)
            }
            Bug::TornRecord if self.is_spoilt() => {
                let (count, offset) = self.inner.append(&[IoSlice::new(&bytes[..bytes.len() - 1])])?;
                Ok((count + 1, offset))
            }
            Bug::LostRecord if self.is_spoilt() => Ok((bytes.len(), self.inner.len()?)),
            Bug::SwallowedError => self.inner.append(bufs).or(Ok((bytes.len(), self.inner.len()?))),
            Bug::LateWrite | Bug::LyingSync | Bug::DoubledRecord | Bug::TornRecord | Bug::LostRecord => {
                self.inner.append(bufs)
            }
        }
    }

    fn sync(&self, all: bool) -> io::Result<()> {
        self.catch_up()?;
        if self.bug == Bug::LyingSync { Ok(()) } else { self.inner.sync(all) }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.catch_up()?;
        self.inner.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.catch_up()?;
        self.inner.len()
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.inner.metadata()
    }

    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.inner.set_permissions(permissions)
    }

    fn set_owner(&self, uid: Option<u32>, gid: Option<u32>) -> io::Result<()> {
        self.inner.set_owner(uid, gid)
    }

    fn set_xattr(&self, name: &OsStr, value: &[u8]) -> io::Result<()> {
        self.inner.set_xattr(name, value)
    }

    fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.inner.set_times(times)
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.inner.try_lock(kind)
    }

    fn unlock(&self) -> io::Result<()> {
        self.inner.unlock()
    }

    fn duplicate(&self) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(PlantedFile::new(self.inner.duplicate()?, self.bug)))
    }

    fn as_std(&self) -> Option<&std::fs::File> {
        self.inner.as_std()
    }

    fn close(&self) -> io::Result<()> {
        self.catch_up()?;
        self.inner.close()
    }
}

/// The second place of a call on two names, past the planted storage.
fn inside(place: &dyn Names) -> &dyn Names {
    place.as_any().downcast_ref().map_or(place, |planted: &Planted| &*planted.inner)
}

impl Names for Planted {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        let mut opened = self.inner.open(path, request)?;
        opened.file = Box::new(PlantedFile::new(opened.file, self.bug));
        Ok(opened)
    }

    fn open_dir(&self, path: &Path, links: Links) -> io::Result<Box<dyn StorageDir>> {
        self.inner.open_dir(path, links)
    }

    fn metadata(&self, path: &Path, links: Links) -> io::Result<Metadata> {
        self.inner.metadata(path, links)
    }

    fn create_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        self.inner.create_dir(path, mode)
    }

    fn remove_dir(&self, path: &Path, recursive: bool) -> io::Result<()> {
        self.inner.remove_dir(path, recursive)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }

    fn rename(&self, from: &Path, target: &dyn Names, to: &Path) -> io::Result<()> {
        self.inner.rename(from, inside(target), to)
    }

    fn rename_with(&self, from: &Path, target: &dyn Names, to: &Path, if_taken: IfTaken) -> io::Result<()> {
        self.inner.rename_with(from, inside(target), to, if_taken)
    }

    fn hard_link(&self, original: &Path, target: &dyn Names, link: &Path) -> io::Result<()> {
        self.inner.hard_link(original, inside(target), link)
    }

    fn symlink(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.inner.symlink(original, link)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.read_link(path)
    }

    fn set_permissions(&self, path: &Path, permissions: Permissions) -> io::Result<()> {
        self.inner.set_permissions(path, permissions)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonicalize(path)
    }

    fn xattr(&self, path: &Path, name: &OsStr, links: Links) -> io::Result<Option<Vec<u8>>> {
        self.inner.xattr(path, name, links)
    }

    fn xattrs(&self, path: &Path, links: Links) -> io::Result<Vec<OsString>> {
        self.inner.xattrs(path, links)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Storage for Planted {
    fn read_dir(&self, path: &Path) -> io::Result<Listing> {
        self.inner.read_dir(path)
    }
}
