//! C2: however the readers of one cursor are cancelled, every byte is delivered exactly once.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use folio::File;
use folio_testkit::{Call, Random, seeds};

use crate::stage::Stage;

/// Tasks that share the cursor.
const READERS: u64 = 16;

/// Two-byte words in the file, each with a value of its own; reads take whole ones.
const WORDS: u16 = 4_000;

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks(2).map(|word| u16::from_le_bytes([word[0], word[1]])).collect()
}

fn stage(seed: u64, in_place: bool) -> (Stage, File) {
    let stage = Stage::new(3);
    if in_place {
        stage.disk.plan().on(Call::ReadNow).every(2).would_block();
    } else {
        stage.nothing_in_place();
    }
    stage.disk.plan().on(Call::ReadAt).delay(Duration::from_micros(50), seed);
    let contents: Vec<u8> = (0..WORDS).flat_map(u16::to_le_bytes).collect();
    let file = stage.open("/file", &contents);
    (stage, file)
}

/// Reads once and gives up at some point, or not; `None` if it gave up.
async fn read_or_give_up(file: &File, dice: &mut Random) -> Option<Vec<u16>> {
    let len = 2 * dice.within(1..40) as usize;
    let mut read = pin!(file.read_bytes(len));
    let first = poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await;
    if let Poll::Ready(bytes) = first {
        return Some(words(&bytes.expect("the disk reads")));
    }
    let (way, yields) = (dice.index(4), dice.within(1..20));
    if way > 1 {
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
    }
    match way {
        0 => Some(words(&read.await.expect("the disk reads"))),
        1 | 2 => None,
        _ => match poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await {
            Poll::Ready(bytes) => Some(words(&bytes.expect("the disk reads"))),
            Poll::Pending => None,
        },
    }
}

/// One reader; returns what it got up to the end of the file.
async fn reader(file: File, seed: u64) -> Vec<u16> {
    let mut dice = Random::new(seed);
    let mut got = Vec::new();
    loop {
        match read_or_give_up(&file, &mut dice).await {
            Some(words) if words.is_empty() => return got,
            Some(words) => got.extend(words),
            None => {}
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("the system gives threads")
}

async fn rest(file: &File) -> Vec<u16> {
    let mut got = Vec::new();
    loop {
        let bytes = file.read_bytes(1_000).await.expect("the disk reads");
        if bytes.is_empty() {
            return got;
        }
        got.extend(words(&bytes));
    }
}

fn check_sharing(in_place: bool) {
    let runtime = runtime();
    seeds(25, |seed| {
        let (stage, file) = stage(seed, in_place);
        let mut dice = Random::new(seed);
        let got = runtime.block_on(async {
            let readers: Vec<_> =
                (0..READERS).map(|_| tokio::spawn(reader(file.clone(), dice.bits()))).collect();
            let mut got = Vec::new();
            for reader in readers {
                got.extend(reader.await.expect("a reader does not panic"));
            }
            got
        });
        stage.settle();
        let mut got = got;
        // A reader may have met the end while another was about to give something back.
        got.extend(runtime.block_on(rest(&file)));
        got.sort_unstable();
        let all: Vec<u16> = (0..WORDS).collect();
        assert!(got == all, "lost or doubled: {:?}", first_difference(&got, &all));
    });
}

fn first_difference(got: &[u16], all: &[u16]) -> Option<(usize, u16, u16)> {
    let pairs = got.iter().zip(all).enumerate();
    pairs.map(|(index, (got, wanted))| (index, *got, *wanted)).find(|(_, got, wanted)| got != wanted)
}

#[test]
fn readers_of_one_cursor_get_every_byte_once_through_the_pool() {
    check_sharing(false);
}

#[test]
fn readers_of_one_cursor_get_every_byte_once_with_reads_in_place() {
    check_sharing(true);
}

/// Cause: the cursor moved before the worker noticed that nobody heard its answer. Loss: a caller that gave
/// up and read on at once got later bytes first. Fix: both are one step under the turn.
#[test]
fn one_reader_that_gives_up_again_and_again_gets_the_bytes_in_order() {
    let runtime = runtime();
    for in_place in [false, true] {
        seeds(25, |seed| {
            let (_stage, file) = stage(seed, in_place);
            let got = runtime.block_on(reader(file, seed));
            let all: Vec<u16> = (0..WORDS).collect();
            assert!(got == all, "in place {in_place}: {:?}", first_difference(&got, &all));
        });
    }
}
