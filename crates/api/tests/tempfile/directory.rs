//! Temporary directories: what goes with them, and what does not.

use std::os::unix::fs::symlink;

use folio::Operation;
use folio::tempfile::TemporaryDirectory;
use folio_testkit::Call;
use folio_testkit::errno::EIO;

use crate::{ROOM, eventually, names, room, settled, stage};

#[tokio::test]
async fn everything_inside_goes_and_nothing_behind_a_link() {
    for by_drop in [false, true] {
        let outer = room();
        let victim = outer.path().join("victim");
        std::fs::create_dir(&victim).unwrap();
        std::fs::write(victim.join("file"), "dear").unwrap();
        let mut directory = TemporaryDirectory::builder().in_dir(outer.path()).create().await.unwrap();
        let inside = directory.path().join("a/b");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(inside.join("file"), "x").unwrap();
        symlink(&victim, inside.join("to-directory")).unwrap();
        symlink(victim.join("file"), inside.join("to-file")).unwrap();
        if by_drop {
            drop(directory);
        } else {
            directory.cleanup().await.unwrap();
        }
        eventually("it goes", || names(outer.path()) == ["victim"]).await;
        assert_eq!(std::fs::read_to_string(victim.join("file")).unwrap(), "dear");
    }
}

#[tokio::test]
async fn a_link_in_the_place_of_the_directory_is_not_followed() {
    let outer = room();
    let victim = outer.path().join("victim");
    std::fs::create_dir(&victim).unwrap();
    std::fs::write(victim.join("file"), "dear").unwrap();
    let mut directory = TemporaryDirectory::builder().in_dir(outer.path()).create().await.unwrap();
    std::fs::remove_dir(directory.path()).unwrap();
    symlink(&victim, directory.path()).unwrap();
    directory.cleanup().await.unwrap();
    assert_eq!(names(outer.path()), ["victim"]);
    assert_eq!(names(&victim), ["file"]);
}

#[tokio::test]
async fn cleaning_up_twice_or_after_others_is_fine() {
    let outer = room();
    let mut directory = TemporaryDirectory::builder().in_dir(outer.path()).create().await.unwrap();
    std::fs::remove_dir(directory.path()).unwrap();
    directory.cleanup().await.unwrap();
    // Somebody else's now.
    std::fs::create_dir(directory.path()).unwrap();
    directory.cleanup().await.unwrap();
    drop(directory);
    settled(|| folio::Engine::global().snapshot()).await;
    assert_eq!(names(outer.path()).len(), 1);
}

#[tokio::test]
async fn a_directory_stays_as_told_until_it_is_cleaned_up() {
    let outer = room();
    let mut builder = TemporaryDirectory::builder();
    builder.in_dir(outer.path());
    let kept = builder.create().await.unwrap().keep().await.unwrap();
    let stays = builder.delete(false).create().await.unwrap();
    let mut goes = builder.create().await.unwrap();
    let path = stays.path().to_owned();
    drop(stays);
    goes.cleanup().await.unwrap();
    settled(|| folio::Engine::global().snapshot()).await;
    assert!(kept.is_dir() && path.is_dir() && !goes.path().exists());
}

#[tokio::test]
async fn a_failed_cleanup_is_returned_unless_it_was_to_be_ignored() {
    let (disk, engine) = stage(100);
    let mut builder = TemporaryDirectory::builder();
    builder.in_dir(ROOM);
    let mut strict = builder.create_on(&engine).await.unwrap();
    let mut lenient = builder.ignore_cleanup_errors(true).create_on(&engine).await.unwrap();
    let fault = disk.plan().on(Call::RemoveDir).fail(EIO);
    let error = strict.cleanup().await.unwrap_err();
    assert_eq!((error.operation(), error.path()), (Operation::RemoveDir, Some(strict.path())));
    assert_eq!(error.raw_os_error(), Some(EIO));
    lenient.cleanup().await.unwrap();
    fault.lift();
    strict.cleanup().await.unwrap();
    assert_eq!((fault.fired(), disk.list(ROOM).len()), (2, 1));
    assert!(disk.exists(lenient.path()));
}
