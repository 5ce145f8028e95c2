//! Permissions, owners, times and extended attributes are what the kernel keeps, of a link or of its target.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use folio::Operation;
use folio::os::{self, Stamp, XattrMode};
use folio_testkit::process::is_superuser;
use folio_testkit::skip;
use folio_testkit::wait::block_on;

use crate::ground::furnished;

#[test]
fn permissions_are_set_through_links() {
    let (_dir, room) = furnished();
    for bits in [0o600, 0o444, 0o4751, 0o000] {
        block_on(os::chmod(room.join("to_file"), bits)).expect("it is ours");
        assert_eq!(fs::metadata(room.join("file")).expect("it is there").permissions().mode() & 0o7777, bits);
    }
    let error = block_on(os::chmod(room.join("dangling"), 0o600)).expect_err("it leads nowhere");
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::SetPermissions, Some(2)));
}

#[test]
fn owners_are_set_of_the_target_or_of_the_link() {
    let (_dir, room) = furnished();
    let owner = |name: &str| {
        let told = fs::symlink_metadata(room.join(name)).expect("it is there");
        (told.uid(), told.gid())
    };
    let own = owner("file");
    block_on(os::chown(room.join("to_file"), None, None)).expect("nothing is to change");
    block_on(os::chown(room.join("file"), Some(own.0), Some(own.1))).expect("it is ours already");
    block_on(os::lchown(room.join("dangling"), Some(own.0), None)).expect("the link is ours");
    let error = block_on(os::chown(room.join("dangling"), Some(own.0), None)).expect_err("it leads nowhere");
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::SetOwner, Some(2)));
    if !is_superuser() {
        let error =
            block_on(os::chown(room.join("file"), Some(own.0 + 1), None)).expect_err("not to be given away");
        assert_eq!(error.raw_os_error(), Some(1));
        return skip("giving files away", "only the superuser may");
    }
    block_on(os::chown(room.join("to_file"), Some(7), None)).expect("the superuser may");
    assert_eq!((owner("file"), owner("to_file")), ((7, own.1), own));
    block_on(os::lchown(room.join("to_file"), Some(8), Some(9))).expect("the superuser may");
    assert_eq!((owner("file"), owner("to_file")), ((7, own.1), (8, 9)));
}

#[test]
fn times_are_set_kept_or_now() {
    let (_dir, room) = furnished();
    let times = |name: &str| {
        let told = fs::symlink_metadata(room.join(name)).expect("it is there");
        (told.accessed().expect("Linux tells"), told.modified().expect("Linux tells"))
    };
    let before_1970 = UNIX_EPOCH - Duration::from_millis(1_500);
    let later = UNIX_EPOCH + Duration::new(4_000_000_000, 123_456_789);
    block_on(os::utime(room.join("to_file"), before_1970, later)).expect("it is ours");
    assert_eq!(times("file"), (before_1970, later));
    block_on(os::utime(room.join("file"), later, Stamp::Keep)).expect("it is ours");
    assert_eq!(times("file"), (later, later));
    block_on(os::lutime(room.join("to_file"), before_1970, before_1970)).expect("it is ours");
    assert_eq!((times("to_file"), times("file")), ((before_1970, before_1970), (later, later)));
    block_on(os::lutime(room.join("dangling"), before_1970, Stamp::Keep)).expect("it is ours");
    assert_eq!(times("dangling").0, before_1970);
    // The kernel's clock for files ticks, and may be a tick behind.
    let tick = Duration::from_millis(100);
    let began = SystemTime::now();
    block_on(os::utime(room.join("file"), Stamp::Keep, Stamp::Now)).expect("it is ours");
    assert_eq!(times("file").0, later);
    assert!(times("file").1 + tick >= began && times("file").1 < later);
    let error = block_on(os::utime(room.join("dangling"), Stamp::Now, Stamp::Now)).expect_err("nowhere");
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::SetTimes, Some(2)));
}

#[test]
fn extended_attributes_are_set_told_listed_and_removed() {
    let (_dir, room) = furnished();
    let (file, link) = (room.join("file"), room.join("to_file"));
    block_on(async {
        match os::setxattr(&file, "user.one", "1", XattrMode::Create).await {
            Err(error) if error.raw_os_error() == Some(95) => {
                return skip("extended attributes", "the file system of the temporary files keeps none");
            }
            set => set.expect("it is ours"),
        }
        assert_eq!(os::getxattr(&link, "user.one").await.expect("an answer").as_deref(), Some(&b"1"[..]));
        assert_eq!(os::getxattr(&file, "user.two").await.expect("an answer"), None);
        let long = vec![7; 2_000];
        os::setxattr(&link, "user.two", &long, XattrMode::Any).await.expect("there is room");
        assert_eq!(os::getxattr(&file, "user.two").await.expect("an answer"), Some(long));
        os::setxattr(&file, "user.two", "", XattrMode::Replace).await.expect("it is there");
        assert_eq!(os::getxattr(&file, "user.two").await.expect("an answer"), Some(Vec::new()));
        let mut names = os::listxattr(&link).await.expect("they can be listed");
        names.retain(|name| name.to_string_lossy().starts_with("user."));
        names.sort();
        assert_eq!(names, ["user.one", "user.two"]);
        let there = os::setxattr(&file, "user.one", "x", XattrMode::Create).await.expect_err("there");
        assert_eq!((there.operation(), there.raw_os_error()), (Operation::SetXattr, Some(17)));
        let missing = os::setxattr(&file, "user.new", "x", XattrMode::Replace).await.expect_err("missing");
        assert_eq!(missing.raw_os_error(), Some(61));
        os::removexattr(&link, "user.one").await.expect("it is there");
        let missing = os::removexattr(&file, "user.one").await.expect_err("it is gone");
        assert_eq!((missing.operation(), missing.raw_os_error()), (Operation::RemoveXattr, Some(61)));
        // A link itself has none that users may set, and none of its target's.
        assert!(os::lsetxattr(&link, "user.one", "x", XattrMode::Any).await.is_err());
        assert!(
            os::lgetxattr(&link, "user.two").await.is_err_and(|error| error.raw_os_error() != Some(2))
                || os::lgetxattr(&link, "user.two").await.is_ok_and(|value| value.is_none())
        );
        assert!(!os::llistxattr(&link).await.expect("a list").contains(&"user.two".into()));
        assert!(os::lremovexattr(&link, "user.two").await.is_err());
    });
}

#[test]
fn a_name_or_path_with_a_nul_is_refused_before_anything_is_touched() {
    let (_dir, room) = furnished();
    symlink("x", room.join("y")).expect("the room takes links");
    let refused = |result: folio::Result<()>| {
        let error = result.expect_err("no name");
        assert!(!error.may_have_happened() && error.kind() == std::io::ErrorKind::InvalidInput, "{error}");
    };
    block_on(async {
        refused(os::setxattr(room.join("file"), "user.a\0b", "", XattrMode::Any).await);
        refused(os::getxattr(room.join("file"), "user.a\0b").await.map(drop));
        refused(os::removexattr(room.join("file"), "\0").await);
        refused(os::listxattr("a\0b").await.map(drop));
        refused(os::chmod("a\0b", 0).await);
        refused(os::chown("a\0b", None, None).await);
        refused(os::utime("a\0b", Stamp::Now, Stamp::Now).await);
        refused(os::disk_usage("a\0b").await.map(drop));
    });
}

#[test]
fn times_in_stds_words_are_set_on_files_that_cannot_be_opened_and_on_links_themselves() {
    use std::fs::FileTimes;
    use std::time::{Duration, UNIX_EPOCH};

    let (_dir, room) = furnished();
    let moment = UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
    let times = FileTimes::new().set_modified(moment);
    let modified = |name: &str| fs::symlink_metadata(room.join(name)).expect("it is there").modified().ok();
    let accessed = |name: &str| fs::symlink_metadata(room.join(name)).expect("it is there").accessed().ok();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    fs::set_permissions(room.join("file"), closed).expect("it is ours");
    let (before, read) = (modified("to_file"), accessed("file"));
    block_on(folio::fs::set_times(room.join("to_file"), times)).expect("it is ours");
    assert_eq!((modified("to_file"), modified("file")), (before, Some(moment)));
    assert_eq!(accessed("file"), read, "what is left out stays");
    block_on(folio::fs::set_times_nofollow(room.join("dangling"), times)).expect("the link is ours");
    assert_eq!(modified("dangling"), Some(moment));
    block_on(folio::fs::set_times(room.join("dir"), times.set_accessed(UNIX_EPOCH))).expect("it is ours");
    assert_eq!((accessed("dir"), modified("dir")), (Some(UNIX_EPOCH), Some(moment)));
    let error = block_on(folio::fs::set_times(room.join("dangling"), times)).expect_err("it leads nowhere");
    assert_eq!((error.operation(), error.raw_os_error()), (folio::Operation::SetTimes, Some(2)));
    block_on(async {
        let file = folio::File::options().write(true).open(room.join("dir/inside")).await.expect("ours");
        file.set_modified(moment).await.expect("it is ours");
        assert_eq!(file.metadata().await.expect("it is open").modified().ok(), Some(moment));
    });
}
