//! Where bytes go: every kind of file that can be written to by tokio's traits.

use std::io::{self, SeekFrom};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile};
use folio::{Engine, File, wrap};
use folio_testkit::{Call, Disk};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::unix::pipe;

use crate::Room;
use crate::runtime::peers;

/// Anything to write to.
pub(crate) type Target = Box<dyn AsyncWrite + Send + Sync + Unpin>;

/// What to ask for the bytes when everything that wrote is done and gone.
pub(crate) type Arrived = Box<dyn FnOnce() -> Vec<u8> + Send>;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Plain,
    InMemory,
    Appending,
    Buffered,
    SmallBuffer,
    SlowDisk,
    Fifo,
    Spooled,
    Named,
    Wrapped,
}

impl Kind {
    pub(crate) const ALL: [Kind; 10] = [
        Kind::Plain,
        Kind::InMemory,
        Kind::Appending,
        Kind::Buffered,
        Kind::SmallBuffer,
        Kind::SlowDisk,
        Kind::Fifo,
        Kind::Spooled,
        Kind::Named,
        Kind::Wrapped,
    ];

    /// Makes an empty one.
    pub(crate) async fn open(self, room: &Room) -> (Target, Arrived) {
        match self {
            Kind::Plain | Kind::Appending | Kind::Buffered | Kind::SmallBuffer => self.in_room(room).await,
            Kind::InMemory => Kind::Plain.in_room(&Room::in_memory()).await,
            Kind::SlowDisk => on_slow_disk().await,
            Kind::Fifo => fifo(room).await,
            Kind::Spooled => spooled(),
            Kind::Named => {
                let named = NamedTemporaryFile::new().await.unwrap();
                let file = named.file().clone();
                (Box::new(file), Box::new(move || std::fs::read(named.path()).unwrap()))
            }
            Kind::Wrapped => {
                let object = Shared::default();
                let file = wrap::writer(object.clone()).open().await.unwrap();
                (Box::new(file), Box::new(move || object.0.lock().unwrap().clone()))
            }
        }
    }

    async fn in_room(self, room: &Room) -> (Target, Arrived) {
        let path = room.path("target");
        let mut options = File::options();
        options.create(true);
        match self {
            Kind::Appending => {
                let _ = std::fs::remove_file(&path);
                options.append(true)
            }
            Kind::Buffered => options.write(true).truncate(true).buffering(65_536),
            Kind::SmallBuffer => options.write(true).truncate(true).buffering(16),
            Kind::Plain
            | Kind::InMemory
            | Kind::SlowDisk
            | Kind::Fifo
            | Kind::Spooled
            | Kind::Named
            | Kind::Wrapped => options.write(true).truncate(true),
        };
        let file = options.open(&path).await.unwrap();
        // Read while the directory is there, which goes with the room.
        let open = std::fs::File::open(&path).unwrap();
        (Box::new(file), Box::new(move || read_from_start(&open)))
    }
}

fn read_from_start(mut file: &std::fs::File) -> Vec<u8> {
    let mut all = Vec::new();
    io::Seek::rewind(&mut file).unwrap();
    io::Read::read_to_end(&mut file, &mut all).unwrap();
    all
}

async fn on_slow_disk() -> (Target, Arrived) {
    let disk = Disk::new();
    disk.put("/target", "");
    disk.plan().on(Call::WriteAt).delay(Duration::from_micros(100), 1);
    disk.plan().on(Call::WriteAt).every(3).at_most(500);
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    let file = File::options().write(true).open_on(&engine, "/target").await.unwrap();
    let arrived = move || {
        drop(engine);
        disk.contents("/target")
    };
    (Box::new(file), Box::new(arrived))
}

/// The writing end of a FIFO; its reader lets it fill up now and then.
async fn fifo(room: &Room) -> (Target, Arrived) {
    let path = room.path("fifo");
    let _ = std::fs::remove_file(&path);
    folio::os::mkfifo(&path, 0o600).await.unwrap();
    let (sender, received) = std::sync::mpsc::channel();
    let guard = peers().enter();
    let mut reader = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    drop(guard);
    let file = File::options().write(true).open(&path).await.unwrap();
    peers().spawn(async move {
        let (mut all, mut piece) = (Vec::new(), [0; 3_000]);
        while let count @ 1.. = reader.read(&mut piece).await.unwrap() {
            all.extend_from_slice(&piece[..count]);
            tokio::task::yield_now().await;
        }
        let _ = sender.send(all);
    });
    (Box::new(file), Box::new(move || received.recv_timeout(Duration::from_secs(30)).unwrap()))
}

/// In memory at first, and on disk from about the middle on.
fn spooled() -> (Target, Arrived) {
    let spooled = Arc::new(Mutex::new(SpooledTemporaryFile::new(5_000)));
    let arrived = {
        let spooled = Arc::clone(&spooled);
        move || {
            let mut spooled = spooled.lock().unwrap();
            peers().block_on(async {
                spooled.seek(SeekFrom::Start(0)).await.unwrap();
                spooled.read_to_end().await.unwrap()
            })
        }
    };
    (Box::new(Lent(spooled)), Box::new(arrived))
}

/// A file that its lender looks at afterwards.
struct Lent(Arc<Mutex<SpooledTemporaryFile>>);

impl AsyncWrite for Lent {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0.lock().unwrap()).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock().unwrap()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0.lock().unwrap()).poll_shutdown(cx)
    }
}

/// A program's own object, which takes little at a time.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let taken = buf.len().min(5_000);
        self.0.lock().unwrap().extend_from_slice(&buf[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
