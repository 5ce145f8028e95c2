//! Renames that never replace, where the kernel has no call for them.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{AtFlags, linkat, unlinkat};

/// A name, and the directory it is looked up from.
pub(super) type Name<'a> = (BorrowedFd<'a>, &'a Path);

/// Renames by adding a second name and removing the first.
pub(super) fn by_two_names((dir, from): Name<'_>, (target, to): Name<'_>) -> io::Result<()> {
    linkat(dir, from, target, to, AtFlags::empty())?;
    Ok(unlinkat(dir, from, AtFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::{Name, by_two_names};
    use crate::storage::os::platform::names::rename_noclobber;
    use std::fs;
    use std::io::{self, ErrorKind};
    use std::path::Path;

    use rustix::fs::CWD;

    fn check(rename: fn(Name<'_>, Name<'_>) -> io::Result<()>) {
        let rename = |from: &Path, to: &Path| rename((CWD, from), (CWD, to));
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
