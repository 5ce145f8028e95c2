//! `tests/threadpool/test_concurrency.py` of aiofiles, function by function.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

use std::sync::Arc;

use folio::{Engine, File};
use folio_testkit::{Call, Disk, Gate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const CONTENT: &str = "line 1\nline 2\nline 3\nline 4";

/// Connections that the other server has to serve while one call of the slow file's blocks.
const CONNECTIONS: usize = 2;

/// Serves the file at `/file`, a byte at a time.
async fn serve_file(server: TcpListener, engine: Engine) {
    let (mut connection, _) = server.accept().await.unwrap();
    let file = File::options().read(true).open_on(&engine, "/file").await.unwrap();
    loop {
        let data = file.read_bytes(1).await.unwrap();
        if data.is_empty() {
            break;
        }
        connection.write_all(&data).await.unwrap();
    }
    file.close().await.unwrap();
}

/// Answers every connection with a `1`.
async fn return_one(server: TcpListener) {
    loop {
        let (mut connection, _) = server.accept().await.unwrap();
        connection.write_all(b"1").await.unwrap();
    }
}

/// Connects again and again, and tells of each answer.
async fn spam_client(address: std::net::SocketAddr, answered: mpsc::UnboundedSender<()>) {
    loop {
        let mut answer = Vec::new();
        TcpStream::connect(address).await.unwrap().read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"1");
        answered.send(()).unwrap();
    }
}

/// One thread serves both, so a call that blocks it would stop the spam. Where upstream lets opening take a second,
/// each call here blocks until the other server has answered.
#[tokio::test]
async fn test_slow_file() {
    let disk = Disk::new();
    disk.put("/file", CONTENT);
    let engine = Engine::builder().storage(Arc::new(disk.clone())).start().unwrap();
    disk.plan().on(Call::OpenCached).would_block();
    disk.plan().on(Call::ReadNow).would_block();
    let (opening, reading) = (Gate::closed(), Gate::closed());
    disk.plan().on(Call::Open).wait_for(&opening);
    disk.plan().on(Call::ReadAt).wait_for(&reading);

    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let spammed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let spam_address = spammed.local_addr().unwrap();
    let (answered, mut answers) = mpsc::unbounded_channel();
    let file_server = tokio::spawn(serve_file(server, engine));
    let spam_server = tokio::spawn(return_one(spammed));
    let spam_task = tokio::spawn(spam_client(spam_address, answered));

    let mut client = TcpStream::connect(address).await.unwrap();
    let mut counter = 0;
    // The last read finds the end.
    for gate in std::iter::once(&opening).chain(CONTENT.bytes().map(|_| &reading)).chain([&reading]) {
        let enough = counter + CONNECTIONS;
        while counter < enough || gate.waiting() == 0 {
            answers.recv().await.unwrap();
            counter += 1;
        }
        gate.release(1);
    }
    let mut actual = String::new();
    client.read_to_string(&mut actual).await.unwrap();
    assert_eq!(actual, CONTENT);
    assert!(counter > 30);
    file_server.await.unwrap();
    spam_task.abort();
    spam_server.abort();
}
