//! Names that are given only if they are free.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, RenameFlags, linkat, renameat_with};
use rustix::io::Errno;

/// Renames in one step where kernel and file system can refuse to replace (`RENAME_NOREPLACE`), else by a second
/// name and the removal of the first.
pub(super) fn rename_noclobber(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP) => by_two_names(from, to),
        result => Ok(result?),
    }
}

fn by_two_names(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::hard_link(from, to)?;
    std::fs::remove_file(from)
}

/// Names an open file. By itself the descriptor is enough for the superuser alone, before Linux 6.10; through
/// `/proc` it is for everybody.
pub(super) fn link_unnamed(file: &File, link: &Path) -> io::Result<()> {
    match linkat(file, "", CWD, link, AtFlags::EMPTY_PATH) {
        Err(Errno::NOENT) => {
            let named = format!("/proc/self/fd/{}", file.as_raw_fd());
            Ok(linkat(CWD, named, CWD, link, AtFlags::SYMLINK_FOLLOW)?)
        }
        result => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use super::{by_two_names, rename_noclobber};
    use std::fs;
    use std::io::{self, ErrorKind};
    use std::path::Path;

    fn check(rename: fn(&Path, &Path) -> io::Result<()>) {
        let dir = tempfile::tempdir().expect("temp dir");
        let [from, to, taken] = ["from", "to", "taken"].map(|name| dir.path().join(name));
        fs::write(&from, b"new").expect("write");
        fs::write(&taken, b"old").expect("write");
        let error = rename(&from, &taken).expect_err("the name is taken");
        assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::AlreadyExists, Some(17)));
        assert_eq!(fs::read(&taken).expect("it is there"), b"old");
        rename(&from, &to).expect("the name is free");
        assert_eq!(fs::read(&to).expect("it is there"), b"new");
        assert!(!from.exists());
        let missing = rename(&from, &dir.path().join("other")).expect_err("it has gone");
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_name_that_is_taken_is_refused_with_and_without_the_kernels_help() {
        check(rename_noclobber);
        check(by_two_names);
    }
}
