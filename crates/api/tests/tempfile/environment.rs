//! Where temporary things are made: CPython's `tempfile.gettempdir`, for every environment.

use std::path::Path;

use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryDirectory, TemporaryFile};
use folio_testkit::process::again;

use crate::room;

/// Set for the child that says where its things are.
const ASKED: &str = "FOLIO_TEMPFILE_ASKED";

/// What a child's answer begins with.
const ANSWER: &str = "made in ";

/// Does nothing unless it runs as a child.
#[test]
fn a_child_says_where_it_makes_things() {
    if std::env::var(ASKED).is_err() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let answer = |path: &Path| println!("\n{ANSWER}{}", path.parent().unwrap().display());
        let mut named = NamedTemporaryFile::new().await.unwrap();
        answer(named.path());
        named.close().await.unwrap();
        let mut directory = TemporaryDirectory::new().await.unwrap();
        answer(directory.path());
        directory.cleanup().await.unwrap();
        answer(TemporaryFile::new().await.unwrap().file().path());
        let (_, path) = NamedTemporaryFile::builder().make(|path| std::fs::write(path, "")).await.unwrap();
        answer(&path);
        path.close().await.unwrap();
        let mut spool = SpooledTemporaryFile::new(0);
        spool.rollover().await.unwrap();
        answer(spool.file().unwrap().path());
    });
}

/// Cause: std's `temp_dir` takes whatever `TMPDIR` says. Loss: with an empty one, secrets lay in the working directory,
/// and with one that is missing nothing worked. Fix: what cannot be used is passed over, in CPython's order.
#[test]
fn the_first_directory_of_the_environment_that_can_be_used_is_taken() {
    let place = room();
    let dir = |name: &str| {
        let dir = place.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        dir.to_str().unwrap().to_owned()
    };
    let (one, two, three) = (dir("one"), dir("two"), dir("three"));
    std::fs::write(place.path().join("file"), "").unwrap();
    let (file, missing) = (format!("{one}/../file"), format!("{one}/missing"));
    let check = |variables: [Option<&str>; 3], expected: &str| {
        let mut command = again("environment::a_child_says_where_it_makes_things");
        command.env(ASKED, "").current_dir(place.path());
        for (name, value) in ["TMPDIR", "TEMP", "TMP"].into_iter().zip(variables) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<_> = text.lines().filter_map(|line| line.strip_prefix(ANSWER)).collect();
        assert_eq!(answers, [expected; 5], "{variables:?}: {text}{:?}", output.stderr.escape_ascii());
    };
    check([Some(&one), Some(&two), Some(&three)], &one);
    check([None, Some(&two), Some(&three)], &two);
    check([None, None, Some(&three)], &three);
    check([None, None, None], "/tmp");
    check([Some(""), None, None], "/tmp");
    check([Some(""), Some(""), Some(&three)], &three);
    check([Some(&missing), None, None], "/tmp");
    check([Some(&file), Some(&missing), Some(&three)], &three);
    check([Some("two"), None, None], &two);
}
