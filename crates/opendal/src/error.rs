//! What a store answers, in the words of `std::io`.

use std::fmt;
use std::io;
use std::sync::Arc;

use folio_engine::storage::error_with_errno;
use opendal::ErrorKind;
use rustix::io::Errno;

/// A failure: the error number for programs, and the store's own words for people. It is shown to every caller that it
/// concerns, and so can be copied.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    errno: Errno,
    why: Why,
}

#[derive(Clone, Debug)]
enum Why {
    Store(Arc<opendal::Error>),
    Words(Arc<str>),
}

impl Failed {
    /// The failure of any request.
    pub(crate) fn of(error: opendal::Error) -> Failed {
        Failed { errno: errno_of(&error), why: Why::Store(Arc::new(error)) }
    }

    /// The failure of a request for bytes of a file that was there when it was opened.
    pub(crate) fn reading(error: opendal::Error) -> Failed {
        let errno = match error.kind() {
            ErrorKind::ConditionNotMatch | ErrorKind::NotFound | ErrorKind::RangeNotSatisfied => Errno::STALE,
            _ => errno_of(&error),
        };
        Failed { errno, why: Why::Store(Arc::new(error)) }
    }

    /// A failure that this crate itself has found.
    pub(crate) fn worded(errno: Errno, words: impl Into<String>) -> Failed {
        Failed { errno, why: Why::Words(Arc::from(words.into())) }
    }

    /// The file is another one than was opened.
    pub(crate) fn stale(key: &str) -> Failed {
        Failed::worded(Errno::STALE, format!("`{key}` was replaced since it was opened"))
    }

    /// The task that was to answer has ended: with its runtime, or because OpenDAL has panicked.
    pub(crate) fn ended() -> Failed {
        Failed::worded(Errno::CANCELED, "the request ended before the store had answered")
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Store(error) => error.fmt(f),
            Why::Words(words) => f.write_str(words),
        }
    }
}

/// The store's error is part of the message already.
impl std::error::Error for Failed {}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> io::Error {
        error_with_errno(failed.errno.raw_os_error(), failed)
    }
}

/// The error with this number, and no words of the store.
pub(crate) fn error(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.raw_os_error())
}

/// Turns the failure of a request into an error of the port.
pub(crate) fn of_store(error: opendal::Error) -> io::Error {
    Failed::of(error).into()
}

fn errno_of(error: &opendal::Error) -> Errno {
    match error.kind() {
        ErrorKind::NotFound => Errno::NOENT,
        ErrorKind::AlreadyExists | ErrorKind::ConditionNotMatch => Errno::EXIST,
        ErrorKind::IsADirectory => Errno::ISDIR,
        ErrorKind::NotADirectory => Errno::NOTDIR,
        ErrorKind::PermissionDenied => Errno::ACCESS,
        // `EAGAIN` would say that it is enough to poll once more.
        ErrorKind::RateLimited => Errno::BUSY,
        ErrorKind::Unsupported => Errno::OPNOTSUPP,
        ErrorKind::IsSameFile | ErrorKind::ConfigInvalid | ErrorKind::RangeNotSatisfied => Errno::INVAL,
        // What the system answered says more: a full disk, a refused connection.
        _ => of_the_system(error).unwrap_or(Errno::IO),
    }
}

/// The error number of the first system call among the causes.
fn of_the_system(error: &opendal::Error) -> Option<Errno> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(errno) = error.downcast_ref().and_then(Errno::from_io_error) {
            return Some(errno);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Failed, of_store};
    use opendal::{Error, ErrorKind as Store};
    use std::io::{self, ErrorKind};

    #[test]
    fn each_kind_of_the_store_has_one_of_std_and_the_words_stay() {
        let kinds = [
            (Store::NotFound, ErrorKind::NotFound),
            (Store::AlreadyExists, ErrorKind::AlreadyExists),
            (Store::ConditionNotMatch, ErrorKind::AlreadyExists),
            (Store::IsADirectory, ErrorKind::IsADirectory),
            (Store::NotADirectory, ErrorKind::NotADirectory),
            (Store::PermissionDenied, ErrorKind::PermissionDenied),
            (Store::RateLimited, ErrorKind::ResourceBusy),
            (Store::Unsupported, ErrorKind::Unsupported),
            (Store::IsSameFile, ErrorKind::InvalidInput),
        ];
        for (store, std) in kinds {
            let error = of_store(Error::new(store, "NoSuchBucket"));
            assert_eq!(error.kind(), std, "{store}");
            assert!(error.to_string().contains("NoSuchBucket"), "{error}");
        }
        let gone = io::Error::from(Failed::reading(Error::new(Store::NotFound, "")));
        assert_eq!(gone.kind(), ErrorKind::StaleNetworkFileHandle);
    }

    #[test]
    fn what_the_system_answered_shows_through() {
        let full = Error::new(Store::Unexpected, "").set_source(io::Error::from_raw_os_error(28));
        assert_eq!(of_store(full).kind(), ErrorKind::StorageFull);
        assert!(of_store(Error::new(Store::Unexpected, "")).to_string().contains("os error 5"));
    }
}
