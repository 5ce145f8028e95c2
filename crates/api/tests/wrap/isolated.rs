//! An object that blocks is in nobody's way but its own callers'.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use folio::{Engine, File, fs, wrap};

use crate::{Pending, Told, eventually, soon};

/// A file that can be read anywhere, each time after an order.
struct Anywhere(Told);

impl std::io::Read for Anywhere {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buf)
    }
}

impl std::io::Seek for Anywhere {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        match to {
            std::io::SeekFrom::Start(offset) => Ok(offset),
            std::io::SeekFrom::End(_) | std::io::SeekFrom::Current(_) => Ok(0),
        }
    }
}

/// Says when somebody has come to read.
struct Announced {
    told: Told,
    entered: Arc<AtomicBool>,
}

impl Read for Announced {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.entered.store(true, Ordering::Release);
        self.told.read(buf)
    }
}

#[tokio::test]
async fn a_blocking_object_holds_one_worker_however_many_wait_for_it() {
    let engine = Engine::builder().start().unwrap();
    let (told, orders) = Told::new();
    let file = wrap::read_seek(Anywhere(told)).open_on(&engine).await.unwrap();
    let pending: Vec<_> = (0..50).map(|at| Pending::new(file.read_bytes_at(at * 10, 1))).collect();
    eventually("the first is at a worker", || engine.snapshot().pool.running == 1).await;
    // Others get workers, and what waits for the object does not.
    let other = wrap::read_seek(Cursor::new(vec![1])).open_on(&engine).await.unwrap();
    for _ in 0..20 {
        soon("another object's read", other.read_bytes_at(0, 1)).await.unwrap();
        assert_eq!(engine.snapshot().pool.queued, 0);
    }
    eventually("only the first is at a worker", || engine.snapshot().pool.running == 1).await;
    drop(orders);
    for read in pending {
        read.done().await.unwrap();
    }
}

#[tokio::test]
async fn any_number_of_blocking_objects_leave_workers_to_files_and_names() {
    let room = tempfile::TempDir::new().unwrap();
    let engine = Engine::builder().start().unwrap();
    let (objects, orders): (Vec<_>, Vec<_>) = (0..40).map(|_| Told::new()).unzip();
    let mut files = Vec::new();
    for object in objects {
        files.push(wrap::reader(object).open_on(&engine).await.unwrap());
    }
    let pending: Vec<_> = files.iter().map(|file| Pending::new(file.read_bytes(1))).collect();
    let path = room.path().join("file");
    let work = async {
        let file = File::options().write(true).create(true).open_on(&engine, &path).await.unwrap();
        file.write_all(b"through").await.unwrap();
        file.sync_all().await.unwrap();
        engine.scope(fs::rename(&path, room.path().join("renamed"))).await.unwrap();
    };
    soon("work on a disk", work).await;
    assert!(engine.snapshot().pool.queued > 0, "the objects do wait for workers");
    drop(orders);
    for read in pending {
        read.done().await.unwrap();
    }
}

#[tokio::test]
async fn dropping_the_file_of_a_blocking_object_blocks_nobody() {
    let engine = Engine::builder().start().unwrap();
    let (told, orders) = Told::new();
    let entered = Arc::new(AtomicBool::new(false));
    let file = wrap::reader(Announced { told, entered: entered.clone() }).open_on(&engine).await.unwrap();
    let read = Pending::new(file.read_bytes(1));
    // A worker that has only picked it up would find it given up.
    eventually("a worker is inside of it", || entered.load(Ordering::Acquire)).await;
    drop(read);
    drop(file);
    assert!(orders.send(1).is_ok(), "the object lives while its worker is inside of it");
    eventually("the object is gone", || orders.send(1).is_err()).await;
    eventually("the file is gone", || engine.snapshot().files.is_empty()).await;
}
