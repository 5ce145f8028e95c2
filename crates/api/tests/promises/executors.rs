//! I1: a file system that does not answer stops no thread of the executor, wherever it is mounted and whatever is asked.

use std::ffi::OsStr;
use std::fs;
use std::future::Future;
use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::process::Command;
use std::sync::mpsc::channel;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use folio::{Engine, File};
use folio_testkit::polling::poll_once;
use folio_testkit::{Call, Disk, FuseCache, FuseMount, Gate, skip};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::soon;

/// How long an executor's thread may stay away before it counts as stopped: far longer than a busy machine takes.
const STOPPED_AFTER: Duration = Duration::from_secs(20);

/// Turns that the executor gives to other tasks while the operation is stuck.
const TURNS: usize = 100;

type Asked = Pin<Box<dyn Future<Output = folio::Result<()>> + Send>>;

/// What is asked.
#[derive(Clone, Copy)]
enum Ask {
    ByPath(fn(PathBuf) -> Asked),
    /// Of a file that is open already.
    OfFile(fn(File) -> Asked),
}

const ASKS: [(&str, Ask); 10] = [
    ("fs::read", Ask::ByPath(|path| Box::pin(async move { folio::fs::read(path).await.map(drop) }))),
    ("fs::metadata", Ask::ByPath(|path| Box::pin(async move { folio::fs::metadata(path).await.map(drop) }))),
    (
        "fs::try_exists",
        Ask::ByPath(|path| Box::pin(async move { folio::fs::try_exists(path).await.map(drop) })),
    ),
    ("File::open", Ask::ByPath(|path| Box::pin(async move { File::open(path).await.map(drop) }))),
    (
        "fs::read_dir",
        Ask::ByPath(|path| Box::pin(async move { folio::fs::read_dir(parent(&path)).await.map(drop) })),
    ),
    (
        "a walk",
        Ask::ByPath(|path| {
            Box::pin(async move { folio::fs::walk(parent(&path)).next().await.expect("a root").map(drop) })
        }),
    ),
    (
        "the root",
        Ask::ByPath(|path| Box::pin(async move { folio::fs::metadata(parent(&path)).await.map(drop) })),
    ),
    ("File::metadata", Ask::OfFile(|file| Box::pin(async move { file.metadata().await.map(drop) }))),
    ("File::seek", Ask::OfFile(|file| Box::pin(async move { file.seek(SeekFrom::End(0)).await.map(drop) }))),
    (
        "File::read_at",
        Ask::OfFile(|file| Box::pin(async move { file.read_at(&mut [0; 8], 0).await.map(drop) })),
    ),
];

fn parent(path: &Path) -> PathBuf {
    path.parent().expect("it has one").to_owned()
}

/// A mounted disk with one file, and what stands on it.
struct Stopping {
    overlay: Option<Overlay>,
    disk: Disk,
    _mount: FuseMount,
    room: TempDir,
}

/// An overlay with the disk as its lower layer. Unmounted when it is dropped.
struct Overlay(PathBuf);

impl Drop for Overlay {
    fn drop(&mut self) {
        assert!(mount("umount", ["-l".as_ref(), self.0.as_os_str()]), "nobody else unmounts it");
    }
}

fn mount<'a>(program: &str, arguments: impl IntoIterator<Item = &'a OsStr>) -> bool {
    Command::new(program).args(arguments).status().is_ok_and(|status| status.success())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The mount itself.
    Mount,
    /// An overlay above it.
    Overlay,
    /// An overlay above it in a container: the mount is none of its own.
    Hidden,
}

impl Stopping {
    /// `None`, loudly, where this process may not mount.
    fn make(place: Place) -> Option<Stopping> {
        let room = TempDir::new().unwrap();
        for name in ["mounted", "empty", "above"] {
            fs::create_dir(room.path().join(name)).unwrap();
        }
        let disk = Disk::new();
        disk.put("/file", "contents");
        let mounted = FuseMount::new(&disk, &room.path().join("mounted"), FuseCache::Names)?;
        let mut stopping = Stopping { overlay: None, disk, _mount: mounted, room };
        if place != Place::Mount {
            let at = |name| stopping.room.path().join(name).display().to_string();
            let options = format!("lowerdir={}:{}", at("mounted"), at("empty"));
            let above = stopping.room.path().join("above");
            let what = ["-t", "overlay", "overlay", "-o", &options].map(OsStr::new);
            if !mount("mount", what.into_iter().chain([above.as_os_str()])) {
                skip("an overlay above a file system that stops", "it cannot be mounted");
                return None;
            }
            stopping.overlay = Some(Overlay(above));
        }
        if place == Place::Hidden {
            assert!(mount("umount", ["-l".as_ref(), stopping.room.path().join("mounted").as_os_str()]));
        }
        // The kernel knows the names and the contents from here on.
        assert_eq!(fs::read(stopping.file()).unwrap(), b"contents");
        Some(stopping)
    }

    fn file(&self) -> PathBuf {
        let above = self.overlay.as_ref().map(|overlay| overlay.0.join("file"));
        above.unwrap_or_else(|| self.room.path().join("mounted/file"))
    }

    /// Stops answering.
    fn stop(&self, gate: &Gate) {
        for call in [Call::Open, Call::FileMetadata, Call::Metadata, Call::ReadDir, Call::ReadAt] {
            self.disk.plan().on(call).wait_for(gate);
        }
    }
}

/// Whether the executor's only thread goes on while an operation waits for the file system. Opens the gate in any case.
fn goes_on(runtime: &Runtime, gate: &Gate, asked: impl Future<Output = folio::Result<()>> + Send) -> bool {
    let (came_back, awaited) = channel();
    thread::scope(|scope| {
        let watching = scope.spawn(move || {
            let in_time = awaited.recv_timeout(STOPPED_AFTER).is_ok();
            gate.open();
            in_time
        });
        runtime.block_on(async {
            let mut asked = pin!(asked);
            // What the kernel has in memory may be answered at once, by a worker.
            let first = poll_once(asked.as_mut());
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            // Nothing listens once the time is over.
            let _ = came_back.send(());
            match first {
                Poll::Ready(outcome) => outcome.unwrap(),
                Poll::Pending => asked.await.unwrap(),
            }
        });
        watching.join().unwrap()
    })
}

/// Waits until the engine knows that something was mounted: the next look at a local path is a worker's.
async fn notices(engine: &Engine, local: &Path) {
    loop {
        let before = engine.snapshot().counters.in_place;
        engine.scope(folio::fs::metadata(local)).await.unwrap();
        if engine.snapshot().counters.in_place == before {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn opened(engine: &Engine, path: &Path) -> File {
    File::options().read(true).open_on(engine, path).await.unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Cause: the mounts were read when a new device was met, and overlays were taken for local. Loss: an open in place of a
/// cached path stopped an executor's thread until the file system answered. Fix: the mounts are watched, and what may
/// stand on anything is left to workers.
fn check(place: Place, known_before: bool) {
    let local = TempDir::new().unwrap();
    for (name, ask) in ASKS {
        let runtime = runtime();
        let before = known_before.then(|| Stopping::make(place));
        let engine = runtime.block_on(async {
            let engine = Engine::builder().start().unwrap();
            engine.scope(folio::fs::metadata(local.path())).await.unwrap();
            engine
        });
        let Some(stopping) = before.unwrap_or_else(|| Stopping::make(place)) else { return };
        let (path, gate) = (stopping.file(), Gate::closed());
        if !known_before {
            runtime.block_on(soon("the engine notices the mount", notices(&engine, local.path())));
        }
        let asked = match ask {
            Ask::ByPath(ask) => ask(path),
            Ask::OfFile(ask) => ask(runtime.block_on(opened(&engine, &path))),
        };
        stopping.stop(&gate);
        let goes_on = goes_on(&runtime, &gate, engine.scope(asked));
        assert!(goes_on, "{name} on {place:?}, mounted before the engine's first operation: {known_before}");
    }
}

#[test]
fn i1_no_executor_waits_for_a_file_system_that_was_mounted_before() {
    check(Place::Mount, true);
}

#[test]
fn i1_no_executor_waits_for_a_file_system_that_was_mounted_later() {
    check(Place::Mount, false);
}

#[test]
fn i1_no_executor_waits_for_a_file_system_below_an_overlay() {
    check(Place::Overlay, true);
    check(Place::Overlay, false);
}

#[test]
fn i1_no_executor_waits_for_a_file_system_that_only_others_have_mounted() {
    check(Place::Hidden, true);
    check(Place::Hidden, false);
}
