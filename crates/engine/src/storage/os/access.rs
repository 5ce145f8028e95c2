//! The access of this process to a path.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{Access, AtFlags, accessat};

use super::platform::EFFECTIVE;
use crate::storage::Mode;

pub(super) fn of(dir: impl AsFd, path: &Path, mode: Mode, flags: AtFlags) -> io::Result<()> {
    let ways =
        [(Mode::READ, Access::READ_OK), (Mode::WRITE, Access::WRITE_OK), (Mode::EXECUTE, Access::EXEC_OK)];
    let asked = ways.iter().filter(|(way, _)| mode.contains(*way));
    let asked = asked.fold(Access::EXISTS, |all, (_, way)| all | *way);
    let flags = if mode.is_effective() { flags | EFFECTIVE } else { flags };
    Ok(accessat(dir, path, asked, flags)?)
}
