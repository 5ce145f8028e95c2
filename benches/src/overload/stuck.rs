//! An engine whose pool is stuck.

use std::sync::Arc;

use folio::{Engine, File};
use folio_testkit::{Call, Disk, Gate};
use tokio::runtime::{Builder, Runtime};

const PATH: &str = "/file";

/// An engine on a disk whose writes wait at a gate, with one open file.
pub(super) struct Stuck {
    pub(super) runtime: Runtime,
    pub(super) engine: Engine,
    pub(super) file: File,
    gate: Gate,
}

impl Stuck {
    /// With the default limits.
    pub(super) fn by_default() -> Stuck {
        Stuck::new(|builder| builder)
    }

    /// With limits that so many operations do not reach.
    pub(super) fn admitting(operations: usize) -> Stuck {
        Stuck::new(|builder| builder.ops_max(2 * operations).bytes_max(usize::MAX))
    }

    fn new(limits: impl FnOnce(folio::EngineBuilder) -> folio::EngineBuilder) -> Stuck {
        let (gate, disk) = (Gate::closed(), Disk::new());
        disk.put(PATH, "");
        for call in [Call::WriteAt, Call::Append] {
            disk.plan().on(call).wait_for(&gate);
        }
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let engine = limits(Engine::builder()).storage(Arc::new(disk)).start().expect("an engine");
        let open = async { File::options().read(true).write(true).open_on(&engine, PATH).await };
        let file = runtime.block_on(open).expect("the file is there");
        Stuck { runtime, engine, file, gate }
    }

    /// Lets everything pass, and waits until the engine has nothing to do.
    pub(super) fn recover(&self) {
        self.gate.open();
        self.runtime.block_on(async {
            self.file.sync_all().await.expect("the disk has recovered");
            folio_testkit::wait::eventually("no operation is under way", || {
                self.engine.snapshot().in_flight == 0
            })
            .await;
        });
    }
}
