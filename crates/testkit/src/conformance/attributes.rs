//! Checks of attributes: permissions, times, and the metadata that shows them.

use std::ffi::OsStr;
use std::fs::{FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use folio_engine::storage::{Kind, Links, Mode, Stamp, Stamps, XattrMode};

use super::Check;
use super::ground::{Ground, both, fails, if_supported, ok};
use crate::errno::{EEXIST, ENODATA, ENOENT};

pub(super) const CHECKS: &[Check] = &[
    ("metadata tells kind and length", kinds),
    ("a new file or directory has the mode asked for", modes),
    ("set_permissions is seen by name and by opening", permissions),
    ("set_times is seen in the metadata", times),
    ("times are set by name, and one may be kept", times_by_name),
    ("what is there may be accessed, what is not is missing", accesses),
    ("an owner can be set to who it is", owners),
    ("an extended attribute is set, listed, read and removed", extended),
    ("a file system has a size, and a file on it that file system", file_systems),
    ("a FIFO is a FIFO with the mode asked for", fifos),
    ("nobody's home is nowhere", homes),
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

fn times_by_name(on: &Ground) {
    on.put("a", b"abc");
    let (one, other) =
        [1_000, 2_000].map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).into();
    let set = |times| on.storage.set_times(&on.path("a"), &times, Links::Follow);
    if if_supported(set(Stamps { accessed: one.into(), modified: one.into() })).is_none() {
        return;
    }
    ok(set(Stamps { accessed: Stamp::Keep, modified: other.into() }));
    let metadata = ok(on.storage.metadata(&on.path("a"), Links::NotLast));
    assert_eq!((ok(metadata.accessed()), ok(metadata.modified())), (one, other));
    let times = FileTimes::new().set_accessed(other);
    ok(on.storage.set_file_times(&on.path("a"), times, Links::NotLast));
    let metadata = ok(on.storage.metadata(&on.path("a"), Links::NotLast));
    assert_eq!((ok(metadata.accessed()), ok(metadata.modified())), (other, other));
    let now = Stamps { accessed: Stamp::Now, modified: Stamp::Now };
    fails(on.storage.set_times(&on.path("missing"), &now, Links::Follow), &[ENOENT]);
}

fn accesses(on: &Ground) {
    on.put("a", b"");
    if if_supported(on.storage.access(&on.path("a"), Mode::EXISTS)).is_some() {
        ok(on.storage.access(&on.path("a"), Mode::READ | Mode::WRITE));
        fails(on.storage.access(&on.path("missing"), Mode::EXISTS), &[ENOENT]);
    }
}

fn owners(on: &Ground) {
    on.put("a", b"");
    let before = ok(on.storage.metadata(&on.path("a"), Links::Follow));
    let set = |name, uid, gid| on.storage.set_owner(&on.path(name), uid, gid, Links::Follow);
    if if_supported(set("a", None, None)).is_none() {
        return;
    }
    ok(set("a", Some(before.uid()), Some(before.gid())));
    let after = ok(on.storage.metadata(&on.path("a"), Links::Follow));
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    fails(set("missing", None, None), &[ENOENT]);
    ok(on.file("a").set_owner(Some(before.uid()), None));
}

fn extended(on: &Ground) {
    on.put("a", b"");
    let (path, name) = (on.path("a"), OsStr::new("user.folio"));
    let set = |value: &[u8], mode| on.storage.set_xattr(&path, name, value, mode, Links::Follow);
    match set(b"one", XattrMode::Create) {
        // A file system may have none.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return,
        set => ok(set),
    }
    fails(set(b"two", XattrMode::Create), &[EEXIST]);
    ok(set(b"two", XattrMode::Replace));
    assert_eq!(ok(on.storage.xattr(&path, name, Links::Follow)).as_deref(), Some(&b"two"[..]));
    assert!(ok(on.storage.xattrs(&path, Links::Follow)).iter().any(|listed| listed == name));
    ok(on.storage.remove_xattr(&path, name, Links::Follow));
    assert_eq!(ok(on.storage.xattr(&path, name, Links::Follow)), None);
    fails(on.storage.remove_xattr(&path, name, Links::Follow), &[ENODATA]);
    fails(set(b"three", XattrMode::Replace), &[ENODATA]);
    ok(on.file("a").set_xattr(name, b"four"));
    ok(on.file("a").set_xattr(name, b"five"));
    assert_eq!(ok(on.storage.xattr(&path, name, Links::NotLast)).as_deref(), Some(&b"five"[..]));
}

fn file_systems(on: &Ground) {
    let Some(system) = if_supported(on.storage.statvfs(&on.path(""))) else { return };
    assert!(system.fragment_size > 0 && system.blocks_free <= system.blocks, "{system:?}");
    fails(on.storage.statvfs(&on.path("missing")), &[ENOENT]);
}

fn fifos(on: &Ground) {
    if if_supported(on.storage.make_fifo(&on.path("fifo"), 0o600)).is_none() {
        return;
    }
    let metadata = ok(on.storage.metadata(&on.path("fifo"), Links::NotLast));
    assert_eq!(metadata.file_type().kind(), Some(Kind::Fifo));
    assert_eq!(mode(on, "fifo"), 0o600);
    fails(on.storage.make_fifo(&on.path("fifo"), 0o600), &[EEXIST]);
}

fn homes(on: &Ground) {
    let nobody = OsStr::new("nobody of this name");
    if let Some(home) = if_supported(on.storage.home_dir(Some(nobody))) {
        assert_eq!(home, None);
    }
}

fn mode(on: &Ground, name: &str) -> u32 {
    ok(on.storage.metadata(&on.path(name), Links::Follow)).permissions().mode() & PERMISSION_BITS
}
