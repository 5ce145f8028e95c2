//! The failures that an operation may answer with `Ok`, by name, and why.

use folio_testkit::Call;
use folio_testkit::errno::{EACCES, EINTR, EINVAL, ELOOP, ENOENT, ENOSYS, EOPNOTSUPP, EPERM};

use crate::acts::Act;

/// What became of it nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What would have become of it without the fault, on the disk and after a power cut too.
    Same,
    /// Another, which the reason explains.
    Other,
}

/// Failures that are no failure of the operation.
#[derive(Debug)]
pub(crate) struct Absorbed {
    /// How the names of these acts begin.
    acts: &'static [&'static str],
    call: Call,
    /// All of them if there is none.
    errnos: &'static [i32],
    pub(crate) outcome: Outcome,
    why: &'static str,
}

const REPLACING: &[&str] =
    &["fs::replace", "ReplaceOptions", "File::replace", "Dir::replace", "Dir::begin_replace"];
const KEEPING: &[&str] = &["Buffered", "Narrow", "buffered", "folio::open"];
const CREATING: &[&str] = &[
    "fs::create_dir_all",
    "DirBuilder::durable",
    "os::renames",
    "Dir::create_dir_all",
    "Dir::create_dir_with",
];

/// One row of the table below.
macro_rules! row {
    ($acts:expr, $call:ident, $errnos:expr, $outcome:ident, $why:literal) => {
        Absorbed { acts: $acts, call: Call::$call, errnos: &$errnos, outcome: Outcome::$outcome, why: $why }
    };
}

const TABLE: &[Absorbed] = &[
    row!(&[""], WriteAt, [EINTR], Same, "an interrupted write is made again"),
    row!(&[""], Append, [EINTR], Same, "an interrupted append is made again"),
    row!(&["Plain AsyncRead"], ReadAt, [EINTR], Same, "tokio's `read_to_end` reads again"),
    row!(&["Plain AsyncRead"], ReadNow, [EINTR], Same, "tokio's `read_to_end` reads again"),
    row!(KEEPING, Len, [], Same, "bytes behind an unknown end are not kept back but written at once"),
    row!(
        &["fs::copy"],
        Metadata,
        [],
        Same,
        "whether the target is the source is asked to refuse it; the copy asks itself"
    ),
    row!(REPLACING, Lock, [], Same, "where nothing can be locked, no sweep removes anything"),
    row!(REPLACING, Duplicate, [], Same, "a sweep at this very moment makes the rename fail"),
    row!(REPLACING, Metadata, [ENOENT], Other, "a file that is not there has no mode to keep"),
    row!(
        REPLACING,
        Xattr,
        [EACCES, EINVAL, ENOSYS, EOPNOTSUPP, EPERM],
        Same,
        "attributes that this user may not read, or that there are none of, are not kept"
    ),
    row!(REPLACING, Sync, [EINVAL], Other, "the file system has no sync of directories"),
    row!(
        &["RemoveOptions", "RenameOptions"],
        Sync,
        [EINVAL],
        Other,
        "the file system has no sync of directories"
    ),
    row!(
        &["DirBuilder::durable", "Dir::create_dir_with", "Dir::remove_file_with", "Dir::rename_with"],
        Sync,
        [EINVAL],
        Other,
        "the file system has no sync of directories"
    ),
    row!(&["File::replace, discard"], RemoveFile, [ENOENT], Other, "it is gone already"),
    row!(&["TemporaryDirectory"], RemoveDir, [ENOENT], Other, "it is gone already"),
    row!(CREATING, CreateDir, [ENOENT], Same, "the parent is made, and then it is tried again"),
    row!(
        &["DirBuilder::durable"],
        Open,
        [EACCES, EPERM],
        Same,
        "another user made what this one may not read"
    ),
    row!(
        &["os::renames", "os::removedirs"],
        RemoveDir,
        [],
        Same,
        "as in CPython, the parents go as far as they go"
    ),
    row!(&["fs::rglob"], Metadata, [ELOOP, ENOENT], Other, "what went away meanwhile is no match"),
    row!(&["fs::rglob"], ReadDir, [ELOOP, ENOENT], Other, "what went away meanwhile is no match"),
    row!(&["fs::try_exists", "Dir::try_exists"], Metadata, [ENOENT], Other, "that is the answer"),
    row!(&["fs::try_exists"], MetadataCached, [ENOENT], Other, "that is the answer"),
    row!(&["os::access", "Dir::access"], Access, [], Other, "as in CPython, what cannot be had is `false`"),
    row!(&["path::is_same_file"], MetadataCached, [], Same, "it is asked again by a worker"),
    row!(&["path::realpath"], ReadLink, [], Other, "as in CPython, what cannot be read is no link"),
];

/// What is to be added where the kernel asks the disk: its own questions before the call. With the reason.
const MOUNTED: [(&str, &[Call], &str); 5] = [
    ("Plain copy_range", &[Call::ReadAt], "a failure after some bytes is the next call's"),
    ("Plain sendfile", &[Call::ReadAt], "a failure after some bytes is the next call's"),
    ("os::access", &[Call::Metadata, Call::Access], "as in CPython, what cannot be had is `false`"),
    ("Dir::access", &[Call::Metadata, Call::Access], "as in CPython, what cannot be had is `false`"),
    ("path::realpath", &[Call::Metadata, Call::ReadLink], "as in CPython, what cannot be read is no link"),
];

/// Whether an act may answer this failure of a mounted disk with another result.
pub(crate) fn is_absorbed_mounted(act: &Act, call: Call) -> bool {
    MOUNTED.iter().any(|(name, calls, _why)| act.name == *name && calls.contains(&call))
}

/// Where the act stands in the table with this failure, if it does: a number for [`unused`].
pub(crate) fn find(act: &Act, call: Call, errno: i32) -> Option<(usize, &'static Absorbed)> {
    let fits = |row: &Absorbed| {
        row.call == call
            && (row.errnos.is_empty() || row.errnos.contains(&errno))
            && row.acts.iter().any(|name| act.name.starts_with(name))
    };
    TABLE.iter().enumerate().find(|(_, row)| fits(row))
}

/// The rows that no failure needed, which would hide the next one.
pub(crate) fn unused(used: &[usize]) -> Vec<&'static str> {
    TABLE.iter().enumerate().filter(|(row, _)| !used.contains(row)).map(|(_, row)| row.why).collect()
}
