//! D2, D4: a sync reports a failure by which the file may lack something, and not a call that was refused before
//! it touched anything and whose caller knows that.

use std::future::Future;
use std::io::SeekFrom;
use std::pin::Pin;

use folio::{Error, File, Result};
use folio_testkit::{
    Call, Disk, Gate, Mount,
    errno::{EBADF, EDQUOT, EFBIG, EINVAL, EIO, EISDIR, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM, EROFS, ESTALE},
};
use tempfile::TempDir;

use crate::{PATH, Pending, bench, engine_on, eventually, open};

const ESPIPE: i32 = 29;
const ETXTBSY: i32 = 26;

/// The call makes no sense for the file.
const WRONG: [i32; 6] = [EBADF, EINVAL, EISDIR, ESPIPE, ENOSYS, EOPNOTSUPP];
/// The call is forbidden; over a network it may stand for an earlier one.
const FORBIDDEN: [i32; 3] = [EFBIG, EPERM, ETXTBSY];
/// Something is lost, or may be.
const LOSSES: [i32; 5] = [EIO, ENOSPC, EDQUOT, ESTALE, EROFS];

type Attempt = fn(&File) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;

/// Everything that changes a file, with the call that it makes.
const CHANGES: [(&str, Call, Attempt); 7] = [
    ("write_all", Call::WriteAt, |file| Box::pin(file.write_all(b"data"))),
    ("write_all_at", Call::WriteAt, |file| Box::pin(file.write_all_at(b"data", 3))),
    ("write_bytes", Call::WriteAt, |file| Box::pin(async { file.write_bytes("data").await.map(|_| ()) })),
    ("try_write_bytes_at", Call::WriteAt, |file| {
        Box::pin(async { file.try_write_bytes_at("data", 0).await.map(|_| ()).map_err(Error::from) })
    }),
    ("append", Call::Append, |file| Box::pin(async { file.append(b"data").await.map(|_| ()) })),
    ("try_append", Call::Append, |file| {
        Box::pin(async { file.try_append_bytes("data").await.map(|_| ()).map_err(Error::from) })
    }),
    ("set_len", Call::SetLen, |file| Box::pin(file.set_len(9))),
];

/// Everything else, none of which a sync has to do with.
const OTHERS: [(&str, Call, Attempt); 5] = [
    ("read", Call::ReadAt, |file| Box::pin(async { file.read_bytes_at(0, 4).await.map(|_| ()) })),
    ("metadata", Call::FileMetadata, |file| Box::pin(async { file.metadata().await.map(|_| ()) })),
    ("seek", Call::Len, |file| Box::pin(async { file.seek(SeekFrom::End(0)).await.map(|_| ()) })),
    ("set_times", Call::SetTimes, |file| Box::pin(file.set_times(std::fs::FileTimes::new()))),
    ("try_lock", Call::Lock, |file| Box::pin(async { file.try_lock().await.map(|_| ()) })),
];

/// Lets the first such call fail, and says whether the sync after it does, and whether the one after that.
async fn sync_after(disk: &Disk, call: Call, errno: i32, attempt: Attempt) -> Option<i32> {
    let engine = engine_on(disk);
    let file = open(&engine).await;
    let fault = disk.plan().on(call).nth(1).fail(errno);
    let error = attempt(&file).await.expect_err("the call fails");
    assert!(fault.fired() == 1 && !error.is_poisoned(), "{error}");
    let told = file.sync_data().await.err();
    assert!(told.as_ref().is_none_or(|error| !error.is_poisoned()), "{told:?}");
    file.sync_all().await.expect("it is told once");
    file.close().await.expect("it has been told");
    assert_eq!(engine.snapshot().counters.unobserved_errors, 0);
    told.map(|error| error.raw_os_error().expect("it is the failure itself"))
}

#[tokio::test]
async fn d2_a_sync_tells_of_losses_and_not_of_refusals() {
    for (name, call, attempt) in CHANGES {
        for errno in WRONG.into_iter().chain(FORBIDDEN) {
            let (disk, _engine) = bench();
            assert_eq!(sync_after(&disk, call, errno, attempt).await, None, "{name}: {errno}");
        }
        for errno in LOSSES {
            let (disk, _engine) = bench();
            assert_eq!(sync_after(&disk, call, errno, attempt).await, Some(errno), "{name}: {errno}");
        }
    }
}

#[tokio::test]
async fn d2_over_a_network_what_is_forbidden_may_be_a_loss() {
    for (name, call, attempt) in CHANGES {
        for (errno, told) in
            WRONG.map(|errno| (errno, None)).into_iter().chain(FORBIDDEN.map(|e| (e, Some(e))))
        {
            let (disk, _engine) = bench();
            disk.mount("/", Mount { device: 9, remote: true });
            assert_eq!(sync_after(&disk, call, errno, attempt).await, told, "{name}: {errno}");
        }
    }
}

#[tokio::test]
async fn d2_a_sync_has_nothing_to_do_with_calls_that_change_nothing() {
    for (name, call, attempt) in OTHERS {
        for errno in WRONG.into_iter().chain(LOSSES) {
            let (disk, engine) = bench();
            let file = open(&engine).await;
            disk.plan().on(Call::ReadNow).would_block();
            disk.plan().on(call).nth(1).fail(errno);
            let failed = attempt(&file).await;
            assert!(failed.is_err(), "{name}: {errno}");
            file.sync_data().await.unwrap_or_else(|error| panic!("{name}: {errno}: {error}"));
            file.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn d2_a_refusal_after_a_part_is_a_loss() {
    for (name, call, attempt) in CHANGES {
        if call == Call::SetLen {
            continue;
        }
        let (disk, engine) = bench();
        let file = open(&engine).await;
        disk.plan().on(call).nth(1).at_most(2);
        disk.plan().on(call).nth(2).fail(EFBIG);
        assert_eq!(attempt(&file).await.err().map(|error| error.bytes_done()), Some(2), "{name}");
        assert_eq!(file.sync_data().await.unwrap_err().raw_os_error(), Some(EFBIG), "{name}");
        file.sync_data().await.unwrap();
    }
}

#[tokio::test]
async fn d3_a_sync_that_makes_no_sense_is_no_failed_sync() {
    for errno in WRONG {
        let (disk, engine) = bench();
        let file = open(&engine).await;
        file.write_all(b"data").await.unwrap();
        let fault = disk.plan().on(Call::Sync).nth(1).fail(errno);
        assert_eq!(file.sync_all().await.unwrap_err().raw_os_error(), Some(errno));
        file.write_all(b"more").await.unwrap_or_else(|error| panic!("{errno}: {error}"));
        file.sync_all().await.unwrap();
        file.close().await.unwrap();
        assert_eq!(fault.fired(), 1);
    }
}

#[tokio::test]
async fn d4_a_refusal_that_nobody_heard_is_owed() {
    for (name, call, attempt) in CHANGES {
        for begun in [true, false] {
            let (disk, engine) = bench();
            let file = open(&engine).await;
            let gate = Gate::closed();
            disk.plan().on(call).wait_for(&gate);
            disk.plan().on(call).nth(1).fail(EBADF);
            let attempt = Pending::new(attempt(&file));
            gate.arrived(1);
            // Dropped while it runs, or when it has been answered.
            let kept = (!begun).then_some(attempt);
            gate.open();
            eventually("the call has ended", || engine.snapshot().in_flight == 0).await;
            drop(kept);
            eventually("it is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
            assert_eq!(file.sync_data().await.unwrap_err().raw_os_error(), Some(EBADF), "{name}: {begun}");
            file.sync_data().await.unwrap();
        }
    }
}

/// Cause: a seek whose caller had given it up, and that failed, was owed like a write. Loss: a sync that says so of data
/// of which nothing is lost. Fix: what changes nothing is counted and no more.
#[tokio::test]
async fn d2_a_sync_has_nothing_to_do_with_what_changes_nothing_and_was_given_up() {
    for (name, call, attempt) in
        OTHERS.into_iter().filter(|(name, ..)| ["read", "metadata", "seek"].contains(name))
    {
        let (disk, engine) = bench();
        let file = open(&engine).await;
        let gate = Gate::closed();
        disk.plan().on(Call::ReadNow).would_block();
        disk.plan().on(call).wait_for(&gate);
        disk.plan().on(call).nth(1).fail(EIO);
        // Its caller waits behind a write, and gives it up while it runs.
        let written = Gate::closed();
        disk.plan().on(Call::WriteAt).wait_for(&written);
        let write = Pending::new(file.write_bytes_at("data", 0));
        let given_up = Pending::new(attempt(&file));
        written.open();
        write.done().await.unwrap();
        gate.arrived(1);
        drop(given_up);
        gate.open();
        eventually("it is counted", || engine.snapshot().counters.unobserved_errors == 1).await;
        file.sync_data().await.unwrap_or_else(|error| panic!("{name}: {error}"));
        file.close().await.unwrap();
    }
}

#[tokio::test]
async fn d4_what_was_accepted_into_a_buffer_and_then_refused_is_a_loss() {
    for errno in [EBADF, EFBIG] {
        let (disk, engine) = bench();
        let mut options = File::options();
        let file =
            options.write(true).buffering(folio::Buffering::Bytes(64)).open_on(&engine, PATH).await.unwrap();
        file.write_all(b"kept").await.unwrap();
        disk.plan().on(Call::WriteAt).nth(1).fail(errno);
        assert_eq!(file.sync_data().await.unwrap_err().raw_os_error(), Some(errno));
    }
}

/// The calls of the reports, on real files.
#[tokio::test]
async fn d2_refused_arguments_and_a_handle_without_the_right_poison_nothing() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a");
    let file = File::options().read(true).write(true).create(true).open(&path).await.unwrap();
    file.write_all(b"data").await.unwrap();
    file.set_len(u64::MAX).await.unwrap_err();
    file.set_len(1 << 62).await.unwrap_err();
    file.write_bytes_at("x", u64::MAX - 1).await.unwrap_err();
    file.sync_all().await.unwrap();
    let reader = File::options().read(true).open(&path).await.unwrap();
    reader.append(b"x").await.unwrap_err();
    reader.write_all(b"x").await.unwrap_err();
    reader.write_bytes_at("x", 0).await.unwrap_err();
    reader.set_len(0).await.unwrap_err();
    reader.sync_all().await.unwrap();
    reader.close().await.unwrap();
    file.sync_all().await.unwrap();
    file.close().await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"data");
}
