//! A storage with a planted bug: a positioned write is acknowledged now and applied at the next change, so that
//! a read can overtake it.

use std::any::Any;
use std::fs::{FileTimes, Permissions};
use std::io::{self, ErrorKind, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use folio::storage::{Links, Listing, LockKind, Metadata, Names, OpenRequest, Opened, Storage, StorageFile};
use folio_testkit::Disk;

#[derive(Debug)]
pub(crate) struct Late(pub(crate) Disk);

#[derive(Debug)]
struct LateFile {
    file: Box<dyn StorageFile>,
    held_back: Mutex<Option<(u64, Vec<u8>)>>,
}

impl LateFile {
    fn catch_up(&self) -> io::Result<()> {
        let Some((offset, bytes)) = self.held_back.lock().unwrap().take() else { return Ok(()) };
        let mut done = 0;
        while done < bytes.len() {
            done += self.file.write_at(&[IoSlice::new(&bytes[done..])], offset + done as u64)?;
        }
        Ok(())
    }
}

impl StorageFile for LateFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }
    fn read_now(&self, buf: &mut [u8], offset: u64) -> Option<io::Result<usize>> {
        self.file.read_now(buf, offset)
    }
    fn write_at(&self, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        self.catch_up()?;
        let bytes: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        let count = bytes.len();
        *self.held_back.lock().unwrap() = Some((offset, bytes));
        Ok(count)
    }
    fn append(&self, bufs: &[IoSlice<'_>]) -> io::Result<(usize, u64)> {
        self.catch_up()?;
        self.file.append(bufs)
    }
    fn sync(&self, all: bool) -> io::Result<()> {
        self.catch_up()?;
        self.file.sync(all)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.catch_up()?;
        self.file.set_len(len)
    }
    fn len(&self) -> io::Result<u64> {
        self.catch_up()?;
        self.file.len()
    }
    fn metadata(&self) -> io::Result<Metadata> {
        self.file.metadata()
    }
    fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.file.set_permissions(permissions)
    }
    fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.file.set_times(times)
    }
    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        self.file.try_lock(kind)
    }
    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }
    fn close(&self) -> io::Result<()> {
        self.catch_up()?;
        self.file.close()
    }
}

/// Only opening is needed; the rest says so.
impl Names for Late {
    fn open(&self, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
        let mut opened = self.0.open(path, request)?;
        opened.file = Box::new(LateFile { file: opened.file, held_back: Mutex::default() });
        Ok(opened)
    }
    fn metadata(&self, _: &Path, _: Links) -> io::Result<Metadata> {
        unneeded()
    }
    fn create_dir(&self, _: &Path, _: Option<u32>) -> io::Result<()> {
        unneeded()
    }
    fn remove_dir(&self, _: &Path, _: bool) -> io::Result<()> {
        unneeded()
    }
    fn remove_file(&self, _: &Path) -> io::Result<()> {
        unneeded()
    }
    fn rename(&self, _: &Path, _: &dyn Names, _: &Path) -> io::Result<()> {
        unneeded()
    }
    fn hard_link(&self, _: &Path, _: &dyn Names, _: &Path) -> io::Result<()> {
        unneeded()
    }
    fn symlink(&self, _: &Path, _: &Path) -> io::Result<()> {
        unneeded()
    }
    fn read_link(&self, _: &Path) -> io::Result<PathBuf> {
        unneeded()
    }
    fn set_permissions(&self, _: &Path, _: Permissions) -> io::Result<()> {
        unneeded()
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Storage for Late {
    fn read_dir(&self, _: &Path) -> io::Result<Listing> {
        unneeded()
    }
}

fn unneeded<T>() -> io::Result<T> {
    Err(ErrorKind::Unsupported.into())
}
