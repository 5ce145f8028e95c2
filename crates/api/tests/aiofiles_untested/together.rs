//! Many tasks on one file, where aiofiles loses the order: each method is a step, in the order of their calls.

use std::future::Future;

use crate::{Room, soon};

/// Starts a task for each future and awaits all of them: what `asyncio.gather` does. On one thread the tasks start
/// in their order.
async fn gather<T: Send + 'static>(
    futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut outputs = Vec::new();
    for task in tasks {
        outputs.push(soon("it comes to an end", task).await.unwrap());
    }
    outputs
}

#[tokio::test]
async fn gathered_writes_come_out_in_the_order_of_their_calls() {
    for mode in ["wb", "ab", "rb+"] {
        for buffering in [-1, 0, 64] {
            let room = Room::new();
            room.put(b"");
            let file = room.open(mode, buffering).await;
            let line = |number: usize| format!("{number} {}\n", "-".repeat(number % 90));
            let writes = (0..200).map(|number| {
                let (file, line) = (file.clone(), line(number));
                async move { file.write(line).await.unwrap() }
            });
            let counts = gather(writes).await;
            file.close().await.unwrap();
            let expected: Vec<String> = (0..200).map(line).collect();
            assert_eq!(counts, expected.iter().map(String::len).collect::<Vec<_>>());
            assert!(room.on_disk() == expected.concat().as_bytes(), "mode {mode}, buffering {buffering}");
        }
    }
}

#[tokio::test]
async fn gathered_readlines_come_in_the_order_of_their_calls_none_lost_and_none_torn() {
    for buffering in [-1, 0] {
        let room = Room::new();
        let line = |number: usize| format!("{number} {}\n", "-".repeat(number % 300));
        let lines: Vec<String> = (0..3_000).map(line).collect();
        room.put(lines.concat().as_bytes());
        let file = room.open("rb", buffering).await;
        let reads = (0..3_001).map(|_| {
            let file = file.clone();
            async move { file.readline(None).await.unwrap() }
        });
        let got = gather(reads).await;
        assert!(got[..3_000] == lines && got[3_000].is_empty(), "buffering {buffering}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_writers_and_seekers_of_one_file_see_whole_lines() {
    let room = Room::new();
    room.put(&b"old line\n".repeat(1_000));
    let file = room.open("rb+", 100).await;
    let readers = (0..4).map(|_| {
        let file = file.clone();
        tokio::spawn(async move {
            for _ in 0..500 {
                let line = file.readline(None).await.unwrap();
                assert!(
                    ["old line\n", "new line\n", ""].contains(&std::str::from_utf8(&line).unwrap()),
                    "{line:?}"
                );
            }
        })
    });
    let writers = (0..2).map(|_| {
        let file = file.clone();
        tokio::spawn(async move {
            for _ in 0..500 {
                assert_eq!(file.write(b"new line\n").await.unwrap(), 9);
            }
        })
    });
    let tasks: Vec<_> = readers.chain(writers).collect();
    for task in tasks {
        soon("it comes to an end", task).await.unwrap();
    }
    file.close().await.unwrap();
    let contents = room.on_disk();
    let new = contents.chunks(9).filter(|line| *line == b"new line\n").count();
    let old = contents.chunks(9).filter(|line| *line == b"old line\n").count();
    assert_eq!((new, (new + old) * 9), (1_000, contents.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_reads_of_one_file_are_not_mixed() {
    let room = Room::new();
    let block = |number: u32| number.to_le_bytes().repeat(100_000);
    room.put(&(0..20).flat_map(block).collect::<Vec<u8>>());
    let file = room.open("rb", -1).await;
    let reads = (0..20).map(|_| {
        let file = file.clone();
        tokio::spawn(async move { file.read(Some(400_000)).await.unwrap() })
    });
    let mut numbers = Vec::new();
    for read in reads.collect::<Vec<_>>() {
        let got = soon("it comes to an end", read).await.unwrap();
        let number = u32::from_le_bytes(got[..4].try_into().unwrap());
        assert!(got == block(number), "block {number} is mixed with others");
        numbers.push(number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..20).collect::<Vec<_>>());
}
