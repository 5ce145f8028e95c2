//! Promise X1 while somebody exchanges names in the middle of look-ups and removals.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use folio::{Dir, Engine};
use folio_testkit::wait::{PATIENCE, block_on};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::ground::{Ground, SECRET, engines, ground, state};

/// Rounds of each race at least, unless `FOLIO_RACES` asks for more; each is a few look-ups, with a few exchanges
/// meanwhile.
const ROUNDS_MIN: usize = 300;

fn rounds_min() -> usize {
    let asked = std::env::var("FOLIO_RACES").ok().and_then(|rounds| rounds.parse().ok());
    asked.map_or(ROUNDS_MIN, |rounds: usize| rounds.max(ROUNDS_MIN))
}

/// Exchanges two names again and again while `work` runs, and a last time to be even.
fn while_exchanging(one: &Path, other: &Path, work: impl FnOnce()) {
    let done = AtomicBool::new(false);
    let exchange = || renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("both are there");
    thread::scope(|scope| {
        let exchanging = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                exchange();
                exchange();
            }
        });
        // Also where `work` fails: the scope waits for the thread.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        done.store(true, Ordering::Relaxed);
        exchanging.join().expect("both names stay");
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// Runs rounds until each outcome has been seen: `true` for a look inside, `false` for a refusal.
fn until_both(what: &str, mut round: impl FnMut() -> bool) {
    let (began, mut seen, mut rounds, rounds_min) = (Instant::now(), [false; 2], 0, rounds_min());
    while rounds < rounds_min || seen != [true; 2] {
        seen[usize::from(round())] = true;
        rounds += 1;
        let in_time = seen == [true; 2] || rounds < rounds_min || began.elapsed() < PATIENCE;
        assert!(in_time, "{what}: in {rounds} rounds only {seen:?}");
    }
}

fn on_each(test: impl Fn(&str, &Engine, &Ground)) {
    for (way, engine) in engines() {
        let ground = ground();
        let before = state(&ground.outside);
        test(way, &engine, &ground);
        assert_eq!(state(&ground.outside), before, "{way}");
    }
}

#[test]
fn x1_a_link_put_in_a_directorys_place_leads_nowhere() {
    on_each(|way, engine, ground| {
        let (real, link) = (ground.root.join("swapped"), ground.root.join("lure"));
        fs::create_dir(&real).expect("the room takes directories");
        fs::write(real.join("secret"), b"inside").expect("the room takes files");
        symlink(&ground.outside, &link).expect("the room takes links");
        let dir = block_on(engine.scope(Dir::open(&ground.root))).expect("the root is there");
        while_exchanging(&real, &link, || {
            until_both(way, || {
                let read = block_on(dir.read("swapped/secret"));
                assert!(read.as_ref().ok().is_none_or(|bytes| bytes == b"inside"), "{way}: {read:?}");
                if block_on(dir.copy("swapped/secret", &dir, "copied")).is_ok() {
                    let copied = fs::read(ground.root.join("copied")).expect("it was just made");
                    assert_eq!(copied, b"inside", "{way}");
                }
                if let Ok(told) = block_on(dir.canonicalize("swapped/secret")) {
                    assert_eq!(told, Path::new("swapped/secret"), "{way}");
                }
                let _ = block_on(dir.copy("file", &dir, "swapped/copied"));
                let _ = block_on(dir.open_dir_nofollow("swapped/made"));
                let _ = block_on(dir.write("swapped/written", b"by us"));
                let _ = block_on(dir.create_dir_all("swapped/made/below"));
                let _ = block_on(dir.rename("swapped/written", &dir, "swapped/renamed"));
                let _ = block_on(dir.remove_file("swapped/renamed"));
                let _ = block_on(dir.remove_dir_all("swapped/made"));
                read.is_ok()
            });
        });
    });
}

#[test]
fn x1_a_link_put_in_a_files_place_is_not_opened() {
    on_each(|way, engine, ground| {
        let (real, link) = (ground.root.join("swapped"), ground.root.join("lure"));
        fs::write(&real, b"inside").expect("the room takes files");
        symlink(ground.outside.join("secret"), &link).expect("the room takes links");
        let dir = block_on(engine.scope(Dir::open(&ground.root))).expect("the root is there");
        while_exchanging(&real, &link, || {
            until_both(way, || {
                let read = block_on(dir.read("swapped"));
                assert!(read.as_ref().ok().is_none_or(|bytes| bytes != SECRET), "{way}");
                let _ = block_on(dir.write("swapped", b"by us"));
                let _ = block_on(dir.set_permissions("swapped", mode()));
                let _ = block_on(dir.set_times("swapped", folio::os::Stamp::Now, folio::os::Stamp::Now));
                read.is_ok()
            });
        });
    });
}

fn mode() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o640)
}

#[test]
fn x1_a_directory_moved_out_takes_nobody_along_by_its_dots() {
    for (way, engine) in engines() {
        let ground = ground();
        fs::create_dir_all(ground.root.join("a/b")).expect("the room takes directories");
        fs::write(ground.root.join("a/secret"), b"inside").expect("the room takes files");
        let dir = block_on(engine.scope(Dir::open(&ground.root))).expect("the root is there");
        // Whoever asks the directory for its parent while it is outside is led to the secret.
        while_exchanging(&ground.root.join("a/b"), &ground.outside.join("hollow"), || {
            for _ in 0..4 * rounds_min() {
                let read = block_on(dir.read("a/b/../secret"));
                assert!(read.as_ref().ok().is_none_or(|bytes| bytes == b"inside"), "{way}: {read:?}");
            }
        });
    }
}

#[test]
fn a_removal_never_goes_through_a_link_put_in_a_directorys_place() {
    on_each(|way, engine, ground| {
        let lure = ground.root.join("lure");
        for round in 0..30 {
            // A tree wide enough to be under way while names in it are exchanged.
            let (tree, real) = (ground.root.join("tree"), ground.root.join("tree/m"));
            fs::create_dir_all(real.join("deep")).expect("the room takes directories");
            for index in 0..40 {
                fs::create_dir(tree.join(format!("{index}"))).expect("the room takes directories");
                fs::write(real.join(format!("deep/{index}")), b"").expect("the room takes files");
            }
            symlink(&ground.outside, tree.join("link")).expect("the room takes links");
            symlink(&ground.outside, &lure).expect("the room takes links");
            thread::scope(|scope| {
                let removing = scope.spawn(|| {
                    block_on(engine.scope(async {
                        if round % 2 == 0 {
                            return folio::fs::remove_dir_all(&tree).await;
                        }
                        Dir::open(&ground.root).await?.remove_dir_all("tree").await
                    }))
                });
                while !removing.is_finished() {
                    let _ = renameat_with(CWD, &real, CWD, &lure, RenameFlags::EXCHANGE);
                }
                // It may meet a link where it had seen a directory, and say so.
                let _ = removing.join().expect("it does not panic");
            });
            let _ = fs::remove_dir_all(&tree);
            let _ = fs::remove_file(&lure);
            let _ = fs::remove_dir_all(&lure);
            assert!(ground.outside.join("hollow").exists(), "{way} {round}");
        }
    });
}
