//! The `tidy_tree` example on folders as untidy as a download folder gets.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

use crate::program;

#[test]
fn files_go_to_the_folder_of_their_extension_and_the_rest_stays() {
    let place = untidy();
    let run = tidy(&place, &[]);
    assert!(run.status.success(), "{run:?}");
    assert_eq!(
        files(&place),
        ["deep/c.TXT", "gz/b.tar.gz", "link.txt", "other/.hidden", "other/README", "txt/a [1].txt"]
    );
    // A second time there is nothing left to do.
    let again = tidy(&place, &[]);
    assert_eq!((again.status.code(), again.stdout.len()), (Some(0), 0), "{again:?}");
}

#[test]
fn a_dry_run_says_what_would_be_moved_and_moves_nothing() {
    let place = untidy();
    let before = files(&place);
    let dry = tidy(&place, &["--dry-run"]);
    assert_eq!(files(&place), before);
    assert!(!place.path().join("txt").exists());
    let real = tidy(&place, &[]);
    assert_eq!(dry.stdout, real.stdout);
}

#[test]
fn patterns_choose_and_reach_into_folders() {
    let place = untidy();
    let run = tidy(&place, &["**/*.{txt,TXT}", "*.txt"]);
    assert!(run.status.success(), "{run:?}");
    assert_eq!(files(&place), [".hidden", "README", "b.tar.gz", "link.txt", "txt/a [1].txt", "txt/c.TXT"]);
}

#[test]
fn files_go_to_the_month_they_were_last_changed_in() {
    let place = TempDir::new().unwrap();
    for (name, seconds) in [("leap", 951_782_400), ("march", 951_868_800), ("old", 0)] {
        let file = File::create(place.path().join(name)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    }
    let run = tidy(&place, &["--by", "month"]);
    assert!(run.status.success(), "{run:?}");
    assert_eq!(files(&place), ["1970-01/old", "2000-02/leap", "2000-03/march"]);
}

#[test]
fn a_file_whose_place_is_taken_stays_where_it_is() {
    let place = TempDir::new().unwrap();
    fs::create_dir_all(place.path().join("txt")).unwrap();
    fs::create_dir_all(place.path().join("in")).unwrap();
    for (name, contents) in
        [("txt/a.txt", "theirs"), ("a.txt", "mine"), ("b.txt", "first"), ("in/b.txt", "second")]
    {
        fs::write(place.path().join(name), contents).unwrap();
    }
    for dry in [true, false] {
        let run = tidy(&place, if dry { &["**", "--dry-run"] } else { &["**"] });
        assert!(run.status.success(), "{run:?}");
        assert_eq!(String::from_utf8_lossy(&run.stderr).lines().count(), 2, "{run:?}");
    }
    assert_eq!(files(&place), ["a.txt", "in/b.txt", "txt/a.txt", "txt/b.txt"]);
    for (name, contents) in [("txt/a.txt", "theirs"), ("a.txt", "mine"), ("txt/b.txt", "first")] {
        assert_eq!(fs::read_to_string(place.path().join(name)).unwrap(), contents, "{name}");
    }
}

#[test]
fn wrong_usage_moves_nothing() {
    let place = untidy();
    let before = files(&place);
    for arguments in [&["--by", "colour"][..], &["--by"], &["--fast"], &["{unclosed"]] {
        let run = tidy(&place, arguments);
        assert_eq!(run.status.code(), Some(1), "{arguments:?}: {run:?}");
        assert!(!run.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(files(&place), before);
}

fn untidy() -> TempDir {
    let place = TempDir::new().unwrap();
    fs::create_dir(place.path().join("deep")).unwrap();
    for name in ["a [1].txt", "b.tar.gz", "README", ".hidden", "deep/c.TXT"] {
        fs::write(place.path().join(name), name).unwrap();
    }
    symlink("a [1].txt", place.path().join("link.txt")).unwrap();
    place
}

fn tidy(place: &TempDir, arguments: &[&str]) -> Output {
    Command::new(program("tidy_tree")).arg(place.path()).args(arguments).output().unwrap()
}

/// What is below `place`, directories aside, sorted.
fn files(place: &TempDir) -> Vec<String> {
    fn collect(root: &Path, dir: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                collect(root, &entry.path(), into);
            } else {
                into.push(entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    collect(place.path(), place.path(), &mut found);
    found.sort();
    found
}
