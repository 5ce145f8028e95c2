//! The size of file systems.

use std::io;
use std::path::Path;

use crate::storage::StatVfs;

pub(super) fn of(path: &Path) -> io::Result<StatVfs> {
    let told = rustix::fs::statvfs(path)?;
    Ok(StatVfs {
        block_size: told.f_bsize,
        fragment_size: told.f_frsize,
        blocks: told.f_blocks,
        blocks_free: told.f_bfree,
        blocks_available: told.f_bavail,
        files: told.f_files,
        files_free: told.f_ffree,
        files_available: told.f_favail,
        id: told.f_fsid,
        flags: told.f_flag.bits(),
        name_max: told.f_namemax,
    })
}
