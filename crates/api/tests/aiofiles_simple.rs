//! `tests/test_simple.py` of aiofiles, function by function: a small server of a small file.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::future::Future;
use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONTENT: &[u8] = b"0123456789";

/// Serves one connection with what `read` makes of the file, and checks what the client gets.
async fn check<F: Future<Output = Vec<u8>> + Send + 'static>(read: impl FnOnce(PathBuf) -> F) {
    let room = tempfile::TempDir::new().unwrap();
    let path = room.path().join("test.bin");
    std::fs::write(&path, CONTENT).unwrap();
    let server = TcpListener::bind("localhost:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let reading = read(path);
    let serving = tokio::spawn(async move {
        let (mut connection, _) = server.accept().await.unwrap();
        connection.write_all(&reading.await).await.unwrap();
    });
    let mut payload = Vec::new();
    TcpStream::connect(address).await.unwrap().read_to_end(&mut payload).await.unwrap();
    assert_eq!(payload, CONTENT);
    serving.await.unwrap();
}

#[tokio::test]
async fn test_serve_small_bin_file_sync() {
    check(|path| async move { std::fs::read(path).unwrap() }).await;
}

#[tokio::test]
async fn test_serve_small_bin_file() {
    check(|path| async move {
        let file = folio::File::open(path).await.unwrap();
        let bytes = file.read_bytes(1 << 20).await.unwrap().to_vec();
        file.close().await.unwrap();
        bytes
    })
    .await;
}
