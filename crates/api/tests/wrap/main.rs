//! Files made of a program's own objects, and closures run under the same permits.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod cancelled;
mod closures;
mod failing;
mod isolated;
mod objects;
mod ordered;

use std::future::Future;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// How long an event may take that should come at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits, without blocking other tasks, until `condition` holds.
async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::task::yield_now().await;
    }
}

/// Waits for a future that must not hang.
async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("in vain: {what}"),
    }
}

/// A call that has taken its place and is not done.
struct Pending<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
}

impl<'a, T> Pending<'a, T> {
    /// Polls once, which is what makes an operation take its place.
    fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        let mut future: Pin<Box<dyn Future<Output = T> + Send + 'a>> = Box::pin(future);
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "the call should have to wait");
        Pending { future }
    }

    async fn done(self) -> T {
        soon("a pending call resolves", self.future).await
    }
}

/// The numbers from 0 on, a byte each and so many at a time as it is told; blocks until it is told.
struct Told {
    orders: Receiver<usize>,
    next: u8,
}

impl Told {
    fn new() -> (Told, Sender<usize>) {
        let (sender, orders) = channel();
        (Told { orders, next: 0 }, sender)
    }
}

impl Read for Told {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Ok(count) = self.orders.recv() else { return Ok(0) };
        let count = count.min(buf.len());
        for byte in &mut buf[..count] {
            *byte = self.next;
            self.next = self.next.wrapping_add(1);
        }
        Ok(count)
    }
}

/// Keeps what it is given; each write blocks until it is told how many bytes it may take.
struct Slow {
    orders: Receiver<usize>,
    kept: Vec<u8>,
}

impl Slow {
    fn new() -> (Slow, Sender<usize>) {
        let (sender, orders) = channel();
        (Slow { orders, kept: Vec::new() }, sender)
    }
}

impl Write for Slow {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // Nobody tells it anything any more: it is in nobody's way.
        let count = self.orders.recv().unwrap_or(buf.len()).min(buf.len());
        self.kept.extend_from_slice(&buf[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
