//! I4, S2: what is stuck inside the kernel, on a mount that does not answer, is reported and answered like what is stuck on
//! a simulated disk, and lands once.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use folio::{Engine, File, Limits, Operation, Result, fs};
use folio_testkit::{Call, Disk, FuseCache, FuseMount, Gate};
use tempfile::TempDir;

use crate::stuck::reported_once;
use crate::{eventually, soon};

type Begun = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A kind of operation, and the request of the kernel's that is not answered.
struct Kind {
    name: &'static str,
    call: Call,
    operation: Operation,
    begin: fn(PathBuf, File) -> Begun,
}

const KINDS: [Kind; 9] = [
    Kind {
        name: "an open",
        call: Call::Open,
        operation: Operation::Open,
        begin: |path, _| Box::pin(async move { File::open(path).await.map(drop) }),
    },
    Kind {
        name: "a close",
        call: Call::Close,
        operation: Operation::Close,
        begin: |_, file| Box::pin(async move { file.close().await }),
    },
    Kind {
        name: "attributes of a path",
        call: Call::Metadata,
        operation: Operation::Metadata,
        begin: |path, _| Box::pin(async move { fs::metadata(path).await.map(drop) }),
    },
    Kind {
        name: "attributes of an open file",
        call: Call::FileMetadata,
        operation: Operation::Metadata,
        begin: |_, file| Box::pin(async move { file.metadata().await.map(drop) }),
    },
    Kind {
        name: "a write",
        call: Call::WriteAt,
        operation: Operation::Write,
        begin: |_, file| Box::pin(async move { file.write_all_at(b"written", 0).await }),
    },
    Kind {
        name: "a read",
        call: Call::ReadAt,
        operation: Operation::Read,
        begin: |_, file| Box::pin(async move { file.read_bytes_at(0, 4).await.map(drop) }),
    },
    Kind {
        name: "a sync",
        call: Call::Sync,
        operation: Operation::SyncAll,
        begin: |_, file| Box::pin(async move { file.sync_all().await }),
    },
    Kind {
        name: "a rename",
        call: Call::Rename,
        operation: Operation::Rename,
        begin: |path, _| Box::pin(async move { fs::rename(&path, path.with_extension("renamed")).await }),
    },
    Kind {
        name: "a walk",
        call: Call::ReadDir,
        operation: Operation::ReadDir,
        begin: |path, _| {
            Box::pin(async move {
                let mut walk = fs::walk(path.parent().expect("it is in the mount"));
                while walk.next().await.transpose()?.is_some() {}
                Ok(())
            })
        },
    },
];

/// A disk behind a real mount, an engine that reports everything that runs as stuck, and an open file.
struct Bench {
    /// `None` once an operation has it: a close waits for the last handle.
    file: Option<File>,
    engine: Engine,
    _mount: FuseMount,
    disk: Disk,
    room: TempDir,
}

impl Bench {
    /// `None`, loudly, where this process may not mount.
    async fn make() -> Option<Bench> {
        let (room, disk) = (TempDir::new().unwrap(), Disk::new());
        disk.put("/file", "here");
        let mount = FuseMount::new(&disk, room.path(), FuseCache::None)?;
        let mut limits = Limits::default();
        limits.stuck_after = Duration::ZERO;
        let engine = Engine::builder().limits(limits).start().unwrap();
        let mut options = File::options();
        options.read(true).write(true);
        let file = options.open_on(&engine, room.path().join("file")).await.unwrap();
        Some(Bench { file: Some(file), engine, _mount: mount, disk, room })
    }

    fn path(&self) -> PathBuf {
        self.room.path().join("file")
    }

    async fn get_stuck(&mut self, kind: &Kind, gate: &Gate) -> tokio::task::JoinHandle<Result<()>> {
        self.disk.plan().on(kind.call).wait_for(gate);
        let (engine, begun) = (self.engine.clone(), (kind.begin)(self.path(), self.file.take().unwrap()));
        let asked = tokio::spawn(async move { engine.scope(begun).await });
        eventually(kind.name, || gate.waiting() > 0).await;
        asked
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i4_what_is_stuck_on_a_mount_is_reported_once_with_path_and_age() {
    for kind in KINDS {
        let Some(mut bench) = Bench::make().await else { return };
        let gate = Gate::closed();
        let asked = bench.get_stuck(&kind, &gate).await;
        reported_once(kind.name, &bench.engine, &gate).await;
        gate.open();
        soon(kind.name, asked).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s2_what_is_stuck_on_a_mount_is_answered_by_the_shutdown_and_lands_once() {
    for kind in KINDS {
        let Some(mut bench) = Bench::make().await else { return };
        let gate = Gate::closed();
        let asked = bench.get_stuck(&kind, &gate).await;
        let report = soon("the shutdown", bench.engine.shutdown(Duration::from_millis(1))).await.unwrap();
        let error = soon(kind.name, asked).await.unwrap().unwrap_err();
        assert!(error.is_closed() && error.may_have_happened(), "{}: {error}", kind.name);
        assert!(
            report.abandoned.iter().any(|one| one.operation == kind.operation),
            "{}: {report:?}",
            kind.name
        );
        gate.open();
        eventually("what was stuck is over", || bench.engine.snapshot().in_flight == 0).await;
        let landed = match kind.call {
            Call::WriteAt => bench.disk.contents("/file") == b"written",
            Call::Rename => bench.disk.exists("/file.renamed") && !bench.disk.exists("/file"),
            _ => bench.disk.contents("/file") == b"here",
        };
        assert!(landed, "{}", kind.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_a_mount_that_does_not_answer_leaves_workers_to_others() {
    const STUCK: usize = 40;
    let Some(bench) = Bench::make().await else { return };
    let local = TempDir::new().unwrap();
    let gate = Gate::closed();
    bench.disk.plan().on(Call::Metadata).wait_for(&gate);
    let asked: Vec<_> = (0..STUCK)
        .map(|index| {
            let (engine, path) = (bench.engine.clone(), bench.room.path().join(index.to_string()));
            tokio::spawn(async move { engine.scope(fs::write(path, b"late")).await })
        })
        .collect();
    eventually("it gets stuck", || gate.waiting() > 0).await;
    for index in 0..100 {
        let named = local.path().join(index.to_string());
        soon("a path elsewhere", bench.engine.scope(fs::write(&named, b"x"))).await.unwrap();
        assert_eq!(std::fs::read(&named).unwrap(), b"x");
    }
    gate.open();
    for one in asked {
        soon("what was stuck", one).await.unwrap().unwrap();
    }
    assert!((0..STUCK).all(|index| bench.disk.contents(format!("/{index}")) == b"late"));
}
