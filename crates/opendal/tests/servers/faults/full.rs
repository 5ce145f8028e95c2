//! A store without room: the write fails with an error that says so, and what was acknowledged before is still there.

use std::path::{Path, PathBuf};
use std::process::Command;

use folio::{Error, File, fs};
use opendal::Operator;

use super::{engine, pattern};
use crate::start::{redis, s3, sftp, webdav};

/// Bytes of one file; a full store has some dozens of them, Redis more.
const BYTES: usize = 1 << 20;
/// More files than any of the stores has room for.
const FILES_MAX: usize = 200;

/// Writes files until one is refused; those before have to be there.
async fn fills(operator: &Operator) -> Error {
    let engine = engine(operator.clone());
    let contents = pattern(BYTES + FILES_MAX);
    let mut stored = 0;
    let error = loop {
        assert!(stored < FILES_MAX, "the store never fills");
        let written = engine.scope(async {
            let file = File::create(format!("/{stored}")).await?;
            let written = file.write_all(&contents[stored..][..BYTES]).await;
            let synced = match written {
                Ok(()) => file.sync_all().await,
                failed => failed,
            };
            let closed = file.close().await;
            synced.and(closed)
        });
        match written.await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(stored > 0, "{error}");
    for number in 0..stored {
        let found = engine.scope(fs::read(format!("/{number}"))).await.expect("it was acknowledged");
        assert!(found == contents[number..][..BYTES], "file {number} of {stored}");
    }
    // With room again, all is well.
    operator.delete("0").await.expect("delete");
    let _ = operator.delete(&stored.to_string()).await;
    engine.scope(fs::write("/again", &contents[..BYTES])).await.expect("there is room");
    assert!(error.to_string().contains(&format!("/{stored}")), "{error}");
    error
}

#[tokio::test]
async fn on_redis() {
    let Some(server) = redis::start() else { return };
    let error = fills(&redis::operator(server.address())).await.to_string();
    assert!(error.contains("OOM") || error.contains("memory"), "{error}");
}

#[tokio::test]
async fn on_webdav() {
    let Some(server) = webdav::start() else { return };
    let Some(_small) = Small::mount(server.room().join("root")) else { return };
    let error = fills(&webdav::operator(server.address())).await.to_string();
    assert!(error.contains("507") || error.contains("500"), "{error}");
}

#[tokio::test]
async fn on_s3() {
    let Some(server) = s3::start() else { return };
    let Some(_small) = Small::mount(server.room().join("root")) else { return };
    std::fs::create_dir(server.room().join("root/bucket")).expect("a folder can be made");
    let error = fills(&s3::operator(server.address())).await.to_string();
    assert!(error.contains("500"), "{error}");
}

#[test]
fn on_sftp() {
    sftp::at_home("faults::full::on_sftp", async |server| {
        let Some(_small) = Small::mount(server.room().join("root")) else { return };
        fills(&sftp::operator(&server, server.address())).await;
    });
}

/// A small disk of its own for a folder.
struct Small(PathBuf);

impl Small {
    fn mount(folder: PathBuf) -> Option<Small> {
        let mounted =
            run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "folio"]).arg(&folder));
        if !mounted {
            folio_testkit::skip("a full disk of a server", "nothing can be mounted here");
        }
        mounted.then_some(Small(folder))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let Small(folder): &Small = self;
        // At once for the names, later for a server that still has a file of it.
        run(Command::new("umount").arg("--lazy").arg::<&Path>(folder));
    }
}

fn run(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
