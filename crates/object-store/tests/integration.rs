//! object_store's own tests of stores, as they are: all that its own store of files passes, and those of multipart uploads.

use std::sync::Arc;

use folio_object_store::FolioStore;
use object_store::integration as theirs;
use object_store::path::Path;
use object_store::{MultipartUpload as _, ObjectStore, ObjectStoreExt as _};
use tempfile::TempDir;

fn store(root: &TempDir) -> FolioStore {
    FolioStore::new_with_prefix(root.path()).expect("the directory exists")
}

/// What `LocalFileSystem`'s tests call.
async fn file_test(store: &FolioStore) {
    theirs::put_get_delete_list(store).await;
    theirs::list_with_offset_exclusivity(store).await;
    theirs::get_opts(store).await;
    theirs::list_uses_directories_correctly(store).await;
    theirs::list_with_delimiter(store).await;
    theirs::rename_and_copy(store).await;
    theirs::copy_if_not_exists(store).await;
    theirs::copy_rename_nonexistent_object(store).await;
    theirs::stream_get(store).await;
    theirs::put_opts(store, false).await;
}

#[tokio::test]
async fn all_that_their_store_of_files_passes() {
    let root = TempDir::new().expect("temp dir");
    file_test(&store(&root)).await;
}

#[tokio::test]
async fn all_of_it_when_every_write_is_durable() {
    let root = TempDir::new().expect("temp dir");
    file_test(&store(&root).with_fsync(true)).await;
}

#[tokio::test]
async fn all_of_it_on_an_engine_with_one_worker_and_behind_an_arc() {
    let root = TempDir::new().expect("temp dir");
    let engine = folio::Engine::builder().workers_max(1).start().expect("an engine");
    file_test(&store(&root).with_engine(engine.clone())).await;
    let store: Arc<dyn ObjectStore> = Arc::new(store(&root));
    engine.scope(theirs::rename_and_copy(&store)).await;
}

#[tokio::test]
async fn uploads_race_and_the_last_to_complete_wins() {
    let root = TempDir::new().expect("temp dir");
    theirs::multipart_race_condition(&store(&root), true).await;
}

#[tokio::test]
async fn parts_are_in_the_order_of_their_calls() {
    let root = TempDir::new().expect("temp dir");
    theirs::multipart_out_of_order(&store(&root)).await;
}

#[test]
fn without_a_runtime() {
    let root = TempDir::new().expect("temp dir");
    let store = store(&root);
    futures::executor::block_on(async {
        theirs::put_get_delete_list(&store).await;
        theirs::list_uses_directories_correctly(&store).await;
        theirs::list_with_delimiter(&store).await;
        let location = Path::from("manual_upload");
        let mut upload = store.put_multipart(&location).await.expect("it begins");
        upload.put_part("123".into()).await.expect("a part");
        upload.put_part("45678".into()).await.expect("a part");
        let put = upload.complete().await.expect("it completes");
        let got = store.get(&location).await.expect("it is there");
        assert_eq!(got.meta.e_tag, put.e_tag);
        assert_eq!(got.bytes().await.expect("it is read").as_ref(), b"12345678");
    });
}
