//! What is known about a file: std's names, and a way to make one for storages that are not the operating system.

use std::fmt;
use std::fs::Permissions;
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Kind;

/// The attributes of a file, under std's names; those of Unix are at [`MetadataExt`].
///
/// What the operating system answered is a [`std::fs::Metadata`] inside. Another storage makes one of its
/// [`Attributes`].
#[derive(Clone)]
pub struct Metadata(Source);

#[derive(Clone)]
enum Source {
    Os(std::fs::Metadata),
    /// Boxed, so that what the operating system answers is all that is moved.
    Other(Box<Attributes>),
}

/// What a storage of one's own says about a file.
///
/// ```
/// use std::os::unix::fs::MetadataExt;
///
/// use folio_engine::storage::{Attributes, Kind, Metadata};
///
/// let mut attributes = Attributes::new(Kind::File);
/// attributes.len = 4096;
/// let metadata = Metadata::from(attributes);
/// assert!(metadata.is_file() && metadata.len() == 4096 && metadata.nlink() == 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attributes {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, those for set-ID and the sticky bit included.
    pub permissions: u32,
    /// Length in bytes.
    pub len: u64,
    /// Number of the device it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// How many names it has.
    pub links: u64,
    /// User that owns it.
    pub uid: u32,
    /// Group that owns it.
    pub gid: u32,
    /// Number of the device that it is, if it is one.
    pub rdev: u64,
    /// Preferred size of a transfer, in bytes.
    pub block_size: u64,
    /// Units of 512 bytes that it takes.
    pub blocks: u64,
    /// When it was last read.
    pub accessed: SystemTime,
    /// When its contents were last changed.
    pub modified: SystemTime,
    /// When anything about it was last changed.
    pub changed: SystemTime,
    /// When it was created, if the storage keeps that.
    pub created: Option<SystemTime>,
}

impl Attributes {
    /// Starts with an empty thing of this kind that has one name, all permissions and the times of the epoch.
    pub fn new(kind: Kind) -> Self {
        Attributes {
            kind,
            permissions: 0o777,
            len: 0,
            device: 0,
            inode: 0,
            links: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            block_size: 4096,
            blocks: 0,
            accessed: UNIX_EPOCH,
            modified: UNIX_EPOCH,
            changed: UNIX_EPOCH,
            created: None,
        }
    }
}

impl From<std::fs::Metadata> for Metadata {
    fn from(metadata: std::fs::Metadata) -> Self {
        Metadata(Source::Os(metadata))
    }
}

impl From<Attributes> for Metadata {
    fn from(attributes: Attributes) -> Self {
        Metadata(Source::Other(Box::new(attributes)))
    }
}

/// Asks std's value, or the storage's own.
macro_rules! either {
    ($metadata:expr, $os:ident => $of_os:expr, $other:ident => $of_other:expr) => {
        match &$metadata.0 {
            Source::Os($os) => $of_os,
            Source::Other($other) => $of_other,
        }
    };
}

impl Metadata {
    /// Returns the type of the file.
    pub fn file_type(&self) -> FileType {
        either!(self, os => os.file_type().into(), other => other.kind.into())
    }

    /// Returns whether it is a directory.
    pub fn is_dir(&self) -> bool {
        either!(self, os => os.is_dir(), other => other.kind == Kind::Dir)
    }

    /// Returns whether it is a regular file.
    pub fn is_file(&self) -> bool {
        either!(self, os => os.is_file(), other => other.kind == Kind::File)
    }

    /// Returns whether it is a symbolic link, which only attributes of a path itself can say.
    pub fn is_symlink(&self) -> bool {
        either!(self, os => os.is_symlink(), other => other.kind == Kind::Symlink)
    }

    /// Returns the length in bytes.
    #[expect(clippy::len_without_is_empty, reason = "std's metadata has none either")]
    pub fn len(&self) -> u64 {
        either!(self, os => os.len(), other => other.len)
    }

    /// Returns the permissions.
    pub fn permissions(&self) -> Permissions {
        either!(self, os => os.permissions(), _other => Permissions::from_mode(self.mode()))
    }

    /// Returns when its contents were last changed.
    ///
    /// # Errors
    ///
    /// If the platform does not keep it.
    pub fn modified(&self) -> io::Result<SystemTime> {
        either!(self, os => os.modified(), other => Ok(other.modified))
    }

    /// Returns when it was last read, as far as the file system keeps count.
    ///
    /// # Errors
    ///
    /// If the platform does not keep it.
    pub fn accessed(&self) -> io::Result<SystemTime> {
        either!(self, os => os.accessed(), other => Ok(other.accessed))
    }

    /// Returns when it was created.
    ///
    /// # Errors
    ///
    /// If the file system does not keep it.
    pub fn created(&self) -> io::Result<SystemTime> {
        either!(self, os => os.created(), other => other.created.ok_or(io::ErrorKind::Unsupported.into()))
    }

    /// Returns std's own value; `None` if a storage that is not the operating system answered.
    pub fn into_std(self) -> Option<std::fs::Metadata> {
        match self.0 {
            Source::Os(metadata) => Some(metadata),
            Source::Other(_) => None,
        }
    }
}

impl MetadataExt for Metadata {
    fn dev(&self) -> u64 {
        either!(self, os => os.dev(), other => other.device)
    }

    fn ino(&self) -> u64 {
        either!(self, os => os.ino(), other => other.inode)
    }

    fn mode(&self) -> u32 {
        either!(self, os => os.mode(), other => other.kind.mode_bits() | (other.permissions & 0o7777))
    }

    fn nlink(&self) -> u64 {
        either!(self, os => os.nlink(), other => other.links)
    }

    fn uid(&self) -> u32 {
        either!(self, os => os.uid(), other => other.uid)
    }

    fn gid(&self) -> u32 {
        either!(self, os => os.gid(), other => other.gid)
    }

    fn rdev(&self) -> u64 {
        either!(self, os => os.rdev(), other => other.rdev)
    }

    fn size(&self) -> u64 {
        self.len()
    }

    fn atime(&self) -> i64 {
        either!(self, os => os.atime(), other => since_epoch(other.accessed).0)
    }

    fn atime_nsec(&self) -> i64 {
        either!(self, os => os.atime_nsec(), other => since_epoch(other.accessed).1)
    }

    fn mtime(&self) -> i64 {
        either!(self, os => os.mtime(), other => since_epoch(other.modified).0)
    }

    fn mtime_nsec(&self) -> i64 {
        either!(self, os => os.mtime_nsec(), other => since_epoch(other.modified).1)
    }

    fn ctime(&self) -> i64 {
        either!(self, os => os.ctime(), other => since_epoch(other.changed).0)
    }

    fn ctime_nsec(&self) -> i64 {
        either!(self, os => os.ctime_nsec(), other => since_epoch(other.changed).1)
    }

    fn blksize(&self) -> u64 {
        either!(self, os => os.blksize(), other => other.block_size)
    }

    fn blocks(&self) -> u64 {
        either!(self, os => os.blocks(), other => other.blocks)
    }
}

/// Seconds, and nanoseconds after them. As in the kernel, the nanoseconds count forward before the epoch too.
pub(super) fn since_epoch(time: SystemTime) -> (i64, i64) {
    let parts = |span: Duration| (span.as_secs() as i64, i64::from(span.subsec_nanos()));
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => parts(after),
        Err(before) => match parts(before.duration()) {
            // The earliest moment has no positive counterpart, and wraps to itself.
            (seconds, 0) => (seconds.wrapping_neg(), 0),
            (seconds, nanos) => (-seconds - 1, 1_000_000_000 - nanos),
        },
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        either!(self, os => os.fmt(f), other => other.fmt(f))
    }
}

/// The type of a file, under std's names; those of Unix are at [`FileTypeExt`].
#[derive(Clone, Copy)]
pub struct FileType {
    /// `None` for an unknown kind.
    kind: Option<Kind>,
    /// Std's own value, which cannot be made from the kind.
    std: Option<std::fs::FileType>,
}

impl From<std::fs::FileType> for FileType {
    fn from(file_type: std::fs::FileType) -> Self {
        FileType { kind: Kind::of(file_type), std: Some(file_type) }
    }
}

impl From<Kind> for FileType {
    fn from(kind: Kind) -> Self {
        FileType { kind: Some(kind), std: None }
    }
}

impl FileType {
    /// Returns whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.kind == Some(Kind::Dir)
    }

    /// Returns whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == Some(Kind::File)
    }

    /// Returns whether it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        self.kind == Some(Kind::Symlink)
    }

    /// Returns the kind; `None` if it is unknown.
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Returns std's own value; `None` if the type came from a directory listing or from another storage than the
    /// operating system.
    pub fn into_std(self) -> Option<std::fs::FileType> {
        self.std
    }
}

impl FileTypeExt for FileType {
    fn is_block_device(&self) -> bool {
        self.kind == Some(Kind::BlockDevice)
    }

    fn is_char_device(&self) -> bool {
        self.kind == Some(Kind::CharDevice)
    }

    fn is_fifo(&self) -> bool {
        self.kind == Some(Kind::Fifo)
    }

    fn is_socket(&self) -> bool {
        self.kind == Some(Kind::Socket)
    }
}

/// Compares kinds alone, not their sources.
impl PartialEq for FileType {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for FileType {}

impl Hash for FileType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

impl fmt::Debug for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileType")
            .field("is_file", &self.is_file())
            .field("is_dir", &self.is_dir())
            .field("is_symlink", &self.is_symlink())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Attributes, Metadata, since_epoch};
    use crate::storage::Kind;
    use std::os::unix::fs::MetadataExt;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn what_a_storage_says_answers_like_what_the_system_says() {
        let file = tempfile::NamedTempFile::new().expect("temp file");
        file.as_file().set_len(700).expect("set_len");
        let std = file.as_file().metadata().expect("metadata");
        let mut own = Attributes::new(Kind::File);
        (own.len, own.permissions, own.device, own.inode) = (700, std.mode() & 0o7777, std.dev(), std.ino());
        (own.uid, own.gid, own.rdev) = (std.uid(), std.gid(), std.rdev());
        (own.block_size, own.blocks) = (std.blksize(), std.blocks());
        own.modified = std.modified().expect("it is kept");
        own.accessed = std.accessed().expect("it is kept");
        own.changed = UNIX_EPOCH
            + Duration::from_secs(std.ctime() as u64)
            + Duration::from_nanos(std.ctime_nsec() as u64);
        own.created = std.created().ok();
        type Shown = fn(&Metadata) -> String;
        let answers: [Shown; 12] = [
            |m| format!("{:?}", m.file_type()),
            |m| format!("{:?}", (m.is_file(), m.is_dir(), m.is_symlink(), m.len(), m.size())),
            |m| format!("{:?}", m.permissions()),
            |m| format!("{:?}", m.modified().ok()),
            |m| format!("{:?}", m.accessed().ok()),
            |m| format!("{:?}", m.created().ok()),
            |m| format!("{:?}", (m.dev(), m.ino(), m.mode(), m.nlink())),
            |m| format!("{:?}", (m.uid(), m.gid(), m.rdev())),
            |m| format!("{:?}", (m.atime(), m.atime_nsec())),
            |m| format!("{:?}", (m.mtime(), m.mtime_nsec())),
            |m| format!("{:?}", (m.ctime(), m.ctime_nsec())),
            |m| format!("{:?}", (m.blksize(), m.blocks())),
        ];
        let (std, own) = (Metadata::from(std), Metadata::from(own));
        for answer in answers {
            assert_eq!(answer(&std), answer(&own));
        }
        assert_eq!(std.file_type(), own.file_type());
        assert!(std.into_std().is_some() && own.into_std().is_none());
    }

    #[test]
    fn fractions_count_forward_on_both_sides_of_the_epoch() {
        let half = Duration::from_millis(500);
        assert_eq!(since_epoch(UNIX_EPOCH + half), (0, 500_000_000));
        assert_eq!(since_epoch(UNIX_EPOCH - half), (-1, 500_000_000));
        assert_eq!(since_epoch(UNIX_EPOCH - Duration::from_nanos(1)), (-1, 999_999_999));
        assert_eq!(since_epoch(UNIX_EPOCH - 3 * half), (-2, 500_000_000));
        assert_eq!(since_epoch(UNIX_EPOCH - Duration::from_secs(2)), (-2, 0));
    }
}
