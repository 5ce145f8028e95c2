//! A call that is dropped before it began does nothing; one that began is done or not, never by half.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use folio::fs::{WalkOptions, move_path};
use folio::{Engine, File, os};
use folio_testkit::process::descriptors_below;
use folio_testkit::wait::{block_on, eventually_blocking, settled_blocking};

use crate::ground::empty;

type Act = fn(PathBuf) -> Pin<Box<dyn Future<Output = folio::Result<()>>>>;

const ACTS: [(&str, Act); 6] = [
    ("mkfifo", |room| Box::pin(async move { os::mkfifo(room.join("fifo"), 0o600).await })),
    ("removedirs", |room| Box::pin(async move { os::removedirs(room.join("keep/a/b")).await })),
    ("renames", |room| Box::pin(async move { os::renames(room.join("in"), room.join("x/y")).await })),
    ("move_path", |room| Box::pin(async move { move_path(room.join("in"), room.join("moved")).await })),
    ("listdir", |room| Box::pin(async move { os::listdir(room).await.map(drop) })),
    ("sendfile", |room| {
        Box::pin(async move {
            let input = File::open(room.join("in")).await?;
            let output = File::options().write(true).open(room.join("out")).await?;
            os::sendfile(&output, &input, 0, 10).await.map(drop)
        })
    }),
];

fn names(room: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(room).sort_by_file_name().into_iter();
    let told = entries.map(|entry| {
        let entry = entry.expect("the tree can be walked");
        let contents = if entry.file_type().is_file() { fs::read(entry.path()).ok() } else { None };
        let way = entry.path().strip_prefix(room).expect("it is below").display().to_string();
        format!("{way} {contents:?}")
    });
    told.collect()
}

fn furnish() -> (tempfile::TempDir, PathBuf) {
    let (dir, room) = empty();
    fs::create_dir_all(room.join("keep/a/b")).expect("the room takes directories");
    fs::write(room.join("keep/file"), b"").expect("the room takes files");
    fs::write(room.join("in"), b"0123456789").expect("the room takes files");
    fs::write(room.join("out"), b"").expect("the room takes files");
    (dir, room)
}

/// Polls so often, spinning in between, and drops; whether it was done.
fn poll_and_drop(mut act: Pin<Box<dyn Future<Output = folio::Result<()>>>>, polls: usize) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| match act.as_mut().poll(&mut context) {
        Poll::Ready(result) => result.map(|()| true).expect("it can be done"),
        Poll::Pending => false,
    })
}

#[test]
fn dropped_after_any_poll_it_has_happened_or_not() {
    for (name, act) in ACTS {
        let (_dir, room) = furnish();
        let before = names(&room);
        block_on(act(room.clone())).expect("it can be done");
        let after = names(&room);
        for polls in [0, 1, 2, 3, 5, 50, 5_000] {
            let (_dir, room) = furnish();
            let done = poll_and_drop(act(room.clone()), polls);
            settled_blocking(|| Engine::global().snapshot());
            let now = names(&room);
            assert!(now == before && !(done && before != after) || now == after, "{name} {polls}: {now:?}");
            assert!(polls > 0 || now == before, "{name} was never polled");
        }
    }
}

#[test]
fn a_walk_that_is_dropped_gives_its_descriptors_and_permits_back() {
    let (_dir, room) = furnish();
    for index in 0..2_000 {
        fs::write(room.join(format!("{index}")), b"").expect("the room takes files");
    }
    for taken in [0, 1, 600] {
        let mut walk = WalkOptions::new().walk(&room);
        block_on(async {
            for _ in 0..taken {
                walk.next().await.expect("there is more").expect("it can be read");
            }
        });
        drop(walk);
        settled_blocking(|| Engine::global().snapshot());
        // The last batch may be on its way to nobody for a moment after its permit is back.
        eventually_blocking("its descriptors are closed", || descriptors_below(&room) == 0);
    }
}
