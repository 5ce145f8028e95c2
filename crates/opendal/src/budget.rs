//! How much all files of a storage may have read ahead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::{READ_AHEAD_BYTES_MIN, READ_AHEAD_TOTAL_BYTES_MAX};

/// How much may still be read ahead, for all files of a storage.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU64);

impl Default for Budget {
    fn default() -> Self {
        Budget(AtomicU64::new(READ_AHEAD_TOTAL_BYTES_MAX))
    }
}

impl Budget {
    /// Takes a share of at most `len` bytes; `None` if less than the shortest window is left.
    pub(crate) fn take(self: &Arc<Self>, len: u64) -> Option<Share> {
        let share = |left: u64| Some(len.min(left)).filter(|share| *share >= len.min(READ_AHEAD_BYTES_MIN));
        let take = |left: u64| share(left).map(|share| left - share);
        let left = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some(Share { budget: self.clone(), bytes: share(left)? })
    }
}

/// The share of one window, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Share {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use crate::limits::{READ_AHEAD_BYTES_MIN, READ_AHEAD_TOTAL_BYTES_MAX};
    use std::sync::Arc;

    #[test]
    fn windows_share_a_budget_and_give_back_what_they_took() {
        let budget = Arc::new(Budget::default());
        let most =
            budget.take(READ_AHEAD_TOTAL_BYTES_MAX - READ_AHEAD_BYTES_MIN - 1).expect("it is all there");
        let rest = budget.take(u64::MAX).expect("a window is left");
        assert_eq!(rest.bytes, READ_AHEAD_BYTES_MIN + 1);
        assert!(budget.take(1).is_none(), "nothing is left");
        drop(rest);
        assert_eq!(budget.take(10).expect("the end of a file").bytes, 10);
        drop(most);
        assert_eq!(budget.take(u64::MAX).expect("all").bytes, READ_AHEAD_TOTAL_BYTES_MAX);
    }
}
