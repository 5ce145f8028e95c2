//! Where and how the operations of a history meet.

use folio_testkit::Random;

/// Openings of one file at most: by its name, by a hard link, by another spelling, and by a symbolic link.
const OPENINGS: u64 = 4;

/// In what setting the callers of a file meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// How many openings there are, from 1 to 4; every one has clones.
    pub openings: usize,
    /// How many bytes the first opening may buffer.
    pub buffer: Option<usize>,
    /// Whether the disk is simulated, with delays, short reads and reads in place that are declined.
    pub simulated: bool,
    /// Whether some operations are dropped, and others have a time limit that they may miss.
    pub gives_up: bool,
    /// Whether the executor has several threads.
    pub multi_thread: bool,
}

impl Setting {
    /// Draws one.
    pub(super) fn random(random: &mut Random) -> Setting {
        Setting {
            openings: if random.chance(40) { 1 } else { random.within(2..OPENINGS + 1) as usize },
            buffer: random.chance(40).then(|| random.within(2..32) as usize),
            simulated: random.chance(60),
            gives_up: random.chance(50),
            multi_thread: random.chance(80),
        }
    }
}
