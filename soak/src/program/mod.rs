//! Writers on a simulated disk, what they were promised, and the check of what a power cut leaves.

mod claims;
mod place;
mod plan;
mod run;
mod writers;

use folio_testkit::{CrashModel, Moment, Random};

use crate::bug::Bug;
use crate::figures::{Figures, Size, Verdict};
use claims::Tearing;
use place::FOLDER;
use run::{Ran, Troubles, run};

/// Programs of one round that lose power: each costs a second.
const CUT_PROGRAMS: u64 = 3;

/// Programs of one round whose calls fail.
const FAILING_PROGRAMS: u64 = 8;

/// Of so many images one is opened by an engine, which sweeps it.
const SWEPT: u64 = 64;

/// Runs one round of programs whose disk loses power at many moments.
pub(crate) fn images(seed: u64, size: Size, bug: Option<Bug>) -> Verdict {
    let (moments, samples) = match size {
        Size::Short => (6, 8),
        Size::Full => (12, 12),
    };
    let mut random = Random::new(seed);
    let mut figures = Figures::default();
    for _ in 0..CUT_PROGRAMS {
        let ran = run(&mut random, size, bug, Troubles::None)?;
        figures.operations += ran.operations;
        figures.checked += cut(&ran, &mut random, moments, samples, &CrashModel::ALL, Tearing::Never)?;
    }
    Ok(figures)
}

/// Runs one round of programs whose calls fail.
pub(crate) fn faults(seed: u64, size: Size, bug: Option<Bug>) -> Verdict {
    let mut random = Random::new(seed);
    let mut figures = Figures::default();
    for _ in 0..FAILING_PROGRAMS {
        let ran = run(&mut random, size, bug, Troubles::Planned)?;
        figures.operations += ran.operations;
        figures.faults += ran.disk.plan().fired();
        figures.checked += 1;
        ran.claims.hold_now(&ran.disk)?;
        cut(&ran, &mut random, 4, 8, &[CrashModel::WorstCase], Tearing::UntilSynced)?;
    }
    Ok(figures)
}

/// Cuts the power at some moments and at the last one; returns how many images there were.
fn cut(
    ran: &Ran,
    random: &mut Random,
    count: usize,
    samples: usize,
    models: &[CrashModel],
    tearing: Tearing,
) -> Result<u64, String> {
    let moments: Vec<Moment> = ran.history.moments().collect();
    let mut chosen: Vec<usize> = (0..count).map(|_| random.index(moments.len())).collect();
    chosen.push(moments.len() - 1);
    let mut images = 0;
    for (index, model) in chosen.into_iter().flat_map(|index| models.iter().map(move |model| (index, *model)))
    {
        let moment = &moments[index];
        for image in moment.crash_images(model, random.bits()).samples(samples).take(2 * samples) {
            images += 1;
            let disk = image.disk();
            let held = ran.claims.hold_in(&disk, moment.number(), tearing);
            let swept = if images % SWEPT == 0 { run::is_clean_after_sweep(&disk) } else { Ok(()) };
            held.and(swept)
                .map_err(|what| format!("{what}\nat moment {} of {FOLDER}, {image}", moment.number()))?;
        }
    }
    Ok(images)
}
