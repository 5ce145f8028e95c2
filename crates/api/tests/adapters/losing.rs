//! What is given up and begun again: timeouts around flushes, `select!`s that another branch wins, copies that are
//! dropped. Only what promises to survive that is tried.

use std::future::Future;
use std::time::Duration;

use bytes::{Buf, Bytes};
use folio::File;
use futures::SinkExt;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter, copy_buf};
use tokio_util::codec::{FramedWrite, LinesCodec};

use crate::runtime::{Carrier, Work};
use crate::source::Paced;
use crate::target::{Kind, Target};
use crate::{Room, assert_same, pattern};

/// Lines that are written: fewer than elsewhere, since each is waited for many times.
const LINES: usize = 1_000;

/// Waits for a future for so many turns of the executor, and drops it then.
async fn for_turns<F: Future>(turns: usize, future: F) -> Option<F::Output> {
    let turns = async {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        output = future => Some(output),
        () = turns => None,
    }
}

/// Writes the pattern and is often interrupted; flushes in the end.
type Way = fn(Target) -> Work<()>;

const WAYS: [(&str, Way); 6] = [
    ("write", |mut to| {
        Box::pin(async move {
            let wanted = pattern(LINES);
            let (mut done, mut turn) = (0, 0);
            while done < wanted.len() {
                turn += 1;
                // Each time another piece, as of a buffer that has grown or been cut meanwhile.
                let end = wanted.len().min(done + 50 + turn % 7 * 40);
                match for_turns(turn % 3, to.write(&wanted[done..end])).await {
                    Some(count) => done += count.unwrap(),
                    None => tokio::task::yield_now().await,
                }
            }
            to.flush().await.unwrap();
        })
    }),
    ("write_all_buf", |mut to| {
        Box::pin(async move {
            let mut rest = Bytes::from(pattern(LINES));
            let mut turn = 0;
            while rest.has_remaining() {
                turn += 1;
                for_turns(turn % 3, to.write_all_buf(&mut rest)).await.transpose().unwrap();
            }
            to.flush().await.unwrap();
        })
    }),
    ("copy_buf", |mut to| {
        Box::pin(async move {
            let mut from = BufReader::with_capacity(200, Paced::new(pattern(LINES), 100));
            let mut turn = 0;
            loop {
                turn += 1;
                if for_turns(turn % 5, copy_buf(&mut from, &mut to)).await.transpose().unwrap().is_some() {
                    return;
                }
            }
        })
    }),
    ("a flush of a BufWriter in a timeout", |to| {
        Box::pin(async move {
            let mut to = BufWriter::new(to);
            for number in 0..LINES {
                to.write_all(format!("{number:06}\n").as_bytes()).await.unwrap();
                if number % 10 == 0 {
                    let _ = tokio::time::timeout(Duration::ZERO, to.flush()).await;
                }
            }
            to.shutdown().await.unwrap();
        })
    }),
    ("a flush of frames", |to| {
        Box::pin(async move {
            let mut to = FramedWrite::new(to, LinesCodec::new());
            for number in 0..LINES {
                to.feed(format!("{number:06}")).await.unwrap();
                if number % 10 == 0 {
                    for_turns(number / 10 % 3, SinkExt::<String>::flush(&mut to)).await;
                }
            }
            SinkExt::<String>::flush(&mut to).await.unwrap();
        })
    }),
    ("a shutdown", |mut to| {
        Box::pin(async move {
            for (number, piece) in pattern(LINES).chunks(70).enumerate() {
                to.write_all(piece).await.unwrap();
                for_turns(number % 2, to.shutdown()).await;
            }
            to.shutdown().await.unwrap();
        })
    }),
];

#[test]
fn a_write_that_is_given_up_and_begun_again_is_written_once() {
    for (w, (name, way)) in WAYS.iter().enumerate() {
        for (k, kind) in Kind::ALL.into_iter().enumerate() {
            let carrier = Carrier::nth(w + k);
            let arrived = carrier.carry(move || {
                Box::pin(async move {
                    let (target, arrived) = kind.open(&Room::on_disk()).await;
                    way(target).await;
                    arrived
                })
            });
            assert_same(&format!("{name} into {kind:?}, {carrier:?}"), &arrived(), &pattern(LINES));
        }
    }
}

/// Reads the pattern and is often interrupted.
type Reading = fn(File) -> Work<Vec<u8>>;

const READINGS: [(&str, Reading); 4] = [
    ("read", |mut file| {
        Box::pin(async move {
            let (mut all, mut turn) = (Vec::new(), 0);
            loop {
                turn += 1;
                let mut room = vec![0; 1 + turn % 90];
                match for_turns(turn % 3, AsyncReadExt::read(&mut file, &mut room)).await.transpose().unwrap()
                {
                    Some(0) => return all,
                    Some(count) => all.extend_from_slice(&room[..count]),
                    None => {}
                }
            }
        })
    }),
    ("read by trait and method in turn", |mut file| {
        Box::pin(async move {
            let (mut all, mut turn) = (Vec::new(), 0);
            loop {
                turn += 1;
                let mut room = vec![0; 1 + turn % 90];
                let read = async {
                    if turn % 2 == 0 {
                        file.read(&mut room).await.unwrap()
                    } else {
                        by_trait(&mut file, &mut room).await
                    }
                };
                match for_turns(turn % 3, read).await {
                    Some(0) => return all,
                    Some(count) => all.extend_from_slice(&room[..count]),
                    None => {
                        assert_eq!(
                            file.stream_position().await.unwrap(),
                            all.len() as u64,
                            "nothing was delivered"
                        );
                    }
                }
            }
        })
    }),
    ("next_line", |file| {
        Box::pin(async move {
            let (mut lines, mut all, mut turn) = (BufReader::with_capacity(60, file).lines(), Vec::new(), 0);
            loop {
                turn += 1;
                match for_turns(turn % 3, lines.next_line()).await.transpose().unwrap() {
                    Some(None) => return all,
                    Some(Some(line)) => all.extend_from_slice(format!("{line}\n").as_bytes()),
                    None => {}
                }
            }
        })
    }),
    ("read after a position", |mut file| {
        Box::pin(async move {
            let (mut all, mut turn) = (Vec::new(), 0);
            loop {
                turn += 1;
                let mut room = [0; 50];
                let read = for_turns(turn % 3, AsyncReadExt::read(&mut file, &mut room)).await;
                match read.transpose().unwrap() {
                    Some(0) => return all,
                    Some(count) => all.extend_from_slice(&room[..count]),
                    None => {
                        for_turns(1, AsyncSeekExt::stream_position(&mut file)).await;
                        let here = AsyncSeekExt::stream_position(&mut file).await.unwrap();
                        assert_eq!(here, all.len() as u64, "nothing was delivered");
                    }
                }
            }
        })
    }),
];

async fn by_trait(file: &mut File, room: &mut [u8]) -> usize {
    AsyncReadExt::read(file, room).await.unwrap()
}

#[test]
fn a_read_that_is_given_up_loses_nothing() {
    for (name, reading) in READINGS {
        for carrier in Carrier::ALL {
            for in_memory in [false, true] {
                let got = carrier.carry(move || {
                    Box::pin(async move {
                        let room = if in_memory { Room::in_memory() } else { Room::on_disk() };
                        std::fs::write(room.path("file"), pattern(LINES)).unwrap();
                        reading(File::open(room.path("file")).await.unwrap()).await
                    })
                });
                assert_same(&format!("{name}, {carrier:?}, in memory {in_memory}"), &got, &pattern(LINES));
            }
        }
    }
}
