//! A file system on a loop device, and the cut of its power.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use folio_testkit::wait::holds_in_time;

/// Size of an image, in bytes; sparse. XFS needs 300 MiB.
const IMAGE_BYTES: u64 = 320 << 20;

/// Size of the volume that holds images to be cloned, in bytes; sparse.
const OUTER_BYTES: u64 = 2 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileSystem {
    Ext4,
    Xfs,
    /// Knows no shutdown: its image is cloned in one step, as the power would leave it.
    Btrfs,
}

impl FileSystem {
    fn mkfs(self) -> [&'static str; 3] {
        match self {
            FileSystem::Ext4 => ["mkfs.ext4", "-q", "-F"],
            FileSystem::Xfs => ["mkfs.xfs", "-q", "-f"],
            FileSystem::Btrfs => ["mkfs.btrfs", "-q", "-f"],
        }
    }
}

/// See the module. Unmounted when it is dropped.
pub(crate) struct Volume {
    file_system: FileSystem,
    image: PathBuf,
    mounted: PathBuf,
    /// Holds the image, if that must be cloned.
    _outer: Option<Box<Volume>>,
}

impl Volume {
    /// Makes and mounts one in `room`; says why if this machine cannot.
    pub(crate) fn make(file_system: FileSystem, room: &Path) -> Result<Volume, String> {
        let outer = match file_system {
            FileSystem::Ext4 | FileSystem::Xfs => None,
            FileSystem::Btrfs => {
                Some(Box::new(Volume::sized(FileSystem::Xfs, &room.join("outer"), OUTER_BYTES, None)?))
            }
        };
        let at = outer.as_ref().map_or(room, |outer| outer.mounted()).join("inner");
        Volume::sized(file_system, &at, IMAGE_BYTES, outer)
    }

    fn sized(
        file_system: FileSystem,
        at: &Path,
        bytes: u64,
        outer: Option<Box<Volume>>,
    ) -> Result<Volume, String> {
        let (image, mounted) = (at.with_extension("image"), at.with_extension("mounted"));
        let made = File::create(&image).and_then(|file| file.set_len(bytes));
        made.and_then(|()| std::fs::create_dir(&mounted)).map_err(|error| error.to_string())?;
        let [mkfs, quietly, anyway] = file_system.mkfs();
        run(mkfs, [quietly.as_ref(), anyway.as_ref(), image.as_os_str()])?;
        mount(&image, &mounted)?;
        let volume = Volume { file_system, image, mounted, _outer: outer };
        if volume.file_system != FileSystem::Btrfs {
            run("xfs_io", ["-V".as_ref()])?;
        }
        Ok(volume)
    }

    pub(crate) fn mounted(&self) -> &Path {
        &self.mounted
    }

    /// Loses what is not on the device now.
    pub(crate) fn cut(&self) {
        let done = match self.file_system {
            FileSystem::Ext4 | FileSystem::Xfs => run(
                "xfs_io",
                ["-x", "-c", "shutdown"].map(OsStr::new).into_iter().chain([self.mounted.as_os_str()]),
            ),
            FileSystem::Btrfs => {
                run("cp", ["--reflink=always".as_ref(), self.image.as_os_str(), self.cloned().as_os_str()])
            }
        };
        done.expect("the power can be cut");
    }

    /// Mounts what the cut has left.
    pub(crate) fn restart(&mut self) {
        // A process that another test is about to start has all descriptors of this one until it becomes its program.
        let mut unmounted = Ok(());
        let closed = holds_in_time(|| {
            unmounted = run("umount", [self.mounted.as_os_str()]);
            unmounted.is_ok()
        });
        assert!(closed, "a file is still open: {unmounted:?}");
        if self.file_system == FileSystem::Btrfs {
            std::fs::rename(self.cloned(), &self.image).expect("both are ours");
        }
        mount(&self.image, &self.mounted).expect("the file system recovers");
    }

    fn cloned(&self) -> PathBuf {
        self.image.with_extension("cloned")
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // A test that has failed may have left files open; the mount then goes with them.
        let _ = run("umount", ["-l".as_ref(), self.mounted.as_os_str()]);
    }
}

fn mount(image: &Path, at: &Path) -> Result<(), String> {
    run("mount", ["-o".as_ref(), "loop".as_ref(), image.as_os_str(), at.as_os_str()])
}

fn run<'a>(program: &str, arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program} cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
