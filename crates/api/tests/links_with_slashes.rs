//! What promises not to follow a link does not follow one that is written with a slash behind it either.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::fs;
use std::path::Path;

use folio::tempfile::TemporaryDirectory;
use folio::{Dir, Result, os};

const INVALID: i32 = 22;
const NOT_A_DIRECTORY: i32 = 20;
const NOT_EMPTY: i32 = 39;

/// The kernel's for other calls are among them: busy, a directory.
const REFUSALS: [i32; 4] = [INVALID, NOT_A_DIRECTORY, 16, 21];

/// Ways to write a link to a directory so that the system's own functions go through it.
const LINKS: [&str; 9] = [
    "link/",
    "link//",
    "link/.",
    "link/./",
    "link//.//",
    "link/./.",
    "other/../link/",
    "chain/",
    "other/link/",
];

/// `real/precious`, links to `real`, and room for more.
fn ground() -> tempfile::TempDir {
    let room = tempfile::tempdir().unwrap();
    let at = |name: &str| room.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::create_dir(at("other")).unwrap();
    fs::write(at("real/precious"), "x").unwrap();
    std::os::unix::fs::symlink("real", at("link")).unwrap();
    std::os::unix::fs::symlink("link", at("chain")).unwrap();
    std::os::unix::fs::symlink("../real", at("other/link")).unwrap();
    room
}

/// Runs `act` on every link; it has to fail and to leave everything as it was.
async fn check(act: impl AsyncFn(&Path, &str) -> Result<()>) {
    for name in LINKS {
        let room = ground();
        let error = act(room.path(), name).await.expect_err(name);
        assert!(REFUSALS.contains(&error.raw_os_error().unwrap()), "{name}: {error}");
        assert_eq!(fs::read(room.path().join("real/precious")).unwrap(), b"x", "{name}");
        for link in ["link", "chain", "other/link"] {
            assert!(room.path().join(link).symlink_metadata().unwrap().is_symlink(), "{name}: {link}");
        }
    }
}

#[tokio::test]
async fn no_removal_goes_through_one() {
    check(async |room, name| folio::fs::remove_dir_all(room.join(name)).await).await;
    check(async |room, name| folio::fs::remove_dir(room.join(name)).await).await;
    check(async |room, name| folio::fs::remove_file(room.join(name)).await).await;
    check(async |room, name| os::removedirs(room.join(name)).await).await;
    check(async |room, name| Dir::open(room).await?.remove_dir(name).await).await;
    check(async |room, name| Dir::open(room).await?.remove_file(name).await).await;
}

#[tokio::test]
async fn a_directory_whose_names_stay_below_it_removes_through_none() {
    for name in LINKS {
        let room = ground();
        let removed = Dir::open(room.path()).await.unwrap().remove_dir_all(name).await;
        assert!(removed.is_err(), "{name}");
        assert!(room.path().join("real/precious").exists(), "{name}");
    }
}

#[tokio::test]
async fn a_move_takes_what_was_named_or_nothing() {
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    for target in [None, Some(elsewhere.path().join("moved"))] {
        check(async |room, name| {
            let to = target.clone().unwrap_or_else(|| room.join("moved"));
            folio::fs::move_path(room.join(name), to).await
        })
        .await;
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_temporary_directory_that_became_a_link_takes_nothing_along() {
    let room = ground();
    let mut temporary =
        TemporaryDirectory::builder().in_dir(format!("{}//", room.path().display())).create().await.unwrap();
    let path = temporary.path().to_owned();
    fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("real", &path).unwrap();
    temporary.cleanup().await.unwrap();
    assert!(path.symlink_metadata().is_err());
    assert!(room.path().join("real/precious").exists());
}

#[tokio::test]
async fn directories_are_removed_with_slashes_and_without() {
    for name in ["real", "real/", "real//", "other/../real/", "link"] {
        let room = ground();
        folio::fs::remove_dir_all(room.path().join(name)).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(room.path().join("real").exists(), name == "link", "{name}");
    }
    for name in ["real/.", "real/./", "real/..", "other/..", "real/../"] {
        let room = ground();
        let error = folio::fs::remove_dir_all(room.path().join(name)).await.unwrap_err();
        assert!(matches!(error.raw_os_error(), Some(INVALID | NOT_EMPTY)), "{name}: {error}");
        assert!(room.path().join("real/precious").exists(), "{name}");
    }
}
