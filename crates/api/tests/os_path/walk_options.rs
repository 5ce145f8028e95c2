//! The rules of a walk that `walkdir` has too mean the same here: its orders, its borders, what is skipped, what an
//! entry and an error tell.

use std::cmp::Ordering;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use folio::fs::{WalkEntry, WalkOptions};
use folio::storage::Os;
use folio_testkit::wait::block_on;
use folio_testkit::{Random, seeds};
use walkdir::WalkDir;

use crate::ground::{empty, furnished};
use crate::walking::{grow, ours, theirs};

#[test]
fn every_order_is_walkdirs() {
    seeds(6, |seed| {
        let (_dir, room) = empty();
        grow(&room, seed);
        for contents_first in [false, true] {
            let walk = || WalkOptions::new().contents_first(contents_first);
            let other = || WalkDir::new(&room).contents_first(contents_first);
            let case = format!("FOLIO_SEED={seed} contents first {contents_first}");
            let by_name = ours(walk().sort_by_file_name().walk(&room));
            assert_eq!(by_name, theirs(other().sort_by_file_name()), "{case}");
            let backwards = walk().sort_by(|one, other| other.file_name().cmp(one.file_name()));
            let expected = other().sort_by(|one, other| other.file_name().cmp(one.file_name()));
            assert_eq!(ours(backwards.walk(&room)), theirs(expected), "{case}");
            let by_kind = walk().sort_by_key(|entry| (entry.file_type().is_file(), entry.path().to_owned()));
            let expected =
                other().sort_by_key(|entry| (entry.file_type().is_file(), entry.path().to_owned()));
            assert_eq!(ours(by_kind.walk(&room)), theirs(expected), "{case}");
            // What is equal stays as it is listed.
            let unmoved = walk().sort_by(|_, _| Ordering::Equal);
            assert_eq!(ours(unmoved.walk(&room)), theirs(other().sort_by(|_, _| Ordering::Equal)), "{case}");
        }
    });
}

#[test]
fn an_order_is_asked_about_links_and_not_about_what_they_lead_to() {
    let (_dir, room) = furnished();
    let links_last = |entry: &WalkEntry| (entry.file_type().is_symlink(), entry.path().to_owned());
    let walk = WalkOptions::new().follow_links(true).sort_by_key(links_last);
    let expected = WalkDir::new(&room)
        .follow_links(true)
        .sort_by_key(|entry| (entry.file_type().is_symlink(), entry.path().to_owned()));
    assert_eq!(ours(walk.walk(&room)), theirs(expected));
    block_on(async {
        let mut walk = WalkOptions::new().sort_by(|_, _| panic!("a user's mistake")).walk(&room);
        // The root is alone, nothing is compared.
        let mut error = walk.next().await.expect("an item");
        while error.is_ok() {
            error = walk.next().await.expect("an item");
        }
        assert!(error.expect_err("the order panicked").is_panicked());
    });
}

/// Walks both, skipping by the same dice after each entry, and compares what was told.
fn check_skipping(room: &Path, seed: u64, options: WalkOptions, other: WalkDir) -> usize {
    let is_skipped = |path: &Path, times: u64| {
        let told = path.as_os_str().as_encoded_bytes().iter();
        let dice = told.fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        Random::new(dice).within(0..7) < times
    };
    // Twice skips what is above as well. Where directories come after their contents, walkdir then still tells of
    // the one below.
    let most = if format!("{options:?}").contains("contents_first: true") { 1 } else { 2 };
    let mut skipped = 0;
    let met = block_on(async {
        let (mut walk, mut met) = (options.walk(room), Vec::new());
        while let Some(entry) = walk.next().await {
            let path = entry.expect("no errors here").into_path();
            for _ in (1..=most).filter(|times| is_skipped(&path, 3 - times)) {
                walk.skip_current_dir();
                skipped += 1;
            }
            met.push(path);
        }
        met
    });
    let mut walk = other.into_iter();
    let mut expected = Vec::new();
    while let Some(entry) = walk.next() {
        let path = entry.expect("no errors here").into_path();
        for _ in (1..=most).filter(|times| is_skipped(&path, 3 - times)) {
            walk.skip_current_dir();
        }
        expected.push(path);
    }
    let differs = met.iter().zip(&expected).position(|(met, expected)| met != expected);
    assert!(met == expected, "FOLIO_SEED={seed} {options:?}: {differs:?} of {}", expected.len());
    skipped
}

#[test]
fn what_is_skipped_is_what_walkdir_skips() {
    let mut skipped = 0;
    seeds(6, |seed| {
        let (_dir, room) = empty();
        grow(&room, seed);
        for dice in 0..6 {
            let (first, min, max) = (dice % 3 == 0, dice as usize % 4, 3 + dice as usize % 5);
            let options = WalkOptions::new().sort(true).contents_first(first).min_depth(min).max_depth(max);
            let other = WalkDir::new(&room).sort_by_file_name().contents_first(first);
            skipped += check_skipping(&room, seed ^ dice, options, other.min_depth(min).max_depth(max));
        }
    });
    assert!(skipped > 100, "only {skipped} were skipped");
}

#[test]
fn a_skipped_tree_is_not_walked_to_its_end() {
    let (_dir, room) = empty();
    fs::create_dir_all(room.join("a")).expect("the room takes directories");
    for index in 0..12_000 {
        fs::write(room.join(format!("a/{index}")), b"").expect("the room takes files");
    }
    let engine = folio::Engine::builder().workers_max(2).start().expect("an engine starts");
    let jobs = |skips: bool| {
        let before = engine.snapshot().counters.jobs;
        block_on(engine.scope(async {
            let mut walk = WalkOptions::new().sort(true).filter(|_| true).walk(&room);
            while let Some(entry) = walk.next().await {
                if skips && entry.expect("no errors here").file_name() == "a" {
                    walk.skip_current_dir();
                }
            }
        }));
        engine.snapshot().counters.jobs - before
    };
    let (all, some) = (jobs(false), jobs(true));
    assert!(some + 2 < all, "{some} jobs with the tree skipped, {all} without");
}

#[test]
fn a_walk_stays_on_its_file_system_when_told() {
    let options = WalkOptions::new().same_file_system(true).max_depth(2);
    let other = WalkDir::new("/").same_file_system(true).max_depth(2).sort_by_file_name();
    let (met, expected) = (ours(options.clone().sort(true).walk("/")), theirs(other));
    let paths = |met: &[crate::walking::Met]| met.iter().map(|met| format!("{met:?}")).collect::<Vec<_>>();
    assert_eq!(paths(&met), paths(&expected));
    let below = met.iter().filter(|met| format!("{met:?}").contains("\"/proc/"));
    assert_eq!(below.count(), 0, "the directory is told of and not walked into");
    // Of a root that is itself on another one, it is that one.
    assert!(ours(options.walk("/proc")).len() > 10);
}

#[test]
fn a_root_that_is_a_link_is_walked_into_unless_told_otherwise() {
    let (_dir, room) = furnished();
    for follow in [false, true] {
        for root_links in [false, true] {
            for name in ["to_dir", "to_file", "dir"] {
                let path = room.join(name);
                let options = WalkOptions::new().follow_links(follow).follow_root_links(root_links);
                let other = WalkDir::new(&path).follow_links(follow).follow_root_links(root_links);
                assert_eq!(ours(options.walk(&path)), theirs(other), "{name} {follow} {root_links}");
            }
        }
    }
}

#[test]
fn an_entry_tells_its_name_and_its_attributes_as_walkdirs_does() {
    let (_dir, room) = furnished();
    symlink("dir", room.join("dir/down")).expect("the room takes links");
    let engine = folio::Engine::builder().storage(std::sync::Arc::new(Os::new())).start().expect("it starts");
    for follow in [false, true] {
        let other = WalkDir::new(&room).follow_links(follow).sort_by_file_name();
        let expected: Vec<_> = other
            .into_iter()
            .filter_map(Result::ok)
            .map(|entry| {
                let metadata = entry.metadata().expect("it is there");
                (entry.file_name().to_owned(), metadata.ino(), folio::FileType::from(metadata.file_type()))
            })
            .collect();
        block_on(engine.scope(async {
            let mut walk = WalkOptions::new().follow_links(follow).sort(true).walk(&room);
            let mut met = Vec::new();
            while let Some(entry) = walk.next().await {
                let Ok(entry) = entry else { continue };
                let metadata = entry.metadata().await.expect("it is there");
                assert_eq!(metadata.ino(), entry.ino());
                met.push((entry.file_name().to_owned(), metadata.ino(), metadata.file_type()));
            }
            assert_eq!(met, expected, "{follow}");
        }));
    }
    let root = block_on(folio::fs::walk("/").next()).expect("an item").expect("it is there");
    assert_eq!(root.file_name(), "/");
}

#[test]
fn an_entry_that_is_gone_is_an_error_that_names_it() {
    let (_dir, room) = furnished();
    block_on(async {
        let mut walk = WalkOptions::new().min_depth(1).sort(true).walk(&room);
        walk.skip_current_dir();
        let entry = walk.next().await.expect("an item").expect("it is there");
        fs::remove_file(entry.path()).expect("it is ours");
        let error = entry.metadata().await.expect_err("it is gone");
        assert_eq!((error.raw_os_error(), error.path()), (Some(2), Some(entry.path())));
    });
}

#[test]
fn an_error_tells_how_deep_it_is_and_where_a_circle_leads_back_to() {
    let (_dir, room) = furnished();
    symlink("../..", room.join("dir/above")).expect("the room takes links");
    fs::create_dir_all(room.join("dir/a/b")).expect("the room takes directories");
    symlink("../..", room.join("dir/a/b/up")).expect("the room takes links");
    type Told = (Option<PathBuf>, Option<usize>, Option<PathBuf>, Option<i32>);
    // walkdir follows a link that leads above its root, and meets everything once more.
    let only = |path: &Path| path.starts_with(room.join("dir")) && !path.starts_with(room.join("dir/above"));
    let expected: Vec<Told> = WalkDir::new(room.join("dir"))
        .follow_links(true)
        .max_depth(4)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::err)
        .filter(|error| error.path().is_some_and(only))
        .map(|error| {
            let path = error.path().map(Path::to_owned);
            let errno = error.io_error().and_then(|error| error.raw_os_error());
            (path, Some(error.depth()), error.loop_ancestor().map(Path::to_owned), errno)
        })
        .collect();
    assert!(expected.iter().any(|told| told.2.is_some()), "{expected:?}");
    let mut met: Vec<Told> = Vec::new();
    block_on(async {
        let options = WalkOptions::new().follow_links(true).max_depth(4).sort(true);
        let mut walk = options.walk(room.join("dir"));
        while let Some(entry) = walk.next().await {
            let Err(error) = entry else { continue };
            let ancestor = error.loop_ancestor().map(Path::to_owned);
            // walkdir has no number for a circle.
            let errno = error.raw_os_error().filter(|_| ancestor.is_none());
            met.push((error.path().map(Path::to_owned), error.depth(), ancestor, errno));
        }
    });
    let above = Some(room.parent().expect("it is below").to_owned());
    let circle = met.pop_if(|told| told.0 == Some(room.join("dir/above")));
    assert_eq!(circle, Some((Some(room.join("dir/above")), Some(1), above, None)));
    assert_eq!(met, expected);
    let error =
        block_on(folio::fs::walk(room.join("missing")).next()).expect("an item").expect_err("missing");
    assert_eq!(error.depth(), Some(0));
    let error = block_on(folio::fs::read(room.join("missing"))).expect_err("missing");
    assert_eq!((error.depth(), error.loop_ancestor()), (None, None));
}

#[test]
fn attributes_of_what_is_in_memory_are_told_in_place_of_links_too() {
    let (_dir, room) = furnished();
    let engine = folio::Engine::builder().start().expect("an engine starts");
    block_on(engine.scope(async {
        // The first teaches the device.
        folio::fs::symlink_metadata(room.join("dangling")).await.expect("it is there");
        let in_place = || engine.snapshot().counters.in_place;
        let jobs = || engine.snapshot().counters.jobs;
        let before = in_place();
        folio::fs::metadata(room.join("file")).await.expect("it is there");
        // An old kernel has no look-up that stays in memory.
        let told_in_place = in_place() - before;
        for name in ["file", "dir", "to_file", "to_dir", "dangling", "loop"] {
            let before = (in_place(), jobs());
            let expected = fs::symlink_metadata(room.join(name)).expect("it is there");
            let told = folio::fs::symlink_metadata(room.join(name)).await.expect("it is there");
            assert_eq!((told.ino(), told.mode()), (expected.ino(), expected.mode()), "{name}");
            let counted = (in_place() - before.0, jobs() - before.1);
            assert_eq!(counted, (told_in_place, 1 - told_in_place), "{name}");
        }
        for (name, errno) in [("missing", 2), ("file/below", 20), ("loop/below", 40)] {
            let error = folio::fs::symlink_metadata(room.join(name)).await.expect_err("it is not there");
            assert_eq!(error.raw_os_error(), Some(errno), "{name}");
        }
    }));
}
