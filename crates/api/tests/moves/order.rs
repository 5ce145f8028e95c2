//! Whatever fails at whatever moment of a move between devices, what was to be moved is there, and what it was to replace
//! too until that.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use folio::fs::move_path;
use folio::{Engine, Result};
use folio_testkit::polling::poll_once;
use folio_testkit::wait::{PATIENCE, eventually, settled};
use folio_testkit::{Call, Disk, Fault, Gate, Mount, Plan, Survivors};

const FROM: &str = "/here/file";
const TO: &str = "/there/file";
const OLD: &[u8] = b"what is replaced";
const NEW: &[u8] = b"the only copy";

const EIO: i32 = 5;
const EBUSY: i32 = 16;
const ENOSPC: i32 = 28;
const EDQUOT: i32 = 122;

/// Calls of the storage after which a move must be done.
const CALLS_MAX: u64 = 100;

fn stage() -> (Disk, Engine) {
    let disk = Disk::with_plan(Plan::new());
    disk.put(FROM, NEW);
    disk.put(TO, OLD);
    disk.mount("/there", Mount { device: 7, remote: false });
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    (disk, engine)
}

async fn moved(engine: &Engine) -> Result<()> {
    engine.scope(move_path(FROM, TO)).await
}

#[tokio::test]
async fn a_move_copies_syncs_names_and_removes() {
    let (disk, engine) = stage();
    moved(&engine).await.unwrap();
    assert!(!disk.exists(FROM));
    assert_eq!((disk.contents(TO), disk.durable(TO)), (NEW.to_vec(), NEW.to_vec()));
    assert_eq!(disk.list("/there"), ["file"]);
    assert_eq!(disk.after_power_cut(Survivors::Nothing).contents(TO), NEW);
    assert_eq!((disk.calls(Call::Sync), disk.calls(Call::Close)), (2, 1));
}

#[tokio::test]
async fn what_fails_before_the_copy_has_its_name_leaves_everything_as_it_was() {
    let check = async |call: Call, nth: u64, errno: i32| {
        let (disk, engine) = stage();
        let fault: Fault = disk.plan().on(call).nth(nth).fail(errno);
        let error = moved(&engine).await.expect_err("the fault is met");
        assert_eq!((error.raw_os_error(), fault.fired()), (Some(errno), 1), "{call:?}: {error}");
        assert_eq!((disk.contents(FROM), disk.contents(TO)), (NEW.to_vec(), OLD.to_vec()), "{call:?}");
        assert_eq!(disk.list("/there"), ["file"], "{call:?}");
        assert_eq!(disk.open_files(), 0, "{call:?}");
    };
    check(Call::Copy, 1, EIO).await;
    check(Call::Open, 1, ENOSPC).await;
    check(Call::WriteAt, 1, ENOSPC).await;
    check(Call::SetPermissions, 1, EIO).await;
    check(Call::Sync, 1, EIO).await;
    check(Call::Close, 1, EDQUOT).await;
    // The first is what finds out that it is another device.
    check(Call::Rename, 1, EIO).await;
    check(Call::Rename, 2, EIO).await;
}

#[tokio::test]
async fn what_fails_afterwards_leaves_both() {
    let check = async |call: Call, nth: u64| {
        let (disk, engine) = stage();
        let fault: Fault = disk.plan().on(call).nth(nth).fail(EIO);
        let error = moved(&engine).await.expect_err("the fault is met");
        assert_eq!((error.raw_os_error(), fault.fired()), (Some(EIO), 1), "{call:?}: {error}");
        assert_eq!((disk.contents(FROM), disk.contents(TO)), (NEW.to_vec(), NEW.to_vec()), "{call:?}");
        assert_eq!(disk.list("/there"), ["file"], "{call:?}");
    };
    // Of the directory, that the name survives.
    check(Call::Sync, 2).await;
    check(Call::RemoveFile, 1).await;
}

#[tokio::test]
async fn the_power_may_go_at_any_moment() {
    for nth in 1..CALLS_MAX {
        let (disk, engine) = stage();
        let from_then: Fault = disk.plan().on_any().from(nth).fail(EIO);
        let done = moved(&engine).await.is_ok();
        assert_eq!(done, from_then.fired() == 0, "from call {nth} on");
        for survivors in [Survivors::Nothing, Survivors::Everything, Survivors::Random(nth)] {
            let after = disk.after_power_cut(survivors);
            let has = |path: &str| after.exists(path) && after.contents(path) == NEW;
            assert!(has(FROM) || has(TO), "from call {nth} on, {survivors:?}");
        }
        if done {
            return;
        }
    }
    panic!("a move takes {CALLS_MAX} calls");
}

#[tokio::test]
async fn an_original_that_is_changed_meanwhile_stays() {
    let (disk, engine) = stage();
    let gate = Gate::closed();
    let _held = disk.plan().on(Call::Close).wait_for(&gate);
    let mut moving = pin!(moved(&engine));
    until_held(moving.as_mut(), &gate).await;
    disk.put(FROM, "changed");
    gate.open();
    let error = moving.await.expect_err("it is not what was copied");
    assert_eq!(error.raw_os_error(), Some(EBUSY), "{error}");
    assert_eq!((disk.contents(FROM), disk.contents(TO)), (b"changed".to_vec(), OLD.to_vec()));
    assert_eq!(disk.list("/there"), ["file"]);
}

#[tokio::test]
async fn a_move_that_is_given_up_removes_its_copy_even_in_a_shutdown() {
    let (disk, engine) = stage();
    let gate = Gate::closed();
    let _held = disk.plan().on(Call::WriteAt).wait_for(&gate);
    {
        let mut moving = pin!(moved(&engine));
        until_held(moving.as_mut(), &gate).await;
    }
    assert_eq!(disk.list("/there"), [".moving", "file"]);
    let mut shutdown = pin!(engine.shutdown(PATIENCE));
    assert!(poll_once(shutdown.as_mut()).is_pending());
    gate.open();
    shutdown.await.unwrap();
    assert_eq!((disk.contents(FROM), disk.contents(TO)), (NEW.to_vec(), OLD.to_vec()));
    assert_eq!((disk.list("/there"), disk.open_files()), (vec!["file".to_owned()], 0));
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

#[tokio::test]
async fn a_move_that_is_given_up_at_its_end_finishes() {
    let (disk, engine) = stage();
    let gate = Gate::closed();
    let _held = disk.plan().on(Call::Close).wait_for(&gate);
    {
        let mut moving = pin!(moved(&engine));
        until_held(moving.as_mut(), &gate).await;
    }
    gate.open();
    settled(|| engine.snapshot()).await;
    assert!(!disk.exists(FROM));
    assert_eq!((disk.contents(TO), disk.list("/there")), (NEW.to_vec(), vec!["file".to_owned()]));
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
}

/// Polls a move until one of its calls waits at the gate.
async fn until_held<F: Future>(mut moving: Pin<&mut F>, gate: &Gate) {
    let is_held = || {
        assert!(poll_once(moving.as_mut()).is_pending());
        gate.waiting() > 0
    };
    eventually("a call comes to the gate", is_held).await;
}
