//! A server that dies while it takes a file: the file keeps its old contents, and whoever wrote learns of it.

use std::sync::atomic::Ordering::Relaxed;

use folio::{Error, File, fs};
use folio_testkit::wait::soon;
use opendal::Operator;

use super::{engine, pattern};
use crate::proxy::{Plan, Proxy};
use crate::start::{Server, s3, sftp, webdav};

/// Bytes of the file that is being written, in several parts of an upload.
const LONG: usize = 24 << 20;
/// Bytes of it that the server gets before it dies.
const PASSED: u64 = 10 << 20;

/// Writes a file by `write` while the server is killed in the midst of its bytes; returns what became of the write.
async fn write_into_death(
    server: &mut Server,
    proxy: &Proxy,
    write: impl Future<Output = Result<(), Error>>,
) -> Result<(), Error> {
    let passed = proxy.counts().bytes_up.load(Relaxed);
    proxy.plan(Plan { hold_after: Some(passed + PASSED), ..Plan::default() });
    let death = async {
        proxy.held().await;
        server.kill();
        proxy.release();
    };
    let (written, ()) = soon("the writer learns of it", async { tokio::join!(write, death) }).await;
    server.revive();
    written
}

/// The error says what was being done to which file, and is none that a program would take for another.
fn is_clear(written: Result<(), Error>) {
    let error = written.expect_err("the server died");
    let text = error.to_string();
    assert!(
        text.contains("/a") && !error.is_unsupported() && error.kind() != std::io::ErrorKind::NotFound,
        "{text}"
    );
    assert!(error.may_have_happened(), "{text}");
}

async fn has_only(operator: &Operator, contents: &[u8]) {
    assert!(
        operator.read("a").await.expect("it is there").to_vec() == contents,
        "other contents than before"
    );
    let all = operator.list("/").await.expect("it can be listed");
    let files: Vec<_> =
        all.iter().filter(|entry| entry.metadata().is_file()).map(|entry| entry.path()).collect();
    assert_eq!(files, ["a"]);
}

#[tokio::test]
async fn a_multipart_upload_to_s3() {
    let Some(mut server) = s3::start() else { return };
    let proxy = Proxy::to(server.address());
    let engine = engine(s3::operator(proxy.address()));
    let direct = s3::operator(server.address());
    engine.scope(fs::write("/a", b"old")).await.expect("write");
    let written = write_into_death(
        &mut server,
        &proxy,
        engine.scope(async {
            let file = File::create("/a").await?;
            let mut written = Ok(());
            for piece in pattern(LONG).chunks(1 << 20) {
                written = written.and(file.write_all(piece).await);
            }
            let closed = file.close().await;
            // It must not publish what lacks bytes.
            assert!(closed.is_err() || written.is_ok(), "closed over a failed write");
            written.and(closed)
        }),
    );
    is_clear(written.await);
    has_only(&direct, b"old").await;
    // Nothing is in the way of who tries again.
    let contents = pattern(LONG);
    engine.scope(fs::write("/a", &contents)).await.expect("write");
    has_only(&direct, &contents).await;
}

/// The server has forgotten nothing and would complete the upload, without the part that did not arrive.
#[tokio::test]
async fn a_close_after_a_failed_write_when_the_server_is_back() {
    let Some(mut server) = s3::start() else { return };
    let proxy = Proxy::to(server.address());
    let engine = engine(s3::operator(proxy.address()));
    engine.scope(fs::write("/a", b"old")).await.expect("write");
    let file = engine.scope(File::create("/a")).await.expect("create");
    let written = write_into_death(&mut server, &proxy, async {
        for piece in pattern(4 * LONG).chunks(1 << 20) {
            file.write_all(piece).await?;
        }
        Ok(())
    });
    is_clear(written.await);
    let _ = file.write_all(b"the end").await;
    let error = file.close().await.expect_err("it lacks bytes");
    assert!(error.to_string().contains("/a"), "{error}");
    has_only(&s3::operator(server.address()), b"old").await;
}

#[tokio::test]
async fn a_replacement_on_s3() {
    let Some(mut server) = s3::start() else { return };
    let proxy = Proxy::to(server.address());
    let engine = engine(s3::operator(proxy.address()));
    engine.scope(fs::write("/a", b"old")).await.expect("write");
    let replace = engine.scope(async { fs::replace("/a", pattern(LONG)).await });
    is_clear(write_into_death(&mut server, &proxy, replace).await);
    has_only(&s3::operator(server.address()), b"old").await;
}

#[tokio::test]
async fn a_put_of_webdav() {
    let Some(mut server) = webdav::start() else { return };
    let proxy = Proxy::to(server.address());
    let engine = engine(webdav::operator(proxy.address()));
    engine.scope(fs::write("/a", b"old")).await.expect("write");
    let write = engine.scope(async { fs::write("/a", pattern(LONG)).await });
    is_clear(write_into_death(&mut server, &proxy, write).await);
    has_only(&webdav::operator(server.address()), b"old").await;
}

/// By a name beside it: SFTP itself would have cut the old contents off first.
#[test]
fn a_replacement_on_sftp() {
    sftp::at_home("faults::killed::a_replacement_on_sftp", async |mut server| {
        let proxy = Proxy::to(server.address());
        let engine = engine(sftp::operator(&server, proxy.address()));
        engine.scope(fs::write("/a", b"old")).await.expect("write");
        let replace = engine.scope(async { fs::replace("/a", pattern(LONG)).await });
        is_clear(write_into_death(&mut server, &proxy, replace).await);
        let direct = sftp::operator(&server, server.address());
        assert_eq!(direct.read("a").await.expect("it is there").to_vec(), b"old");
    });
}
