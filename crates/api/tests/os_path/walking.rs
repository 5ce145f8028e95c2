//! A walk meets what `walkdir` meets, in the same order, and goes on behind what it cannot read.

use std::future::Future;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Waker};
use std::{fs, thread};

use folio::fs::{Walk, WalkOptions, walk};
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::{block_on, eventually_blocking};
use folio_testkit::{Random, seeds};
use walkdir::WalkDir;

use crate::ground::{empty, furnished, is_refused_anything};

/// What was met, with what is not an entry as its path alone.
#[derive(Debug, PartialEq)]
pub(crate) enum Met {
    Entry { path: PathBuf, depth: usize, dir: bool, symlink: bool, link_path: bool },
    Error(Option<PathBuf>),
}

pub(crate) fn ours(mut walk: Walk) -> Vec<Met> {
    let mut met = Vec::new();
    block_on(async {
        while let Some(entry) = walk.next().await {
            met.push(match entry {
                Ok(entry) => Met::Entry {
                    path: entry.path().to_path_buf(),
                    depth: entry.depth(),
                    dir: entry.file_type().is_dir(),
                    symlink: entry.file_type().is_symlink(),
                    link_path: entry.path_is_symlink(),
                },
                Err(error) => Met::Error(error.path().map(Path::to_path_buf)),
            });
        }
        assert!(walk.next().await.is_none(), "after the end is the end");
    });
    met
}

pub(crate) fn theirs(walk: WalkDir) -> Vec<Met> {
    let entries = walk.into_iter().map(|entry| match entry {
        Ok(entry) => Met::Entry {
            path: entry.path().to_path_buf(),
            depth: entry.depth(),
            dir: entry.file_type().is_dir(),
            symlink: entry.file_type().is_symlink(),
            link_path: entry.path_is_symlink(),
        },
        Err(error) => Met::Error(error.path().map(Path::to_path_buf)),
    });
    entries.collect()
}

/// A random tree with links to directories above, beside, and to nothing.
pub(crate) fn grow(room: &Path, seed: u64) {
    let mut numbers = Random::new(seed);
    let mut dirs = vec![room.to_path_buf()];
    for index in 0..400 {
        let parent = dirs[numbers.within(0..dirs.len() as u64) as usize].clone();
        let target = dirs[numbers.within(0..dirs.len() as u64) as usize].clone();
        let path = parent.join(format!("{}{index}", ["a", "B", "ü", "."][numbers.index(4)]));
        match numbers.within(0..20) {
            0..=7 => {
                fs::create_dir(&path).expect("the room takes directories");
                dirs.push(path);
            }
            8 if numbers.within(0..8) == 0 => symlink(target, &path).expect("the room takes links"),
            9 => symlink("nothing", &path).expect("the room takes links"),
            _ => fs::write(&path, b"").expect("the room takes files"),
        }
    }
}

#[test]
fn walks_meet_what_walkdir_meets_in_its_order() {
    seeds(6, |seed| {
        let (_dir, room) = empty();
        grow(&room, seed);
        let mut numbers = Random::new(!seed);
        let mut check = |follow: bool, contents_first: bool| {
            let (min, max) = (numbers.index(4), 3 + numbers.index(4));
            let walk = WalkOptions::new().sort(true).follow_links(follow).contents_first(contents_first);
            let other = WalkDir::new(&room).sort_by_file_name().follow_links(follow);
            let other = other.contents_first(contents_first);
            let case = format!("FOLIO_SEED={seed} follow {follow} contents first {contents_first}");
            let bounded = walk.clone().min_depth(min).max_depth(max).walk(&room);
            assert_eq!(ours(bounded), theirs(other.min_depth(min).max_depth(max)), "{case} {min}..={max}");
            // Links into other directories can multiply a tree; unbounded only where they are not followed.
            if !follow {
                let other = WalkDir::new(&room).sort_by_file_name().contents_first(contents_first);
                assert_eq!(ours(walk.walk(&room)), theirs(other), "{case}");
            }
        };
        for follow in [false, true] {
            check(follow, false);
            check(follow, true);
        }
    });
}

#[test]
fn a_large_and_a_deep_tree_are_met_whole() {
    let (_dir, room) = empty();
    fs::create_dir(room.join("wide")).expect("the room takes directories");
    for index in 0..3_000 {
        fs::write(room.join(format!("wide/{index}")), b"").expect("the room takes files");
    }
    let deep: PathBuf = (0..200).map(|depth| format!("d{depth}")).collect();
    fs::create_dir_all(room.join(&deep)).expect("the room takes directories");
    for dir in room.join(&deep).ancestors().take(200) {
        fs::write(dir.join("z"), b"").expect("the room takes files");
    }
    let mut met = ours(walk(&room));
    let mut expected = theirs(WalkDir::new(&room));
    let key = |met: &Met| format!("{met:?}");
    met.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(met.len(), 1 + 1 + 3_000 + 200 + 200);
    assert!(met == expected);
}

#[test]
fn links_are_walked_through_only_when_asked_and_circles_end() {
    let (_dir, room) = furnished();
    symlink("..", room.join("dir/up")).expect("the room takes links");
    let paths = |walk| {
        let entries = ours(walk).into_iter();
        let found = entries.filter_map(|met| match met {
            Met::Entry { path, .. } => Some(path),
            Met::Error(_) => None,
        });
        found.collect::<Vec<_>>()
    };
    assert!(!paths(walk(&room)).contains(&room.join("to_dir/inside")));
    assert!(paths(WalkOptions::new().follow_links(true).walk(&room)).contains(&room.join("to_dir/inside")));
    // The root is named, so it is meant.
    assert!(paths(walk(room.join("to_dir"))).contains(&room.join("to_dir/inside")));
    let mut errors = Vec::new();
    block_on(async {
        let mut walk = WalkOptions::new().follow_links(true).sort(true).walk(&room);
        while let Some(entry) = walk.next().await {
            errors.extend(entry.err().map(|error| {
                let path = error.path().and_then(|path| path.strip_prefix(&room).ok()).map(Path::to_path_buf);
                (path.expect("an error names its path"), error.raw_os_error())
            }));
        }
    });
    let expected = [("dangling", 2), ("dir/up", 40), ("loop", 40), ("to_dir/up", 40)];
    assert_eq!(errors, expected.map(|(path, errno)| (PathBuf::from(path), Some(errno))));
}

#[test]
fn a_root_that_cannot_be_walked_is_one_error_or_one_entry() {
    let (_dir, room) = furnished();
    let check = |name: &str| {
        let path = room.join(name);
        assert_eq!(ours(walk(&path)), theirs(WalkDir::new(&path)), "{name}");
    };
    for name in ["file", "missing", "to_file", "to_dir"] {
        check(name);
    }
    // The link is there, even if it leads nowhere; walkdir tells of an error alone.
    for name in ["dangling", "loop"] {
        let path = room.join(name);
        let entry = Met::Entry { path: path.clone(), depth: 0, dir: false, symlink: true, link_path: true };
        assert_eq!(ours(walk(&path)), [entry], "{name}");
        assert_eq!(ours(WalkOptions::new().follow_links(true).walk(&path)), [Met::Error(Some(path))]);
    }
    let met = ours(walk("with\0nul"));
    assert_eq!(met, [Met::Error(Some("with\0nul".into()))]);
}

#[test]
fn unreadable_directories_are_told_of_and_passed_by() {
    let (_dir, room) = furnished();
    if !is_refused_anything(&room) {
        return;
    }
    fs::set_permissions(room.join("dir"), fs::Permissions::from_mode(0o000)).expect("it is ours");
    for contents_first in [false, true] {
        let walk = WalkOptions::new().sort(true).contents_first(contents_first).walk(&room);
        let met = ours(walk);
        assert_eq!(met, theirs(WalkDir::new(&room).sort_by_file_name().contents_first(contents_first)));
        assert!(met.contains(&Met::Error(Some(room.join("dir")))), "{met:?}");
    }
    fs::set_permissions(room.join("dir"), fs::Permissions::from_mode(0o700)).expect("it is ours");
}

#[test]
fn a_directory_that_vanishes_is_an_error_with_its_path_and_the_walk_goes_on() {
    let (_dir, room) = empty();
    for name in ["a", "b", "c"] {
        fs::create_dir(room.join(name)).expect("the room takes directories");
        fs::write(room.join(name).join("inside"), b"").expect("the room takes files");
    }
    let (gone, inside) = (room.join("b"), room.join("b"));
    // The filter is asked between the listing and the opening: just then it goes.
    let walk = WalkOptions::new().sort(true).filter(move |entry| {
        if entry.path() == gone {
            fs::remove_dir_all(&gone).expect("it is ours");
        }
        true
    });
    let met = ours(walk.walk(&room));
    assert!(met.contains(&Met::Error(Some(inside))), "{met:?}");
    assert!(met.iter().any(|met| matches!(met, Met::Entry { path, .. } if *path == room.join("c/inside"))));
}

#[test]
fn a_filter_prunes_and_its_panic_ends_the_walk_with_an_error() {
    let (_dir, room) = furnished();
    let walk = WalkOptions::new().filter(|entry| entry.path().file_name() != Some("dir".as_ref()));
    let met = ours(walk.walk(&room));
    assert_eq!(met.len(), 1 + 5, "{met:?}");
    let mut walk = WalkOptions::new().filter(|_| panic!("a user's mistake")).walk(&room);
    block_on(async {
        let error = walk.next().await.expect("an item").expect_err("the filter panicked");
        assert!(error.is_panicked(), "{error}");
        assert!(walk.next().await.is_none());
    });
}

#[test]
fn a_call_that_is_dropped_loses_no_entry() {
    let (_dir, room) = empty();
    grow(&room, 7);
    for index in 0..2_000 {
        fs::write(room.join(format!("x{index}")), b"").expect("the room takes files");
    }
    let mut walk = WalkOptions::new().sort(true).walk(&room);
    let mut met = Vec::new();
    let mut dropped = 0;
    loop {
        // A fresh future for every poll; the one before it was dropped.
        let polled = pin!(walk.next()).poll(&mut Context::from_waker(Waker::noop()));
        match polled {
            std::task::Poll::Ready(Some(entry)) => met.push(entry.expect("no errors here").into_path()),
            std::task::Poll::Ready(None) => break,
            std::task::Poll::Pending => {
                dropped += 1;
                thread::yield_now();
            }
        }
    }
    let expected = WalkDir::new(&room).sort_by_file_name().into_iter();
    let expected: Vec<_> = expected.map(|entry| entry.expect("no errors here").into_path()).collect();
    assert!(dropped > 0, "nothing was dropped");
    assert!(met == expected, "{} of {} entries", met.len(), expected.len());
}

/// A tree that is worth a second worker: directories in directories, with files between them.
fn spread(room: &Path) {
    for branch in 0..12 {
        for twig in 0..12 {
            let twig = room.join(format!("branch {branch}/twig {twig}"));
            fs::create_dir_all(&twig).expect("the room takes directories");
            for leaf in 0..15 {
                fs::write(twig.join(format!("leaf {leaf}")), b"").expect("the room takes files");
            }
        }
    }
}

#[test]
fn two_workers_meet_what_one_meets_in_its_order() {
    let (_dir, room) = empty();
    spread(&room);
    let engine = folio::Engine::builder().workers_max(4).start().expect("an engine starts");
    let jobs = || engine.snapshot().counters.jobs;
    let mut batches = [0, 0];
    for round in 0..60 {
        let (sort, first) = (round % 2 == 0, round % 3 == 0);
        let depth = if round % 5 == 0 { 2 } else { usize::MAX };
        let options = || WalkOptions::new().sort(sort).contents_first(first).max_depth(depth);
        let before = jobs();
        // A filter decides what is touched, so nothing is listed before it was asked.
        let one = block_on(engine.scope(async { collect(options().filter(|_| true).walk(&room)).await }));
        let between = jobs();
        let two = block_on(engine.scope(async { collect(options().walk(&room)).await }));
        batches = [batches[0] + between - before, batches[1] + jobs() - between];
        assert!(one == two, "sort: {sort}, contents first: {first}, depth: {depth}");
    }
    assert!(batches[1] > batches[0], "a second worker was never asked: {batches:?} jobs");
}

async fn collect(mut walk: Walk) -> Vec<PathBuf> {
    let mut met = Vec::new();
    while let Some(entry) = walk.next().await {
        met.push(entry.expect("no errors here").into_path());
    }
    met
}

#[test]
fn a_walk_that_is_dropped_gives_its_descriptors_back() {
    let (_dir, room) = empty();
    spread(&room);
    for stop in [1, 130, 400, 900] {
        block_on(async {
            let mut walk = walk(&room);
            for _ in 0..stop {
                walk.next().await.expect("there are more").expect("no errors here");
            }
        });
        eventually_blocking("its descriptors are closed", || descriptors_below(&room) == 0);
    }
}
