//! C2 for lines: however the readers of one cursor are cancelled, every line is delivered once and whole.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use folio::File;
use folio_testkit::{Call, Random, seeds};

use crate::stage::Stage;

/// Tasks that share the cursor.
const READERS: u64 = 16;

/// Lines in the file; some are longer than what is looked through at first.
const LINES: usize = 1_500;

fn line(number: usize) -> Vec<u8> {
    let filling = if number.is_multiple_of(100) { 3_000 } else { number % 30 };
    format!("{number} {}\n", "-".repeat(filling)).into_bytes()
}

fn stage(seed: u64, in_place: bool) -> (Stage, File) {
    let stage = Stage::new(3);
    if in_place {
        stage.disk.plan().on(Call::ReadNow).every(2).would_block();
    } else {
        stage.nothing_in_place();
    }
    stage.disk.plan().on(Call::ReadAt).delay(Duration::from_micros(50), seed);
    let contents: Vec<u8> = (0..LINES).flat_map(line).collect();
    let file = stage.open("/file", &contents);
    (stage, file)
}

/// Reads a line and gives up at some point, or not; `None` if it gave up.
async fn read_or_give_up(file: &File, dice: &mut Random) -> Option<Vec<u8>> {
    let mut read = pin!(file.read_until(b'\n', usize::MAX));
    let first = poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await;
    if let Poll::Ready(line) = first {
        return Some(line.expect("the disk reads").to_vec());
    }
    let (way, yields) = (dice.index(3), dice.within(1..20));
    if way > 0 {
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
    }
    match way {
        0 | 1 => None,
        _ => Some(read.await.expect("the disk reads").to_vec()),
    }
}

/// One reader; returns the lines it got up to the end of the file.
async fn reader(file: File, seed: u64) -> Vec<Vec<u8>> {
    let mut dice = Random::new(seed);
    let mut got = Vec::new();
    loop {
        match read_or_give_up(&file, &mut dice).await {
            Some(line) if line.is_empty() => return got,
            Some(line) => got.push(line),
            None => {}
        }
    }
}

fn check(in_place: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.expect("the system gives threads");
    seeds(15, |seed| {
        let (stage, file) = stage(seed, in_place);
        let mut dice = Random::new(seed);
        let mut got = runtime.block_on(async {
            let readers: Vec<_> =
                (0..READERS).map(|_| tokio::spawn(reader(file.clone(), dice.bits()))).collect();
            let mut got = Vec::new();
            for reader in readers {
                got.extend(reader.await.expect("a reader does not panic"));
            }
            got
        });
        stage.settle();
        // A reader may have met the end while another was about to give something back.
        got.extend(runtime.block_on(async {
            let mut rest = Vec::new();
            loop {
                match file.read_until(b'\n', usize::MAX).await.expect("the disk reads") {
                    line if line.is_empty() => return rest,
                    line => rest.push(line.to_vec()),
                }
            }
        }));
        got.sort_unstable();
        let mut all: Vec<Vec<u8>> = (0..LINES).map(line).collect();
        all.sort_unstable();
        let differs = got.iter().zip(&all).find(|(got, wanted)| got != wanted);
        let shown = differs.map(|(got, wanted)| (got.escape_ascii().to_string(), wanted.len()));
        assert!(got == all, "{} of {} lines, the first that differs: {shown:?}", got.len(), all.len());
    });
}

#[test]
fn readers_of_one_cursor_get_every_line_once_and_whole_through_the_pool() {
    check(false);
}

#[test]
fn readers_of_one_cursor_get_every_line_once_and_whole_with_reads_in_place() {
    check(true);
}
