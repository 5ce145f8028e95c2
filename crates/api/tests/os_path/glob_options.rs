//! Patterns by other rules than the usual, and patterns apart from any tree.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsStr;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use folio::fs::{Glob, GlobOptions, Pattern};
use folio_testkit::wait::block_on;
use folio_testkit::{Random, seeds};
use walkdir::WalkDir;

use crate::ground::empty;

fn all(mut glob: Glob) -> Vec<PathBuf> {
    block_on(async {
        let mut found = Vec::new();
        while let Some(path) = glob.next().await {
            found.push(path.expect("everything can be read"));
        }
        found
    })
}

fn plant(room: &Path, files: &[&str]) {
    for file in files {
        let path = room.join(file);
        fs::create_dir_all(path.parent().expect("it has one")).expect("the room takes directories");
        fs::write(path, b"").expect("the room takes files");
    }
}

/// Looks in the room and compares what is found with these names in it.
fn check(room: &Path, options: &GlobOptions, pattern: &str, expected: &[&str]) {
    let base = Pattern::escape(room.to_str().expect("it is UTF-8"));
    let found = all(options.glob(&format!("{base}/{pattern}")).expect("it is a pattern"));
    let expected: Vec<_> = expected.iter().map(|path| room.join(path)).collect();
    assert_eq!(found, expected, "{pattern} {options:?}");
}

#[test]
fn links_are_gone_through_when_asked_and_those_that_lead_nowhere_are_names() {
    let (_dir, room) = empty();
    plant(&room, &["usr/bin/sh", "usr/lib/a.so"]);
    for (target, link) in [("usr/bin", "bin"), ("..", "usr/up"), ("nothing", "blind"), ("self", "self")] {
        symlink(target, room.join(link)).expect("the room takes links");
    }
    let follow = GlobOptions::new().follow_links(true);
    check(&room, &follow, "b*/sh", &["bin/sh"]);
    check(&room, &follow, "b*", &["bin", "blind"]);
    check(&room, &follow, "[bs]*/", &["bin"]);
    check(&room, &follow, "bin/", &["bin"]);
    check(&room, &follow, "blind", &["blind"]);
    check(&room, &follow, "s*", &["self"]);
    check(&room, &follow, "**/sh", &["bin/sh", "usr/bin/sh"]);
    check(&room, &follow, "**/u*", &["usr", "usr/up"]);
    check(&room, &follow, "*/lib/../lib/*.so", &["usr/lib/../lib/a.so"]);
    check(&room, &GlobOptions::new(), "b*/sh", &["bin/sh"]);
    check(&room, &GlobOptions::new(), "**/sh", &["usr/bin/sh"]);
    check(&room, &GlobOptions::new(), "bin/", &["bin"]);
    check(&room, &GlobOptions::new(), "[bs]*/", &["bin"]);
    let found = all(follow.rglob(&room, "sh").expect("it is a pattern"));
    assert_eq!(found, [room.join("bin/sh"), room.join("usr/bin/sh")]);
}

#[test]
fn case_matters_unless_told_otherwise() {
    let (_dir, room) = empty();
    plant(&room, &["Photos/IMG_1.JPG", "photos/img_2.jpg", "photos/ÜBER.jpg", "other/IMG"]);
    let any = GlobOptions::new().case_sensitive(false);
    check(&room, &any, "photos/*.jpg", &["Photos/IMG_1.JPG", "photos/img_2.jpg", "photos/ÜBER.jpg"]);
    check(&room, &any, "PHOTOS/über.*", &["photos/ÜBER.jpg"]);
    check(&room, &any, "**/[i]m[F-H]*", &["Photos/IMG_1.JPG", "other/IMG", "photos/img_2.jpg"]);
    check(&room, &any, "{PHOTOS/*1*,OTHER/*}", &["Photos/IMG_1.JPG", "other/IMG"]);
    check(&room, &GlobOptions::new(), "photos/*.jpg", &["photos/img_2.jpg", "photos/ÜBER.jpg"]);
}

#[test]
fn names_with_a_dot_are_found_by_a_dot_alone_when_told_so() {
    let (_dir, room) = empty();
    plant(&room, &[".git/config", ".git/.lock", "src/.a.rs", "src/b.rs", "src/.deep/c.rs", "b.rs"]);
    let plain = GlobOptions::new().hidden(false);
    check(&room, &plain, "*", &["b.rs", "src"]);
    check(&room, &plain, ".*", &[".git"]);
    check(&room, &plain, "**/*.rs", &["b.rs", "src/b.rs"]);
    check(&room, &plain, "**", &["", "b.rs", "src", "src/b.rs"]);
    check(&room, &plain, "src/.*/*.rs", &["src/.deep/c.rs"]);
    check(&room, &plain, "**/.*/*.rs", &["src/.deep/c.rs"]);
    check(&room, &plain, ".git/*", &[".git/config"]);
    check(&room, &plain, "[.]git", &[]);
    check(
        &room,
        &plain,
        "{.git,src}/{*,.*}",
        &[".git/.lock", ".git/config", "src/.a.rs", "src/.deep", "src/b.rs"],
    );
}

#[test]
fn what_is_escaped_is_a_path_that_leads_through_links() {
    let (_dir, base) = empty();
    plant(&base, &["real/album [1]/a.mp3", "real/{x,y}/b.mp3", r"real/back\slash*/c.mp3"]);
    symlink("real", base.join("li?nk")).expect("the room takes links");
    for (name, file) in [("album [1]", "a.mp3"), ("{x,y}", "b.mp3"), (r"back\slash*", "c.mp3")] {
        let room = base.join("li?nk").join(name);
        check(&room, &GlobOptions::new(), "*.mp3", &[file]);
        let escaped = Pattern::new(&Pattern::escape(name)).expect("it is a pattern");
        assert!(escaped.matches(name) && !escaped.matches("album 1") && !escaped.matches("x"));
    }
}

#[test]
fn a_pattern_is_a_value_like_its_text() {
    let pattern = |text: &str| Pattern::new(text).expect("it is a pattern");
    let (one, same, other) = (pattern("a/*.rs"), pattern("a/*.rs"), pattern("b*"));
    assert_eq!(
        (one.as_str(), one.to_string(), format!("{one:?}")),
        ("a/*.rs", "a/*.rs".into(), "Pattern(\"a/*.rs\")".into())
    );
    assert!(one == same && one != other && one < other);
    let hash = |pattern: &Pattern| {
        let mut hasher = DefaultHasher::new();
        pattern.hash(&mut hasher);
        hasher.finish()
    };
    assert_eq!(hash(&one), hash(&same));
    assert_eq!("a/*.rs".parse::<Pattern>().expect("it is a pattern"), one);
    for text in ["", "a\0", "[[:alpha:]]", "{a", "*}", r"a\"] {
        assert!(!Pattern::new(text).expect_err("it is none").may_have_happened(), "{text:?}");
    }
    fn is_shared<T: Send + Sync + Clone>() {}
    is_shared::<Pattern>();
}

#[test]
fn a_pattern_matches_whole_paths() {
    let check = |pattern: &str, path: &str, expected: bool| {
        let parsed = Pattern::new(pattern).expect("it is a pattern");
        assert_eq!(parsed.matches(path), expected, "{pattern} {path}");
    };
    check("*.rs", "a.rs", true);
    check("*.rs", "a/b.rs", false);
    check("**/*.rs", "a.rs", true);
    check("**/*.rs", "a/b/c.rs", true);
    check("/a/*", "/a/b", true);
    check("/a/*", "a/b", false);
    check("a/*", "/a/b", false);
    check("a//b", "a/b", true);
    check("a/", "a/", true);
    check("a/", "a", false);
    check("a", "a/", true);
    check("./*", "./a", true);
    check("/", "/", true);
    check("**", "a/b", true);
    check("**", "", false);
    check("a}/*", "a}/b", true);
    check("é?", "éß", true);
    let odd = Path::new(OsStr::from_bytes(b"a\xFF"));
    assert!(Pattern::new("a?").expect("it is a pattern").matches_path(odd));
}

#[test]
fn what_is_found_is_what_matches() {
    let parts = ["*", "?", "**", ".*", "a*", "[a-c]?", "[!a]*", "A", ".b", "{a,b}*", "*{x,.b}"];
    seeds(6, |seed| {
        let (_dir, room) = empty();
        let mut numbers = Random::new(seed);
        for _ in 0..60 {
            let depth = 1 + numbers.index(3);
            let name = |numbers: &mut Random| ["a", "A", ".b", "ax", "bX", "c", ".a.b"][numbers.index(7)];
            let path: PathBuf = (0..depth).map(|_| name(&mut numbers)).collect();
            let _ = fs::create_dir_all(room.join(path));
        }
        let below: Vec<PathBuf> = WalkDir::new(&room)
            .min_depth(1)
            .sort_by_file_name()
            .into_iter()
            .map(|entry| entry.expect("it can be read").path().strip_prefix(&room).expect("below").to_owned())
            .collect();
        for _ in 0..60 {
            let len = 1 + numbers.index(4);
            let text: Vec<_> =
                (0..len).map(|_| parts[numbers.within(0..parts.len() as u64) as usize]).collect();
            let text = text.join("/");
            let options = GlobOptions::new()
                .case_sensitive(numbers.within(0..2) == 0)
                .hidden(numbers.within(0..2) == 0)
                .follow_links(numbers.within(0..2) == 0);
            let pattern = Pattern::new(&text).expect("it is a pattern");
            let expected: Vec<_> = below
                .iter()
                .filter(|path| pattern.matches_path_with(&path.join(""), &options))
                .cloned()
                .collect();
            let base = Pattern::escape(room.to_str().expect("it is UTF-8"));
            let found: Vec<_> = all(options.glob(&format!("{base}/{text}")).expect("it is a pattern"))
                .into_iter()
                .map(|path| path.strip_prefix(&room).expect("it is below").to_owned())
                // The room itself is a directory that `**` begins in.
                .filter(|path| !path.as_os_str().is_empty())
                .collect();
            assert_eq!(found, expected, "FOLIO_SEED={seed} {text} {options:?}");
        }
    });
}
