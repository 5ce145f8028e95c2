//! Runs the searches for as long as asked, and prints what replays a round that found something.
//!
//! ```text
//! cargo run --release -p folio-soak --bin soak -- --minutes 60
//! cargo run --release -p folio-soak --bin soak -- --only storms --seed 7 --rounds 1
//! ```

use std::hash::{BuildHasher, Hasher, RandomState};
use std::panic;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};

use folio_soak::{Figures, Kind, Size, Tally, Verdict};
use folio_testkit::Random;

const USAGE: &str = "soak [--minutes N] [--rounds N] [--seed S] [--only histories|images|faults|storms]";

/// Shortest time that a kind has before it is the next one's turn.
const TURN: Duration = Duration::from_secs(10);

/// What the command line asks for.
#[derive(Debug)]
struct Options {
    /// How long to go on; without it and without a number of rounds, for a minute.
    time: Duration,
    /// Rounds of each kind, if not as many as there is time for.
    rounds: Option<u64>,
    seed: u64,
    kinds: Vec<Kind>,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
        let seed = RandomState::new().build_hasher().finish();
        let mut options =
            Options { time: Duration::from_secs(60), rounds: None, seed, kinds: Kind::ALL.to_vec() };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value\n{USAGE}"));
            match word.as_str() {
                "--minutes" => options.time = Duration::from_secs(60 * number(&value()?)?),
                "--rounds" => options.rounds = Some(number(&value()?)?),
                "--seed" => options.seed = number(&value()?)?,
                "--only" => options.kinds = vec![Kind::from_str(&value()?)?],
                _ => return Err(format!("{word:?} is unknown\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no number\n{USAGE}"))
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    expect_planned_panics();
    let tally = search(&options);
    print!("{tally}");
    if tally.violations() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Planned panics are news to no reader.
fn expect_planned_panics() {
    let other = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_planned =
            info.payload().downcast_ref::<String>().is_some_and(|text| text.starts_with("planned panic"));
        if !is_planned {
            other(info);
        }
    }));
}

/// Runs the kinds in turn. The first round of each has the seed itself, so that its number is all a replay needs.
fn search(options: &Options) -> Tally {
    let begun = Instant::now();
    let mut tally = Tally::default();
    let mut seeds: Vec<_> = options.kinds.iter().map(|kind| (*kind, Seeds::from(options.seed))).collect();
    let mut rounds_left = options.rounds.unwrap_or(u64::MAX);
    while rounds_left > 0 && (options.rounds.is_some() || begun.elapsed() < options.time) {
        for (kind, seeds) in &mut seeds {
            let turn = Instant::now();
            loop {
                let seed = seeds.next();
                let round = Instant::now();
                let verdict = kind.round(seed, Size::Full, None);
                tally.add(*kind, &verdict);
                report(*kind, seed, &verdict, round.elapsed());
                if options.rounds.is_some() || turn.elapsed() >= TURN {
                    break;
                }
            }
        }
        rounds_left -= 1;
    }
    println!("{} s", begun.elapsed().as_secs());
    tally
}

fn report(kind: Kind, seed: u64, verdict: &Verdict, time: Duration) {
    match verdict {
        Ok(Figures { operations, given_up, checked, undecided, faults }) => println!(
            "{kind:<9} seed {seed:<20} {operations} operations, {given_up} given up, {faults} faults, {checked} {}, \
             {undecided} undecided, {:.1} s",
            kind.checks(),
            time.as_secs_f64()
        ),
        Err(what) => println!(
            "{kind:<9} seed {seed:<20} VIOLATION: {what}\nreplay it with: cargo run --release -p folio-soak --bin soak -- \
             --only {kind} --seed {seed} --rounds 1"
        ),
    }
}

/// The seeds of one kind's rounds.
#[derive(Debug)]
struct Seeds {
    next: u64,
    random: Random,
}

impl From<u64> for Seeds {
    fn from(first: u64) -> Seeds {
        Seeds { next: first, random: Random::new(first) }
    }
}

impl Seeds {
    fn next(&mut self) -> u64 {
        std::mem::replace(&mut self.next, self.random.bits())
    }
}
