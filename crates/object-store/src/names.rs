//! Locations of objects and paths of files, by the rules of `LocalFileSystem`.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use object_store::path::{Path, PathPart};
use object_store::{Error, Result};

use crate::error::Refused;

/// The directory below which a store's objects are.
#[derive(Clone, Debug)]
pub(crate) struct Root(PathBuf);

impl Root {
    /// `path` is absolute and has no links: [`contains`](Root::contains) compares names.
    pub(crate) fn new(path: PathBuf) -> Self {
        Root(path)
    }

    pub(crate) fn path(&self) -> &FilePath {
        &self.0
    }

    /// The path of the directory that holds the objects of a prefix. A location has no dots, no empty parts and no
    /// control characters, so that its parts are names of files as they stand.
    pub(crate) fn of_prefix(&self, prefix: &Path) -> PathBuf {
        match prefix.as_ref() {
            "" => self.0.clone(),
            relative => self.0.join(relative),
        }
    }

    /// The path of an object's file.
    pub(crate) fn of_object(&self, location: &Path) -> Result<PathBuf> {
        self.check(location)?;
        Ok(self.of_prefix(location))
    }

    /// Refuses what cannot be the location of an object.
    pub(crate) fn check(&self, location: &Path) -> Result<()> {
        match location.filename() {
            Some(name) if !is_staging(name) => Ok(()),
            Some(_) | None => Err(Refused::Name(location.to_string()).into()),
        }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", crate::error::STORE, self.0.display())
    }
}

/// Whether a name is one that a file has while it is written: everything behind its first `#` is digits, and there are some.
pub(crate) fn is_staging(name: &str) -> bool {
    name.split_once('#')
        .is_some_and(|(_, digits)| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The name that the file at `path` has while it is written.
pub(crate) fn staging(path: &FilePath, number: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("#{number}"));
    name.into()
}

/// The location of what has this name in the directory of a prefix.
pub(crate) fn location(prefix: &Path, name: &OsStr) -> Result<Path> {
    let Some(text) = name.to_str() else {
        // What is no text cannot be a location; the path says it in object_store's words.
        let bytes: String = name.as_encoded_bytes().iter().map(|byte| format!("%{byte:02x}")).collect();
        return Path::from_url_path(bytes).map_err(Error::from);
    };
    match PathPart::parse(text) {
        Ok(part) => Ok(prefix.clone().join(part)),
        Err(source) => {
            let path = format!("{prefix}/{text}");
            Err(object_store::path::Error::BadSegment { path, source }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Root, is_staging, location};
    use object_store::path::Path;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn names_that_end_in_a_number_sign_and_digits_are_kept_for_staging() {
        let kept = ["a#1", "#7", "a.parquet#123", "a#0"];
        let free = ["a", "a#", "a#1b", "a#b#1", "#", "a1"];
        assert!(kept.into_iter().all(is_staging));
        assert!(!free.into_iter().any(is_staging));
    }

    #[test]
    fn a_location_is_a_path_and_back() {
        let root = Root::new("/data".into());
        for text in ["a", "a/b c/%41", "ä/#x", "a\\b/C:/~"] {
            let path = root.of_object(&Path::parse(text).expect("a location")).expect("a path");
            assert_eq!(path.to_str(), Some(format!("/data/{text}").as_str()));
            let name = path.file_name().expect("it has a name");
            let prefix =
                Path::parse(text.rsplit_once('/').map_or("", |(prefix, _)| prefix)).expect("a prefix");
            assert_eq!(location(&prefix, name).expect("a location").as_ref(), text);
        }
        assert!(location(&Path::default(), OsStr::from_bytes(b"\xff")).is_err());
        assert!(location(&Path::default(), OsStr::new("a\nb")).is_err());
    }
}
