//! Writes: in order, in parts, visible as a whole or not at all.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use folio_engine::storage::AsyncStorage;
use folio_opendal::OpenDal;
use folio_testkit::wait::eventually;
use futures::future::join_all;
use opendal::{Operator, services};

use crate::far::{Far, Matches, PART_BYTES_MIN, Request, broken, busy};
use crate::{appends, creates, creates_new, file, open, pattern, read_all, reads, write_all};

const PART: usize = 4000;

fn storage(far: &Far) -> OpenDal {
    OpenDal::new(far.operator()).part_bytes(PART).parts_at_once(3)
}

#[tokio::test]
async fn what_is_written_in_whatever_pieces_is_read_back_and_was_not_visible_before() {
    for len in [0, 1, PART - 1, PART, PART + 1, 2 * PART, 3 * PART, 10 * PART + 17] {
        for piece in [1, 700, PART, 3 * PART + 1] {
            let far = Far::new();
            far.put("file", *b"old");
            let file = open(&storage(&far), "file", creates()).await.expect("open");
            write_all(&*file, &pattern(len), piece).await.expect("write");
            assert_eq!(far.get("file").expect("the old one"), b"old", "{len} by {piece}");
            assert_eq!(file.metadata().await.expect("metadata").len(), len as u64);
            file.close().await.expect("close");
            assert!(far.get("file").expect("the new one") == pattern(len), "{len} by {piece}");
            file.close().await.expect("a second close does nothing");
            assert_eq!(far.uploads(), 0);
        }
    }
}

#[tokio::test]
async fn small_writes_are_one_put_and_long_ones_parts_of_one_length() {
    let far = Far::new();
    let file = open(&storage(&far), "small", creates()).await.expect("open");
    write_all(&*file, &pattern(PART - 1), 10).await.expect("write");
    file.close().await.expect("close");
    assert_eq!(far.take_log(), [Request::List(0), Request::Put]);
    let file = open(&storage(&far), "long", creates()).await.expect("open");
    write_all(&*file, &pattern(3 * PART + 5), 7 * PART).await.expect("write");
    file.close().await.expect("close");
    let mut log = far.take_log();
    log.sort_by_key(|request| format!("{request:?}"));
    let part = |i, len: usize| Request::Part(i, len as u64);
    let parts = [part(0, PART), part(1, PART), part(2, PART), part(3, 5)];
    assert_eq!(log, [[Request::Complete, Request::Initiate, Request::List(0)].as_slice(), &parts].concat());
}

#[tokio::test]
async fn parts_are_as_long_as_the_store_demands() {
    let far = Far::new();
    let file = open(&storage(&far).part_bytes(1), "file", creates()).await.expect("open");
    write_all(&*file, &pattern(10 * PART_BYTES_MIN), 100).await.expect("write");
    file.close().await.expect("close");
    assert!(far.get("file") == Some(pattern(10 * PART_BYTES_MIN)));
    let far = Far::new().can(|can| can.write_multi_max_size = Some(2000));
    let file = open(&storage(&far).part_bytes(10_000), "file", creates()).await.expect("open");
    write_all(&*file, &pattern(50_000), 50_000).await.expect("write");
    file.close().await.expect("close");
    let is_long = |request: &Request| matches!(request, Request::Part(_, len) if *len > 2000);
    assert!(far.get("file") == Some(pattern(50_000)) && !far.log().iter().any(is_long), "{:?}", far.log());
}

#[tokio::test]
async fn as_many_parts_are_sent_at_once_as_were_allowed() {
    let far = Far::new();
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    far.close(|request| matches!(request, Request::Part(..)));
    let writes = async { write_all(&*file, &pattern(20 * PART), PART).await };
    let opens = async {
        eventually("three parts wait", || far.at_once.load(Ordering::SeqCst) == 3).await;
        tokio::task::yield_now().await;
        assert_eq!(far.at_once.load(Ordering::SeqCst), 3);
        far.open();
    };
    futures::future::join(writes, opens).await.0.expect("write");
    file.close().await.expect("close");
    assert_eq!(far.at_once_most.load(Ordering::SeqCst), 3);
    assert!(far.get("file") == Some(pattern(20 * PART)));
}

#[tokio::test]
async fn every_offset_but_the_next_is_refused_and_harms_nothing() {
    let far = Far::new();
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    file.write_at(Bytes::from_static(b"abc"), 0).await.expect("write");
    for offset in [0, 2, 4, u64::MAX] {
        let refused = file.write_at(Bytes::from_static(b"x"), offset).await.expect_err("out of order");
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert!(refused.to_string().contains("its next byte is at 3"), "{refused}");
    }
    file.set_len(3).await.expect("it has this length");
    for len in [0, 2, 4] {
        assert_eq!(file.set_len(len).await.expect_err("no store can").kind(), ErrorKind::Unsupported);
    }
    file.write_at(Bytes::from_static(b"def"), 3).await.expect("the next");
    file.close().await.expect("close");
    assert_eq!(far.get("file").expect("it is there"), b"abcdef");
}

#[tokio::test]
async fn the_order_of_the_calls_is_the_order_of_the_bytes_however_they_are_polled() {
    let far = Far::new();
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    let bytes = pattern(20 * PART);
    let mut writes: Vec<_> = (0..bytes.len() / 1000)
        .map(|i| file.write_at(Bytes::copy_from_slice(&bytes[i * 1000..(i + 1) * 1000]), i as u64 * 1000))
        .collect();
    writes.reverse();
    join_all(writes).await.into_iter().for_each(|written| written.expect("write"));
    file.close().await.expect("close");
    assert!(far.get("file") == Some(bytes));
}

#[tokio::test]
async fn writes_that_are_dropped_at_any_moment_lose_no_byte_of_the_others() {
    for polls in 0..6 {
        let far = Far::new();
        let file = open(&storage(&far), "file", creates()).await.expect("open");
        far.close(|request| matches!(request, Request::Part(..) | Request::Initiate));
        let bytes = pattern(12 * PART);
        for (i, piece) in bytes.chunks(PART).enumerate() {
            let mut write = file.write_at(Bytes::copy_from_slice(piece), (i * PART) as u64);
            for _ in 0..polls {
                if futures::poll!(&mut write).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        far.open();
        file.close().await.expect("close");
        assert!(far.get("file").as_ref() == Some(&bytes), "{polls} polls each");
        let is_long = |request: &Request| matches!(request, Request::Part(_, len) if *len > PART as u64);
        assert!(!far.log().iter().any(is_long), "{:?}", far.log());
    }
}

#[tokio::test]
async fn whichever_request_fails_the_old_file_stays_and_close_says_so() {
    let requests: [(Matches, &str); 4] = [
        (|request| *request == Request::Initiate, "initiate"),
        (|request| matches!(request, Request::Part(0, _)), "the first part"),
        (|request| matches!(request, Request::Part(5, _)), "the last part"),
        (|request| *request == Request::Complete, "complete"),
    ];
    for (matches, what) in requests {
        for error in [broken, busy] {
            let far = Far::new();
            far.put("file", *b"old");
            far.fail(matches, 0, 1, error);
            let file = open(&storage(&far), "file", creates()).await.expect("open");
            let written = write_all(&*file, &pattern(5 * PART + 1), PART).await;
            let words = error().to_string().split(' ').next_back().map(str::to_owned).expect("a word");
            let failed = file.close().await.expect_err(what);
            assert!(failed.to_string().contains(&words), "{what}: {failed}");
            written.err().into_iter().for_each(|failed| assert!(failed.to_string().contains(&words)));
            assert_eq!(far.get("file").expect("the old one"), b"old", "{what}");
            assert_eq!(far.uploads(), 0, "{what}: nothing is left of the upload");
            file.close().await.expect("a second close does nothing");
            file.sync().await.expect_err("it is lost");
        }
    }
}

#[tokio::test]
async fn a_write_after_a_failure_fails_and_is_never_part_of_a_shorter_file() {
    let far = Far::new();
    far.fail(|request| matches!(request, Request::Part(0, _)), 0, 1, broken);
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    let mut at = 0;
    let failed = loop {
        match file.write_at(Bytes::from(vec![1; PART]), at).await {
            Ok(()) => at += PART as u64,
            Err(failed) => break failed,
        }
        assert!(at < 100 * PART as u64, "the failure never came");
    };
    assert!(failed.to_string().contains("on fire"));
    file.write_at(Bytes::from_static(b"more"), at).await.expect_err("the part is lost");
    file.sync().await.expect_err("the part is lost");
    file.close().await.expect_err("the part is lost");
    assert_eq!((far.get("file"), far.uploads()), (None, 0));
}

#[tokio::test]
async fn a_sync_completes_the_file_and_later_writes_are_refused() {
    let far = Far::new();
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    file.write_at(Bytes::from_static(b"abc"), 0).await.expect("write");
    file.sync().await.expect("sync");
    assert_eq!(far.get("file").expect("visible"), b"abc");
    let refused = file.write_at(Bytes::from_static(b"d"), 3).await.expect_err("too late");
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    assert!(refused.to_string().contains("with the sync"), "{refused}");
    far.take_log();
    file.sync().await.expect("a second sync does nothing");
    file.close().await.expect("close");
    assert_eq!(far.take_log(), []);
}

#[tokio::test]
async fn a_file_that_is_abandoned_or_dropped_leaves_nothing() {
    let far = Far::new();
    far.put("file", *b"old");
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    write_all(&*file, &pattern(5 * PART), PART).await.expect("write");
    file.abandon().await.expect("abandon");
    assert_eq!((far.get("file").expect("the old one"), far.uploads()), (b"old".to_vec(), 0));
    file.close().await.expect("it is closed");
    file.sync().await.expect_err("there is nothing to sync");
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    write_all(&*file, &pattern(5 * PART), PART).await.expect("write");
    assert_eq!(far.uploads(), 1);
    drop(file);
    eventually("the upload is aborted", || far.uploads() == 0).await;
    assert_eq!(far.get("file").expect("the old one"), b"old");
}

#[tokio::test]
async fn a_close_whose_future_is_dropped_goes_on_and_a_second_one_waits_for_it() {
    let far = Far::new();
    let file = open(&storage(&far), "file", creates()).await.expect("open");
    write_all(&*file, &pattern(5 * PART), PART).await.expect("write");
    far.close(|request| *request == Request::Complete);
    let mut close = file.close();
    while far.log().last() != Some(&Request::Complete) {
        assert!(futures::poll!(&mut close).is_pending());
        tokio::task::yield_now().await;
    }
    drop(close);
    far.open();
    file.close().await.expect("close");
    assert!(far.get("file") == Some(pattern(5 * PART)));
}

#[tokio::test]
async fn of_two_writers_the_last_to_close_wins_as_a_whole() {
    let far = Far::new();
    let first = open(&storage(&far), "file", creates()).await.expect("open");
    let second = open(&storage(&far), "file", creates()).await.expect("open");
    for i in 0..10_u64 {
        first.write_at(Bytes::from(vec![1; PART]), i * PART as u64).await.expect("write");
        second.write_at(Bytes::from(vec![2; PART]), i * PART as u64).await.expect("write");
    }
    second.close().await.expect("close");
    assert!(far.get("file") == Some(vec![2; 10 * PART]));
    first.close().await.expect("close");
    assert!(far.get("file") == Some(vec![1; 10 * PART]));
}

#[tokio::test]
async fn of_two_who_create_a_file_one_succeeds() {
    for len in [1, 5 * PART] {
        let far = Far::new();
        let first = open(&storage(&far), "file", creates_new()).await.expect("open");
        let second = open(&storage(&far), "file", creates_new()).await.expect("nothing is there yet");
        write_all(&*first, &vec![1; len], PART).await.expect("write");
        write_all(&*second, &vec![2; len], PART).await.expect("write");
        second.close().await.expect("close");
        let taken = first.close().await.expect_err("the name is taken");
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists, "{taken}");
        assert!(far.get("file") == Some(vec![2; len]));
        assert_eq!(far.uploads(), 0);
    }
}

#[tokio::test]
async fn a_reader_beside_a_writer_sees_the_old_file_and_then_says_that_it_is_stale() {
    let far = Far::new();
    far.put("file", pattern(PART));
    let writer = open(&storage(&far), "file", creates()).await.expect("open");
    let reader = open(&storage(&far), "file", reads()).await.expect("open");
    write_all(&*writer, &vec![7; 5 * PART], PART).await.expect("write");
    assert!(read_all(&*reader, 1000).await.expect("the old file") == pattern(PART));
    writer.close().await.expect("close");
    assert_eq!(reader.read_at(10, 0).await.expect_err("stale").kind(), ErrorKind::StaleNetworkFileHandle);
}

#[tokio::test]
async fn a_store_without_parts_takes_a_file_as_a_whole_up_to_a_bound() {
    let far = Far::new().can(|can| can.write_can_multi = false);
    let storage = storage(&far).whole_bytes_max(10_000);
    let file = open(&storage, "file", creates()).await.expect("open");
    write_all(&*file, &pattern(10_000), 999).await.expect("write");
    assert_eq!(far.take_log(), [Request::List(0)]);
    file.close().await.expect("close");
    assert!(far.take_log() == [Request::Put] && far.get("file") == Some(pattern(10_000)));
    let file = open(&storage, "longer", creates()).await.expect("open");
    file.write_at(Bytes::from(pattern(10_000)), 0).await.expect("write");
    let refused = file.write_at(Bytes::from_static(b"x"), 10_000).await.expect_err("too long");
    assert!(refused.kind() == ErrorKind::FileTooLarge && refused.to_string().contains("write_can_multi"));
    file.close().await.expect_err("a shorter file is another one");
    assert_eq!(far.get("longer"), None);
}

#[tokio::test]
async fn an_empty_file_is_created_or_its_absence_is_said() {
    let far = Far::new();
    open(&storage(&far), "file", creates()).await.expect("open").close().await.expect("close");
    assert_eq!(far.get("file"), Some(Vec::new()));
}

#[tokio::test]
async fn appended_bytes_are_there_as_soon_as_the_call_returns() {
    let room = tempfile::tempdir().expect("a directory");
    let operator = Operator::new(services::Fs::default().root(room.path().to_str().expect("UTF-8")));
    let operator = operator.expect("fs");
    let storage = OpenDal::new(operator);
    let path = room.path().join("log");
    let log = open(&storage, "log", appends()).await.expect("open");
    assert_eq!(log.append(Bytes::from_static(b"one ")).await.expect("append"), 0);
    assert_eq!(std::fs::read(&path).expect("read"), b"one ");
    assert_eq!(log.append(Bytes::from_static(b"two ")).await.expect("append"), 4);
    log.sync().await.expect("sync");
    assert_eq!(log.append(Bytes::from_static(b"three")).await.expect("after a sync too"), 8);
    log.close().await.expect("close");
    log.append(Bytes::new()).await.expect_err("it is closed");
    let again = open(&storage, "log", appends()).await.expect("open");
    assert_eq!(again.append(Bytes::from_static(b"!")).await.expect("append"), 13);
    again.close().await.expect("close");
    assert_eq!(std::fs::read(&path).expect("read"), b"one two three!");
    open(&storage, "untouched", appends()).await.expect("open").close().await.expect("close");
    assert_eq!(std::fs::read(room.path().join("untouched")).expect("it was created"), b"");
}

#[tokio::test]
async fn a_replacement_takes_the_name_in_one_step_where_the_store_can() {
    let far = Far::new();
    far.put("file", *b"old");
    let opened = storage(&far).replace("file".as_ref(), false).await.expect("replace");
    let new = file(&opened);
    write_all(&*new, &pattern(3 * PART), PART).await.expect("write");
    assert_eq!((far.get("file").expect("old"), far.keys()), (b"old".to_vec(), vec!["file".to_owned()]));
    new.close().await.expect("close");
    assert!(far.get("file") == Some(pattern(3 * PART)));
    let refused = storage(&far).replace("file".as_ref(), true).await.expect("it is seen at the end");
    let refused = file(&refused).close().await.expect_err("the name is taken");
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn where_a_file_shows_while_it_is_written_a_replacement_is_written_beside_it_and_renamed() {
    let far = Far::new().scheme("shows").can(|can| can.rename = true);
    far.put("dir/file", *b"old");
    let new = file(&storage(&far).replace("dir/file".as_ref(), false).await.expect("replace"));
    write_all(&*new, &pattern(3 * PART), PART).await.expect("write");
    new.sync().await.expect("sync");
    new.close().await.expect("close");
    new.abandon().await.expect("it is too late, and harms nothing");
    drop(new);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(far.get("dir/file") == Some(pattern(3 * PART)));
    assert_eq!((far.keys(), far.take_log().contains(&Request::Delete)), (vec!["dir/file".to_owned()], false));
    // Whatever goes wrong, nothing is left beside it.
    for fault in [Request::Rename, Request::Complete, Request::Part(0, PART as u64)] {
        far.fail(move |request| *request == fault, 0, 1, broken);
        let new = file(&storage(&far).replace("dir/file".as_ref(), false).await.expect("replace"));
        let _ = write_all(&*new, &vec![9; 3 * PART], PART).await;
        new.close().await.expect_err("the store fails");
        assert!(far.get("dir/file") == Some(pattern(3 * PART)));
        assert_eq!((far.keys(), far.uploads()), (vec!["dir/file".to_owned()], 0));
    }
    let new = file(&storage(&far).replace("dir/file".as_ref(), false).await.expect("replace"));
    new.abandon().await.expect("abandon");
    assert_eq!(far.keys(), ["dir/file"]);
    let refused = storage(&far).replace("dir/file".as_ref(), true).await.expect_err("no condition");
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    let neither = Far::new().scheme("shows");
    let refused = storage(&neither).replace("file".as_ref(), false).await.expect_err("it cannot");
    assert!(refused.to_string().contains("`rename`"), "{refused}");
    storage(&neither).publishes_at_close(true).replace("file".as_ref(), false).await.expect("it is set");
}

/// Bytes that count how many of their kind there are.
struct Counted(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

/// OpenDAL before 0.59 kept every part that had been sent until the file was closed, unless the program wrote faster than the store
/// took: a file of any length was in memory as a whole.
#[tokio::test]
async fn parts_that_were_sent_are_not_kept_however_slowly_they_come() {
    const PIECE: usize = 20_000;
    let far = Far::new().forgets();
    let file = open(&storage(&far).part_bytes(PIECE), "file", creates()).await.expect("open");
    let alive = Arc::new(AtomicUsize::new(0));
    for i in 0..200 {
        alive.fetch_add(1, Ordering::SeqCst);
        let piece = Bytes::from_owner(Counted(vec![1; PIECE], alive.clone()));
        file.write_at(piece, (i * PIECE) as u64).await.expect("write");
        eventually("the parts before are sent", || far.log().len() >= i).await;
        assert!(alive.load(Ordering::SeqCst) <= 6, "{} at piece {i}", alive.load(Ordering::SeqCst));
    }
    file.close().await.expect("close");
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}
