//! Memory of the process.

use std::fs;

/// Bytes in a page, as `statm` counts them.
const PAGE_BYTES: u64 = 4096;

/// Bytes of this process that are in memory; 0 where `/proc` does not say.
pub(super) fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE_BYTES
}

/// Mebibytes by which memory has grown since it had `before` bytes.
pub(super) fn grown_mebibytes(before: u64) -> f64 {
    (resident_bytes() as f64 - before as f64) / f64::from(1 << 20)
}
