//! Looking paths up below a directory without ever leaving it: by one call where the kernel has one
//! (`openat2`, Linux 5.6), else part by part.

use std::ffi::OsString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, readlinkat};
use rustix::io::Errno;

use crate::limits::{LOOKUP_LINKS_MAX, LOOKUP_STEPS_MAX, LOOKUP_TRIES_MAX, PATH_BYTES_MAX};
use crate::storage::Links;

/// What of a mode `open` looks at and `openat2` takes.
const PERMISSION_BITS: u32 = 0o7777;

/// How paths are looked up below a directory.
#[derive(Debug, Default)]
pub(super) struct Beneath {
    /// Whether the kernel's own call is missing or forbidden. Set once and for good; carries no data, so Relaxed
    /// is enough.
    walks: AtomicBool,
}

impl Beneath {
    /// Looks everything up part by part from now on.
    pub(super) fn walk(&self) {
        self.walks.store(true, Ordering::Relaxed);
    }

    /// Opens what `path` names below `root`.
    pub(super) fn open(
        &self,
        root: BorrowedFd<'_>,
        path: &Path,
        flags: OFlags,
        mode: Mode,
        links: Links,
    ) -> Result<OwnedFd, Errno> {
        // The kernel insists on a mode of 0 where nothing is created, and on permission bits alone where something is.
        let creates = flags.intersects(OFlags::CREATE | OFlags::TMPFILE.difference(OFlags::DIRECTORY));
        let mode = if creates { mode & Mode::from_raw_mode(PERMISSION_BITS) } else { Mode::empty() };
        let flags = flags | OFlags::CLOEXEC;
        match self.by_kernel(root, path, flags, mode, links) {
            Some(result) => result,
            None => Walker::new(root).open(path, flags, mode, links),
        }
    }

    /// Returns the way from `root` to what `path` names, without links and dots. Always part by part: the kernel
    /// has no call for it that no rename disturbs.
    pub(super) fn way(root: BorrowedFd<'_>, path: &Path) -> Result<PathBuf, Errno> {
        Walker::new(root).way_to(path)
    }

    /// `None` if the kernel cannot do it, for good or this time.
    fn by_kernel(
        &self,
        root: BorrowedFd<'_>,
        path: &Path,
        flags: OFlags,
        mode: Mode,
        links: Links,
    ) -> Option<Result<OwnedFd, Errno>> {
        if self.walks.load(Ordering::Relaxed) {
            return None;
        }
        let confined = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let (flags, resolve) = match links {
            Links::Follow => (flags, confined),
            Links::NotLast => (flags | OFlags::NOFOLLOW, confined),
            Links::Refuse => (flags | OFlags::NOFOLLOW, confined | ResolveFlags::NO_SYMLINKS),
        };
        for _ in 0..LOOKUP_TRIES_MAX {
            match openat2(root, path, flags, mode, resolve) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(Errno::NOSYS) => {
                    self.walk();
                    return None;
                }
                // Of the file, or of a filter that knows the call and lets nobody use it.
                Err(Errno::PERM) if !self.is_allowed(root) => return None,
                result => return Some(result),
            }
        }
        None
    }

    fn is_allowed(&self, root: BorrowedFd<'_>) -> bool {
        let probe = openat2(root, ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::BENEATH);
        let allowed = !matches!(probe, Err(Errno::PERM | Errno::NOSYS));
        if !allowed {
            self.walk();
        }
        allowed
    }
}

/// One path under way, for kernels without a call for it.
///
/// It never asks the kernel for `..`, which would lead to wherever the directory has been moved: it goes back to
/// the root and comes down again by the names it had come by. It never lets the kernel follow a link, and so
/// never meets one of procfs that is no path.
struct Walker<'a> {
    root: BorrowedFd<'a>,
    /// The names from the root to where it stands, none of them a link.
    way: Vec<OsString>,
    /// Where it stands; `None` at the root.
    here: Option<OwnedFd>,
    /// What is still to be looked up, the next part last. `.` at the end insists on a directory.
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

    fn way_to(mut self, path: &Path) -> Result<PathBuf, Errno> {
        self.begin(path)?;
        loop {
            self.count_step()?;
            let part = self.ahead.pop().expect("a path has a last part, which returns");
            let is_last = self.ahead.is_empty();
            let arrived = match part.as_bytes() {
                b"." => is_last,
                b".." => {
                    self.go_up()?;
                    is_last
                }
                _ if is_last => {
                    let found = self.last(&part, OFlags::PATH, Mode::empty(), Links::Follow)?;
                    found.is_some().then(|| self.way.push(part)).is_some()
                }
                _ => {
                    self.enter(&part, Links::Follow)?;
                    false
                }
            };
            if arrived {
                let way = if self.way.is_empty() { vec![OsString::from(".")] } else { self.way };
                return Ok(way.iter().collect());
            }
        }
    }

    fn open(mut self, path: &Path, flags: OFlags, mode: Mode, links: Links) -> Result<OwnedFd, Errno> {
        self.begin(path)?;
        loop {
            self.count_step()?;
            let part = self.ahead.pop().expect("a path has a last part, which returns");
            let is_last = self.ahead.is_empty();
            match part.as_bytes() {
                b"." => {}
                b".." => self.go_up()?,
                _ => {
                    let found = if is_last {
                        self.last(&part, flags, mode, links)?
                    } else {
                        self.enter(&part, links)?;
                        None
                    };
                    if let Some(found) = found {
                        return Ok(found);
                    }
                    continue;
                }
            }
            if is_last {
                return openat(self.here(), ".", flags, mode);
            }
        }
    }

    /// Puts a path, or what a link contains, before everything that is still to be looked up.
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
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::DIRECTORY | OFlags::CLOEXEC;
        for index in 0..self.way.len() {
            self.count_step()?;
            self.here = Some(openat(self.here(), &self.way[index], flags, Mode::empty())?);
        }
        Ok(())
    }

    fn look(&self, name: &OsString) -> Result<(OwnedFd, FileType), Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = openat(self.here(), name, flags, Mode::empty())?;
        let kind = FileType::from_raw_mode(fstat(&found)?.st_mode);
        Ok((found, kind))
    }

    fn enter(&mut self, name: &OsString, links: Links) -> Result<(), Errno> {
        let (found, kind) = self.look(name)?;
        match kind {
            FileType::Directory => {
                self.way.push(name.clone());
                self.here = Some(found);
                Ok(())
            }
            FileType::Symlink => self.follow(&found, links),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// `link` is the link itself, whatever has its name by now.
    fn follow(&mut self, link: &OwnedFd, links: Links) -> Result<(), Errno> {
        if links == Links::Refuse {
            return Err(Errno::LOOP);
        }
        self.links_left = self.links_left.checked_sub(1).ok_or(Errno::LOOP)?;
        self.enqueue(readlinkat(link, "", Vec::new())?.as_bytes())
    }

    /// Opens the last part; `None` if it was a link that leads on, or has become another thing meanwhile.
    fn last(
        &mut self,
        name: &OsString,
        flags: OFlags,
        mode: Mode,
        links: Links,
    ) -> Result<Option<OwnedFd>, Errno> {
        let (found, kind) = match self.look(name) {
            Ok(found) => found,
            Err(Errno::NOENT) if flags.contains(OFlags::CREATE) => {
                return self.open_here(name, flags, mode);
            }
            Err(error) => return Err(error),
        };
        let stays = links != Links::Follow || flags.contains(OFlags::NOFOLLOW);
        match kind {
            FileType::Symlink if flags.contains(OFlags::CREATE | OFlags::EXCL) => Err(Errno::EXIST),
            FileType::Symlink if stays && flags.contains(OFlags::DIRECTORY) => Err(Errno::NOTDIR),
            FileType::Symlink if stays && flags.contains(OFlags::PATH) => Ok(Some(found)),
            FileType::Symlink if stays => Err(Errno::LOOP),
            FileType::Symlink => self.follow(&found, links).map(|()| None),
            kind if flags.contains(OFlags::PATH) => {
                let fits = kind == FileType::Directory || !flags.contains(OFlags::DIRECTORY);
                if fits { Ok(Some(found)) } else { Err(Errno::NOTDIR) }
            }
            _ => self.open_here(name, flags, mode),
        }
    }

    /// `None` if a link has taken the name since it was looked at: then it is looked at again.
    fn open_here(&mut self, name: &OsString, flags: OFlags, mode: Mode) -> Result<Option<OwnedFd>, Errno> {
        match openat(self.here(), name, flags | OFlags::NOFOLLOW, mode) {
            Ok(opened) => Ok(Some(opened)),
            Err(Errno::LOOP) => {
                self.ahead.push(name.clone());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
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

    use super::{Beneath, Walker};
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
        walker.look(&"secret".into()).expect("a file");
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
            let flags = OFlags::PATH;
            beneath.open(root.as_fd(), Path::new(&path), flags, Mode::empty(), Links::Follow).map(drop)
        };
        // The last of them is missing.
        assert_eq!(find(2), Err(Errno::NOENT));
        assert_eq!(find(super::LOOKUP_LINKS_MAX - 1), Err(Errno::LOOP));
    }
}
