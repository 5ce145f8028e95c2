//! One act, once for each call that it makes and each way in which that call may fail.

use std::path::PathBuf;
use std::sync::Arc;

use folio::{Engine, Error, Result};
use folio_testkit::errno::{
    EACCES, EBUSY, EINTR, EINVAL, EIO, ELOOP, ENOENT, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM, EROFS, ESTALE,
};
use folio_testkit::wait::{eventually_blocking, settled, soon};
use folio_testkit::{Call, Disk, FuseCache, FuseMount, Survivors};
use tempfile::TempDir;

use crate::acts::{Act, Body};
use crate::ground::{ROOM, Tree, furnish, tree};
use crate::verdict::{is_of, judge_clean, would_not_end};

/// Not `EMFILE`, on which the engine waits for descriptors.
pub(crate) const ERRNOS: [i32; 13] =
    [EACCES, EBUSY, EINTR, EINVAL, EIO, ELOOP, ENOENT, ENOSPC, ENOSYS, EOPNOTSUPP, EPERM, EROFS, ESTALE];

/// How the n-th call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It does nothing and fails.
    Whole,
    /// It moves one byte, and the one after it fails.
    Short,
}

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) n: u64,
    pub(crate) errno: i32,
    pub(crate) for_good: bool,
    pub(crate) how: How,
}

impl Fault {
    /// Adds it to the disk: the fault, and what makes the call before it come short.
    fn arm(self, disk: &Disk) -> Armed {
        let plan = disk.plan();
        let (at, short) = match self.how {
            How::Whole => (self.n, None),
            How::Short => (self.n + 1, Some(plan.on_any().nth(self.n).at_most(1))),
        };
        let trigger = plan.on_any();
        let fault = if self.for_good { trigger.from(at) } else { trigger.nth(at) }.fail(self.errno);
        Armed { fault, short }
    }
}

/// What came of one run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) room: PathBuf,
    pub(crate) outcome: Result<String>,
    /// The call that failed first.
    pub(crate) met: Option<(Call, PathBuf)>,
    /// The call that came short.
    pub(crate) short: Option<Call>,
    /// What two syncs and a close said afterwards, on a disk that is well again; of acts on open files.
    pub(crate) after: Option<[std::result::Result<(), Error>; 3]>,
    pub(crate) unobserved: u64,
    pub(crate) panics: u64,
    pub(crate) tree: Tree,
    pub(crate) durable: Tree,
}

/// The rules of a fault on a disk.
struct Armed {
    fault: folio_testkit::Fault,
    short: Option<folio_testkit::Fault>,
}

/// How the disk is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// As a storage of which nothing is at hand: every call is a worker's.
    Workers,
    /// As a storage that answers in the caller's own poll.
    InPlace,
    /// Through system calls.
    Mounted,
}

/// What an engine of a stage stands on.
pub(crate) struct Ground {
    disk: Disk,
    engine: Engine,
    room: PathBuf,
    /// Both for as long as anything is open; the mount goes first.
    _mount: Option<(FuseMount, TempDir)>,
}

impl Ground {
    /// `None`, loudly, where this process may not mount.
    pub(crate) fn of(stage: Stage, act: &Act) -> Option<Ground> {
        let disk = furnish(act.is_large());
        let builder = Engine::builder().workers_max(2);
        if stage != Stage::Mounted {
            let engine = builder.storage(Arc::new(disk.clone())).start().unwrap();
            return Some(Ground { disk, engine, room: ROOM.into(), _mount: None });
        }
        let point = TempDir::new().unwrap();
        let mount = FuseMount::new(&disk, point.path(), FuseCache::Through)?;
        let (engine, room) = (builder.start().unwrap(), mount.path().join("room"));
        Some(Ground { disk, engine, room, _mount: Some((mount, point)) })
    }
}

/// Runs an act, with a fault or without. `None` where its stage is not to be had.
pub(crate) fn run(act: &Act, fault: Option<Fault>, stage: Stage) -> Option<Run> {
    let what = || format!("{}, {fault:?}, {stage:?}", act.name);
    let ground = Ground::of(stage, act)?;
    let Ground { disk, engine, room, .. } = &ground;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let arm = || {
        let armed = fault.map(|fault| fault.arm(disk));
        let cached = [Call::ReadNow, Call::OpenCached, Call::MetadataCached];
        cached
            .iter()
            .filter(|_| stage == Stage::Workers)
            .for_each(|call| drop(disk.plan().on(*call).would_block()));
        armed
    };
    let done = engine.scope(perform(act, &ground, arm));
    let (outcome, after, armed) = runtime.block_on(soon(&what(), done));
    drop(runtime);
    eventually_blocking(&format!("{}: nothing is under way", what()), || {
        let now = engine.snapshot();
        now.in_flight == 0 && now.pool.queued + now.pool.running == 0 && now.files.is_empty()
    });
    disk.plan().lift_all();
    eventually_blocking(&format!("{}: every opening is closed", what()), || disk.open_files() == 0);
    let counters = engine.snapshot().counters;
    Some(Run {
        outcome,
        room: room.clone(),
        met: armed.as_ref().and_then(|armed| armed.fault.met()),
        short: armed.and_then(|armed| armed.short?.met()).map(|(call, _)| call),
        after,
        unobserved: counters.unobserved_errors,
        panics: counters.panics,
        tree: tree(disk),
        durable: tree(&disk.after_power_cut(Survivors::Nothing)),
    })
}

type After = Option<[std::result::Result<(), Error>; 3]>;

async fn perform(
    act: &Act,
    Ground { disk, engine, room, .. }: &Ground,
    arm: impl Fn() -> Option<Armed>,
) -> (Result<String>, After, Option<Armed>) {
    match act.body {
        Body::Room(body) => {
            let armed = arm();
            (body(room.clone()).await, None, armed)
        }
        Body::File(kind, body) => {
            let file = kind.options().open_on(engine, room.join("file")).await.unwrap();
            let armed = arm();
            let outcome = body(file.clone()).await;
            // A write in the background is not over when its caller is answered.
            settled(|| engine.snapshot()).await;
            disk.plan().lift_all();
            let after = [file.sync_data().await, file.sync_data().await, file.close().await];
            (outcome, Some(after), armed)
        }
    }
}

/// `Ok` with the row of the table that allows it, if one was needed; or what is wrong.
pub(crate) type Verdict = std::result::Result<Option<usize>, String>;

/// Compares a run with the one without a fault.
pub(crate) type Judge = fn(&Act, &Run, Fault, &Run) -> Verdict;

/// What a sweep has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) faults: usize,
    pub(crate) failures: usize,
    /// Rows of the table of what may be absorbed.
    pub(crate) rows: Vec<usize>,
    pub(crate) broken: Vec<String>,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Seen) {
        self.faults += other.faults;
        self.failures += other.failures;
        self.rows.extend(other.rows);
        self.broken.extend(other.broken);
    }

    fn take(&mut self, act: &Act, verdict: Verdict, fault: Fault, run: &Run) {
        self.faults += usize::from(run.met.is_some());
        self.failures += usize::from(run.outcome.is_err());
        match verdict {
            Ok(row) => self.rows.extend(row),
            Err(why) => {
                let call = run.met.as_ref().map(|(call, path)| format!("{call:?} of {}", path.display()));
                self.broken.push(format!("{}: {call:?}, {fault:?}: {why}", act.name));
            }
        }
    }
}

/// Every call of the act, in each of these ways: with this number, and for good or once. The first way is whole. `None` where the stage is not to be had.
pub(crate) fn sweep(act: &Act, stage: Stage, failures: &[(How, i32, bool)], judge: Judge) -> Option<Seen> {
    let clean = run(act, None, stage)?;
    judge_clean(act, &clean);
    let mut seen = Seen::default();
    // Which call is the n-th, as the first round has found.
    let mut calls: Vec<Call> = Vec::new();
    for (how, errno, for_good) in failures.iter().copied() {
        for n in 1.. {
            let fault = Fault { n, errno, for_good, how };
            if would_not_end(fault) || (how == How::Short && n > calls.len() as u64) {
                break;
            }
            if !is_of(stage, how, &calls, n) {
                continue;
            }
            let run = run(act, Some(fault), stage)?;
            seen.take(act, judge(act, &clean, fault, &run), fault, &run);
            match &run.met {
                Some((call, _)) if calls.len() < n as usize => calls.push(*call),
                Some(_) => {}
                None if how == How::Whole => break,
                None => {}
            }
        }
    }
    Some(seen)
}
