//! Who may write to the target's directory cannot have a move write elsewhere, nor see what it copies.

use std::fs;
use std::future::Future;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use folio::Engine;
use folio::fs::move_path;
use folio_testkit::skip;
use folio_testkit::wait::{PATIENCE, block_on};

use crate::ground::{Rooms, names};

#[test]
fn links_at_the_names_that_were_foreseen_lead_nowhere() {
    let Some(rooms) = Rooms::two() else { return };
    let victim = rooms.from("victim");
    fs::write(&victim, b"the victim's own").unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o600)).unwrap();
    let planted: Vec<_> = (0..50).map(|n| format!(".upload.{}-{n}.moving", std::process::id())).collect();
    for name in &planted {
        symlink(&victim, rooms.to(name)).unwrap();
    }
    for round in 0..5 {
        fs::write(rooms.from("upload"), b"the attacker's").unwrap();
        block_on(move_path(rooms.from("upload"), rooms.to("upload"))).unwrap();
        assert_eq!(fs::read(rooms.to("upload")).unwrap(), b"the attacker's", "{round}");
        assert!(rooms.to("upload").symlink_metadata().unwrap().is_file(), "{round}");
    }
    assert_eq!(fs::read(&victim).unwrap(), b"the victim's own");
    assert_eq!(names(rooms.there.path()).len(), planted.len() + 1);
}

/// While others look and put links where something new appears.
#[tokio::test]
async fn what_is_copied_is_for_its_owner_alone_and_under_a_new_name_each_time() {
    let Some(rooms) = Rooms::two() else { return };
    let (from, to) = (rooms.from("dir"), rooms.to("dir"));
    fs::create_dir(&from).unwrap();
    for n in 0..300 {
        fs::write(from.join(n.to_string()), b"a secret").unwrap();
    }
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let engine = Engine::builder().start().unwrap();
        let mut moving = Box::pin(engine.scope(move_path(&from, &to)));
        // Until the copy is under way. So many files take several jobs.
        while names(rooms.there.path()).is_empty() {
            if moving.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                return skip("who may see into a move", "it was done before it could be looked at");
            }
            tokio::task::yield_now().await;
        }
        for name in names(rooms.there.path()) {
            let mode = rooms.to(&name).symlink_metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o700, "{name:?}");
            assert!(name.len() < 32 && seen.insert(name.clone()), "{name:?} again");
        }
        drop(moving);
        engine.shutdown(PATIENCE).await.unwrap();
    }
}

/// A thread that exchanges a folder of the tree for a link out of it, and back.
#[test]
fn contents_from_outside_of_the_tree_are_never_moved() {
    let Some(rooms) = Rooms::two() else { return };
    let outside = rooms.from("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("stranger"), b"from outside").unwrap();
    let tree = rooms.from("tree");
    let (inner, aside) = (tree.join("inner"), rooms.from("aside"));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _end = End(&done);
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                drop(fs::remove_dir_all(&aside));
                if fs::rename(&inner, &aside).is_ok() {
                    drop(symlink(&outside, &inner));
                    drop(fs::remove_file(&inner));
                    drop(fs::rename(&aside, &inner));
                }
            }
        });
        for round in 0..200 {
            let to = rooms.to(round.to_string());
            drop(fs::create_dir_all(&inner));
            drop(fs::write(inner.join("file"), b"from inside"));
            // It may be refused, as it is changed; never may it bring what is not in it, nor take that away.
            drop(block_on(move_path(&tree, &to)));
            let is_dir = to.join("inner").symlink_metadata().is_ok_and(|inner| inner.is_dir());
            assert!(!is_dir || !to.join("inner/stranger").exists(), "{round}");
            assert!(outside.join("stranger").exists(), "{round}");
        }
    });
}

/// Says so when it is over, be it by a failure: the other thread would go on for ever.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
