//! Paths and the keys that they name.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// The root, as OpenDAL names it.
const ROOT: &str = "/";

/// The name of a file or directory in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Parts with slashes between them, and none at either end; empty for the root.
    text: String,
    /// Whether the path ended like that of a directory.
    pub(crate) is_of_dir: bool,
}

impl Key {
    /// The key that a path names, absolute or relative: both start at the root of the store.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the path is not UTF-8, leaves the root, or has white space at an end, where OpenDAL would drop it and
    /// name another file.
    pub(crate) fn of(path: &Path) -> io::Result<Key> {
        let mut parts: Vec<&str> = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(part) => parts.push(part.to_str().ok_or_else(not_utf8)?),
                Component::ParentDir => drop(parts.pop().ok_or_else(leaves_the_root)?),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        let key = Key { text: parts.join("/"), is_of_dir: ends_like_a_dir(path) };
        if key.text.trim() != key.text {
            return Err(invalid("OpenDAL drops white space at either end of a path"));
        }
        Ok(key)
    }

    /// The same bytes for every spelling of a path, for one that names no key too.
    pub(crate) fn bytes_of(path: &Path) -> Vec<u8> {
        let mut parts: Vec<&[u8]> = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(part) => parts.push(part.as_bytes()),
                Component::ParentDir => drop(parts.pop()),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        parts.join(&b'/')
    }

    pub(crate) fn is_root(&self) -> bool {
        self.text.is_empty()
    }

    /// The key of a file of this name.
    pub(crate) fn file(&self) -> &str {
        if self.is_root() { ROOT } else { &self.text }
    }

    /// The key of a directory of this name, which all keys in it start with.
    pub(crate) fn dir(&self) -> String {
        format!("{}/", self.text)
    }

    /// The directory that it is in; `None` for the root.
    pub(crate) fn parent(&self) -> Option<Key> {
        if self.is_root() {
            return None;
        }
        let parent = self.text.rsplit_once('/').map_or("", |(parent, _)| parent);
        Some(Key { text: parent.to_owned(), is_of_dir: true })
    }

    /// The key of the file `name` in the directory that this one is in.
    pub(crate) fn beside(&self, name: &str) -> Key {
        let parent = self.text.rfind('/').map_or("", |slash| &self.text[..=slash]);
        Key { text: format!("{parent}{name}"), is_of_dir: false }
    }

    /// The bytes that [`Key::bytes_of`] makes of a path to it.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The name by which a listing of this directory has the entry with the key `entry`: `None` for the directory itself.
    ///
    /// # Errors
    ///
    /// `InvalidData` if no path can name the entry.
    pub(crate) fn name_of(&self, entry: &str) -> io::Result<Option<OsString>> {
        let dir = if self.is_root() { "" } else { &self.dir() };
        let below = entry.strip_prefix(dir).ok_or_else(|| no_name(entry))?;
        if below.is_empty() || (self.is_root() && below == ROOT) {
            return Ok(None);
        }
        let name = below.strip_suffix('/').unwrap_or(below);
        match name {
            "" | "." | ".." => Err(no_name(entry)),
            name if name.contains(['/', '\0']) => Err(no_name(entry)),
            name => Ok(Some(name.into())),
        }
    }
}

/// Whether the last part has to be a directory. `components` leaves out what says so.
fn ends_like_a_dir(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    let last = bytes.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    matches!(last, b"" | b"." | b"..")
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why)
}

fn not_utf8() -> io::Error {
    invalid("the names in a store are UTF-8, and the path is not")
}

fn leaves_the_root() -> io::Error {
    invalid("the path leaves the root of the store")
}

fn no_name(entry: &str) -> io::Error {
    let why = format!("the store has the key `{entry}`, which no path can name");
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::Key;
    use std::ffi::OsStr;
    use std::io::ErrorKind;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    fn key(path: &str) -> Key {
        Key::of(Path::new(path)).expect("a key")
    }

    #[test]
    fn every_spelling_of_a_path_names_the_same_key() {
        for path in ["a/b", "/a/b", "//a//b", "./a/./b", "a/x/../b", "/x/../a/b", "a/b/"] {
            assert_eq!((key(path).file(), &*key(path).dir()), ("a/b", "a/b/"), "{path}");
            assert_eq!(Key::bytes_of(Path::new(path)), key(path).as_bytes(), "{path}");
        }
        for path in ["", "/", ".", "./", "a/..", "//"] {
            assert!(key(path).is_root() && key(path).parent().is_none(), "{path}");
            assert_eq!((key(path).file(), &*key(path).dir()), ("/", "/"), "{path}");
        }
    }

    #[test]
    fn what_ends_like_a_directory_is_one() {
        for (path, is_of_dir) in [("a/", true), ("a/.", true), ("a/b/..", true), ("/", true), ("a", false)] {
            assert_eq!(key(path).is_of_dir, is_of_dir, "{path}");
        }
    }

    #[test]
    fn strange_names_stay_as_they_are() {
        for path in
            ["a b", "ü/日本", "50%", "a#b", "a?b=c&d", "a\\b", "%2e%2e/x", "...", "a\nb", "x /y", ".hidden"]
        {
            assert_eq!(key(path).file(), path);
        }
    }

    #[test]
    fn a_path_that_would_name_another_file_is_refused() {
        for path in ["..", "/..", "a/../..", "../a", " a", "a ", "a/b\n", "\u{a0}a", "a/b\u{3000}"] {
            let refused = Key::of(Path::new(path)).expect_err(path);
            assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{path}");
        }
        let bytes = Path::new(OsStr::from_bytes(b"a\xff"));
        assert_eq!(Key::of(bytes).expect_err("not UTF-8").kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_listing_gives_names_and_no_way_out_of_the_directory() {
        let name = |dir: &str, entry: &str| key(dir).name_of(entry).map_err(|error| error.kind());
        assert_eq!(name("d", "d/a"), Ok(Some("a".into())));
        assert_eq!(name("d", "d/sub/"), Ok(Some("sub".into())));
        assert_eq!(name("d", "d/"), Ok(None));
        assert_eq!(name("/", "/"), Ok(None));
        assert_eq!(name("/", "a"), Ok(Some("a".into())));
        for entry in ["d//", "d/../", "d/./", "d/..", "d/a/b", "elsewhere", "da"] {
            assert_eq!(name("d", entry), Err(ErrorKind::InvalidData), "{entry}");
        }
    }

    #[test]
    fn a_neighbour_stands_in_the_same_directory() {
        assert_eq!(key("a/b").beside(".x").file(), "a/.x");
        assert_eq!(key("b").beside(".x").file(), ".x");
        assert_eq!(key("a/b").parent(), Some(key("a/")));
        assert_eq!(key("b").parent(), Some(key("/")));
    }
}
