//! Quantiles of times.

use std::time::Duration;

/// What so many thousandths of the sorted times do not exceed.
pub(crate) fn quantile(sorted: &[Duration], thousandths: usize) -> Duration {
    let at = (sorted.len() * thousandths / 1_000).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_times() {
        let times: Vec<_> = (0..2_000).map(Duration::from_micros).collect();
        assert_eq!(quantile(&times, 500), Duration::from_micros(1_000));
        assert_eq!(quantile(&times, 999), Duration::from_micros(1_998));
        assert_eq!(quantile(&[], 999), Duration::ZERO);
    }
}
