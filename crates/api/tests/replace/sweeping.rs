//! A2: what a sweep removes, and what it must leave.

use std::os::unix::fs::symlink;
use std::path::Path;

use folio::{Dir, Engine, File, fs};
use folio_testkit::errno::{EIO, ENOTDIR};
use folio_testkit::{Call, Gate};
use tempfile::TempDir;

use crate::{OLD, PATH, bench, new, settle};

const DEAD: &str = ".folio-replace-4194303-00112233445566aa";

fn count(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[tokio::test]
async fn a2_a_sweep_takes_what_the_dead_have_left_and_nothing_else() {
    let room = TempDir::new().unwrap();
    let at = |name: &str| room.path().join(name);
    std::fs::write(at("file"), OLD).unwrap();
    std::fs::write(at(DEAD), b"half").unwrap();
    std::fs::write(at(".folio-replace-1-0000000000000000"), b"").unwrap();
    std::fs::write(at(".folio-replace-1-000000000000000"), b"no name of ours").unwrap();
    std::fs::write(at("folio-replace-1-0000000000000000"), b"nor this").unwrap();
    std::fs::create_dir(at(".folio-replace-2-0000000000000000")).unwrap();
    symlink("file", at(".folio-replace-3-0000000000000000")).unwrap();
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mkfifoat(rustix::fs::CWD, at(".folio-replace-4-0000000000000000"), mode).unwrap();
    let living = File::replace(at("file")).await.unwrap();
    living.write_all(b"living").await.unwrap();
    assert_eq!(fs::sweep_replacements(room.path()).await.unwrap(), 2);
    assert_eq!(fs::sweep_replacements(room.path()).await.unwrap(), 0);
    assert_eq!(count(room.path()), 7);
    living.commit().await.unwrap();
    assert_eq!((std::fs::read(at("file")).unwrap(), count(room.path())), (b"living".to_vec(), 6));
    let dir = Dir::open(room.path()).await.unwrap();
    std::fs::write(at(DEAD), b"half").unwrap();
    assert_eq!(dir.sweep_replacements().await.unwrap(), 1);
    let error = fs::sweep_replacements(at("file")).await.unwrap_err();
    assert_eq!((error.raw_os_error(), error.path()), (Some(ENOTDIR), Some(&*at("file"))));
}

/// Writers of another process are told from dead ones by their locks alone.
#[test]
fn a2_a_sweep_beside_living_writers_takes_nothing_from_them() {
    let room = TempDir::new().unwrap();
    let path = room.path().join("file");
    std::fs::write(&path, OLD).unwrap();
    let engines = [(); 2].map(|()| Engine::builder().start().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (path, engine) = (path.clone(), engines[0].clone());
            runtime.spawn(async move {
                for round in 0..60 {
                    let way = crate::WAYS[(writer + round) % crate::WAYS.len()];
                    engine.scope(way.replace(&path, &new(), &folio::ReplaceOptions::new())).await.unwrap();
                }
            })
        })
        .collect();
    let sweeps = runtime.block_on(async {
        let mut sweeps = 0;
        while !writers.iter().all(|writer| writer.is_finished()) {
            // One that was created this very moment may be taken; its writer makes another.
            engines[1].scope(fs::sweep_replacements(room.path())).await.unwrap();
            sweeps += 1;
        }
        sweeps
    });
    writers.into_iter().for_each(|writer| runtime.block_on(writer).unwrap());
    assert!(sweeps > 10, "{sweeps}");
    assert_eq!((count(room.path()), std::fs::read(&path).unwrap()), (1, new()));
}

/// A sweep that has found the name before its writer had the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_a_writer_whose_new_file_is_swept_before_it_is_locked_makes_another() {
    let (disk, engine) = bench(true);
    let gate = Gate::closed();
    let fault = disk.plan().on(Call::Lock).nth(1).wait_for(&gate);
    let replace = tokio::spawn({
        let engine = engine.clone();
        async move { engine.scope(fs::replace(PATH, new())).await }
    });
    gate.arrived(1);
    // Its lock is free still, and the sweep's own is not met by the rule any more.
    assert_eq!(engine.scope(fs::sweep_replacements("/dir")).await.unwrap(), 1);
    gate.open();
    let replaced = replace.await.unwrap();
    settle(&engine);
    assert_eq!(fault.fired(), 1);
    // The simulated disk says of a file without a name that it has one: there the commit finds out.
    match replaced {
        Ok(()) => assert_eq!(disk.contents(PATH), new()),
        Err(error) => {
            assert_eq!((error.kind(), disk.contents(PATH)), (std::io::ErrorKind::NotFound, OLD.to_vec()))
        }
    }
    assert_eq!(disk.list("/dir"), ["file"]);
}

#[tokio::test]
async fn a_sweep_goes_on_after_what_it_cannot_remove_and_names_it() {
    let (disk, engine) = bench(true);
    for process in 1..=3 {
        disk.put(format!("/dir/.folio-replace-{process}-0000000000000000"), "");
    }
    let fault = disk.plan().on(Call::RemoveFile).nth(1).fail(EIO);
    let error = engine.scope(fs::sweep_replacements("/dir")).await.unwrap_err();
    assert_eq!((fault.fired(), error.raw_os_error()), (1, Some(EIO)));
    assert_eq!(error.entry(), Some(Path::new(".folio-replace-1-0000000000000000")));
    assert_eq!(disk.list("/dir"), [".folio-replace-1-0000000000000000", "file"]);
}
