//! The attributes of a node, and the `Metadata` made from them.

use std::fs::{self, FileTimes, Metadata, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;

/// The umask of the simulated process.
const UMASK: u32 = 0o022;

/// What `chmod` and `utimensat` have set.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    mode: u32,
    /// Each call that set times: `FileTimes` cannot be read, only applied again.
    times: Vec<FileTimes>,
}

impl Attributes {
    pub(super) fn new(mode: u32) -> Attributes {
        Attributes { mode: mode & !UMASK, times: Vec::new() }
    }

    pub(super) fn set_permissions(&mut self, permissions: &Permissions) {
        self.mode = permissions.mode() & 0o7777;
    }

    pub(super) fn permissions(&self) -> Permissions {
        Permissions::from_mode(self.mode)
    }

    pub(super) fn set_times(&mut self, times: FileTimes) {
        self.times.push(times);
    }

    /// Makes the metadata of a file: only the system can make one, so an unlinked file stands model.
    pub(super) fn of_file(&self, len: u64) -> io::Result<Metadata> {
        let stand_in = tempfile::tempfile()?;
        stand_in.set_len(len)?;
        self.times.iter().try_for_each(|times| stand_in.set_times(*times))?;
        stand_in.set_permissions(self.permissions())?;
        stand_in.metadata()
    }

    /// Makes the metadata of a directory.
    pub(super) fn of_dir(&self) -> io::Result<Metadata> {
        let stand_in = tempfile::tempdir()?;
        let opened = fs::File::open(stand_in.path())?;
        self.times.iter().try_for_each(|times| opened.set_times(*times))?;
        opened.set_permissions(self.permissions())?;
        opened.metadata()
    }
}
