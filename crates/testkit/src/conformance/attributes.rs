//! Checks of attributes: permissions, times, and the metadata that shows them.

use std::fs::{FileTimes, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use folio_engine::storage::Links;

use super::Check;
use super::ground::{Ground, both, fails, ok};
use crate::errno::ENOENT;

pub(super) const CHECKS: &[Check] = &[
    ("metadata tells kind and length", kinds),
    ("a new file or directory has the mode asked for", modes),
    ("set_permissions is seen by name and by opening", permissions),
    ("set_times is seen in the metadata", times),
];

/// The bits of a mode that are permissions.
const PERMISSION_BITS: u32 = 0o7777;

fn kinds(on: &Ground) {
    on.put("a", b"abc");
    ok(on.storage.create_dir(&on.path("dir"), None));
    let by_name = ok(on.storage.metadata(&on.path("a"), Links::Follow));
    let by_opening = ok(on.file("a").metadata());
    assert!(by_name.is_file() && by_opening.is_file());
    assert_eq!((by_name.len(), by_opening.len()), (3, 3));
    assert!(ok(on.storage.metadata(&on.path("dir"), Links::Follow)).is_dir());
    assert!(ok(on.storage.metadata(&on.path("dir"), Links::NotLast)).is_dir());
    fails(on.storage.metadata(&on.path("missing"), Links::Follow), &[ENOENT]);
    fails(on.storage.metadata(&on.path("missing"), Links::NotLast), &[ENOENT]);
}

fn modes(on: &Ground) {
    let private = both().create_new(true).mode(Some(0o600));
    on.open("a", &private);
    ok(on.storage.create_dir(&on.path("dir"), Some(0o700)));
    assert_eq!(mode(on, "a"), 0o600);
    assert_eq!(mode(on, "dir"), 0o700);
}

fn permissions(on: &Ground) {
    on.put("a", b"");
    let file = on.file("a");
    ok(on.storage.set_permissions(&on.path("a"), Permissions::from_mode(0o640)));
    assert_eq!(mode(on, "a"), 0o640);
    assert_eq!(ok(file.metadata()).permissions().mode() & PERMISSION_BITS, 0o640);
    ok(file.set_permissions(Permissions::from_mode(0o604)));
    assert_eq!(mode(on, "a"), 0o604);
    fails(on.storage.set_permissions(&on.path("missing"), Permissions::from_mode(0o600)), &[ENOENT]);
}

fn times(on: &Ground) {
    on.put("a", b"abc");
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = on.file("a");
    ok(file.set_times(FileTimes::new().set_modified(then)));
    let metadata = ok(on.storage.metadata(&on.path("a"), Links::Follow));
    assert_eq!((ok(metadata.modified()), metadata.len()), (then, 3));
}

fn mode(on: &Ground, name: &str) -> u32 {
    ok(on.storage.metadata(&on.path(name), Links::Follow)).permissions().mode() & PERMISSION_BITS
}
