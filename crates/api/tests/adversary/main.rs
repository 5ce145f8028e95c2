//! Callers by tokio's traits who keep to the letter of them and to nothing else: they make longer, shorten, change and
//! abandon what they asked for, and mix traits with methods and one handle with another.
//!
//! `caller` is such a caller, `handle` what it calls, `subject` and `ranges` the files, `worlds` what a file may be by
//! what was seen of it, `planted` wrong files that must be found out. `failing`, `given_up` and `in_order` are the cases that take a
//! plan instead of luck.

mod caller;
mod failing;
mod given_up;
mod handle;
mod in_order;
mod planted;
mod ranges;
mod subject;
mod worlds;

use folio_testkit::{Random, seeds};

use planted::{Fault, planted};
use subject::{Ground, Opened, Subject, simulated};

/// Lets the callers of so many seeds loose, each on a file of its own.
fn check(count: u64, mut made: impl FnMut(u64, &mut Random) -> Subject) {
    seeds(count, |seed| {
        let subject = made(seed, &mut Random::new(seed ^ 1));
        if let Err(why) = caller::run(subject, seed) {
            panic!("{why}");
        }
    });
}

#[test]
fn a_file_on_a_slow_disk_is_what_its_callers_were_told() {
    check(3_000, |_, dice| simulated(Opened::Plainly, dice));
}

#[test]
fn a_file_on_a_slow_disk_that_is_appended_to_is_what_its_callers_were_told() {
    check(1_000, |_, dice| simulated(Opened::ToAppend, dice));
}

#[test]
fn a_buffered_file_on_a_slow_disk_is_what_its_callers_were_told() {
    check(1_000, |_, dice| simulated(Opened::Buffered, dice));
    check(500, |_, dice| simulated(Opened::BufferedToAppend, dice));
}

#[test]
fn a_file_on_a_real_disk_is_what_its_callers_were_told() {
    let ground = Ground::on_disk();
    for opened in [Opened::Plainly, Opened::ToAppend, Opened::Buffered, Opened::BufferedToAppend] {
        check(300, |seed, dice| ground.file(opened, seed, dice));
    }
}

#[test]
fn a_file_whose_reads_are_never_in_place_is_what_its_callers_were_told() {
    let ground = Ground::in_memory();
    for opened in [Opened::Plainly, Opened::ToAppend, Opened::Buffered, Opened::BufferedToAppend] {
        check(300, |seed, dice| ground.file(opened, seed, dice));
    }
}

#[test]
fn a_spooled_file_is_what_its_callers_were_told() {
    let ground = Ground::in_memory();
    check(1_000, |_, dice| ground.spooled(dice));
}

#[test]
fn a_temporary_file_is_what_its_callers_were_told() {
    let ground = Ground::in_memory();
    check(300, |_, _| ground.named());
    check(300, |_, _| ground.unnamed());
}

#[test]
fn a_wrapped_object_gets_what_its_callers_were_told() {
    let ground = Ground::in_memory();
    check(500, |_, dice| ground.wrapped(true, dice));
    check(500, |_, dice| ground.wrapped(false, dice));
}

#[test]
fn whoever_reads_a_fifo_gets_what_its_writers_were_told() {
    let ground = Ground::in_memory();
    check(400, |seed, _| ground.fifo(seed));
}

#[test]
fn whoever_reads_a_fifo_gets_every_byte_once() {
    let ground = Ground::in_memory();
    check(300, |seed, dice| ground.fifo_to_read(seed, dice));
}

#[test]
fn whoever_reads_a_wrapped_object_gets_every_byte_once() {
    let ground = Ground::in_memory();
    check(500, |_, dice| ground.wrapped_to_read(dice));
}

#[test]
fn a_reader_of_a_range_sees_the_file_as_it_is() {
    check(1_000, |_, dice| ranges::ranged(dice));
}

#[test]
fn a_file_that_is_right_is_found_right() {
    check(1_000, |seed, _| planted(Fault::None, seed));
}

#[test]
fn every_planted_fault_is_found() {
    for fault in Fault::ALL {
        let found = (0..5_000).any(|seed| caller::run(planted(fault, seed), seed).is_err());
        assert!(found, "no caller finds {fault:?}");
    }
}
