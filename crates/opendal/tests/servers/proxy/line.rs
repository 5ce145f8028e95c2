//! One connection of the line.

use std::future::pending;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::Shared;

/// Bytes that are carried in one piece.
const PIECE: usize = 64 * 1024;

const UNAVAILABLE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// How a request of HTTP or WebDAV begins, as OpenDAL sends them.
const REQUESTS: [&[u8]; 9] =
    [b"GET ", b"HEAD ", b"PUT ", b"POST ", b"DELETE ", b"PROPFIND ", b"MKCOL ", b"COPY ", b"MOVE "];

/// Carries a connection until the client or the server closes it, or the plan does.
pub(super) async fn carry(client: &TcpStream, shared: &Shared) {
    let Ok(server) = TcpStream::connect(shared.server).await else { return reset(client) };
    let _ = server.set_nodelay(true);
    let _ = client.set_nodelay(true);
    let (send, receive) = mpsc::unbounded_channel();
    let end = tokio::select! {
        end = up(client, &server, shared) => end,
        end = fetch(&server, send) => end,
        end = down(client, receive, shared) => end,
    };
    if end.is_err() {
        reset(client);
    }
}

/// What the client sends.
async fn up(client: &TcpStream, server: &TcpStream, shared: &Shared) -> io::Result<()> {
    loop {
        let bytes = read(client).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        let begins = REQUESTS.iter().any(|request| bytes.starts_with(request));
        shared.requests.send_modify(|requests| *requests += u64::from(begins));
        if begins && shared.take(|plan| &mut plan.unavailable, &shared.counts.unavailable) {
            // Taken whole: a client that still sends would see the connection fail and no answer.
            take_request(client, bytes).await?;
            return write(client, UNAVAILABLE).await;
        }
        let passed = shared.counts.bytes_up.fetch_add(bytes.len() as u64, Relaxed) + bytes.len() as u64;
        if shared.plan().hold_after.is_some_and(|limit| passed > limit) {
            shared.counts.held.fetch_add(1, Relaxed);
            let _ = shared.released.subscribe().wait_for(|released| *released).await;
        }
        if write(server, &bytes).await.is_err() {
            // Its answer may be on its way.
            return pending().await;
        }
    }
}

/// What the server sends, with the time at which it came.
async fn fetch(server: &TcpStream, to: mpsc::UnboundedSender<(Instant, Vec<u8>)>) -> io::Result<()> {
    loop {
        let bytes = read(server).await?;
        if bytes.is_empty() {
            // What is on its way still arrives.
            drop(to);
            return pending().await;
        }
        let _ = to.send((Instant::now(), bytes));
    }
}

/// Hands the client what the server sent, as the plan says.
async fn down(
    client: &TcpStream,
    mut from: mpsc::UnboundedReceiver<(Instant, Vec<u8>)>,
    shared: &Shared,
) -> io::Result<()> {
    let (mut passed, mut generation) = (0, 0);
    while let Some((came, bytes)) = from.recv().await {
        let plan = shared.plan();
        if generation != plan.generation {
            (passed, generation) = (0, plan.generation);
        }
        let _ = shared.requests.subscribe().wait_for(|requests| *requests >= plan.together).await;
        if !plan.latency.is_zero() {
            sleep_until(came + plan.latency).await;
            shared.counts.delayed.fetch_add(1, Relaxed);
        }
        let (piece, pause) = plan.trickle.unwrap_or((PIECE, Duration::ZERO));
        for part in bytes.chunks(piece) {
            let part = cut_short(part, passed, shared);
            write(client, part.bytes).await?;
            passed += part.bytes.len() as u64;
            if part.last {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            if !pause.is_zero() {
                shared.counts.trickled.fetch_add(1, Relaxed);
                sleep(pause).await;
            }
        }
    }
    Ok(())
}

struct Part<'a> {
    bytes: &'a [u8],
    last: bool,
}

/// Cuts off what comes behind the place where the plan resets the connection.
fn cut_short<'a>(bytes: &'a [u8], passed: u64, shared: &Shared) -> Part<'a> {
    let plan = shared.plan();
    let whole = Part { bytes, last: false };
    if plan.resets == 0 || passed + (bytes.len() as u64) < plan.reset_after {
        return whole;
    }
    if !shared.take(|plan| &mut plan.resets, &shared.counts.resets) {
        return whole;
    }
    let keep = plan.reset_after.saturating_sub(passed) as usize;
    Part { bytes: &bytes[..keep], last: true }
}

/// Has the connection end with a reset and not with a goodbye.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Takes the rest of a request, its body too.
async fn take_request(client: &TcpStream, mut head: Vec<u8>) -> io::Result<()> {
    let end = loop {
        if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        head.extend_from_slice(&some(read(client).await?)?);
    };
    let text = String::from_utf8_lossy(&head[..end]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut left = length.unwrap_or(0_usize).saturating_sub(head.len() - end);
    while left > 0 {
        left = left.saturating_sub(some(read(client).await?)?.len());
    }
    Ok(())
}

fn some(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// Returns the next bytes; none at the end. A connection that idles has no buffer.
async fn read(stream: &TcpStream) -> io::Result<Vec<u8>> {
    loop {
        stream.readable().await?;
        let mut bytes = Vec::with_capacity(PIECE);
        match stream.try_read_buf(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => {
                result?;
                bytes.shrink_to_fit();
                return Ok(bytes);
            }
        }
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
