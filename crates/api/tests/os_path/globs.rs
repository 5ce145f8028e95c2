//! What CPython's `glob` finds in trees with links, against `fs::glob_in` with links followed and dots written.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use folio::fs::GlobOptions;
use folio_testkit::wait::block_on;

use crate::ground::empty;

/// Made by `globs.py`, which says what is in it.
const ROWS: &str = include_str!("globs.tsv");

/// A deliberate difference: `**` stands for directories below, and the directory that a search begins in is no path for
/// CPython either until something follows.
fn is_another_matter(pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('/').collect();
    parts.windows(2).any(|pair| pair[0] == "**" && matches!(pair[1], "." | ".."))
        || parts.windows(2).any(|pair| pair[0] == ".." && pair[1] == "**")
}

fn found(room: &Path, pattern: &str) -> BTreeSet<PathBuf> {
    let options = GlobOptions::new().hidden(false).follow_links(true);
    let mut found = BTreeSet::new();
    block_on(async {
        let mut glob = options.glob_in(room, pattern).expect("it is a pattern");
        while let Some(path) = glob.next().await {
            let path = path.unwrap_or_else(|error| panic!("{pattern}: {error}"));
            found.insert(path.strip_prefix(room).expect("it begins there").components().collect());
        }
    });
    // The room itself has no path in it.
    found.remove(Path::new(""));
    found
}

#[test]
fn patterns_find_what_cpython_finds() {
    let (mut rooms, mut room, mut asked) = (Vec::new(), PathBuf::new(), 0);
    for row in ROWS.lines() {
        let cells: Vec<&str> = row.split('\t').collect();
        match cells[..] {
            ["tree", _] => {
                let (dir, path) = empty();
                rooms.push(dir);
                // Patterns may lead out of it, and no further.
                room = path.join("room");
                fs::create_dir(&room).expect("the room takes directories");
            }
            ["dir", path] => fs::create_dir(room.join(path)).expect("the room takes directories"),
            ["file", path] => fs::write(room.join(path), b"").expect("the room takes files"),
            ["link", path, target] => symlink(target, room.join(path)).expect("the room takes links"),
            ["glob", pattern, expected] if !is_another_matter(pattern) => {
                let expected = expected.split('|').filter(|path| !path.is_empty());
                let expected: BTreeSet<PathBuf> =
                    expected.map(|path| Path::new(path).components().collect()).collect();
                let expected =
                    expected.into_iter().filter(|path| path != Path::new(".")).map(without_dot).collect();
                assert_eq!(found(&room, pattern), expected, "{pattern} in {}", room.display());
                asked += 1;
            }
            ["glob", ..] => {}
            _ => panic!("no such row: {row}"),
        }
    }
    assert!(asked > 600, "{asked} patterns");
}

/// The path without the `.` that it begins with.
fn without_dot(path: PathBuf) -> PathBuf {
    path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)
}
