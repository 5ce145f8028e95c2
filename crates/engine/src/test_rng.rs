//! Seeded numbers for this crate's own tests. (The testkit, which has more of them, stands above the engine.)

use std::ops::Range;

/// A splitmix64 generator: the same seed gives the same numbers everywhere.
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice { state: seed }
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.bits() % (range.end - range.start)
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        (self.bits() % len as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.bits() % 100 < percent
    }
}

/// Runs `property` for the seeds below `count`, or for `FOLIO_SEED` alone; a failure names its replay.
pub(crate) fn seeds(count: u64, mut property: impl FnMut(u64)) {
    let only = std::env::var("FOLIO_SEED").ok().map(|seed| seed.parse().expect("FOLIO_SEED is a number"));
    for seed in only.map_or(0..count, |seed: u64| seed..seed + 1) {
        let _named = Named(seed);
        property(seed);
    }
}

struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let thread = std::thread::current();
            let test = thread.name().filter(|name| *name != "main").unwrap_or_default();
            eprintln!("replay: FOLIO_SEED={} cargo test -p folio-engine --lib {test}", self.0);
        }
    }
}
