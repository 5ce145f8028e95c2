//! Moves of files between mounts of the simulated disk, each step a call that the plan may meet.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use folio_engine::storage::{Links, Mover, Names, OpenRequest, StorageFile};

use super::Disk;
use super::node::Node;
use super::tree::{errno, file};
use crate::errno::EBUSY;
use crate::faults::Call;
use crate::lock::lock;

/// A file on its way.
#[derive(Debug)]
pub(super) struct Moving {
    disk: Disk,
    from: PathBuf,
    to: PathBuf,
    inode: u64,
    bytes: Arc<Vec<u8>>,
    /// The copy, until it has its name.
    beside: Option<PathBuf>,
    /// The copy's opening, until it is complete.
    open: Option<Box<dyn StorageFile>>,
}

impl Moving {
    /// `Unsupported` for a directory.
    pub(super) fn begin(disk: &Disk, from: &Path, to: &Path) -> io::Result<Moving> {
        let source = disk.find(disk.root(from), Links::NotLast)?;
        let inode = source.inode();
        match source {
            Node::File(file) => Ok(Moving {
                disk: disk.clone(),
                from: from.to_owned(),
                to: to.to_owned(),
                inode,
                bytes: file.bytes(),
                beside: None,
                open: None,
            }),
            Node::Dir(_) | Node::Link(_) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "the simulated disk moves files only"))
            }
        }
    }
}

impl Moving {
    fn original(&self) -> io::Result<Node> {
        self.disk.find(self.disk.root(&self.from), Links::NotLast)
    }

    fn copy(&mut self) -> io::Result<()> {
        drop(self.disk.enter(Call::Copy, &self.from)?);
        let beside = self.to.with_file_name(".moving");
        let request = OpenRequest::default().write(true).create_new(true).mode(Some(0o600));
        let copy = self.disk.open(&beside, &request)?.file;
        self.beside = Some(beside);
        copy.write_at(&[IoSlice::new(&self.bytes)], 0)?;
        copy.set_permissions(lock(self.original()?.attributes()).permissions())?;
        self.open = Some(copy);
        Ok(())
    }
}

impl Mover for Moving {
    /// In two jobs, so that a test gets in between.
    fn more(&mut self) -> io::Result<bool> {
        match self.open.take() {
            None => self.copy().map(|()| true),
            Some(copy) => {
                copy.sync(true)?;
                copy.close()?;
                Ok(false)
            }
        }
    }

    fn check(&mut self) -> io::Result<()> {
        let now = self.original()?;
        let same = now.inode() == self.inode && file(now)?.bytes() == self.bytes;
        if same { Ok(()) } else { Err(errno(EBUSY)) }
    }

    fn give_name(&mut self) -> io::Result<()> {
        let beside = self.beside.as_deref().expect("it was copied");
        self.disk.rename(beside, &self.disk, &self.to)?;
        self.beside = None;
        let dir = self.to.parent().expect("a file has one");
        self.disk.open(dir, &OpenRequest::default().read(true))?.file.sync(true)
    }

    fn remove_original(&mut self) -> io::Result<()> {
        self.check()?;
        self.disk.remove_file(&self.from)
    }

    fn undo(&mut self) -> io::Result<()> {
        self.open = None;
        match self.beside.take() {
            Some(beside) => self.disk.remove_file(&beside),
            None => Ok(()),
        }
    }
}
