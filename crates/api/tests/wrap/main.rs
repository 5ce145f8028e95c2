//! Files made of a program's own objects, and closures run under the same permits.

#![expect(clippy::unwrap_used, reason = "functions that tests share fail like the tests themselves")]

mod cancelled;
mod closures;
mod failing;
mod isolated;
mod objects;
mod ordered;

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

use folio_testkit::polling::Pending;
use folio_testkit::wait::{eventually, soon};

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
