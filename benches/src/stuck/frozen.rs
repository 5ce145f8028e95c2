//! A file system on a loop device, frozen and thawed at will.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Size of the image in bytes; sparse.
const IMAGE_BYTES: u64 = 256 << 20;

/// An ext4 of its own device. Thawed and unmounted when it is dropped.
#[derive(Debug)]
pub(super) struct Device(PathBuf);

impl Device {
    /// Makes and mounts one; fails where this process may not.
    pub(super) fn make(room: &Path, name: &str) -> io::Result<Device> {
        let (image, mounted) = (room.join(name).with_extension("image"), room.join(name));
        File::create(&image)?.set_len(IMAGE_BYTES)?;
        fs::create_dir(&mounted)?;
        run("mkfs.ext4", ["-q".as_ref(), "-F".as_ref(), image.as_os_str()])?;
        run("mount", ["-o".as_ref(), "loop".as_ref(), image.as_os_str(), mounted.as_os_str()])?;
        Ok(Device(mounted))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Whatever changes it from now on waits.
    pub(super) fn freeze(&self) -> io::Result<()> {
        run("fsfreeze", ["-f".as_ref(), self.0.as_os_str()])
    }

    /// What waited goes on.
    pub(super) fn thaw(&self) -> io::Result<()> {
        run("fsfreeze", ["-u".as_ref(), self.0.as_os_str()])
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // It may be thawed already; what is left of a failed run goes with the mount.
        drop(self.thaw());
        drop(run("umount", ["-l".as_ref(), self.0.as_os_str()]));
    }
}

fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a OsStr>) -> io::Result<()> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
