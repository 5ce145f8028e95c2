//! Moving a directory with everything in it.

use std::collections::HashMap;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, linkat, openat, statat, unlinkat};
use rustix::io::Errno;

use super::{Seen, changed, fill, keep, not_movable};
use crate::error::{InTheWay, Worded};
use crate::storage::TreeCopier;
use crate::storage::os::descriptor::Descriptor;
use crate::storage::os::platform::PATH;
use crate::storage::os::platform::open_file::{sync_in_tree, sync_tree};
use crate::storage::os::stat::{self, Identity};
use crate::storage::os::tree::LISTED;
use crate::storage::os::tree::copy::{Here, Keeper, TreeCopy};
use crate::storage::os::tree::names::{Named, Names};
use crate::storage::os::tree::way::Way;

/// A tree on its way.
pub(super) struct Tree {
    from: OwnedFd,
    to: OwnedFd,
    /// `None` once everything is copied.
    copy: Option<TreeCopy>,
    record: Arc<Mutex<Record>>,
}

/// The copied entries: nothing else may be removed. Takes some hundred bytes per entry.
#[derive(Default)]
struct Record {
    copied: HashMap<Identity, Seen>,
    /// The paths in the copy of files with several names.
    linked: HashMap<Identity, PathBuf>,
}

impl Record {
    fn has(&self, seen: &Seen) -> bool {
        match self.copied.get(&seen.identity) {
            // A directory changes as it is emptied; its entries are checked one by one.
            Some(known) if known.kind() == FileType::Directory => seen.kind() == FileType::Directory,
            Some(known) => known == seen,
            None => false,
        }
    }

    fn add(&mut self, stat: &Stat) {
        let seen = Seen::of(stat);
        self.copied.insert(seen.identity, seen);
    }
}

impl Tree {
    /// Both are open for listing, and the copy is empty.
    pub(super) fn begin(from: OwnedFd, to: OwnedFd) -> io::Result<Tree> {
        let record = Arc::<Mutex<Record>>::default();
        let keeper =
            Keeping { record: record.clone(), root: to.try_clone()?, device: None, inside: Vec::new() };
        let copy = TreeCopy::between(from.try_clone()?, to.try_clone()?, Box::new(keeper))?;
        Ok(Tree { from, to, copy: Some(copy), record })
    }

    /// Copies more; `false` once everything is durable.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        let Some(copy) = &mut self.copy else { return Ok(false) };
        let more = copy.more()?;
        if let Some(entry) = copy.passed_over() {
            return Err(InTheWay::error(entry.to_owned(), not_movable()));
        }
        if more {
            return Ok(true);
        }
        self.copy = None;
        // One call for all files where the system has one: syncing each file would take far longer.
        sync_tree(&self.to)?;
        Ok(false)
    }

    /// Fails if any entry of the source differs from what was copied.
    pub(super) fn check(&mut self) -> io::Result<()> {
        self.go_through(false)
    }

    /// Removes the copied entries, except the root.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        self.go_through(true)
    }

    fn go_through(&mut self, removes: bool) -> io::Result<()> {
        let root = openat(&self.from, ".", LISTED, Mode::empty())?;
        let record = held(&self.record);
        let mut way = Way::new(root, Names::new());
        loop {
            match way.next_name() {
                Some(Ok(Named { name, .. })) => {
                    let settled = settle(&mut way, &name, &record, removes);
                    settled.map_err(|error| InTheWay::error(way.to(Some(&name)), error))?;
                }
                Some(Err(error)) => return Err(InTheWay::error(way.to(None), error.into())),
                None if way.depth() == 1 => return Ok(()),
                None => {
                    let left = way.leave().map_err(|error| InTheWay::error(way.to(None), error.into()))?;
                    if removes {
                        let removed = unlinkat(way.dir(), &left.name, AtFlags::REMOVEDIR);
                        removed.map_err(|error| InTheWay::error(way.to(Some(&left.name)), error.into()))?;
                    }
                }
            }
        }
    }
}

/// Checks an entry, and then enters a directory, or with `removes` removes anything else.
fn settle(way: &mut Way<Names>, name: &CStr, record: &Record, removes: bool) -> io::Result<()> {
    let seen = Seen::of(&statat(way.dir(), name, AtFlags::SYMLINK_NOFOLLOW)?);
    if !record.has(&seen) {
        return Err(changed());
    }
    if seen.kind() != FileType::Directory {
        return if removes { Ok(unlinkat(way.dir(), name, AtFlags::empty())?) } else { Ok(()) };
    }
    match way.open(name)? {
        Some(below) if Seen::of(&fstat(&below)?).identity == seen.identity => {
            Ok(way.enter(name.to_owned(), below, Names::new())?)
        }
        Some(_) | None => Err(changed()),
    }
}

/// Preserves all attributes, and keeps the record.
struct Keeping {
    record: Arc<Mutex<Record>>,
    /// The copy's root.
    root: OwnedFd,
    /// The device of the source.
    device: Option<u64>,
    /// The attributes of the current directories, from before they were read.
    inside: Vec<Stat>,
}

impl Keeper for Keeping {
    fn entered(&mut self, from: BorrowedFd<'_>) -> io::Result<()> {
        let stat = fstat(from)?;
        let (device, _) = stat::identity(&stat);
        if *self.device.get_or_insert(device) != device {
            let why = "another file system is mounted there";
            return Err(Worded::error(Errno::BUSY.raw_os_error(), why));
        }
        held(&self.record).add(&stat);
        self.inside.push(stat);
        Ok(())
    }

    fn linked(&mut self, file: &File, here: &Here<'_>) -> io::Result<bool> {
        let stat = fstat(file)?;
        let mut record = held(&self.record);
        let identity = Seen::of(&stat).identity;
        let Some(first) = record.linked.get(&identity) else {
            record.linked.insert(identity, here.way());
            return Ok(false);
        };
        if !record.has(&Seen::of(&stat)) {
            return Err(changed());
        }
        let (dir, name) = parent(self.root.as_fd(), first)?;
        linkat(&dir, name, here.to, here.name, AtFlags::empty())?;
        Ok(true)
    }

    fn file(&mut self, file: &File, open: &mut dyn FnMut(u32) -> io::Result<File>) -> io::Result<u64> {
        let stat = fstat(file)?;
        let to = Descriptor::new(open(super::FILE_FILLING_BITS)?);
        let copied = fill(file, &stat, &to)?;
        sync_in_tree(&*to)?;
        to.close()?;
        held(&self.record).add(&stat);
        Ok(copied)
    }

    fn made(&mut self, here: &Here<'_>) -> io::Result<()> {
        let stat = statat(here.from, here.name, AtFlags::SYMLINK_NOFOLLOW)?;
        keep::of_name(&stat, here.to, here.name)?;
        held(&self.record).add(&stat);
        Ok(())
    }

    fn completed(&mut self, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
        let stat = self.inside.pop().expect("what is completed was entered");
        keep::of_open(from, &stat, to)?;
        Ok(sync_in_tree(to)?)
    }
}

/// Opens the directory of an entry of the copy, part by part: its relative path may be too long for one look-up.
fn parent<'a>(root: BorrowedFd<'_>, way: &'a Path) -> io::Result<(OwnedFd, &'a OsStr)> {
    let flags = PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let (mut dir, mut parts) = (root.try_clone_to_owned()?, way.iter().peekable());
    loop {
        let part = parts.next().unwrap_or(OsStr::from_bytes(b"."));
        if parts.peek().is_none() {
            return Ok((dir, part));
        }
        dir = openat(&dir, part, flags, Mode::empty())?;
    }
}

/// A poisoned mutex is fine: each entry is added at once.
fn held(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
