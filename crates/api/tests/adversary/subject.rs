//! The files that callers are let loose on: on a simulated disk that is slow and comes short, on real ones, in memory,
//! in a pipe, behind a program's own object.

use std::any::Any;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use folio::tempfile::{NamedTemporaryFile, SpooledTemporaryFile, TemporaryFile};
use folio::{Buffering, Engine, File, OpenOptions, wrap};
use folio_testkit::polling::Alarm;
use folio_testkit::{Call, Disk, Random};
use tempfile::TempDir;
use tokio::net::unix::pipe;
use tokio::runtime::Runtime;

use crate::handle::Handle;

/// What a type can do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Can {
    pub(crate) write: bool,
    pub(crate) read: bool,
    pub(crate) seek: bool,
    pub(crate) positioned: bool,
    pub(crate) write_at: bool,
    pub(crate) append: bool,
    pub(crate) set_len: bool,
    pub(crate) length: bool,
    pub(crate) sync: bool,
    pub(crate) twins: bool,
}

impl Can {
    fn all() -> Can {
        let (write, read, seek, positioned, write_at) = (true, true, true, true, true);
        Can {
            write,
            read,
            seek,
            positioned,
            write_at,
            append: true,
            set_len: true,
            length: true,
            sync: true,
            twins: true,
        }
    }

    fn only_write() -> Can {
        Can { write: true, twins: true, ..Can::default() }
    }
}

/// How to learn in the end what was written.
pub(crate) enum Ending {
    /// By reading the file by its methods.
    Inside,
    /// By reading on to the end: nobody can go back.
    Read,
    /// By looking past folio, whenever nothing is under way.
    Outside(Box<dyn Fn() -> Vec<u8>>),
    /// The same where nothing ever is.
    AtOnce(Box<dyn Fn() -> Vec<u8>>),
    /// From whoever was written to, when every handle is gone.
    Received(Box<dyn FnOnce() -> Vec<u8>>),
}

/// A file to call.
pub(crate) struct Subject {
    pub(crate) handle: Box<dyn Handle>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) cursor: u64,
    pub(crate) appends: bool,
    pub(crate) can: Can,
    pub(crate) ending: Ending,
    /// What must live as long.
    pub(crate) kept: Box<dyn Any>,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Opened {
    Plainly,
    ToAppend,
    Buffered,
    BufferedToAppend,
}

impl Opened {
    pub(crate) fn options(self, dice: &mut Random) -> OpenOptions {
        let mut options = File::options();
        match self {
            Opened::Plainly | Opened::Buffered => options.read(true).write(true),
            Opened::ToAppend | Opened::BufferedToAppend => options.read(true).append(true),
        };
        if let Opened::Buffered | Opened::BufferedToAppend = self {
            options.buffering(Buffering::Bytes([1, 16, 100, 8_192][dice.index(4)]));
        }
        options
    }

    pub(crate) fn appends(self) -> bool {
        matches!(self, Opened::ToAppend | Opened::BufferedToAppend)
    }
}

/// Waits for what the making of a subject needs.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    Alarm::here().wait_for(future).expect("a future is woken")
}

fn contents(dice: &mut Random) -> Vec<u8> {
    let len = [0, 10, 200, 9_000][dice.index(4)];
    (0..len).map(|at| b'0' + ((at + at / 10) % 10) as u8).collect()
}

/// A file on a disk that dawdles, answers little in place and comes short.
pub(crate) fn simulated(opened: Opened, dice: &mut Random) -> Subject {
    let options = opened.options(dice);
    let can = Can { write_at: !opened.appends(), ..Can::all() };
    let subject = on_slow_disk(&options, dice, |file, _, _| (Box::new(file), can, 0));
    Subject { appends: opened.appends(), ..subject }
}

/// What `made` makes of such a file: a handle, what it can do, and where its cursor is.
pub(crate) fn on_slow_disk(
    options: &OpenOptions,
    dice: &mut Random,
    made: impl FnOnce(File, &[u8], &mut Random) -> (Box<dyn Handle>, Can, u64),
) -> Subject {
    let (disk, bytes) = (slow_disk(dice), contents(dice));
    disk.put("/file", bytes.clone());
    let engine = Engine::builder().workers_max(2).storage(Arc::new(disk.clone())).start().expect("it starts");
    let file = wait(options.open_on(&engine, "/file")).expect("the file is there");
    let (handle, can, cursor) = made(file, &bytes, dice);
    let ending = Ending::Outside(Box::new(move || disk.contents("/file")));
    Subject { handle, bytes, cursor, appends: false, can, ending, kept: Box::new(engine) }
}

fn slow_disk(dice: &mut Random) -> Disk {
    let disk = Disk::new();
    let plan = disk.plan();
    plan.on(Call::ReadNow).every(dice.within(1..4)).would_block();
    for call in [Call::WriteAt, Call::Append, Call::ReadAt, Call::SetLen] {
        if dice.chance(70) {
            plan.on(call).delay(Duration::from_micros(30), dice.bits());
        }
        if dice.chance(30) {
            // Not every call: a large write would take thousands, each as long as a thread is woken late.
            plan.on(call).every(dice.within(2..5)).at_most(1 + dice.index(30));
        }
    }
    disk
}

fn of_file(file: File, bytes: Vec<u8>, opened: Opened, ending: Ending, kept: Box<dyn Any>) -> Subject {
    let can = Can { write_at: !opened.appends(), ..Can::all() };
    Subject { handle: Box::new(file), bytes, cursor: 0, appends: opened.appends(), can, ending, kept }
}

/// Where real files are made, and the engine that opens them.
pub(crate) struct Ground {
    pub(crate) dir: TempDir,
    pub(crate) engine: Engine,
    runtime: Runtime,
}

impl Ground {
    /// On the disk that holds the build.
    pub(crate) fn on_disk() -> Ground {
        Ground::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    /// In memory, where no read is answered in place.
    pub(crate) fn in_memory() -> Ground {
        Ground::below(Path::new("/dev/shm"))
    }

    fn below(path: &Path) -> Ground {
        let dir = TempDir::new_in(path).expect("a directory can be made");
        let engine = Engine::builder().workers_max(2).start().expect("it starts");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ground { dir, engine, runtime: runtime.expect("the system gives threads") }
    }

    fn path(&self, seed: u64) -> PathBuf {
        self.dir.path().join(seed.to_string())
    }

    pub(crate) fn file(&self, opened: Opened, seed: u64, dice: &mut Random) -> Subject {
        let (path, bytes) = (self.path(seed), contents(dice));
        std::fs::write(&path, &bytes).expect("there is room");
        let file = wait(opened.options(dice).open_on(&self.engine, &path)).expect("the file is there");
        let ending = Ending::Outside(Box::new(move || std::fs::read(&path).expect("the file is there")));
        of_file(file, bytes, opened, ending, Box::new(()))
    }

    pub(crate) fn named(&self) -> Subject {
        let mut builder = NamedTemporaryFile::builder();
        let named = wait(builder.in_dir(self.dir.path()).create_on(&self.engine)).expect("there is room");
        let (file, path) = (named.file().clone(), named.path().to_owned());
        let ending = Ending::Outside(Box::new(move || std::fs::read(&path).expect("the file is there")));
        of_file(file, Vec::new(), Opened::Plainly, ending, Box::new(named))
    }

    pub(crate) fn unnamed(&self) -> Subject {
        let mut builder = TemporaryFile::builder();
        let unnamed = wait(builder.in_dir(self.dir.path()).create_on(&self.engine)).expect("there is room");
        of_file(unnamed.into_file(), Vec::new(), Opened::Plainly, Ending::Inside, Box::new(()))
    }

    /// In memory until it has so many bytes.
    pub(crate) fn spooled(&self, dice: &mut Random) -> Subject {
        let mut builder = SpooledTemporaryFile::builder();
        builder.max_size([0, 20, 60, 4_000, 1 << 20][dice.index(5)]).in_dir(self.dir.path());
        if dice.chance(20) {
            builder.buffering(16);
        }
        let can = Can { write: true, read: true, seek: true, set_len: true, ..Can::default() };
        let handle = Box::new(builder.build_on(&self.engine));
        let (bytes, ending, kept) = (Vec::new(), Ending::Inside, Box::new(()));
        Subject { handle, bytes, cursor: 0, appends: false, can, ending, kept }
    }

    /// The end of a FIFO that is written to; whoever reads does it slowly.
    pub(crate) fn fifo(&self, seed: u64) -> Subject {
        let path = self.path(seed);
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).expect("mkfifo");
        let guard = self.runtime.enter();
        let mut reader = pipe::OpenOptions::new().open_receiver(&path).expect("no writer is needed");
        drop(guard);
        let file = wait(File::options().write(true).open_on(&self.engine, &path)).expect("there is a reader");
        let received = self.runtime.spawn(async move {
            let (mut all, mut piece) = (Vec::new(), [0; 1_000]);
            loop {
                match tokio::io::AsyncReadExt::read(&mut reader, &mut piece)
                    .await
                    .expect("a pipe can be read")
                {
                    0 => return all,
                    count => all.extend_from_slice(&piece[..count]),
                }
                tokio::task::yield_now().await;
            }
        });
        let ending = Ending::Received(Box::new(move || wait(received).expect("a reader does not panic")));
        let (handle, can) = (Box::new(file), Can::only_write());
        Subject { handle, bytes: Vec::new(), cursor: 0, appends: true, can, ending, kept: Box::new(()) }
    }

    /// The end of a FIFO that is read from; whoever writes takes its time, also to begin.
    pub(crate) fn fifo_to_read(&self, seed: u64, dice: &mut Random) -> Subject {
        let (path, bytes) = (self.path(seed), contents(dice));
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).expect("mkfifo");
        let file = wait(File::options().read(true).open_on(&self.engine, &path)).expect("it can be read");
        let (sent, piece) = (bytes.clone(), 1 + dice.index(300));
        self.runtime.spawn(async move {
            // The reader may go away before the beginning, and before the end.
            let Ok(mut writer) = pipe::OpenOptions::new().open_sender(&path) else { return };
            for piece in sent.chunks(piece) {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut writer, piece).await;
                tokio::task::yield_now().await;
            }
        });
        only_read(file, bytes)
    }

    /// A program's own object that gives each byte once.
    pub(crate) fn wrapped_to_read(&self, dice: &mut Random) -> Subject {
        let bytes = contents(dice);
        let cursor = Arc::new(Mutex::new(Cursor::new(bytes.clone())));
        let object = Object { cursor, piece: 1 + dice.index(300) };
        let file = wait(wrap::reader(object).open_on(&self.engine));
        only_read(file.expect("an object is a file"), bytes)
    }

    /// A program's own object, which takes and gives little at a time.
    pub(crate) fn wrapped(&self, seeks: bool, dice: &mut Random) -> Subject {
        let bytes = if seeks { contents(dice) } else { Vec::new() };
        let object =
            Object { cursor: Arc::new(Mutex::new(Cursor::new(bytes.clone()))), piece: 1 + dice.index(3_000) };
        let held = Arc::clone(&object.cursor);
        let ending =
            Ending::Outside(Box::new(move || held.lock().expect("no holder panics").get_ref().clone()));
        let (file, can) = if seeks {
            let all = Can { append: false, set_len: false, length: false, ..Can::all() };
            (wait(wrap::read_write_seek(object).open_on(&self.engine)), all)
        } else {
            (wait(wrap::writer(object).open_on(&self.engine)), Can::only_write())
        };
        let handle = Box::new(file.expect("an object is a file"));
        Subject { handle, bytes, cursor: 0, appends: !seeks, can, ending, kept: Box::new(()) }
    }
}

fn only_read(file: File, bytes: Vec<u8>) -> Subject {
    let can = Can { read: true, twins: true, ..Can::default() };
    let (handle, ending) = (Box::new(file), Ending::Read);
    Subject { handle, bytes, cursor: 0, appends: false, can, ending, kept: Box::new(()) }
}

/// See [`Ground::wrapped`].
struct Object {
    cursor: Arc<Mutex<Cursor<Vec<u8>>>>,
    piece: usize,
}

impl Read for Object {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let room = buf.len().min(self.piece);
        self.cursor.lock().expect("no holder panics").read(&mut buf[..room])
    }
}

impl Write for Object {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        std::thread::yield_now();
        self.cursor.lock().expect("no holder panics").write(&buf[..buf.len().min(self.piece)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Object {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.cursor.lock().expect("no holder panics").seek(to)
    }
}
