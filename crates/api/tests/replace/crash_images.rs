//! A1, A2: every state that a power cut may leave at any moment of a replacement, under each model of a file system.

use std::path::Path;
use std::sync::Arc;

use folio::{Durability, Engine, ReplaceOptions, fs};
use folio_testkit::wait::block_on;
use folio_testkit::{CrashModel, Disk};

use crate::{OLD, PATH, WAYS, Way, bench, durabilities, seen, settle};

/// A sector and a half: few enough writes for every order and every loss of them to be tried.
const FEW_BYTES: usize = 768;

/// So many sectors that only some of their states can be.
const MANY_BYTES: usize = 20_000;

const SEED: u64 = 0xA1;

/// What is right at a moment.
struct Expected<'a> {
    before: Option<&'a [u8]>,
    after: &'a [u8],
    /// The moment from which on the new contents are there for good.
    durable_from: Option<u64>,
}

/// What is wrong with an image, if anything is.
fn fault(disk: &Disk, moment: u64, expected: &Expected<'_>) -> Option<String> {
    let found = seen(disk, PATH);
    let is_new = found.as_deref() == Some(expected.after);
    let may_be_old = expected.durable_from.is_none_or(|durable| moment < durable);
    let is_old = found.as_deref() == expected.before;
    if !is_new && (!may_be_old || !is_old) {
        return Some(format!("found {:?} bytes", found.map(|found| found.len())));
    }
    let is_beside = |name: &String| name != "file";
    let litter = disk.list("/dir").iter().filter(|name| is_beside(name)).count() as u64;
    if litter == 0 {
        return None;
    }
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    let swept = block_on(engine.scope(fs::sweep_replacements("/dir"))).unwrap();
    let is_clean = swept == litter && seen(disk, PATH) == found && !disk.list("/dir").iter().any(is_beside);
    (!is_clean).then(|| format!("{litter} files beside it, {swept} swept"))
}

/// What became of the images of one replacement.
#[derive(Default)]
struct Tally {
    tried: u64,
    wrong: Vec<String>,
}

/// Replaces the file and looks at every image of every moment.
fn images(
    way: Way,
    with_old: bool,
    options: &ReplaceOptions,
    durable: bool,
    model: CrashModel,
    len: usize,
) -> Tally {
    let (disk, engine) = bench(with_old);
    let history = disk.history();
    let contents = vec![b'n'; len];
    block_on(engine.scope(way.replace(Path::new(PATH), &contents, options))).unwrap();
    let durable_from = durable.then(|| disk.moment());
    settle(&engine);
    let expected = Expected { before: with_old.then_some(OLD), after: &contents, durable_from };
    let mut tally = Tally::default();
    for moment in history.moments() {
        let images = moment.crash_images(model, SEED).samples(24);
        assert!(images.exhaustive() || len > FEW_BYTES, "{} operations are too many", images.unsynced());
        for image in images {
            tally.tried += 1;
            let wrong = fault(&image.disk(), moment.number(), &expected);
            tally.wrong.extend(
                wrong.map(|wrong| format!("{way:?}, {model:?}, {}: {image}: {wrong}", moment.number())),
            );
        }
    }
    tally
}

fn all(options: &ReplaceOptions, durable: bool) -> Tally {
    let mut all = Tally::default();
    for (model, len) in
        CrashModel::ALL.into_iter().flat_map(|model| [(model, FEW_BYTES), (model, MANY_BYTES)])
    {
        for (way, with_old) in WAYS.into_iter().flat_map(|way| [(way, true), (way, false)]) {
            let Tally { tried, wrong } = images(way, with_old, options, durable, model, len);
            all.tried += tried;
            all.wrong.extend(wrong);
        }
    }
    all
}

#[test]
fn a1_a2_every_state_that_a_power_cut_may_leave_is_the_old_file_or_the_new_and_a_sweep_clears_it() {
    let mut tried = 0;
    for (durability, options) in durabilities() {
        let all = all(&options, durability == Durability::Full);
        match durability {
            Durability::Full | Durability::Data => {
                assert!(all.wrong.is_empty(), "{} of {}: {}", all.wrong.len(), all.tried, all.wrong[0]);
                tried += all.tried;
            }
            // Without syncs the same images show torn files: they would show them above.
            Durability::None => assert!(all.wrong.len() > 100, "only {} of {}", all.wrong.len(), all.tried),
        }
    }
    assert!(tried > 5_000, "only {tried} images");
}
