//! The attributes of a node, and the `Metadata` made from them.

use std::fs::{FileTimes, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use folio_engine::storage::{self, Kind, Metadata, Stamp, Stamps};

/// The umask of the simulated process.
const UMASK: u32 = 0o022;

/// What `chmod` and `utimensat` have set.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    mode: u32,
    accessed: SystemTime,
    modified: SystemTime,
}

impl Attributes {
    pub(super) fn new(mode: u32) -> Attributes {
        Attributes { mode: mode & !UMASK, accessed: UNIX_EPOCH, modified: UNIX_EPOCH }
    }

    pub(super) fn set_permissions(&mut self, permissions: &Permissions) {
        self.mode = permissions.mode() & 0o7777;
    }

    pub(super) fn permissions(&self) -> Permissions {
        Permissions::from_mode(self.mode)
    }

    pub(super) fn set_file_times(&mut self, times: FileTimes) -> io::Result<()> {
        self.set_times(&Stamps::try_from(times)?);
        Ok(())
    }

    pub(super) fn set_times(&mut self, times: &Stamps) {
        for (time, stamp) in [(&mut self.accessed, times.accessed), (&mut self.modified, times.modified)] {
            match stamp {
                Stamp::Keep => {}
                Stamp::Now => *time = SystemTime::now(),
                Stamp::At(moment) => *time = moment,
            }
        }
    }

    pub(super) fn metadata(&self, kind: Kind, len: u64, device: u64, inode: u64) -> Metadata {
        let mut attributes = storage::Attributes::new(kind);
        (attributes.len, attributes.device, attributes.inode) = (len, device, inode);
        attributes.permissions = self.mode;
        (attributes.accessed, attributes.modified) = (self.accessed, self.modified);
        attributes.changed = self.modified;
        attributes.into()
    }
}
