//! A2: each call of the port fails once, with each of many error numbers.

use std::path::Path;

use folio::{Durability, Engine, Operation, ReplaceOptions};
use folio_testkit::errno::{
    EACCES, EBUSY, EINTR, EINVAL, EIO, ELOOP, ENOENT, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM, EROFS, ESTALE,
};
use folio_testkit::wait::eventually_blocking;
use folio_testkit::{Call, Disk, Fault};

use crate::{OLD, PATH, WAYS, Way, bench, durabilities, new, seen, settle};

/// Not `EMFILE`, on which the engine waits for descriptors.
const ERRNOS: [i32; 13] =
    [EACCES, EBUSY, EINTR, EINVAL, EIO, ELOOP, ENOENT, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM, EROFS, ESTALE];

/// A disk with something to keep, on which the `n`th call fails, once or from then on.
fn faulty(errno: i32, n: u64, for_good: bool) -> (Disk, Engine, Fault) {
    let (disk, engine) = bench(true);
    let trigger = disk.plan().on_any();
    let fault = if for_good { trigger.from(n) } else { trigger.nth(n) }.fail(errno);
    (disk, engine, fault)
}

/// Whether the failure was the one that comes after the new contents have their name.
fn is_late(error: &folio::Error) -> bool {
    error.to_string().contains("the new contents have the name")
}

struct Run {
    fired: bool,
    failed: bool,
}

fn run(way: Way, options: &ReplaceOptions, errno: i32, n: u64, for_good: bool) -> Run {
    let (disk, engine, fault) = faulty(errno, n, for_good);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let replaced = runtime.block_on(engine.scope(way.replace(Path::new(PATH), &new(), options)));
    settle(&engine);
    fault.lift();
    let what = format!("{way:?}, call {n} fails with {errno}, for good: {for_good}: {replaced:?}");
    let contents = seen(&disk, PATH).unwrap();
    match &replaced {
        Ok(()) => assert!(contents == new(), "{what}: a silent Ok"),
        Err(error) if is_late(error) => assert!(contents == new(), "{what}"),
        Err(error) => {
            assert!(contents == OLD, "{what}: the old contents are gone");
            let names = error.path().is_some_and(|path| Path::new(PATH).starts_with(path));
            assert!(names, "{what}: it names {:?}", error.path());
            assert!(error.raw_os_error() == Some(errno), "{what}");
        }
    }
    if !for_good {
        // On a disk that stays away nothing can be removed; a sweep does that.
        assert_eq!(disk.list("/dir"), ["file"], "{what}: litter");
    }
    drop(runtime);
    eventually_blocking(&format!("{what}: every opening is closed"), || disk.open_files() == 0);
    assert_eq!(engine.snapshot().in_flight, 0, "{what}: a permit was leaked");
    Run { fired: fault.fired() > 0, failed: replaced.is_err() }
}

#[test]
fn a2_whichever_call_fails_with_whatever_the_old_contents_stay_and_nothing_beside_them() {
    let (mut faults, mut failures) = (0, 0);
    for (_, options) in durabilities() {
        for (way, errno) in WAYS.into_iter().flat_map(|way| ERRNOS.map(|errno| (way, errno))) {
            for for_good in [false, true] {
                // A write that is interrupted is made again, as often as that takes.
                if errno == EINTR && for_good {
                    continue;
                }
                for n in 1.. {
                    let run = run(way, &options, errno, n, for_good);
                    faults += usize::from(run.fired);
                    failures += usize::from(run.failed);
                    if !run.fired {
                        assert!(!run.failed, "{way:?}: nothing has failed");
                        break;
                    }
                }
            }
        }
    }
    assert!(faults > 4_000 && failures > 3_000, "{faults} faults, {failures} failures");
}

#[tokio::test]
async fn a2_a_write_that_runs_out_of_space_says_so_and_leaves_nothing() {
    let (disk, engine) = bench(true);
    let torn = disk.plan().on(Call::WriteAt).nth(1).tear(100, ENOSPC);
    let error = engine.scope(folio::fs::replace(PATH, new())).await.unwrap_err();
    assert_eq!((torn.fired(), error.raw_os_error(), error.bytes_done()), (1, Some(ENOSPC), 0));
    assert_eq!(error.operation(), Operation::Replace);
    assert_eq!(error.to_string(), "could not replace /dir/file: No space left on device (os error 28)");
    assert_eq!((disk.contents(PATH), disk.list("/dir")), (OLD.to_vec(), vec!["file".to_owned()]));
}

/// D2: the failure was received by the caller of the write, who may not have told whoever commits.
#[tokio::test]
async fn a2_a_commit_vouches_for_every_write_of_every_clone() {
    for (durability, options) in durabilities() {
        for buffering in [0, 4_096] {
            let (disk, engine) = bench(true);
            let fault = disk.plan().on(Call::WriteAt).nth(2).fail(EIO);
            let replacement = engine.scope(options.clone().buffering(buffering).begin(PATH)).await.unwrap();
            let clone = replacement.file().clone();
            for _ in 0..3 {
                drop(clone.write_all(&[7; 5_000]).await);
            }
            let error = replacement.commit().await.unwrap_err();
            assert_eq!(fault.fired(), 1);
            assert_eq!(error.raw_os_error(), Some(EIO), "{durability:?} {buffering}: {error}");
            settle(&engine);
            assert_eq!((disk.contents(PATH), disk.list("/dir")), (OLD.to_vec(), vec!["file".to_owned()]));
        }
    }
}

#[tokio::test]
async fn a_failed_sync_of_the_directory_says_that_the_new_contents_have_the_name() {
    let (disk, engine) = bench(true);
    // The first sync is that of the file.
    let fault = disk.plan().on(Call::Sync).nth(2).fail(EIO);
    let error = engine.scope(folio::fs::replace(PATH, new())).await.unwrap_err();
    assert_eq!((fault.fired(), error.raw_os_error(), error.may_have_happened()), (1, Some(EIO), true));
    assert_eq!(
        error.to_string(),
        "could not replace /dir/file: the new contents have the name, but may lose it to the old ones in a power cut (os \
         error 5)"
    );
    assert_eq!(disk.contents(PATH), new());
    assert_eq!(disk.calls(Call::Sync), 2, "a failed sync is never tried again");
}

/// As file systems do that have no sync of directories.
#[tokio::test]
async fn a_directory_that_cannot_be_synced_at_all_is_no_failure() {
    let (disk, engine) = bench(true);
    let fault = disk.plan().on(Call::Sync).nth(2).fail(EINVAL);
    engine.scope(folio::fs::replace(PATH, new())).await.unwrap();
    assert_eq!((fault.fired(), disk.contents(PATH)), (1, new()));
}

#[test]
fn a2_a_panic_in_the_storage_costs_the_replacement_and_leaves_nothing() {
    // A file that keeps writes back asks for its length in the caller's own poll, where a panic is the caller's.
    for way in WAYS.into_iter().filter(|way| !matches!(way, Way::Buffered)) {
        for n in 1.. {
            let (disk, engine) = bench(true);
            let fault = disk.plan().on_any().nth(n).panic();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let options = ReplaceOptions::new().durability(Durability::Full).clone();
            let replaced = runtime.block_on(engine.scope(way.replace(Path::new(PATH), &new(), &options)));
            settle(&engine);
            let what = format!("{way:?}, call {n} panics: {replaced:?}");
            let contents = disk.contents(PATH);
            assert!(contents == new() || (contents == OLD && replaced.is_err()), "{what}");
            assert_eq!(disk.list("/dir"), ["file"], "{what}: litter");
            if fault.fired() == 0 {
                break;
            }
        }
    }
}
