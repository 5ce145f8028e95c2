//! Copying a tree through descriptors of the directories of the source, opened without following links, and of the copy.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, chmodat, fchmod, fstat, mkdirat, openat, readlinkat, statat,
    symlinkat,
};
use rustix::io::Errno;

use super::LISTED;
use super::names::{Named, Names};
use super::way::{Inside, Way, identity};
use crate::error::{InTheWay, Worded};
use crate::limits::{COPY_TREE_BYTES_MAX, COPY_TREE_ENTRIES_MAX, EXCHANGED_LOOKS_MAX};
use crate::storage::os::copy;
use crate::storage::os::platform::{PATH, names};
use crate::storage::os::stat::{self, Identity};
use crate::storage::{Copied, TreeCopier};

/// The permissions of a directory that is being filled: other users have no access to an incomplete copy.
const FILLING: Mode = Mode::RWXU;

/// The permission bits that do not depend on the owner.
const SHARED_BITS: u32 = 0o1777;

/// The set-group-ID bit: new entries of such a directory get its group.
const SGID: u32 = 0o2000;

/// Decides what a copy preserves. Its methods get descriptors, since paths may lead elsewhere by now.
pub(in crate::storage::os) trait Keeper: Send {
    /// Called for the copy's root while it is empty.
    fn begun(&mut self, root: BorrowedFd<'_>) -> io::Result<()> {
        let _ = root;
        Ok(())
    }

    /// Called for a directory before it is read, the root first; [`completed`](Keeper::completed) follows later.
    fn entered(&mut self, from: BorrowedFd<'_>) -> io::Result<()> {
        let _ = from;
        Ok(())
    }

    /// Links a file with several names that was copied before; `true` if that is done.
    fn linked(&mut self, file: &File, here: &Here<'_>) -> io::Result<bool> {
        let _ = (file, here);
        Ok(false)
    }

    /// Copies a file to the one that `open` creates with the permission bits it is given; returns the bytes copied.
    fn file(&mut self, file: &File, open: &mut dyn FnMut(u32) -> io::Result<File>) -> io::Result<u64> {
        copy::between(file, open)
    }

    /// Completes a symbolic link or a FIFO that has just been created.
    fn made(&mut self, here: &Here<'_>) -> io::Result<()> {
        let _ = here;
        Ok(())
    }

    /// Completes a directory after all of its contents.
    fn completed(&mut self, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> io::Result<()> {
        let kept = stat::mode(&fstat(from)?) & SHARED_BITS;
        // Whether new entries inherit the group depends on where the copy is.
        let inherited = stat::mode(&fstat(to)?) & SGID;
        Ok(fchmod(to, stat::bits(kept | inherited))?)
    }
}

/// Preserves contents and permissions, like a copy of a single file.
pub(in crate::storage::os) struct Plain;

impl Keeper for Plain {}

/// One name in a directory of the source and in its copy.
pub(in crate::storage::os) struct Here<'a> {
    pub(in crate::storage::os) from: BorrowedFd<'a>,
    pub(in crate::storage::os) to: BorrowedFd<'a>,
    pub(in crate::storage::os) name: &'a CStr,
    way: &'a Way<Names>,
}

impl Here<'_> {
    /// Its path relative to the root of the tree.
    pub(in crate::storage::os) fn way(&self) -> PathBuf {
        self.way.to(Some(self.name))
    }
}

/// A copy under way.
pub(in crate::storage::os) struct TreeCopy {
    /// The directories that the copy is inside of, and their copies.
    source: Way<Names>,
    target: Way<Nothing>,
    /// The root of the copy, which must not be copied into itself.
    target_root: Identity,
    keeper: Box<dyn Keeper>,
    copied: Copied,
}

/// The state of a directory of the copy, which is never listed.
struct Nothing;

impl Inside for Nothing {
    fn hold(&mut self, _dir: BorrowedFd<'_>) {}
}

/// The outcome for one name.
enum Outcome {
    /// The entry was copied, entered or skipped.
    Done,
    /// The entry is not of that kind any more.
    Exchanged,
}

impl TreeCopy {
    /// Creates the root of the copy, whose name must be free. `from` may be a link, `to` may not.
    pub(in crate::storage::os) fn begin(
        from: &Path,
        to: &Path,
        keeper: Box<dyn Keeper>,
    ) -> io::Result<TreeCopy> {
        let source = openat(CWD, from, LISTED, Mode::empty())?;
        let bytes = to.as_os_str().as_bytes();
        let len = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
        let above = bytes[..len].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (above, name) = (&bytes[..above], &bytes[above..len]);
        let flags = PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let above = openat(CWD, if above.is_empty() { b"." } else { above }, flags, Mode::empty())?;
        mkdirat(&above, name, FILLING)?;
        let target = openat(&above, name, LISTED | OFlags::NOFOLLOW, Mode::empty())?;
        TreeCopy::between(source, target, keeper)
    }

    /// Fills a directory that has just been created. Both are open for listing.
    pub(in crate::storage::os) fn between(
        source: OwnedFd,
        target: OwnedFd,
        mut keeper: Box<dyn Keeper>,
    ) -> io::Result<TreeCopy> {
        keeper.entered(source.as_fd())?;
        keeper.begun(target.as_fd())?;
        let target_root = identity(target.as_fd())?;
        let (source, target) = (Way::new(source, Names::new()), Way::new(target, Nothing));
        Ok(TreeCopy { source, target, target_root, keeper, copied: Copied::default() })
    }

    /// The way from the root to the first socket or device that was passed over.
    pub(in crate::storage::os) fn passed_over(&self) -> Option<&Path> {
        self.copied.passed_over_first.as_deref()
    }

    /// Copies one entry, or completes a directory; `false` at the end.
    fn step(&mut self) -> io::Result<bool> {
        let named = match self.source.next_name() {
            Some(Ok(named)) => named,
            Some(Err(error)) => return Err(InTheWay::error(self.source.to(None), error.into())),
            None => return self.complete().map_err(|error| InTheWay::error(self.source.to(None), error)),
        };
        let depth = self.source.depth();
        let entry = self.entry(&named);
        entry.map_err(|error| {
            // What could not be entered for good is where it is.
            let name = (self.source.depth() == depth).then_some(named.name.as_c_str());
            InTheWay::error(self.source.to(name), error)
        })?;
        Ok(true)
    }

    fn complete(&mut self) -> io::Result<bool> {
        self.keeper.completed(self.source.dir(), self.target.dir())?;
        if self.source.depth() == 1 {
            return Ok(false);
        }
        self.source.leave()?;
        self.target.leave()?;
        Ok(true)
    }

    fn entry(&mut self, Named { name, kind }: &Named) -> io::Result<()> {
        let mut kind = *kind;
        for _ in 0..EXCHANGED_LOOKS_MAX {
            match self.make(name, kind) {
                Ok(Outcome::Done) => return Ok(()),
                Ok(Outcome::Exchanged) => {
                    let stat = statat(self.source.dir(), name, AtFlags::SYMLINK_NOFOLLOW)?;
                    kind = FileType::from_raw_mode(stat.st_mode);
                }
                Err(error) if is_out_of_descriptors(&error) && self.spare_some()? => {}
                Err(error) => return Err(error),
            }
        }
        Err(Errno::AGAIN.into())
    }

    fn make(&mut self, name: &CStr, kind: FileType) -> io::Result<Outcome> {
        match kind {
            FileType::Directory => match self.source.open(name)? {
                Some(below) => self.descend(name, below).map(|()| Outcome::Done),
                None => Ok(Outcome::Exchanged),
            },
            FileType::RegularFile => self.file(name),
            FileType::Symlink => self.link(name),
            FileType::Fifo => self.fifo(name),
            FileType::Socket | FileType::BlockDevice | FileType::CharacterDevice => {
                self.copied.passed_over += 1;
                self.copied.passed_over_first.get_or_insert_with(|| self.source.to(Some(name)));
                Ok(Outcome::Done)
            }
            FileType::Unknown => Ok(Outcome::Exchanged),
        }
    }

    fn descend(&mut self, name: &CStr, below: OwnedFd) -> io::Result<()> {
        if identity(below.as_fd())? == self.target_root {
            let why = "the target lies inside of the source";
            return Err(Worded::error(Errno::INVAL.raw_os_error(), why));
        }
        self.keeper.entered(below.as_fd())?;
        mkdirat(self.target.dir(), name, FILLING)?;
        let copy = self.target.open(name)?.ok_or(Errno::NOTDIR)?;
        self.source.enter(name.to_owned(), below, Names::new())?;
        Ok(self.target.enter(name.to_owned(), copy, Nothing)?)
    }

    fn file(&mut self, name: &CStr) -> io::Result<Outcome> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Without waiting: the file may have been replaced by a FIFO.
        let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = match openat(self.source.dir(), name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::LOOP) => return Ok(Outcome::Exchanged),
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Ok(Outcome::Exchanged);
        }
        let TreeCopy { source, target, keeper, copied, .. } = self;
        let here = Here { from: source.dir(), to: target.dir(), name, way: source };
        if metadata.nlink() > 1 && keeper.linked(&file, &here)? {
            return Ok(Outcome::Done);
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        copied.bytes += keeper
            .file(&file, &mut |mode| Ok(File::from(openat(here.to, name, flags, stat::bits(mode))?)))?;
        Ok(Outcome::Done)
    }

    fn link(&mut self, name: &CStr) -> io::Result<Outcome> {
        let contents = match readlinkat(self.source.dir(), name, Vec::new()) {
            Ok(contents) => contents,
            Err(Errno::INVAL) => return Ok(Outcome::Exchanged),
            Err(error) => return Err(error.into()),
        };
        symlinkat(contents, self.target.dir(), name)?;
        self.made(name)
    }

    fn fifo(&mut self, name: &CStr) -> io::Result<Outcome> {
        let found = statat(self.source.dir(), name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::Fifo {
            return Ok(Outcome::Exchanged);
        }
        let mode = stat::bits(stat::mode(&found) & SHARED_BITS);
        names::make_fifo(self.target.dir(), name, mode)?;
        // Once more, since the umask has removed some bits.
        chmodat(self.target.dir(), name, mode, AtFlags::empty())?;
        self.made(name)
    }

    fn made(&mut self, name: &CStr) -> io::Result<Outcome> {
        let TreeCopy { source, target, keeper, .. } = self;
        keeper.made(&Here { from: source.dir(), to: target.dir(), name, way: source })?;
        Ok(Outcome::Done)
    }

    fn spare_some(&mut self) -> io::Result<bool> {
        let (source, target) = (self.source.spare_one()?, self.target.spare_one()?);
        Ok(source || target)
    }
}

impl TreeCopier for TreeCopy {
    fn more(&mut self) -> io::Result<bool> {
        let enough = self.copied.bytes.saturating_add(COPY_TREE_BYTES_MAX);
        for _ in 0..COPY_TREE_ENTRIES_MAX {
            if self.copied.bytes >= enough {
                break;
            }
            if !self.step()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn copied(self: Box<Self>) -> Copied {
        self.copied
    }
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].map(|errno| Some(errno.raw_os_error())).contains(&error.raw_os_error())
}
