//! Checks of calls on trees, and of files that have no name yet or change their file system.

use std::ffi::{OsStr, OsString};

use folio_engine::storage::{Clearing, IfTaken, Kind, Links, Lister};

use super::Check;
use super::ground::{Ground, contents, fails, if_supported, ok, write_all};
use crate::errno::{EEXIST, EINVAL, ENOENT};

pub(super) const CHECKS: &[Check] = &[
    ("a walk is told each name once, and its kind if the directory keeps it", lists),
    ("a deep_dir is a place like the path to it", footholds),
    ("a tree is copied with everything in it", copies),
    ("a tree is cleared, and nothing beside it", clears),
    ("a rename that replaces nothing leaves what is there", no_clobbering),
    ("an exchange gives each thing the name of the other", exchanges),
    ("a move copies, gives the name, and only then removes the original", moves),
    ("a file without a name has the one alone that it is given", unnamed),
];

fn all(mut lister: Box<dyn Lister>) -> Vec<(OsString, Option<Kind>)> {
    let mut listed = Vec::new();
    while ok(lister.more(&mut |name: &OsStr, kind, _| listed.push((name.to_owned(), kind)))) {}
    listed.sort_by(|(one, _), (other, _)| one.cmp(other));
    listed
}

fn lists(on: &Ground) {
    on.put("file", b"");
    on.dirs("dir");
    let Some(lister) = if_supported(on.storage.list(&on.path(""))) else { return };
    let listed = all(lister);
    assert_eq!(listed.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["dir", "file"]);
    assert!(listed[0].1.is_none_or(|kind| kind == Kind::Dir));
    assert!(listed[1].1.is_none_or(|kind| kind == Kind::File));
    assert!(on.storage.list(&on.path("missing")).is_err());
}

fn footholds(on: &Ground) {
    on.dirs("dir/inner");
    on.put("dir/inner/file", b"abc");
    // Without one, paths that are too long stay too long.
    let Ok(dir) = on.storage.deep_dir(&on.path("dir")) else { return };
    let inner = ok(dir.deep_dir("inner".as_ref()));
    assert_eq!(ok(inner.metadata("file".as_ref(), Links::Follow)).len(), 3);
    assert_eq!(all(ok(dir.list("inner".as_ref()))).len(), 1);
}

fn copies(on: &Ground) {
    on.dirs("from/inner");
    on.put("from/inner/file", b"abc");
    let Some(mut copier) = if_supported(on.storage.copy_tree(&on.path("from"), &on.path("to"))) else {
        return;
    };
    while ok(copier.more()) {}
    assert_eq!(copier.copied().bytes, 3);
    assert_eq!((on.contents("to/inner/file"), on.exists("from/inner/file")), (b"abc".to_vec(), true));
}

fn clears(on: &Ground) {
    on.dirs("tree/inner");
    on.put("tree/inner/file", b"");
    on.put("beside", b"");
    ok(on.storage.clear(&on.path("tree"), Clearing { makes_removable: true, goes_on: false }));
    assert!(!on.exists("tree") && on.exists("beside"));
}

fn no_clobbering(on: &Ground) {
    let rename = |from: &str, to: &str| {
        on.storage.rename_with(&on.path(from), &*on.storage, &on.path(to), IfTaken::Refuse)
    };
    on.put("a", b"new");
    on.put("b", b"old");
    if if_supported(rename("a", "c")).is_none() {
        return;
    }
    assert!(!on.exists("a"));
    fails(rename("c", "b"), &[EEXIST]);
    fails(rename("missing", "d"), &[ENOENT]);
    assert_eq!((on.contents("b"), on.contents("c")), (b"old".to_vec(), b"new".to_vec()));
}

fn exchanges(on: &Ground) {
    let rename = |from: &str, to: &str, if_taken| {
        on.storage.rename_with(&on.path(from), &*on.storage, &on.path(to), if_taken)
    };
    on.put("a", b"one");
    on.put("b", b"other");
    on.dirs("dir/inner");
    if if_supported(rename("a", "b", IfTaken::Exchange)).is_some() {
        assert_eq!((on.contents("a"), on.contents("b")), (b"other".to_vec(), b"one".to_vec()));
        fails(rename("a", "missing", IfTaken::Exchange), &[ENOENT]);
        fails(rename("missing", "a", IfTaken::Exchange), &[ENOENT]);
        fails(rename("dir", "dir/inner", IfTaken::Exchange), &[EINVAL]);
        ok(rename("a", "dir", IfTaken::Exchange));
        assert!(on.exists("a/inner"));
        assert_eq!(on.contents("dir"), b"other");
    }
    on.put("c", b"new");
    ok(rename("c", "b", IfTaken::Replace));
    assert_eq!((on.contents("b"), on.exists("c")), (b"new".to_vec(), false));
}

fn moves(on: &Ground) {
    on.put("a", b"abc");
    // A storage that is one file system never needs to.
    let Ok(Some(mut mover)) = on.storage.mover(&on.path("a"), &on.path("b")) else { return };
    while ok(mover.more()) {}
    assert!(on.exists("a") && !on.exists("b"));
    ok(mover.check());
    ok(mover.give_name());
    assert!(on.exists("a") && on.exists("b"));
    ok(mover.remove_original());
    assert!(!on.exists("a"));
    assert_eq!(on.contents("b"), b"abc");
    let Ok(Some(mut given_up)) = on.storage.mover(&on.path("b"), &on.path("c")) else { return };
    while ok(given_up.more()) {}
    ok(given_up.undo());
    assert!(on.exists("b") && !on.exists("c"));
}

fn unnamed(on: &Ground) {
    on.put("taken", b"theirs");
    let Some(opened) = on.storage.open_unnamed(&on.path(""), 0o600) else { return };
    let file = ok(opened).file;
    write_all(&*file, b"abc", 0);
    assert_eq!(contents(&*file), b"abc");
    fails(on.storage.link_unnamed(&*file, &on.path("taken")), &[EEXIST]);
    ok(on.storage.link_unnamed(&*file, &on.path("name")));
    assert_eq!((on.contents("name"), on.contents("taken")), (b"abc".to_vec(), b"theirs".to_vec()));
}
