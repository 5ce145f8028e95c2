//! Failures of the disk, calls and uploads that are dropped: an object is what it was or what it was to be, and nothing is left
//! beside it.

use std::sync::Arc;

use folio::storage::Storage;
use folio_object_store::FolioStore;
use folio_testkit::wait::eventually;
use folio_testkit::{Call, CrashModel, Disk, Gate, errno};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutPayload};

const OLD: &[u8] = b"the old contents";
const NEW: &[u8] = b"what is to take their place";

/// A disk with one object, and a store on an engine of its own.
fn store() -> (Arc<Disk>, FolioStore) {
    let disk = Arc::new(Disk::new());
    disk.put("/dir/object", OLD);
    let engine = folio::Engine::builder().storage(disk.clone() as Arc<dyn Storage>).workers_max(4).start();
    (disk, FolioStore::new().with_engine(engine.expect("an engine")))
}

fn object() -> Path {
    Path::from("dir/object")
}

fn pieces() -> PutPayload {
    [&NEW[..5], b"", &NEW[5..9], &NEW[9..]].into_iter().map(bytes::Bytes::from_static).collect()
}

#[tokio::test]
async fn whichever_call_fails_an_object_is_the_old_or_the_new_and_nothing_is_beside_it() {
    for durable in [false, true] {
        let mut failed = 0;
        for nth in 1.. {
            let (disk, store) = store();
            disk.set_piece_bytes(4);
            let fault = disk.plan().on_any().nth(nth).fail(errno::EIO);
            let put = store.with_fsync(durable).put(&object(), pieces()).await;
            if fault.fired() == 0 {
                put.expect("nothing failed");
                break;
            }
            failed += usize::from(put.is_err());
            let left = disk.contents("/dir/object");
            assert!(left == NEW || (left == OLD && put.is_err()), "call {nth}: {put:?}");
            assert_eq!(disk.list("/dir"), ["object"], "call {nth}, {:?}", fault.met());
        }
        assert!(failed >= 4, "opening, writing, asking and renaming fail: {failed}");
    }
}

#[tokio::test]
async fn a_panic_of_the_storage_leaves_the_old_object_alone() {
    let (disk, store) = store();
    let fault = disk.plan().on(Call::WriteAt).nth(1).panic();
    store.put(&object(), pieces()).await.expect_err("it panicked");
    assert_eq!((fault.fired(), disk.contents("/dir/object")), (1, OLD.to_vec()));
    assert_eq!(disk.list("/dir"), ["object"]);
}

#[tokio::test]
async fn a_power_cut_after_a_durable_put_finds_the_new_object() {
    let (disk, store) = store();
    let store = store.with_fsync(true);
    let history = disk.history();
    store.put(&object(), pieces()).await.expect("it is written");
    let copied = Path::from("new/dir/copy");
    store.copy(&object(), &copied).await.expect("it is copied");
    let done = disk.moment();
    let mut images = 0;
    for moment in history.moments() {
        for image in moment.crash_images(CrashModel::WorstCase, 1) {
            images += 1;
            let left = image.disk().contents("/dir/object");
            assert!(left == OLD || left == NEW, "{image}");
            if moment.number() >= done {
                assert_eq!(left, NEW, "{image}");
                assert_eq!(image.disk().contents("/new/dir/copy"), NEW, "{image}");
            }
        }
    }
    assert!(images > 10, "the power was cut {images} times");
}

#[tokio::test]
async fn a_put_that_is_dropped_under_way_is_finished_and_one_that_waits_never_begins() {
    let (disk, store) = store();
    let gate = Gate::closed();
    let _held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    {
        let object = object();
        let put = store.put(&object, pieces());
        tokio::pin!(put);
        tokio::select! {
            _ = &mut put => panic!("the gate is closed"),
            () = eventually("it writes", || gate.waiting() == 1) => {}
        }
    }
    gate.open();
    eventually("it is written", || disk.contents("/dir/object") == NEW).await;
    eventually("nothing is left", || disk.list("/dir") == ["object"]).await;
    drop(store.put(&Path::from("dir/other"), pieces()));
    assert_eq!(disk.list("/dir"), ["object"]);
}

#[tokio::test]
async fn an_upload_is_seen_when_it_is_complete_and_one_that_ends_otherwise_leaves_nothing() {
    let (disk, store) = store();
    let location = Path::from("dir/uploaded");
    let mut upload = store.put_multipart(&location).await.expect("it begins");
    upload.put_part("first,".into()).await.expect("it is written");
    assert!(matches!(store.head(&location).await, Err(Error::NotFound { .. })));
    assert_eq!(store.list_with_delimiter(Some(&"dir".into())).await.expect("a list").objects.len(), 1);
    upload.put_part("second".into()).await.expect("it is written");
    upload.complete().await.expect("it completes");
    assert_eq!(disk.contents("/dir/uploaded"), b"first,second");
    upload.complete().await.expect_err("it has ended");
    upload.abort().await.expect_err("it has ended");
    upload.put_part("third".into()).await.expect_err("it has ended");

    for name in ["dir/uploaded", "dir/other"] {
        let mut upload = store.put_multipart(&name.into()).await.expect("it begins");
        upload.put_part("nothing of it".into()).await.expect("it is written");
        drop(upload);
        eventually("it is removed", || disk.list("/dir") == ["object", "uploaded"]).await;
        let mut upload = store.put_multipart(&name.into()).await.expect("it begins");
        upload.put_part("nothing of it".into()).await.expect("it is written");
        upload.abort().await.expect("it aborts");
        assert_eq!(disk.list("/dir"), ["object", "uploaded"]);
    }
    assert_eq!(disk.contents("/dir/uploaded"), b"first,second");
    eventually("no file is open", || disk.open_files() == 0).await;
}

#[tokio::test]
async fn an_upload_with_a_part_that_failed_or_was_never_written_does_not_complete() {
    let (disk, store) = store();
    let mut upload = store.put_multipart(&object()).await.expect("it begins");
    upload.put_part("first".into()).await.expect("it is written");
    let dropped = upload.put_part("second".into());
    drop(dropped);
    upload.put_part("third".into()).await.expect("it is written");
    upload.complete().await.expect_err("the second part is a hole");
    upload.abort().await.expect("it aborts");

    let mut upload = store.put_multipart(&object()).await.expect("it begins");
    let fault = disk.plan().on(Call::WriteAt).nth(1).fail(errno::ENOSPC);
    upload.put_part("first".into()).await.expect_err("the disk is full");
    assert_eq!(fault.fired(), 1);
    upload.complete().await.expect_err("nothing was written");
    drop(upload);
    eventually("nothing is left", || disk.list("/dir") == ["object"]).await;
    assert_eq!(disk.contents("/dir/object"), OLD);
}

#[tokio::test]
async fn an_upload_that_is_dropped_while_it_begins_or_completes_leaves_nothing_half_done() {
    let (disk, store) = store();
    for call in [Call::Open, Call::FileMetadata, Call::Rename] {
        let gate = Gate::closed();
        let held = disk.plan().on(call).wait_for(&gate);
        {
            let whole = async {
                let mut upload = store.put_multipart(&object()).await?;
                upload.put_part(pieces()).await?;
                upload.complete().await
            };
            tokio::pin!(whole);
            tokio::select! {
                _ = &mut whole => panic!("the gate is closed"),
                () = eventually("it is held", || gate.waiting() == 1) => {}
            }
        }
        held.lift();
        gate.open();
        eventually("nothing is left beside it", || disk.list("/dir") == ["object"]).await;
        let left = disk.contents("/dir/object");
        assert!(left == OLD || left == NEW, "{call:?}");
    }
    eventually("no file is open", || disk.open_files() == 0).await;
}

#[tokio::test]
async fn errors_of_the_disk_reach_every_kind_of_read_and_name_the_file() {
    let (disk, store) = store();
    for call in [Call::OpenCached, Call::Open, Call::ReadNow, Call::ReadAt] {
        let fault = disk.plan().on(call).fail(errno::EIO);
        let read = async { store.get(&object()).await?.bytes().await }.await;
        let ranges = store.get_ranges(&object(), &[0..1, 5..6]).await;
        fault.lift();
        if fault.fired() > 0 {
            let error = read.expect_err("the disk failed");
            assert!(format!("{error:?}").contains("/dir/object"), "{error:?}");
            ranges.expect_err("the disk failed");
        }
    }
    let read = store.get(&object()).await.expect("it is open").bytes().await;
    assert_eq!(read.expect("it is read"), OLD);
}
