//! Limits that are real: of a process, of a device without room, of a mount that became read-only.

use std::path::Path;
use std::process::{Command, ExitStatus};

use folio::{File, Operation, fs};
use folio_testkit::errno::{EFBIG, ENOSPC, EROFS};
use folio_testkit::process::{again, is_again};
use folio_testkit::skip;
use tempfile::TempDir;

/// The limit of the child, in bytes: eight of the blocks that `ulimit` counts.
const LIMIT: usize = 8 * 512;

/// The folder in which a child writes.
const ROOM: &str = "FOLIO_FAULTS_ROOM";

/// Runs a test again under a limit on the length of files, with the signal for it ignored or not.
fn limited(test: &str, room: &Path, ignored: bool) -> ExitStatus {
    let mut command = Command::new("sh");
    let trap = if ignored { "trap '' XFSZ; " } else { "" };
    command.arg("-c").arg(format!("{trap}ulimit -c 0; ulimit -f 8; exec \"$0\" \"$@\""));
    let child = again(test);
    command.arg(child.get_program()).args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // What it prints goes to a pipe: a file would be too long before anything is tried.
    command.env(ROOM, room).output().unwrap().status
}

#[test]
fn d4_a_process_that_may_write_no_longer_files_learns_how_far_it_came() {
    const TEST: &str = "real_limits::d4_a_process_that_may_write_no_longer_files_learns_how_far_it_came";
    if is_again(TEST) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(write_too_much(Path::new(&std::env::var_os(ROOM).unwrap())));
    }
    let room = TempDir::new().unwrap();
    assert!(limited(TEST, room.path(), true).success());
    assert_eq!(std::fs::read(room.path().join("written")).unwrap(), [1; LIMIT]);
    assert_eq!(std::fs::read(room.path().join("replaced")).unwrap(), b"old");
}

async fn write_too_much(room: &Path) {
    let file = File::create(room.join("written")).await.unwrap();
    let error = file.write_all(&[1; 10_000]).await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.bytes_done()), (Some(EFBIG), LIMIT as u64), "{error}");
    assert_eq!((error.operation(), error.path()), (Operation::Write, Some(&*room.join("written"))));
    assert_eq!(
        file.sync_all().await.unwrap_err().raw_os_error(),
        Some(EFBIG),
        "a part is there, and a part is not"
    );
    assert_eq!(file.append(b"x").await.unwrap_err().raw_os_error(), Some(EFBIG));
    file.sync_all().await.unwrap();
    file.close().await.unwrap();
    fs::write(room.join("replaced"), b"old").await.unwrap();
    let error = fs::replace(room.join("replaced"), vec![2; 10_000]).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(EFBIG));
    let mut options = File::options();
    let buffered =
        options.write(true).create(true).buffering(64 * 1024).open(room.join("kept")).await.unwrap();
    buffered.write_all(&[3; 10_000]).await.unwrap();
    assert_eq!(buffered.close().await.unwrap_err().raw_os_error(), Some(EFBIG));
    let names = std::fs::read_dir(room).unwrap().count();
    assert_eq!(names, 3, "nothing is left of what failed");
}

/// See "What folio cannot promise" in docs/reliability.md.
#[test]
fn without_a_handler_the_kernel_kills_a_process_at_its_limit() {
    use std::os::unix::process::ExitStatusExt;
    const TEST: &str = "real_limits::without_a_handler_the_kernel_kills_a_process_at_its_limit";
    if is_again(TEST) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let path = Path::new(&std::env::var_os(ROOM).unwrap()).join("written");
        drop(runtime.block_on(fs::write(path, [1; 10_000])));
        return;
    }
    let room = TempDir::new().unwrap();
    let signal = rustix::process::Signal::XFSZ.as_raw();
    assert_eq!(limited(TEST, room.path(), false).signal(), Some(signal));
}

/// A tmpfs that is unmounted with it.
struct Tmpfs(TempDir);

impl Tmpfs {
    /// `None`, loudly, without the right to mount.
    fn of(size: &str) -> Option<Tmpfs> {
        let room = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        match mount.args(["-t", "tmpfs", "-o", size, "none"]).arg(room.path()).output() {
            Ok(output) if output.status.success() => Some(Tmpfs(room)),
            refused => {
                skip("a file system of a limited size", &format!("this process may not mount: {refused:?}"));
                None
            }
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn d4_a_device_without_room_says_so_to_everyone_and_keeps_what_it_has() {
    let Some(full) = Tmpfs::of("size=64k") else { return };
    let at = |name: &str| full.0.path().join(name);
    let (old, large) = (vec![1; 20_000], vec![2; 100_000]);
    let outside = TempDir::new().unwrap();
    std::fs::write(outside.path().join("large"), &large).unwrap();
    fs::write(at("old"), &old).await.unwrap();
    let opened = File::options().append(true).open(at("old")).await.unwrap();
    let mut options = File::options();
    let buffered = options.write(true).create(true).buffering(1 << 20).open(at("buffered")).await.unwrap();
    buffered.write_all(&large).await.unwrap();
    let errors = [
        opened.append(&large).await.map(drop).unwrap_err(),
        buffered.flush().await.unwrap_err(),
        buffered.sync_all().await.unwrap_err(),
        buffered.close().await.unwrap_err(),
        fs::replace(at("old"), &large).await.unwrap_err(),
        fs::copy(outside.path().join("large"), at("copied")).await.unwrap_err(),
        fs::write(at("written"), &large).await.unwrap_err(),
        fs::move_path(outside.path().join("large"), at("moved")).await.unwrap_err(),
    ];
    for error in &errors {
        assert_eq!(error.raw_os_error(), Some(ENOSPC), "{error}");
        assert!(error.path().is_some(), "{error}");
    }
    let appended = errors[0].bytes_done();
    assert_eq!(std::fs::metadata(at("old")).unwrap().len(), 20_000 + appended, "exactly what the error says");
    assert_eq!(opened.sync_all().await.unwrap_err().raw_os_error(), Some(ENOSPC));
    opened.close().await.unwrap();
    assert_eq!(std::fs::read(outside.path().join("large")).unwrap(), large, "the original stays");
    for litter in ["moved", ".folio"] {
        let is_left = |name: &str| name.starts_with(litter);
        let mut names = std::fs::read_dir(full.0.path()).unwrap();
        assert!(!names.any(|entry| is_left(&entry.unwrap().file_name().to_string_lossy())), "{litter}");
    }
}

#[tokio::test]
async fn d4_a_mount_that_becomes_read_only_says_so_by_path_and_operation() {
    let Some(room) = Tmpfs::of("size=1m") else { return };
    let at = |name: &str| room.0.path().join(name);
    fs::write(at("file"), b"kept").await.unwrap();
    let reader = File::open(at("file")).await.unwrap();
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(room.0.path()).status();
    assert!(remounted.unwrap().success());
    for (error, operation, name) in [
        (fs::write(at("file"), b"new").await.unwrap_err(), Operation::Write, "file"),
        (fs::replace(at("file"), b"new").await.unwrap_err(), Operation::Replace, "file"),
        (fs::rename(at("file"), at("new")).await.unwrap_err(), Operation::Rename, "file"),
        (fs::remove_file(at("file")).await.unwrap_err(), Operation::RemoveFile, "file"),
        (fs::create_dir(at("new")).await.unwrap_err(), Operation::CreateDir, "new"),
        (File::create(at("new")).await.map(drop).unwrap_err(), Operation::Open, "new"),
    ] {
        assert_eq!((error.raw_os_error(), error.operation()), (Some(EROFS), operation), "{error}");
        assert_eq!(error.path(), Some(&*at(name)), "{error}");
    }
    assert_eq!(reader.read_bytes(9).await.unwrap(), "kept");
    reader.sync_all().await.unwrap();
    reader.close().await.unwrap();
}
