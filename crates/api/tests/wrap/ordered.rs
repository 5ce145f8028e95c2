//! One order for all tasks, whole records, and no more waiting than the limits allow.

use std::io::Read;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use folio::{Engine, wrap};

use crate::{Pending, Slow, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_64_tasks_go_whole_through_one_gzip_writer() {
    let file = wrap::writer(GzEncoder::new(Vec::new(), Compression::fast())).open().await.unwrap();
    let tasks = (0..64).map(|task| {
        let file = file.clone();
        tokio::spawn(async move {
            for number in 0..20 {
                let record = format!("{task} {number} {}\n", "x".repeat((task * 37 + number) % 300));
                file.write_all(record.as_bytes()).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        soon("a task", task).await.unwrap();
    }
    let encoder: GzEncoder<Vec<u8>> = wrap::into_inner(file).await.unwrap();
    let mut text = String::new();
    GzDecoder::new(&encoder.finish().unwrap()[..]).read_to_string(&mut text).unwrap();
    let mut next = [0; 64];
    for line in text.lines() {
        let mut words = line.split(' ');
        let task: usize = words.next().unwrap().parse().unwrap();
        let number: usize = words.next().unwrap().parse().unwrap();
        assert_eq!(number, next[task], "task {task} writes in its own order");
        assert_eq!(words.next().unwrap(), "x".repeat((task * 37 + number) % 300));
        next[task] += 1;
    }
    assert_eq!(next, [20; 64]);
}

#[tokio::test]
async fn writes_that_wait_go_in_the_order_they_came() {
    let (slow, orders) = Slow::new();
    let file = wrap::writer(slow).open().await.unwrap();
    let records: Vec<String> = (0..100).map(|number| format!("record {number}\n")).collect();
    let pending: Vec<_> =
        records.iter().map(|record| Pending::new(file.write_all(record.as_bytes()))).collect();
    // Three bytes at a time: no record is ever taken at once.
    for _ in 0..records.iter().map(|record| record.len().div_ceil(3)).sum() {
        orders.send(3).unwrap();
    }
    for write in pending {
        write.done().await.unwrap();
    }
    let slow: Slow = wrap::into_inner(file).await.unwrap();
    assert_eq!(String::from_utf8(slow.kept).unwrap(), records.concat());
}

#[tokio::test]
async fn a_slow_object_holds_its_writers_back() {
    let engine = Engine::builder().ops_max(3).start().unwrap();
    let (slow, orders) = Slow::new();
    let file = wrap::writer(slow).open_on(&engine).await.unwrap();
    let pending: Vec<_> = (0..10).map(|_| Pending::new(file.write_all(b"x"))).collect();
    assert_eq!(engine.snapshot().in_flight, 3);
    let rejected = file.try_append_bytes("y").await.unwrap_err();
    assert!(rejected.error.is_overloaded());
    assert_eq!(rejected.payload.unwrap(), "y");
    drop(orders);
    for write in pending {
        write.done().await.unwrap();
    }
    assert_eq!(engine.snapshot().in_flight_peak, 3);
    assert_eq!(wrap::into_inner::<Slow>(file).await.unwrap().kept.len(), 10);
}
