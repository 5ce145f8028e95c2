//! Unpredictable names: their directory, prefix and suffix.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf, absolute};

use folio_engine::op::Subject;
use folio_engine::storage::{OpenRequest, Opened, Storage};

use crate::checked;
use crate::{Error, Operation, Result};

/// Random characters in a name: as many as in Python, which gives 2·10¹⁴ names.
const RANDOM_CHARS: usize = 8;

/// The prefix of names unless set: Python's.
const PREFIX: &str = "tmp";

/// Environment variables that name the directory, in CPython's order.
const DIR_VARIABLES: [&str; 3] = ["TMPDIR", "TEMP", "TMP"];

/// Directories to use if the variables name no usable one, in CPython's order.
const FALLBACK_DIRS: [&str; 3] = ["/tmp", "/var/tmp", "/usr/tmp"];

/// Permission bits of a file that only its owner may use.
pub(super) const FILE_MODE: u32 = 0o600;

/// How names are made.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) prefix: OsString,
    pub(super) suffix: OsString,
    /// `None` is the first usable directory of the environment at the time of creation.
    pub(super) dir: Option<PathBuf>,
}

impl Default for Template {
    fn default() -> Self {
        Template { prefix: PREFIX.into(), suffix: OsString::new(), dir: None }
    }
}

impl Template {
    /// Refuses prefixes and suffixes that would lead out of the directory or that no name can contain.
    pub(super) fn check(&self, operation: Operation) -> Result<()> {
        let is_foreign = |part: &OsStr| part.as_bytes().iter().any(|byte| matches!(byte, b'/' | 0));
        if is_foreign(&self.prefix) || is_foreign(&self.suffix) {
            let why = "a prefix or suffix contains a slash or a NUL byte";
            return Err(Error::invalid(operation, why).at_path(self.dirs().path()));
        }
        self.dir.as_ref().map_or(Ok(()), |dir| checked::path(operation, dir).map(drop))
    }

    /// The directories to try.
    pub(super) fn dirs(&self) -> Dirs {
        self.dir.clone().map_or_else(Dirs::of_environment, |dir| Dirs(vec![dir]))
    }

    /// Calls `make` with new names in `dir` until it returns anything but `AlreadyExists`.
    pub(super) fn make<R>(&self, dir: &Path, make: impl FnMut(&Path) -> io::Result<R>) -> io::Result<R> {
        let mut builder = ::tempfile::Builder::new();
        // The crate's own removal would block and bypass the storage.
        builder.prefix(&self.prefix).suffix(&self.suffix).rand_bytes(RANDOM_CHARS).disable_cleanup(true);
        builder.make_in(dir, make).map(|made| made.into_parts().0)
    }
}

/// Directories to try in order, at least one.
#[derive(Clone, Debug)]
pub(super) struct Dirs(Vec<PathBuf>);

impl Dirs {
    /// Lists what CPython tries: the variables, then the fallbacks, then the working directory.
    fn of_environment() -> Self {
        let named = DIR_VARIABLES.iter().filter_map(env::var_os);
        let named = named.filter(|dir| !dir.is_empty()).filter_map(|dir| absolute(dir).ok());
        let mut dirs: Vec<PathBuf> = named.chain(FALLBACK_DIRS.map(PathBuf::from)).collect();
        dirs.extend(env::current_dir());
        Dirs(dirs)
    }

    /// Calls `make` with each directory until one is usable. If none is, returns the error of the first.
    pub(super) fn first<R>(&self, mut make: impl FnMut(&Path) -> io::Result<R>) -> io::Result<R> {
        let mut first_error = None;
        for dir in &self.0 {
            match make(dir) {
                Err(error) if is_of_directory(&error) => drop(first_error.get_or_insert(error)),
                made => return made,
            }
        }
        Err(first_error.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
    }
}

impl Subject for Dirs {
    /// The preferred one.
    fn path(&self) -> &Path {
        &self.0[0]
    }
}

/// Whether the directory is unusable, so that the next one is tried.
fn is_of_directory(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// A request to create a file that must not exist, for its owner alone.
pub(super) fn exclusive_request() -> OpenRequest {
    OpenRequest::default().read(true).write(true).create_new(true).mode(Some(FILE_MODE))
}

/// Creates a file by a request of [`exclusive_request`], under a name that no other user can have chosen.
pub(super) fn create(storage: &dyn Storage, path: &Path, request: &OpenRequest) -> io::Result<Opened> {
    let opened = storage.open(path, request);
    if opened.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
        // The name may be there already when the next call for it fails. It is expected that there is none.
        drop(storage.remove_file(path));
    }
    opened
}

/// The setters of the name, which all builders have.
macro_rules! name_setters {
    ($builder:ty, $($template:ident).+) => {
        impl $builder {
            /// Sets the start of the name; `tmp` unless set.
            pub fn prefix(&mut self, prefix: impl AsRef<::std::ffi::OsStr>) -> &mut Self {
                self.$($template).+.prefix = prefix.as_ref().to_owned();
                self
            }

            /// Sets the end of the name.
            pub fn suffix(&mut self, suffix: impl AsRef<::std::ffi::OsStr>) -> &mut Self {
                self.$($template).+.suffix = suffix.as_ref().to_owned();
                self
            }

            /// Sets the directory to create it in, which must exist. Unless set, it is the first usable one, as with
            /// CPython, of those named by `TMPDIR`, `TEMP` and `TMP`, then `/tmp`, `/var/tmp`, `/usr/tmp` and the working
            /// directory.
            pub fn in_dir(&mut self, dir: impl AsRef<::std::path::Path>) -> &mut Self {
                self.$($template).+.dir = Some(dir.as_ref().to_owned());
                self
            }
        }
    };
}

pub(super) use name_setters;

#[cfg(test)]
mod tests {
    use super::{Template, exclusive_request};
    use folio_engine::storage::{Names, os::Os};
    use std::cell::Cell;
    use std::fs;
    use std::io::{self, ErrorKind};
    use std::os::unix::fs::symlink;
    use std::path::Path;

    /// Plants something under the first names tried, and says how many names it took.
    fn names_tried(plant: impl Fn(&Path, &Path) -> io::Result<()>) -> u32 {
        let dir = ::tempfile::tempdir().expect("temp dir");
        let victim = dir.path().join("victim");
        fs::write(&victim, "dear").expect("write");
        let tried = Cell::new(0);
        let made = Template::default().make(dir.path(), |path| {
            tried.set(tried.get() + 1);
            if tried.get() <= 2 {
                plant(&victim, path).expect("the name is free");
            }
            Os::new().open(path, &exclusive_request()).map(|_| path.to_owned())
        });
        assert!(made.expect("a free name in the end").is_file());
        assert_eq!(fs::read_to_string(&victim).expect("it is there"), "dear");
        tried.get()
    }

    #[test]
    fn x5_what_has_a_name_already_is_neither_opened_nor_followed() {
        assert_eq!(names_tried(|_, path| fs::write(path, "theirs")), 3, "a file");
        assert_eq!(names_tried(|victim, path| symlink(victim, path)), 3, "a link to a file");
        assert_eq!(names_tried(|_, path| symlink("nowhere", path)), 3, "a dangling link");
        assert_eq!(names_tried(|_, path| fs::create_dir(path)), 3, "a directory");
    }

    #[test]
    fn a_failure_other_than_a_name_in_use_ends_the_search_with_its_errno() {
        let tried = Cell::new(0);
        let made: io::Result<()> = Template::default().make(Path::new("/"), |_| {
            tried.set(tried.get() + 1);
            Err(io::Error::from_raw_os_error(28))
        });
        let error = made.expect_err("it fails");
        assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::StorageFull, Some(28)));
        assert_eq!(tried.get(), 1);
    }
}
