//! A1, A2: a process that replaces a file is killed at some moment; the file is whole, and a sweep clears the rest away.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use folio::{ReplaceOptions, fs};
use folio_testkit::process::again;
use folio_testkit::{Random, wait::block_on};
use tempfile::TempDir;

use crate::WAYS;

const ROOM: &str = "FOLIO_REPLACE_ROOM";

/// Processes that are killed.
const DEATHS: usize = 60;

/// Contents that tell their round, and whether they are whole.
fn contents(round: usize) -> Vec<u8> {
    let line = format!("{round}\n");
    line.repeat(1 + round * 7_919 % 30_000).into_bytes()
}

/// The round of contents that are whole.
fn round_of(found: &[u8]) -> usize {
    let line = found.split(|byte| *byte == b'\n').next().unwrap();
    let round = std::str::from_utf8(line).unwrap().parse().unwrap();
    assert!(found == contents(round), "round {round}: {} bytes, torn", found.len());
    round
}

/// Replaces the file for ever, and tells each round that it was answered.
fn replace_for_ever(room: &Path, first: usize) -> ! {
    let options = ReplaceOptions::new();
    block_on(async {
        for round in first.. {
            let way = WAYS[round % WAYS.len()];
            way.replace(&room.join("file"), &contents(round), &options).await.unwrap();
            println!("done {round}");
        }
    });
    unreachable!("it is killed")
}

fn start(test: &str, room: &Path, first: usize) -> (Child, BufReader<std::process::ChildStdout>) {
    let word = format!("{first} {}", room.display());
    let mut child = again(test).env(ROOM, word).stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

fn litter(room: &Path) -> usize {
    let entries = std::fs::read_dir(room).unwrap().map(|entry| entry.unwrap().file_name());
    entries.filter(|name| name != "file").count()
}

#[test]
fn a1_a2_a_process_that_is_killed_leaves_a_whole_file_and_nothing_that_a_sweep_does_not_remove() {
    let test =
        "killed::a1_a2_a_process_that_is_killed_leaves_a_whole_file_and_nothing_that_a_sweep_does_not_remove";
    if let Ok(word) = std::env::var(ROOM) {
        let (first, room) = word.split_once(' ').unwrap();
        replace_for_ever(Path::new(room), first.parse().unwrap());
    }
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, contents(0)).unwrap();
    let mut dice = Random::new(0x00A1_00A2);
    let (mut swept, mut last) = (0, 0);
    for _ in 0..DEATHS {
        let (mut child, out) = start(test, room.path(), last + 1);
        let mut answered = last;
        let mut lines = out.lines();
        let rounds = 1 + dice.index(12);
        let told = |line: &str| line.strip_prefix("done ").map(|round| round.parse::<usize>().unwrap());
        for round in lines.by_ref().map(Result::unwrap).filter_map(|line| told(&line)).take(rounds) {
            answered = round;
        }
        // At some moment of the next round: the length of this loop is as good a choice as any.
        (0..dice.index(200_000)).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        for round in lines.map_while(Result::ok).filter_map(|line| told(&line)) {
            answered = round;
        }
        last = round_of(&std::fs::read(&path).unwrap());
        assert!(last == answered || last == answered + 1, "answered {answered}, found {last}");
        let left = litter(room.path());
        assert!(left <= 1, "one replacement was under way: {left}");
        assert_eq!(block_on(fs::sweep_replacements(room.path())).unwrap(), left as u64);
        assert_eq!(litter(room.path()), 0);
        assert_eq!(round_of(&std::fs::read(&path).unwrap()), last);
        swept += left;
    }
    assert!(swept > 0, "none of {DEATHS} processes was killed in the middle");
}
