//! Symbolic links stay, and what they lead to is replaced, where that lies. Other names of the old file keep it.

use std::os::unix::fs::symlink;
use std::path::Path;

use folio::{Dir, ReplaceOptions, fs};
use folio_testkit::errno::{EEXIST, ELOOP, EXDEV};
use tempfile::TempDir;

use crate::{OLD, WAYS, new};

fn names(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// `links/` with chains of links, `dotfiles/` with what they lead to.
fn ground() -> TempDir {
    let room = TempDir::new().unwrap();
    let at = |name: &str| room.path().join(name);
    std::fs::create_dir(at("links")).unwrap();
    std::fs::create_dir(at("dotfiles")).unwrap();
    std::fs::write(at("dotfiles/rc"), OLD).unwrap();
    symlink("../dotfiles/rc", at("links/relative")).unwrap();
    symlink(at("dotfiles/rc"), at("links/absolute")).unwrap();
    symlink("relative", at("links/chain")).unwrap();
    symlink("../dotfiles/not yet", at("links/dangling")).unwrap();
    symlink("circle", at("links/circle")).unwrap();
    symlink("../dotfiles", at("links/dir")).unwrap();
    symlink("links", at("by-link")).unwrap();
    room
}

#[tokio::test]
async fn a_link_stays_and_what_it_leads_to_is_replaced() {
    for way in WAYS {
        for name in ["relative", "absolute", "chain"] {
            let room = ground();
            // By a directory that is a link itself, from which `..` leads elsewhere than by the letter.
            let path = room.path().join("by-link").join(name);
            let before = names(&room.path().join("links"));
            let replaced = way.replace(&path, &new(), &ReplaceOptions::new()).await;
            if matches!(way, crate::Way::Dir) {
                assert_eq!(replaced.unwrap_err().raw_os_error(), Some(EXDEV), "{name} leads out");
                assert_eq!(std::fs::read(room.path().join("dotfiles/rc")).unwrap(), OLD);
            } else {
                replaced.unwrap();
                assert_eq!(std::fs::read(room.path().join("dotfiles/rc")).unwrap(), new(), "{way:?} {name}");
            }
            assert!(path.is_symlink(), "{way:?} {name}");
            assert_eq!(names(&room.path().join("links")), before, "{way:?} {name}");
            assert_eq!(names(&room.path().join("dotfiles")), ["rc"], "{way:?} {name}");
        }
    }
}

#[tokio::test]
async fn a_link_that_leads_nowhere_yet_gets_a_file_and_one_in_a_circle_is_refused() {
    let room = ground();
    let at = |name: &str| room.path().join(name);
    fs::replace(at("links/dangling"), new()).await.unwrap();
    assert!(at("links/dangling").is_symlink());
    assert_eq!(std::fs::read(at("dotfiles/not yet")).unwrap(), new());
    let error = fs::replace(at("links/circle"), new()).await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.path()), (Some(ELOOP), Some(&*at("links/circle"))));
    assert_eq!(names(&at("links")).len(), 6);
    // Not through a link to a directory: that is a directory.
    assert!(fs::replace(at("links/dir"), new()).await.is_err());
    fs::replace(at("links/dir/rc"), new()).await.unwrap();
    assert_eq!(std::fs::read(at("dotfiles/rc")).unwrap(), new());
}

#[tokio::test]
async fn a_link_itself_is_replaced_if_asked_for_and_counts_as_taken() {
    for way in WAYS {
        for name in ["relative", "dangling", "circle", "dir"] {
            let room = ground();
            let path = room.path().join("links").join(name);
            let taken = ReplaceOptions::new().create_new(true).replace_link(true).clone();
            let error = way.replace(&path, &new(), &taken).await.unwrap_err();
            assert_eq!(error.raw_os_error(), Some(EEXIST), "{way:?} {name}");
            way.replace(&path, &new(), ReplaceOptions::new().replace_link(true)).await.unwrap();
            assert!(!path.is_symlink());
            assert_eq!(std::fs::read(&path).unwrap(), new(), "{way:?} {name}");
            assert_eq!(std::fs::read(room.path().join("dotfiles/rc")).unwrap(), OLD, "{way:?} {name}");
        }
    }
}

#[tokio::test]
async fn links_in_an_open_directory_are_followed_as_long_as_they_stay_in_it() {
    let room = ground();
    let dir = Dir::open(room.path()).await.unwrap();
    dir.replace("links/chain", new()).await.unwrap();
    assert_eq!(std::fs::read(room.path().join("dotfiles/rc")).unwrap(), new());
    assert!(room.path().join("links/chain").is_symlink());
    let error = dir.replace("links/absolute", OLD).await.unwrap_err();
    assert_eq!(error.raw_os_error(), Some(EXDEV));
    assert_eq!(std::fs::read(room.path().join("dotfiles/rc")).unwrap(), new());
}

#[tokio::test]
async fn other_names_of_the_old_file_keep_the_old_contents() {
    let room = TempDir::new().unwrap();
    let at = |name: &str| room.path().join(name);
    std::fs::write(at("file"), OLD).unwrap();
    std::fs::hard_link(at("file"), at("other")).unwrap();
    fs::replace(at("file"), new()).await.unwrap();
    assert_eq!(
        (std::fs::read(at("file")).unwrap(), std::fs::read(at("other")).unwrap()),
        (new(), OLD.to_vec())
    );
}
