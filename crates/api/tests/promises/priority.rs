//! B4 by classes: what is in the background takes neither the last permits nor the last workers.

use std::sync::Arc;

use folio::{Engine, File, Priority, fs};
use folio_testkit::polling::{Pending, at_once};
use folio_testkit::{Call, Disk, Gate};

use crate::{eventually, soon};

const WORKERS_MAX: usize = 8;
/// Workers that one device may have of them.
const LANE_WORKERS_MAX: usize = 6;
const OPS_MAX: usize = 64;
/// Operations of a scan: more than all permits.
const SCAN: u64 = 500;
const SCANNED: &str = "/scanned/file";

/// An engine on a disk that lets no write pass below `/scanned`, and no opening below `/scanned/new`.
fn engine(gate: &Gate) -> (Disk, Engine) {
    let disk = Disk::new();
    disk.put(SCANNED, "");
    disk.put("/scanned/new/first", "");
    disk.plan().on(Call::WriteAt).under("/scanned").wait_for(gate);
    disk.plan().on(Call::Open).under("/scanned/new").wait_for(gate);
    let builder = Engine::builder().workers_max(WORKERS_MAX).ops_max(OPS_MAX);
    let engine = builder.storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

async fn open(engine: &Engine, path: &str) -> File {
    File::options().read(true).write(true).create(true).open_on(engine, path).await.unwrap()
}

#[tokio::test]
async fn b4_a_scan_in_the_background_leaves_workers_and_permits() {
    let gate = Gate::closed();
    let (disk, engine) = engine(&gate);
    let scanned = open(&engine.with_priority(Priority::Background), SCANNED).await;
    let scan: Vec<_> =
        (0..SCAN).map(|block| Pending::new(scanned.write_bytes_at("scan", 10 * block))).collect();
    eventually("half of the device's workers are in the scan", || disk.running() == LANE_WORKERS_MAX / 2)
        .await;
    let admitted = engine.snapshot().in_flight;
    assert_eq!(admitted, (OPS_MAX - OPS_MAX / 4) as u64, "a quarter of the permits is left");

    for priority in [Priority::Normal, Priority::Interactive] {
        let request = open(&engine.with_priority(priority), "/request").await;
        for block in 0..100 {
            soon("a write beside the scan", request.write_all_at(b"request", 7 * block)).await.unwrap();
            let refused =
                soon("a write that does not wait", request.try_write_bytes_at("request", 7 * block));
            refused.await.unwrap();
        }
    }
    assert_eq!(disk.running(), LANE_WORKERS_MAX / 2);
    let refused = at_once(scanned.try_write_bytes_at("scan", 0)).expect("a refusal waits for nothing");
    assert!(refused.unwrap_err().error.is_overloaded(), "the rest is for others");

    gate.open();
    for write in scan {
        soon("the scan goes on", write.done()).await.unwrap();
    }
    assert_eq!(engine.snapshot().in_flight, 0);
}

#[tokio::test]
async fn b4_a_scan_of_the_same_class_does_take_them() {
    let gate = Gate::closed();
    let (disk, engine) = engine(&gate);
    let (scanned, request) = (open(&engine, SCANNED).await, open(&engine, "/request").await);
    let scan: Vec<_> =
        (0..SCAN).map(|block| Pending::new(scanned.write_bytes_at("scan", 10 * block))).collect();
    eventually("all of the device's workers are in the scan", || disk.running() == LANE_WORKERS_MAX).await;
    let waits = Pending::new(request.write_all_at(b"request", 0));
    assert!(at_once(request.try_write_bytes_at("request", 7)).unwrap().unwrap_err().error.is_overloaded());
    gate.open();
    waits.done().await.unwrap();
    for write in scan {
        write.done().await.unwrap();
    }
}

#[tokio::test]
async fn b4_requests_about_paths_have_the_class_of_their_engine_handle() {
    let gate = Gate::closed();
    let (disk, engine) = engine(&gate);
    let scanning = engine.with_priority(Priority::Background);
    let mut scan = Vec::new();
    for number in 0..SCAN {
        scan.push(Pending::new(scanning.scope(fs::write(format!("/scanned/new/{number}"), "scan"))));
        // A task that does so much without a pause is sent to the end of its executor's line.
        tokio::task::yield_now().await;
    }
    eventually("half of the workers are in the scan", || disk.running() == LANE_WORKERS_MAX / 2).await;
    for number in 0..20 {
        let path = format!("/request-{number}");
        soon("a write beside the scan", engine.scope(fs::write(&path, "request"))).await.unwrap();
        soon("a look beside the scan", engine.scope(fs::remove_file(&path))).await.unwrap();
    }
    gate.open();
    for write in scan {
        write.done().await.unwrap();
    }
    assert_eq!(engine.snapshot().in_flight, 0);
}
