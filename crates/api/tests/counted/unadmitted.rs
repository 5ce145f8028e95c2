//! Whatever is not admitted holds no memory but its caller's own.

use std::future::Future;
use std::io::IoSlice;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use folio::{Dir, Engine, File, OpenOptions, fs, os};

/// Bytes of one write, and all that the engine admits.
const LENT_BYTES: usize = 1 << 20;

/// Writes that wait.
const WAITING: u64 = 200;

/// Bytes one of them may take: its future's, and its place in the line.
const WAITING_BYTES_MAX: u64 = 16 << 10;

/// Everything that can be asked for such a write.
struct Ground {
    file: File,
    appended: File,
    fifo: File,
    dir: Dir,
    engine: Engine,
    bytes: Vec<u8>,
}

type Act = for<'a> fn(&'a Ground) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

macro_rules! act {
    (|$on:ident| $call:expr) => {
        |$on: &Ground| Box::pin(async move { drop($call.await) })
    };
}

const ACTS: [(&str, Act); 12] = [
    ("write", act!(|on| on.file.write(&on.bytes))),
    ("write_all", act!(|on| on.file.write_all(&on.bytes))),
    ("write_at", act!(|on| on.file.write_at(&on.bytes, 0))),
    ("write_all_at", act!(|on| on.file.write_all_at(&on.bytes, 0))),
    ("write_vectored", act!(|on| on.file.write_vectored(&[IoSlice::new(&on.bytes); 3]))),
    ("write_vectored_at", act!(|on| on.file.write_vectored_at(&[IoSlice::new(&on.bytes); 3], 0))),
    ("write_all of a file that is appended to", act!(|on| on.appended.write_all(&on.bytes))),
    ("append", act!(|on| on.file.append(&on.bytes))),
    ("write_all of a FIFO", act!(|on| on.fifo.write_all(&on.bytes))),
    ("write_vectored of a FIFO", act!(|on| on.fifo.write_vectored(&[IoSlice::new(&on.bytes); 3]))),
    ("fs::write", act!(|on| on.engine.scope(fs::write(on.dir.path().join("new"), &on.bytes)))),
    ("Dir::write", act!(|on| on.dir.write("other", &on.bytes))),
];

async fn ground(temporary: &Path) -> Ground {
    let engine = Engine::builder().bytes_max(LENT_BYTES).start().expect("the engine starts");
    engine.scope(os::mkfifo(temporary.join("fifo"), 0o600)).await.expect("the system has FIFOs");
    let open = async |options: &mut OpenOptions, name: &str| {
        options.create(name != "fifo").open_on(&engine, temporary.join(name)).await.expect("it is made")
    };
    Ground {
        file: open(OpenOptions::new().write(true), "file").await,
        appended: open(OpenOptions::new().append(true), "appended").await,
        // Open for reading too, so that it has a reader, who never reads.
        fifo: open(OpenOptions::new().read(true).write(true), "fifo").await,
        dir: engine.scope(Dir::open(temporary)).await.expect("it is there"),
        bytes: vec![7; LENT_BYTES],
        engine,
    }
}

#[tokio::test]
async fn what_waits_for_a_permit_has_copied_nothing() {
    let temporary = tempfile::tempdir().expect("the system has room for temporary files");
    let ground = ground(temporary.path()).await;
    // All that the engine admits, for a peer that never comes.
    let holder = ground.fifo.write_bytes(ground.bytes.clone());
    let mut holder = Box::pin(holder);
    assert!(is_pending(holder.as_mut()));
    for (name, act) in ACTS {
        let mut waiting: Vec<_> = Vec::with_capacity(WAITING as usize);
        let taken = allocation_counter::measure(|| {
            for _ in 0..WAITING {
                let mut one = act(&ground);
                assert!(is_pending(one.as_mut()), "{name} has nothing to wait for");
                waiting.push(one);
            }
        });
        let most = taken.bytes_max / WAITING;
        assert!(most <= WAITING_BYTES_MAX, "{name} of {LENT_BYTES} bytes: {most} bytes before its permit");
    }
    let stopped = ground.engine.shutdown(Duration::ZERO).await;
    stopped.expect("it had not been stopped");
}

fn is_pending<F: Future + ?Sized>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}
