//! Short ranges of one object that are asked for at once share one opening of its file, and each has its own answer.

use std::sync::Arc;

use folio::storage::Storage;
use folio_object_store::FolioStore;
use folio_testkit::{Call, Disk};
use futures::future::join_all;
use object_store::path::Path;
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt};

fn store() -> (Arc<Disk>, FolioStore, Vec<u8>) {
    let disk = Arc::new(Disk::new());
    let bytes: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
    disk.put("/object", bytes.clone());
    let engine =
        folio::Engine::builder().storage(disk.clone() as Arc<dyn Storage>).start().expect("an engine");
    (disk, FolioStore::new().with_engine(engine), bytes)
}

async fn check(store: &FolioStore, bytes: &[u8], count: u64) {
    let object = Path::from("object");
    let ranges = (0..count).map(|number| number * 331 % 90_000).map(|start| start..start + 100);
    let got = join_all(ranges.clone().map(|range| store.get_range(&object, range))).await;
    for (range, got) in ranges.zip(got) {
        assert_eq!(got.expect("it is read"), bytes[range.start as usize..range.end as usize]);
    }
}

#[tokio::test]
async fn a_hundred_ranges_at_once_open_the_file_once() {
    let (disk, store, bytes) = store();
    check(&store, &bytes, 100).await;
    assert_eq!((disk.calls(Call::OpenCached), disk.calls(Call::Open)), (1, 0));
    // More than one of them may carry out.
    check(&store, &bytes, 1_000).await;
    assert_eq!(disk.open_files(), 0);
}

#[tokio::test]
async fn those_whose_bytes_are_not_cached_are_read_on_their_own() {
    let (disk, store, bytes) = store();
    let fault = disk.plan().on(Call::ReadNow).every(3).would_block();
    check(&store, &bytes, 100).await;
    assert!(fault.fired() > 0);
    let fault = disk.plan().on(Call::OpenCached).would_block();
    check(&store, &bytes, 10).await;
    assert!(fault.fired() > 0 && disk.open_files() == 0);
}

#[tokio::test]
async fn each_has_an_answer_of_its_own() {
    let (_disk, store, _) = store();
    let object = Path::from("object");
    let asked = |tag: Option<&str>, range: std::ops::Range<u64>| {
        let options = GetOptions::new().with_range(Some(range)).with_if_match(tag.map(str::to_owned));
        store.get_opts(&object, options)
    };
    let got = join_all([asked(None, 0..5), asked(Some("no such tag"), 0..5), asked(None, 200_000..200_001)]);
    let got = got.await;
    let kinds = got.iter().map(|got| match got {
        Ok(_) => "ok",
        Err(Error::Precondition { .. }) => "precondition",
        Err(Error::Generic { .. }) => "generic",
        Err(_) => "another",
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["ok", "precondition", "generic"]);
    let missing = Path::from("missing");
    for got in join_all((0..3).map(|_| store.get_range(&missing, 0..1))).await {
        assert!(matches!(got, Err(Error::NotFound { .. })), "{got:?}");
    }
}

#[tokio::test]
async fn when_the_one_that_carries_out_is_dropped_the_others_are_answered_all_the_same() {
    let (_disk, store, bytes) = store();
    let object = Path::from("object");
    let mut first = Box::pin(store.get_range(&object, 0..10));
    let second = Box::pin(store.get_range(&object, 10..20));
    assert!(futures::poll!(&mut first).is_pending(), "it lets others join");
    let mut second = second;
    assert!(futures::poll!(&mut second).is_pending(), "it waits for the first");
    drop(first);
    assert_eq!(second.await.expect("it is read"), bytes[10..20]);
    check(&store, &bytes, 10).await;
}

#[tokio::test]
async fn none_is_answered_with_what_was_replaced_before_it_was_asked_for() {
    let (_disk, store, _) = store();
    let object = Path::from("object");
    let mut first = Box::pin(store.get_range(&object, 0..3));
    assert!(futures::poll!(&mut first).is_pending(), "it lets others join");
    store.put(&object, "new".into()).await.expect("it is written");
    let second = store.get_range(&object, 0..3);
    let (first, second) = futures::future::join(first, second).await;
    assert_eq!((first.expect("it is read"), second.expect("it is read")), ("new".into(), "new".into()));
}
