//! D1, D2, D6: what an acknowledged write and a successful sync stand for, and what dropping a file may not do.

use std::path::{Path, PathBuf};
use std::process::Command;

use folio::{File, Operation};
use folio_testkit::process::again;
use folio_testkit::skip;
use folio_testkit::wait::holds_in_time;
use folio_testkit::{
    Call, Fault, Gate, Plan,
    errno::{EIO, ENOSPC},
};
use tempfile::TempDir;

use crate::process::{kill_myself, was_killed};
use crate::{PATH, Pending, bench, eventually, eventually_blocking, open, soon};

/// Tells a child its round and its file.
const WORD: &str = "FOLIO_PROMISE_WORD";

/// Processes that are made to die; every second one without any farewell.
const DEATHS: usize = 100;

const RECORD: &[u8] = b"acknowledged";

#[tokio::test]
async fn d1_an_acknowledged_write_is_seen_by_others_at_once() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("log");
    let file = File::create(&path).await.unwrap();
    let other = File::open(&path).await.unwrap();
    for round in 0..200_u8 {
        let record = [round; 100];
        if round % 2 == 0 {
            file.write_all(&record).await.unwrap();
        } else {
            file.append_bytes(record.to_vec()).await.unwrap();
            file.seek(std::io::SeekFrom::End(0)).await.unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap()[usize::from(round) * 100..], record, "by std");
        let mut seen = [0; 101];
        assert_eq!(other.read_at(&mut seen, u64::from(round) * 100).await.unwrap(), 100);
        assert_eq!(seen[..100], record, "by another opening");
    }
    let seen = Command::new("cat").arg(&path).output().unwrap().stdout;
    assert_eq!(seen, std::fs::read(&path).unwrap(), "by another process");
}

#[test]
fn d1_an_acknowledged_write_survives_the_death_of_its_process() {
    let test = "durability::d1_an_acknowledged_write_survives_the_death_of_its_process";
    if let Ok(word) = std::env::var(WORD) {
        let (round, path) = word.split_once(' ').unwrap();
        write_and_die(round.parse().unwrap(), Path::new(path));
    }
    let room = TempDir::new().unwrap();
    for round in 0..DEATHS {
        let path = room.path().join(round.to_string());
        let child = again(test).env(WORD, format!("{round} {}", path.display())).output().unwrap();
        let died_as_planned = if round % 2 == 0 { child.status.success() } else { was_killed(child.status) };
        assert!(died_as_planned, "round {round}: {child:?}");
        assert_eq!(std::fs::read(&path).unwrap(), RECORD, "round {round} lost what was acknowledged");
    }
}

/// Writes one record in one of five ways, and ends the process the moment it is acknowledged.
fn write_and_die(round: usize, path: &Path) -> ! {
    use tokio::io::AsyncWriteExt;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut file = File::create(path).await.unwrap();
        match round / 2 % 5 {
            0 => file.write_all(RECORD).await.unwrap(),
            1 => file.write_bytes_at(RECORD, 0).await.unwrap(),
            2 => assert_eq!(file.append(RECORD).await.unwrap(), 0),
            3 => folio::fs::write(path, RECORD).await.unwrap(),
            _ => {
                AsyncWriteExt::write_all(&mut file, RECORD).await.unwrap();
                AsyncWriteExt::flush(&mut file).await.unwrap();
            }
        }
        if round.is_multiple_of(3) {
            drop(file);
        }
        if round.is_multiple_of(2) {
            std::process::exit(0);
        }
        kill_myself()
    })
}

#[tokio::test]
async fn d2_sync_covers_everything_acknowledged_before_it() {
    let (disk, engine) = bench();
    // Longer than a caller spins for an answer, so that others come meanwhile and share the next one.
    disk.plan().on(Call::Sync).delay(std::time::Duration::from_micros(500), 7);
    let file = open(&engine).await;
    let tasks = (0..32_u8).map(|task| {
        let (file, disk) = (file.clone(), disk.clone());
        tokio::spawn(async move {
            for round in 0..8_u8 {
                let (record, offset) =
                    ([task + 1, round + 1, 7], usize::from(task) * 24 + usize::from(round) * 3);
                file.write_all_at(&record, offset as u64).await.unwrap();
                file.sync_data().await.unwrap();
                assert_eq!(disk.durable(PATH)[offset..offset + 3], record, "task {task}, round {round}");
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        soon("a task of writes and syncs", task).await.unwrap();
    }
    let counters = engine.snapshot().counters;
    assert!(counters.syncs_issued < counters.syncs_asked, "nothing was shared: {counters:?}");
}

#[tokio::test]
async fn d2_a_sync_asked_for_after_a_write_does_not_ride_on_one_that_began_before_it() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let gate = Gate::closed();
    let held = disk.plan().on(Call::Sync).nth(1).wait_for(&gate);
    let early = Pending::new(file.sync_data());
    gate.arrived(1);
    file.write_all(b"between").await.unwrap();
    let late = Pending::new(file.sync_data());
    gate.open();
    early.done().await.unwrap();
    late.done().await.unwrap();
    assert_eq!(disk.durable(PATH), b"between");
    assert_eq!((held.fired(), disk.calls(Call::Sync)), (1, 2));
}

#[tokio::test]
async fn d2_a_sync_waits_for_the_writes_asked_for_before_it() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let gate = Gate::closed();
    let held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    let write = Pending::new(file.write_all(b"slow"));
    gate.arrived(1);
    let sync = Pending::new(file.sync_all());
    gate.open();
    sync.done().await.unwrap();
    assert_eq!((disk.durable(PATH), held.fired()), (b"slow".to_vec(), 1));
    write.done().await.unwrap();
}

type Plant = fn(&Plan) -> Fault;

/// The ways in which something that a sync would have to vouch for can fail.
const FAILING: [(&str, Plant); 5] = [
    ("write", |plan| plan.on(Call::WriteAt).fail(ENOSPC)),
    ("torn write", |plan| plan.on(Call::WriteAt).tear(2, ENOSPC)),
    ("append", |plan| plan.on(Call::Append).fail(ENOSPC)),
    ("length", |plan| plan.on(Call::SetLen).fail(ENOSPC)),
    ("panic", |plan| plan.on(Call::WriteAt).panic()),
];

#[tokio::test]
async fn d2_a_sync_is_never_ok_after_a_failure_that_it_would_have_to_cover() {
    for (what, plant) in FAILING {
        for across_openings in [false, true] {
            let (disk, engine) = bench();
            let file = open(&engine).await;
            let other = if across_openings { open(&engine).await } else { file.clone() };
            let fault = plant(disk.plan());
            let failed = match what {
                "append" => file.append(b"record").await.map(|_| ()),
                "length" => file.set_len(9).await,
                _ => file.write_all(b"record").await,
            };
            assert!(failed.is_err(), "{what}");
            assert_eq!(fault.fired(), 1, "{what}");
            fault.lift();
            let error = other.sync_all().await.expect_err(what);
            assert_eq!(error.operation(), Operation::SyncAll, "{what}");
            if what != "panic" {
                assert_eq!(error.raw_os_error(), Some(ENOSPC), "{what}");
            }
            file.sync_all().await.unwrap_or_else(|error| panic!("{what} is reported twice: {error}"));
        }
    }
}

/// A real file system of a given size, gone with the value.
struct Tmpfs(TempDir);

impl Tmpfs {
    /// `None` without the right to mount.
    fn of_1_mib() -> Option<Tmpfs> {
        let room = TempDir::new().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "none"]).arg(room.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Tmpfs(room)),
            refused => {
                skip("a disk that is really full", &format!("this process may not mount: {refused:?}"));
                None
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("big")
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: descriptors that are being closed on a worker must not keep the mount alive.
        let unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[tokio::test]
async fn d2_d4_a_full_disk_is_reported_by_the_write_that_met_it() {
    let Some(disk) = Tmpfs::of_1_mib() else { return };
    let path = disk.path();
    let file = File::create(&path).await.unwrap();
    file.write_all(&[1; 1000]).await.unwrap();
    let error = file.write_all(&vec![2; 2 << 20]).await.unwrap_err();
    let len = std::fs::metadata(&path).unwrap().len();
    assert_eq!(error.raw_os_error(), Some(ENOSPC), "{error}");
    assert_eq!((error.operation(), error.path()), (Operation::Write, Some(&*path)));
    assert_eq!(error.bytes_done(), len - 1000, "{error}");
    assert_eq!(file.stream_position().await.unwrap(), len);
    assert!(error.may_have_happened());
    assert_eq!(file.sync_all().await.unwrap_err().raw_os_error(), Some(ENOSPC));
    file.set_len(0).await.unwrap();
    file.write_all_at(&[3; 1000], 0).await.unwrap();
    file.sync_all().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [3; 1000]);
}

#[test]
fn d6_drop_never_blocks() {
    let (disk, engine) = bench();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let file = runtime.block_on(async {
        let file = open(&engine).await;
        file.write_all(b"written").await.unwrap();
        file
    });
    let gate = Gate::closed();
    let held = disk.plan().on(Call::Close).wait_for(&gate);
    std::thread::scope(|scope| {
        let dropping = scope.spawn(|| drop(file));
        let returned = holds_in_time(|| dropping.is_finished());
        gate.arrived(1);
        assert_eq!(disk.open_files(), 1, "the storage is still closing");
        gate.open();
        assert!(returned, "dropping a file waited for the storage");
    });
    assert_eq!(held.fired(), 1);
    eventually_blocking("the descriptor is given up", || disk.open_files() == 0);
}

#[tokio::test]
async fn d6_drop_loses_nothing_that_has_begun() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    let gate = Gate::closed();
    let held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    let write = Pending::new(file.write_all(b"begun"));
    gate.arrived(1);
    drop(write);
    drop(file);
    assert_eq!(disk.open_files(), 1, "closed under a running write");
    gate.open();
    eventually("the descriptor is given up", || disk.open_files() == 0).await;
    assert_eq!((disk.contents(PATH), held.fired()), (b"begun".to_vec(), 1));
}

#[tokio::test]
async fn d6_close_returns_what_closing_reports() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    file.write_all(b"written").await.unwrap();
    let fault = disk.plan().on(Call::Close).fail(EIO);
    let error = file.close().await.unwrap_err();
    assert_eq!((error.operation(), error.raw_os_error()), (Operation::Close, Some(EIO)));
    assert_eq!((fault.fired(), engine.snapshot().counters.unobserved_errors), (1, 0));
}

#[tokio::test]
async fn d6_drop_hides_no_error_of_closing() {
    let (disk, engine) = bench();
    let file = open(&engine).await;
    file.write_all(b"written").await.unwrap();
    let fault = disk.plan().on(Call::Close).fail(EIO);
    drop(file);
    eventually("the failed close is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
    assert_eq!(fault.fired(), 1);
}
