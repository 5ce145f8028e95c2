//! The attributes of a node, and the `Metadata` made from them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{FileTimes, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use folio_engine::storage::{self, Kind, Metadata, Stamp, Stamps};

/// The umask of the simulated process.
const UMASK: u32 = 0o022;

/// What `chmod`, `chown`, `utimensat` and `setxattr` have set.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    mode: u32,
    uid: u32,
    gid: u32,
    accessed: SystemTime,
    modified: SystemTime,
    pub(super) extended: BTreeMap<OsString, Vec<u8>>,
}

impl Attributes {
    pub(super) fn new(mode: u32) -> Attributes {
        Attributes::unmasked(mode & !UMASK)
    }

    /// With these permission bits whatever the umask.
    pub(super) fn unmasked(mode: u32) -> Attributes {
        let (accessed, modified) = (UNIX_EPOCH, UNIX_EPOCH);
        Attributes { mode, uid: 0, gid: 0, accessed, modified, extended: BTreeMap::new() }
    }

    pub(super) fn set_permissions(&mut self, permissions: &Permissions) {
        self.mode = permissions.mode() & 0o7777;
    }

    pub(super) fn permissions(&self) -> Permissions {
        Permissions::from_mode(self.mode)
    }

    pub(super) fn set_owner(&mut self, uid: Option<u32>, gid: Option<u32>) {
        self.uid = uid.unwrap_or(self.uid);
        self.gid = gid.unwrap_or(self.gid);
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

    /// Everything but the times.
    pub(super) fn fingerprint(&self) -> impl std::hash::Hash + '_ {
        (self.mode, self.uid, self.gid, &self.extended)
    }

    pub(super) fn metadata(&self, kind: Kind, len: u64, device: u64, inode: u64) -> Metadata {
        let mut attributes = storage::Attributes::new(kind);
        (attributes.len, attributes.device, attributes.inode) = (len, device, inode);
        (attributes.permissions, attributes.uid, attributes.gid) = (self.mode, self.uid, self.gid);
        (attributes.accessed, attributes.modified) = (self.accessed, self.modified);
        attributes.changed = self.modified;
        attributes.into()
    }
}
