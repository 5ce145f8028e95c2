//! What `docs/tokio-fs.md` says differs from `tokio::fs` is what differs: the same probes are made of both, and those that
//! come to different answers are the rows of its table.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, FromRawFd};
use std::time::Duration;

/// The text behind this heading has the table.
const HEADING: &str = "What differs from `tokio::fs`:";

/// Rows that are shown elsewhere: one needs a disk whose sync fails, one a kernel interface that only a cfg brings.
const ELSEWHERE: [&str; 2] = ["a failed sync", "io_uring under `tokio_unstable`"];

/// How long an opening may take before it counts as waiting for a peer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a type has a trait, told by which of two functions of one name the compiler finds.
struct Has<T>(PhantomData<T>);

impl<T: FromRawFd> Has<T> {
    const FROM_RAW_FD: bool = true;
}

trait HasNot {
    const FROM_RAW_FD: bool = false;
}

impl<T> HasNot for Has<T> {}

/// An answer that does not depend on names of temporary files.
fn told<T: std::fmt::Debug>(result: Result<T, io::Error>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?}, errno {:?}: {error}", error.kind(), error.raw_os_error()),
    }
}

/// Whether the descriptor does not wait for its peer.
fn is_nonblocking(file: &impl AsRawFd) -> bool {
    let info =
        std::fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).expect("it is open");
    let flags =
        info.lines().find_map(|line| line.strip_prefix("flags:")).expect("every descriptor has flags");
    let flags = u32::from_str_radix(flags.trim(), 8).expect("it is octal");
    flags & rustix::fs::OFlags::NONBLOCK.bits() != 0
}

macro_rules! probes {
    ($module:ident, $($fs:tt)+) => {
        mod $module {
            use std::io::Seek;

            use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

            use super::*;
            use $($fs)+::{self as fs, File, OpenOptions};

            /// What each row of the table is about, and then what is no row.
            pub(super) async fn all() -> Vec<(&'static str, String)> {
                let dir = tempfile::TempDir::new().expect("there is room");
                let room = dir.path();
                let (path, pipe) = (room.join("file"), room.join("pipe"));
                std::fs::write(&path, vec![7; 3 << 20]).expect("there is room");
                rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).expect("it can be made");
                let mut file = File::open(&path).await.expect("it is there");
                let mut head = [0; 4];
                file.read_exact(&mut head).await.expect("it is long enough");
                let mut descriptor =
                    std::fs::File::from(file.as_fd().try_clone_to_owned().expect("there is a descriptor"));
                let clone = file.try_clone().await.expect("there is a descriptor");
                let both = OpenOptions::new().read(true).write(true).open(&pipe).await.expect("it has both ends");
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
                let max = File::open(&path).await.expect("it is there").read(&mut vec![0; 3 << 20]).await;
                let quiet = room.join("quiet");
                rustix::fs::mkfifoat(rustix::fs::CWD, &quiet, rustix::fs::Mode::RWXU).expect("it can be made");
                let waits = tokio::time::timeout(PATIENCE, File::open(&quiet)).await.is_err();
                // Lets the thread go that may still wait for a writer.
                std::fs::OpenOptions::new().read(true).write(true).open(&quiet).expect("it has both ends");
                vec![
                    ("`FromRawFd` for `File`", Has::<File>::FROM_RAW_FD.to_string()),
                    ("`Debug` of `File`", format!("{file:?}").split('{').next().unwrap_or_default().to_owned()),
                    ("the descriptor's own position", told(descriptor.stream_position())),
                    ("`try_clone`", (clone.as_raw_fd() == file.as_raw_fd()).to_string()),
                    ("the descriptor of a FIFO, socket or terminal", is_nonblocking(&both).to_string()),
                    (
                        "`set_permissions`, `set_times` of an open FIFO, socket or terminal",
                        told(both.set_permissions(mode).await),
                    ),
                    ("opening a FIFO to read", waits.to_string()),
                    ("`fs::copy` of a file onto itself", told(fs::copy(&path, &path).await.map(drop))),
                    ("`max_buf_size`", told(max)),
                    ("after the runtime has ended", super::after_the_end(|handle| {
                        told(handle.block_on(fs::metadata("/")).map(drop).map_err(|_| io::Error::other("it fails")))
                    })),
                    ("missing", told(File::open(room.join("missing")).await.map(drop))),
                    ("a name with a NUL", told(fs::read("a\0b").await)),
                    ("a directory read", told(fs::read(room).await)),
                    ("not UTF-8", {
                        std::fs::write(room.join("odd"), b"\xff").expect("there is room");
                        told(fs::read_to_string(room.join("odd")).await)
                    }),
                    ("options that contradict", told(OpenOptions::new().open(&path).await.map(drop))),
                    ("a write to what is open for reading", {
                        let mut file = File::open(&path).await.expect("it is there");
                        let written = file.write_all(b"x").await;
                        told(written.and(file.flush().await))
                    }),
                    ("a seek before the start", told(file.seek(io::SeekFrom::Current(-100)).await)),
                    ("the cursor", told(file.stream_position().await)),
                    ("`max_buf_size`, told", file.max_buf_size().to_string()),
                    ("`into_std` and its position", {
                        let mut std = clone.into_std().await;
                        told(std.stream_position())
                    }),
                    ("`try_into_std` of one that rests", {
                        let file = File::open(&path).await.expect("it is there");
                        file.try_into_std().is_ok().to_string()
                    }),
                    ("options of std's", {
                        let mut options = std::fs::OpenOptions::new();
                        options.append(true).create(true);
                        told(OpenOptions::from(options).open(room.join("new")).await.map(drop))
                    }),
                    ("a length that cannot be", told(
                        File::create(room.join("long")).await.expect("there is room").set_len(u64::MAX).await
                    )),
                    ("a directory that is not empty", told(fs::remove_dir(room).await)),
                    ("a directory that is there", told(fs::create_dir(room).await)),
                    ("a file as a directory", told(fs::read_dir(&path).await.map(drop))),
                    ("a rename of nothing", told(fs::rename(room.join("none"), room.join("other")).await)),
                    ("a sync of a pipe", told(both.sync_all().await)),
                ]
            }
        }
    };
}

probes!(by_tokio, tokio::fs);
probes!(by_folio, folio::compat::fs);

/// What a call comes to on a runtime that is over.
fn after_the_end(call: impl FnOnce(tokio::runtime::Handle) -> String + Send) -> String {
    std::thread::scope(|scope| {
        let called = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("there are threads");
            let handle = runtime.handle().clone();
            drop(runtime);
            call(handle)
        });
        called.join().expect("it answers")
    })
}

/// The first cells of the table behind [`HEADING`].
fn rows(page: &str) -> BTreeSet<String> {
    let (_, behind) = page.split_once(HEADING).expect("the page has the table");
    let table = behind.trim_start().lines().take_while(|line| line.starts_with('|'));
    let cells = table.filter_map(|line| line.split('|').nth(1)).map(str::trim);
    cells.filter(|cell| !cell.is_empty() && !cell.starts_with('-')).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_has_every_difference_and_no_other() {
    let page = include_str!("../../../../docs/tokio-fs.md");
    let mut differences = BTreeSet::new();
    let mut answers = String::new();
    for ((probe, tokio), (_, folio)) in by_tokio::all().await.into_iter().zip(by_folio::all().await) {
        if tokio != folio {
            differences.insert(probe.to_owned());
            writeln!(answers, "{probe}: {tokio} by tokio, {folio} by folio").expect("it is memory");
        }
    }
    let mut listed = rows(page);
    for row in ELSEWHERE {
        assert!(listed.remove(row), "{row} is shown elsewhere, and not on the page");
    }
    assert_eq!(differences, listed, "{answers}");
}
