//! folio's errors in std's words.

use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::{Error, Operation};

/// Turns an error into the one that std gives for the same failure: with the errno alone if the kernel refused, with
/// std's text if std itself would have. What only folio can refuse stays a [`crate::Error`] inside.
pub(super) fn in_std_words(error: Error) -> io::Error {
    if let Some(errno) = error.raw_os_error() {
        return io::Error::from_raw_os_error(errno);
    }
    match std_text(&error) {
        Some(text) => io::Error::new(error.kind(), text),
        None => io::Error::new(error.kind(), error),
    }
}

/// The same for what folio's traits return.
pub(super) fn carried_in_std_words(error: io::Error) -> io::Error {
    error.downcast().map_or_else(|other| other, in_std_words)
}

/// Takes std's own value out; there is none where a storage that is not the operating system answered.
pub(super) fn std_own<T>(value: Option<T>) -> io::Result<T> {
    value.ok_or_else(|| ErrorKind::Unsupported.into())
}

fn std_text(error: &Error) -> Option<String> {
    if error.kind() == ErrorKind::InvalidInput && error.path().is_some_and(has_nul) {
        return Some("file name contained an unexpected NUL byte".to_owned());
    }
    if error.kind() == ErrorKind::InvalidData && error.operation() == Operation::Read {
        return Some("stream did not contain valid UTF-8".to_owned());
    }
    error.get_ref().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::to_string)
}

fn has_nul(path: &Path) -> bool {
    path.as_os_str().as_bytes().contains(&0)
}
