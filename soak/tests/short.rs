//! Short rounds of every search find nothing, and find the bugs that are planted for them.

use folio_soak::{Bug, Figures, Kind, Setting, Size, check_file};
use folio_testkit::{Random, seeds};

/// Histories of files with several openings, as many plain ones as buffered ones.
const HISTORIES: u64 = 2_000;

/// Short rounds of each kind.
const ROUNDS: u64 = 2;

/// Rounds within which a planted bug has to be found. It is found in nearly every one.
const ROUNDS_TO_CATCH: u64 = 20;

#[test]
fn o1_one_file_is_linearizable_over_its_openings_and_hard_links() {
    check_histories(|_| None);
}

#[test]
fn o1_a_file_that_buffers_is_linearizable_over_its_openings_too() {
    check_histories(|random| Some(random.within(2..32) as usize));
}

/// Checks histories through two to four openings on simulated and real disks, with calls that are given up and without.
fn check_histories(buffer: impl Fn(&mut Random) -> Option<usize>) {
    let mut all = Figures::default();
    // A file has ten histories.
    seeds(HISTORIES / 10, |seed| {
        let mut random = Random::new(seed);
        let setting = Setting {
            openings: random.within(2..5) as usize,
            buffer: buffer(&mut random),
            simulated: random.chance(50),
            gives_up: random.chance(50),
            multi_thread: random.chance(80),
        };
        all += check_file(setting, seed, None).unwrap_or_else(|violation| panic!("{violation}"));
    });
    // Which operations meet depends on the threads, and now and then so many do that the search gives up.
    assert!(all.undecided * 200 <= all.checked, "{all:?}: too many were too hard to decide");
    println!("{all:?}");
}

#[test]
fn a_short_round_of_every_kind_finds_nothing() {
    for kind in Kind::ALL {
        let mut all = Figures::default();
        seeds(ROUNDS, |seed| {
            all +=
                kind.round(seed, Size::Short, None).unwrap_or_else(|violation| panic!("{kind}: {violation}"));
        });
        println!("{kind}: {all:?}");
        assert!(all.operations > 100 && all.checked > 10, "{kind}: {all:?}");
        assert_eq!(all.faults > 0, kind == Kind::Faults, "{kind}: {all:?}");
    }
}

#[test]
fn every_kind_finds_the_bugs_that_are_planted_for_it() {
    let lost = &["is not there", "does not begin", "has version"];
    let planted: [(Kind, Bug, &[&str]); 7] = [
        (Kind::Histories, Bug::LateWrite, &["not linearizable"]),
        (Kind::Images, Bug::LyingSync, lost),
        (Kind::Faults, Bug::SwallowedError, lost),
        (Kind::Faults, Bug::LyingSync, lost),
        (Kind::Storms, Bug::DoubledRecord, &[" twice, at "]),
        (Kind::Storms, Bug::TornRecord, &[" is torn"]),
        (Kind::Storms, Bug::LostRecord, &[" is lost"]),
    ];
    for (kind, bug, signs) in planted {
        let found = (0..ROUNDS_TO_CATCH).find_map(|seed| kind.round(seed, Size::Short, Some(bug)).err());
        let found = found.unwrap_or_else(|| panic!("{kind} do not find {bug:?}"));
        let first = found.lines().find(|line| signs.iter().any(|sign| line.contains(sign)));
        let first = first.unwrap_or_else(|| panic!("{kind} find {bug:?} for another reason: {found}"));
        println!("{kind} find {bug:?}: {first}");
    }
}
