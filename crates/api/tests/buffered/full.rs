//! The bounds of a buffer, and the order of those who wait for room in it.

use std::sync::Arc;

use folio_testkit::{Call, Gate};

use crate::{PATH, at_once, bench, crowd, eventually, open, open_to_append, soon};

/// Bytes of the buffer under test.
const CAPACITY: usize = 4096;

#[tokio::test]
async fn the_next_buffer_fills_while_the_last_is_written_and_then_writers_wait() {
    let (disk, engine) = bench("");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    let file = open(&engine, CAPACITY).await;
    let mut accepted = 0;
    while at_once(file.write_all(&[7; 1000])).is_some_and(|written| written.is_ok()) {
        accepted += 1000;
        assert!(accepted <= 2 * CAPACITY, "{accepted} bytes are kept back");
    }
    assert_eq!(accepted, 8000, "one portion on its way, one full buffer");
    let kept: usize = engine.snapshot().files.iter().map(|file| file.buffered_bytes).sum();
    assert_eq!(kept, 4000);

    let waiting = tokio::spawn({
        let file = file.clone();
        async move { file.write_all(&[8; 1000]).await }
    });
    eventually("it waits", || disk.running() == 1).await;
    gate.open();
    soon("there is room again", waiting).await.unwrap().unwrap();
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH).len(), 9000);
}

#[tokio::test]
async fn one_portion_is_written_at_a_time() {
    let (disk, engine) = bench("");
    let file = open(&engine, 64).await;
    let written = disk.clone();
    for _ in 0..200 {
        file.write_all(&[1; 40]).await.unwrap();
    }
    file.flush().await.unwrap();
    assert_eq!(written.running_max(), 1);
    assert_eq!(disk.contents(PATH), [1; 8000]);
}

#[tokio::test]
async fn a_file_on_its_way_grows_by_prefixes() {
    let (disk, engine) = bench("");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).under(PATH).nth(1).wait_for(&gate);
    let file = open(&engine, 64).await;
    file.write_all(&[1; 40]).await.unwrap();
    let flushes = [file.clone(), file.clone()].map(|file| {
        let mut flush = Box::pin(async move { file.flush().await });
        assert!(at_once(flush.as_mut()).is_none());
        flush
    });
    gate.arrived(1);
    file.write_all(&[2; 40]).await.unwrap();
    // Sends the second portion on its way while the first is held up.
    let mut third = Box::pin(file.flush());
    assert!(at_once(third.as_mut()).is_none());
    crowd(&disk, &engine).await;
    assert_eq!(disk.contents(PATH), b"", "the second portion waits for the first");
    gate.open();
    for flush in flushes {
        soon("it is written", flush).await.unwrap();
    }
    soon("it is written", third).await.unwrap();
    assert_eq!(disk.contents(PATH), [[1; 40], [2; 40]].concat());
}

#[tokio::test]
async fn writes_that_wait_come_out_in_the_order_they_came() {
    let (disk, engine) = bench("");
    for appends in [false, true] {
        let file = if appends { open_to_append(&engine, 32).await } else { open(&engine, 32).await };
        let before = disk.contents(PATH).len();
        let lines: Vec<String> = (0..500).map(|index| format!("line {index}\n")).collect();
        let mut writes: Vec<_> = lines.iter().map(|line| Box::pin(file.write_all(line.as_bytes()))).collect();
        let mut done = vec![false; writes.len()];
        // As `join_all` does it: each is polled once in order, and then again until all are done.
        for (write, done) in writes.iter_mut().zip(&mut done) {
            *done = at_once(write.as_mut()).is_some_and(|written| written.is_ok());
        }
        for (write, _) in writes.into_iter().zip(done).filter(|(_, done)| !done) {
            soon("there is room", write).await.unwrap();
        }
        file.flush().await.unwrap();
        assert_eq!(String::from_utf8(disk.contents(PATH)[before..].to_vec()).unwrap(), lines.concat());
    }
}

#[tokio::test]
async fn nobody_takes_the_room_that_another_waits_for() {
    let (disk, engine) = bench("");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    let file = open(&engine, 64).await;
    for byte in 0..2 {
        file.write_all(&[byte; 40]).await.unwrap();
    }
    let mut first = Box::pin(file.write_all(&[2; 40]));
    assert!(at_once(first.as_mut()).is_none());
    gate.open();
    eventually("both portions are written", || disk.contents(PATH).len() == 80).await;
    // There is room now, and the one it is for has not been polled.
    let mut second = Box::pin(file.write_all(&[3; 10]));
    assert!(at_once(second.as_mut()).is_none());
    soon("it is the first's turn", first).await.unwrap();
    soon("and then the second's", second).await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), [&[0; 40][..], &[1; 40], &[2; 40], &[3; 10]].concat());
}

#[tokio::test]
async fn a_writer_that_gives_up_its_place_has_written_nothing() {
    let (disk, engine) = bench("");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    let file = open(&engine, 64).await;
    for byte in 0..2 {
        file.write_all(&[byte; 40]).await.unwrap();
    }
    let mut gone = Box::pin(file.write_all(&[9; 40]));
    assert!(at_once(gone.as_mut()).is_none());
    let mut patient = Box::pin(file.write_all(&[2; 40]));
    assert!(at_once(patient.as_mut()).is_none(), "nobody overtakes who waits");
    drop(gone);
    gate.open();
    soon("its turn comes", patient).await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH), [[0; 40], [1; 40], [2; 40]].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_many_tasks_stay_whole() {
    let (disk, engine) = bench("");
    let file = open(&engine, 1000).await;
    let tasks: Vec<_> = (0..32u8)
        .map(|task| {
            let file = file.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    file.write_all(&[task; 70]).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        soon("it ends", task).await.unwrap();
    }
    file.flush().await.unwrap();
    let contents = disk.contents(PATH);
    assert_eq!(contents.len(), 32 * 50 * 70);
    assert!(contents.chunks(70).all(|record| record.iter().all(|byte| *byte == record[0])));
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_ends_the_wait_for_room_before_anything_is_accepted() {
    let (disk, engine) = bench("");
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    let file = open(&engine, 64).await;
    for byte in 0..2 {
        file.write_all(&[byte; 40]).await.unwrap();
    }
    let hasty = file.with_time_limit(std::time::Duration::from_millis(20));
    let error = hasty.write_all(&[9; 40]).await.unwrap_err();
    assert!(error.is_timed_out() && !error.may_have_happened(), "{error}");
    gate.open();
    file.flush().await.unwrap();
    assert_eq!(disk.contents(PATH).len(), 80);
}

#[tokio::test]
async fn a_crowd_of_buffered_files_does_not_keep_others_from_the_engine() {
    let disk = folio_testkit::Disk::new();
    let builder = folio::Engine::builder().storage(Arc::new(disk.clone())).ops_max(2).workers_max(1);
    let engine = builder.start().unwrap();
    let mut files = Vec::new();
    for index in 0..16 {
        let path = format!("/{index}");
        disk.put(&path, "");
        let mut options = folio::File::options();
        let file = options.write(true).buffering(100).open_on(&engine, &path).await.unwrap();
        file.write_all(b"kept").await.unwrap();
        files.push(file);
    }
    for file in &files {
        soon("there is a permit", file.sync_all()).await.unwrap();
    }
    assert!((0..16).all(|index| disk.durable(format!("/{index}")) == b"kept"));
}
