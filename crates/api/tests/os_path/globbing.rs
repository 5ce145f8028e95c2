//! A pattern finds what its documentation says, and looks nowhere else.

use std::fs;
use std::future::poll_fn;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::pin::pin;

use folio::fs::{glob, glob_in, rglob};
use folio_testkit::wait::block_on;
use folio_testkit::{Random, seeds};
use futures_core::Stream;
use globset::GlobBuilder;
use walkdir::WalkDir;

use crate::ground::empty;

fn found(pattern: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    block_on(async {
        let mut glob = glob(pattern).expect("it is a pattern");
        while let Some(path) = glob.next().await {
            found.push(path.expect("everything can be read"));
        }
    });
    found
}

#[test]
fn patterns_find_what_they_say() {
    let (_dir, room) = empty();
    for file in ["src/a.rs", "src/b.txt", "src/deep/er/c.rs", "src/.hidden.rs", "other/a.rs", "x[1].rs"] {
        let path = room.join(file);
        fs::create_dir_all(path.parent().expect("it has one")).expect("the room takes directories");
        fs::write(path, b"").expect("the room takes files");
    }
    symlink("src", room.join("link")).expect("the room takes links");
    let check = |pattern: &str, expected: &[&str]| {
        let found = found(&format!("{}/{pattern}", room.display()));
        let expected: Vec<_> = expected.iter().map(|path| room.join(path)).collect();
        assert_eq!(found, expected, "{pattern}");
    };
    check("src/*.rs", &["src/.hidden.rs", "src/a.rs"]);
    check("*/a.rs", &["link/a.rs", "other/a.rs", "src/a.rs"]);
    check("{src,other}/a.*", &["other/a.rs", "src/a.rs"]);
    check("src/{a.rs,deep/er/c.rs}", &["src/a.rs", "src/deep/er/c.rs"]);
    check("**/*.rs", &["other/a.rs", "src/.hidden.rs", "src/a.rs", "src/deep/er/c.rs", "x[1].rs"]);
    check(
        "src/**",
        &["src", "src/.hidden.rs", "src/a.rs", "src/b.txt", "src/deep", "src/deep/er", "src/deep/er/c.rs"],
    );
    check("src/a.rs/**", &[]);
    check("s*/**/er/**", &["src/deep/er", "src/deep/er/c.rs"]);
    check("src/**/c.rs", &["src/deep/er/c.rs"]);
    check("src/?.[rt]*", &["src/a.rs", "src/b.txt"]);
    check("x\\[1\\].rs", &["x[1].rs"]);
    check("s*/", &["src"]);
    check("*/", &["link", "other", "src"]);
    check("link/", &["link"]);
    check("src/a.rs/", &[]);
    check("s*/../other/a*", &["src/../other/a.rs"]);
    check("s*/deep/..", &["src/deep/.."]);
    check("*/./a.rs", &["link/./a.rs", "other/./a.rs", "src/./a.rs"]);
    check("s*/../missing", &[]);
    check("x[", &[]);
    check("x[1].r[a-", &[]);
    check("src/[b-a].rs", &[]);
    check("src/[!b-a].rs", &["src/a.rs"]);
    check("src/a.rs", &["src/a.rs"]);
    check("link/a*", &["link/a.rs"]);
    check("l*/a.rs", &["link/a.rs"]);
    check("missing/*", &[]);
    check("src/a.rs/*", &[]);
    check("missing", &[]);
}

#[test]
fn a_search_below_a_directory_takes_the_directory_as_it_is() {
    let (_dir, base) = empty();
    // Special in a pattern, and not in a directory.
    let room = base.join("[a]*");
    for file in ["x.rs", "src/a.rs", "src/deep/er/c.rs", "src/deep/d.txt"] {
        let path = room.join(file);
        fs::create_dir_all(path.parent().expect("it has one")).expect("the room takes directories");
        fs::write(path, b"").expect("the room takes files");
    }
    let check = |pattern: &str, expected: &[&str]| {
        let mut found = Vec::new();
        block_on(async {
            let mut glob = rglob(&room, pattern).expect("it is a pattern");
            while let Some(path) = glob.next().await {
                found.push(path.expect("everything can be read"));
            }
        });
        let expected: Vec<_> = expected.iter().map(|path| room.join(path)).collect();
        assert_eq!(found, expected, "{pattern}");
    };
    check("*.rs", &["src/a.rs", "src/deep/er/c.rs", "x.rs"]);
    check("deep/*", &["src/deep/d.txt", "src/deep/er"]);
    check("er/", &["src/deep/er"]);
    check("c.rs", &["src/deep/er/c.rs"]);
    check("missing", &[]);
    for pattern in ["", "/x", "a{", "a\0"] {
        for refused in [rglob(&room, pattern), glob_in(&room, pattern)] {
            let error = refused.expect_err("no pattern");
            assert!(!error.may_have_happened(), "{pattern:?}: {error}");
        }
    }
    assert!(rglob("a\0b", "*").is_err() && glob_in("a\0b", "*").is_err());
    let mut found = Vec::new();
    block_on(async {
        let mut glob = glob_in(&room, "*/*.rs").expect("it is a pattern");
        while let Some(path) = glob.next().await {
            found.push(path.expect("everything can be read"));
        }
    });
    assert_eq!(found, [room.join("src/a.rs")]);
}

#[test]
fn what_lists_is_a_stream() {
    let (_dir, room) = empty();
    for index in 0..300 {
        fs::write(room.join(format!("{index}")), b"").expect("the room takes files");
    }
    fn count<T>(stream: impl Stream<Item = folio::Result<T>>) -> usize {
        let mut stream = pin!(stream);
        block_on(async {
            let mut count = 0;
            while let Some(item) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                item.expect("everything can be read");
                count += 1;
            }
            count
        })
    }
    assert_eq!(count(folio::fs::walk(&room)), 301);
    assert_eq!(count(glob(&format!("{}/?", room.display())).expect("a pattern")), 10);
    assert_eq!(count(block_on(folio::fs::read_dir(&room)).expect("it can be listed")), 300);
    assert_eq!(count(block_on(folio::Dir::open(&room)).expect("it is there").entries()), 300);
    let error = block_on(async { walk_of_a_missing_directory(&room).await });
    assert_eq!(error.raw_os_error(), Some(2));
}

async fn walk_of_a_missing_directory(room: &Path) -> folio::Error {
    let mut walk = folio::fs::walk(room.join("missing"));
    let item = poll_fn(|cx| Stream::poll_next(std::pin::Pin::new(&mut walk), cx)).await;
    item.expect("an item").expect_err("missing")
}

#[test]
fn a_relative_pattern_finds_relative_paths() {
    assert_eq!(found("Carg?.toml"), [Path::new("Cargo.toml")]);
    assert_eq!(found("./src/li?.rs"), [Path::new("./src/lib.rs")]);
    assert_eq!(found("src/../Carg*.toml"), [Path::new("src/../Cargo.toml")]);
}

#[test]
fn what_is_no_pattern_is_refused_before_anything_is_touched() {
    for pattern in ["", "a[[:digit:]]", "{a", "a\0*", "a/\0"] {
        let error = glob(pattern).expect_err("no pattern");
        assert!(!error.may_have_happened(), "{pattern:?}: {error}");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{pattern:?}");
    }
}

#[test]
fn pruning_loses_nothing_that_matching_every_path_finds() {
    const PATTERNS: [&str; 8] =
        ["*", "*/*", "a*/**", "**/b*", "a*/**/b*", "?/b?/*", "**/a*/**/c*", "{a*,b*/c*}/*"];
    seeds(6, |seed| {
        let (_dir, room) = empty();
        let mut numbers = Random::new(seed);
        let mut dirs = vec![room.clone()];
        for _ in 0..150 {
            let parent = dirs[numbers.within(0..dirs.len() as u64) as usize].clone();
            let path = parent.join(["a", "b", "c", "ab", "ba"][numbers.index(5)]);
            if numbers.within(0..3) > 0 && fs::create_dir(&path).is_ok() {
                dirs.push(path);
            } else if !path.exists() {
                fs::write(&path, b"").expect("the room takes files");
            }
        }
        for pattern in PATTERNS {
            let matcher = GlobBuilder::new(pattern).literal_separator(true).build().expect("a pattern");
            let matcher = matcher.compile_matcher();
            // Only here is the directory itself below it.
            let begins = |path: &Path| {
                let top =
                    path.components().count() == 1 && path.to_str().is_some_and(|name| name.starts_with('a'));
                pattern == "a*/**" && top && room.join(path).is_dir()
            };
            let is_sought = |path: &Path| matcher.is_match(path) || begins(path);
            let all = WalkDir::new(&room).min_depth(1).sort_by_file_name().into_iter();
            let all = all.map(|entry| entry.expect("everything can be read").into_path());
            let expected: Vec<_> =
                all.filter(|path| is_sought(path.strip_prefix(&room).expect("it is below"))).collect();
            let found = found(&format!("{}/{pattern}", room.display()));
            assert_eq!(found, expected, "FOLIO_SEED={seed} {pattern}");
        }
    });
}
