//! What `docs/tokio-fs.md` says differs from `tokio::fs` is what differs: the same probes are made of both, and those that
//! come to different answers are the rows of its table.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, FromRawFd};
use std::path::Path;
use std::time::Duration;

/// The text behind this heading has the table.
const HEADING: &str = "What differs from `tokio::fs`:";

/// Rows that are shown elsewhere: one needs a disk whose sync fails, one a kernel interface that only a cfg brings.
const ELSEWHERE: [&str; 2] = ["a failed sync", "io_uring under `tokio_unstable`"];

/// How long an opening may take before it counts as waiting for a peer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a probe is about, and what it came to.
type Answer = (&'static str, String);

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

            /// What each probe is about, which is a row of the table or none, and what it came to.
            pub(super) async fn all() -> Vec<Answer> {
                let dir = tempfile::TempDir::new().expect("there is room");
                let mut answers = handles(dir.path()).await;
                answers.extend(pipes(dir.path()).await);
                answers.extend(refusals(dir.path()).await);
                answers
            }

            async fn handles(room: &Path) -> Vec<Answer> {
                let path = room.join("file");
                std::fs::write(&path, vec![7; 3 << 20]).expect("there is room");
                let mut file = File::open(&path).await.expect("it is there");
                file.read_exact(&mut [0; 4]).await.expect("it is long enough");
                let descriptor = file.as_fd().try_clone_to_owned().expect("there is a descriptor");
                let mut descriptor = std::fs::File::from(descriptor);
                let clone = file.try_clone().await.expect("there is a descriptor");
                let max = File::open(&path).await.expect("it is there").read(&mut vec![0; 3 << 20]).await;
                let resting = File::open(&path).await.expect("it is there");
                let mut options = std::fs::OpenOptions::new();
                options.append(true).create(true);
                let (set_id, copy) = (room.join("set-id"), room.join("copy"));
                std::fs::write(&set_id, "").expect("there is room");
                let bits = std::os::unix::fs::PermissionsExt::from_mode(0o4755);
                std::fs::set_permissions(&set_id, bits).expect("it is ours");
                fs::copy(&set_id, &copy).await.expect("there is room");
                let copied = std::fs::metadata(&copy).expect("it is there").permissions();
                let copied = std::os::unix::fs::PermissionsExt::mode(&copied) & 0o7777;
                let ended = super::after_the_end(|handle| {
                    let answered = handle.block_on(fs::metadata("/"));
                    told(answered.map(drop).map_err(|_| io::Error::other("it fails")))
                });
                vec![
                    ("`FromRawFd` for `File`", Has::<File>::FROM_RAW_FD.to_string()),
                    ("`Debug` of `File`", format!("{file:?}").split('{').next().unwrap_or_default().to_owned()),
                    ("the descriptor's own position", told(descriptor.stream_position())),
                    ("`try_clone`", (clone.as_raw_fd() == file.as_raw_fd()).to_string()),
                    ("`max_buf_size`", told(max)),
                    ("after the runtime has ended", ended),
                    ("`fs::copy` of a file onto itself", told(fs::copy(&path, &path).await.map(drop))),
                    ("`fs::copy` of a file with set-ID bits", format!("{copied:o}")),
                    ("a seek before the start", told(file.seek(io::SeekFrom::Current(-100)).await)),
                    ("the cursor", told(file.stream_position().await)),
                    ("`max_buf_size`, told", file.max_buf_size().to_string()),
                    ("`into_std` and its position", told(clone.into_std().await.stream_position())),
                    ("`try_into_std` of one that rests", resting.try_into_std().is_ok().to_string()),
                    (
                        "options of std's",
                        told(OpenOptions::from(options).open(room.join("new")).await.map(drop)),
                    ),
                ]
            }

            async fn pipes(room: &Path) -> Vec<Answer> {
                let (pipe, quiet) = (room.join("pipe"), room.join("quiet"));
                for path in [&pipe, &quiet] {
                    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).expect("it can be made");
                }
                let both = OpenOptions::new().read(true).write(true).open(&pipe).await.expect("it has both ends");
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
                let waits = tokio::time::timeout(PATIENCE, File::open(&quiet)).await.is_err();
                // Lets the thread go that may still wait for a writer.
                std::fs::OpenOptions::new().read(true).write(true).open(&quiet).expect("it has both ends");
                vec![
                    ("the descriptor of a FIFO, socket or terminal", is_nonblocking(&both).to_string()),
                    (
                        "`set_permissions`, `set_times` of an open FIFO, socket or terminal",
                        told(both.set_permissions(mode).await),
                    ),
                    ("opening a FIFO to read", waits.to_string()),
                    ("a sync of a pipe", told(both.sync_all().await)),
                ]
            }

            async fn refusals(room: &Path) -> Vec<Answer> {
                let (path, odd) = (room.join("file"), room.join("odd"));
                std::fs::write(&odd, b"\xff").expect("there is room");
                let long = File::create(room.join("long")).await.expect("there is room");
                let mut reader = File::open(&path).await.expect("it is there");
                let written = reader.write_all(b"x").await;
                vec![
                    ("a write to what is open for reading", told(written.and(reader.flush().await))),
                    ("missing", told(File::open(room.join("missing")).await.map(drop))),
                    ("a name with a NUL", told(fs::read("a\0b").await)),
                    ("a directory read", told(fs::read(room).await)),
                    ("not UTF-8", told(fs::read_to_string(odd).await)),
                    ("options that contradict", told(OpenOptions::new().open(&path).await.map(drop))),
                    ("a length that cannot be", told(long.set_len(u64::MAX).await)),
                    ("a directory that is not empty", told(fs::remove_dir(room).await)),
                    ("a directory that is there", told(fs::create_dir(room).await)),
                    ("a file as a directory", told(fs::read_dir(&path).await.map(drop))),
                    ("a rename of nothing", told(fs::rename(room.join("none"), room.join("other")).await)),
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
