//! No byte of an object that cannot be read twice is lost by a read that is given up, at whatever stage.

use folio::{Engine, wrap};

use crate::{Pending, Slow, Told, eventually};

fn hops(engine: &Engine) -> u64 {
    engine.snapshot().counters.hops
}

/// What is left, read to the end.
async fn rest(file: &folio::File) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let bytes = file.read_bytes(100).await.unwrap();
        if bytes.is_empty() {
            return all;
        }
        all.extend_from_slice(&bytes);
    }
}

fn numbers(count: u8) -> Vec<u8> {
    (0..count).collect()
}

#[tokio::test]
async fn given_up_while_the_object_blocks() {
    let engine = Engine::builder().start().unwrap();
    let (told, orders) = Told::new();
    let file = wrap::reader(told).open_on(&engine).await.unwrap();
    for _ in 0..5 {
        let before = hops(&engine);
        let read = Pending::new(file.read_bytes(8));
        eventually("the read begins", || hops(&engine) > before).await;
        drop(read);
        // The object gives its bytes to a read that nobody waits for.
        orders.send(8).unwrap();
        eventually("it ends", || engine.snapshot().in_flight == 0).await;
        orders.send(3).unwrap();
        let seen = file.read_bytes(5).await.unwrap();
        assert_eq!(seen.len(), 5, "the first of what was given back");
        let seen = file.read_bytes(5).await.unwrap();
        assert_eq!(seen.len(), 3, "the rest of it");
        assert_eq!(file.read_bytes(3).await.unwrap().len(), 3);
    }
    drop(orders);
    assert_eq!(rest(&file).await, b"");
    assert_eq!(file.stream_position().await.unwrap(), 5 * 11);
}

#[tokio::test]
async fn given_up_when_the_answer_is_there() {
    let engine = Engine::builder().start().unwrap();
    let (told, orders) = Told::new();
    let file = wrap::reader(told).open_on(&engine).await.unwrap();
    let other = file.clone();
    let first = Pending::new(file.read_bytes(4));
    orders.send(4).unwrap();
    eventually("the first read is done", || engine.snapshot().in_flight == 0).await;
    let second = Pending::new(file.read_bytes(4));
    orders.send(4).unwrap();
    eventually("the second read is done", || engine.snapshot().in_flight == 0).await;
    orders.send(4).unwrap();
    assert_eq!(other.read_bytes(4).await.unwrap(), [8, 9, 10, 11].as_slice());
    drop(second);
    drop(first);
    drop(orders);
    assert_eq!(rest(&file).await, numbers(8));
}

#[tokio::test]
async fn given_up_before_it_began() {
    let engine = Engine::builder().workers_max(1).start().unwrap();
    let (told, orders) = Told::new();
    let file = wrap::reader(told).open_on(&engine).await.unwrap();
    let first = Pending::new(file.read_bytes(4));
    for _ in 0..10 {
        drop(Pending::new(file.read_bytes(4)));
    }
    orders.send(4).unwrap();
    assert_eq!(first.done().await.unwrap(), [0, 1, 2, 3].as_slice());
    drop(orders);
    assert_eq!(rest(&file).await, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_give_up_often_see_every_byte_once_between_them() {
    let (told, orders) = Told::new();
    let file = wrap::reader(told).open().await.unwrap();
    let tasks = (0..4).map(|task| {
        let file = file.clone();
        tokio::spawn(async move {
            let mut seen = Vec::new();
            for round in 0_u32.. {
                let read = file.read_bytes(7);
                // Given up after a number of turns of this task's, or not at all.
                let patience = async {
                    for _ in 0..(round + task) % 5 {
                        tokio::task::yield_now().await;
                    }
                    if (round + task) % 3 == 0 {
                        std::future::pending::<()>().await;
                    }
                };
                tokio::select! {
                    biased;
                    bytes = read => {
                        let bytes = bytes.unwrap();
                        if bytes.is_empty() {
                            return seen;
                        }
                        seen.extend_from_slice(&bytes);
                    }
                    () = patience => {}
                }
            }
            seen
        })
    });
    let tasks: Vec<_> = tasks.collect();
    for count in (1..200).map(|number| number % 9 + 1) {
        orders.send(count).unwrap();
        tokio::task::yield_now().await;
    }
    drop(orders);
    let mut seen = Vec::new();
    for task in tasks {
        seen.extend(crate::soon("a reader", task).await.unwrap());
    }
    // Every number of a byte has come equally often, the last round apart.
    let expected: usize = (1..200).map(|number| (number % 9 + 1).min(7)).sum();
    assert_eq!(seen.len(), expected);
    let mut counts = [0; 256];
    seen.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    for (byte, count) in counts.into_iter().enumerate() {
        assert_eq!(count, expected / 256 + usize::from(byte < expected % 256), "byte {byte}");
    }
}

#[tokio::test]
async fn a_write_given_up_half_way_is_finished() {
    let (slow, orders) = Slow::new();
    let file = wrap::writer(slow).open().await.unwrap();
    let write = Pending::new(file.write_all(b"whole"));
    orders.send(2).unwrap();
    drop(write);
    drop(orders);
    file.write_all(b" and more").await.unwrap();
    let kept = wrap::into_inner::<Slow>(file).await.unwrap().kept;
    // Whether it had begun is the engine's affair; half of it is never there.
    assert!(kept == b"whole and more" || kept == b" and more", "{kept:?}");
}
