//! A tiny seeded generator, and the loop that runs a property over many seeds.

use std::env;
use std::ops::Range;

/// A splitmix64 generator: the same seed gives the same numbers on every machine and in every release.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// Returns the next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// Returns a number in `range`, evenly enough for tests.
    ///
    /// # Panics
    ///
    /// If the range is empty.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        assert!(range.start < range.end, "no number in {range:?}");
        range.start + self.bits() % (range.end - range.start)
    }

    /// Returns an index below `len`.
    ///
    /// # Panics
    ///
    /// If `len` is 0.
    pub fn index(&mut self, len: usize) -> usize {
        self.within(0..len as u64) as usize
    }

    /// Returns `true` in `percent` of 100 cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }

    /// Puts `items` into an order of which all are equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.index(index + 1));
        }
    }

    /// Returns `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.bits() as u8).collect()
    }
}

/// Runs `property` for `count` seeds, and names the seed and the command that replays it if one fails.
///
/// `FOLIO_SEED=<seed>` replays one seed; `FOLIO_SEEDS=<count>` runs another number of them. The seeds are the
/// same in every run, so that a failure of the suite is never a matter of luck.
///
/// # Panics
///
/// If one of the two variables holds no number, and with whatever the property panics.
pub fn seeds(count: u64, mut property: impl FnMut(u64)) {
    if let Some(seed) = number_in("FOLIO_SEED") {
        return property(seed);
    }
    for index in 0..number_in("FOLIO_SEEDS").unwrap_or(count) {
        let named = Named { seed: mix(index) };
        property(named.seed);
    }
}

/// Prints the seed when the property panics; a guard and not `catch_unwind`, so that a property may capture
/// anything.
struct Named {
    seed: u64,
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {} failed; replay it with: {}", self.seed, replay(self.seed));
        }
    }
}

fn replay(seed: u64) -> String {
    let package = env::var("CARGO_PKG_NAME").map(|name| format!(" -p {name}")).unwrap_or_default();
    let thread = std::thread::current();
    // The test harness names each thread after its test; with one test thread it runs in `main`.
    let test = thread.name().filter(|name| *name != "main").map(|name| format!(" {name} -- --exact"));
    format!("FOLIO_SEED={seed} cargo test{package}{}", test.unwrap_or_default())
}

fn number_in(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")))
}

/// The finisher of splitmix64, from which [`Random`] makes its numbers.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
