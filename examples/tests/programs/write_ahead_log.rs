//! The write-ahead log, over every state that a power cut may leave of it at any moment.

use std::process::Command;
use std::sync::Arc;

use folio::Engine;
use folio_examples::write_ahead_log::{Log, Omitted};
use folio_testkit::{CrashImage, CrashModel, Disk};

/// What the log holds.
type Records = Vec<Vec<u8>>;

const FOLDER: &str = "/app";

/// A record longer than a sector, so that records that are written together can be lost apart.
fn record(name: u8) -> Vec<u8> {
    vec![name; 600]
}

/// What the log may hold, state by state, and when each was begun and acknowledged.
#[derive(Default)]
struct Expected {
    states: Vec<State>,
}

struct State {
    records: Records,
    begun: u64,
    acknowledged: Option<u64>,
}

impl Expected {
    fn begin(&mut self, disk: &Disk, records: Records) {
        self.states.push(State { records, begun: disk.moment(), acknowledged: None });
    }

    fn acknowledge(&mut self, disk: &Disk) {
        self.states.last_mut().expect("it was begun").acknowledged = Some(disk.moment());
    }

    /// What may be found at a moment: the last that was acknowledged by then, or anything later that had begun.
    fn at(&self, moment: u64) -> &[State] {
        let acknowledged = |state: &State| state.acknowledged.is_some_and(|at| at <= moment);
        let first = self.states.iter().rposition(acknowledged).unwrap_or(0);
        let begun = self.states.iter().take_while(|state| state.begun <= moment).count();
        &self.states[first..begun.max(first + 1)]
    }
}

async fn on<F: Future>(disk: &Disk, future: F) -> F::Output {
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    engine.scope(future).await
}

/// Runs the log once, and says what it may hold at each moment.
async fn run(disk: &Disk, omitted: Option<Omitted>) -> folio::Result<Expected> {
    let mut expected = Expected::default();
    expected.begin(disk, Vec::new());
    let (mut log, found) = Log::open_without(FOLDER, omitted).await?;
    assert_eq!(found, Records::new());
    expected.acknowledge(disk);

    expected.begin(disk, vec![record(b'a')]);
    log.append(&[&record(b'a')]).await?;
    expected.acknowledge(disk);

    expected.begin(disk, vec![record(b'a'), record(b'b')]);
    expected.begin(disk, vec![record(b'a'), record(b'b'), b"c".to_vec()]);
    log.append(&[&record(b'b'), b"c"]).await?;
    expected.acknowledge(disk);

    expected.begin(disk, vec![b"c".to_vec()]);
    log.checkpoint(&[b"c"]).await?;
    expected.acknowledge(disk);

    expected.begin(disk, vec![b"c".to_vec(), record(b'd')]);
    log.append(&[&record(b'd')]).await?;
    expected.acknowledge(disk);
    Ok(expected)
}

/// What was tried, or the image that was recovered to something wrong.
type Verdict = Result<u64, String>;

/// Recovers every image of every moment, and a second power cut beside a few of them.
async fn verdict(omitted: Option<Omitted>, model: CrashModel) -> Verdict {
    let disk = Disk::new();
    disk.put_dir(FOLDER);
    let history = disk.history();
    let expected = on(&disk, run(&disk, omitted)).await.unwrap();
    let mut tried = 0;
    for moment in history.moments() {
        let images = moment.crash_images(model, 1);
        assert!(images.exhaustive(), "{} operations are too many to try them all", images.unsynced());
        for image in images {
            let disk = image.disk();
            let found =
                on(&disk, Log::open_without(FOLDER, omitted)).await.map_err(|error| told(&image, error))?.1;
            if !expected.at(moment.number()).iter().any(|state| state.records == found) {
                return Err(told(&image, format!("found {:?}", shown(&found))));
            }
            tried += 1;
            if image.index() < 40 {
                tried += again(&image, found, omitted, model).await?;
            }
        }
    }
    Ok(tried)
}

/// Recovers an image, appends to it, and recovers what a power cut leaves of that.
async fn again(image: &CrashImage, found: Records, omitted: Option<Omitted>, model: CrashModel) -> Verdict {
    let disk = image.disk();
    let history = disk.history();
    let mut expected = Expected::default();
    expected.begin(&disk, found.clone());
    on(&disk, async {
        let (mut log, _) = Log::open_without(FOLDER, omitted).await?;
        expected.acknowledge(&disk);
        let more: Records = found.into_iter().chain([record(b'n')]).collect();
        expected.begin(&disk, more);
        log.append(&[&record(b'n')]).await?;
        expected.acknowledge(&disk);
        Ok::<(), folio::Error>(())
    })
    .await
    .unwrap();
    let mut tried = 0;
    for moment in history.moments() {
        for second in moment.crash_images(model, 1).samples(8).take(40) {
            let found = on(&second.disk(), Log::open_without(FOLDER, omitted)).await.unwrap().1;
            if !expected.at(moment.number()).iter().any(|state| state.records == found) {
                return Err(format!("{}and then {}", image, told(&second, shown(&found))));
            }
            tried += 1;
        }
    }
    Ok(tried)
}

fn told(image: &CrashImage, wrong: impl ToString) -> String {
    format!("{image}{}", wrong.to_string())
}

fn shown(records: &Records) -> String {
    records
        .iter()
        .map(|record| {
            format!("{}×{}", record.len(), record.escape_ascii().take(1).next().map_or('-', char::from))
        })
        .collect::<Vec<_>>()
        .join(" ")
}

async fn proven(model: CrashModel) {
    match verdict(None, model).await {
        Ok(tried) => println!("{tried} images of the {model} model, 0 wrong"),
        Err(wrong) => panic!("{wrong}"),
    }
}

#[tokio::test]
async fn no_power_cut_of_an_ext4_loses_a_record() {
    proven(CrashModel::Ext4Like).await;
}

#[tokio::test]
async fn no_power_cut_of_an_xfs_loses_a_record() {
    proven(CrashModel::XfsLike).await;
}

#[tokio::test]
async fn no_power_cut_of_a_disk_without_order_loses_a_record() {
    proven(CrashModel::WorstCase).await;
}

#[tokio::test]
async fn each_part_that_is_left_out_is_missed() {
    for omitted in
        [Omitted::Sync, Omitted::Checksum, Omitted::FolderSync, Omitted::Truncation, Omitted::CheckpointSync]
    {
        let mut caught = Vec::new();
        for model in CrashModel::ALL {
            if verdict(Some(omitted), model).await.is_err() {
                caught.push(model.to_string());
            }
        }
        println!("without {omitted:?}: caught by {caught:?}");
        assert!(caught.contains(&CrashModel::WorstCase.to_string()), "{omitted:?} is not missed");
    }
}

#[test]
fn each_run_finds_the_records_of_those_before() {
    let dir = tempfile::tempdir().unwrap();
    let run = || {
        let output = Command::new(crate::program("write_ahead_log")).arg(dir.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(), "acknowledged: run 1\n");
    assert_eq!(run(), "found: run 1\nacknowledged: run 2\n");
    for _ in 0..3 {
        run();
    }
    assert!(run().ends_with("found: run 5\nacknowledged: run 6\n"));
    assert_eq!(run(), "found: run 6\nacknowledged: run 7\n");
}
