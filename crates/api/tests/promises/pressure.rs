//! B1, B2, B3, B5: what is offered beyond the limits waits outside or comes back, and takes nothing.

use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use folio::{Engine, File, fs};
use folio_testkit::process::alone;
use folio_testkit::{Call, Disk, Gate};
use tempfile::TempDir;

use crate::process::{count_own, resident_bytes};
use crate::{PATH, Pending, at_once, eventually, open, soon};

const OPS_MAX: usize = 64;
const BYTES_MAX: usize = 64 * 1024;
const WORKERS_MAX: usize = 4;

/// Bytes by which memory may grow while a great many operations are refused: the allocator's and the test's
/// own, a small part of what they would take if they were kept.
const SLACK_BYTES: u64 = 4 << 20;

/// An engine with small limits whose every write waits at the gate.
fn stuck_engine(gate: &Gate) -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put(PATH, "");
    disk.plan().on(Call::WriteAt).wait_for(gate);
    disk.plan().on(Call::Append).wait_for(gate);
    let builder = Engine::builder().workers_max(WORKERS_MAX).ops_max(OPS_MAX).bytes_max(BYTES_MAX);
    let engine = builder.storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

#[tokio::test]
async fn b1_what_is_queued_never_exceeds_the_limits() {
    // Small ones reach the limit of operations first, large ones that of bytes, and the last is alone too large.
    for len in [16, 4 * 1024, BYTES_MAX * 2] {
        let gate = Gate::closed();
        let (disk, engine) = stuck_engine(&gate);
        let file = open(&engine).await;
        let admitted = OPS_MAX.min((BYTES_MAX / len).max(1)) as u64;
        let writes: Vec<_> = (0..OPS_MAX * 10)
            .map(|index| Pending::new(file.write_bytes_at(vec![1; len], (index * len) as u64)))
            .collect();
        gate.arrived(1);
        let seen = engine.snapshot();
        assert_eq!((seen.in_flight, seen.in_flight_peak), (admitted, admitted), "{len}");
        let queued: u64 = seen.files.iter().map(|file| file.queued_bytes).sum();
        assert!(queued <= (BYTES_MAX as u64).max(len as u64), "{len}: {queued}");
        gate.open();
        for write in writes {
            write.done().await.unwrap();
        }
        let after = engine.snapshot();
        assert_eq!((after.in_flight, after.in_flight_peak), (0, admitted), "{len}");
        assert_eq!(disk.contents(PATH).len(), OPS_MAX * 10 * len);
    }
}

#[test]
fn b2_a_refusal_is_immediate_and_gives_the_payload_back() {
    if !alone("pressure::b2_a_refusal_is_immediate_and_gives_the_payload_back") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let gate = Gate::closed();
        let (disk, engine) = stuck_engine(&gate);
        let file = open(&engine).await;
        let full: Vec<_> = (0..OPS_MAX).map(|_| Pending::new(file.append(b"x"))).collect();
        let record = Bytes::from(vec![7; 10_000]);
        check_refusals(&file, &record, 1_000);
        let before = resident_bytes();
        check_refusals(&file, &record, 100_000);
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < SLACK_BYTES, "refusals took {grown} bytes");
        assert_eq!(engine.snapshot().counters.refusals, 2 * 101_000);
        assert_eq!(engine.snapshot().in_flight, OPS_MAX as u64);
        gate.open();
        for append in full {
            append.done().await.unwrap();
        }
        file.try_append_bytes(record).await.unwrap();
        assert_eq!(disk.contents(PATH).len(), OPS_MAX + 10_000);
    });
}

fn check_refusals(file: &File, record: &Bytes, count: usize) {
    for _ in 0..count {
        let refused = at_once(file.try_append_bytes(record.clone())).expect("a refusal waits for nothing");
        let refused = refused.unwrap_err();
        assert!(refused.error.is_overloaded() && !refused.error.may_have_happened());
        assert_eq!(refused.payload.unwrap().as_ptr(), record.as_ptr(), "the payload itself comes back");
        let refused = at_once(file.try_write_bytes_at(record.clone(), 0)).unwrap().unwrap_err();
        assert_eq!(refused.payload.unwrap().as_ptr(), record.as_ptr());
    }
}

#[test]
fn b3_memory_threads_and_descriptors_stay_within_budget() {
    if !alone("pressure::b3_memory_threads_and_descriptors_stay_within_budget") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let threads = count_own("task");
        let gate = Gate::closed();
        let (disk, engine) = stuck_engine(&gate);
        let file = open(&engine).await;
        let full: Vec<_> =
            (0..OPS_MAX as u64).map(|index| Pending::new(file.write_bytes_at("x", index * 2))).collect();
        eventually("every worker that may is stuck", || disk.running() == WORKERS_MAX - WORKERS_MAX / 4)
            .await;
        let descriptors = count_own("fd");
        let before = resident_bytes();
        for round in 0..50_000 {
            drop(at_once(file.try_append_bytes(vec![0; 100])));
            // Given up while it waits for a permit.
            drop(Pending::new(file.write_bytes_at(vec![0; 100], round)));
        }
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < SLACK_BYTES, "100,000 offers took {grown} bytes");
        // The engine's own runtime has one thread.
        assert!(count_own("task") <= threads + WORKERS_MAX + 1, "{} threads", count_own("task"));
        assert_eq!(count_own("fd"), descriptors);
        gate.open();
        for write in full {
            write.done().await.unwrap();
        }
        assert_eq!(engine.snapshot().in_flight, 0);
        assert!(engine.snapshot().pool.threads_started <= WORKERS_MAX as u64);
    });
}

#[test]
fn b3_descriptors_come_back_when_files_are_dropped() {
    if !alone("pressure::b3_descriptors_come_back_when_files_are_dropped") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let room = TempDir::new().unwrap();
        File::create(room.path().join("first")).await.unwrap().close().await.unwrap();
        eventually("the first file is gone", || folio::Engine::global().snapshot().files.is_empty()).await;
        let baseline = count_own("fd");
        for index in 0..2_000 {
            let file = File::create(room.path().join((index % 10).to_string())).await.unwrap();
            file.write_all(b"x").await.unwrap();
        }
        eventually("every descriptor is back", || count_own("fd") <= baseline).await;
    });
}

#[tokio::test]
async fn b5_a_read_of_something_endless_is_bounded() {
    for limit in [0, 1, 4_096, 1 << 20] {
        let file = File::open("/dev/zero").await.unwrap();
        assert!(file.read_to_end_limited(limit).await.unwrap_err().is_too_long(), "{limit}");
        let error = fs::read_limited("/dev/zero", limit as u64).await.unwrap_err();
        assert!(error.is_too_long(), "{limit}: {error}");
    }
}

#[test]
fn b5_a_read_of_a_growing_file_is_bounded() {
    const LIMIT: usize = 1 << 20;
    let room = TempDir::new().unwrap();
    let path = room.path().join("log");
    let growing = std::fs::File::create(&path).unwrap();
    growing.set_len(LIMIT as u64 - 100).unwrap();
    let stop = AtomicBool::new(false);
    let (mut whole, mut too_long) = (0, 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for at in LIMIT as u64 - 100.. {
                if stop.load(Ordering::Relaxed) || at > 2 * LIMIT as u64 {
                    break;
                }
                growing.write_all_at(b"x", at).unwrap();
            }
        });
        let read = async {
            while too_long < 2 {
                let file = File::open(&path).await.unwrap();
                for read in
                    [file.read_to_end_limited(LIMIT).await, fs::read_limited(&path, LIMIT as u64).await]
                {
                    match read {
                        Ok(bytes) => whole += usize::from(bytes.len() <= LIMIT),
                        Err(error) => too_long += usize::from(error.is_too_long()),
                    }
                }
            }
        };
        runtime.block_on(soon("the file outgrows the limit", read));
        stop.store(true, Ordering::Relaxed);
    });
    assert!(too_long >= 2, "{whole} reads were whole");
}
