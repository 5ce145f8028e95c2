//! A1, A2: every state that a power cut may leave of a replacement, at every moment of it, under three models.

use std::path::Path;
use std::sync::Arc;

use folio::{Durability, Engine, ReplaceOptions, fs};
use folio_testkit::{CrashModel, Disk, Moment};

use crate::{OLD, PATH, WAYS, Way, bench, durabilities, new, seen, settle};

/// Images that are drawn where a write has too many sectors to try all of their combinations.
const SAMPLES: usize = 64;

/// A replacement that has been made, and what there is to say of every moment of it.
struct Run {
    moments: Vec<Moment>,
    /// When it was acknowledged.
    acknowledged: u64,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
}

fn run(way: Way, with_old: bool, new: &[u8], options: &ReplaceOptions) -> Run {
    let (disk, engine) = bench(with_old);
    let history = disk.history();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(engine.scope(way.replace(Path::new(PATH), new, options))).unwrap();
    let acknowledged = disk.moment();
    settle(&engine);
    let old = with_old.then(|| OLD.to_vec());
    Run { moments: history.moments().collect(), acknowledged, old, new: new.to_vec() }
}

/// How many images there were, and what the first wrong one shows.
#[derive(Default)]
struct Judged {
    images: usize,
    moments: usize,
    exhaustive_moments: usize,
    wrong: Option<String>,
}

fn judge(run: &Run, durability: Durability, judged: &mut Judged) {
    for moment in &run.moments {
        let is_promised = moment.number() >= run.acknowledged && durability == Durability::Full;
        for model in CrashModel::ALL {
            let images = moment.crash_images(model, 1).samples(SAMPLES);
            judged.moments += 1;
            judged.exhaustive_moments += usize::from(images.exhaustive());
            for image in images {
                judged.images += 1;
                let seen = seen(&image.disk(), PATH);
                let is_new = seen.as_deref() == Some(&*run.new);
                if !is_new && (is_promised || seen != run.old) {
                    judged.wrong.get_or_insert_with(|| image.to_string());
                }
            }
        }
    }
}

#[test]
fn a1_every_crash_image_of_a_replacement_has_the_old_contents_or_the_new() {
    let mut judged = Judged::default();
    for (durability, options) in
        durabilities().into_iter().filter(|(durability, _)| *durability != Durability::None)
    {
        for way in WAYS {
            for with_old in [true, false] {
                for contents in [&b"new contents"[..], &[b'n'; 700], &new()] {
                    judge(&run(way, with_old, contents, &options), durability, &mut judged);
                }
            }
        }
    }
    assert_eq!(judged.wrong, None);
    println!(
        "{} images, {} of {} moments in full, 0 wrong",
        judged.images, judged.exhaustive_moments, judged.moments
    );
    assert!(judged.images > 5_000 && judged.exhaustive_moments > 1_000, "{} images", judged.images);
}

#[test]
fn a_replacement_without_syncs_is_wrong_under_every_model() {
    let options = ReplaceOptions::new().durability(Durability::None).clone();
    let run = run(Way::Whole, true, b"new contents", &options);
    for model in CrashModel::ALL {
        let is_torn = |moment: &Moment| {
            moment.crash_images(model, 1).any(|image| {
                let seen = seen(&image.disk(), PATH);
                seen != run.old && seen.as_deref() != Some(&*run.new)
            })
        };
        assert!(run.moments.iter().any(is_torn), "{model}");
    }
}

#[tokio::test]
async fn a2_what_a_power_cut_leaves_beside_a_file_goes_with_the_sweep() {
    let options = ReplaceOptions::new();
    let mut litter = 0;
    for (way, model) in WAYS.into_iter().flat_map(|way| CrashModel::ALL.map(|model| (way, model))) {
        let run = std::thread::scope(|scope| scope.spawn(|| run(way, true, &[b'n'; 700], &options)).join())
            .unwrap();
        for image in run.moments.iter().flat_map(|moment| moment.crash_images(model, 1).samples(SAMPLES)) {
            let disk: Disk = image.disk();
            if disk.list("/dir") == ["file"] {
                continue;
            }
            litter += 1;
            let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
            engine.scope(fs::sweep_replacements("/dir")).await.unwrap();
            assert_eq!(disk.list("/dir"), ["file"], "{way:?}: {image}");
        }
    }
    assert!(litter > 0, "no image had anything to sweep");
}
