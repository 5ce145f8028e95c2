//! What the run came to: counted while it goes on, printed at its end.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use folio::Engine;

/// Counts that every worker adds to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Files on the list.
    pub(super) files: AtomicU64,
    /// Things that are not regular files, and the list itself.
    pub(super) passed: AtomicU64,
    /// Files and directories that could not be read.
    pub(super) unreadable: AtomicU64,
    /// Bytes read, those of unfinished files included.
    pub(super) bytes: AtomicU64,
}

impl Tally {
    /// Adds one to a count and returns the new count.
    pub(super) fn one(count: &AtomicU64) -> u64 {
        count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Lays the counts out beside what the engine saw.
    pub(super) fn table(&self, took: Duration, engine: &Engine) -> Table {
        let snapshot = engine.snapshot();
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let slowest = snapshot.slowest.map_or("none".to_owned(), |slowest| {
            format!("{} {:.1?} {}", slowest.operation, slowest.took, slowest.path.display())
        });
        Table(vec![
            ("files", grouped(count(&self.files))),
            ("skipped (not regular)", grouped(count(&self.passed))),
            ("unreadable", grouped(count(&self.unreadable))),
            ("bytes", grouped(count(&self.bytes))),
            ("MB/s", format!("{:.1}", count(&self.bytes) as f64 / 1e6 / took.as_secs_f64())),
            ("peak ops in flight", grouped(snapshot.in_flight_peak)),
            ("ops in place", grouped(snapshot.counters.in_place)),
            ("hops", grouped(snapshot.counters.hops)),
            ("refusals", grouped(snapshot.counters.refusals)),
            ("slowest op", slowest),
        ])
    }
}

/// Names and values, one pair a line.
#[derive(Debug)]
pub(super) struct Table(Vec<(&'static str, String)>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        self.0.iter().try_for_each(|(name, value)| writeln!(f, "{name:width$}  {value}"))
    }
}

/// Writes a number with a comma between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn values_stand_in_one_column() {
        let table = Table(vec![("a", "1".into()), ("long", "2".into())]);
        assert_eq!(table.to_string(), "a     1\nlong  2\n");
    }
}
