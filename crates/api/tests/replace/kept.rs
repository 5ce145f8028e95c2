//! What a new file has of the old one: permissions, owner, extended attributes.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use folio::os::{XattrMode, getxattr, listxattr, setxattr};
use folio::{Dir, File, ReplaceOptions, fs};
use folio_testkit::errno::{EEXIST, EISDIR};
use folio_testkit::process::{NOBODY, as_both, is_superuser};
use folio_testkit::skip;
use tempfile::TempDir;

use crate::{OLD, PATH, WAYS, Way, bench, new};

/// The umask of this process, by what it does.
fn usual_mode(room: &Path) -> u32 {
    let path = room.join("usual");
    std::fs::write(&path, "").unwrap();
    mode(&path)
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn with_mode(path: &Path, bits: u32) {
    std::fs::write(path, OLD).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

fn room() -> (TempDir, PathBuf) {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    (room, path)
}

#[tokio::test]
async fn permissions_are_those_of_the_old_file_those_asked_for_or_those_of_any_new_file() {
    for way in WAYS {
        let (room, path) = room();
        let usual = usual_mode(room.path());
        let replace = |options: &ReplaceOptions| {
            let (path, options) = (path.clone(), options.clone());
            async move { way.replace(&path, &new(), &options).await.unwrap() }
        };
        replace(&ReplaceOptions::new()).await;
        assert_eq!(mode(&path), usual, "{way:?}: as any new file");
        // Some that no umask gives, and some that forbid even the owner.
        for bits in [0o600, 0o664, 0o777, 0o444, 0o000, 0o1666] {
            with_mode(&path, 0o600);
            with_mode(&path, bits);
            replace(&ReplaceOptions::new()).await;
            assert_eq!(mode(&path), bits, "{way:?}: kept");
            std::fs::remove_file(&path).unwrap();
        }
        with_mode(&path, 0o6755);
        replace(&ReplaceOptions::new()).await;
        assert_eq!(mode(&path), 0o755, "{way:?}: set-ID bits go with the contents");
        replace(ReplaceOptions::new().mode(0o640)).await;
        assert_eq!(mode(&path), 0o640, "{way:?}: asked for");
        replace(ReplaceOptions::new().keep_mode(false)).await;
        assert_eq!(mode(&path), usual, "{way:?}: not kept");
        std::fs::remove_file(&path).unwrap();
        replace(ReplaceOptions::new().mode(0o666)).await;
        assert_eq!(mode(&path), 0o666, "{way:?}: exactly, whatever the umask says");
    }
}

/// Contents that are to be secret are so before they have their name.
#[tokio::test]
async fn x5_new_contents_of_a_secret_file_are_for_its_owner_alone_from_the_start() {
    let (room, path) = room();
    let beside = || {
        let entries = std::fs::read_dir(room.path()).unwrap().map(|entry| entry.unwrap().path());
        mode(&entries.into_iter().find(|entry| *entry != path).unwrap())
    };
    with_mode(&path, 0o644);
    let replacement = File::replace(&path).await.unwrap();
    assert_eq!(beside(), 0o600);
    replacement.discard().await.unwrap();
    std::fs::remove_file(&path).unwrap();
    let replacement = ReplaceOptions::new().mode(0o644).begin(&path).await.unwrap();
    assert_eq!(beside(), 0o600);
    // What is forbidden while it is written stays forbidden.
    with_mode(&path, 0o600);
    replacement.discard().await.unwrap();
    let replacement = File::replace(&path).await.unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    replacement.commit().await.unwrap();
    assert_eq!(mode(&path), 0o400);
}

#[tokio::test]
async fn owner_and_group_are_kept_by_whoever_may_give_them() {
    if !is_superuser() {
        return skip("keeping the owner of a replaced file", "this user may not give files away");
    }
    for way in WAYS {
        let (_room, path) = room();
        let owner = |path: &Path| {
            let metadata = std::fs::metadata(path).unwrap();
            (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777)
        };
        with_mode(&path, 0o640);
        chown(&path, Some(NOBODY), Some(12)).unwrap();
        way.replace(&path, &new(), &ReplaceOptions::new()).await.unwrap();
        assert_eq!(owner(&path), (NOBODY, 12, 0o640), "{way:?}");
        way.replace(&path, &new(), ReplaceOptions::new().keep_owner(false)).await.unwrap();
        assert_eq!(owner(&path), (0, 0, 0o640), "{way:?}");
    }
}

#[test]
fn a_file_of_somebody_else_is_replaced_by_one_of_ones_own() {
    let test = "kept::a_file_of_somebody_else_is_replaced_by_one_of_ones_own";
    const ROOM: &str = "FOLIO_KEPT_ROOM";
    let room = TempDir::new().unwrap();
    if is_superuser() {
        // Owned by the superuser, in a directory where anybody may exchange it.
        std::fs::set_permissions(room.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        with_mode(&room.path().join("file"), 0o644);
        // Seen by the process of the other user.
        let again = folio_testkit::process::again(test).env(ROOM, room.path()).uid_gid(NOBODY).status();
        return match again {
            Ok(status) => assert!(status.success()),
            Err(error) => skip("replacing somebody else's file", &format!("nobody cannot run this: {error}")),
        };
    }
    let Some(room) = std::env::var_os(ROOM) else {
        return skip("replacing somebody else's file", "only the superuser can make one");
    };
    let path = Path::new(&room).join("file");
    folio_testkit::wait::block_on(fs::replace(&path, new())).unwrap();
    let metadata = std::fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.mode() & 0o7777), (NOBODY, 0o644));
    assert_eq!(std::fs::read(&path).unwrap(), new());
}

trait AsUser {
    fn uid_gid(&mut self, id: u32) -> &mut Self;
}

impl AsUser for std::process::Command {
    fn uid_gid(&mut self, id: u32) -> &mut Self {
        use std::os::unix::process::CommandExt;
        self.uid(id).gid(id).current_dir("/")
    }
}

#[tokio::test]
async fn extended_attributes_are_kept_but_those_that_vouch_for_contents() {
    for way in WAYS {
        if matches!(way, Way::Dir) && cfg!(any(folio_portable, not(target_os = "linux"))) {
            skip("keeping extended attributes below a directory", "only Linux finds them through `/proc`");
            continue;
        }
        let (_room, path) = room();
        std::fs::write(&path, OLD).unwrap();
        match setxattr(&path, "user.origin", "https://example.org", XattrMode::Any).await {
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                return skip("keeping extended attributes", "the file system has none");
            }
            set => set.unwrap(),
        }
        // `cap_net_bind_service+ep`, which only the superuser gives.
        let capability = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let capable = setxattr(&path, "security.capability", capability, XattrMode::Any).await.is_ok();
        assert!(capable || !is_superuser(), "the superuser gives capabilities");
        way.replace(&path, &new(), &ReplaceOptions::new()).await.unwrap();
        let origin = getxattr(&path, "user.origin").await.unwrap();
        assert_eq!(origin.as_deref(), Some(&b"https://example.org"[..]), "{way:?}");
        let left = listxattr(&path).await.unwrap();
        assert!(!left.iter().any(|name| name == "security.capability"), "{way:?}: {left:?}");
        way.replace(&path, &new(), ReplaceOptions::new().keep_xattrs(false)).await.unwrap();
        assert!(!listxattr(&path).await.unwrap().iter().any(|name| name == "user.origin"), "{way:?}");
    }
}

#[tokio::test]
async fn the_simulated_disk_keeps_them_too() {
    use folio::storage::{Links, Names};
    let (disk, engine) = bench(true);
    let path = Path::new(PATH);
    disk.set_permissions(path, std::fs::Permissions::from_mode(0o604)).unwrap();
    disk.set_owner(path, Some(7), Some(8), Links::Follow).unwrap();
    disk.set_xattr(path, "user.a".as_ref(), b"b", XattrMode::Any, Links::Follow).unwrap();
    for way in WAYS {
        engine.scope(way.replace(path, &new(), &ReplaceOptions::new())).await.unwrap();
        let metadata = Names::metadata(&disk, path, Links::Follow).unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o7777), (7, 8, 0o604), "{way:?}");
        let kept = disk.xattr(path, "user.a".as_ref(), Links::Follow).unwrap();
        assert_eq!(kept.as_deref(), Some(&b"b"[..]), "{way:?}");
    }
}

#[test]
fn a2_what_cannot_be_replaced_is_refused_and_nothing_is_left() {
    if !as_both("kept::a2_what_cannot_be_replaced_is_refused_and_nothing_is_left") {
        return;
    }
    folio_testkit::wait::block_on(async {
        for way in WAYS {
            let (room, path) = room();
            std::fs::create_dir(&path).unwrap();
            let error = way.replace(&path, &new(), &ReplaceOptions::new()).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(EISDIR), "{way:?}: {error}");
            std::fs::remove_dir(&path).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
            let error = way.replace(&path, &new(), &ReplaceOptions::new()).await.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{way:?}: {error}");
            let taken = ReplaceOptions::new().create_new(true).clone();
            let error = way.replace(&path, &new(), &taken).await.unwrap_err();
            assert!(error.kind() == std::io::ErrorKind::InvalidInput || error.raw_os_error() == Some(EEXIST));
            std::fs::remove_file(&path).unwrap();
            for odd in ["missing/file", "..", ".", ""] {
                let odd = if odd.is_empty() { PathBuf::new() } else { room.path().join(odd) };
                let replaced = fs::replace(&odd, new()).await;
                assert!(replaced.is_err(), "{odd:?}");
            }
            assert!(fs::replace(path.join(""), new()).await.is_err(), "a slash insists on a directory");
            std::fs::write(&path, OLD).unwrap();
            assert!(fs::replace(path.join(""), new()).await.is_err(), "it is no directory");
            assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 1, "{way:?}");
            // A directory that cannot be written, and one that cannot be read and therefore not synced.
            for bits in [0o555, 0o333] {
                std::fs::set_permissions(room.path(), std::fs::Permissions::from_mode(bits)).unwrap();
                let error = way.replace(&path, &new(), &ReplaceOptions::new()).await.unwrap_err();
                assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied, "{way:?} {bits:o}: {error}");
                std::fs::set_permissions(room.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
                assert_eq!(std::fs::read_dir(room.path()).unwrap().count(), 1, "{way:?} {bits:o}");
                assert_eq!(std::fs::read(&path).unwrap(), OLD);
            }
            let dir = Dir::open(room.path()).await.unwrap();
            assert!(dir.replace("../out", new()).await.is_err());
        }
    });
}
