//! Operations beyond the limits: refused, given up, or late.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use folio_testkit::process::resident_bytes;
use futures::future::join_all;

use super::grown_mebibytes;
use super::stuck::Stuck;
use crate::quantile::quantile;

/// Bytes of one operation.
const BYTES: usize = 100;
/// More than the default limits admit for one device.
const ADMITTED_MAX: usize = 4_096;
/// Operations that wait at a time for their limit.
const WAVE: usize = 10_000;
const LIMIT: Duration = Duration::from_millis(1);

/// Time of each refusal, and memory.
pub(super) fn refused(operations: usize) -> String {
    let stuck = Stuck::by_default();
    let record = Bytes::from_static(&[7; BYTES]);
    let mut waiting = Vec::new();
    for index in 0..ADMITTED_MAX as u64 {
        let mut write = Box::pin(stuck.file.write_bytes_at(record.clone(), index * BYTES as u64));
        if poll(write.as_mut()).is_pending() {
            waiting.push(write);
        }
    }
    let mut times = Vec::with_capacity(operations);
    let before = resident_bytes();
    for _ in 0..operations {
        let begun = Instant::now();
        let refused = poll(pin!(stuck.file.try_write_bytes_at(record.clone(), 0)));
        times.push(begun.elapsed());
        let Poll::Ready(Err(refused)) = refused else { panic!("it was not refused") };
        assert!(refused.error.is_overloaded() && refused.payload.is_some(), "{}", refused.error);
    }
    let grown = grown_mebibytes(before);
    times.sort_unstable();
    let (median, late, last) = (quantile(&times, 500), quantile(&times, 990), quantile(&times, 1_000));
    let begun = Instant::now();
    stuck.recover();
    let recovered = begun.elapsed();
    assert_eq!(stuck.engine.snapshot().counters.refusals, operations as u64);
    format!("p50 {median:.1?}, p99 {late:.1?}, max {last:.1?}, {grown:+.1} MiB, recovered in {recovered:.1?}")
}

/// Each is polled once and dropped.
pub(super) fn given_up(operations: usize) -> String {
    let stuck = Stuck::by_default();
    let before = resident_bytes();
    let begun = Instant::now();
    for index in 0..operations as u64 {
        let write = pin!(stuck.file.write_all_at(&[7; BYTES], index * BYTES as u64));
        assert!(poll(write).is_pending() || index == 0);
    }
    let each = begun.elapsed() / u32::try_from(operations).unwrap_or(u32::MAX);
    let grown = grown_mebibytes(before);
    let begun = Instant::now();
    stuck.recover();
    format!("{each:.1?} each, {grown:+.1} MiB, recovered in {:.1?}", begun.elapsed())
}

/// Each waits for its time limit.
pub(super) fn limited(operations: usize) -> String {
    let stuck = Stuck::by_default();
    let file = stuck.file.with_time_limit(LIMIT);
    let before = resident_bytes();
    let mut times = Vec::with_capacity(operations);
    stuck.runtime.block_on(async {
        for wave in 0..operations.div_ceil(WAVE) {
            let writes = (0..WAVE.min(operations - wave * WAVE)).map(|index| {
                let file = &file;
                async move {
                    let begun = Instant::now();
                    let failed = file.write_all_at(&[7; BYTES], (index * BYTES) as u64).await;
                    assert!(failed.is_err_and(|error| error.is_timed_out()), "the pool is stuck");
                    begun.elapsed()
                }
            });
            times.extend(join_all(writes).await);
        }
    });
    let grown = grown_mebibytes(before);
    times.sort_unstable();
    let (median, late) = (quantile(&times, 500), quantile(&times, 990));
    let begun = Instant::now();
    stuck.recover();
    format!(
        "answered after p50 {median:.1?}, p99 {late:.1?} ({WAVE} at a time), {grown:+.1} MiB, recovered in {:.1?}",
        begun.elapsed()
    )
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
