//! A buffered file that was dropped and is still being written, asked for by other paths than the one it was opened by.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use folio::dir::Dir;
use folio::{Buffering, File, fs};
use folio_testkit::{Call, Gate};
use tokio::io::AsyncWriteExt;

use crate::{PATH, at_once, bench, open, soon};

/// Times that a file is dropped, for each way of asking and each spelling.
const ROUNDS: usize = 30;

type Answer = Pin<Box<dyn Future<Output = folio::Result<String>>>>;

/// Ways to find out what is in a file.
type Ask = fn(PathBuf) -> Answer;

fn asked() -> [(&'static str, Ask); 9] {
    [
        ("fs::read", |path| Box::pin(async { Ok(String::from_utf8(fs::read(path).await?).unwrap()) })),
        ("fs::read_to_string", |path| Box::pin(fs::read_to_string(path))),
        ("fs::metadata", |path| {
            Box::pin(async move {
                let len = fs::metadata(&path).await?.len();
                // As long as it is now, whatever comes later.
                Ok(std::fs::read_to_string(path).unwrap()[..usize::try_from(len).unwrap()].to_owned())
            })
        }),
        ("fs::copy", |path| {
            Box::pin(async move {
                let copy = std::env::temp_dir().join(format!("folio-copy-{}", std::process::id()));
                fs::copy(path, &copy).await?;
                let text = std::fs::read_to_string(&copy).unwrap();
                std::fs::remove_file(copy).unwrap();
                Ok(text)
            })
        }),
        ("File::open", |path| {
            Box::pin(async {
                Ok(String::from_utf8(File::open(path).await?.read_to_end_limited(1_000).await?).unwrap())
            })
        }),
        ("compat::fs::read", |path| {
            Box::pin(async { Ok(String::from_utf8(folio::compat::fs::read(path).await.unwrap()).unwrap()) })
        }),
        ("Dir::read", |path| {
            Box::pin(async move {
                let dir = Dir::open(path.parent().unwrap()).await?;
                Ok(String::from_utf8(dir.read(path.file_name().unwrap()).await?).unwrap())
            })
        }),
        ("Dir::open_file", |path| {
            Box::pin(async move {
                let dir = Dir::open(path.parent().unwrap()).await?;
                let file = dir.open_file(path.file_name().unwrap()).await?;
                Ok(String::from_utf8(file.read_to_end_limited(1_000).await?).unwrap())
            })
        }),
        ("fs::write", |path| {
            Box::pin(async move {
                // What it replaces has to have come before it.
                fs::write(&path, "anew").await?;
                folio::fs::metadata(&path).await?;
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(text, "anew");
                Ok(String::new())
            })
        }),
    ]
}

/// Other paths to `room/file`, for a working directory that is `here`.
fn spellings(room: &Path, here: &Path) -> Vec<PathBuf> {
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let from_here = up.join(room.strip_prefix("/").unwrap()).join("file");
    vec![
        room.join("file"),
        room.join("inside/../file"),
        room.join("linked/file"),
        room.join("link"),
        room.join("hard"),
        from_here,
    ]
}

/// Cause: who had still to write was known by the path it was opened by. Loss: by another spelling of the path a dropped
/// file lacked what was written to it in nearly every run, and a write by one could be overwritten by what came late.
/// Fix: it is known by what the file is.
#[tokio::test]
async fn whoever_asks_by_another_path_finds_what_was_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let room = dir.path().canonicalize().unwrap();
    std::fs::create_dir(room.join("inside")).unwrap();
    std::os::unix::fs::symlink(".", room.join("linked")).unwrap();
    std::os::unix::fs::symlink("file", room.join("link")).unwrap();
    std::fs::write(room.join("file"), "").unwrap();
    std::fs::hard_link(room.join("file"), room.join("hard")).unwrap();
    let spellings = spellings(&room, &std::env::current_dir().unwrap());
    for (name, ask) in asked() {
        for path in &spellings {
            for round in 0..ROUNDS {
                let contents = format!("{name}, round {round}");
                let mut options = File::options();
                let file =
                    options.write(true).truncate(true).buffering(1024).open(room.join("file")).await.unwrap();
                file.write_all(contents.as_bytes()).await.unwrap();
                drop(file);
                let found = soon("an answer", ask(path.clone())).await.unwrap();
                if name != "fs::write" {
                    assert_eq!(found, contents, "{name} of {}", path.display());
                }
            }
        }
    }
}

#[tokio::test]
async fn it_is_waited_for_by_a_second_name_and_by_nobody_else() {
    let (disk, engine) = bench("");
    disk.put("/other", "here");
    engine.scope(fs::hard_link(PATH, "/second")).await.unwrap();
    let gate = Gate::closed();
    disk.plan().on(Call::WriteAt).wait_for(&gate);
    let file = open(&engine, 1024).await;
    file.write_all(b"abc").await.unwrap();
    drop(file);
    gate.arrived(1);
    assert_eq!(soon("another file", engine.scope(fs::read("/other"))).await.unwrap(), b"here");
    let mut second = Box::pin(engine.scope(fs::read("/second")));
    assert!(at_once(second.as_mut()).is_none(), "it waits for what is still to be written");
    gate.open();
    assert_eq!(soon("it is written", second).await.unwrap(), b"abc");
}

/// Cause: a file left when the last portion had landed that was on its way when its handle was dropped; until then nobody
/// knew that it was leaving. Loss: what was accepted behind that portion, or by tokio's trait and not flushed, was not
/// found by whoever asked for the file next. Fix: it leaves when its handle does.
#[tokio::test]
async fn what_is_under_way_when_the_handle_goes_is_waited_for() {
    for buffered in [true, false] {
        let (disk, engine) = bench("");
        let gate = Gate::closed();
        disk.plan().on(Call::WriteAt).wait_for(&gate);
        let mut options = File::options();
        options.read(true).write(true).buffering(if buffered {
            Buffering::Bytes(8)
        } else {
            Buffering::Unbuffered
        });
        let mut file = options.open_on(&engine, PATH).await.unwrap();
        if buffered {
            // The second piece seals the first, and stays behind.
            file.write_all(b"abcdef").await.unwrap();
            file.write_all(b"ghi").await.unwrap();
        } else {
            AsyncWriteExt::write_all(&mut file, b"abcdefghi").await.unwrap();
        }
        gate.arrived(1);
        drop(file);
        let mut read = Box::pin(engine.scope(fs::read(PATH)));
        assert!(at_once(read.as_mut()).is_none(), "buffered {buffered}");
        let mut len = Box::pin(engine.scope(fs::metadata(PATH)));
        assert!(at_once(len.as_mut()).is_none(), "buffered {buffered}");
        gate.open();
        assert_eq!(soon("it is written", read).await.unwrap(), b"abcdefghi", "buffered {buffered}");
        assert_eq!(soon("it is written", len).await.unwrap().len(), 9, "buffered {buffered}");
    }
}
