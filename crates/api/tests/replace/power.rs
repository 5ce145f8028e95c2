//! A1: the power is cut after each call of the port, and what survives is chosen against us.

use std::path::Path;

use folio::{Durability, ReplaceOptions, fs};
use folio_testkit::errno::EIO;
use folio_testkit::{Disk, Survivors};

use crate::{OLD, PATH, WAYS, Way, bench, durabilities, new, seen, settle};

/// Chances that each un-synced change has, beside those of surviving for certain and of being lost for certain.
const SEEDS: u64 = 12;

fn survivors() -> impl Iterator<Item = Survivors> {
    [Survivors::Nothing, Survivors::Everything].into_iter().chain((0..SEEDS).map(Survivors::Random))
}

/// Replaces a file on a disk that goes away with its `n`th call; returns whether that call came, and the answer.
fn cut_at(way: Way, with_old: bool, n: u64, options: &ReplaceOptions) -> (Disk, bool, bool) {
    let (disk, engine) = bench(with_old);
    let fault = disk.plan().on_any().from(n).fail(EIO);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let replaced =
        runtime.block_on(engine.scope(way.replace(Path::new(PATH), &new(), options))).map_err(drop);
    settle(&engine);
    (disk, fault.fired() > 0, replaced.is_ok())
}

fn check(way: Way, with_old: bool, durability: Durability, options: &ReplaceOptions) -> usize {
    let old = with_old.then(|| OLD.to_vec());
    let mut cuts = 0;
    for n in 1.. {
        let (disk, fired, ok) = cut_at(way, with_old, n, options);
        for survivors in survivors() {
            let seen = seen(&disk.after_power_cut(survivors), PATH);
            let what = format!("{way:?}, {durability:?}, cut at call {n}, {survivors:?}, answered ok: {ok}");
            let is_new = seen.as_deref() == Some(&new());
            assert!(is_new || (seen == old && !(ok && durability == Durability::Full)), "{what}: {seen:?}");
        }
        cuts += 1;
        if !fired {
            assert!(ok, "{way:?}: nothing has failed");
            return cuts;
        }
    }
    unreachable!("the calls of a replacement come to an end")
}

#[test]
fn a1_a_power_cut_after_any_call_leaves_the_old_contents_or_the_new() {
    let mut cuts = 0;
    for (durability, options) in durabilities() {
        // Without a sync nothing is promised of a power cut; the test below shows that this disk punishes it.
        if durability == Durability::None {
            continue;
        }
        for way in WAYS {
            for with_old in [true, false] {
                cuts += check(way, with_old, durability, &options);
            }
        }
    }
    assert!(cuts > 150, "only {cuts} calls were found to cut the power at");
}

/// A disk on which a replacement without syncs survives would show nothing.
#[test]
fn a_replacement_without_syncs_is_torn_by_some_power_cut() {
    let options = ReplaceOptions::new().durability(Durability::None).clone();
    let (disk, _, ok) = cut_at(Way::Whole, true, u64::MAX, &options);
    let torn = |survivors| {
        let seen = seen(&disk.after_power_cut(survivors), PATH);
        seen.as_deref() != Some(OLD) && seen.as_deref() != Some(&new())
    };
    assert!(ok && survivors().any(torn));
}

/// What comes after an `Ok` must not depend on anything that comes later.
#[tokio::test]
async fn a1_after_ok_the_new_contents_survive_whatever_is_done_next() {
    let (disk, engine) = bench(true);
    engine
        .scope(async {
            for round in 0..20_u8 {
                let contents = vec![round; 5_000];
                fs::replace(PATH, &contents).await.unwrap();
                for survivors in survivors() {
                    assert_eq!(
                        disk.after_power_cut(survivors).contents(PATH),
                        contents,
                        "{round} {survivors:?}"
                    );
                }
                // Neither another name nor an unfinished successor takes them away.
                let unfinished = folio::File::replace(PATH).await.unwrap();
                unfinished.write_all(b"never committed").await.unwrap();
                for survivors in survivors() {
                    assert_eq!(
                        disk.after_power_cut(survivors).contents(PATH),
                        contents,
                        "{round} {survivors:?}"
                    );
                }
            }
        })
        .await;
}
