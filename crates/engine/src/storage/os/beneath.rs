//! Look-ups below a directory that never leave it: by one call where the kernel has one, else part by part.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, openat};
use rustix::io::Errno;

use super::platform::confined::Confined;
use super::platform::found::Found;
use super::platform::{CREATES, PATH};
use super::stat;
use crate::limits::{LOOKUP_LINKS_MAX, LOOKUP_STEPS_MAX, PATH_BYTES_MAX};
use crate::storage::Links;

/// What of a mode `open` looks at and `openat2` takes.
const PERMISSION_BITS: u32 = 0o7777;

/// How paths are looked up below a directory.
#[derive(Debug, Default)]
pub(super) struct Beneath {
    kernel: Confined,
}

impl Beneath {
    /// Looks all paths up part by part from now on.
    pub(super) fn walk(&self) {
        self.kernel.give_up();
    }

    /// Opens the file at `path` below `root`.
    pub(super) fn open(
        &self,
        root: BorrowedFd<'_>,
        path: &Path,
        flags: OFlags,
        mode: Mode,
        links: Links,
    ) -> Result<OwnedFd, Errno> {
        // `openat2` insists on a mode of 0 where nothing is created, and on permission bits alone where something is.
        let creates = flags.intersects(CREATES);
        let mode = if creates { mode & stat::bits(PERMISSION_BITS) } else { Mode::empty() };
        let flags = flags | OFlags::CLOEXEC;
        match self.kernel.open(root, path, flags, mode, links) {
            Some(result) => result,
            None => Walker::new(root).open(path, flags, mode, links),
        }
    }

    /// Opens the directory at `path` below `root`, to look names up in it.
    pub(super) fn dir(&self, root: BorrowedFd<'_>, path: &Path, links: Links) -> Result<OwnedFd, Errno> {
        self.open(root, path, PATH | OFlags::DIRECTORY, Mode::empty(), links)
    }

    /// Finds the file at `path` below `root`, without opening it.
    pub(super) fn find(&self, root: BorrowedFd<'_>, path: &Path, links: Links) -> Result<Found, Errno> {
        match self.kernel.find(root, path, links) {
            Some(result) => result,
            None => Walker::new(root).find(path, links),
        }
    }

    /// Returns the path relative to `root`, without links and dots. Always part by part: no kernel has a call for it that
    /// is safe against renames.
    pub(super) fn way(root: BorrowedFd<'_>, path: &Path) -> Result<PathBuf, Errno> {
        Walker::new(root).way_to(path)
    }
}

/// One look-up part by part.
///
/// It never asks the kernel for `..`, which leads elsewhere after the directory was moved: it starts again from the root,
/// by the names that it took before. It never lets the kernel follow a link, which could be one of procfs that is no path.
struct Walker<'a> {
    root: BorrowedFd<'a>,
    /// The names from the root to the current directory, none of them a link.
    way: Vec<OsString>,
    /// The current directory; `None` at the root.
    here: Option<OwnedFd>,
    /// The parts still to look up, the next one last. `.` at the end requires a directory.
    ahead: Vec<OsString>,
    steps_left: usize,
    links_left: usize,
}

impl<'a> Walker<'a> {
    fn new(root: BorrowedFd<'a>) -> Self {
        let (way, ahead) = (Vec::new(), Vec::new());
        Walker { root, way, here: None, ahead, steps_left: LOOKUP_STEPS_MAX, links_left: LOOKUP_LINKS_MAX }
    }

    fn begin(&mut self, path: &Path) -> Result<(), Errno> {
        let path = path.as_os_str().as_bytes();
        if path.len() >= PATH_BYTES_MAX {
            return Err(Errno::NAMETOOLONG);
        }
        self.enqueue(path)
    }

    fn way_to(self, path: &Path) -> Result<PathBuf, Errno> {
        self.go(path, Links::Follow, |walker, name| {
            if let Some(name) = name {
                if walker.see(name, Links::Follow)?.is_none() {
                    return Ok(None);
                }
                walker.way.push(name.clone());
            }
            let way = std::mem::take(&mut walker.way);
            Ok(Some(if way.is_empty() { ".".into() } else { way.iter().collect() }))
        })
    }

    fn find(self, path: &Path, links: Links) -> Result<Found, Errno> {
        self.go(path, links, |walker, name| match name {
            Some(name) => walker.see(name, links),
            None => Found::look(walker.here(), ".".as_ref()).map(Some),
        })
    }

    fn open(self, path: &Path, flags: OFlags, mode: Mode, links: Links) -> Result<OwnedFd, Errno> {
        self.go(path, links, |walker, name| match name {
            Some(name) => walker.last(name, flags, mode, links),
            None => openat(walker.here(), ".", flags, mode).map(Some),
        })
    }

    /// Looks up all parts, and calls `last` for a last part that is a name. `last` returns `None` for a link to follow.
    fn go<T>(
        mut self,
        path: &Path,
        links: Links,
        last: impl Fn(&mut Self, Option<&OsString>) -> Result<Option<T>, Errno>,
    ) -> Result<T, Errno> {
        self.begin(path)?;
        loop {
            self.count_step()?;
            let part = self.ahead.pop().expect("a path has a last part, which returns");
            let name = match part.as_bytes() {
                b"." => None,
                b".." => {
                    self.go_up()?;
                    None
                }
                _ => Some(&part),
            };
            if self.ahead.is_empty() {
                if let Some(found) = last(&mut self, name)? {
                    return Ok(found);
                }
            } else if let Some(name) = name {
                self.enter(name, links)?;
            }
        }
    }

    /// Puts a path, or the contents of a link, before all parts still to look up.
    fn enqueue(&mut self, path: &[u8]) -> Result<(), Errno> {
        match path.first() {
            None => return Err(Errno::NOENT),
            Some(b'/') => return Err(Errno::XDEV),
            Some(_) => {}
        }
        if path.ends_with(b"/") {
            self.ahead.push(".".into());
        }
        let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty());
        self.ahead.extend(parts.rev().map(|part| OsString::from_vec(part.to_vec())));
        Ok(())
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.here.as_ref().map_or(self.root, AsFd::as_fd)
    }

    fn count_step(&mut self) -> Result<(), Errno> {
        self.steps_left = self.steps_left.checked_sub(1).ok_or(Errno::LOOP)?;
        Ok(())
    }

    fn go_up(&mut self) -> Result<(), Errno> {
        self.way.pop().ok_or(Errno::XDEV)?;
        self.here = None;
        let flags = PATH | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
        for index in 0..self.way.len() {
            self.count_step()?;
            self.here = Some(openat(self.here(), &self.way[index], flags, Mode::empty())?);
        }
        Ok(())
    }

    fn enter(&mut self, name: &OsString, links: Links) -> Result<(), Errno> {
        let found = Found::look(self.here(), name)?;
        match found.kind()? {
            FileType::Directory => match found.into_fd() {
                Ok(dir) => {
                    self.way.push(name.clone());
                    self.here = Some(dir);
                }
                Err(error) if is_exchanged(error) => self.ahead.push(name.clone()),
                Err(error) => return Err(error),
            },
            FileType::Symlink => self.follow(&found, name, links)?,
            _ => return Err(Errno::NOTDIR),
        }
        Ok(())
    }

    /// Finds the last part without opening it; `None` for a link to follow.
    fn see(&mut self, name: &OsString, links: Links) -> Result<Option<Found>, Errno> {
        let found = Found::look(self.here(), name)?;
        if links == Links::Follow && found.kind()? == FileType::Symlink {
            return self.follow(&found, name, links).map(|()| None);
        }
        Ok(Some(found))
    }

    fn follow(&mut self, link: &Found, name: &OsString, links: Links) -> Result<(), Errno> {
        if links == Links::Refuse {
            return Err(Errno::LOOP);
        }
        self.links_left = self.links_left.checked_sub(1).ok_or(Errno::LOOP)?;
        match link.contents() {
            Ok(contents) => self.enqueue(&contents),
            // It is none any more.
            Err(Errno::INVAL) => {
                self.ahead.push(name.clone());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the last part; `None` for a link to follow, or if it was replaced meanwhile.
    fn last(
        &mut self,
        name: &OsString,
        flags: OFlags,
        mode: Mode,
        links: Links,
    ) -> Result<Option<OwnedFd>, Errno> {
        let found = match Found::look(self.here(), name) {
            Ok(found) => found,
            Err(Errno::NOENT) if flags.contains(OFlags::CREATE) => {
                return self.open_here(name, flags, mode);
            }
            Err(error) => return Err(error),
        };
        let stays = links != Links::Follow || flags.contains(OFlags::NOFOLLOW);
        match found.kind()? {
            FileType::Symlink if flags.contains(OFlags::CREATE | OFlags::EXCL) => Err(Errno::EXIST),
            FileType::Symlink if !stays => self.follow(&found, name, links).map(|()| None),
            kind if flags.contains(OFlags::DIRECTORY) && kind != FileType::Directory => Err(Errno::NOTDIR),
            _ if flags.intersects(PATH) => found.into_fd().map(Some),
            FileType::Symlink => Err(Errno::LOOP),
            _ => self.open_here(name, flags, mode),
        }
    }

    /// `None` if a link has replaced the file since it was examined: then it is examined again.
    fn open_here(&mut self, name: &OsString, flags: OFlags, mode: Mode) -> Result<Option<OwnedFd>, Errno> {
        match openat(self.here(), name, flags | OFlags::NOFOLLOW, mode) {
            Ok(opened) => Ok(Some(opened)),
            // Who asks for a directory was shown one.
            Err(error)
                if is_exchanged(error) && (error != Errno::NOTDIR || flags.contains(OFlags::DIRECTORY)) =>
            {
                self.ahead.push(name.clone());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether the file was replaced between the look-up and the opening. FreeBSD returns `EMLINK` for a link.
fn is_exchanged(error: Errno) -> bool {
    [Errno::LOOP, Errno::MLINK, Errno::NOTDIR].contains(&error)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    use super::{Beneath, Found, Walker};
    use crate::storage::Links;

    /// A root with `a/b/`, and beside it what must not be reached.
    fn ground() -> (tempfile::TempDir, PathBuf, File) {
        let dir = tempfile::tempdir().expect("temp dir");
        let base = dir.path().to_path_buf();
        fs::create_dir_all(base.join("root/a/b")).expect("mkdir");
        fs::create_dir(base.join("outside")).expect("mkdir");
        fs::write(base.join("root/a/secret"), b"inside").expect("write");
        fs::write(base.join("outside/secret"), b"secret").expect("write");
        let root = File::open(base.join("root")).expect("open");
        (dir, base, root)
    }

    #[test]
    fn a_walker_whose_directory_is_moved_out_goes_up_by_the_way_it_came() {
        let (_dir, base, root) = ground();
        let mut walker = Walker::new(root.as_fd());
        walker.enter(&"a".into(), Links::Follow).expect("enter");
        walker.enter(&"b".into(), Links::Follow).expect("enter");
        fs::rename(base.join("root/a/b"), base.join("outside/b")).expect("rename");
        walker.go_up().expect("its parent is where it was");
        let secret = walker.last(&"secret".into(), OFlags::RDONLY, Mode::empty(), Links::Follow);
        let mut contents = String::new();
        let mut secret = File::from(secret.expect("open").expect("no link"));
        secret.read_to_string(&mut contents).expect("read");
        assert_eq!(contents, "inside");
        walker.go_up().expect("to the root");
        assert_eq!(walker.go_up(), Err(Errno::XDEV));
    }

    #[test]
    fn a_link_that_takes_the_name_after_it_was_looked_at_is_looked_at_again() {
        let (_dir, base, root) = ground();
        let mut walker = Walker::new(root.as_fd());
        walker.enter(&"a".into(), Links::Follow).expect("enter");
        Found::look(walker.here(), "secret".as_ref()).expect("a file");
        fs::remove_file(base.join("root/a/secret")).expect("remove");
        symlink(base.join("outside/secret"), base.join("root/a/secret")).expect("symlink");
        let opened = walker.open_here(&"secret".into(), OFlags::RDONLY, Mode::empty());
        assert!(opened.expect("no failure").is_none() && walker.ahead == ["secret"]);
        let again = walker.last(&"secret".into(), OFlags::RDONLY, Mode::empty(), Links::Follow);
        assert_eq!(again.map(drop), Err(Errno::XDEV));
    }

    #[test]
    fn links_that_repeat_a_long_way_come_to_an_end() {
        let (_dir, base, root) = ground();
        // Each link leads four hundred times up and down and on to the next.
        for link in 0..super::LOOKUP_LINKS_MAX - 1 {
            let way = format!("{}l{}", "a/b/../../".repeat(400), link + 1);
            symlink(way, base.join(format!("root/l{link}"))).expect("symlink");
        }
        let find = |links: usize| {
            let beneath = Beneath::default();
            beneath.walk();
            let path = format!("l{}", super::LOOKUP_LINKS_MAX - 1 - links);
            beneath.find(root.as_fd(), Path::new(&path), Links::Follow).map(drop)
        };
        // The last of them is missing.
        assert_eq!(find(2), Err(Errno::NOENT));
        assert_eq!(find(super::LOOKUP_LINKS_MAX - 1), Err(Errno::LOOP));
    }
}
