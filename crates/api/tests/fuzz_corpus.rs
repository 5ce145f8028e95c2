//! What the fuzz targets do, for every input of their corpora and for random changes to these.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::path::Path;

use folio_testkit::Random;

#[path = "../../../fuzz/bodies/glob_patterns.rs"]
mod glob_patterns;
#[path = "../../../fuzz/bodies/mode_strings.rs"]
mod mode_strings;
#[path = "../../../fuzz/bodies/text_decoding.rs"]
mod text_decoding;

/// Random inputs for a target: a few seconds of an unoptimised build.
const CHANGED: u64 = 20_000;

/// Bytes that an input may grow to.
const INPUT_BYTES_MAX: usize = 96;

#[test]
fn decoding_in_pieces_does_what_decoding_at_once_does() {
    check("text_decoding", CHANGED, text_decoding::run);
}

#[test]
fn mode_strings_mean_what_the_list_of_all_modes_says() {
    check("mode_strings", CHANGED, mode_strings::run);
}

#[test]
fn glob_patterns_find_what_backtracking_finds() {
    check("glob_patterns", CHANGED, glob_patterns::run);
}

/// Runs a target on its corpus, then on `count` inputs made from that. `FOLIO_SEED` chooses others.
#[track_caller]
fn check(target: &str, count: u64, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut corpus: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    corpus.sort();
    let corpus: Vec<Vec<u8>> = corpus.iter().map(|path| std::fs::read(path).unwrap()).collect();
    assert!(corpus.len() >= 20, "{target}: {} inputs", corpus.len());
    corpus.iter().for_each(|input| run(input));
    let seed = std::env::var("FOLIO_SEED").map_or(0, |seed| seed.parse().unwrap());
    let mut random = Random::new(seed);
    for _ in 0..count {
        let input = changed(&corpus, &mut random);
        let shown = Shown { target, seed, input: &input };
        run(shown.input);
    }
}

/// An input with some bytes changed, lost, added, or taken from another.
fn changed(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = corpus[random.index(corpus.len())].clone();
    for _ in 0..=random.index(4) {
        let at = random.index(input.len() + 1);
        let other = &corpus[random.index(corpus.len())];
        let from = random.index(other.len() + 1);
        match random.index(5) {
            0 if at < input.len() => input[at] = random.bits() as u8,
            1 if at < input.len() => input[at] ^= 1 << random.index(8),
            2 if at < input.len() => {
                input.remove(at);
            }
            3 => input.truncate(at),
            _ => {
                let end = from + random.index(other.len() - from + 1);
                input.splice(at..at, other[from..end].iter().copied());
            }
        }
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

/// Prints the input when its target panics.
struct Shown<'a> {
    target: &'a str,
    seed: u64,
    input: &'a [u8],
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let input: String = self.input.escape_ascii().to_string();
            println!("{} fails for b\"{input}\", made with FOLIO_SEED={}", self.target, self.seed);
        }
    }
}
