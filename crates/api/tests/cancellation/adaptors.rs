//! tokio's traits on a file: what a caller who goes away in the middle of one finds when it comes back.

use std::io::SeekFrom;

use folio_testkit::polling::poll_once;
use folio_testkit::{Call, Gate, Random, seeds};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader};

use crate::stage::{Stage, wait};

#[test]
fn whole_files_go_through_the_traits() {
    for in_place in [false, true] {
        let stage = Stage::new(2);
        if !in_place {
            stage.nothing_in_place();
        }
        let contents = Random::new(1).bytes(200_000);
        let mut file = stage.open("/file", b"");
        wait(AsyncWriteExt::write_all(&mut file, &contents)).expect("the disk takes it");
        wait(AsyncWriteExt::flush(&mut file)).expect("nothing is held back");
        assert_eq!(stage.disk.contents("/file"), contents);
        wait(AsyncSeekExt::rewind(&mut file)).expect("a file has a start");
        let mut read = Vec::new();
        wait(AsyncReadExt::read_to_end(&mut file, &mut read)).expect("the disk reads");
        assert!(read == contents, "in place: {in_place}");
    }
}

#[test]
fn a_read_that_was_given_up_leaves_its_bytes_to_the_next_one() {
    let stage = Stage::new(2);
    stage.nothing_in_place();
    let gate = Gate::closed();
    stage.disk.plan().on(Call::ReadAt).nth(1).wait_for(&gate);
    let mut file = stage.open("/file", b"0123456789");
    let mut first = [0; 6];
    assert!(poll_once(Box::pin(AsyncReadExt::read(&mut file, &mut first)).as_mut()).is_pending());
    gate.arrived(1);
    gate.open();
    let mut small = [0; 2];
    wait(AsyncReadExt::read_exact(&mut file, &mut small)).expect("the disk reads");
    assert_eq!(&small, b"01");
    assert_eq!(
        wait(file.seek(SeekFrom::Current(0))).expect("a file has a position"),
        2,
        "what was not handed out is still before the cursor"
    );
    let mut rest = Vec::new();
    wait(AsyncReadExt::read_to_end(&mut file, &mut rest)).expect("the disk reads");
    assert_eq!(rest, b"23456789");
}

#[test]
fn a_select_that_drops_reads_loses_no_byte() {
    seeds(20, |seed| {
        let stage = Stage::new(2);
        stage.nothing_in_place();
        stage.disk.plan().on(Call::ReadAt).delay(std::time::Duration::from_micros(30), seed);
        let mut dice = Random::new(seed);
        let contents = dice.bytes(5_000);
        let mut file = stage.open("/file", &contents);
        let runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("the system gives a thread");
        let got = runtime.block_on(async {
            let mut got = Vec::new();
            loop {
                let mut buf = vec![0; dice.within(1..200) as usize];
                let yields = dice.within(0..6);
                tokio::select! {
                    biased;
                    count = AsyncReadExt::read(&mut file, &mut buf) => match count.expect("the disk reads") {
                        0 => return got,
                        count => got.extend_from_slice(&buf[..count]),
                    },
                    () = async { for _ in 0..yields { tokio::task::yield_now().await } } => {}
                }
            }
        });
        assert!(got == contents, "lost, doubled or out of order");
    });
}

#[test]
fn a_seek_after_a_read_that_was_given_up_starts_from_what_was_seen() {
    for (to, expected) in [
        (SeekFrom::Current(0), 0),
        (SeekFrom::Current(3), 3),
        (SeekFrom::Start(7), 7),
        (SeekFrom::End(-1), 9),
    ] {
        let stage = Stage::new(2);
        stage.nothing_in_place();
        let mut file = stage.open("/file", b"0123456789");
        stage.answer_unseen(Box::pin(AsyncReadExt::read(&mut file, &mut [0; 6])).as_mut());
        assert_eq!(
            wait(AsyncSeekExt::seek(&mut file, to)).expect("a file has a position"),
            expected,
            "{to:?}"
        );
        let mut rest = Vec::new();
        wait(AsyncReadExt::read_to_end(&mut file, &mut rest)).expect("the disk reads");
        assert_eq!(rest, b"0123456789"[expected as usize..], "{to:?}");
    }
}

#[test]
fn a_position_and_a_write_after_part_of_a_read_count_only_what_was_seen() {
    let stage = Stage::new(2);
    stage.nothing_in_place();
    let mut file = stage.open("/file", b"0123456789");
    // Six bytes are read, of which the next call has room for two.
    stage.answer_unseen(Box::pin(AsyncReadExt::read(&mut file, &mut [0; 6])).as_mut());
    let mut seen = [0; 2];
    wait(AsyncReadExt::read_exact(&mut file, &mut seen)).expect("the disk reads");
    assert_eq!(wait(AsyncSeekExt::stream_position(&mut file)).expect("a file has a position"), 2);
    wait(AsyncWriteExt::write_all(&mut file, b"ab")).expect("the disk takes it");
    wait(AsyncWriteExt::flush(&mut file)).expect("the disk takes it");
    assert_eq!(stage.disk.contents("/file"), b"01ab456789");
}

#[test]
fn lines_are_stds() {
    seeds(20, |seed| {
        let mut dice = Random::new(seed);
        let line = |dice: &mut Random| {
            let len = dice.within(0..90) as usize;
            let end = ["\n", "\r\n", "\n\n"][dice.index(3)];
            "äbc ".repeat(len) + end
        };
        let text: String = (0..400).map(|_| line(&mut dice)).collect::<String>() + "without an end";
        let stage = Stage::new(2);
        stage.disk.plan().on(Call::ReadNow).every(3).would_block();
        stage.disk.plan().on(Call::ReadAt).every(4).at_most(7);
        let file = stage.open("/text", text.as_bytes());
        let got = wait(async {
            let mut lines = BufReader::new(file).lines();
            let mut got = Vec::new();
            while let Some(line) = lines.next_line().await.expect("it is text") {
                got.push(line);
            }
            got
        });
        let expected: Vec<_> =
            std::io::BufRead::lines(text.as_bytes()).map(|line| line.expect("it is text")).collect();
        assert!(got == expected, "other lines than std's");
    });
}
