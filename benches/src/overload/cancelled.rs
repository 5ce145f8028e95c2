//! Operations queued on one file that are dropped.

use std::time::Instant;

use folio_testkit::{Random, polling::poll_once};

use super::stuck::Stuck;

/// Bytes of one operation.
const BYTES: usize = 100;

pub(super) fn first_first(operations: usize) -> String {
    dropped_in_order(operations, |_| {})
}

pub(super) fn last_first(operations: usize) -> String {
    dropped_in_order(operations, |order| order.reverse())
}

pub(super) fn shuffled(operations: usize) -> String {
    dropped_in_order(operations, |order| Random::new(7).shuffle(order))
}

/// All of them are admitted, and behind one that is stuck: half of them overlap it, the others wait for a worker.
fn dropped_in_order(operations: usize, arrange: impl FnOnce(&mut Vec<usize>)) -> String {
    let stuck = Stuck::admitting(operations);
    let mut waiting: Vec<_> = (0..operations)
        .map(|index| {
            let offset = if index % 2 == 0 { 0 } else { (index * BYTES) as u64 };
            let mut write = Box::pin(stuck.file.write_all_at(&[7; BYTES], offset));
            assert!(poll_once(write.as_mut()).is_pending(), "the pool is stuck");
            Some(write)
        })
        .collect();
    let mut order: Vec<usize> = (0..operations).collect();
    arrange(&mut order);
    let begun = Instant::now();
    for index in order {
        waiting[index] = None;
    }
    let took = begun.elapsed();
    stuck.recover();
    let each = took / u32::try_from(operations).unwrap_or(u32::MAX);
    format!("{took:.1?}, {each:.1?} each")
}
